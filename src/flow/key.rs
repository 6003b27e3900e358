//! What finding the flow of a segment needs, and what needs no flow. Computed ahead, by another thread where there is one.

use std::hash::BuildHasher;
use std::num::NonZeroU32;

use foldhash::fast::RandomState;

use super::duplicate::{Duplicates, Packet};
use crate::tcp::{Endpoint, Segment};

/// What is known of a segment before its flow is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// The hash of its addresses and ports.
    pub(super) hash: u64,
    /// The same packet was captured a moment ago.
    pub(super) copy: bool,
    /// One more than the place of the flow that it likely belongs to.
    pub(super) flow: Option<NonZeroU32>,
}

/// Makes the keys of all segments for one [`super::FlowTable`], in the order of the capture.
pub struct Keyer {
    hasher: EndsHasher,
    duplicates: Duplicates,
    /// Those of a batch that was not completed yet.
    packets: Vec<Packet>,
}

/// Hashes the ends of flows, the same for both directions. Keyed anew in every run, so that nobody can choose ports that collide.
#[derive(Clone)]
pub struct EndsHasher {
    seeds: [u64; 4],
}

impl Keyer {
    /// For a table that hashes so.
    pub(super) fn new(hasher: EndsHasher) -> Self {
        Self { hasher, duplicates: Duplicates::new(), packets: Vec::new() }
    }

    /// The key of the next segment.
    #[inline]
    pub fn key(&mut self, segment: &Segment) -> Key {
        let hash = self.hasher.hash(segment.source, segment.destination);
        Key { hash, copy: self.duplicates.is_copy(segment, Packet::new(segment, hash)), flow: None }
    }

    /// The same for a segment of a batch, put at the end of its keys. Whether it is a copy is only said when [`Self::complete`] has been
    /// called.
    #[inline]
    pub fn push(&mut self, segment: &Segment, keys: &mut Vec<Key>) {
        let hash = self.hasher.hash(segment.source, segment.destination);
        self.packets.push(Packet::new(segment, hash));
        keys.push(Key { hash, copy: false, flow: None });
    }

    /// Finishes the keys that [`Self::push`] made of these segments, all since it was called last.
    pub fn complete(&mut self, segments: &[Segment], keys: &mut [Key]) {
        // All at once: none waits for another, so that their ways to memory overlap.
        for ((segment, key), packet) in segments.iter().zip(keys).zip(self.packets.drain(..)) {
            if self.duplicates.is_copy(segment, packet) {
                key.copy = true;
            }
        }
    }
}

impl Default for EndsHasher {
    fn default() -> Self {
        let random = RandomState::default();
        Self { seeds: [0, 1, 2, 3].map(|seed: u64| random.hash_one(seed)) }
    }
}

impl EndsHasher {
    /// The hash of a flow's ends, in either order.
    ///
    /// Products of numbers that only this run knows, folded as by foldhash. The addresses are hashed one by one and added, since
    /// a sum does not care for order; the ports are put in order.
    #[inline]
    pub fn hash(&self, one: Endpoint, other: Endpoint) -> u64 {
        let [low, high, sum, ports] = self.seeds;
        let address = |end: Endpoint| {
            let octets = u128::from_ne_bytes(end.address);
            fold(octets as u64 ^ low, (octets >> 64) as u64 ^ high)
        };
        let addresses = address(one).wrapping_add(address(other));
        let in_order = u64::from(one.port.min(other.port)) << 16 | u64::from(one.port.max(other.port));
        fold(addresses ^ sum, in_order ^ ports)
    }
}

/// All of a product in half of its octets.
#[inline]
pub(super) fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::testing::segment;
    use super::*;

    /// Connections of a few hosts with near addresses and ports, of both families: what a weak hash would let collide.
    fn near() -> Vec<(Endpoint, Endpoint)> {
        let mut ends = Vec::new();
        for host in 0..8 {
            for port in 0..64 {
                ends.push(Endpoint::v4([10, 0, 0, host], 1024 + port));
                let mut address = [0; 16];
                (address[0], address[7], address[15]) = (0x20, host, host);
                ends.push(Endpoint::v6(address, 1024 + port));
            }
        }
        ends.iter().flat_map(|one| ends.iter().map(|other| (*one, *other))).filter(|(one, other)| one < other).collect()
    }

    #[test]
    fn keys_made_in_batches_are_those_made_one_by_one() {
        // Copies one to some thirty segments behind what they are copies of, in batches that end anywhere.
        let mut segments = Vec::new();
        for frame in 1..=600 {
            let behind = frame % 31;
            let one = match segments.len().checked_sub(behind as usize) {
                Some(place) if frame % 3 == 0 && place < segments.len() => segments[place],
                _ => segment(frame, 0),
            };
            segments.push(one);
        }
        let hasher = EndsHasher::default();
        let mut keyer = Keyer::new(hasher.clone());
        let wanted: Vec<Key> = segments.iter().map(|one| keyer.key(one)).collect();
        assert!(wanted.iter().filter(|key| key.copy).count() > 100);
        for size in [1, 7, 8, 9, 16, 100, 600] {
            let mut keyer = Keyer::new(hasher.clone());
            let mut made = Vec::new();
            for some in segments.chunks(size) {
                let mut keys = Vec::new();
                some.iter().for_each(|one| keyer.push(one, &mut keys));
                keyer.complete(some, &mut keys);
                made.append(&mut keys);
            }
            assert!(made.iter().eq(&wanted), "{size}");
        }
    }

    #[test]
    fn hashes_of_near_ends_are_the_same_both_ways_and_differ_otherwise() {
        let hasher = EndsHasher::default();
        let near = near();
        assert!(near.iter().all(|(one, other)| hasher.hash(*one, *other) == hasher.hash(*other, *one)));
        // Two connections whose ends have only swapped ports share a hash, and no others do.
        let mut apart = HashSet::new();
        let kinds = near.iter().map(|(one, other)| {
            let addresses = (one.address.min(other.address), one.address.max(other.address));
            (addresses, (one.port.min(other.port), one.port.max(other.port)))
        });
        let kinds: HashSet<_> = kinds.collect();
        apart.extend(near.iter().map(|(one, other)| hasher.hash(*one, *other)));
        assert_eq!(apart.len(), kinds.len());
        // As many different upper and lower halves as chance would have it.
        for shift in [0, 32, 44] {
            let parts: HashSet<u32> = apart.iter().map(|hash| (hash >> shift) as u32 & 0xf_ffff).collect();
            let space = f64::from(1u32 << 20);
            let expected = space * (1.0 - (-(apart.len() as f64) / space).exp());
            assert!((parts.len() as f64) > 0.99 * expected, "{} of {expected}", parts.len());
        }
        assert_ne!(hasher.hash(near[0].0, near[0].1), EndsHasher::default().hash(near[0].0, near[0].1));
    }
}
