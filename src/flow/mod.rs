//! What happened on each connection, segment by segment.

pub mod zeek;
