use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::gather::{BEHIND, FIRST, Gathering, LAST, LATER_PAYLOAD, MOST, MOST_PAYLOAD};
use crate::capture::Frame;
use crate::decode::{DecodeLimits, Decoder, View};
use crate::flow::Flow;
use crate::tcp::{Endpoint, FrameNumber, Segment};

/// The recent past of a capture that cannot be read again, in bounded memory.
///
/// Of each pair of endpoints it keeps what a [`Gathering`] would keep of its flows, so that a long transfer does not push
/// out what came before the resets of others. When memory is used up, the oldest segments leave.
pub struct Recording {
    decoder: Decoder,
    /// In the order of the capture; what left from between is an empty place.
    kept: VecDeque<Option<Box<Recorded>>>,
    /// Places that left at the front.
    gone: u64,
    conversations: HashMap<(Endpoint, Endpoint), Conversation, RandomState>,
    octets: usize,
    limit: usize,
    /// Segments that had to leave though they were wanted.
    pub left_out: u64,
}

struct Recorded {
    segment: Segment,
    view: View,
    payload: Box<[u8]>,
    /// Segments of the same endpoints between the one before and this one that nobody will ask for.
    skipped: u32,
}

impl Recorded {
    fn octets(&self) -> usize {
        size_of::<Self>() + self.payload.len() + ALLOCATIONS
    }

    fn ends(&self) -> (Endpoint, Endpoint) {
        ends(&self.segment)
    }
}

/// What an allocator takes for itself with the pieces that a recorded segment consists of.
const ALLOCATIONS: usize = 48;

/// What two endpoints take beside their segments: a slot at the usual load, and two lists.
const BESIDE: usize = 2 * size_of::<((Endpoint, Endpoint), Conversation)>() + 64;

/// The segments of two endpoints, by their places from the beginning of the capture, ascending.
#[derive(Default)]
struct Conversation {
    /// The first ones, and those around resets.
    kept: VecDeque<u64>,
    /// The latest ones, of which the oldest leaves when there are too many.
    latest: VecDeque<u64>,
    /// Segments since the last connection request, and those of them in `kept`.
    begun: usize,
    held: usize,
    /// Segments still to be kept because a reset is not far behind.
    behind: usize,
    /// Segments that were passed over since the last one kept.
    skipped: u32,
}

impl Recording {
    /// Keeps at most so many octets.
    pub fn new(limit: usize) -> Self {
        Self {
            decoder: Decoder::new(DecodeLimits::default()),
            kept: VecDeque::new(),
            gone: 0,
            conversations: HashMap::default(),
            octets: 0,
            limit,
            left_out: 0,
        }
    }

    /// Takes in the next frame.
    pub fn take(&mut self, frame: &Frame<'_>) {
        if let Some((segment, view)) = self.decoder.view(frame, |_| true) {
            self.keep(&segment, &view, frame.bytes);
        }
    }

    /// Takes in the next segment, with the octets that `view` speaks of.
    pub fn keep(&mut self, segment: &Segment, view: &View, frame: &[u8]) {
        let place = self.gone + self.kept.len() as u64;
        let known = self.conversations.len();
        let conversation = self.conversations.entry(ends(segment)).or_default();
        let (is_reset, is_request) = (segment.flags.rst(), segment.flags.syn() && !segment.flags.ack());
        if is_request || is_reset {
            // The request perhaps begins a new connection: then the one before needs its end.
            conversation.held += conversation.latest.len();
            conversation.kept.extend(conversation.latest.drain(..));
        }
        if is_request {
            (conversation.begun, conversation.held, conversation.behind) = (0, 0, 0);
        }
        if conversation.held >= MOST {
            // A flood: what came first tells as much.
            conversation.skipped = conversation.skipped.saturating_add(1);
            return;
        }
        conversation.behind = if is_reset { BEHIND } else { conversation.behind };
        conversation.begun = conversation.begun.saturating_add(1);
        let first = conversation.begun <= FIRST;
        let (list, most) = if first || is_reset || conversation.behind > 0 {
            conversation.behind = conversation.behind.saturating_sub(usize::from(!is_reset));
            conversation.held += 1;
            // Of several connections between the same ports the latest count.
            (&mut conversation.kept, 2 * MOST)
        } else {
            (&mut conversation.latest, LAST)
        };
        list.push_back(place);
        let leaves = if list.len() > most { list.pop_front() } else { None };
        let next = list.front().copied();
        let skipped = std::mem::take(&mut conversation.skipped);

        let data = view.payload.clone().and_then(|range| frame.get(range)).unwrap_or_default();
        let most = if first { MOST_PAYLOAD } else { LATER_PAYLOAD };
        let payload: Box<[u8]> = data.get(..most).unwrap_or(data).into();
        let view = View { payload: Some(0..payload.len()), ..view.clone() };
        let recorded = Box::new(Recorded { segment: *segment, view, payload, skipped });
        self.octets += recorded.octets() + PLACE;
        self.octets += if self.conversations.len() > known { BESIDE } else { 0 };
        self.kept.push_back(Some(recorded));

        if let Some(left) = leaves.and_then(|place| self.remove(place))
            && let Some(next) = next.and_then(|place| self.get_mut(place))
        {
            next.skipped = next.skipped.saturating_add(left.skipped).saturating_add(1);
        }
        while self.octets > self.limit && !self.kept.is_empty() {
            self.forget_oldest();
        }
    }

    /// Octets in use, about.
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// The segment in this frame, if it is kept.
    pub fn segment(&self, frame: FrameNumber) -> Option<&Segment> {
        self.kept.iter().flatten().map(|one| &one.segment).find(|segment| segment.frame == frame)
    }

    /// Gives all that is kept to `gathering`.
    pub fn replay(self, gathering: &mut Gathering) {
        // Each is given up as soon as it was looked at, so that nothing stands in memory twice.
        self.kept.into_iter().flatten().for_each(|recorded| recorded.give(gathering));
    }

    /// Gives what is kept of a flow's endpoints to `gathering`, at most the first `most` segments; how many they were.
    pub fn give(&self, flow: &Flow, most: usize, gathering: &mut Gathering) -> usize {
        let (one, other) = (flow.stream.endpoints.forward, flow.stream.endpoints.back);
        let Some(conversation) = self.conversations.get(&(one.min(other), one.max(other))) else { return 0 };
        let is_of_flow =
            |recorded: &&Recorded| (flow.first_frame..=flow.stream.last_frame).contains(&recorded.segment.frame);
        let places = conversation.kept.iter().chain(&conversation.latest);
        let recorded = places.filter_map(|place| self.get(*place)).filter(is_of_flow).take(most);
        recorded.map(|recorded| recorded.give(gathering)).count()
    }

    fn get(&self, place: u64) -> Option<&Recorded> {
        self.kept.get(self.index(place)?)?.as_deref()
    }

    fn get_mut(&mut self, place: u64) -> Option<&mut Recorded> {
        let index = self.index(place)?;
        self.kept.get_mut(index)?.as_deref_mut()
    }

    fn index(&self, place: u64) -> Option<usize> {
        usize::try_from(place.checked_sub(self.gone)?).ok()
    }

    /// Takes out a segment that nobody will ask for.
    fn remove(&mut self, place: u64) -> Option<Box<Recorded>> {
        let index = self.index(place)?;
        let recorded = self.kept.get_mut(index)?.take()?;
        self.octets -= recorded.octets();
        Some(recorded)
    }

    fn forget_oldest(&mut self) {
        let oldest = self.kept.pop_front().flatten();
        self.gone += 1;
        self.octets -= PLACE;
        let Some(oldest) = oldest else { return };
        self.octets -= oldest.octets();
        self.left_out += 1;
        let ends = oldest.ends();
        if let Some(conversation) = self.conversations.get_mut(&ends) {
            // It is the first of the list that has it.
            let list = if conversation.kept.front().is_some_and(|&place| place < self.gone) {
                &mut conversation.kept
            } else {
                &mut conversation.latest
            };
            list.pop_front();
            if conversation.kept.is_empty() && conversation.latest.is_empty() {
                self.conversations.remove(&ends);
                self.octets -= BESIDE;
            }
        }
    }
}

/// A place in the order of the capture, and in the list of its conversation.
const PLACE: usize = size_of::<Option<Box<Recorded>>>() + size_of::<u64>();

impl Recorded {
    fn give(&self, gathering: &mut Gathering) {
        gathering.take_after(self.skipped, self.segment, &self.view, &self.payload);
    }
}

fn ends(segment: &Segment) -> (Endpoint, Endpoint) {
    let (one, other) = (segment.source, segment.destination);
    (one.min(other), one.max(other))
}
