//! What finding the flow of a segment needs. Computed ahead, by another thread where there is one.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::duplicate;
use crate::tcp::{Endpoint, Segment};

/// The hash of a segment's addresses and ports, and the signature of the packet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Key {
    /// The same for both directions. Keyed anew in every run, so that nobody can choose ports that collide.
    pub(super) hash: u64,
    /// The same for every copy of the packet, and in every run: which packets are remembered depends on it.
    pub(super) signature: u64,
}

/// Makes the keys for one [`super::FlowTable`].
#[derive(Clone)]
pub struct Keyer {
    seeds: [u64; 4],
}

impl Default for Keyer {
    fn default() -> Self {
        let random = RandomState::default();
        Self { seeds: [0, 1, 2, 3].map(|seed: u64| random.hash_one(seed)) }
    }
}

impl Keyer {
    /// The key of a segment.
    #[inline]
    pub fn key(&self, segment: &Segment) -> Key {
        Key { hash: self.hash(segment.source, segment.destination), signature: duplicate::signature(segment) }
    }

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
    fn hashes_of_near_ends_are_the_same_both_ways_and_differ_otherwise() {
        let keyer = Keyer::default();
        let near = near();
        assert!(near.iter().all(|(one, other)| keyer.hash(*one, *other) == keyer.hash(*other, *one)));
        // Two connections whose ends have only swapped ports share a hash, and no others do.
        let mut apart = HashSet::new();
        let kinds = near.iter().map(|(one, other)| {
            let addresses = (one.address.min(other.address), one.address.max(other.address));
            (addresses, (one.port.min(other.port), one.port.max(other.port)))
        });
        let kinds: HashSet<_> = kinds.collect();
        apart.extend(near.iter().map(|(one, other)| keyer.hash(*one, *other)));
        assert_eq!(apart.len(), kinds.len());
        // As many different upper and lower halves as chance would have it.
        for shift in [0, 32, 44] {
            let parts: HashSet<u32> = apart.iter().map(|hash| (hash >> shift) as u32 & 0xf_ffff).collect();
            let space = f64::from(1u32 << 20);
            let expected = space * (1.0 - (-(apart.len() as f64) / space).exp());
            assert!((parts.len() as f64) > 0.99 * expected, "{} of {expected}", parts.len());
        }
        assert_ne!(keyer.hash(near[0].0, near[0].1), Keyer::default().hash(near[0].0, near[0].1));
    }
}
