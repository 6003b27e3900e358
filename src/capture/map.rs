//! A regular file as memory.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use memmap2::Mmap;

use super::ahead::Ahead;

/// A file mapped read-only, as long as it was when it was opened.
///
/// A file that someone truncates while it is mapped raises SIGBUS at the first touch of a page behind its new end, and so
/// does a disk that fails. [`Map::shrunk`] finds most of it out between windows, and the report then tells what came
/// before; where a touch comes first, the program [says so and ends](bus::watch). Whoever must read a file that others
/// truncate pipes it in (`tcpautopsy - < file`), which never maps.
pub(super) struct Map {
    memory: Arc<Mmap>,
    file: File,
    released: AtomicUsize,
    /// Where the reading is, roughly.
    reached: Arc<AtomicUsize>,
}

impl Map {
    /// Maps all of `file`.
    pub(super) fn new(file: File) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        bus::watch();
        // SAFETY: `&[u8]` promises that the octets stay as they are while it is borrowed. We never write through the
        // mapping. Another process may still write to the file; every reader of these octets takes them for hostile and
        // reaches them only through checked slices, so that a change gives wrong frames but no access out of bounds.
        // That nobody changes them is the usual reliance of programs that map files; truncation is spoken of above.
        let memory = unsafe { Mmap::map(&file)? };
        Ok(Self { memory: Arc::new(memory), file, released: AtomicUsize::new(0), reached: Arc::default() })
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.memory
    }

    /// What another thread fetches it with, ahead of the reading.
    pub(super) fn ahead(&self) -> Ahead {
        Ahead::new(Arc::clone(&self.memory), Arc::clone(&self.reached))
    }

    /// Says now and then where the reading is.
    pub(super) fn reach(&self, at: usize) {
        self.reached.store(at, Ordering::Relaxed);
    }

    /// The file again, from `offset` on.
    pub(super) fn into_reader(self, offset: u64) -> impl Read + Send {
        let mut file = self.file;
        // Where a regular file cannot seek, reading it fails as well and says so.
        let _ = file.seek(SeekFrom::Start(offset));
        file
    }

    /// Whether the file has become shorter than the mapping.
    pub(super) fn shrunk(&self) -> bool {
        self.file.metadata().is_ok_and(|now| now.len() < self.memory.len() as u64)
    }

    /// Lets go of the pages some way in front of `until`, so that a long file does not count as resident memory. They come back
    /// from the file if they are touched again.
    pub(super) fn release(&self, until: usize) {
        /// Kept for the second look, which begins at the front: most captures are no longer, and to have a page again takes as
        /// long as to read what is on it. Of a longer file the end stays as well while the second look goes over the front.
        const KEPT: usize = 512 << 20;
        /// Let go at a time: each time the kernel interrupts all threads.
        const LEAST: usize = 2 << 20;
        let until = until.min(self.memory.len()).saturating_sub(KEPT);
        let released = self.released.load(Ordering::Relaxed);
        // Whoever goes back to the front begins anew there.
        if until < released || until - released >= LEAST {
            self.released.store(until, Ordering::Relaxed);
            self.forget(released, until);
        }
    }

    /// Lets go of the pages of one of so many equal parts, all but the last few of the file.
    pub(super) fn release_part(&self, part: usize, parts: usize) {
        let share = self.memory.len() / parts.max(1);
        self.forget(part * share, self.memory.len().min((part + 1) * share));
    }

    /// Lets go of the pages from `from` to `until`, but for the last few.
    fn forget(&self, from: usize, until: usize) {
        /// Covers every page size in use, so that ranges start on a page.
        const STEP: usize = 1 << 16;
        let (from, until) = (from / STEP * STEP, until / STEP * STEP);
        if until > from {
            // Advice that is refused costs memory and nothing else; Windows takes none.
            #[cfg(unix)]
            // SAFETY: on a shared file mapping MADV_DONTNEED drops pages that the next touch reads again from the file,
            // so the octets stay what they were; the range lies within the mapping.
            let _ = unsafe {
                let advice = memmap2::UncheckedAdvice::DontNeed;
                self.memory.unchecked_advise_range(advice, from, until - from)
            };
        }
    }
}

/// Last words where a mapped file is gone.
#[cfg(target_os = "linux")] // elsewhere SIGBUS also tells a stack overflow, which the standard library answers
mod bus {
    use std::sync::Once;

    const LAST_WORDS: &[u8] =
        b"tcpautopsy: error: a capture was cut short, or its disk failed, while it was being read: \
        copy it first, or pipe it in (tcpautopsy - < capture)\n";

    /// The exit code for nothing that could be analysed.
    const EXIT: i32 = 1;

    /// From now on SIGBUS ends the program with a line on standard error and exit code 1 instead of in silence.
    pub(super) fn watch() {
        static WATCHED: Once = Once::new();
        WATCHED.call_once(|| {
            // SAFETY: all zeros is a value of `sigaction`, whose fields are numbers and an optional function. The handler
            // has the signature that a handler without SA_SIGINFO has. It is called between any two instructions, and so
            // does nothing but two calls that may be made there (signal-safety(7)), with memory that never changes; it
            // does not return. A failure leaves what was there before.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = last_words as extern "C" fn(i32) as usize;
                action.sa_flags = libc::SA_ONSTACK;
                libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut());
            }
        });
    }

    extern "C" fn last_words(_: i32) {
        // SAFETY: both may be called in a signal handler, and the octets are as long as is said.
        unsafe {
            libc::write(libc::STDERR_FILENO, LAST_WORDS.as_ptr().cast(), LAST_WORDS.len());
            libc::_exit(EXIT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_octets_after_a_release_and_a_truncation_is_noticed() {
        let path = std::env::temp_dir().join(format!("tcpautopsy-map-{}", std::process::id()));
        let octets: Vec<u8> = (0..300_000u32).map(|i| i as u8).collect();
        std::fs::write(&path, &octets).unwrap();
        let map = Map::new(File::open(&path).unwrap()).unwrap();
        assert_eq!(map.bytes(), octets);
        map.forget(0, 200_000);
        map.forget(131_000, 300_000);
        map.forget(200_000, 100_000);
        map.release(usize::MAX);
        (0..4).for_each(|part| map.release_part(part, 3));
        assert_eq!(map.bytes(), octets);
        assert!(!map.shrunk());
        File::options().write(true).open(&path).unwrap().set_len(1000).unwrap();
        assert!(map.shrunk());
        std::fs::remove_file(&path).unwrap();
    }
}
