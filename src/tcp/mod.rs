//! The vocabulary: sequence numbers, flags, options, segments, time and frame numbers.
//!
//! Depends on nothing, does no I/O, and cannot fail: whatever a capture contains, every operation here is total.

mod flags;
mod frame;
mod network;
mod options;
mod segment;
mod seq;
mod time;

pub use flags::TcpFlags;
pub use frame::FrameNumber;
pub use network::Network;
pub use options::TcpOptions;
pub use segment::{Device, Endpoint, IcmpError, LinkTag, PathId, QuotedSegment, Segment};
pub use seq::SeqNum;
pub use time::{Duration, Timestamp};
