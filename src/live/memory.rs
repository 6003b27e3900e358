//! How `--memory` is shared out.

use crate::cli::LiveOptions;
use crate::flow::Limits;
use crate::run;

/// Octets that may wait between the threads at most; twice as much is held, since they are handed over by turns.
const MOST_WAITING: u64 = 32 << 20;

/// One part in so many of the memory may wait between the threads.
const WAITING: u64 = 32;

/// One part in so many is for the segments of flows that were judged and are not recorded any more.
const ARCHIVE: u64 = 16;

/// One part in so many is for the frames of the flight recorder.
const PAST: u64 = 8;

/// Octets for what the kernel of this host reported.
const WITNESS: u64 = 6 << 20;

/// Bounds of everything that grows with traffic, octets where nothing else is said.
pub(super) struct Memory {
    /// Of the flow table.
    pub limits: Limits,
    /// The recent past.
    pub recorded: usize,
    /// Segments of flows that were judged for good.
    pub archive: usize,
    /// Frames for the flight recorder.
    pub past: usize,
    /// Frames between the threads, those handed over last not counted.
    pub waiting: usize,
}

impl Memory {
    /// The shares of what the user allows.
    pub(super) fn of(options: &LiveOptions) -> Self {
        let memory = options.analysis.memory;
        let octets = |octets: u64| usize::try_from(octets).unwrap_or(usize::MAX);
        let recorded = run::share_for_timelines(&options.analysis);
        let (archive, waiting) = (memory / ARCHIVE, (memory / WAITING).min(MOST_WAITING));
        let witness = if options.kernel_witness { WITNESS } else { 0 };
        let past = if options.record.is_some() { memory / PAST } else { 0 };
        let beside = past
            + witness
            + run::FIXED_MEMORY
            + recorded as u64
            + archive
            + 2 * waiting
            + super::judging::memory(memory) as u64;
        let limits = run::limits(&options.analysis, memory.saturating_sub(beside));
        Self { limits, recorded, archive: octets(archive), past: octets(past), waiting: octets(waiting) }
    }
}
