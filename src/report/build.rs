//! Fills in the report from what was read, decoded and followed.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::net::SocketAddr;
use std::sync::LazyLock;

use smallvec::{SmallVec, smallvec};

use super::compared::reset_comparison;
use super::ladder;
use super::{
    Alternative, Analysis, Application, Capture, CauseEvidence, Comparison, Confidence, DecidedResets, Diagnosis,
    Dropped, Endpoint, ErrorTexts, Flow, FlowComparison, Form, Fragments, Hops, IcmpMessage, IdleGap, Incident, Input,
    KernelTrace, Location, Mechanism, Near, Obedience, Outcome, Phase, Report, Reset, ResetComparison, ResetEvidence,
    ResetSegment, Roles, Rung, SafeToRetry, Selection, Sender, SenderCounts, Side, SideAnalysis, SideOutcome,
    SkippedInput, Stance, Summary, Teardown, TeardownCounts, UnsupportedLinkType, Vantage, Weight, Zeek, icmp, words,
};
use crate::attribution::{self, Judged};
use crate::capture::InputSummary;
use crate::causes;
use crate::compare::Passages;
use crate::decode::{DecodeCounts, Paths};
use crate::evidence::{self, Evidence};
use crate::flow::{self, Flows, Way};
use crate::knowledge::errors::{Errno, Event, Messages};
use crate::knowledge::idle_timeouts;
use crate::knowledge::site::Site;
use crate::outcome;
use crate::surroundings;
use crate::tcp::{FrameNumber, PathId};
use crate::timeline::Timeline;

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
    /// The layers that a [`PathId`] of a flow stands for.
    pub paths: PathsOf<'a>,
    /// Every flow; each is given up as soon as the report has what it wants of it.
    pub flows: Flows,
    /// What is concluded about a flow.
    pub judge: Judge<'a>,
    /// Which flows are one connection under changing addresses.
    pub continuations: &'a surroundings::Continuations,
    /// What the flows say about each other.
    pub around: &'a causes::Around,
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

/// The layers that a [`PathId`] of a flow stands for.
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

/// What was concluded about a flow: little more than nothing for the many that ended well.
#[derive(Default)]
pub struct Verdict<'a> {
    /// Who sent its resets, one for each in its order; none where nobody judged them.
    pub resets: Vec<Judged>,
    /// Why it ended as it did.
    pub diagnosis: Option<Box<causes::Diagnosis>>,
    /// What its applications were doing.
    pub application: Option<Box<Application>>,
    /// What its applications saw.
    pub outcome: Option<Box<outcome::Outcome>>,
    /// Why its resets harmed nobody.
    pub benign: Option<Cow<'static, str>>,
    /// What is kept of it to be compared with other flows.
    pub fate: Option<Box<causes::Fate>>,
    /// What a summary has of all of this, in its place.
    pub gist: Option<Gist>,
    /// Its segments, where they were looked at.
    pub timeline: Option<Cow<'a, Timeline>>,
    /// Resets of the connection that only other captures have, each with its verdict.
    pub elsewhere: Vec<(flow::ResetSegment, Judged)>,
    /// The connection as several points saw it.
    pub comparison: Option<Box<FlowComparison>>,
}

/// All that a summary has of the verdict on a flow, for where nothing else is kept of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Gist {
    /// Who sent its resets.
    senders: SmallVec<[Sender; 8]>,
    /// Why it ended as it did.
    cause: Option<causes::Cause>,
    /// Whether its resets harmed nobody.
    benign: bool,
}

impl Gist {
    /// That of a flow with these verdicts on its resets, but for why it ended.
    pub fn of(flow: &flow::Flow, resets: &[Judged]) -> Self {
        Self::with(&episodes(flow, resets, &[]))
    }

    /// The same with that, where it is known.
    #[must_use]
    pub fn settled(self, fate: Option<&causes::Fate>) -> Self {
        match fate {
            Some(fate) => Self { cause: fate.cause, benign: fate.benign, ..self },
            None => self,
        }
    }

    fn with(resets: &[Episode<'_>]) -> Self {
        Self { senders: resets.iter().map(Episode::sender).collect(), cause: None, benign: false }
    }
}

/// Concludes about each of some flows, and gives what is told of them away in their order, some at a time.
pub type Judge<'a> = &'a dyn Fn(&[&flow::Flow], Tell<'_>, Take<'_>);

/// Tells of a flow and the verdict on it, behind what was told of others: a verdict is turned into what the report has of it by the
/// thread that found it. The segments are left in the verdict.
pub type Tell<'a> = &'a (dyn Fn(&mut Told, &flow::Flow, &mut Verdict<'_>) + Sync);

/// Takes what was told of some flows.
pub type Take<'a> = &'a mut dyn FnMut(Told);

/// What the report has of some flows.
#[derive(Default)]
pub struct Told {
    /// How many they are.
    count: u64,
    teardown: TeardownCounts,
    /// Who sent their resets.
    senders: SenderCounts,
    /// Where their resets were decided, where captures were compared.
    decided: DecidedResets,
    benign: u64,
    harmful: u64,
    resets_not_kept: u64,
    icmp_not_kept: u64,
    /// Of those that were judged, where anything explains them.
    causes: Vec<causes::Cause>,
    /// Of those that were judged, where they are kept.
    fates: Vec<causes::Fate>,
    /// Those that are listed.
    flows: Vec<Flow>,
}

impl Told {
    fn count_verdict(&mut self, gist: &Gist) {
        gist.senders.iter().for_each(|&sender| self.senders += sender);
        self.benign += u64::from(gist.benign);
        self.harmful += u64::from(!gist.benign && !gist.senders.is_empty());
        self.causes.extend(gist.cause);
    }
}

/// Whether a flow is one that the user asked for.
pub type IsSelected<'a> = &'a dyn Fn(&flow::Flow) -> bool;

/// Which flows the report is about, and which of them it lists.
pub struct Wanted<'a> {
    /// What the user asked for, with a test of each flow; none for all flows.
    pub selection: Option<(Selection, IsSelected<'a>)>,
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
pub fn build(mut findings: Findings<'_>, wanted: Wanted<'_>) -> Report {
    let builder = Builder {
        paths: findings.paths,
        passages: findings.compared.as_ref().map(|compared| compared.passages),
        located: findings.compared.as_mut().map(|compared| std::mem::take(&mut compared.located)).unwrap_or_default(),
        points: findings.inputs.len(),
        continuations: findings.continuations,
        site: &findings.around.site,
        several_inputs: findings.inputs.len() > 1,
        reused: reused_ends(&findings.flows, wanted.summary_only),
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
        capture: capture(findings, not_listed),
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

fn capture(findings: Findings<'_>, dropped: Dropped) -> Capture {
    let counts = findings.decoded;
    let totals = &findings.flows.totals;
    let kernel = findings.inputs.iter().filter_map(|input| input.dropped_by_kernel);
    Capture {
        frames: findings.inputs.iter().map(|input| input.frames).sum(),
        bpf: findings.bpf,
        filtered_frames: findings.filtered_frames,
        tcp_segments: totals.segments,
        rst_segments: totals.resets,
        flows: totals.flows,
        undecoded_frames: counts.unreadable(),
        undecoded: counts.unreadable_by_reason().map(|(reason, frames)| (reason.name().to_owned(), frames)).collect(),
        unsupported_link_types: counts
            .link_types
            .iter()
            .map(|(link_type, &frames)| UnsupportedLinkType {
                number: link_type.0,
                name: link_type.name().map(str::to_owned),
                frames,
            })
            .collect(),
        duplicate_frames: totals.duplicates,
        fragments: Fragments {
            fragments: counts.fragments,
            reassembled: counts.reassembled,
            incomplete: counts.incomplete_datagrams(),
        },
        icmp_errors: totals.icmp_errors,
        icmp_without_flow: totals.icmp_without_flow,
        aggregated_frames: counts.aggregated,
        dropped_by_kernel: kernel.reduce(u64::saturating_add),
        dropped,
        vantage: findings.vantage.map(|vantage| Vantage { near: vantage.near.into(), why: vantage.why.to_owned() }),
        kernel_trace: findings.kernel_trace,
        inputs: findings.inputs.into_iter().map(input).collect(),
        skipped_inputs: findings.skipped_inputs,
    }
}

fn input(input: InputSummary) -> Input {
    Input {
        path: input.path,
        sha256: None,
        format: input.format.into(),
        compression: input.compression.map(Into::into),
        link_types: input.link_types.iter().map(ToString::to_string).collect(),
        frames: input.frames,
        bytes: input.bytes,
        first_time: input.first_time.map(Into::into),
        last_time: input.last_time.map(Into::into),
        time_reversals: input.time_reversals,
        cut_frames: input.cut_frames,
        complete: input.complete,
        problems: input.problems.into_iter().map(Into::into).collect(),
    }
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

/// One reset: RST segments with one claimed sender, one sender and one mechanism, and their copies.
struct Episode<'a> {
    /// In capture order, each with its verdict.
    segments: SmallVec<[(&'a flow::ResetSegment, Option<&'a Judged>); 1]>,
}

impl Episode<'_> {
    /// The verdict that speaks for all: the surest.
    fn verdict(&self) -> Option<&Judged> {
        let verdicts = self.segments.iter().filter_map(|(_, judged)| *judged);
        verdicts.reduce(|best, other| if other.log_odds.abs() > best.log_odds.abs() { other } else { best })
    }

    /// The verdict on its first segment.
    fn first(&self) -> Option<&Judged> {
        self.segments.first().and_then(|(_, judged)| *judged)
    }

    fn sender(&self) -> Sender {
        self.verdict().map_or(Sender::Unknown, |judged| judged.sender.into())
    }
}

/// The resets of a flow in the order of their first frames.
fn episodes<'a>(
    flow: &'a flow::Flow,
    judged: &'a [Judged],
    elsewhere: &'a [(flow::ResetSegment, Judged)],
) -> Vec<Episode<'a>> {
    let mut episodes: Vec<Episode<'a>> = Vec::new();
    let own = flow.resets().iter().enumerate().map(|(index, reset)| (reset, judged.get(index)));
    for (reset, verdict) in own.chain(elsewhere.iter().map(|(reset, judged)| (reset, Some(judged)))) {
        let key = |reset: &flow::ResetSegment, judged: Option<&Judged>| {
            let verdict = judged.filter(|judged| judged.sender != attribution::Sender::Unknown);
            // Where nobody can tell, the form stands for the mechanism: a stack that aborts a connection sends RST with
            // ACK, one that knows none answers a segment with ACK by RST alone (RFC 9293 section 3.5.2).
            let form = verdict.is_none().then(|| reset.form());
            (reset.way, verdict.map(|judged| (judged.sender, judged.mechanism)), form)
        };
        // The latest episode in the same name, if it is of the same kind.
        let same = episodes
            .iter_mut()
            .rev()
            .find(|episode| episode.segments.first().is_some_and(|(first, _)| first.way == reset.way))
            .filter(|episode| episode.segments.first().is_some_and(|(one, of)| key(one, *of) == key(reset, verdict)));
        match same {
            Some(episode) => episode.segments.push((reset, verdict)),
            None => episodes.push(Episode { segments: smallvec![(reset, verdict)] }),
        }
    }
    episodes
}

struct Builder<'a> {
    paths: PathsOf<'a>,
    passages: Option<&'a Passages>,
    located: HashMap<FrameNumber, Location>,
    points: usize,
    continuations: &'a surroundings::Continuations,
    site: &'a Site,
    several_inputs: bool,
    reused: HashSet<u64>,
    all_flows: bool,
    summary_only: bool,
    /// Rungs of the ladder of one flow.
    rungs: usize,
}

impl Builder<'_> {
    /// Adds what the report has of a flow. `room`: rungs that it has room for.
    fn tell(&self, told: &mut Told, flows: &Flows, flow: &flow::Flow, verdict: &mut Verdict<'_>, room: usize) {
        let how = flow::Teardown::of(flow, flows.end);
        let teardown = Teardown::from(how);
        told.count += 1;
        told.teardown += teardown;
        if let Some(detail) = &flow.detail {
            told.resets_not_kept += detail.resets_not_kept;
            told.icmp_not_kept += detail.icmp_not_kept;
        }
        let fate = verdict.fate.take();
        if let Some(gist) = verdict.gist.take() {
            told.count_verdict(&gist);
            told.fates.extend(fate.map(|fate| *fate));
            return;
        }
        let elsewhere = std::mem::take(&mut verdict.elsewhere);
        let judged = std::mem::take(&mut verdict.resets);
        let resets = episodes(flow, &judged, &elsewhere);
        told.count_verdict(&Gist::with(&resets).settled(fate.as_deref()));
        let compared = resets.iter().filter_map(|episode| self.comparison(episode));
        compared.for_each(|compared| told.decided.count(compared.decided));
        told.fates.extend(fate.map(|fate| *fate));
        // What went on under other addresses is the beginning of what ended there.
        let tells = teardown.ended_badly() || !resets.is_empty() || self.continuations.after(flow.id).is_some();
        if !self.summary_only && (self.all_flows || tells) {
            told.flows.push(self.flow(flows, flow, how, &resets, verdict, room));
        }
    }

    fn flow(
        &self,
        flows: &Flows,
        flow: &flow::Flow,
        teardown: flow::Teardown,
        episodes: &[Episode<'_>],
        verdict: &mut Verdict<'_>,
        room: usize,
    ) -> Flow {
        let Verdict { diagnosis, application, outcome, benign, comparison, timeline, .. } = verdict;
        let timeline = timeline.as_deref();
        let roles = flow::Roles::of(flow);
        let (client, server) = (roles.from_client, roles.from_client.reverse());
        let end = |way: Way| Endpoint {
            ip: flow.stream.endpoints[way].ip(flow.stream.ipv6),
            port: flow.stream.endpoints[way].port,
        };
        let paths = (self.paths)(flow);
        let path = widest(paths, flow);
        let later = self.continuations.after(flow.id).map(|later| later.flow);
        let activity = match later.filter(|_| episodes.is_empty()) {
            Some(later) => format!("its addresses changed, and it went on as flow {later}"),
            None => words::activity(flow, teardown, roles, flows.end),
        };
        let mut told = Flow {
            roles: if roles.source.is_handshake() { Roles::Handshake } else { Roles::Inferred },
            roles_why: Cow::Borrowed(roles.source.why()),
            first_frame: flow.first_frame.get(),
            last_frame: flow.stream.last_frame.get(),
            ports_reused: self.reused.contains(&flow.id),
            continues: self.continuations.before(flow.id).map(|earlier| earlier.flow),
            continued_as: later,
            inputs: flows.inputs(flow).to_vec(),
            first_time: flow.first_time.map(Into::into),
            last_time: flow.last_time().map(Into::into),
            rtt_s: flow.rtt().map(Into::into),
            client_packets: flow.ends[client].segments.into(),
            server_packets: flow.ends[server].segments.into(),
            client_bytes: flow.ends[client].octets,
            server_bytes: flow.ends[server].octets,
            tunnel: paths.tunnels(path).iter().map(|tunnel| tunnel.to_string().into_boxed_str()).collect(),
            vlan: paths.vlans(path),
            teardown: teardown.into(),
            activity: Some(activity.into_boxed_str()),
            zeek: flow.zeek.as_ref().map(|zeek| Zeek {
                conn_state: zeek.conn_state().to_string().into(),
                history: zeek.history().into_boxed_str(),
            }),
            analysis: Analysis { client: side(flow, client), server: side(flow, server) },
            icmp: flow
                .detail
                .iter()
                .flat_map(|detail| &detail.icmp)
                .map(|error| icmp_message(error, self.site))
                .collect(),
            resets: episodes.iter().filter_map(|episode| self.reset(episode, roles, timeline)).collect(),
            diagnosis: diagnosis.take().map(|found| Box::new(self::diagnosis(self, *found, timeline))),
            application: application.take(),
            outcome: outcome.take().map(|found| Box::new(outcome_of(*found))),
            benign: benign.take(),
            comparison: comparison.take(),
            client_name: self.site.name(end(client).ip).map(Into::into),
            server_name: self.site.name(end(server).ip).map(Into::into),
            ..Flow::new(flow.id, end(client), end(server))
        };
        told.ladder = timeline.and_then(|timeline| self.ladder(flow, timeline, &told, room));
        told
    }

    /// The ladder of a flow, where there is room for it.
    fn ladder(&self, flow: &flow::Flow, timeline: &Timeline, told: &Flow, room: usize) -> Option<Vec<Rung>> {
        let decisive = || {
            let causes = told.diagnosis.iter().flat_map(|diagnosis| &diagnosis.evidence).map(|piece| &piece.frames);
            let senders = told.resets.iter().flat_map(|reset| &reset.evidence).map(|piece| &piece.frames);
            causes.chain(senders).flatten().copied().collect()
        };
        ladder::rungs(flow, timeline, decisive, self.rungs, room)
    }

    /// Where the resets of an episode passed, where captures were compared.
    fn comparison(&self, episode: &Episode<'_>) -> Option<ResetComparison> {
        let passages = self.passages?;
        let known: Vec<_> = episode
            .segments
            .iter()
            .filter_map(|(reset, judged)| Some((passages.of(reset.segment.frame)?, (*judged)?)))
            .collect();
        reset_comparison(&known, self.points)
    }

    /// One episode; `None` for an empty one, which there is not.
    fn reset(&self, episode: &Episode<'_>, roles: flow::Roles, timeline: Option<&Timeline>) -> Option<Reset> {
        let (first, _) = *episode.segments.first()?;
        let verdict = episode.verdict();
        let segments = || episode.segments.iter().map(|(reset, _)| *reset);
        Some(Reset {
            frames: segments().map(|reset| reset.segment.frame.get()).collect(),
            locations: if self.several_inputs {
                let place = |reset: &flow::ResetSegment| Location {
                    input: reset.segment.input,
                    frame: reset.segment.input_frame.get(),
                };
                segments().map(place).collect()
            } else {
                Vec::new()
            },
            time: first.segment.time.map(Into::into),
            after_s: first.after.map(Into::into),
            claimed_sender: if first.way == roles.from_client { Side::Client } else { Side::Server },
            form: first.form().into(),
            in_window: first.in_window,
            exact: first.exact,
            phase: first.phase.into(),
            sender: episode.sender(),
            confidence: verdict.and_then(|judged| judged.confidence).map(Into::into),
            mechanism: verdict.map_or(Mechanism::Unknown, |judged| judged.mechanism.into()),
            product: segments().find_map(|reset| self.device(reset, timeline)).map(Into::into),
            hops: verdict
                .and_then(|judged| judged.hops)
                .map(|hops| Hops { sender: Some(hops.sender), claimed_sender: hops.claimed_sender }),
            evidence: verdict.map_or_else(Vec::new, |judged| {
                judged.evidence.iter().map(|piece| self.evidence(piece, judged.way, roles, timeline)).collect()
            }),
            obedience: episode
                .first()
                .and_then(|judged| judged.obedience)
                .map(|obedience| Obedience { obeyed: obedience.obeyed, why: obedience.why }),
            kernel: episode.first().and_then(|judged| judged.heard.as_deref()).map(Into::into),
            would_decide: verdict.and_then(|judged| judged.would_decide),
            comparison: self.comparison(episode).map(Box::new),
            segments: segments().map(reset_segment).collect(),
        })
    }

    /// The device of the site whose resets look like this one.
    fn device(&self, reset: &flow::ResetSegment, timeline: Option<&Timeline>) -> Option<&str> {
        let sighting = timeline.and_then(|timeline| timeline.sightings.get(timeline.place_of(reset.segment.frame)?));
        self.site.device(&reset.segment, sighting.map(|one| &*one.payload).unwrap_or_default())
    }

    /// A piece of evidence about the reset of the host that sends `way`.
    fn evidence(
        &self,
        piece: &Evidence<attribution::Party>,
        way: Way,
        roles: flow::Roles,
        timeline: Option<&Timeline>,
    ) -> ResetEvidence {
        let host = if way == roles.from_client { Sender::Client } else { Sender::Server };
        ResetEvidence {
            clue: piece.clue,
            stance: piece.stance.into(),
            about: if piece.about == attribution::Party::Middlebox { Sender::Middlebox } else { host },
            weight: piece.weight.into(),
            frames: ascending(&piece.frames),
            locations: self.locations(&piece.frames, timeline),
            text: piece.text.clone(),
        }
    }

    /// Where frames of a flow lie; only with several inputs, and only as far as its segments were kept.
    fn locations(&self, frames: &[FrameNumber], timeline: Option<&Timeline>) -> Vec<Location> {
        let Some(timeline) = timeline.filter(|_| self.several_inputs) else { return Vec::new() };
        let mut frames = frames.to_vec();
        frames.sort_unstable();
        frames.dedup();
        let place = |frame: &FrameNumber| {
            let Some(place) = timeline.place_of(*frame) else { return self.located.get(frame).copied() };
            let segment = &timeline.sightings.get(place)?.segment;
            Some(Location { input: segment.input, frame: segment.input_frame.get() })
        };
        frames.iter().filter_map(place).collect()
    }
}

/// The layers around the flow's packets; where the ways differ, those of the one with more of them.
fn widest(paths: &Paths, flow: &flow::Flow) -> PathId {
    let (forward, back) = (flow.stream.paths.forward, flow.stream.paths.back);
    if paths.layers(back).len() > paths.layers(forward).len() { back } else { forward }
}

fn diagnosis(builder: &Builder<'_>, found: causes::Diagnosis, timeline: Option<&Timeline>) -> Diagnosis {
    let best = found.best;
    Diagnosis {
        cause: best.cause.id(),
        confidence: found.confidence.into(),
        sentence: best.sentence.into_owned(),
        evidence: best
            .evidence
            .into_iter()
            .map(|piece| CauseEvidence {
                stance: piece.stance.into(),
                weight: piece.weight.into(),
                frames: ascending(&piece.frames),
                locations: builder.locations(&piece.frames, timeline),
                text: piece.text,
            })
            .collect(),
        alternatives: found
            .alternatives
            .into_iter()
            .map(|other| Alternative {
                cause: other.cause.id(),
                confidence: Confidence::Possible,
                sentence: other.sentence.into_owned(),
            })
            .collect(),
        remedies: best.remedies,
    }
}

fn ascending(frames: &[FrameNumber]) -> Vec<u64> {
    let mut frames: Vec<u64> = frames.iter().map(|frame| frame.get()).collect();
    frames.sort_unstable();
    frames.dedup();
    frames
}

fn outcome_of(found: outcome::Outcome) -> Outcome {
    Outcome {
        client: found.client.as_ref().map(side_outcome),
        server: found.server.as_ref().map(side_outcome),
        request_delivered: found.request_delivered,
        response_bytes_delivered: found.response_bytes_delivered,
        bytes_lost: found.bytes_lost,
        safe_to_retry: match found.safe_to_retry {
            outcome::SafeToRetry::Yes => SafeToRetry::Yes,
            outcome::SafeToRetry::No => SafeToRetry::No,
            outcome::SafeToRetry::Unknown => SafeToRetry::Unknown,
        },
        why: found.why,
    }
}

fn side_outcome(side: &outcome::SideOutcome) -> SideOutcome {
    let errno = side.errno;
    // Texts hold one number: those of an event that another number stands for would be wrong.
    let texts = Some(side.event).filter(|event| event.errno() == Some(errno)).and_then(|event| TEXTS.get(&event));
    SideOutcome {
        error: errno.name(),
        when: Cow::Borrowed(side.when),
        linux: errno.linux().into(),
        macos: errno.macos().into(),
        windows: errno.windows().into(),
        messages: texts.map(|texts| ErrorTexts(Cow::Borrowed(&texts.0))).unwrap_or_default(),
    }
}

/// The texts of each event that an error number stands for, in the order of their names.
static TEXTS: LazyLock<BTreeMap<Event, ErrorTexts>> = LazyLock::new(|| {
    let texts = |event: Event| {
        let Messages { python, go, java, node, rust, dotnet, curl, nginx } = Messages::of(event);
        let texts = [
            ("curl", curl),
            ("dotnet", dotnet),
            ("go", go),
            ("java", java),
            ("nginx", nginx),
            ("node", node),
            ("python", python),
            ("rust", rust),
        ];
        ErrorTexts(texts.into_iter().filter_map(|(name, text)| Some((name, Cow::Borrowed(text?)))).collect())
    };
    Errno::ALL.into_iter().map(Event::of).map(|event| (event, texts(event))).collect()
});

fn reset_segment(reset: &flow::ResetSegment) -> ResetSegment {
    let segment = &reset.segment;
    ResetSegment {
        frame: segment.frame.get(),
        time: segment.time.map(Into::into),
        flags: segment.flags,
        seq: segment.seq.0,
        ack: segment.ack.0,
        window: segment.window,
        ttl: segment.ttl,
        ip_id: segment.ip_id,
        payload_bytes: segment.payload_len,
        duplicate: reset.duplicate,
    }
}

fn side(flow: &flow::Flow, way: Way) -> SideAnalysis {
    let (end, side) = (&flow.ends[way], &flow.stream.sides[way]);
    let rare = flow.rare(way);
    let count = |of: fn(&flow::Rare) -> u64| rare.map_or(0, of);
    let asked = end.sent_syn() || end.sent_syn_ack();
    SideAnalysis {
        retransmitted: count(|rare| rare.retransmitted.into()),
        out_of_order: count(|rare| rare.out_of_order.into()),
        missing_bytes: count(|rare| rare.holes.missing()),
        duplicates: count(|rare| rare.duplicates.into()),
        zero_windows: count(|rare| rare.zero_windows.into()),
        keepalive_probes: count(|rare| rare.keepalive_probes.into()),
        syn: asked,
        fin: end.fin_end().is_some(),
        mss: end.mss(),
        window_scale: end.window_scale(),
        sack_permitted: asked.then_some(end.sack_permitted()),
        timestamps: side.spoke().then_some(side.timestamps()),
        ttl_min: side.ttl().map(|(low, _)| low),
        ttl_max: side.ttl().map(|(_, high)| high),
    }
}

fn icmp_message(evidence: &flow::IcmpEvidence, site: &Site) -> IcmpMessage {
    let error = &evidence.error;
    IcmpMessage {
        frame: error.frame.get(),
        time: error.time.map(Into::into),
        icmp_type: error.icmp_type,
        code: error.code,
        reporter: error.reporter,
        reporter_name: site.name(error.reporter).map(Into::into),
        text: icmp::text(error.icmpv6, error.icmp_type, error.code),
    }
}

impl From<flow::Teardown> for Teardown {
    fn from(teardown: flow::Teardown) -> Self {
        match teardown {
            flow::Teardown::Fin => Self::Fin,
            flow::Teardown::Reset => Self::Reset,
            flow::Teardown::Refused => Self::Refused,
            flow::Teardown::ResetAfterFin => Self::ResetAfterFin,
            flow::Teardown::Unanswered => Self::Unanswered,
            flow::Teardown::HalfClosed => Self::HalfClosed,
            flow::Teardown::Open => Self::Open,
        }
    }
}

impl From<attribution::Sender> for Sender {
    fn from(sender: attribution::Sender) -> Self {
        match sender {
            attribution::Sender::Client => Self::Client,
            attribution::Sender::Server => Self::Server,
            attribution::Sender::Middlebox => Self::Middlebox,
            attribution::Sender::Unknown => Self::Unknown,
        }
    }
}

impl From<attribution::Mechanism> for Mechanism {
    fn from(mechanism: attribution::Mechanism) -> Self {
        match mechanism {
            attribution::Mechanism::NoListener => Self::NoListener,
            attribution::Mechanism::NoConnection => Self::NoConnection,
            attribution::Mechanism::TimeWait => Self::TimeWait,
            attribution::Mechanism::DataAfterClose => Self::DataAfterClose,
            attribution::Mechanism::AbortUnreadData => Self::AbortUnreadData,
            attribution::Mechanism::Abort => Self::Abort,
            attribution::Mechanism::KeepaliveTimeout => Self::KeepaliveTimeout,
            attribution::Mechanism::BacklogOverflow => Self::BacklogOverflow,
            attribution::Mechanism::UnacceptableAck => Self::UnacceptableAck,
            attribution::Mechanism::PacketFilter => Self::PacketFilter,
            attribution::Mechanism::Forged => Self::Forged,
            attribution::Mechanism::Unknown => Self::Unknown,
        }
    }
}

impl From<surroundings::Near> for Near {
    fn from(near: surroundings::Near) -> Self {
        match near {
            surroundings::Near::Client => Self::Client,
            surroundings::Near::Server => Self::Server,
            surroundings::Near::Between => Self::Between,
            surroundings::Near::Unknown => Self::Unknown,
        }
    }
}

impl From<evidence::Confidence> for Confidence {
    fn from(confidence: evidence::Confidence) -> Self {
        match confidence {
            evidence::Confidence::Possible => Self::Possible,
            evidence::Confidence::Likely => Self::Likely,
            evidence::Confidence::Certain => Self::Certain,
        }
    }
}

impl From<evidence::Stance> for Stance {
    fn from(stance: evidence::Stance) -> Self {
        match stance {
            evidence::Stance::For => Self::For,
            evidence::Stance::Against => Self::Against,
        }
    }
}

impl From<evidence::Weight> for Weight {
    fn from(weight: evidence::Weight) -> Self {
        match weight {
            evidence::Weight::Weak => Self::Weak,
            evidence::Weight::Moderate => Self::Moderate,
            evidence::Weight::Strong => Self::Strong,
            evidence::Weight::Decisive => Self::Decisive,
        }
    }
}

impl From<flow::Form> for Form {
    fn from(form: flow::Form) -> Self {
        match form {
            flow::Form::Rst => Self::Rst,
            flow::Form::RstAck => Self::RstAck,
        }
    }
}

impl From<flow::Phase> for Phase {
    fn from(phase: flow::Phase) -> Self {
        match phase {
            flow::Phase::Syn => Self::Syn,
            flow::Phase::Handshake => Self::Handshake,
            flow::Phase::Data => Self::Data,
            flow::Phase::Closing => Self::Closing,
            flow::Phase::Closed => Self::Closed,
        }
    }
}
