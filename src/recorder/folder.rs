//! The folder of the flight recorder, held open: whoever puts a link in its place later does not lead us elsewhere.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

/// Only for its owner: it holds what people sent.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// An open folder.
pub struct Folder {
    open: OwnedFd,
    /// Whether it was not there before.
    is_ours: bool,
}

impl Folder {
    /// Opens a folder, which is made where there is none, for its owner only.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open(path: &Path) -> io::Result<Self> {
        let is_ours = match rustix::fs::mkdir(path, Mode::RWXU) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(error.into()),
        };
        let mut flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        // What was just made is no link.
        flags.set(OFlags::NOFOLLOW, is_ours);
        Ok(Self { open: rustix::fs::open(path, flags, Mode::empty())?, is_ours })
    }

    /// Makes a user its owner, if it was made here: whoever had it before keeps it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn hand_over(&self, user: u32, group: u32) -> io::Result<()> {
        if !self.is_ours {
            return Ok(());
        }
        std::os::unix::fs::fchown(&self.open, Some(user), Some(group))
    }

    /// Whether files can be made in it.
    ///
    /// # Errors
    /// Why not.
    pub fn probe(&self) -> io::Result<()> {
        let name = part("probe");
        rustix::fs::openat(&self.open, &name, created(), PRIVATE)?;
        Ok(rustix::fs::unlinkat(&self.open, &name, AtFlags::empty())?)
    }

    /// Writes a file that appears whole or not at all, and never takes another one's place.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where there is something of this name; those of the file system.
    pub(super) fn write(&self, name: &str, octets: &[u8]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        match self.write_unnamed(name, octets) {
            // A file system without nameless files, or no /proc to name them by.
            Err(error)
                if error.kind() != io::ErrorKind::AlreadyExists && error.kind() != io::ErrorKind::StorageFull => {}
            done => return done,
        }
        self.write_beside(name, octets)
    }

    /// Removes a file.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.open, name, AtFlags::empty())?)
    }

    /// Writes a file without a name, which is gone if anything goes wrong, and names it when it is whole.
    #[cfg(target_os = "linux")]
    fn write_unnamed(&self, name: &str, octets: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
        let file = filled(rustix::fs::openat(&self.open, ".", flags, PRIVATE)?, octets)?;
        let by_number = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
        Ok(rustix::fs::linkat(rustix::fs::CWD, by_number, &self.open, name, AtFlags::SYMLINK_FOLLOW)?)
    }

    /// Writes it under another name first.
    fn write_beside(&self, name: &str, octets: &[u8]) -> io::Result<()> {
        let beside = part(name);
        let opened = rustix::fs::openat(&self.open, &beside, created(), PRIVATE)?;
        // A second name is given or refused in one step, which renaming would not do.
        let done = filled(opened, octets)
            .and_then(|_| Ok(rustix::fs::linkat(&self.open, &beside, &self.open, name, AtFlags::empty())?));
        let _ = rustix::fs::unlinkat(&self.open, &beside, AtFlags::empty());
        done
    }
}

/// For a file that must not be there, also not as a link.
fn created() -> OFlags {
    OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn part(name: &str) -> String {
    format!(".{name}.{}.part", std::process::id())
}

fn filled(file: OwnedFd, octets: &[u8]) -> io::Result<File> {
    let mut file = File::from(file);
    file.write_all(octets)?;
    file.sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::testing::{names, scratch};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn only_a_folder_that_was_made_here_is_handed_over() {
        use std::os::unix::fs::MetadataExt;
        let path = scratch("recorder-owner");
        let mine = fs::metadata(&path).expect("there").uid();
        let (old, new) = (path.join("old"), path.join("new"));
        fs::create_dir(&old).expect("it is made");
        for (folder, is_ours) in [(&old, false), (&new, true)] {
            // Root may give away what others may not.
            let given = Folder::open(folder).expect("it opens").hand_over(65534, 65534);
            assert_eq!(given.is_ok(), mine == 0 || !is_ours, "{folder:?}");
            let owner = fs::metadata(folder).expect("there").uid();
            assert_eq!(owner, if mine == 0 && is_ours { 65534 } else { mine }, "{folder:?}");
        }
    }

    #[test]
    fn files_are_whole_private_and_never_in_anothers_place() {
        let path = scratch("whole");
        let folder = Folder::open(&path.join("made")).expect("it is made");
        folder.probe().expect("writable");
        type Write = fn(&Folder, &str, &[u8]) -> io::Result<()>;
        let ways: [(&str, Write); 2] = [("a", Folder::write), ("b", Folder::write_beside)];
        for (name, write) in ways {
            write(&folder, name, b"first").expect("written");
            assert_eq!(write(&folder, name, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            let file = path.join("made").join(name);
            assert_eq!(fs::read(&file).expect("there"), b"first");
            assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(names(&path.join("made")), ["a", "b"]);
        assert_eq!(fs::metadata(path.join("made")).expect("there").permissions().mode() & 0o777, 0o700);
        folder.remove("a").expect("there");
        assert_eq!(names(&path.join("made")), ["b"]);
        fs::remove_dir_all(path).expect("ours");
    }

    #[test]
    fn links_lead_nowhere() {
        let path = scratch("links");
        fs::create_dir(path.join("mine")).expect("a folder");
        fs::write(path.join("theirs"), "secret").expect("a file");
        let folder = Folder::open(&path.join("mine")).expect("there");
        // A link by the name of a file, and one in place of the folder.
        symlink(path.join("theirs"), path.join("mine/a")).expect("a link");
        assert_eq!(folder.write("a", b"x").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(folder.write_beside("a", b"x").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        fs::rename(path.join("mine"), path.join("moved")).expect("ours");
        fs::create_dir(path.join("elsewhere")).expect("a folder");
        symlink(path.join("elsewhere"), path.join("mine")).expect("a link");
        folder.write("b", b"x").expect("written");
        assert_eq!(names(&path.join("moved")), ["a", "b"]);
        assert!(names(&path.join("elsewhere")).is_empty());
        assert_eq!(fs::read(path.join("theirs")).expect("there"), b"secret");
        fs::remove_dir_all(path).expect("ours");
    }
}
