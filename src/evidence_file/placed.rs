//! A file that appears whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A file under way: written beside its place under another name, which is gone if it is not [put in place](Self::keep).
pub struct Placed {
    file: Option<File>,
    beside: PathBuf,
    place: PathBuf,
}

impl Placed {
    /// Begins a file for `place` that nobody but its owner may read: it holds what people sent.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn create(place: &Path) -> io::Result<Self> {
        let name = place.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let beside = place.with_file_name(hidden);
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&beside)?;
        Ok(Self { file: Some(file), beside, place: place.to_owned() })
    }

    /// Where to write.
    ///
    /// # Errors
    /// Where the system gives no second handle.
    pub fn file(&self) -> io::Result<File> {
        self.file.as_ref().ok_or(io::ErrorKind::NotFound)?.try_clone()
    }

    /// Puts the file in its place. Without `overwrite` a file that has appeared there stays as it is.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] for such a file; those of the file system.
    pub fn keep(mut self, overwrite: bool) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            file.sync_all()?;
        }
        if !overwrite {
            // A second name is given or refused in one step, which renaming would not do.
            match fs::hard_link(&self.beside, &self.place) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
                // A file system without second names.
                Err(_) if self.place.symlink_metadata().is_ok() => return Err(io::ErrorKind::AlreadyExists.into()),
                Err(_) => {}
            }
        }
        fs::rename(&self.beside, &self.place)
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        // Gone already where it was renamed; nobody is left to tell where it cannot be removed.
        let _ = fs::remove_file(&self.beside);
    }
}
