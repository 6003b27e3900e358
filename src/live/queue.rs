//! Hands frames from the thread that captures to the one that follows flows.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::capture::{Frames, InputSummary};

/// Where frames wait for the thread that follows flows. When it is full, the capture waits, and the kernel's buffer fills.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    filled: Condvar,
    emptied: Condvar,
    most: usize,
}

#[derive(Default)]
struct Waiting {
    frames: Frames,
    news: Vec<String>,
    dropped: Option<u64>,
    end: Option<End>,
    closed: bool,
}

/// How a capture ended.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// There is no more; what is known of the input.
    Proper(InputSummary),
    /// The interface went away, for this reason.
    Lost(String),
    /// It was told to end.
    Asked,
}

/// What came beside frames.
pub(super) struct Beside {
    /// What the user should know.
    pub news: Vec<String>,
    /// Frames that the kernel has dropped so far, where that is known.
    pub dropped: Option<u64>,
    /// Whether that was all, and why.
    pub end: Option<End>,
}

impl Queue {
    /// Room for so many octets.
    pub(super) fn new(most: usize) -> Self {
        Self { waiting: Mutex::default(), filled: Condvar::new(), emptied: Condvar::new(), most }
    }

    /// Lets `read` add frames as soon as there is room; `None` where nobody wants any more.
    pub(super) fn fill<T>(&self, read: impl FnOnce(&mut Frames) -> T) -> Option<T> {
        let is_full = |waiting: &mut Waiting| waiting.frames.octets() >= self.most && !waiting.closed;
        let waiting = self.emptied.wait_while(self.lock(), is_full);
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        if waiting.closed && waiting.frames.octets() >= self.most {
            return None;
        }
        let done = read(&mut waiting.frames);
        if !waiting.frames.is_empty() {
            self.filled.notify_one();
        }
        Some(done)
    }

    /// Says how many frames the kernel has dropped so far.
    pub(super) fn dropped(&self, dropped: u64) {
        self.lock().dropped = Some(dropped);
    }

    /// Says something that the user should know.
    pub(super) fn tell(&self, news: String) {
        self.lock().news.push(news);
        self.filled.notify_one();
    }

    /// Says that no frame will come any more.
    pub(super) fn end(&self, end: End) {
        self.lock().end = Some(end);
        self.filled.notify_one();
    }

    /// Asks the capture to end.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.emptied.notify_one();
    }

    /// Whether the capture is to end.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Puts the waiting frames in place of `frames`, after waiting for some at most so long.
    pub(super) fn take(&self, frames: &mut Frames, at_most: Duration) -> Beside {
        frames.clear();
        let is_idle =
            |waiting: &mut Waiting| waiting.frames.is_empty() && waiting.end.is_none() && waiting.news.is_empty();
        let waiting = self.filled.wait_timeout_while(self.lock(), at_most, is_idle);
        let (mut waiting, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut waiting.frames, frames);
        self.emptied.notify_one();
        Beside { news: std::mem::take(&mut waiting.news), dropped: waiting.dropped, end: waiting.end.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Whoever panicked while holding it left frames behind, which are whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
