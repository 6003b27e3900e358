//! The second look at a capture, for the flows that are to be judged.

use std::collections::HashMap;
use std::path::PathBuf;

use foldhash::fast::RandomState;

use super::relay::hand_over;
use crate::capture::{Capture, Filter, Lookup, OpenOptions};
use crate::decode::{DecodeLimits, Decoder};
use crate::error::Error;
use crate::flow::{Flow, Flows, Roles, Teardown};
use crate::parallel;
use crate::prefetch;
use crate::report;
use crate::tcp::{FrameNumber, Segment, Timestamp};
use crate::timeline::{Again, Depth, Found, Gathering, Log, Members, Recording, Timelines};

/// Flows of one address that are looked at to know a host by, beside those that are judged.
const COMPANIONS: u8 = 16;

/// Of the others, so many are looked for at a time.
const AT_A_TIME: usize = 4096;

/// Octets that are known of a flow looked at by where it lies, beside its places: at most four endings of 32 octets, twice over
/// while a list of them grows, and what is noted of its hosts.
const KNOWN: usize = 500;

/// Whether all inputs are regular files, which can be read again.
pub fn can_read_again(paths: &[PathBuf]) -> bool {
    paths.iter().all(|path| path.is_file())
}

/// Asks for the segments of the flows that are wanted, and for enough others to know their hosts by.
/// Keeps at most `memory` octets.
pub fn ask(flows: &Flows, is_wanted: impl Fn(&Flow) -> bool, memory: usize) -> Gathering {
    let mut gathering = Gathering::new(memory);
    let part = |flow: &Flow| Part::of(flow, &is_wanted);
    ask_for(flows, part, 1, |flow, depth| {
        gathering.want(flow, depth);
    });
    gathering
}

/// What a flow is looked at again for.
#[derive(Clone, Copy)]
enum Part {
    /// To be judged, with its resets.
    Reset,
    /// To be judged; it has no reset.
    End,
    /// At most to know the hosts of others by.
    Company,
}

impl Part {
    fn of(flow: &Flow, is_wanted: impl Fn(&Flow) -> bool) -> Self {
        match (is_wanted(flow), flow.resets().is_empty()) {
            (true, false) => Self::Reset,
            (true, true) => Self::End,
            (false, _) => Self::Company,
        }
    }
}

/// The same of whoever takes the wishes; on so many threads.
fn ask_for(flows: &Flows, mut part: impl FnMut(&Flow) -> Part, threads: usize, mut want: impl FnMut(&Flow, Depth)) {
    let (mut with_reset, mut without_reset, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for flow in flows.iter() {
        match part(flow) {
            Part::Reset => with_reset.push(flow),
            Part::End => without_reset.push(flow),
            Part::Company => others.push(flow),
        }
    }
    let mut numbers: HashMap<[u8; 16], u32, RandomState> = HashMap::default();
    let mut known: Vec<Known> = Vec::new();
    // Those with a reset first: a flood of requests that nobody answers must not take the room that they need.
    for flow in prefetch::ahead::<Flow, _>(&with_reset).chain(prefetch::ahead(&without_reset)) {
        want(flow, Depth::Whole);
        let was_asked = was_reset_for_asking(flow);
        for address in addresses(flow) {
            let number = *numbers.entry(address).or_insert(known.len() as u32);
            if number as usize == known.len() {
                known.push(Known::default());
            }
            known[number as usize].asked |= was_asked;
        }
    }
    // To find what is known of them takes longest.
    let of_some = |_, some: &[&Flow]| {
        let numbers = |flow| addresses(flow).map(|address| numbers.get(&address).copied());
        prefetch::ahead(some).map(numbers).collect::<Vec<_>>()
    };
    let mut next = others.iter();
    parallel::in_pieces(threads, &others, AT_A_TIME, of_some, |some| {
        for (hosts, flow) in some.into_iter().zip(next.by_ref()) {
            let mut helps = None;
            for host in hosts.into_iter().flatten() {
                let known = &mut known[host as usize];
                if known.companions < COMPANIONS {
                    known.companions += 1;
                    helps = helps.max(Some(if known.asked { Depth::Opening } else { Depth::Profile }));
                }
            }
            if let Some(depth) = helps {
                want(flow, depth);
            }
        }
    });
}

fn addresses(flow: &Flow) -> [[u8; 16]; 2] {
    let ends = &flow.stream.endpoints;
    [ends.forward.address, ends.back.address]
}

/// An address that flows to be judged have.
#[derive(Default)]
struct Known {
    /// Other flows that it is known by.
    companions: u8,
    /// A connection with it was reset when its client had just asked: what others asked for may tell why.
    asked: bool,
}

/// Whether the client had spoken last when a reset came.
fn was_reset_for_asking(flow: &Flow) -> bool {
    flow.turn_at_reset().is_some_and(|turn| turn.way == Roles::of(flow).from_client)
}

/// Which flows are to be looked at again.
pub struct Wish<'a> {
    /// All flows.
    pub flows: &'a Flows,
    /// Those that are judged; others are looked at to know their hosts by.
    pub is_judged: &'a (dyn Fn(&Flow) -> bool + Sync),
    /// Octets that may be kept of them.
    pub memory: usize,
    /// Of these, octets for what is known of flows that are looked up by where they lie.
    pub known: usize,
}

impl Wish<'_> {
    /// The segments by where they lie, chosen on so many threads; `None` where that does not tell them all.
    pub fn look_up(&self, (lookup, log): (Lookup, Log), decoder: &Decoder, threads: usize) -> Option<Timelines> {
        // Told flow by flow, each costs a cache miss or two.
        let mut parts = Vec::with_capacity(self.flows.len());
        let of_some = |_, some: &[Vec<Flow>]| {
            let all = some.iter().flat_map(|piece| prefetch::ahead(piece));
            all.map(|flow| Part::of(flow, self.is_judged)).collect::<Vec<_>>()
        };
        parallel::in_pieces(threads, self.flows.pieces(), 1, of_some, |some| parts.extend(some));
        let mut parts = parts.into_iter();
        let mut depths = vec![None; self.flows.len() + 1];
        let mut asked = 0;
        let mut refused = 0;
        ask_for(
            self.flows,
            |_| parts.next().unwrap_or(Part::Company),
            threads,
            |flow, depth| {
                let room = (asked + 1) * KNOWN <= self.known;
                if let Some(known) = depths.get_mut(flow.id as usize).filter(|_| room) {
                    *known = Some(depth);
                    asked += 1;
                } else {
                    refused += u64::from(depth == Depth::Whole);
                }
            },
        );
        if asked == 0 {
            return Some(Timelines::default());
        }
        // The others are known by what following them told.
        let is_wanted = |flow: u64| depths.get(flow as usize).copied().flatten() >= Some(Depth::Opening);
        let selection = log.select(self.flows, is_wanted, self.memory.saturating_sub(self.known))?;
        Some(Timelines::again(Again::new(lookup, decoder, selection, depths), refused))
    }

    /// The segments by reading everything once more, or from what was recorded.
    ///
    /// # Errors
    /// When the operating system gives no second thread.
    pub fn gather(
        &self,
        paths: &[PathBuf],
        filter: Option<Filter>,
        recording: Option<Recording>,
        threads: usize,
    ) -> Result<Timelines, Error> {
        let mut gathering = ask(self.flows, self.is_judged, self.memory);
        if gathering.is_empty() {
            return Ok(Timelines::default());
        }
        match recording {
            Some(recording) => recording.replay(&mut gathering),
            None => {
                let (mut capture, _) = Capture::open(paths, OpenOptions { filter });
                let mut decoder = Decoder::new(DecodeLimits::default());
                let (members, mut keeper) = gathering.halves();
                let fill = |found: &mut Found, _: bool| {
                    found.clear();
                    while !found.is_full() {
                        let Some(frame) = capture.next() else { return !found.is_empty() };
                        found.look(members, &mut decoder, &frame);
                    }
                    true
                };
                hand_over(threads, fill, |found| keeper.keep(found), || false).map_err(Error::Thread)?;
            }
        }
        Ok(gathering.finish())
    }
}

/// The flow that a frame belongs to, as a segment or as an ICMP error about one; `None` where it belongs to none.
pub fn flow_with_frame(
    paths: &[PathBuf],
    filter: Option<Filter>,
    recording: Option<&Recording>,
    flows: &Flows,
    frame: u64,
) -> Option<u64> {
    let frame = FrameNumber::new(frame)?;
    let mut members = Members::default();
    for flow in flows.iter() {
        if flow.detail.iter().flat_map(|detail| &detail.icmp).any(|icmp| icmp.error.frame == frame) {
            return Some(flow.id);
        }
        if (flow.first_frame..=flow.stream.last_frame).contains(&frame) {
            members.add(flow, Depth::Whole);
        }
    }
    let segment = match recording {
        Some(recording) => recording.segment(frame).copied(),
        None => segment_in(paths, filter, frame),
    };
    members.flow_of(&segment?)
}

/// The segment in a frame.
pub fn segment_in(paths: &[PathBuf], filter: Option<Filter>, wanted: FrameNumber) -> Option<Segment> {
    let (mut capture, _) = Capture::open(paths, OpenOptions { filter });
    let mut decoder = Decoder::new(DecodeLimits::default());
    while let Some(frame) = capture.next() {
        // All frames before it are decoded, too: paths are numbered and fragments put together as they come.
        let seen = decoder.view(&frame, |_| true);
        if frame.number >= wanted {
            return seen.map(|(segment, _)| segment).filter(|segment| segment.frame == wanted);
        }
    }
    None
}

/// Where the segments of these flows belong, for a third look.
pub fn members(flows: &Flows, is_wanted: impl Fn(&Flow) -> bool) -> Members {
    let mut members = Members::default();
    flows.iter().filter(|flow| is_wanted(flow)).for_each(|flow| members.add(flow, Depth::Whole));
    members
}

/// Whether a flow is judged: it has a reset, or did not end well.
pub fn needs_judging(flow: &Flow, flows: &Flows) -> bool {
    has_something_to_judge(flow, flows.end)
}

/// The same where only the latest time of the capture is at hand.
pub fn has_something_to_judge(flow: &Flow, end: Option<Timestamp>) -> bool {
    !flow.resets().is_empty() || report::Teardown::from(Teardown::of(flow, end)).ended_badly()
}

#[cfg(test)]
mod tests {
    use etherparse::{PacketBuilder, TcpHeader};

    use super::super::pipeline;
    use super::*;
    use crate::flow::testing::segment;
    use crate::flow::{FlowTable, Limits};
    use crate::tcp::{Endpoint, TcpFlags};

    #[test]
    fn a_flood_of_requests_does_not_take_the_room_of_a_reset() {
        const FLOOD: u64 = 500;
        let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
        let mut keyer = table.keyer();
        let mut segments = Vec::new();
        for at in 0..FLOOD {
            let source = Endpoint::v4([10, 0, 0, 1], 1000 + at as u16);
            segments.push(Segment { source, flags: TcpFlags::SYN, ..segment(at + 1, at as i64) });
        }
        let source = Endpoint::v4([10, 0, 0, 2], 1000);
        segments.push(Segment { source, flags: TcpFlags::SYN, ..segment(FLOOD + 1, 1000) });
        segments.push(Segment { source, flags: TcpFlags::RST, ..segment(FLOOD + 2, 2000) });
        segments.iter().for_each(|segment| table.segments(&[*segment], &[keyer.key(segment)]));
        let flows = table.finish();
        let mut gathering = ask(&flows, |_| true, 30_000);
        segments.iter().for_each(|segment| gathering.take(*segment, &crate::decode::View::default(), &[]));
        let timelines = gathering.finish();
        let kept = |flow: &&Flow| timelines.get(flow.id).is_some();
        let (with, without): (Vec<_>, Vec<_>) = flows.iter().partition(|flow| !flow.resets().is_empty());
        assert_eq!((with.len(), with.iter().filter(|flow| kept(flow)).count()), (1, 1));
        assert!(without.iter().filter(|flow| kept(flow)).count() < without.len(), "there was no room for all");
        assert!(timelines.incomplete > 0);
    }

    /// A capture of an exchange in which each of the connections sends in turn: data from the client and an answer, with
    /// what `odd` says in place of some of the data.
    fn capture(connections: u16, turns: u32, odd: impl Fn(u16, u32) -> TcpFlags) -> Vec<u8> {
        let numbers = |numbers: [u32; 4]| numbers.into_iter().flat_map(u32::to_le_bytes);
        let mut file: Vec<u8> = numbers([0xa1b2_c3d4, 4 << 16 | 2, 0, 0]).chain([0, 0, 4, 0, 1, 0, 0, 0]).collect();
        for at in 0..turns * u32::from(connections) {
            let (turn, port) = (at / u32::from(connections), (at % u32::from(connections)) as u16);
            let flags = odd(port, turn);
            for (from, to, flags) in [(port, 5000, flags), (5000, port, TcpFlags::ACK)] {
                let packet = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
                let (mut tcp, data) = (TcpHeader::new(from + 1, to + 1, turn * 4, 600), [7; 4]);
                tcp.acknowledgment_number = turn * 4;
                (tcp.syn, tcp.fin, tcp.rst, tcp.ack) = (flags.syn(), flags.fin(), flags.rst(), flags.ack());
                let mut frame = Vec::new();
                let data = if flags == TcpFlags::ACK { &data[..] } else { &[] };
                packet.tcp_header(tcp).write(&mut frame, data).expect("a packet");
                // Every packet of a connection has an identification of its own.
                frame[18..20].copy_from_slice(&(at as u16).to_be_bytes());
                let length = frame.len() as u32;
                file.extend(numbers([1 + at / 1000, at % 1000 * 1000, length, length]));
                file.extend(frame);
            }
        }
        file
    }

    /// What a look by places and one at everything tell of each flow.
    fn both(name: &str, octets: &[u8]) -> (Flows, [Timelines; 2]) {
        let path = std::env::temp_dir().join(format!("tcpautopsy-{name}-{}.pcap", std::process::id()));
        std::fs::write(&path, octets).expect("a file");
        let paths = [path.clone()];
        let (capture, _) = Capture::open(&paths, OpenOptions::default());
        let beside = pipeline::Beside::Places(1 << 24);
        let mut analysis = pipeline::analyse(capture, beside, Limits::within(1 << 26, false, 0), 2).expect("threads");
        let wish =
            Wish { flows: &analysis.flows, is_judged: &|flow| flow.id % 2 == 1, memory: 1 << 26, known: 1 << 25 };
        let places = analysis.places.take().expect("a regular file");
        let looked_up = wish.look_up(places, &analysis.decoder, 2).expect("all of them");
        let gathered = wish.gather(&paths, None, None, 2).expect("threads");
        std::fs::remove_file(path).expect("the file");
        (analysis.flows, [looked_up, gathered])
    }

    #[test]
    fn by_places_a_flow_is_what_a_look_at_everything_finds() {
        let odd = |port: u16, turn: u32| match (port, turn) {
            (_, 0) => TcpFlags::SYN,
            (0 | 2, 1000 | 1050 | 1350 | 2990) | (4, 2999) | (6 | 8, 30 | 64 | 65) => TcpFlags::RST,
            (0 | 4, 2000) | (5, 100) => TcpFlags::FIN.union(TcpFlags::ACK),
            _ => TcpFlags::ACK,
        };
        let (flows, [looked_up, gathered]) = both("long", &capture(9, 3000, odd));
        let mut left_out = 0;
        for flow in flows.iter() {
            let (one, other) = (looked_up.whole(flow), gathered.whole(flow));
            assert_eq!(one, other, "flow {}", flow.id);
            left_out += one.map_or(0, |whole| whole.left_out);
            assert_eq!(looked_up.opening_of(flow), gathered.opening_of(flow), "flow {}", flow.id);
            assert_eq!(looked_up.knows(flow), gathered.knows(flow), "flow {}", flow.id);
        }
        assert!(left_out > 10_000, "nothing to leave out: {left_out}");
        assert!(flows.len() >= 9);
    }
}
