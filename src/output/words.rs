use std::fmt::Display;

use super::clock::Zone;
use super::sanitize::sanitize;
use crate::report::{Report, Teardown, Time};

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
    let capture = &report.capture;
    if capture.frames == 0 {
        return vec!["The capture is empty: it has no frames.".to_owned()];
    }
    let when = span.map(|span| format!(" {}", period(span, zone))).unwrap_or_default();
    if capture.flows == 0 {
        return vec![format!("No TCP in {}{when}.", count(capture.frames, "frame"))];
    }

    let teardown = &report.summary.teardown;
    let endings: Vec<_> = WORST_FIRST
        .into_iter()
        .filter(|&how| teardown.of(how) > 0)
        .map(|how| format!("{} {}", teardown.of(how), in_summary(how)).replace(' ', "\u{a0}"))
        .collect();
    let endings = if endings.is_empty() { String::new() } else { format!(": {}", endings.join(", ")) };
    let flows = match &report.selection {
        Some(selection) => {
            let criteria: Vec<_> = selection.criteria.iter().map(|text| sanitize(text)).collect();
            let chosen = if criteria.is_empty() { String::new() } else { format!(" ({})", criteria.join(", ")) };
            format!("{} of {} chosen{chosen}", selection.flows, count(capture.flows, "flow"))
        }
        None => count(capture.flows, "flow"),
    };
    let mut lines = vec![format!("{flows}{when}{endings}.")];

    let resets = report.summary.senders.total();
    lines.push(match (&report.selection, resets) {
        (None, 0) if capture.rst_segments == 0 => "Nothing was reset: no segment has the RST bit.".to_owned(),
        (None, 0) => format!("Nothing was reset, though {} seen.", rsts(capture.rst_segments)),
        (Some(_), 0) => "None of them was reset.".to_owned(),
        (None, _) => format!("{} in {}.", count(resets, "reset"), count(capture.rst_segments, "RST frame")),
        (Some(_), _) => format!("{} in them.", count(resets, "reset")),
    });
    if let Some(note) = report.selection.as_ref().and_then(|selection| selection.note.as_ref()) {
        lines.push(sanitize(note).into_owned());
    }
    lines
}

fn rsts(n: u64) -> String {
    format!("{} {}", count(n, "RST frame"), verb(n, "was", "were"))
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
fn period((first, last): (Time, Time), zone: &Zone) -> String {
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
