//! How the memory of `--memory` is shared out between flows and what is made of them.

use super::{FIXED_MEMORY, LISTED_FLOW, follows_zeek, kernel_trace, limits, share_for_timelines};
use crate::cli::Options;
use crate::evidence::Words;
use crate::flow::Limits;

/// One part in so many is never for the flow table, but for judging flows.
const FOR_JUDGING: usize = 4;

/// Of the memory for judging, one part in so many is for flows as others see them.
const FOR_NEIGHBOURS: usize = 8;

/// Of the rest, so many parts in twenty are for segments and habits, the others for what verdicts add to the report: measured
/// with 500,000 connections that were refused: of each that is judged 600 octets for the one and 3,300 for the other, with what
/// allocators leave unused.
const FOR_GATHERING: usize = 3;

/// Where no sentence is told of flows, one part in so many of the rest is for verdicts that are not made anew, which take some 230 octets
/// for a flow judged, and twice that where nearly all have to ask about the others: enough for a quarter of a million flows in a gibibyte.
const FOR_VERDICTS: usize = 10;

/// There, so many parts in forty of the rest are for what is known of flows that are looked up by where their segments lie. It is what decides
/// how many of a million flows are judged by all of their segments; the places take less than what is left.
const FOR_KNOWING: usize = 19;

/// What may be used, in octets.
pub struct Memory {
    /// All that is for flows, and for what is made of them.
    total: usize,
    limits: Limits,
    /// What each flow takes while the report is made.
    flow: usize,
    /// Whether flows are told in the report.
    listed: bool,
}

/// Shares of the memory for judging, in octets.
pub struct Judging {
    /// For segments, and what is learnt from them.
    pub gathering: usize,
    /// Of that, for what is known of flows that are looked up by where their segments lie. What is left is for these places.
    pub known: usize,
    /// For flows as others see them.
    pub neighbours: usize,
    /// For verdicts that are kept.
    pub kept: usize,
}

impl Memory {
    /// As the user wants it. `recorded`: beside the flows there is a recording of the capture.
    pub fn of(options: &Options, recorded: bool) -> Self {
        let recording = if recorded { share_for_timelines(options) } else { 0 };
        let beside = FIXED_MEMORY + kernel_trace::share(options) + recording as u64;
        let total = usize::try_from(options.memory.saturating_sub(beside)).unwrap_or(usize::MAX);
        let listed = !options.summary;
        Self {
            total,
            limits: limits(options, (total - total / FOR_JUDGING) as u64),
            flow: Limits::octets_of_flow(follows_zeek(options)).max(if listed { LISTED_FLOW } else { 0 }),
            listed,
        }
    }

    /// What the flow table may take.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What a note of where segments lie may take: it is read before anything is judged.
    pub fn for_places(&self) -> usize {
        self.total / FOR_JUDGING
    }

    /// What judging may take once it is known how many places of flows are taken, and how much is told of them.
    pub fn for_judging(&self, flows: usize, words: Words) -> Judging {
        let all = self.beside(flows);
        let neighbours = all / FOR_NEIGHBOURS;
        let rest = all - neighbours;
        let kept = if words < Words::Sentence { rest / FOR_VERDICTS } else { 0 };
        let gathering = if self.listed { rest / 20 * FOR_GATHERING } else { rest - kept };
        let known = if self.listed { gathering / 2 } else { rest / 40 * FOR_KNOWING };
        Judging { gathering, known, neighbours, kept }
    }

    /// What so many flows leave.
    fn beside(&self, flows: usize) -> usize {
        self.total.saturating_sub(flows.saturating_mul(self.flow)).max(self.total / FOR_JUDGING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_whole() {
        for arguments in [&["--memory", "64M"][..], &["--format", "json"], &["--memory", "16G", "--summary"]] {
            let arguments = ["tcpautopsy", "a.pcap"].iter().chain(arguments).map(Into::into);
            let options = crate::cli::parse(arguments).expect("a command line");
            for recorded in [false, true] {
                let memory = Memory::of(&options, recorded);
                let full = memory.limits().flows;
                assert!(full * memory.flow + memory.beside(full) <= memory.total);
                assert!(memory.total as u64 <= options.memory - FIXED_MEMORY);
                let words = if options.summary { Words::Unspoken } else { Words::All };
                let [few, many] = [0, full].map(|flows| memory.for_judging(flows, words));
                assert!(few.gathering > many.gathering, "what flows leave is for judging");
                assert!(many.gathering > 0 && many.neighbours > 0);
                assert!(many.known >= many.gathering / 2 && many.known < many.gathering);
                assert!(many.gathering + many.neighbours + many.kept <= memory.beside(full));
                assert_eq!(many.kept > 0, options.summary);
            }
        }
    }
}
