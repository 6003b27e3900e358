//! The frames that prove a report, as a pcapng file: original octets and times, comments on what decides.
//!
//! [`Writer`] writes the blocks, [`Placed`] puts the file where it belongs, or nowhere. Which frames go in, and what is said
//! of them, is for others to know.

mod placed;
mod writer;

pub use placed::Placed;
pub use writer::Writer;
