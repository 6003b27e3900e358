//! How far the reading is, for whoever shows it.

use std::sync::atomic::{AtomicU64, Ordering};

/// How much of the inputs has been read; updated about once a megabyte, from the reading thread.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: Option<u64>,
}

impl Progress {
    pub(super) fn new(total: Option<u64>) -> Self {
        Self { done: AtomicU64::new(0), total }
    }

    /// Octets read of the inputs as they are stored (compressed where they are).
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Octets there are of them; `None` where one is a pipe.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    pub(super) fn add(&self, octets: u64) {
        self.done.fetch_add(octets, Ordering::Relaxed);
    }
}
