use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::clock::way_to_server;
use super::connection::Connection;
use super::point::Point;
use crate::flow::Way;
use crate::tcp::{FrameNumber, Segment, SeqNum, TcpFlags};
use crate::timeline::{Sighting, Timelines};

/// What makes a segment the same at two points: not its window, options, identification or time to live, which devices on
/// the way change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub way: Way,
    pub seq: SeqNum,
    pub ack: Option<SeqNum>,
    pub flags: TcpFlags,
    pub payload_len: u32,
}

/// One segment of a connection at one point.
#[derive(Clone, Copy)]
pub(super) struct Passing<'a> {
    pub identity: Identity,
    pub sighting: &'a Sighting,
}

/// The segments of one connection at every point, as far as they were gathered: in the ways and numbers of the connection.
pub struct Crossing<'a> {
    /// By point, in capture order; no copies.
    pub(super) passings: Vec<Vec<Passing<'a>>>,
    /// By point: where an identity was seen, and how often.
    seen: Vec<HashMap<Identity, (usize, u32), RandomState>>,
    /// By point: whether no segment was left out.
    whole: Vec<bool>,
    /// The way of the connection that passes the points in their order.
    pub(super) ascending: Way,
}

impl<'a> Crossing<'a> {
    /// The segments of a connection; [`super::align`] tells its course.
    pub fn new(connection: &Connection, points: &[Point<'_>], timelines: &'a [Timelines]) -> Self {
        let mut passings: Vec<Vec<Passing<'a>>> = points.iter().map(|_| Vec::new()).collect();
        let mut whole = vec![true; points.len()];
        for view in &connection.views {
            let flow = points.get(view.point).and_then(|point| point.flow(view.flow));
            let timeline = flow.and_then(|flow| timelines.get(view.point)?.get(flow.id));
            let (Some(timeline), Some(there)) = (timeline, passings.get_mut(view.point)) else { continue };
            let known = timeline.sightings.iter().filter(|one| !one.copy).map(|sighting| {
                let way = view.way(sighting.way);
                Passing { identity: identity(&sighting.segment, way, |way, seq| view.seq(way, seq)), sighting }
            });
            there.extend(known);
            if let Some(whole) = whole.get_mut(view.point) {
                *whole &= timeline.left_out == 0;
            }
        }
        for there in &mut passings {
            there.sort_by_key(|one| one.sighting.frame());
        }
        let seen = passings.iter().map(|there| {
            let mut seen: HashMap<Identity, (usize, u32), RandomState> = HashMap::default();
            for (place, one) in there.iter().enumerate() {
                seen.entry(one.identity).and_modify(|(_, times)| *times += 1).or_insert((place, 1));
            }
            seen
        });
        let ascending = way_to_server(connection, points).unwrap_or(Way::Forward);
        Self { seen: seen.collect(), passings, whole, ascending }
    }

    /// The segments that either point saw once and that are the same.
    pub(super) fn common(&self, one: usize, other: usize) -> impl Iterator<Item = (&Passing<'a>, &Passing<'a>)> {
        let here = self.passings.get(one).into_iter().flatten();
        here.filter_map(move |passing| {
            let once = |point: usize| self.seen.get(point)?.get(&passing.identity).filter(|(_, times)| *times == 1);
            once(one)?;
            let there = self.passings.get(other)?.get(once(other)?.0)?;
            Some((passing, there))
        })
    }

    /// Whether a point has anything of the connection.
    pub(super) fn is_seen_at(&self, point: usize) -> bool {
        self.passings.get(point).is_some_and(|there| !there.is_empty())
    }

    /// Whether a point's segments of the connection were all kept.
    pub(super) fn is_whole(&self, point: usize) -> bool {
        self.whole.get(point).is_some_and(|whole| *whole)
    }

    /// How often a point saw a segment.
    pub(super) fn times(&self, point: usize, identity: &Identity) -> u32 {
        self.seen.get(point).and_then(|seen| seen.get(identity)).map_or(0, |(_, times)| *times)
    }

    /// How many of the segments like this one, which is at a place of a point, another point lacks: each time that it was sent
    /// anew counts, at the place of the first.
    pub(super) fn lacking(&self, point: usize, place: usize, one: &Passing<'_>, there: usize) -> u32 {
        if !self.has(there, one) {
            return 1;
        }
        let seen = self.seen.get(point).and_then(|seen| seen.get(&one.identity));
        match (seen, self.times(there, &one.identity)) {
            (Some(&(first, times)), got @ 1..) if first == place => times.saturating_sub(got),
            _ => 0,
        }
    }

    /// Segments, without resets, of one way that a point has around a frame: those closest before and behind it.
    pub(super) fn around(&self, point: usize, frame: FrameNumber, way: Way, most: usize) -> Vec<&Passing<'a>> {
        let Some(there) = self.passings.get(point) else { return Vec::new() };
        let at = there.partition_point(|one| one.sighting.frame() < frame);
        let fits = |one: &&Passing<'a>| one.identity.way == way && one.sighting.is_ordinary();
        let mut near: Vec<&Passing<'a>> =
            there.get(..at).unwrap_or_default().iter().rev().filter(fits).take(most).collect();
        near.reverse();
        near.extend(there.get(at..).unwrap_or_default().iter().filter(fits).take(most));
        near
    }

    /// Whether a point has every octet of a segment, be it cut into other segments, and where it has none every acknowledgement.
    pub(super) fn has(&self, point: usize, wanted: &Passing<'_>) -> bool {
        if self.times(point, &wanted.identity) > 0 {
            return true;
        }
        let Some(there) = self.passings.get(point) else { return false };
        let (way, segment) = (wanted.identity.way, &wanted.sighting.segment);
        let length = segment.seq_len();
        if length == 0 {
            // Network cards put acknowledgements together; a later one says the same.
            return there.iter().any(|one| {
                one.identity.way == way
                    && one.identity.ack.zip(wanted.identity.ack).is_some_and(|(seen, ack)| !seen.before(ack))
            });
        }
        // Cards cut and join data: the octets must be there, whatever segments they came in.
        let mut from = wanted.identity.seq;
        let end = from.add(length);
        for _ in 0..MOST_PIECES {
            let reached = there
                .iter()
                .filter(|one| one.identity.way == way && !one.identity.flags.rst() && !one.identity.seq.after(from))
                .map(|one| one.identity.seq.add(one.sighting.segment.seq_len()))
                .filter(|end| end.after(from))
                .reduce(SeqNum::max);
            match reached {
                Some(reached) if !reached.before(end) => return true,
                Some(reached) => from = reached,
                None => return false,
            }
        }
        false
    }
}

/// Pieces that a segment may have been cut into: 64 KiB in segments of 536 octets.
const MOST_PIECES: usize = 128;

/// What a segment of a view is in the words of the connection.
pub(super) fn identity(segment: &Segment, way: Way, number: impl Fn(Way, SeqNum) -> SeqNum) -> Identity {
    let flags = segment.flags;
    Identity {
        way,
        seq: number(way, segment.seq),
        ack: flags.ack().then(|| number(way.reverse(), segment.ack)),
        // Routers set congestion marks, and the push bit goes where segments are joined.
        flags: TcpFlags::from_bits(flags.bits() & TELLING.bits()),
        payload_len: segment.payload_len,
    }
}

/// The control bits that no device on the way changes.
const TELLING: TcpFlags = TcpFlags::SYN.union(TcpFlags::FIN).union(TcpFlags::RST).union(TcpFlags::ACK);
