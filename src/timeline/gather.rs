use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};

use bytes::Bytes;
use foldhash::fast::RandomState;

use super::again::Again;
use super::found::Found;
use super::members::{Depth, Members};
use super::sighting::{Sighting, Timeline};
use crate::decode::View;
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

/// Segments whose data is an opening: a ClientHello may need two.
const OPENING: usize = 2;

/// Octets that a flow takes that is asked for, beside its segments: its entries in the tables here, twice over while they
/// grow or one is made of the other, and what is learnt of its hosts from it. Measured at 800.
const FLOW: usize = 1000;

/// Collects the segments of some flows.
pub struct Gathering {
    members: Members,
    /// Flows that are only known by.
    known: HashSet<u64, RandomState>,
    flows: Vec<Gathered>,
    room: Room,
    /// Flows wanted whole for which there was no room.
    refused: u64,
}

/// Keeps what [`Found`] holds.
pub struct Keeper<'a> {
    flows: &'a mut [Gathered],
    room: &'a mut Room,
}

/// Octets taken of those that may be.
pub(super) struct Room {
    taken: usize,
    limit: usize,
}

/// The timelines of flows, by their ids.
#[derive(Default)]
pub struct Timelines {
    by_id: HashMap<u64, Timeline, RandomState>,
    openings: HashMap<u64, Timeline, RandomState>,
    /// Other flows that were asked for, to know their hosts by.
    known: HashSet<u64, RandomState>,
    /// Flows wanted whole of which not all could be kept.
    pub incomplete: u64,
    /// Tells them when they are asked for, in place of the others.
    again: Option<Again>,
}

/// What was gathered of one flow so far.
pub(super) struct Gathered {
    id: u64,
    forward: Endpoint,
    /// Only where the flow table met a copy.
    copies: Option<Box<Copies>>,
    /// Only where it is wanted.
    pub(super) opening: Option<Box<Timeline>>,
    /// Only of flows wanted whole.
    kept: Option<Box<Kept>>,
}

/// What was gathered of one flow in all.
pub(super) struct Finished {
    id: u64,
    opening: Option<Box<Timeline>>,
    pub(super) timeline: Option<Timeline>,
}

#[derive(Default)]
struct Kept {
    timeline: Timeline,
    /// The latest segments, which are kept if a reset or the end follows.
    latest: VecDeque<Sighting>,
    behind: usize,
    full: bool,
    /// Resets that are further copies, as the flow table recognised them, in the order of the capture.
    copied_resets: Vec<FrameNumber>,
    /// Segments before the next one are not at hand.
    gap: bool,
}

impl Gathering {
    /// Will keep at most so many octets.
    pub fn new(limit: usize) -> Self {
        let room = Room { taken: 0, limit };
        Self { members: Members::default(), known: HashSet::default(), flows: Vec::new(), room, refused: 0 }
    }

    /// Asks for a flow; whether there is room for it. A third of the room is left for segments, which lets each have two.
    pub fn want(&mut self, flow: &Flow, depth: Depth) -> bool {
        if self.room.taken + FLOW > self.room.limit / 3 * 2 {
            self.refused += u64::from(depth == Depth::Whole);
            return false;
        }
        self.room.taken += FLOW;
        if depth == Depth::Profile {
            self.known.insert(flow.id);
            return true;
        }
        self.members.add(flow, depth);
        self.flows.push(Gathered::new(flow, depth));
        true
    }

    /// Whether no flow is wanted.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// What finds the segments that are wanted, and what keeps them: each for a thread of its own.
    pub fn halves(&mut self) -> (&Members, Keeper<'_>) {
        (&self.members, Keeper { flows: &mut self.flows, room: &mut self.room })
    }

    /// Takes in a segment that was decoded before, with the octets that `view` speaks of.
    pub fn take(&mut self, segment: Segment, view: &View, frame: &[u8]) {
        self.take_after(0, segment, view, frame);
    }

    /// The same where so many segments of its flow in front of it are not at hand any more.
    pub(super) fn take_after(&mut self, skipped: u32, segment: Segment, view: &View, frame: &[u8]) {
        if let Some(place) = self.members.place_of(&segment) {
            self.keep_after(skipped, place, &segment, view, frame);
        }
    }

    /// The same where the segment is known to be of the flow that was asked for last.
    pub(super) fn take_of_last(&mut self, skipped: u32, segment: Segment, view: &View, frame: &[u8]) {
        if let Some(place) = self.flows.len().checked_sub(1) {
            self.keep_after(skipped, place, &segment, view, frame);
        }
    }

    fn keep_after(&mut self, skipped: u32, place: usize, segment: &Segment, view: &View, frame: &[u8]) {
        if skipped > 0
            && let Some(kept) = self.flows.get_mut(place).and_then(|flow| flow.kept.as_mut())
        {
            kept.timeline.left_out += u64::from(skipped);
            kept.gap = true;
        }
        let data = view.payload.clone().and_then(|range| frame.get(range)).unwrap_or_default();
        self.halves().1.take(place, segment, view, data);
    }

    /// What was collected.
    pub fn finish(self) -> Timelines {
        let mut timelines = Timelines { known: self.known, incomplete: self.refused, ..Timelines::default() };
        timelines.by_id.reserve(self.flows.len());
        for flow in self.flows {
            timelines.incomplete += u64::from(flow.kept.as_ref().is_some_and(|kept| kept.full));
            let Finished { id, opening, timeline } = flow.finish();
            match timeline {
                Some(timeline) => drop(timelines.by_id.insert(id, timeline)),
                None => drop(timelines.known.insert(id)),
            }
            if let Some(opening) = opening.filter(|opening| !opening.sightings.is_empty()) {
                timelines.openings.insert(id, *opening);
            }
        }
        timelines
    }
}

impl Keeper<'_> {
    /// Takes in what was found.
    pub fn keep(&mut self, found: &Found) {
        // Asks for the memory of many flows at once, so that the cache misses overlap.
        for one in &found.segments {
            std::hint::black_box(self.flows.get(one.place).map(|flow| flow.id));
        }
        for one in &found.segments {
            let data = one.view.payload.clone().and_then(|range| found.octets.get(range)).unwrap_or_default();
            self.take(one.place, &one.segment, &one.view, data);
        }
    }

    fn take(&mut self, place: usize, segment: &Segment, view: &View, data: &[u8]) {
        if let Some(flow) = self.flows.get_mut(place) {
            flow.take(segment, view, data, Bytes::copy_from_slice, self.room);
        }
    }
}

impl Room {
    /// That of whoever keeps nothing for long.
    pub(super) fn endless() -> Self {
        Self { taken: 0, limit: usize::MAX }
    }
}

impl Gathered {
    pub(super) fn new(flow: &Flow, depth: Depth) -> Self {
        let copied = flow.resets().iter().filter(|reset| reset.duplicate).map(|reset| reset.segment.frame);
        let kept = || Box::new(Kept { copied_resets: copied.collect(), ..Kept::default() });
        Self {
            id: flow.id,
            forward: flow.stream.endpoints.forward,
            copies: flow.has_copies().then(Box::default),
            opening: (depth == Depth::Opening).then(Box::default),
            kept: (depth == Depth::Whole).then(kept),
        }
    }

    /// Makes room for so many segments, or for as many as there may be at the beginning, in a list that was used before.
    pub(super) fn expect(&mut self, segments: usize, used: &mut Vec<Sighting>) {
        if let Some(kept) = &mut self.kept {
            kept.timeline.sightings = std::mem::take(used);
            kept.timeline.sightings.reserve_exact(segments.min(FIRST));
        }
    }

    /// Whether the first data is all that is wanted, and complete.
    pub(super) fn has_opening(&self) -> bool {
        self.opening.as_ref().is_some_and(|opening| opening.sightings.len() == OPENING)
    }

    /// Passes over a segment that will not be kept, and is neither a reset nor a copy.
    pub(super) fn leave_out(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.timeline.left_out += 1;
            kept.gap = true;
        }
    }

    fn way(&self, segment: &Segment) -> Way {
        if segment.source == self.forward { Way::Forward } else { Way::Back }
    }

    pub(super) fn finish(self) -> Finished {
        let timeline = self.kept.map(|mut kept| {
            kept.take_latest();
            kept.timeline
        });
        Finished { id: self.id, opening: self.opening, timeline }
    }

    /// Takes in a segment. `hold` makes octets stay that are kept.
    pub(super) fn take(
        &mut self,
        segment: &Segment,
        view: &View,
        data: &[u8],
        hold: impl Fn(&[u8]) -> Bytes,
        room: &mut Room,
    ) {
        let way = self.way(segment);
        let copy = match (&self.kept, &mut self.copies) {
            (Some(kept), _) if segment.flags.rst() => kept.copied_resets.binary_search(&segment.frame).is_ok(),
            (_, Some(copies)) => copies.is_copy(segment),
            (_, None) => false,
        };
        if let Some(opening) = &mut self.opening
            && opening.sightings.len() < OPENING
            && (way == Way::Forward && segment.payload_len > 0 && !segment.flags.rst() && !copy)
            && room.taken < room.limit
        {
            let sighting = Sighting::new(segment, way, view, hold(data.get(..MOST_PAYLOAD).unwrap_or(data)));
            room.taken += sighting.octets();
            opening.sightings.push(sighting);
        }
        let Some(kept) = &mut self.kept else { return };
        kept.full |= room.taken >= room.limit;
        let most = if kept.is_beginning() { MOST_PAYLOAD } else { LATER_PAYLOAD };
        let data = data.get(..most).unwrap_or(data);
        let list = if kept.full { None } else { kept.list_for(segment.flags.rst()) };
        let Some(list) = list else {
            kept.timeline.left_out += 1;
            return;
        };
        room.taken += Sighting::octets_with(data);
        let after_gap = std::mem::take(&mut kept.gap);
        // Made where it stays: it is too large to be moved about.
        let sighting = || Sighting { copy, after_gap, ..Sighting::new(segment, way, view, hold(data)) };
        match list {
            List::Kept => kept.timeline.sightings.push(sighting()),
            List::Latest => {
                kept.latest.push_back(sighting());
                room.taken -= kept.drop_oldest();
            }
        }
    }
}

/// Where a segment goes.
enum List {
    /// To those that are kept.
    Kept,
    /// To those that are kept if a reset or the end follows.
    Latest,
}

impl Kept {
    fn is_beginning(&self) -> bool {
        self.timeline.sightings.len() < FIRST && self.timeline.left_out == 0
    }

    /// Where the next segment goes, if there is room for it.
    fn list_for(&mut self, is_reset: bool) -> Option<List> {
        if self.timeline.sightings.len() >= MOST {
            return None;
        }
        if is_reset {
            self.take_latest();
            self.behind = BEHIND;
        }
        if !(is_reset || self.behind > 0 || self.is_beginning()) {
            return Some(List::Latest);
        }
        self.behind = self.behind.saturating_sub(usize::from(!is_reset));
        let sightings = &mut self.timeline.sightings;
        if sightings.len() == sightings.capacity() {
            // Many flows are one segment, for which a list would take room for four.
            sightings.reserve_exact(sightings.len().max(1));
        }
        Some(List::Kept)
    }

    /// Lets the oldest of too many go; the octets that it took.
    fn drop_oldest(&mut self) -> usize {
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
        Self::octets_with(&self.payload)
    }

    fn octets_with(payload: &[u8]) -> usize {
        // A list that grows by doubling is three quarters full on average.
        size_of::<Self>() / 3 * 4 + payload.len()
    }
}

impl Timelines {
    /// Those of flows that are looked at again when they are asked for.
    pub fn again(again: Again, incomplete: u64) -> Self {
        Self { again: Some(again), incomplete, ..Self::default() }
    }

    /// Whether no flow was wanted.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty() && self.again.is_none()
    }

    /// The segments of a flow, if it was wanted whole.
    pub fn whole(&self, flow: &Flow) -> Option<Cow<'_, Timeline>> {
        match &self.again {
            Some(again) => again.whole(flow).map(Cow::Owned),
            None => self.get(flow.id).map(Cow::Borrowed),
        }
    }

    /// Whether a flow was wanted whole.
    pub fn has_whole(&self, flow: &Flow) -> bool {
        match &self.again {
            Some(again) => again.depth(flow) == Some(Depth::Whole),
            None => self.get(flow.id).is_some(),
        }
    }

    /// Takes the segments of a flow back when they are done with, so that those of the next one need no memory of their own.
    pub fn give_back(&self, timeline: Cow<'_, Timeline>) {
        if let (Some(again), Cow::Owned(timeline)) = (&self.again, timeline) {
            again.give_back(timeline);
        }
    }

    /// Asks for the segments of a flow that is wanted whole, so that they are near when it is asked about soon.
    pub fn ask_ahead(&self, flow: &Flow) {
        if let Some(again) = &self.again {
            again.ask_ahead(flow);
        }
    }

    /// Has at hand what questions about flows need, which the first one waits for otherwise.
    pub fn prepare(&self) {
        if let Some(again) = &self.again {
            again.prepare();
        }
    }

    /// Says that flows are asked about in their order, and that these are next.
    pub fn release_before(&self, flows: &[&Flow]) {
        if let Some(again) = &self.again {
            again.release_before(flows);
        }
    }

    /// Says that one of so many equal parts of the capture is done with.
    pub fn release_part(&self, part: usize, parts: usize) {
        if let Some(again) = &self.again {
            again.release_part(part, parts);
        }
    }

    /// The first data of who began a flow, if that or more was wanted.
    pub fn opening_of(&self, flow: &Flow) -> Option<Cow<'_, Timeline>> {
        match &self.again {
            Some(again) => again.opening(flow).map(Cow::Owned),
            None => self.opening(flow.id),
        }
    }

    /// Whether a flow was asked for, if only to know its hosts by.
    pub fn knows(&self, flow: &Flow) -> bool {
        match &self.again {
            Some(again) => again.depth(flow).is_some(),
            None => self.by_id.contains_key(&flow.id) || self.known.contains(&flow.id),
        }
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Timeline> {
        self.by_id.values()
    }

    /// What was gathered of the flow with this id.
    pub(super) fn entry(&mut self, id: u64) -> Option<&mut Timeline> {
        self.by_id.get_mut(&id)
    }

    /// The segments of the flow with this id, if it was wanted whole.
    pub fn get(&self, id: u64) -> Option<&Timeline> {
        self.by_id.get(&id)
    }

    /// The first data of who began the flow with this id, if that or more was wanted.
    pub fn opening(&self, id: u64) -> Option<Cow<'_, Timeline>> {
        if let Some(opening) = self.openings.get(&id) {
            return Some(Cow::Borrowed(opening));
        }
        let whole = self.get(id)?;
        let said = whole.sightings.iter().filter(|one| {
            one.way == Way::Forward && one.is_ordinary() && one.segment.payload_len > 0 && !one.after_gap
        });
        Some(Cow::Owned(Timeline { sightings: said.take(OPENING).cloned().collect(), left_out: 0 }))
    }
}
