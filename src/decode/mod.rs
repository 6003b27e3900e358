//! A frame's octets as a TCP segment, an ICMP error about one, or a note why neither. Cannot fail.

use crate::tcp::{IcmpError, Segment};

/// What one frame turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // copied once into a batch; boxing would cost an allocation a packet
pub enum Decoded {
    /// A TCP segment.
    Segment(Segment),
    /// An ICMP error that quotes a TCP segment.
    IcmpError(IcmpError),
    /// Something else, counted.
    Other,
}
