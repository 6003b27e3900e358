//! Which flows the user asks for: by endpoint, by time, by a pasted log line.
//!
//! Plain values and functions over a small view of each flow. Does no I/O, looks up no name and reads no clock:
//! the zone of a time without one is an argument, a missing day or year comes from the capture.

mod endpoint;
mod scan;
mod when;

pub use endpoint::EndpointFilter;
pub use when::{Around, DEFAULT_TOLERANCE, Span, WrittenTime};
