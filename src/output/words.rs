use std::fmt::Display;

use super::clock::Zone;
use super::frames::Frames;
use super::sanitize::sanitize;
use crate::report::{Confidence, Flow, Mechanism, Report, Reset, Selection, Sender, Side, Teardown, Time};

/// How a flow ended, as a cell of a table.
pub(super) fn ended(teardown: Teardown) -> &'static str {
    match teardown {
        Teardown::Fin => "closed",
        Teardown::Reset => "reset",
        Teardown::Refused => "refused",
        Teardown::ResetAfterFin => "reset after FIN",
        Teardown::Unanswered => "unanswered",
        Teardown::HalfClosed => "half-closed",
        Teardown::Open => "still open",
    }
}

/// `1 flow`, `2 flows`.
pub(super) fn count(n: u64, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// The verb for `n` things: `is` or `are`, `was` or `were`.
pub(super) fn verb<'a>(n: u64, one: &'a str, many: &'a str) -> &'a str {
    if n == 1 { one } else { many }
}

/// The paragraph above everything: what was read, how its flows ended, how many resets there are.
///
/// No-break spaces hold numbers to what they count.
pub(super) fn summary(report: &Report, span: Option<(Time, Time)>, zone: &Zone) -> Vec<String> {
    let mut lines = headline(report, span, zone);
    let note = report.selection.as_ref().and_then(|selection| selection.note.as_ref());
    lines.extend(note.map(|note| sentence(&sanitize(note))));
    lines
}

/// A clause with a capital letter and a full stop.
pub(super) fn sentence(clause: &str) -> String {
    let mut rest = clause.chars();
    let first = rest.next().map(|first| first.to_ascii_uppercase());
    let stop = if clause.ends_with(['.', '?', '!']) { "" } else { "." };
    first.into_iter().chain(rest).collect::<String>() + stop
}

fn headline(report: &Report, span: Option<(Time, Time)>, zone: &Zone) -> Vec<String> {
    let capture = &report.capture;
    if capture.frames == 0 {
        return vec!["The capture is empty: it has no frames.".to_owned()];
    }
    let when = span.map(|span| format!(" {}", period(span, zone))).unwrap_or_default();
    if capture.flows == 0 {
        return vec![match capture.frames - capture.filtered_frames.min(capture.frames) {
            0 if capture.bpf.is_some() => {
                format!("None of {}{when} passes the filter.", count(capture.frames, "frame"))
            }
            looked_at => format!("No TCP in {}{when}.", count(looked_at, "frame")),
        }];
    }

    let teardown = &report.summary.teardown;
    let endings: Vec<_> = WORST_FIRST
        .into_iter()
        .filter(|&how| teardown.of(how) > 0)
        .map(|how| format!("{} {}", teardown.of(how), in_summary(how)).replace(' ', "\u{a0}"))
        .collect();
    let endings = if endings.is_empty() { String::new() } else { format!(": {}", endings.join(", ")) };
    let resets = report.summary.senders.total();
    let mut lines = match &report.selection {
        Some(selection) => vec![
            format!("{}{when} {}{endings}.", chosen(selection.flows, capture.flows), matching(selection)),
            match resets {
                0 if selection.flows == 0 => String::new(),
                0 => format!("{} not reset.", verb(selection.flows, "It was", "They were")),
                _ => format!("{} in {}.", count(resets, "reset"), verb(selection.flows, "it", "them")),
            },
        ],
        None => vec![
            format!("{}{when}{endings}.", count(capture.flows, "flow")),
            match (resets, capture.rst_segments) {
                (0, 0) => "Nothing was reset: no segment has the RST bit.".to_owned(),
                (0, n) => {
                    format!("Nothing was reset, though {} {} seen.", count(n, "RST frame"), verb(n, "was", "were"))
                }
                (_, n) => format!("{} in {}.", count(resets, "reset"), count(n, "RST frame")),
            },
        ],
    };
    lines.retain(|line| !line.is_empty());
    lines
}

/// `3 of 40 flows`, `none of 40 flows`.
fn chosen(selected: u64, all: u64) -> String {
    let selected = if selected == 0 { "None".to_owned() } else { selected.to_string() };
    format!("{selected} of {}", count(all, "flow"))
}

/// `match endpoint 10.0.0.5:443 and ...`.
fn matching(selection: &Selection) -> String {
    let criteria: Vec<_> = selection.criteria.iter().map(|text| sanitize(text)).collect();
    format!("{} {}", verb(selection.flows.max(1), "matches", "match"), criteria.join(" and "))
}

/// The order in which people want to hear it.
const WORST_FIRST: [Teardown; 7] = [
    Teardown::Reset,
    Teardown::ResetAfterFin,
    Teardown::Refused,
    Teardown::Unanswered,
    Teardown::HalfClosed,
    Teardown::Open,
    Teardown::Fin,
];

fn in_summary(teardown: Teardown) -> &'static str {
    match teardown {
        Teardown::Fin => "closed by FIN",
        other => ended(other),
    }
}

/// `on 2026-11-21 from 10:26:00 to 10:31:12 UTC`, with both dates where they differ.
pub(super) fn period((first, last): (Time, Time), zone: &Zone) -> String {
    let (day, last_day) = (zone.date(first), zone.date(last));
    let (from, to) = (zone.clock(first), zone.clock(last));
    let (name, last_name) = (zone.name(first), zone.name(last));
    if day != last_day {
        let name = if name == last_name { String::new() } else { format!(" {name}") };
        format!("from {day} {from}{name} to {last_day} {to} {last_name}")
    } else if from == to {
        format!("on {day} at {from} {last_name}")
    } else {
        format!("on {day} from {from} to {to} {last_name}")
    }
}

/// A file name as it can be read in a sentence.
pub(super) fn path(path: &str) -> String {
    match path {
        "-" => "standard input".to_owned(),
        path if path.contains(' ') => format!("\"{}\"", sanitize(path)),
        path => sanitize(path).into_owned(),
    }
}

/// Words joined as in a list, each safe to show.
pub(super) fn list(things: impl IntoIterator<Item = impl Display>) -> String {
    things.into_iter().map(|thing| thing.to_string()).collect::<Vec<_>>().join(", ")
}

/// `30-31 to client`, a text for each direction.
pub(super) fn rst_frames(flow: &Flow) -> Vec<String> {
    [Side::Server, Side::Client]
        .into_iter()
        .filter_map(|from| {
            let resets = flow.resets.iter().filter(|reset| reset.claimed_sender == from);
            let mut frames: Vec<u64> = resets.flat_map(|reset| reset.frames.iter().copied()).collect();
            frames.sort_unstable();
            frames.dedup();
            (!frames.is_empty()).then(|| format!("{} to {}", Frames(&frames), other_side(from)))
        })
        .collect()
}

/// Stands where there is nothing to say.
pub(super) const NOTHING: &str = "-";

/// Who sent a flow's resets, each once, with how sure that is: `middlebox (certain)`, `client (likely)`.
pub(super) fn senders(flow: &Flow) -> Vec<String> {
    let mut senders: Vec<(Sender, Option<Confidence>)> = Vec::new();
    for reset in &flow.resets {
        match senders.iter_mut().find(|(known, _)| *known == reset.sender) {
            Some((_, confidence)) => *confidence = (*confidence).max(reset.confidence),
            None => senders.push((reset.sender, reset.confidence)),
        }
    }
    let named = senders.into_iter().map(|(who, sure)| match sure {
        Some(sure) => format!("{who} ({sure})"),
        None => who.to_string(),
    });
    named.collect()
}

/// Why a flow ended as it did, with how sure that is: `closed_with_unread_data (likely)`.
pub(super) fn cause(flow: &Flow) -> String {
    match &flow.diagnosis {
        Some(diagnosis) => format!("{} ({})", diagnosis.cause, diagnosis.confidence),
        None if flow.teardown.ended_badly() || !flow.resets.is_empty() => "undetermined".to_owned(),
        None => NOTHING.to_owned(),
    }
}

/// What was going on when the flow ended, and which ICMP error came.
pub(super) fn going_on(flow: &Flow) -> Option<String> {
    // What its protocol says, where that was understood; else what the packets alone say.
    let progress = flow.application.as_ref().and_then(|application| application.progress.as_deref());
    let mut text = progress.or(flow.activity.as_deref()).unwrap_or_default().to_owned();
    if let Some(icmp) = flow.icmp.first() {
        let separator = if text.is_empty() { "" } else { "; " };
        text += &format!("{separator}ICMP from {}: {} (frame {})", icmp.reporter_in_words(), icmp.text, icmp.frame);
        if flow.icmp.len() > 1 {
            text += &format!(" and {} more", flow.icmp.len() - 1);
        }
    }
    if let Some(why) = &flow.benign {
        text += &format!("{}benign: {why}", if text.is_empty() { "" } else { "; " });
    }
    // One space between words: two mean the next cell to a script.
    let mut line = String::with_capacity(text.len());
    for word in sanitize(&text).split_whitespace() {
        line.push_str(if line.is_empty() { "" } else { " " });
        line.push_str(word);
    }
    (!line.is_empty()).then_some(line)
}

/// Whom a piece of evidence is about, and who sent a reset. A middlebox is one that nobody has met before.
pub(super) fn who(sender: Sender) -> &'static str {
    match sender {
        Sender::Client => "the client",
        Sender::Server => "the server",
        Sender::Middlebox => "a middlebox",
        Sender::Unknown => "no sender in particular",
    }
}

/// The side that is not this one.
pub(super) fn other_side(one: Side) -> Side {
    match one {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    }
}

/// What the sending stack did, a phrase to stand behind a colon; `None` where that is unknown.
pub(super) fn mechanism(mechanism: Mechanism) -> Option<&'static str> {
    Some(match mechanism {
        Mechanism::NoListener => "nobody listened on the port",
        Mechanism::NoConnection => "its stack knew no such connection",
        Mechanism::TimeWait => "the connection was in TIME-WAIT",
        Mechanism::DataAfterClose => "data came after its application had closed",
        Mechanism::AbortUnreadData => "its application closed with received data unread",
        Mechanism::Abort => "its application or system aborted the connection",
        Mechanism::KeepaliveTimeout => "its probes or repetitions went unanswered",
        Mechanism::BacklogOverflow => "its accept queue was full",
        Mechanism::UnacceptableAck => "the handshake was answered with an unacceptable acknowledgement",
        Mechanism::PacketFilter => "a packet filter on the host answered",
        Mechanism::Forged => "no host of the connection made it",
        Mechanism::Unknown => return None,
    })
}

/// `sent by a middlebox (certain): no host of the connection made it`; of an unknown sender with what capture would tell, and
/// with the device of the site whose resets look like it.
pub(super) fn sent_by(reset: &Reset) -> String {
    let mut text = match (reset.sender, reset.confidence) {
        (Sender::Unknown, _) => "its sender is unknown".to_owned(),
        (sender, Some(sure)) => format!("sent by {} ({sure})", who(sender)),
        (sender, None) => format!("sent by {}", who(sender)),
    };
    text += &mechanism(reset.mechanism).map_or_else(String::new, |how| format!(": {how}"));
    if let Some(product) = &reset.product {
        text += &format!("; it looks like the resets of {}", sanitize(product));
    }
    text + &reset.would_decide.map_or_else(String::new, |capture| format!("; {capture} would tell"))
}
