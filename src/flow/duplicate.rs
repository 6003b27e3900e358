//! Recognises a packet that was captured twice (SPAN ports, `-i any`, loopback, both sides of a router),
//! so that it is not taken for a retransmission or a second reset.

use std::collections::VecDeque;

use super::key::fold;
use crate::tcp::{Duration, Endpoint, Segment};

/// How many recent packets are remembered, as a power of two. 256 KiB: fits a level-two cache, and holds the packets of some
/// milliseconds at line rate, which is what lies between two copies.
const REMEMBERED_BITS: u32 = 15;

/// Copies of a packet with a non-zero identification field may be this far apart. A sender that repeats a segment takes a
/// new identification (RFC 6864 section 4.2 allows repeating one only after the maximum datagram lifetime), so the bound
/// only has to exceed the delay between two capture points.
const WITHIN_WITH_ID: Duration = Duration::from_millis(500);

/// The same where only the timestamps option tells copies from repetitions: below the clock tick of 10 ms or less that
/// common stacks use (RFC 7323 section 5.4 allows up to 1 s), and below the least retransmission timeout of 200 ms of Linux.
const WITHIN_WITH_TIMESTAMPS: Duration = Duration::from_millis(10);

/// The same where nothing tells copies from repetitions: below any retransmission or delayed-ACK timer.
const WITHIN_BARE: Duration = Duration::from_millis(2);

/// Frames without time count as copies only next to each other.
const FRAMES_WITHOUT_TIME: u64 = 2;

/// A direct-mapped memory of the packets seen last.
pub(super) struct Duplicates {
    seen: Box<[Seen]>,
}

/// A packet that was seen: its signature's digest, and its [`moment`].
#[derive(Clone, Copy)]
struct Seen {
    digest: u32,
    moment: u32,
}

/// What is to be known of a packet to tell whether it is a copy.
pub(super) struct Packet {
    signature: Signature,
    moment: u32,
}

impl Packet {
    /// Of this segment. `ends`: the hash of its ends.
    #[inline]
    pub(super) fn new(segment: &Segment, ends: u64) -> Self {
        Self { signature: signature(segment, ends), moment: moment(segment) }
    }
}

/// What tells a packet from others that are not its copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Signature {
    /// A hash that is never zero and, with the hash of a flow's ends in it, keyed anew in every run, so that nobody can make a
    /// packet that is taken for a copy of another.
    digest: u32,
    /// Its place in the memory. Not keyed: packets take each other's places, and the same ones are to do so in every run.
    place: u32,
}

/// When a packet was captured, in units of 1,024 ns modulo 2³² (73 minutes); of a frame without time its number.
#[inline]
fn moment(segment: &Segment) -> u32 {
    match segment.time {
        Some(time) => (time.nanos() >> 10) as u32,
        None => segment.frame.get() as u32,
    }
}

impl Duplicates {
    pub(super) fn new() -> Self {
        Self { seen: vec![Seen { digest: 0, moment: 0 }; 1 << REMEMBERED_BITS].into_boxed_slice() }
    }

    /// Whether the same packet as this one of a segment was seen a moment ago; remembers it.
    #[inline]
    pub(super) fn is_copy(&mut self, segment: &Segment, packet: Packet) -> bool {
        let Packet { signature: Signature { digest, place }, moment } = packet;
        let before = std::mem::replace(&mut self.seen[place as usize], Seen { digest, moment });
        before.digest == digest && is_within_bound(segment, before.moment, moment)
    }
}

/// Everything of a packet that a copy of it shares: not the time to live, which a router between two capture points lowers,
/// nor link addresses. `ends`: a hash of its ends, in either order, that stands for the addresses; which way it went, the ports say, or
/// else the numbers.
#[inline]
fn signature(segment: &Segment, ends: u64) -> Signature {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15; // 2⁶⁴ divided by the golden ratio, the usual multiplicative hash
    let numbers = u64::from(segment.seq.0) << 32 | u64::from(segment.ack.0);
    let fields = u64::from(segment.flags.bits())
        | u64::from(segment.window.unwrap_or(0)) << 12
        | u64::from(segment.ip_id.unwrap_or(0)) << 28
        | u64::from(segment.source.port) << 44
        // A frame without time never equals one with.
        | u64::from(segment.time.is_some()) << 60;
    let (value, echo) = segment.options.timestamps().unwrap_or((0, 0));
    let clock = u64::from(value) << 32 | u64::from(echo);
    let sack = segment.options.sack().map_or(0, |(left, right)| u64::from(left.0) << 32 | u64::from(right.0));
    let rest = sack.rotate_left(24) ^ u64::from(segment.payload_len) ^ u64::from(segment.destination.port) << 44;
    let digest = fold(fold(numbers ^ ends, fields ^ ODD) ^ clock, rest ^ ODD.rotate_left(32)) as u32 | 1;
    // By what tells the probes of a scan apart, too: the last octets of the addresses, and the port.
    let host = |end: Endpoint| u128::from_be_bytes(end.address) as u32;
    let hosts = u64::from(host(segment.source)) << 32 | u64::from(host(segment.destination));
    let spread = fold(numbers ^ hosts, fields ^ u64::from(segment.destination.port) << 16 ^ ODD);
    Signature { digest, place: (spread >> (u64::BITS - REMEMBERED_BITS)) as u32 }
}

/// Recognises copies among the segments of one flow, when the flow table is no longer at work.
#[derive(Clone, Debug, Default)]
pub struct Copies {
    /// Signatures and moments, the latest last.
    recent: VecDeque<(Signature, u32)>,
}

impl Copies {
    /// Segments by which a further copy of a packet may follow it.
    const WITHIN: usize = 24;

    /// Whether the same packet was captured a moment ago; remembers it. Resets are left to the flow table.
    pub fn is_copy(&mut self, segment: &Segment) -> bool {
        // Its ends are those of its flow.
        let (signature, now) = (signature(segment, 0), moment(segment));
        let is_same = |&(before, then): &(Signature, u32)| before == signature && is_within_bound(segment, then, now);
        let is_copy = super::connection::tells_copies(segment) && self.recent.iter().any(is_same);
        if self.recent.len() == Self::WITHIN {
            self.recent.pop_front();
        }
        self.recent.push_back((signature, now));
        is_copy
    }
}

fn is_within_bound(segment: &Segment, before: u32, now: u32) -> bool {
    // The capture's clock may have gone backwards.
    let apart = u64::from((now.wrapping_sub(before) as i32).unsigned_abs());
    let within = if segment.time.is_none() {
        return apart <= FRAMES_WITHOUT_TIME;
    } else if segment.ip_id.is_some_and(|id| id != 0) {
        WITHIN_WITH_ID
    } else if segment.options.timestamps().is_some() {
        WITHIN_WITH_TIMESTAMPS
    } else {
        WITHIN_BARE
    };
    apart << 10 <= within.0.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::testing::segment;
    use super::*;
    use crate::tcp::TcpFlags;

    fn copies(packets: &[Segment]) -> Vec<bool> {
        let mut memory = Duplicates::new();
        packets.iter().map(|packet| memory.is_copy(packet, Packet::new(packet, 7))).collect()
    }

    #[test]
    fn a_copy_behind_a_router_has_a_lower_ttl() {
        let first = Segment { ip_id: Some(77), ..segment(1, 0) };
        let second = Segment { ttl: first.ttl - 1, ..Segment { ip_id: Some(77), ..segment(2, 3_000) } };
        assert_eq!(copies(&[first, second]), [false, true]);
    }

    #[test]
    fn a_retransmission_has_another_identification() {
        let first = Segment { ip_id: Some(77), ..segment(1, 0) };
        let second = Segment { ip_id: Some(78), ..segment(2, 3_000) };
        assert_eq!(copies(&[first, second]), [false, false]);
    }

    #[test]
    fn without_identification_only_time_tells() {
        let bare = |frame, micros| Segment { ip_id: None, flags: TcpFlags::ACK, ..segment(frame, micros) };
        assert_eq!(copies(&[bare(1, 0), bare(2, 100), bare(3, 300_000)]), [false, true, false]);
    }

    #[test]
    fn frames_without_time_must_be_neighbours() {
        let timeless = |frame| Segment { time: None, ip_id: Some(9), ..segment(frame, 0) };
        assert_eq!(copies(&[timeless(1), timeless(2)]), [false, true]);
        assert_eq!(copies(&[timeless(1), timeless(9)]), [false, false]);
    }

    #[test]
    fn what_takes_whose_place_is_the_same_in_every_run() {
        let one = segment(1, 0);
        let [first, second] = [3, 5].map(|ends| signature(&one, ends));
        assert_eq!(first.place, second.place);
        assert_ne!(first.digest, second.digest);
    }

    #[test]
    fn scans_that_repeat_one_segment_take_few_places_twice() {
        let place = |destination| signature(&Segment { destination, ip_id: None, ..segment(1, 0) }, 7).place;
        let hosts = (0..4_096).map(|number: u16| {
            let [high, low] = number.to_be_bytes();
            place(Endpoint::v4([10, 0, high, low], 80))
        });
        let ports = (0..4_096).map(|port| place(Endpoint::v4([10, 0, 0, 1], port)));
        for places in [hosts.collect::<HashSet<u32>>(), ports.collect()] {
            // As chance would have it: 32,768 · (1 − e^(−1/8)) = 3,850.
            assert!(places.len() > 3_500, "{}", places.len());
        }
    }
}
