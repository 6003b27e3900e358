//! A flow in one line, for a terminal where lines follow each other and for logs that grow.

use super::Zone;
use super::sanitize::sanitize;
use super::words::{NOTHING, cause, senders, sentence};
use crate::report::Flow;

/// How lines are to look.
#[derive(Clone, Debug)]
pub struct LineOptions {
    /// Cut lines to so many columns, and leave the date out, as somebody looks on.
    pub width: Option<usize>,
    /// The zone of times.
    pub zone: Zone,
}

/// When the latest reset came, both ends, who sent it and why, and what that means; no line feed. `provisional`: more may
/// follow that changes it.
pub fn of(flow: &Flow, provisional: bool, options: &LineOptions) -> String {
    let time = flow.resets.iter().filter_map(|reset| reset.time).max().or(flow.last_time);
    let time = time.map_or_else(
        || NOTHING.to_owned(),
        |time| match options.width {
            Some(_) => options.zone.clock_millis(time),
            None => options.zone.rfc3339_millis(time),
        },
    );
    let by = senders(flow).join(", ");
    let by = if by.is_empty() { String::new() } else { format!("reset by {by}, ") };
    let provisional = if provisional { ", provisional" } else { "" };
    let meaning = match (&flow.diagnosis, &flow.benign) {
        (Some(diagnosis), _) => format!(": {}", sentence(&sanitize(&diagnosis.sentence))),
        (None, Some(why)) => format!(": benign: {}", sentence(&sanitize(why))),
        (None, None) => String::new(),
    };
    let (id, client, server) = (flow.id, flow.client, flow.server);
    let line = format!("{time}  flow {id}  {client} -> {server}  {by}{}{provisional}{meaning}", cause(flow));
    match options.width {
        Some(width) if line.chars().count() > width => {
            line.chars().take(width.saturating_sub(1)).chain(['\u{2026}']).collect()
        }
        _ => line,
    }
}
