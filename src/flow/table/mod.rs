//! Finds the flow of a segment.

mod room;

use std::num::NonZeroU32;

use super::connection::Flow;
use super::flows::Flows;
use super::followed::Followed;
use super::hint::News;
use super::inputs::{InputSet, InputSets};
use super::key::{EndsHasher, Key, Keyer};
use super::limits::{BESIDE_RECORD, Limits, Totals};
use super::reset::ResetSegment;
use super::way::Way;
use crate::prefetch;
use crate::tcp::{IcmpError, Segment, Timestamp};

/// Flows a piece of the arena; pieces are never moved, so growing copies nothing.
pub(super) const PIECE: usize = 1024;

/// By how many segments a segment itself is asked for ahead of its use: another thread has written it.
const SEGMENT_AHEAD: usize = 24;

/// By how many segments the slot of a segment is asked for ahead of its use.
const SLOT_AHEAD: usize = 32;

/// The same for its flow, which the slot tells.
const FLOW_AHEAD: usize = 16;

/// The same for what segments need of it that do not go the short way.
const REST_AHEAD: usize = 8;

/// Slots and flows asked for at a time.
const TOGETHER: usize = 8;

/// Room for the segments whose flows are asked for and not needed yet; a power of two, for a quick remainder.
const RING: usize = (FLOW_AHEAD + TOGETHER).next_power_of_two();

/// Flows of the same addresses and ports at the same time, told apart by VLAN or tunnel; a capture with more is hostile.
const MAX_SIBLINGS: usize = 64;

/// The first resets of a flow decide how it ended: for so many of them places of flows are given up that nobody took.
const DECIDING: usize = 4;

/// One part in so many of the places of flows may be given to resets, while at most so many quarters of them are taken: enough for a flood
/// of resets, and never so many that flows have to leave for it.
const LENDABLE: usize = 2;
const LENDING: usize = 3;

/// One place of the hash table: an index into the arena, and bits of the hash to tell most other flows apart without a look there.
#[derive(Clone, Copy)]
struct Slot {
    tag: u32,
    flow: u32,
}

const EMPTY: Slot = Slot { tag: 0, flow: u32::MAX };

/// Follows every TCP connection of a capture.
pub struct FlowTable {
    slots: Vec<Slot>,
    pieces: Vec<Vec<Flow>>,
    /// Pieces that are empty.
    spare: Vec<Vec<Flow>>,
    len: usize,
    hasher: EndsHasher,
    inputs: InputSets,
    limits: Limits,
    totals: Totals,
    kept_resets: usize,
    /// Places of flows that may still be given to resets, and those that were.
    lendable: usize,
    lent: usize,
    /// The latest time of any segment.
    end: Option<Timestamp>,
    /// Flows with a reset since this was last asked for; none where nobody asks.
    reset: Option<Vec<u64>>,
    /// The flow of each segment; none where nobody asks.
    followed: Option<Followed>,
    /// Flows that keys did not tell, or told wrong; none where nobody asks.
    news: Option<Vec<News>>,
}

impl FlowTable {
    /// An empty table.
    pub fn new(limits: Limits) -> Self {
        Self {
            slots: vec![EMPTY; 1024],
            pieces: Vec::new(),
            spare: Vec::new(),
            len: 0,
            hasher: EndsHasher::default(),
            inputs: InputSets::new(),
            limits,
            totals: Totals::default(),
            kept_resets: 0,
            lendable: limits.flows / LENDABLE,
            lent: 0,
            end: None,
            reset: None,
            followed: None,
            news: None,
        }
    }

    /// Remembers which flow each segment belongs to, of at most so many segments, for [`Self::take_followed`]. To be asked before the
    /// first of them comes.
    pub fn watch_segments(&mut self, most: usize) {
        self.followed = Some(Followed::new(most));
    }

    /// Whether [`Self::take_followed`] will tell.
    pub fn watches_segments(&self) -> bool {
        self.followed.is_some()
    }

    /// The ids of the flows of all segments; `None` where nobody asked for them, where there were too many, and once a flow was ended
    /// early.
    pub fn take_followed(&mut self) -> Option<Followed> {
        self.followed.take()
    }

    /// Remembers from now on which flows a reset comes in, for [`Self::take_reset`].
    pub fn watch_resets(&mut self) {
        self.reset = Some(Vec::new());
    }

    /// The ids of the flows that a reset came in since this was last asked, each as often as one came.
    pub fn take_reset(&mut self) -> Vec<u64> {
        self.reset.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The flow with this id, if it is held; what its latest segments did may still be under way to its record.
    pub fn get(&self, id: u64) -> Option<&Flow> {
        // Flows lie in the order of their ids.
        let piece = self.pieces.partition_point(|piece| piece.first().is_some_and(|first| first.id <= id));
        let piece = self.pieces.get(piece.checked_sub(1)?)?;
        piece.binary_search_by_key(&id, |flow| flow.id).ok().and_then(|place| piece.get(place))
    }

    /// The flows held, the one that began last first.
    pub fn newest(&self) -> impl Iterator<Item = &Flow> {
        self.pieces.iter().rev().flat_map(|piece| piece.iter().rev())
    }

    /// How many flows are held.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What was counted so far.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The latest time of any segment.
    pub fn end(&self) -> Option<Timestamp> {
        self.end
    }

    /// These flows as if the capture ended now, in the order of their ids.
    pub fn copy(&self, mut ids: Vec<u64>) -> Flows {
        ids.sort_unstable();
        ids.dedup();
        let mut flows: Vec<Flow> = ids.into_iter().filter_map(|id| self.get(id)).cloned().collect();
        flows.iter_mut().for_each(Flow::settle);
        let inputs = self.inputs.clone();
        Flows { pieces: vec![flows], given: 0, lent: 0, inputs, totals: Totals::default(), end: self.end }
    }

    /// As if so many flows had begun and left before.
    #[cfg(test)]
    pub(super) fn after(limits: Limits, flows: u64) -> Self {
        Self { totals: Totals { flows, ..Totals::default() }, ..Self::new(limits) }
    }

    /// What makes the keys that [`Self::segments`] wants.
    pub fn keyer(&self) -> Keyer {
        Keyer::new(self.hasher.clone())
    }

    /// As [`Self::segments`], with what the keys did not tell of flows added to `news`.
    pub fn segments_for_news(&mut self, segments: &[Segment], keys: &[Key], news: &mut Vec<News>) {
        self.news = Some(std::mem::take(news));
        self.segments(segments, keys);
        *news = self.news.take().unwrap_or_default();
    }

    /// Takes in segments in capture order, each with its key.
    pub fn segments(&mut self, segments: &[Segment], keys: &[Key]) {
        // Memory is asked for ahead of use, so that nobody waits for it: first the slot of a segment, then the segment and its flow,
        // which the slot tells, at last the flow's other half. For slots and flows, some at a time, so that their ways through the page
        // tables overlap; for the rest with each segment, so that not too much is under way at once.
        keys.iter().take(SLOT_AHEAD).for_each(|&key| self.ask_for_slot(key));
        let mut likely = [EMPTY.flow; RING];
        let mut looked_up = 0;
        let mut at = 0;
        for (some, their_keys) in segments.chunks(TOGETHER).zip(keys.chunks(TOGETHER)) {
            keys.iter().skip(at + SLOT_AHEAD).take(TOGETHER).for_each(|&key| self.ask_for_slot(key));
            let due = keys.len().min(at + FLOW_AHEAD + TOGETHER);
            for (place, &key) in (looked_up..due).zip(&keys[looked_up..due]) {
                likely[place % RING] = self.look_up(key);
            }
            looked_up = due;
            let mut ids = [0; TOGETHER];
            for ((segment, key), id) in some.iter().zip(their_keys).zip(&mut ids) {
                if let Some(next) = segments.get(at + SEGMENT_AHEAD) {
                    prefetch::value(next, 0, size_of::<Segment>());
                }
                if let Some(next) = segments.get(at + REST_AHEAD) {
                    self.ask_for_rest(next, likely[(at + REST_AHEAD) % RING]);
                }
                // As long as none was ended early, each has its place by its id.
                *id = self.segment(segment, key, likely[at % RING]) + 1;
                at += 1;
            }
            self.note_news(their_keys, &ids);
            self.note_followed(&ids[..some.len()]);
        }
        self.totals.segments += segments.len() as u64;
    }

    #[inline]
    fn ask_for_slot(&self, key: Key) {
        if key.flow.is_none() {
            prefetch::value(&self.slots[self.home(key.hash)], 0, 1);
        }
    }

    /// The flow that this key likely belongs to, which is asked for.
    #[inline]
    fn look_up(&self, key: Key) -> u32 {
        let ask = |flow: &Flow| {
            flow.ask_for_stream();
            Some(())
        };
        let Some(told) = key.flow else {
            // The first with its tag is nearly always it.
            return self.find(key.hash, ask).map_or(EMPTY.flow, |(flow, ())| flow);
        };
        let likely = told.get() - 1;
        self.flow(likely).and_then(ask);
        likely
    }

    /// Asks for what a segment needs that does not go the short way.
    #[inline]
    fn ask_for_rest(&self, segment: &Segment, likely: u32) {
        if let Some(flow) = self.flow(likely)
            && flow.needs_more_than_stream(segment)
        {
            flow.ask_for_rest(self.limits.zeek);
        }
    }

    /// Takes in an ICMP error about a segment of some flow.
    pub fn icmp_error(&mut self, error: &IcmpError) {
        self.totals.icmp_errors += 1;
        let quoted = &error.quoted;
        let hash = self.hasher.hash(quoted.source, quoted.destination);
        let way_of = |flow: &Flow| flow.way_between(&quoted.source, &quoted.destination, quoted.ipv6);
        let mut next = self.find(hash, way_of).map(|(newest, _)| newest);
        while let Some(index) = next {
            let flow = self.flow_mut(index);
            let way = way_of(flow).unwrap_or(Way::Forward);
            let plausible = quoted.seq.is_none_or(|seq| flow.has_sent_near(seq, way));
            next = flow.sibling();
            if plausible || next.is_none() {
                flow.icmp_error(error, way);
                return;
            }
        }
        self.totals.icmp_without_flow += 1;
    }

    /// The end of the capture.
    pub fn finish(mut self) -> Flows {
        self.pieces.iter_mut().flatten().for_each(Flow::settle);
        let lent = self.lent;
        Flows { pieces: self.pieces, given: 0, lent, inputs: self.inputs, totals: self.totals, end: self.end }
    }

    #[inline]
    fn flow(&self, index: u32) -> Option<&Flow> {
        self.pieces.get(index as usize / PIECE)?.get(index as usize % PIECE)
    }

    #[inline]
    fn flow_mut(&mut self, index: u32) -> &mut Flow {
        &mut self.pieces[index as usize / PIECE][index as usize % PIECE]
    }

    /// The place where the search for a hash begins.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    /// The newest flow with this hash for which `is_it` has an answer, with that answer.
    #[inline]
    fn find<T>(&self, hash: u64, is_it: impl Fn(&Flow) -> Option<T>) -> Option<(u32, T)> {
        let mut place = self.home(hash);
        loop {
            let slot = self.slots[place];
            if slot.tag == tag(hash)
                && let Some(answer) = self.flow(slot.flow).and_then(&is_it)
            {
                return Some((slot.flow, answer));
            }
            if slot.flow == EMPTY.flow {
                return None;
            }
            place = self.home(place as u64 + 1);
        }
    }

    /// Takes in a segment, and says which flow it belongs to. `likely`: that flow, as far as it is known.
    #[inline(never)] // a call costs less than what would not fit into registers otherwise
    fn segment(&mut self, segment: &Segment, key: &Key, likely: u32) -> u32 {
        self.end = Timestamp::later(self.end, segment.time);
        if self.len >= self.limits.flows {
            // Before anything is looked up, since it moves flows.
            self.make_room();
        }
        if let Some(flow) = flow_at(&mut self.pieces, likely)
            && flow.stream.is_newest
            && let Some(way) = flow.way(segment)
        {
            if goes_on(&self.inputs, flow, segment, key, way) {
                return likely;
            }
            return self.segment_the_long_way(segment, key, Some((likely, way)));
        }
        self.segment_elsewhere(segment, key)
    }

    /// The same where that flow is not known.
    #[inline(never)]
    fn segment_elsewhere(&mut self, segment: &Segment, key: &Key) -> u32 {
        let found = self.find(key.hash, |flow| flow.way(segment));
        if let Some((head, way)) = found
            && let Some(flow) = flow_at(&mut self.pieces, head)
            && goes_on(&self.inputs, flow, segment, key, way)
        {
            return head;
        }
        self.segment_the_long_way(segment, key, found)
    }

    /// Takes in a segment that does more than go on with its flow. `found`: the newest flow with its addresses and ports, and which way
    /// it goes there.
    #[inline(never)]
    fn segment_the_long_way(&mut self, segment: &Segment, key: &Key, found: Option<(u32, Way)>) -> u32 {
        let (index, way) = match found {
            Some((head, way)) => self.choose(segment, key.hash, head, way),
            None => (self.begin(segment, key.hash, None), Way::Forward),
        };
        let is_reset = segment.flags.rst();
        let only_count = is_reset && self.kept_resets >= self.limits.resets && !self.lend(index);
        self.totals.resets += u64::from(is_reset);
        self.kept_resets += usize::from(is_reset && !only_count);
        let flow = &mut self.pieces[index as usize / PIECE][index as usize % PIECE];
        if !self.inputs.are_all(segment.input) && !self.inputs.contains(flow.inputs, segment.input) {
            flow.inputs = self.inputs.with(flow.inputs, segment.input);
        }
        let copy = key.copy && flow.believes_in_copy(segment, way);
        self.totals.duplicates += u64::from(copy);
        flow.take_the_long_way(segment, way, copy, only_count);
        if let Some(reset) = self.reset.as_mut().filter(|_| is_reset) {
            reset.push(flow.id);
        }
        index
    }

    /// Gives a flow's place to a reset of the flow in this place: where few flows took theirs, and up to half of all.
    #[cold]
    fn lend(&mut self, index: u32) -> bool {
        const { assert!(size_of::<ResetSegment>() <= size_of::<Flow>() + BESIDE_RECORD) };
        let decides = self.flow(index).is_some_and(|flow| flow.resets().len() < DECIDING);
        let lends = decides && self.lendable > 0 && self.len < self.limits.flows / 4 * LENDING;
        if lends {
            self.lendable -= 1;
            self.lent += 1;
            self.limits.flows -= 1;
            self.limits.resets += 1;
        }
        lends
    }

    fn note_news(&mut self, keys: &[Key], ids: &[u32]) {
        let Some(news) = &mut self.news else { return };
        for (key, &id) in keys.iter().zip(ids) {
            let found = NonZeroU32::new(id);
            if key.flow != found
                && let Some(flow) = found
            {
                news.push(News { hash: key.hash, flow });
            }
        }
    }

    fn note_followed(&mut self, ids: &[u32]) {
        if let Some(followed) = &mut self.followed
            && !followed.push(ids)
        {
            self.followed = None;
        }
    }

    /// Which of the flows with the segment's addresses and ports it belongs to, a new one if it begins a connection; and which way
    /// it goes there.
    #[inline]
    fn choose(&mut self, segment: &Segment, hash: u64, head: u32, way: Way) -> (u32, Way) {
        let flow = self.flow_mut(head);
        let (chosen, way) = if flow.stream.paths[way] == segment.path {
            (head, way)
        } else {
            let chosen = self.by_path(segment, hash, head, way);
            (chosen, self.flow_mut(chosen).way(segment).unwrap_or(way))
        };
        if segment.flags.syn() && self.flow_mut(chosen).is_reused_by(segment, way) {
            return (self.begin(segment, hash, Some((chosen, head))), Way::Forward);
        }
        (chosen, way)
    }

    /// The layers around the segment are not those of the flow's latest: is it the same connection seen elsewhere (on the other side of a
    /// router, coming back another way), or another one that happens to have the same addresses (two customers, two tunnels)?
    #[cold]
    fn by_path(&mut self, segment: &Segment, hash: u64, head: u32, way: Way) -> u32 {
        let mut candidates = [head; MAX_SIBLINGS];
        let mut count = 0;
        let mut next = Some(head);
        while let Some(index) = next
            && count < MAX_SIBLINGS
        {
            candidates[count] = index;
            count += 1;
            next = self.flow_mut(index).sibling();
        }
        let candidates = &candidates[..count];
        let way_in = |flow: &Flow| flow.way(segment).unwrap_or(way);
        let known = candidates.iter().copied().find(|&index| self.flow_mut(index).knows_path(segment.path));
        let chosen = known.or_else(|| {
            let fits = |index: &u32, wanted| {
                let flow = self.flow(*index);
                flow.is_some_and(|flow| flow.fits(segment, way_in(flow)) == wanted)
            };
            // Where numbers can be compared they decide; where they cannot, one connection is the simpler assumption.
            let by_numbers = candidates.iter().copied().find(|index| fits(index, Some(true)));
            by_numbers.or_else(|| candidates.iter().copied().find(|index| fits(index, None)))
        });
        match chosen {
            Some(index) => {
                let flow = self.flow_mut(index);
                let way = way_in(flow);
                flow.take_path(segment.path, way);
                index
            }
            None if count < MAX_SIBLINGS => {
                let index = self.begin(segment, hash, None);
                self.flow_mut(index).set_sibling(Some(head));
                index
            }
            None => {
                self.totals.not_told_apart += 1;
                head
            }
        }
    }

    /// A new flow. `succeeds`: the flow whose addresses and ports it uses again, and the newest of that flow's siblings.
    fn begin(&mut self, segment: &Segment, hash: u64, succeeds: Option<(u32, u32)>) -> u32 {
        self.totals.flows += 1;
        let inputs = self.inputs.with(InputSet::default(), segment.input);
        let mut flow = Flow::start(self.totals.flows, segment, inputs, self.limits.zeek);
        if let Some((before, head)) = succeeds {
            // The succeeded flow leaves the chain: no later segment can belong to it.
            let rest = self.flow_mut(before).sibling();
            let mut member = Some(head).filter(|&head| head != before);
            flow.set_sibling(if member.is_some() { member } else { rest });
            while let Some(index) = member {
                member = self.flow_mut(index).sibling();
                if member == Some(before) {
                    self.flow_mut(index).set_sibling(rest);
                    break;
                }
            }
        }
        let index = u32::try_from(self.len).unwrap_or(u32::MAX - 1);
        if self.pieces.last().is_none_or(|piece| piece.len() == PIECE) {
            let piece = self.new_piece();
            self.pieces.push(piece);
        }
        if let Some(piece) = self.pieces.last_mut() {
            piece.push(flow);
        }
        self.len += 1;
        // Half full at most: searches that go on beyond the first place are what a branch predictor cannot foresee.
        if self.len * 2 > self.slots.len() {
            self.grow();
        }
        self.point(hash, index);
        index
    }

    /// Makes the slot of the flow's addresses and ports point to it.
    fn point(&mut self, hash: u64, index: u32) {
        let mut place = self.home(hash);
        loop {
            let slot = self.slots[place];
            let free = slot.flow == EMPTY.flow;
            if free || slot.tag == tag(hash) && self.same_ends(slot.flow, index) {
                if !free {
                    self.flow_mut(slot.flow).stream.is_newest = false;
                }
                self.slots[place] = Slot { tag: tag(hash), flow: index };
                return;
            }
            place = self.home(place as u64 + 1);
        }
    }

    fn same_ends(&self, one: u32, other: u32) -> bool {
        let (Some(one), Some(other)) = (self.flow(one), self.flow(other)) else { return false };
        let (a, b) = (&one.stream.endpoints, &other.stream.endpoints);
        one.stream.ipv6 == other.stream.ipv6
            && (a.forward == b.forward && a.back == b.back || a.forward == b.back && a.back == b.forward)
    }

    /// Twice as many slots, in the same piece of memory: each tells by itself where it goes, so that no flow need be looked at.
    fn grow(&mut self) {
        let before = self.slots.len();
        if before > u32::MAX as usize / 2 {
            // A tag does not tell so many places apart.
            return self.rebuild(before * 2);
        }
        self.slots.resize(before * 2, EMPTY);
        // What the first of them hold may have come there in a search from the last ones.
        let first_free = self.slots.iter().position(|slot| slot.flow == EMPTY.flow).unwrap_or(before);
        let first = self.slots[..first_free].to_vec();
        self.slots[..first_free].fill(EMPTY);
        // In their order, so that none finds its way barred by one that will leave it.
        for place in first_free..before {
            let slot = std::mem::replace(&mut self.slots[place], EMPTY);
            if slot.flow != EMPTY.flow {
                self.point(slot.tag.into(), slot.flow);
            }
        }
        first.into_iter().for_each(|slot| self.point(slot.tag.into(), slot.flow));
    }

    pub(super) fn new_piece(&mut self) -> Vec<Flow> {
        self.spare.pop().unwrap_or_else(|| Vec::with_capacity(PIECE))
    }

    /// Lays the slots anew by the flows there are. Older flows come first, so that the newest of the same addresses and ports ends up in the slot.
    pub(super) fn rebuild(&mut self, size: usize) {
        self.slots.clear();
        self.slots.resize(size, EMPTY);
        for index in 0..self.len as u32 {
            let Some(flow) = self.flow(index) else { continue };
            let hash = self.hasher.hash(flow.stream.endpoints.forward, flow.stream.endpoints.back);
            self.flow_mut(index).stream.is_newest = true;
            self.point(hash, index);
        }
    }
}

#[inline]
fn flow_at(pieces: &mut [Vec<Flow>], index: u32) -> Option<&mut Flow> {
    pieces.get_mut(index as usize / PIECE)?.get_mut(index as usize % PIECE)
}

/// Takes the segment in if it only goes on with the flow.
#[inline(always)]
fn goes_on(inputs: &InputSets, flow: &mut Flow, segment: &Segment, key: &Key, way: Way) -> bool {
    // A look at the flow's own set of inputs costs a cache miss, which captures of one input need not pay.
    let is_here = inputs.are_all(segment.input) || inputs.contains(flow.inputs, segment.input);
    is_here && !key.copy && flow.stream.take(segment, way)
}

/// The bits of a hash that a slot keeps: those that its place comes from, and more.
#[inline]
fn tag(hash: u64) -> u32 {
    hash as u32
}
