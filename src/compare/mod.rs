//! What captures of the same traffic, taken at several points of its path, say of each other.
//!
//! [`connections`] finds the flows that are one connection, also through address translation; [`Clocks`] tells how the
//! clocks of the points stand to each other; [`passages`] follows every reset from point to point: where it was captured,
//! where it was not, and whether a point that lacks it would have captured it; [`differences`] lists what else changed or was lost on
//! the way. Facts alone: who sent a reset is for `attribution/` to say.

mod clock;
mod connection;
mod course;
mod crossing;
mod difference;
mod losses;
mod passage;
mod point;

pub use clock::{Clock, Clocks};
pub use connection::{Connection, View, connections};
pub use course::align;
pub use crossing::Crossing;
pub use difference::{Difference, Kind, differences};
pub use passage::{Absence, Passage, Passages, Seen, passages};
pub use point::Point;
