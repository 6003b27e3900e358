//! Recognises a packet that was captured twice (SPAN ports, `-i any`, loopback, both sides of a router),
//! so that it is not taken for a retransmission or a second reset.

use crate::tcp::{Duration, FrameNumber, Segment, Timestamp};

/// How many recent packets are remembered, a power of two. 512 KiB: fits a level-two cache, and holds the packets of some
/// milliseconds at line rate, which is what lies between two copies.
const REMEMBERED: usize = 1 << 15;

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

#[derive(Clone, Copy)]
struct Seen {
    signature: u64,
    time: Option<Timestamp>,
    frame: FrameNumber,
}

/// A direct-mapped memory of the packets seen last.
pub(super) struct Duplicates {
    seen: Box<[Seen]>,
}

impl Duplicates {
    pub(super) fn new() -> Self {
        let never = Seen { signature: 0, time: None, frame: FrameNumber::FIRST };
        Self { seen: vec![never; REMEMBERED].into_boxed_slice() }
    }

    /// Everything of a packet that a copy of it shares, with the hash of its addresses and ports: not the time to live,
    /// which a router between two capture points lowers, nor link addresses.
    #[inline]
    pub(super) fn signature(segment: &Segment, ends: u64) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15; // 2⁶⁴ divided by the golden ratio, the usual multiplicative hash
        let mix = |state: u64, word: u64| {
            let product = u128::from(state ^ word).wrapping_mul(u128::from(ODD));
            (product as u64) ^ ((product >> 64) as u64)
        };
        let numbers = u64::from(segment.seq.0) << 32 | u64::from(segment.ack.0);
        let fields = u64::from(segment.flags.bits())
            | u64::from(segment.window.unwrap_or(0)) << 16
            | u64::from(segment.ip_id.unwrap_or(0)) << 32
            | u64::from(segment.source.port) << 48;
        let (value, echo) = segment.options.timestamps.unwrap_or((0, 0));
        let clock = u64::from(value) << 32 | u64::from(echo);
        let sack = segment.options.sack.map_or(0, |(left, right)| u64::from(left.0) << 32 | u64::from(right.0));
        let state = mix(ends, numbers);
        let state = mix(state ^ ODD, fields);
        let state = mix(state.rotate_left(17) ^ u64::from(segment.payload_len), clock);
        mix(state ^ ODD.rotate_left(32), sack ^ u64::from(segment.source.address[15]) << 8) | 1
    }

    /// Whether a packet with this signature was seen a moment ago; remembers it.
    #[inline]
    pub(super) fn is_copy(&mut self, segment: &Segment, signature: u64) -> bool {
        let place = &mut self.seen[(signature >> 40) as usize & (REMEMBERED - 1)];
        let before = *place;
        *place = Seen { signature, time: segment.time, frame: segment.frame };
        if before.signature != signature {
            return false;
        }
        match (before.time, segment.time) {
            (Some(then), Some(now)) => {
                let within = if segment.ip_id.is_some_and(|id| id != 0) {
                    WITHIN_WITH_ID
                } else if segment.options.timestamps.is_some() {
                    WITHIN_WITH_TIMESTAMPS
                } else {
                    WITHIN_BARE
                };
                let apart = now.since(then).0.unsigned_abs();
                apart <= within.0.unsigned_abs()
            }
            _ => segment.frame.get().saturating_sub(before.frame.get()) <= FRAMES_WITHOUT_TIME,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::segment;
    use super::*;
    use crate::tcp::TcpFlags;

    fn copies(packets: &[Segment]) -> Vec<bool> {
        let mut memory = Duplicates::new();
        packets.iter().map(|packet| memory.is_copy(packet, Duplicates::signature(packet, 7))).collect()
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
}
