//! The first and the latest frames of every connection, in bounded memory.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use crate::capture::{Frame, Label};
use crate::tcp::{Endpoint, TcpFlags};

/// Frames kept from the beginning of a connection: its handshake and what it is about.
const FIRST: usize = 16;

/// And of the latest ones.
const LATEST: usize = 64;

/// ICMP errors kept of a connection, the latest.
const ERRORS: usize = 16;

/// One part in so many is for connections of which nothing but SYNs came: a flood of them must not push out what others said.
const FOR_REQUESTS: usize = 4;

/// Turns of such connections that went on meanwhile, before they are cleared away.
const STALE: usize = 1024;

/// Connections that wait for their file and do not leave before.
const MOST_HELD: usize = 1024;

/// What a connection takes beside its frames, and a frame beside its octets: a slot at the usual load, lists, allocations.
const BESIDE_CONNECTION: usize = 256;
const BESIDE_FRAME: usize = size_of::<Kept>() + 16;

/// The two ends of a connection, the lesser first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ends(Endpoint, Endpoint);

impl Ends {
    /// Those of a segment, or of one that is quoted.
    pub(super) fn of(one: Endpoint, other: Endpoint) -> Self {
        Self(one.min(other), one.max(other))
    }
}

/// A frame, of whose data the end may be cut off.
pub(super) struct Kept {
    label: Label,
    octets: Box<[u8]>,
    /// The frame that its segment was whole in: another one where it is but a part.
    pub(super) segment: u64,
}

impl Kept {
    /// A frame without what is behind `end`.
    pub(super) fn new(frame: &Frame<'_>, end: usize) -> Self {
        Self {
            label: Label::of(frame),
            octets: frame.bytes.get(..end).unwrap_or(frame.bytes).into(),
            segment: frame.number.get(),
        }
    }

    /// Its place in the capture.
    pub(super) fn number(&self) -> u64 {
        self.label.number.get()
    }

    /// As it was captured, as far as it was kept.
    pub(super) fn frame(&self) -> Frame<'_> {
        self.label.on(&self.octets)
    }

    /// Octets of memory.
    pub(super) fn size(&self) -> usize {
        self.octets.len() + BESIDE_FRAME
    }
}

#[derive(Default)]
struct Connection {
    first: Vec<Kept>,
    latest: VecDeque<Kept>,
    /// ICMP errors about its segments.
    errors: VecDeque<Kept>,
    /// What all that takes.
    octets: usize,
    /// Its turn among those of which nothing but SYNs came, as long as it is one.
    asked: Option<u64>,
    /// Something came since its turn to leave was last thought of.
    is_used: bool,
    /// A file of it is to be written.
    is_held: bool,
}

impl Asking {
    /// The turn of another one.
    fn begin(&mut self, ends: Ends) -> u64 {
        self.begun += 1;
        self.connections += 1;
        self.turns.push_back((self.begun, ends));
        self.begun
    }

    /// One of them, with so many octets, is none any more.
    fn go_on(&mut self, octets: usize) {
        self.connections -= 1;
        self.octets -= octets;
    }
}

impl Connection {
    fn all(&self) -> impl Iterator<Item = &Kept> {
        self.first.iter().chain(&self.latest).chain(&self.errors)
    }
}

/// Connections of which nothing but SYNs came.
#[derive(Default)]
struct Asking {
    /// In the order in which they began.
    turns: VecDeque<(u64, Ends)>,
    begun: u64,
    connections: usize,
    octets: usize,
}

/// The recent past.
pub(super) struct Past {
    limit: usize,
    octets: usize,
    connections: HashMap<Ends, Connection, RandomState>,
    /// In which order they are thought of when somebody has to leave.
    turns: VecDeque<Ends>,
    asking: Asking,
    held: usize,
}

impl Past {
    /// Keeps at most so many octets.
    pub(super) fn new(limit: usize) -> Self {
        let (connections, turns) = (HashMap::default(), VecDeque::new());
        Self { limit, octets: 0, connections, turns, asking: Asking::default(), held: 0 }
    }

    /// Takes in a frame with these flags, as much of it as is to be kept.
    pub(super) fn keep(&mut self, ends: Ends, flags: TcpFlags, kept: Kept) {
        let only_asks = flags.syn() && !flags.intersects(TcpFlags::FIN.union(TcpFlags::RST));
        let connection = self.connections.entry(ends).or_default();
        let before = connection.octets;
        if connection.first.is_empty() {
            connection.octets += BESIDE_CONNECTION;
            if only_asks {
                connection.asked = Some(self.asking.begin(ends));
            } else {
                self.turns.push_back(ends);
            }
        } else {
            // Who says only one thing, as in a flood of requests, leaves first.
            connection.is_used = true;
            if !only_asks && connection.asked.take().is_some() {
                self.asking.go_on(before);
                self.turns.push_back(ends);
            }
        }
        if flags.syn() && !flags.ack() && connection.first.len() > 1 {
            // Perhaps another connection of the same ports: its beginning is one, too.
            connection.latest.extend(connection.first.drain(..));
            connection.latest.make_contiguous().sort_by_key(Kept::number);
        }
        connection.octets += kept.size();
        if connection.first.len() < FIRST {
            connection.first.push(kept);
        } else {
            connection.latest.push_back(kept);
        }
        while connection.latest.len() > LATEST
            && let Some(oldest) = connection.latest.pop_front()
        {
            connection.octets -= oldest.size();
        }
        self.grown(ends, before);
    }

    /// Takes in an ICMP error about a connection of which something is kept: errors about others begin none.
    pub(super) fn keep_error(&mut self, ends: Ends, kept: Kept) {
        let Some(connection) = self.connections.get_mut(&ends) else { return };
        let before = connection.octets;
        connection.octets += kept.size();
        connection.errors.push_back(kept);
        while connection.errors.len() > ERRORS
            && let Some(oldest) = connection.errors.pop_front()
        {
            connection.octets -= oldest.size();
        }
        self.grown(ends, before);
    }

    /// Accounts for a connection that had so many octets before.
    fn grown(&mut self, ends: Ends, before: usize) {
        let Some(connection) = self.connections.get(&ends) else { return };
        self.octets = self.octets - before + connection.octets;
        if connection.asked.is_some() {
            self.asking.octets = self.asking.octets - before + connection.octets;
        }
        self.make_room();
    }

    /// Keeps a connection until its file is written: so many at once at most.
    pub(super) fn hold(&mut self, ends: Ends) {
        if let Some(connection) = self.connections.get_mut(&ends).filter(|one| !one.is_held)
            && self.held < MOST_HELD
        {
            connection.is_held = true;
            self.held += 1;
        }
    }

    /// What is kept of a connection, in the order of the capture.
    pub(super) fn of(&self, ends: Ends) -> impl Iterator<Item = &Kept> {
        let connection = self.connections.get(&ends);
        let mut kept: Vec<&Kept> = connection.into_iter().flat_map(Connection::all).collect();
        kept.sort_by_key(|kept| kept.number());
        kept.into_iter()
    }

    /// Lets connections go, those first that were silent for longest.
    fn make_room(&mut self) {
        while self.asking.octets > self.limit / FOR_REQUESTS
            && let Some((turn, ends)) = self.asking.turns.pop_front()
        {
            let is_its = |connection: &Connection| connection.asked == Some(turn);
            if self.connections.get(&ends).is_some_and(is_its)
                && let Some(connection) = self.connections.remove(&ends)
            {
                self.asking.go_on(connection.octets);
                self.octets -= connection.octets;
                self.held -= usize::from(connection.is_held);
            }
        }
        if self.asking.turns.len() > 2 * self.asking.connections + STALE {
            let connections = &self.connections;
            let is_its = |(turn, ends): &(u64, Ends)| connections.get(ends).is_some_and(|one| one.asked == Some(*turn));
            self.asking.turns.retain(is_its);
        }
        // Each may be passed over twice: because something came, and because it is held.
        let mut left = 2 * self.turns.len() + 1;
        while self.octets > self.limit
            && left > 0
            && let Some(ends) = self.turns.pop_front()
        {
            left -= 1;
            let Some(connection) = self.connections.get_mut(&ends) else { continue };
            // Held for one round, which is longer than a verdict takes but in a flood; nothing is held for ever.
            if std::mem::take(&mut connection.is_used) {
                self.turns.push_back(ends);
            } else if std::mem::take(&mut connection.is_held) {
                self.held -= 1;
                self.turns.push_back(ends);
            } else {
                self.octets -= connection.octets;
                self.connections.remove(&ends);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::{ETHERNET, frame};
    use crate::tcp::{FrameNumber, Timestamp};
    use crate::trace::{self, Packet};

    /// A frame of 100 octets, of which 54 are headers, and so many of its data.
    fn kept(number: FrameNumber, time: Option<Timestamp>, payload: usize) -> Kept {
        Kept::new(&Frame { number, input_frame: number, time, ..frame(ETHERNET, &[7; 100]) }, 54 + payload)
    }

    fn feed(past: &mut Past, payload: usize, text: &str) -> Vec<Ends> {
        let mut all = Vec::new();
        for event in trace::parse(text).expect("a trace") {
            let Packet::Segment(segment) = event.packet else { continue };
            let ends = Ends::of(segment.source, segment.destination);
            past.keep(ends, segment.flags, kept(segment.frame, segment.time, payload));
            if !all.contains(&ends) {
                all.push(ends);
            }
        }
        all
    }

    /// Feeds the frames of a trace.
    fn past(limit: usize, payload: usize, text: &str) -> (Past, Vec<Ends>) {
        let mut past = Past::new(limit);
        let all = feed(&mut past, payload, text);
        (past, all)
    }

    /// Octets of all connections, looked at anew.
    fn counted(past: &Past) -> usize {
        let of_one = |one: &Connection| one.all().map(Kept::size).sum::<usize>() + BESIDE_CONNECTION;
        past.connections.values().map(of_one).sum()
    }

    fn numbers(past: &Past, ends: Ends) -> Vec<u64> {
        past.of(ends).map(Kept::number).collect()
    }

    #[test]
    fn the_first_and_the_latest_stay() {
        let text: String = (0..200).map(|at| format!("{at} c A {at} ack 1 len 46\n")).collect();
        let (past, ends) = past(1 << 20, 10, &text);
        let kept = numbers(&past, ends[0]);
        assert_eq!(kept[..FIRST], (1..=FIRST as u64).collect::<Vec<_>>());
        assert_eq!(kept[FIRST..], (201 - LATEST as u64..=200).collect::<Vec<_>>());
        let frame = past.of(ends[0]).next().expect("a frame").frame();
        assert_eq!((frame.bytes.len(), frame.original_len), (64, 100));
    }

    #[test]
    fn a_new_connection_of_the_same_ports_has_its_own_beginning() {
        let text: String = (0..30).map(|at| format!("{at} c A {at} ack 1\n")).collect();
        let (past, ends) = past(1 << 20, 0, &format!("{text}\n 40 c S 5000\n 41 s SA 9 ack 5001\n"));
        let kept = numbers(&past, ends[0]);
        assert_eq!(kept, (1..=32).collect::<Vec<_>>(), "in order, and none is lost yet");
        assert_eq!(past.connections[&ends[0]].first.len(), 2);
    }

    #[test]
    fn memory_is_bounded_and_the_silent_leave_first() {
        let limit = 100_000;
        // Flow 0 goes on; the others say one thing each.
        let text: String =
            (0..2000).map(|at| format!("{at} c A 1 ack 1 flow {}\n", if at % 5 == 0 { 0 } else { at })).collect();
        let (past, ends) = past(limit, 0, &text);
        assert!(past.octets <= limit, "{}", past.octets);
        assert_eq!(past.octets, counted(&past));
        assert_eq!(past.turns.len(), past.connections.len());
        assert_eq!(numbers(&past, ends[0]).len(), FIRST + LATEST);
        assert!(numbers(&past, ends[1]).is_empty());
    }

    #[test]
    fn what_is_held_stays_longer_and_not_for_ever() {
        let one_each =
            |from: u32, to: u32| -> String { (from..to).map(|at| format!("{at} c A 1 ack 1 flow {at}\n")).collect() };
        let (mut past, ends) = past(20_000, 0, &one_each(0, 10));
        past.hold(ends[0]);
        past.hold(ends[0]);
        assert_eq!(past.held, 1);
        let (mut more, others) = (String::new(), one_each(10, 2000));
        more.push_str(&others);
        let mut left = None;
        for (nth, event) in trace::parse(&more).expect("a trace").into_iter().enumerate() {
            let Packet::Segment(segment) = event.packet else { continue };
            past.keep(
                Ends::of(segment.source, segment.destination),
                segment.flags,
                kept(segment.frame, segment.time, 46),
            );
            if left.is_none() && numbers(&past, ends[0]).is_empty() {
                left = Some((nth, numbers(&past, ends[1]).is_empty()));
            }
        }
        let (_, other_left_before) = left.expect("it leaves at last");
        assert!(other_left_before && past.held == 0);
    }

    #[test]
    fn the_latest_errors_stay_beside_the_frames_and_strangers_begin_nothing() {
        let text: String = (0..30).map(|at| format!("{at} c A {at} ack 1\n")).collect();
        let (mut past, ends) = past(1 << 20, 0, &text);
        for number in 31..=70 {
            past.keep_error(ends[0], kept(FrameNumber::new(number).expect("a number"), None, 0));
        }
        let expected: Vec<u64> = (1..=30).chain(71 - ERRORS as u64..=70).collect();
        assert_eq!(numbers(&past, ends[0]), expected);
        let stranger = Ends::of(Endpoint::v4([10, 0, 0, 1], 1), Endpoint::v4([10, 0, 0, 2], 2));
        let before = past.octets;
        past.keep_error(stranger, kept(FrameNumber::new(99).expect("a number"), None, 0));
        assert_eq!((past.octets, past.connections.len()), (before, 1));
        assert_eq!(before, counted(&past));
    }

    #[test]
    fn a_flood_of_requests_leaves_what_others_said() {
        let mut past = Past::new(200_000);
        let told =
            feed(&mut past, 0, "0 c S 0 flow 0\n1 s SA 0 ack 1 flow 0\n2 c A 1 ack 1 flow 0\n3 s RA 1 ack 1 flow 0\n");
        let asked = feed(&mut past, 0, "4 c S 0 flow 20000\n");
        let flood: String = (1..5000).map(|at| format!("{} c S 0 flow {at}\n", 5 + at)).collect();
        feed(&mut past, 0, &flood);
        // Some of those that asked go on, which must not confuse the accounts.
        let some: String = (4000..5000).map(|at| format!("{} s SA 0 ack 1 flow {at}\n", 6000 + at)).collect();
        feed(&mut past, 0, &some);
        let more: String = (4990..5000).map(|at| format!("{} c A 1 ack 1 flow {at}\n", 9000 + at)).collect();
        feed(&mut past, 0, &more);
        assert_eq!((numbers(&past, told[0]).len(), numbers(&past, asked[0]).len()), (4, 0));
        assert!(past.octets <= past.limit && past.asking.octets <= past.limit / FOR_REQUESTS);
        assert_eq!(past.octets, counted(&past));
        let asking = past.connections.values().filter(|one| one.asked.is_some());
        assert_eq!((past.asking.connections, past.turns.len()), (asking.count(), 11));
        assert!(past.asking.turns.len() <= 2 * past.asking.connections + STALE);
    }
}
