//! A kernel as witness: what Linux itself reported of the resets that a host sent and received, joined with a capture.
//!
//! The reports are lines of tracefs (`trace`, `trace_pipe`) by the tracepoints `tcp:tcp_send_reset`, `tcp:tcp_receive_reset`
//! and `tcp:tcp_retransmit_skb`. [`Log`] takes in such lines, [`Testimony`] says what they mean for the resets of a capture.

mod clock;
mod fields;
mod format;
mod join;
mod line;
mod log;

pub use clock::{Clock, Unjoined};
pub use join::{Heard, Silence, Testimony, Word};
pub use log::{Log, MOST_EVENTS};

/// A program that was running when a kernel sent a reset on its behalf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its name as it gave it: at most 15 octets, hostile.
    pub name: String,
    /// Its number.
    pub pid: u32,
}
