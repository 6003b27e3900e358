//! What the report has of one flow.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::PathsOf;
use super::episode::{Episode, episodes};
use super::parts::{icmp_message, outcome_of, reset_segment, side};
use super::verdict::{Gist, Told, Verdict};
use crate::attribution;
use crate::causes;
use crate::compare::Passages;
use crate::decode::Paths;
use crate::evidence::Evidence;
use crate::flow::{self, Flows, Way};
use crate::knowledge::site::Site;
use crate::report::compared::reset_comparison;
use crate::report::{
    Alternative, Analysis, CauseEvidence, Confidence, Diagnosis, Endpoint, Flow, Hops, Kind, Location, Mechanism,
    Obedience, Reset, ResetComparison, ResetEvidence, Roles, Rung, Sender, Side, Teardown, Zeek, ladder, words,
};
use crate::surroundings;
use crate::tcp::{FrameNumber, PathId};
use crate::timeline::Timeline;

/// Makes what the report has of each flow.
pub(super) struct Builder<'a> {
    pub(super) paths: PathsOf<'a>,
    pub(super) passages: Option<&'a Passages>,
    pub(super) located: HashMap<FrameNumber, Location>,
    pub(super) points: usize,
    pub(super) continuations: &'a surroundings::Continuations,
    pub(super) site: &'a Site,
    pub(super) several_inputs: bool,
    pub(super) reused: HashSet<u64>,
    pub(super) only: &'a [Kind],
    pub(super) all_flows: bool,
    pub(super) summary_only: bool,
    /// Rungs of the ladder of one flow.
    pub(super) rungs: usize,
}

impl Builder<'_> {
    /// Adds what the report has of a flow. `room`: rungs that it has room for.
    pub(super) fn tell(
        &self,
        told: &mut Told,
        flows: &Flows,
        flow: &flow::Flow,
        verdict: &mut Verdict<'_>,
        room: usize,
    ) {
        let how = flow::Teardown::of(flow, flows.end);
        let teardown = Teardown::from(how);
        let fate = verdict.fate.take();
        let elsewhere = std::mem::take(&mut verdict.elsewhere);
        let judged = std::mem::take(&mut verdict.resets);
        let kept = verdict.gist.take();
        let is_settled = kept.is_some();
        let resets = if is_settled { Vec::new() } else { episodes(flow, &judged, &elsewhere) };
        let gist = kept.unwrap_or_else(|| Gist::with(&resets).settled(fate.as_deref()));
        if !self.is_wanted(teardown, &gist) {
            return;
        }
        told.count += 1;
        told.teardown += teardown;
        if let Some(detail) = &flow.detail {
            told.resets_not_kept += detail.resets_not_kept;
            told.icmp_not_kept += detail.icmp_not_kept;
        }
        told.count_verdict(&gist);
        if is_settled {
            told.fates.extend(fate.map(|fate| *fate));
            return;
        }
        let compared = resets.iter().filter_map(|episode| self.comparison(episode));
        compared.for_each(|compared| told.decided.count(compared.decided));
        told.fates.extend(fate.map(|fate| *fate));
        // What went on under other addresses is the beginning of what ended there.
        let tells = teardown.ended_badly() || !resets.is_empty() || self.continuations.after(flow.id).is_some();
        if !self.summary_only && (self.all_flows || tells) {
            told.flows.push(self.flow(flows, flow, how, &resets, verdict, room));
        }
    }

    /// Whether the verdict on a flow is one that was asked for.
    fn is_wanted(&self, teardown: Teardown, gist: &Gist) -> bool {
        let has_one = || teardown.ended_badly() || gist.has_reset();
        self.only.is_empty() || has_one() && self.only.iter().any(|&kind| gist.is(kind))
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
