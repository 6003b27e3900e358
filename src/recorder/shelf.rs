//! Puts files into the folder, on a thread of its own, and keeps their number and size in bounds.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use super::folder::Folder;
use crate::notes::Notes;

/// Files that wait for the disk, each of some ten thousand octets as a rule: at the end of a run all verdicts come at once.
const MOST_WAITING: usize = 1024;

/// Names tried where one is taken.
const MOST_NAMES: u32 = 100;

/// What became of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Written.
    pub written: u64,
    /// Of them still there.
    pub kept: u64,
    /// Not written, because too many waited or the disk refused.
    pub passed_over: u64,
}

/// A file to be written.
struct File {
    name: String,
    octets: Vec<u8>,
}

/// Where files are handed in.
pub(super) struct Shelf {
    files: Option<SyncSender<File>>,
    thread: Option<JoinHandle<Told>>,
    passed_over: u64,
}

impl Shelf {
    /// Starts the thread. It keeps the latest `most` files of at most `octets` together.
    ///
    /// # Errors
    /// When the operating system gives none.
    pub(super) fn start(folder: Folder, most: usize, octets: u64, notes: Notes) -> io::Result<Self> {
        let (sender, files) = sync_channel(MOST_WAITING);
        let keeper = Keeper { folder, most, octets, notes, kept: VecDeque::new(), size: 0, told: Told::default() };
        let thread = thread::Builder::new().name("recorder".to_owned()).spawn(move || keeper.run(&files))?;
        Ok(Self { files: Some(sender), thread: Some(thread), passed_over: 0 })
    }

    /// Hands in a file; where too many wait, it is passed over.
    pub(super) fn put(&mut self, name: String, octets: Vec<u8>) {
        let refused = match self.files.as_ref().map(|files| files.try_send(File { name, octets })) {
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => 1,
            Some(Ok(())) => 0,
        };
        self.passed_over += refused;
    }

    /// Waits until all are written.
    pub(super) fn finish(&mut self) -> Told {
        self.files = None;
        let told = self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        Told { passed_over: told.passed_over + self.passed_over, ..told }
    }
}

/// Writes files, and removes the oldest of them that are too many.
struct Keeper {
    folder: Folder,
    most: usize,
    octets: u64,
    notes: Notes,
    /// Name and size of the files of this run.
    kept: VecDeque<(String, u64)>,
    size: u64,
    told: Told,
}

impl Keeper {
    fn run(mut self, files: &Receiver<File>) -> Told {
        while let Ok(file) = files.recv() {
            self.take(&file);
        }
        self.told.kept = self.kept.len() as u64;
        self.told
    }

    fn take(&mut self, file: &File) {
        let size = file.octets.len() as u64;
        match self.write(file) {
            Ok(name) => {
                self.told.written += 1;
                self.kept.push_back((name, size));
                self.size += size;
            }
            Err(error) => {
                if self.told.passed_over == 0 {
                    self.notes.warn(format_args!(
                        "{}.pcapng could not be recorded: {}",
                        file.name,
                        crate::capture::plain(&error)
                    ));
                }
                self.told.passed_over += 1;
            }
        }
        while self.kept.len() > self.most || self.size > self.octets && self.kept.len() > 1 {
            let Some((name, size)) = self.kept.pop_front() else { break };
            self.size -= size;
            // Somebody may have taken it away.
            let _ = self.folder.remove(&name);
        }
    }

    /// Writes a file under its name, or with a number behind where that is taken.
    fn write(&self, File { name, octets }: &File) -> io::Result<String> {
        let mut nth = 1;
        loop {
            let full = if nth == 1 { format!("{name}.pcapng") } else { format!("{name}_{nth}.pcapng") };
            match self.folder.write(&full, octets) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && nth < MOST_NAMES => nth += 1,
                done => return done.map(|()| full),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::testing::{names, scratch};
    use std::fs;
    use std::path::Path;

    fn shelf(path: &Path, most: usize, octets: u64) -> Shelf {
        Shelf::start(Folder::open(path).expect("a folder"), most, octets, Notes::default()).expect("a thread")
    }

    #[test]
    fn the_latest_files_of_this_run_stay() {
        for (most, octets, expected) in
            [(2, 1000, &["c.pcapng", "d.pcapng"][..]), (9, 25, &["c.pcapng", "d.pcapng"]), (9, 5, &["d.pcapng"])]
        {
            let path = scratch(&format!("latest-{most}-{octets}"));
            let mut shelf = shelf(&path, most, octets);
            fs::write(path.join("before"), "").expect("a file");
            ["a", "b", "c", "d"].iter().for_each(|name| shelf.put((*name).to_owned(), vec![0; 10]));
            let told = shelf.finish();
            assert_eq!(told, Told { written: 4, kept: expected.len() as u64, passed_over: 0 });
            let there = names(&path);
            assert_eq!(there[1..], *expected);
            assert_eq!(there[0], "before", "what others put there stays");
            fs::remove_dir_all(path).expect("ours");
        }
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let path = scratch("taken");
        let mut shelf = shelf(&path, 9, 1000);
        fs::write(path.join("a.pcapng"), "theirs").expect("a file");
        shelf.put("a".to_owned(), vec![1]);
        shelf.put("a".to_owned(), vec![2]);
        assert_eq!(shelf.finish().written, 2);
        assert_eq!(names(&path), ["a.pcapng", "a_2.pcapng", "a_3.pcapng"]);
        assert_eq!(fs::read(path.join("a.pcapng")).expect("there"), b"theirs");
        fs::remove_dir_all(path).expect("ours");
    }
}
