use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::members::Members;
use super::profile::Profile;
use super::sighting::{Sighting, Timeline};
use crate::capture::Frame;
use crate::decode::{Decoder, View};
use crate::flow::{Copies, Flow, Way};
use crate::tcp::{Endpoint, FrameNumber, Segment};

/// Segments kept from the beginning of a flow: a handshake, its request and the first of the answer, also where every
/// packet was captured twice.
pub(super) const FIRST: usize = 64;

/// Segments kept in front of a reset and at the end: more than a congestion window's worth of what may have provoked one.
pub(super) const LAST: usize = 256;

/// Segments kept behind a reset: an answer, a repetition, and what a sender had under way.
pub(super) const BEHIND: usize = 96;

/// Segments kept of one flow at most. A flood of resets beyond it is counted; its first thousands tell as much.
pub(super) const MOST: usize = 6000;

/// Octets of data kept of one segment: a ClientHello with post-quantum key shares (some 1,800), a long request head.
pub(super) const MOST_PAYLOAD: usize = 2048;

/// The same where only the flow's last messages matter.
pub(super) const LATER_PAYLOAD: usize = 600;

/// How much of a flow is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Its [`Profile`], to know its hosts by.
    Profile,
    /// All that may explain how it ended, too.
    Whole,
}

/// Collects the segments of some flows.
pub struct Gathering {
    members: Members,
    flows: Vec<Gathered>,
    octets: usize,
    limit: usize,
}

/// The timelines of flows, by their ids.
#[derive(Default)]
pub struct Timelines {
    by_id: HashMap<u32, (Profile, Option<Timeline>), RandomState>,
    /// Flows wanted whole of which not all could be kept.
    pub incomplete: u64,
}

struct Gathered {
    id: u32,
    forward: Endpoint,
    profile: Profile,
    /// Only where the flow table met a copy.
    copies: Option<Box<Copies>>,
    /// Only of flows wanted whole.
    kept: Option<Box<Kept>>,
}

#[derive(Default)]
struct Kept {
    timeline: Timeline,
    /// The latest segments, which are kept if a reset or the end follows.
    latest: VecDeque<Sighting>,
    behind: usize,
    full: bool,
    /// Resets that are further copies, as the flow table recognised them.
    copied_resets: Vec<FrameNumber>,
    /// Segments before the next one are not at hand.
    gap: bool,
}

impl Gathering {
    /// Will keep at most so many octets.
    pub fn new(limit: usize) -> Self {
        Self { members: Members::default(), flows: Vec::new(), octets: 0, limit }
    }

    /// Asks for a flow.
    pub fn want(&mut self, flow: &Flow, depth: Depth) {
        self.members.add(flow);
        let copied = flow.resets().iter().filter(|reset| reset.duplicate).map(|reset| reset.segment.frame);
        let kept = || Box::new(Kept { copied_resets: copied.collect(), ..Kept::default() });
        self.flows.push(Gathered {
            id: flow.id,
            forward: flow.stream.endpoints.forward,
            profile: Profile::default(),
            copies: flow.has_copies().then(Box::default),
            kept: (depth == Depth::Whole).then(kept),
        });
    }

    /// Whether any flow is wanted.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// Looks at the next frame.
    #[inline]
    pub fn look(&mut self, decoder: &mut Decoder, frame: &Frame<'_>) {
        let mut place = None;
        let seen = decoder.view(frame, |segment| {
            place = self.members.place_of(segment);
            place.and_then(|place| self.flows.get(place)).is_some_and(|flow| flow.wants(segment))
        });
        if let (Some((segment, view)), Some(place)) = (seen, place) {
            self.keep(place, segment, &view, frame.bytes);
        }
    }

    /// Takes in a segment that was decoded before, with the octets that `view` speaks of.
    pub fn take(&mut self, segment: Segment, view: &View, frame: &[u8]) {
        self.take_after(0, segment, view, frame);
    }

    /// The same where so many segments of its flow in front of it are not at hand any more.
    pub(super) fn take_after(&mut self, skipped: u32, segment: Segment, view: &View, frame: &[u8]) {
        if let Some(place) = self.members.place_of(&segment) {
            self.keep_after(skipped, place, segment, view, frame);
        }
    }

    /// The same where the segment is known to be of the flow that was asked for last.
    pub(super) fn take_of_last(&mut self, skipped: u32, segment: Segment, view: &View, frame: &[u8]) {
        if let Some(place) = self.flows.len().checked_sub(1) {
            self.keep_after(skipped, place, segment, view, frame);
        }
    }

    fn keep_after(&mut self, skipped: u32, place: usize, segment: Segment, view: &View, frame: &[u8]) {
        if skipped > 0
            && let Some(kept) = self.flows.get_mut(place).and_then(|flow| flow.kept.as_mut())
        {
            kept.timeline.left_out += u64::from(skipped);
            kept.gap = true;
        }
        self.keep(place, segment, view, frame);
    }

    fn keep(&mut self, place: usize, segment: Segment, view: &View, frame: &[u8]) {
        let Some(flow) = self.flows.get_mut(place) else { return };
        let way = if segment.source == flow.forward { Way::Forward } else { Way::Back };
        let copy = match (&flow.kept, &mut flow.copies) {
            (Some(kept), _) if segment.flags.rst() => kept.copied_resets.contains(&segment.frame),
            (_, Some(copies)) => copies.is_copy(&segment),
            (_, None) => false,
        };
        if !copy {
            flow.profile.take(&segment, way, view);
        }
        let Some(kept) = &mut flow.kept else { return };
        kept.full |= self.octets >= self.limit;
        if kept.full {
            kept.timeline.left_out += 1;
            return;
        }
        let most = if kept.is_beginning() { MOST_PAYLOAD } else { LATER_PAYLOAD };
        let after_gap = std::mem::take(&mut kept.gap);
        let sighting = Sighting { copy, after_gap, ..Sighting::new(segment, way, view, frame, most) };
        self.octets += sighting.octets();
        self.octets -= kept.keep(sighting);
    }

    /// What was collected.
    pub fn finish(self) -> Timelines {
        let mut timelines = Timelines::default();
        timelines.by_id.reserve(self.flows.len());
        for flow in self.flows {
            let timeline = flow.kept.map(|mut kept| {
                kept.take_latest();
                timelines.incomplete += u64::from(kept.full);
                kept.timeline
            });
            timelines.by_id.insert(flow.id, (flow.profile, timeline));
        }
        timelines
    }
}

impl Gathered {
    #[inline]
    fn wants(&self, segment: &Segment) -> bool {
        self.kept.is_some() || self.profile.wants(segment)
    }
}

impl Kept {
    fn is_beginning(&self) -> bool {
        self.timeline.sightings.len() < FIRST && self.timeline.left_out == 0
    }

    /// Keeps a segment; the octets of another that left for it.
    fn keep(&mut self, sighting: Sighting) -> usize {
        let is_reset = sighting.segment.flags.rst();
        if self.timeline.sightings.len() >= MOST {
            self.timeline.left_out += 1;
            return sighting.octets();
        }
        if is_reset {
            self.take_latest();
            self.behind = BEHIND;
        }
        if is_reset || self.behind > 0 || self.is_beginning() {
            self.behind = self.behind.saturating_sub(usize::from(!is_reset));
            self.timeline.sightings.push(sighting);
            return 0;
        }
        self.latest.push_back(sighting);
        if self.latest.len() <= LAST {
            return 0;
        }
        self.timeline.left_out += 1;
        let dropped = self.latest.pop_front().map_or(0, |oldest| oldest.octets());
        if let Some(next) = self.latest.front_mut() {
            next.after_gap = true;
        }
        dropped
    }

    fn take_latest(&mut self) {
        self.timeline.sightings.extend(self.latest.drain(..));
    }
}

impl Sighting {
    pub(super) fn octets(&self) -> usize {
        size_of::<Self>() + self.payload.len()
    }
}

impl Timelines {
    /// Whether no flow was gathered.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// What was gathered of the flow with this id.
    pub(super) fn entry(&mut self, id: u32) -> Option<&mut (Profile, Option<Timeline>)> {
        self.by_id.get_mut(&id)
    }

    /// The segments of the flow with this id, if it was wanted whole.
    pub fn get(&self, id: u32) -> Option<&Timeline> {
        self.by_id.get(&id)?.1.as_ref()
    }

    /// The flow with this id in little, if it was wanted.
    pub fn profile(&self, id: u32) -> Option<&Profile> {
        Some(&self.by_id.get(&id)?.0)
    }
}
