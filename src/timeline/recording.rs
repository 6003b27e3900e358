use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::asked::{self, Asked, Ends};
use super::gather::{self, BEHIND, Gathering, LATER_PAYLOAD, MOST_PAYLOAD};
use crate::capture::Frame;
use crate::decode::{DecodeLimits, Decoder, View};
use crate::flow::Flow;
use crate::tcp::{FrameNumber, Segment, TcpFlags};

/// The recent past of a capture that cannot be read again, in bounded memory.
///
/// Of each pair of endpoints it keeps what a [`Gathering`] would keep of its flows, so that a long transfer does not push
/// out what came before the resets of others. When memory is used up, the oldest segments leave; requests that got no further, as a flood
/// of them does, have a share of their own.
pub struct Recording {
    decoder: Decoder,
    /// In the order of the capture; what left from between is an empty place.
    kept: VecDeque<Option<Box<Recorded>>>,
    /// Places that left at the front.
    gone: u64,
    conversations: HashMap<Ends, Conversation, RandomState>,
    /// What is not in the conversations yet.
    asked: Asked,
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

    fn ends(&self) -> Ends {
        ends(&self.segment)
    }
}

/// Segments kept from the beginning of a flow: what a second look keeps, and as many again, since each packet may have been captured twice.
const FIRST: usize = 2 * gather::FIRST;

/// Segments kept at the end, with enough in front of them to know copies by.
const LAST: usize = gather::LAST + 32;

/// Segments kept of one flow at most, and of all flows between the same ports.
const MOST: usize = gather::MOST + gather::LAST + FIRST;
const MOST_OF_PORTS: usize = 2 * MOST;

/// One part in so many of the memory is for requests that got no further.
const FOR_REQUESTS: usize = 4;

/// What an allocator takes for itself with the pieces that a recorded segment consists of.
const ALLOCATIONS: usize = 48;

/// What two endpoints take beside their segments: a slot at the usual load, and two lists.
const BESIDE: usize = 2 * size_of::<(Ends, Conversation)>() + 64;

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
            asked: Asked::new(limit / FOR_REQUESTS),
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
        let ends = ends(segment);
        if asked::may_wait(segment) && !self.asked.is_full(ends) {
            let data = data(view, frame, MOST_PAYLOAD);
            let view = View { payload: Some(0..data.len()), ..view.clone() };
            self.left_out += self.asked.hold(ends, (*segment, view, data.into()));
        } else {
            for (segment, view, data) in self.asked.take(ends) {
                self.keep_now(&segment, &view, &data);
            }
            self.keep_now(segment, view, frame);
        }
        while self.octets() > self.limit && !self.kept.is_empty() {
            self.forget_oldest();
        }
    }

    fn keep_now(&mut self, segment: &Segment, view: &View, frame: &[u8]) {
        let place = self.gone + self.kept.len() as u64;
        let known = self.conversations.len();
        let conversation = self.conversations.entry(ends(segment)).or_default();
        let (is_reset, is_request) = (segment.flags.rst(), segment.flags.syn() && !segment.flags.ack());
        // Before a reset stands what it answers, a request perhaps begins a new connection, and every look wants to see how each side
        // began and ended.
        let is_edge = segment.flags.intersects(TcpFlags::SYN.union(TcpFlags::FIN).union(TcpFlags::RST));
        if is_edge {
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
        let (list, most) = if first || is_edge || conversation.behind > 0 {
            conversation.behind = conversation.behind.saturating_sub(usize::from(!is_reset));
            conversation.held += 1;
            // Of several connections between the same ports the latest count.
            (&mut conversation.kept, MOST_OF_PORTS)
        } else {
            (&mut conversation.latest, LAST)
        };
        list.push_back(place);
        let leaves = if list.len() > most { list.pop_front() } else { None };
        let next = list.front().copied();
        let skipped = std::mem::take(&mut conversation.skipped);

        let payload: Box<[u8]> = data(view, frame, if first { MOST_PAYLOAD } else { LATER_PAYLOAD }).into();
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
    }

    /// Octets in use, about.
    pub fn octets(&self) -> usize {
        self.octets + self.asked.octets()
    }

    /// The segment in this frame, if it is kept.
    pub fn segment(&self, frame: FrameNumber) -> Option<&Segment> {
        let asked = self.asked.iter().map(|(segment, ..)| segment);
        self.kept.iter().flatten().map(|one| &one.segment).chain(asked).find(|segment| segment.frame == frame)
    }

    /// Gives all that is kept to `gathering`.
    pub fn replay(self, gathering: &mut Gathering) {
        // Each is given up as soon as it was looked at, so that nothing stands in memory twice.
        self.kept.into_iter().flatten().for_each(|one| {
            gathering.take_after(one.skipped, one.segment, &one.view, &one.payload);
        });
        // What came of the same endpoints before stands above.
        self.asked.iter().for_each(|(segment, view, data)| gathering.take(*segment, view, data));
    }

    /// Gives what is kept of a flow to `gathering`, which has asked for this flow last: at most the first `most` segments; how many
    /// they were.
    pub fn give(&self, flow: &Flow, most: usize, gathering: &mut Gathering) -> usize {
        let (one, other) = (flow.stream.endpoints.forward, flow.stream.endpoints.back);
        let ends = (one.min(other), one.max(other));
        let conversation = self.conversations.get(&ends);
        let places = conversation.into_iter().flat_map(|one| one.kept.iter().chain(&one.latest));
        let recorded = places.filter_map(|place| self.get(*place)).filter(|one| is_of_flow(&one.segment, flow));
        let recorded = recorded.map(|one| (one.skipped, one.segment, &one.view, &one.payload));
        let asked = self.asked.of(ends, flow).map(|(segment, view, data)| (0, *segment, view, data));
        let given = recorded.chain(asked).take(most);
        given.map(|(skipped, segment, view, data)| gathering.take_of_last(skipped, segment, view, data)).count()
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

/// Whether a segment of a flow's endpoints is one of its own: of several flows between the same ports each has its time, or its layers
/// around the packets.
pub(super) fn is_of_flow(segment: &Segment, flow: &Flow) -> bool {
    (flow.first_frame..=flow.stream.last_frame).contains(&segment.frame)
        && segment.ipv6 == flow.stream.ipv6
        && flow.was_seen_in(segment.path)
}

/// The first octets of a segment's data.
fn data<'f>(view: &View, frame: &'f [u8], most: usize) -> &'f [u8] {
    let data = view.payload.clone().and_then(|range| frame.get(range)).unwrap_or_default();
    data.get(..most).unwrap_or(data)
}

fn ends(segment: &Segment) -> Ends {
    let (one, other) = (segment.source, segment.destination);
    (one.min(other), one.max(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{FlowTable, Flows, Limits};
    use crate::timeline::{Depth, Timelines};
    use crate::trace;

    /// The segments of a trace, each with its data.
    fn segments(text: &str) -> Vec<(Segment, Vec<u8>)> {
        let events = trace::parse(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"));
        events.into_iter().filter_map(|event| Some((*event.segment()?, event.payload))).collect()
    }

    fn flows(segments: &[(Segment, Vec<u8>)]) -> Flows {
        let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
        let mut keyer = table.keyer();
        segments.iter().for_each(|(segment, _)| table.segments(&[*segment], &[keyer.key(segment)]));
        table.finish()
    }

    fn view(data: &[u8]) -> View {
        View { payload: Some(0..data.len()), ..View::default() }
    }

    fn record(segments: &[(Segment, Vec<u8>)], limit: usize) -> Recording {
        let mut recording = Recording::new(limit);
        segments.iter().for_each(|(segment, data)| recording.keep(segment, &view(data), data));
        recording
    }

    fn gathered(flows: &Flows, give: impl FnOnce(&mut Gathering)) -> Timelines {
        let mut gathering = Gathering::new(1 << 26);
        for flow in flows.iter() {
            gathering.want(flow, Depth::Whole);
        }
        give(&mut gathering);
        gathering.finish()
    }

    /// A handshake and so many segments of data, from `at` milliseconds on.
    fn transfer(at: u32, number: u32, flow: &str) -> String {
        let mut text = format!("{at} c S 0 {flow}\n{at}.1 s SA 0 ack 1 {flow}\n{at}.2 c A 1 ack 1 {flow}\n");
        for one in 0..number {
            let time = at + 1 + one;
            text += &format!("{time} s PA {} ack 1 len 3 data \"{:03}\" {flow}\n", 1 + 3 * one, one % 1000);
        }
        text
    }

    fn resets(at: u32, number: u32, flow: &str) -> String {
        (0..number).map(|one| format!("{} c R {} {flow}\n", at + one, 1 + one)).collect()
    }

    #[test]
    fn it_keeps_what_a_second_look_would_keep() {
        for (what, text) in [
            ("a short flow", transfer(0, 20, "")),
            ("a long one", transfer(0, 900, "")),
            ("a reset in the middle and more behind it", {
                transfer(0, 700, "")
                    + &resets(800, 2, "")
                    + &transfer(1000, 0, "flow 1")
                    + "1100 s PA 2101 ack 1 len 3\n"
            }),
            ("a reset, and long after it another one", {
                let mut text = transfer(0, 400, "") + &resets(500, 1, "");
                (0..600).for_each(|one| text += &format!("{} s PA {} ack 1 len 3\n", 600 + one, 1201 + 3 * one));
                text + &resets(1300, 1, "")
            }),
            ("the same ports again and again", {
                (0..5)
                    .map(|one| {
                        transfer(one * 1000, 300, &format!("reuse {}", one * 100_000))
                            + &resets(one * 1000 + 400, 3, &format!("reuse {}", one * 100_000))
                    })
                    .collect()
            }),
            ("a side that closes early", {
                let mut text = transfer(0, 200, "") + "300 c FA 1 ack 601\n";
                (0..900).for_each(|one| text += &format!("{} s PA {} ack 2 len 3\n", 400 + one, 601 + 3 * one));
                text + "2000 s FA 3301 ack 2\n2001 c A 2 ack 3302\n" + &resets(2002, 1, "")
            }),
            ("every packet twice", {
                let twice = |line: &str| format!("{line}\n{line} copy ttl 63\n");
                (transfer(0, 700, "") + &resets(800, 2, "")).lines().map(twice).collect()
            }),
            ("a flood of resets", transfer(0, 10, "") + &resets(100, 7000, "")),
        ] {
            let segments = segments(&text);
            let flows = flows(&segments);
            let direct = gathered(&flows, |gathering| {
                segments.iter().for_each(|(segment, data)| gathering.take(*segment, &view(data), data));
            });
            let replayed = gathered(&flows, |gathering| record(&segments, 1 << 26).replay(gathering));
            let by_flow = {
                let (recording, mut gathering) = (record(&segments, 1 << 26), Gathering::new(1 << 26));
                flows.iter().for_each(|flow| {
                    gathering.want(flow, Depth::Whole);
                    recording.give(flow, usize::MAX, &mut gathering);
                });
                gathering.finish()
            };
            for flow in flows.iter() {
                // Where one flow of several with the same ports is told from the others by frames, what fell out between them is
                // not counted for either.
                let told = |timelines: &Timelines| {
                    let timeline = timelines.get(flow.id).expect("it was wanted");
                    timeline.sightings.clone()
                };
                assert!(!told(&direct).is_empty());
                assert_eq!(told(&replayed), told(&direct), "{what}");
                assert_eq!(told(&by_flow), told(&direct), "{what}");
            }
        }
    }

    #[test]
    fn a_long_transfer_leaves_room_for_others() {
        let segments =
            segments(&(transfer(0, 5, "flow 1") + &transfer(100, 20_000, "") + &resets(30_000, 1, "flow 1")));
        let recording = record(&segments, 2 << 20);
        assert_eq!(recording.left_out, 0);
        let flows = flows(&segments);
        let timelines = gathered(&flows, |gathering| recording.replay(gathering));
        let short = timelines.get(1).expect("a timeline");
        assert_eq!((short.sightings.len(), short.left_out), (9, 0));
        let long = timelines.get(2).expect("a timeline");
        assert_eq!(long.sightings.len() as u64 + long.left_out, 20_003);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_leave() {
        const LIMIT: usize = 200_000;
        let text: String = (0..3000).map(|one| transfer(one * 10, 2, &format!("flow {}", one % 2500))).collect();
        let segments = segments(&text);
        let mut recording = Recording::new(LIMIT);
        for (segment, data) in &segments {
            recording.keep(segment, &view(data), data);
            assert!(recording.octets() <= LIMIT);
        }
        let asked: usize = recording.asked.iter().count();
        assert!(recording.left_out > 0 && asked == 0, "all of them got further");
        let kept: Vec<u64> = recording.kept.iter().flatten().map(|one| one.segment.frame.get()).collect();
        let last = segments.len() as u64;
        assert_eq!(kept, (last + 1 - kept.len() as u64..=last).collect::<Vec<_>>());
        let places: usize = recording.conversations.values().map(|one| one.kept.len() + one.latest.len()).sum();
        assert_eq!(places, kept.len(), "nothing points to what left");
        while !recording.kept.is_empty() {
            recording.forget_oldest();
        }
        assert_eq!((recording.octets(), recording.conversations.len()), (0, 0));
    }

    #[test]
    fn a_flood_of_requests_leaves_the_rest_alone() {
        const FLOOD: u32 = 20_000;
        let mut text = transfer(0, 20, "flow 1") + "50 c S 0 flow 2\n";
        (0..FLOOD).for_each(|one| text += &format!("{} c S 0 flow {}\n", 60 + one / 1000, 10 + one % 30_000));
        text += "90 c S 0 flow 3\n91 s SA 0 ack 1 flow 3\n";
        text += &resets(100, 1, "flow 1");
        let segments = segments(&text);
        let recording = record(&segments, 1 << 20);
        assert!(recording.octets() <= 1 << 20 && recording.left_out > u64::from(FLOOD) / 2);
        let flows = flows(&segments);
        let timelines = gathered(&flows, |gathering| recording.replay(gathering));
        let kept = |id| timelines.get(id).expect("it was wanted").sightings.len();
        // All of the connection, nothing of the oldest request, both of the latest.
        assert_eq!((kept(1), kept(2), kept(u64::from(FLOOD) + 3)), (24, 0, 2));
    }
}
