//! Verdicts on some flows of a table that goes on.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use super::witness::locked;

use crate::cli::Options;
use crate::decode::Decoder;
use crate::flow::{Flow, FlowTable};
use crate::knowledge::site::Site;
use crate::report::{self, Findings, Report, Selection, Take, Tell, Wanted};
use crate::run::{Judgement, Means, choose, needs_judging};
use crate::surroundings::Losses;
use crate::timeline::{Archive, Depth, Gathering, Recording};
use crate::witness::{Log, Testimony};

/// Flows looked at for companions of those that are judged, the latest ones; a look at so many takes some milliseconds.
const LOOKED_AT: usize = 200_000;

/// Companions of one address: as many as the judgement of a whole capture takes to know a host by.
const COMPANIONS: usize = 64;

/// Companions in all.
const MOST_COMPANIONS: usize = 2048;

/// Octets of segments gathered for one look at most, and one part in so many of the memory.
const MEMORY: u64 = 32 << 20;
const SHARE: u64 = 16;

/// Octets of segments gathered for one look, of so many allowed in all.
pub(super) fn memory(allowed: u64) -> usize {
    usize::try_from((allowed / SHARE).min(MEMORY)).unwrap_or(usize::MAX)
}

/// Segments looked at in one look.
const MOST_SEGMENTS: usize = 100_000;

/// Segments of another flow that was reset as well.
const OF_A_FELLOW: usize = 1000;

/// What verdicts rest on.
pub(super) struct Ground<'a> {
    pub options: &'a Options,
    pub table: &'a FlowTable,
    pub recording: &'a Recording,
    pub decoder: &'a Decoder,
    pub kernel: Option<&'a Mutex<Log>>,
    /// What is known of the place beforehand.
    pub site: &'a Site,
    pub losses: &'a Losses,
    /// What earlier verdicts rested on.
    pub archive: &'a Mutex<Archive>,
}

impl Ground<'_> {
    /// The report of these flows as if the capture ended now. It knows less of other flows than the report of the whole capture will.
    pub(super) fn judge(&self, ids: &HashSet<u64>) -> Report {
        let wanted: Vec<&Flow> = ids.iter().filter_map(|&id| self.table.get(id)).collect();
        let mut members: Vec<u64> = wanted.iter().map(|flow| flow.id).collect();
        members.extend(self.companions(&wanted, ids));
        let flows = self.table.copy(members);

        let mut gathering = Gathering::new(memory(self.options.memory));
        let mut left = MOST_SEGMENTS;
        // Those that are asked for come first, in case the segments do not suffice for all.
        let asked = flows.iter().filter(|flow| ids.contains(&flow.id));
        for flow in asked.chain(flows.iter().filter(|flow| !ids.contains(&flow.id))) {
            let (depth, most) = match needs_judging(flow, &flows) {
                true if ids.contains(&flow.id) => (Depth::Whole, left),
                true => (Depth::Whole, left.min(OF_A_FELLOW)),
                false => (Depth::Profile, 0),
            };
            if gathering.want(flow, depth) && most > 0 {
                left -= self.recording.give(flow, most, &mut gathering);
            }
        }
        let mut timelines = gathering.finish();
        let mut archive = locked(self.archive);
        ids.iter().for_each(|&id| archive.keep(id, &mut timelines));
        drop(archive);
        let testimony = self.kernel.map(|log| Testimony::new(&locked(log), &flows)).unwrap_or_default();
        // Few flows, of which everything may be known.
        let mut judgement = Judgement::beside(&flows, &timelines, self.losses.clone(), testimony, Means::default());
        judgement.around.site.clone_from(self.site);
        let chosen = choose(self.options, &flows, |_| None);
        let is_chosen =
            |flow: &Flow| ids.contains(&flow.id) && chosen.as_ref().is_none_or(|chosen| chosen.ids.contains(&flow.id));
        let judge = |flows: &[&Flow], tell: Tell<'_>, take: Take<'_>| judgement.of(flows, tell, take);
        let findings = Findings {
            inputs: Vec::new(),
            skipped_inputs: Vec::new(),
            decoded: self.decoder.counts(),
            paths: &|_| self.decoder.paths(),
            flows,
            judge: &judge,
            continuations: &judgement.surroundings.continuations,
            around: &judgement.around,
            faults: judgement.surroundings.faults,
            vantage: None,
            kernel_trace: None,
            not_recorded: 0,
            judged_by_less: 0,
            bpf: None,
            filtered_frames: 0,
            compared: None,
        };
        let selection = Selection { criteria: Vec::new(), flows: 0, note: None };
        let wanted = Wanted {
            selection: Some((selection, &is_chosen)),
            only: &[],
            all_flows: false,
            summary_only: false,
            rungs: report::RUNGS,
            threads: 1,
        };
        let mut report = report::build(findings, wanted);
        report.flows.sort_by_key(|flow| flow.id);
        report
    }

    /// The latest flows of the same addresses.
    fn companions(&self, wanted: &[&Flow], ids: &HashSet<u64>) -> Vec<u64> {
        let addresses = |flow: &Flow| [flow.stream.endpoints.forward.address, flow.stream.endpoints.back.address];
        let mut known: HashMap<[u8; 16], usize> =
            wanted.iter().flat_map(|flow| addresses(flow)).map(|one| (one, 0)).collect();
        let mut found = Vec::new();
        for flow in self.table.newest().take(LOOKED_AT) {
            let mut helps = false;
            for address in addresses(flow) {
                if let Some(count) = known.get_mut(&address).filter(|count| **count < COMPANIONS) {
                    *count += 1;
                    helps = true;
                }
            }
            if helps && !ids.contains(&flow.id) {
                found.push(flow.id);
                if found.len() == MOST_COMPANIONS {
                    break;
                }
            }
        }
        found
    }
}
