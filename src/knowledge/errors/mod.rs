//! Errors of sockets: their numbers on each system, what they look like in each language, and what happened on the wire.

mod event;
mod lookup;
mod messages;
mod numbers;
mod sayings;

pub use event::Event;
pub use lookup::{Meaning, lookup};
pub use messages::Messages;
pub use numbers::Errno;
