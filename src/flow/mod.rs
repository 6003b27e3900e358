//! Segments become flows: the facts of every TCP connection, and no judgement.
//!
//! A *flow* is one connection, both directions. [`FlowTable`] finds the flow of a segment, [`Flow`] keeps what an
//! observer can know of it: sequence coverage, windows, handshake, resets with their circumstances, how it ended.
//! Nothing here says who really sent a reset, or why.

mod connection;
mod coverage;
mod duplicate;
mod endpoint;
mod flows;
mod followed;
mod hint;
mod inputs;
mod key;
mod limits;
mod profile;
mod reset;
mod role;
mod stream;
mod table;
mod teardown;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod way;
pub mod zeek;

pub use connection::{Detail, Flow, IcmpEvidence, REORDERED, Turn};
pub use duplicate::Copies;
pub use endpoint::{Ended, EndpointFacts, Rare};
pub use flows::Flows;
pub use followed::Followed;
pub use hint::{Hints, News};
pub use inputs::InputSet;
pub use key::{EndsHasher, Key, Keyer};
pub use limits::{Limits, Totals};
pub use profile::Profile;
pub use reset::{Form, Phase, ResetSegment};
pub use role::{RoleSource, Roles};
pub use stream::{Stream, StreamSide};
pub use table::FlowTable;
pub use teardown::Teardown;
pub use way::{Pair, Way};
