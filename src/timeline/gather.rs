use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::members::Members;
use super::sighting::{Sighting, Timeline};
use crate::capture::Frame;
use crate::decode::{Decoder, View};
use crate::flow::{Flow, Way, is_copy};
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

/// Segments by which a further copy of a packet may follow it.
const COPIES_WITHIN: usize = 24;

/// How much of a flow is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Its first segments, to know its hosts by.
    Beginning,
    /// All that may explain how it ended.
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
    by_id: HashMap<u32, Timeline, RandomState>,
    /// Flows wanted whole of which not all could be kept.
    pub incomplete: u64,
}

struct Gathered {
    id: u32,
    forward: Endpoint,
    /// Resets that are further copies, as the flow table recognised them.
    copied_resets: Vec<FrameNumber>,
    depth: Depth,
    kept: Timeline,
    /// The latest segments, which are kept if a reset or the end follows.
    latest: VecDeque<Sighting>,
    behind: usize,
    full: bool,
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
        self.flows.push(Gathered {
            id: flow.id,
            forward: flow.stream.endpoints.forward,
            copied_resets: flow
                .resets()
                .iter()
                .filter(|reset| reset.duplicate)
                .map(|reset| reset.segment.frame)
                .collect(),
            depth,
            kept: Timeline::default(),
            latest: VecDeque::new(),
            behind: 0,
            full: false,
            gap: false,
        });
    }

    /// Whether any flow is wanted.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// Looks at the next frame.
    #[inline]
    pub fn look(&mut self, decoder: &mut Decoder, frame: &Frame<'_>) {
        let mut index = None;
        let seen = decoder.view(frame, |segment| {
            index = self.members.place_of(segment);
            index.is_some()
        });
        if let (Some((segment, view)), Some(index)) = (seen, index) {
            self.keep(index, segment, &view, frame.bytes);
        }
    }

    /// Takes in a segment that was decoded before, with the octets that `view` speaks of.
    pub fn take(&mut self, segment: Segment, view: &View, frame: &[u8]) {
        self.take_after(0, segment, view, frame);
    }

    /// The same where so many segments of its flow in front of it are not at hand any more.
    pub(super) fn take_after(&mut self, skipped: u32, segment: Segment, view: &View, frame: &[u8]) {
        if let Some(index) = self.members.place_of(&segment) {
            self.keep_after(skipped, index, segment, view, frame);
        }
    }

    /// The same where the segment is known to be of the flow that was asked for last.
    pub(super) fn take_of_last(&mut self, skipped: u32, segment: Segment, view: &View, frame: &[u8]) {
        if let Some(index) = self.flows.len().checked_sub(1) {
            self.keep_after(skipped, index, segment, view, frame);
        }
    }

    fn keep_after(&mut self, skipped: u32, index: usize, segment: Segment, view: &View, frame: &[u8]) {
        if let Some(flow) = self.flows.get_mut(index).filter(|_| skipped > 0) {
            flow.kept.left_out += u64::from(skipped);
            flow.gap = true;
        }
        self.keep(index, segment, view, frame);
    }

    fn keep(&mut self, index: usize, segment: Segment, view: &View, frame: &[u8]) {
        let Some(flow) = self.flows.get_mut(index) else { return };
        if self.octets >= self.limit {
            flow.full = true;
        }
        let first = flow.kept.sightings.len() < FIRST && flow.kept.left_out == 0;
        if flow.full || (flow.depth == Depth::Beginning && !first) {
            flow.kept.left_out += 1;
            return;
        }
        let way = if segment.source == flow.forward { Way::Forward } else { Way::Back };
        // A companion is known by its headers.
        let most = match flow.depth {
            Depth::Beginning => 0,
            Depth::Whole if first => MOST_PAYLOAD,
            Depth::Whole => LATER_PAYLOAD,
        };
        let mut sighting = Sighting::new(segment, way, view, frame, most);
        sighting.copy = if sighting.segment.flags.rst() {
            flow.copied_resets.contains(&sighting.frame())
        } else {
            flow.has_copy_of(&sighting)
        };
        sighting.after_gap = std::mem::take(&mut flow.gap);
        self.octets += sighting.octets();
        let dropped = flow.keep(sighting);
        self.octets -= dropped;
    }

    /// What was collected.
    pub fn finish(self) -> Timelines {
        let mut timelines = Timelines::default();
        for mut flow in self.flows {
            flow.take_latest();
            timelines.incomplete += u64::from(flow.full && flow.depth == Depth::Whole);
            timelines.by_id.insert(flow.id, flow.kept);
        }
        timelines
    }
}

impl Gathered {
    /// Keeps a segment; the octets of another that left for it.
    fn keep(&mut self, sighting: Sighting) -> usize {
        let is_reset = sighting.segment.flags.rst();
        if self.kept.sightings.len() >= MOST {
            self.kept.left_out += 1;
            return sighting.octets();
        }
        if is_reset {
            self.take_latest();
            self.behind = BEHIND;
        }
        if is_reset || self.behind > 0 || (self.kept.sightings.len() < FIRST && self.kept.left_out == 0) {
            self.behind = self.behind.saturating_sub(usize::from(!is_reset));
            self.kept.sightings.push(sighting);
            return 0;
        }
        self.latest.push_back(sighting);
        if self.latest.len() <= LAST {
            return 0;
        }
        self.kept.left_out += 1;
        let dropped = self.latest.pop_front().map_or(0, |oldest| oldest.octets());
        if let Some(next) = self.latest.front_mut() {
            next.after_gap = true;
        }
        dropped
    }

    fn take_latest(&mut self) {
        self.kept.sightings.extend(self.latest.drain(..));
    }

    /// Whether the same packet was captured a moment ago.
    fn has_copy_of(&self, sighting: &Sighting) -> bool {
        let recent = self.latest.iter().rev().chain(self.kept.sightings.iter().rev()).take(COPIES_WITHIN);
        let mut recent = recent.filter(|before| before.way == sighting.way);
        recent.any(|before| is_copy(&sighting.segment, &before.segment))
    }
}

impl Sighting {
    pub(super) fn octets(&self) -> usize {
        size_of::<Self>() + self.payload.len()
    }
}

impl Timelines {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Puts a timeline in place of another.
    pub(super) fn insert(&mut self, id: u32, timeline: Timeline) {
        self.by_id.insert(id, timeline);
    }

    /// That of the flow with this id.
    pub fn get(&self, id: u32) -> Option<&Timeline> {
        self.by_id.get(&id)
    }
}
