//! The rungs of a flow's ladder as people read them.

use std::fmt::Write;

use crate::report::{Flow, ResetSegment, Rung, Side, Time};

/// One segment in words.
pub(super) struct Told {
    pub(super) frame: u64,
    pub(super) time: Option<Time>,
    pub(super) from: Side,
    /// Whether it is a reset.
    pub(super) reset: bool,
    /// Whether segments in front of it are not shown.
    pub(super) gap: bool,
    /// Flags, numbers, and what is odd about it.
    pub(super) text: String,
}

/// The segments of a flow's ladder; where the report has none, its resets.
pub(super) fn of(flow: &Flow) -> Vec<Told> {
    match &flow.ladder {
        Some(ladder) => ladder.iter().map(told).collect(),
        None => flow
            .resets
            .iter()
            .flat_map(|reset| reset.segments.iter().map(|segment| reset_alone(segment, reset.claimed_sender)))
            .collect(),
    }
}

/// Who sends to whom, the client on the left.
pub(super) fn arrow(from: Side) -> &'static str {
    match from {
        Side::Client => "client --> server",
        Side::Server => "client <-- server",
    }
}

fn told(rung: &Rung) -> Told {
    let Rung { frame, time, from, flags, seq, ack, payload_bytes, window, ttl, gap, notes } = rung;
    let mut text = format!("{flags} seq {seq}");
    // Writing to a text cannot fail.
    if let Some(ack) = ack {
        let _ = write!(text, " ack {ack}");
    }
    if let Some(window) = window {
        let _ = write!(text, " win {window}");
    }
    let _ = write!(text, " len {payload_bytes} ttl {ttl}");
    if !notes.is_empty() {
        let _ = write!(text, " ({})", notes.join("; "));
    }
    Told { frame: *frame, time: *time, from: *from, reset: flags.rst(), gap: *gap, text }
}

/// A reset whose numbers cannot be made relative, since nothing else of the flow is at hand.
fn reset_alone(segment: &ResetSegment, from: Side) -> Told {
    let ResetSegment { frame, time, flags, seq, ack, window, ttl, ip_id, payload_bytes, duplicate } = segment;
    let mut text = format!("{flags} raw seq {seq} ack {ack}");
    if let Some(window) = window {
        let _ = write!(text, " win {window}");
    }
    let _ = write!(text, " len {payload_bytes} ttl {ttl}");
    if let Some(id) = ip_id {
        let _ = write!(text, " id {id}");
    }
    if *duplicate {
        text += " (second copy)";
    }
    Told { frame: *frame, time: *time, from, reset: true, gap: false, text }
}
