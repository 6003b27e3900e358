//! How the memory of `--memory` is shared out.

use crate::flow::Limits;

/// Memory that is not for flows: buffers, batches, the memory for copies of packets, fragments, the program itself.
const FIXED: u64 = 24 << 20;

/// One part in so many is never for the flow table, but for judging flows.
const FOR_JUDGING: u64 = 4;

/// What a flow takes in the report: measured at 890 octets for one with one reset.
const LISTED_FLOW: usize = 900;

/// Of the memory for judging, one part in so many is for flows as others see them.
const FOR_NEIGHBOURS: usize = 8;

/// Of the rest, so many parts in ten are for segments and habits, the others for what verdicts add to the report: measured
/// at 800 octets and those of its segments for the one, and 2,650 for the other, of a connection that was refused, and as
/// much again as allocators leave unused.
const FOR_GATHERING: usize = 3;

/// Shares of the memory that may be used, in octets.
#[derive(Clone, Copy)]
pub struct Memory {
    total: u64,
    limits: Limits,
    /// What each flow takes while the report is made.
    flow: usize,
    listed: bool,
}

/// Shares of the memory for judging, in octets.
pub struct Judging {
    /// For segments, and what is learnt from them.
    pub gathering: usize,
    /// For flows as others see them.
    pub neighbours: usize,
}

impl Memory {
    /// Shares of `total`. `zeek`: flows are followed as Zeek does, too; `listed`: they are told in the report.
    pub fn of(total: u64, zeek: bool, listed: bool) -> Self {
        let told = if listed { LISTED_FLOW } else { 0 };
        let limits = Limits::within(total.saturating_sub(FIXED + total / FOR_JUDGING), zeek, told);
        Self { total, limits, flow: Limits::octets_of_flow(zeek).max(told), listed }
    }

    /// What the flow table may take.
    pub fn limits(self) -> Limits {
        self.limits
    }

    /// What may be recorded of a capture that cannot be read again.
    pub fn for_recording(self) -> usize {
        octets(self.total / FOR_JUDGING / 2)
    }

    /// What judging may take once it is known how many flows there are, beside a recording of them.
    pub fn for_judging(self, flows: usize, recorded: bool) -> Judging {
        let all = self.beside(flows).saturating_sub(if recorded { self.for_recording() } else { 0 });
        let neighbours = all / FOR_NEIGHBOURS;
        let rest = all - neighbours;
        Judging { gathering: if self.listed { rest / 10 * FOR_GATHERING } else { rest }, neighbours }
    }

    /// What so many flows leave.
    fn beside(self, flows: usize) -> usize {
        let flows = (flows as u64).saturating_mul(self.flow as u64);
        octets(self.total.saturating_sub(FIXED + flows).max(self.total / FOR_JUDGING))
    }
}

fn octets(of: u64) -> usize {
    usize::try_from(of).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_whole() {
        for total in [64 << 20, 1 << 30, 16 << 30] {
            for (zeek, listed) in [(false, false), (true, true), (false, true)] {
                let memory = Memory::of(total, zeek, listed);
                let full = memory.limits().flows;
                let flows = full as u64 * memory.flow as u64;
                assert!(FIXED + flows + memory.beside(full) as u64 <= total, "{total}");
                let [few, many] = [0, full].map(|flows| memory.for_judging(flows, true));
                assert!(few.gathering > many.gathering, "what flows leave is for judging");
                assert!(many.gathering > 0 && many.neighbours > 0);
                assert!(memory.for_recording() + many.gathering + many.neighbours <= memory.beside(full));
            }
        }
    }
}
