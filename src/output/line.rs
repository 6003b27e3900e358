//! A flow in one line, for terminals and logs that grow.

use super::Zone;
use super::sanitize::sanitize;
use super::words::{NOTHING, cause, senders, sentence};
use crate::report::Flow;

/// Time of the latest reset, both ends, who reset it, why, and what that means. Of a verdict that more may follow to, the sender
/// of it is not named as the last word.
pub fn of(flow: &Flow, provisional: bool, zone: &Zone) -> String {
    let time = flow.resets.iter().filter_map(|reset| reset.time).max().or(flow.last_time);
    let time = time.map_or_else(|| NOTHING.to_owned(), |time| zone.clock_millis(time));
    let by = senders(flow).join(", ");
    let by = if by.is_empty() { String::new() } else { format!("reset by {by}, ") };
    let provisional = if provisional { ", provisional" } else { "" };
    let meaning = match (&flow.diagnosis, &flow.benign) {
        (Some(diagnosis), _) => format!(": {}", sentence(&sanitize(&diagnosis.sentence))),
        (None, Some(why)) => format!(": harmless: {}", sanitize(why)),
        (None, None) => String::new(),
    };
    let text = format!(
        "{time}  flow {}  {} -> {}  {by}{}{provisional}{meaning}",
        flow.id,
        flow.client,
        flow.server,
        cause(flow)
    );
    text
}
