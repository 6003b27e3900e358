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
#[derive(Clone, Default)]
pub struct Keyer(RandomState);

impl Keyer {
    /// The key of a segment.
    #[inline]
    pub fn key(&self, segment: &Segment) -> Key {
        Key { hash: self.hash(segment.source, segment.destination), signature: duplicate::signature(segment) }
    }

    /// The hash of a flow's ends, in either order.
    #[inline]
    pub fn hash(&self, one: Endpoint, other: Endpoint) -> u64 {
        let of = |end: Endpoint| self.0.hash_one((u128::from_ne_bytes(end.address), end.port));
        // A sum does not care for order.
        of(one).wrapping_add(of(other))
    }
}
