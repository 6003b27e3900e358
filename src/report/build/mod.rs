//! Fills in the report from what was read, decoded and followed.

mod builder;
mod capture;
mod episode;
mod parts;
mod translate;
mod verdict;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::net::SocketAddr;

use crate::capture::InputSummary;
use crate::causes;
use crate::compare::Passages;
use crate::decode::{DecodeCounts, Paths};
use crate::flow::{self, Flows};
use crate::knowledge::idle_timeouts;
use crate::knowledge::site::Site;
use crate::report::{
    Comparison, Dropped, IdleGap, Incident, KernelTrace, Kind, Location, Report, Selection, SkippedInput, Summary,
    Teardown, ladder,
};
use crate::surroundings;
use crate::tcp::FrameNumber;
use builder::Builder;

pub use verdict::{Gist, Judge, Take, Tell, Told, Verdict};

/// Flows whose memory is given back at a time when they have been told of: few of all there may be, many for threads to share.
const AT_A_TIME: usize = 1 << 13;

/// What was learnt from the capture.
pub struct Findings<'a> {
    /// The inputs that were read, in the order of the command line.
    pub inputs: Vec<InputSummary>,
    /// The others.
    pub skipped_inputs: Vec<SkippedInput>,
    /// What the decoder counted.
    pub decoded: &'a DecodeCounts,
    /// The layers that a [`PathId`](crate::tcp::PathId) of a flow stands for.
    pub paths: PathsOf<'a>,
    /// Every flow; each is given up as soon as the report has what it wants of it.
    pub flows: Flows,
    /// What is concluded about a flow.
    pub judge: Judge<'a>,
    /// Which flows are one connection under changing addresses.
    pub continuations: &'a surroundings::Continuations,
    /// What the flows say about each other.
    pub around: &'a causes::Around,
    /// What the flows' numbers say against the capture.
    pub faults: surroundings::Faults,
    /// Where the capture was taken; none where no flow was judged.
    pub vantage: Option<surroundings::Vantage>,
    /// The kernel's trace that was joined with the capture.
    pub kernel_trace: Option<KernelTrace>,
    /// Segments that could not be kept for the second look.
    pub not_recorded: u64,
    /// Flows whose segments could not all be gathered.
    pub judged_by_less: u64,
    /// The filter that frames had to pass, as typed.
    pub bpf: Option<String>,
    /// Frames that did not pass it.
    pub filtered_frames: u64,
    /// What captures at other points have, where several were compared.
    pub compared: Option<Compared<'a>>,
}

/// The layers that a [`PathId`](crate::tcp::PathId) of a flow stands for.
pub type PathsOf<'a> = &'a (dyn Fn(&flow::Flow) -> &'a Paths + Sync);

/// What captures at several points have.
pub struct Compared<'a> {
    /// What is said of the points.
    pub comparison: Comparison,
    /// The resets at every point.
    pub passages: &'a Passages,
    /// Input and frame there of frames that evidence rests on.
    pub located: HashMap<FrameNumber, Location>,
}
/// Whether a flow is one that the user asked for.
pub type IsSelected<'a> = &'a dyn Fn(&flow::Flow) -> bool;

/// Which flows the report is about, and which of them it lists.
pub struct Wanted<'a> {
    /// What the user asked for, with a test of each flow; none for all flows.
    pub selection: Option<(Selection, IsSelected<'a>)>,
    /// The verdicts that it is about: any of these; all where there is none.
    pub only: &'a [Kind],
    /// List flows that ended well, too.
    pub all_flows: bool,
    /// List no flow at all.
    pub summary_only: bool,
    /// Rungs of the ladder of one flow.
    pub rungs: usize,
    /// Threads that look for incidents.
    pub threads: usize,
}

/// The report of a capture.
pub fn build<'a>(mut findings: Findings<'a>, wanted: Wanted<'a>) -> Report {
    let builder = Builder {
        paths: findings.paths,
        passages: findings.compared.as_ref().map(|compared| compared.passages),
        located: findings.compared.as_mut().map(|compared| std::mem::take(&mut compared.located)).unwrap_or_default(),
        points: findings.inputs.len(),
        continuations: findings.continuations,
        site: &findings.around.site,
        several_inputs: findings.inputs.len() > 1,
        reused: reused_ends(&findings.flows, wanted.summary_only),
        only: wanted.only,
        all_flows: wanted.all_flows,
        summary_only: wanted.summary_only,
        rungs: wanted.rungs,
    };
    let mut summary = Summary::default();
    let mut not_listed = Dropped::default();
    let mut rungs_left = ladder::RUNGS_OF_A_REPORT;
    let (mut listed, mut harmless) = (Vec::new(), Vec::new());
    let mut fates = causes::Fates::default();
    let mut benign = 0;
    let mut selected = 0;
    let mut causes: BTreeMap<causes::Cause, u64> = BTreeMap::new();
    let (selection, is_selected) = wanted.selection.unzip();
    while let Some(flows) = findings.flows.take_some(if wanted.summary_only { usize::MAX } else { AT_A_TIME }) {
        let chosen = flows.iter().flatten().filter(|flow| is_selected.is_none_or(|is_selected| is_selected(flow)));
        let chosen: Vec<&flow::Flow> = chosen.collect();
        let room = rungs_left;
        let tell = |told: &mut Told, flow: &flow::Flow, verdict: &mut Verdict<'_>| {
            builder.tell(told, &findings.flows, flow, verdict, room);
        };
        (findings.judge)(&chosen, &tell, &mut |told| {
            selected += told.count;
            benign += told.benign;
            summary.teardown += told.teardown;
            summary.senders += told.senders;
            summary.harmful += told.harmful;
            not_listed.resets_not_listed += told.resets_not_kept;
            not_listed.icmp_not_listed += told.icmp_not_kept;
            if let Some(compared) = &mut findings.compared {
                compared.comparison.resets += told.decided;
            }
            told.causes.into_iter().for_each(|cause| *causes.entry(cause).or_default() += 1);
            told.fates.into_iter().for_each(|fate| fates.add(fate));
            for mut flow in told.flows {
                // Each was made as if it came first of those that were judged with it.
                flow.ladder = flow.ladder.filter(|rungs| rungs.len() <= rungs_left);
                rungs_left -= flow.ladder.as_ref().map_or(0, Vec::len);
                if flow.benign.is_some() { &mut harmless } else { &mut listed }.push(flow);
            }
        });
        if wanted.summary_only && flows.len() > 1 {
            // Nothing else needs the memory, and giving a million flows back only takes time.
            std::mem::forget(flows);
        }
    }
    for &(teardown, flows) in &findings.flows.totals.evicted {
        let teardown = Teardown::from(teardown);
        if selection.is_none() {
            (0..flows).for_each(|_| summary.teardown += teardown);
            if matches!(teardown, Teardown::Reset | Teardown::Refused) {
                summary.harmful += flows;
            }
        }
        not_listed.flows_evicted += flows;
        if teardown.ended_badly() {
            not_listed.flows_not_listed += flows;
        }
    }
    not_listed.resets_not_listed += findings.flows.totals.resets_not_kept;
    not_listed.segments_not_told_apart = findings.flows.totals.not_told_apart;
    not_listed.frames_of_untold_layers = findings.decoded.path_overflow;
    not_listed.segments_not_recorded = findings.not_recorded;
    not_listed.flows_judged_by_less = findings.judged_by_less;
    summary.benign = Some(benign);
    summary.causes = causes.into_iter().map(|(cause, flows)| (cause.id().to_owned(), flows)).collect();
    summary.idle_gaps = idle_gaps(fates.as_slice(), &findings.around.site);
    let incidents = causes::incidents(fates.as_slice(), findings.around, wanted.threads);
    listed.append(&mut harmless);
    // They are in this order where flows came in that of their ids; a stable sort would take half of their memory again.
    listed.sort_unstable_by_key(|flow| (flow.benign.is_some(), flow.id));
    let comparison = findings.compared.take().map(|compared| compared.comparison);
    let site = &findings.around.site;
    let incidents = (1..).zip(incidents).map(|(id, incident)| self::incident(id, incident, site)).collect();
    Report {
        capture: capture::capture(findings, not_listed),
        comparison,
        selection: selection.map(|selection| Selection { flows: selected, ..selection }),
        summary,
        incidents,
        flows: listed,
        ..Report::default()
    }
}

fn incident(id: u64, incident: causes::Incident, site: &Site) -> Incident {
    let server = incident.server.as_ref().and_then(|server| server.parse::<SocketAddr>().ok());
    Incident {
        id,
        title: incident.title,
        cause: incident.cause.id().to_owned(),
        confidence: incident.confidence.into(),
        server_name: server.and_then(|server| site.name(server.ip())).map(Into::into),
        server: incident.server,
        first_time: incident.first.map(Into::into),
        last_time: incident.last.map(Into::into),
        flows: incident.flows,
        explanation: incident.explanation,
    }
}

fn idle_gaps(fates: &[causes::Fate], site: &Site) -> Vec<IdleGap> {
    let gaps = causes::histogram(fates.iter().filter_map(|fate| fate.gap).collect());
    let candidates = |length| {
        let known = idle_timeouts::candidates(length, &site.limits);
        let mut names: Vec<_> = known.iter().map(|known| known.product.clone()).collect();
        names.dedup();
        names
    };
    let gap =
        |gap: causes::Gap| IdleGap { seconds: gap.length.into(), flows: gap.flows, candidates: candidates(gap.length) };
    gaps.into_iter().map(gap).collect()
}

/// The ids of flows whose addresses and ports another flow has, too.
fn reused_ends(flows: &Flows, summary_only: bool) -> HashSet<u64> {
    let mut reused = HashSet::new();
    if summary_only {
        return reused;
    }
    let ends = |flow: &flow::Flow| {
        let (one, other) = (flow.stream.endpoints.forward, flow.stream.endpoints.back);
        (flow.stream.ipv6, one.min(other), one.max(other))
    };
    // In the order of a digest, which is quicker to sort by than what it is of.
    let digests = BuildHasherDefault::<DefaultHasher>::default();
    let mut all: Vec<_> = flows.iter().map(|flow| (digests.hash_one(ends(flow)), flow)).collect();
    all.sort_unstable_by(|(digest, one), (another, other)| {
        digest.cmp(another).then_with(|| ends(one).cmp(&ends(other)))
    });
    for pair in all.windows(2) {
        if let [(digest, one), (another, other)] = pair
            && digest == another
            && ends(one) == ends(other)
        {
            reused.extend([one.id, other.id]);
        }
    }
    reused
}
