//! Parts of packets that wait for the segment that they will be, in bounded memory.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::past::Kept;

/// Parts kept of one packet: 64 KiB in frames of an Ethernet are 45.
const MOST_OF_PACKET: usize = 64;

/// What a packet takes beside its frames: a slot at the usual load, its turn, a list.
const BESIDE_PACKET: usize = 128;

/// Parts of packets that are not whole yet.
pub(super) struct Fragments {
    limit: usize,
    octets: usize,
    packets: HashMap<u64, Vec<Kept>, RandomState>,
    /// In the order in which they began; packets that are whole stay until it is their turn.
    turns: VecDeque<u64>,
    /// The packet of the latest part.
    latest: Option<u64>,
}

impl Fragments {
    /// Keeps at most so many octets.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, octets: 0, packets: HashMap::default(), turns: VecDeque::new(), latest: None }
    }

    /// Takes in a part of this packet.
    pub(super) fn keep(&mut self, packet: u64, kept: Kept) {
        self.latest = Some(packet);
        let parts = self.packets.entry(packet).or_default();
        if parts.is_empty() {
            self.turns.push_back(packet);
            self.octets += BESIDE_PACKET;
        }
        if parts.len() < MOST_OF_PACKET {
            self.octets += kept.size();
            parts.push(kept);
        }
        while self.octets > self.limit
            && let Some(oldest) = self.turns.pop_front()
        {
            self.octets -= BESIDE_PACKET + self.packets.remove(&oldest).map_or(0, |parts| size(&parts));
        }
    }

    /// The parts of the packet that this frame made whole, in the order in which they came; none where it is no part of one, or
    /// its packet had to leave.
    pub(super) fn whole(&mut self, frame: u64) -> Vec<Kept> {
        let Some(packet) = self.latest.take() else { return Vec::new() };
        let last = self.packets.get(&packet).and_then(|parts| parts.last());
        if last.is_none_or(|last| last.number() != frame) {
            return Vec::new();
        }
        let mut parts = self.packets.remove(&packet).unwrap_or_default();
        self.octets -= size(&parts);
        parts.iter_mut().for_each(|part| part.segment = frame);
        parts
    }
}

fn size(parts: &[Kept]) -> usize {
    parts.iter().map(Kept::size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, LinkType};
    use crate::tcp::FrameNumber;

    fn kept(number: u64) -> Kept {
        let number = FrameNumber::new(number).expect("frames count from 1");
        let frame = Frame {
            number,
            input: 0,
            input_frame: number,
            time: None,
            link_type: LinkType(1),
            original_len: 100,
            bytes: &[7; 100],
        };
        Kept::new(&frame, 100)
    }

    fn numbers(parts: &[Kept]) -> Vec<(u64, u64)> {
        parts.iter().map(|part| (part.number(), part.segment)).collect()
    }

    #[test]
    fn parts_wait_for_their_segment() {
        let mut fragments = Fragments::new(1 << 20);
        for (packet, number) in [(1, 1), (2, 2), (1, 4)] {
            fragments.keep(packet, kept(number));
        }
        assert_eq!(numbers(&fragments.whole(4)), [(1, 4), (4, 4)]);
        assert!(fragments.whole(4).is_empty(), "once");
        fragments.keep(2, kept(5));
        assert!(fragments.whole(6).is_empty(), "a frame that is no part");
        fragments.keep(2, kept(7));
        assert_eq!(numbers(&fragments.whole(7)), [(2, 7), (5, 7), (7, 7)]);
    }

    #[test]
    fn memory_is_bounded() {
        const LIMIT: usize = 100_000;
        let mut fragments = Fragments::new(LIMIT);
        for number in 1..=10_000 {
            // Every third part belongs to one packet, which is the oldest soon.
            fragments.keep(if number % 3 == 0 { 1 } else { number }, kept(number));
            if number % 5 == 0 {
                fragments.whole(number);
            }
            assert!(fragments.octets <= LIMIT);
            assert!(fragments.packets.values().all(|parts| parts.len() <= MOST_OF_PACKET));
        }
        let beside = fragments.turns.len() * BESIDE_PACKET;
        assert_eq!(fragments.octets, beside + fragments.packets.values().map(|parts| size(parts)).sum::<usize>());
    }
}
