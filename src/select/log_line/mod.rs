//! What a pasted log line or error says about a connection: endpoints, time, error.
//!
//! Lines have no grammar in common, so nothing here knows a product's format as a whole: it knows the shapes in which
//! addresses, ports and times are written, and refuses what only looks like one (versions, hardware addresses, source lines).

mod error;
mod mentions;
mod ports;

use jiff::tz::TimeZone;

pub use error::LoggedError;
pub use mentions::{Mention, Role};

use super::when::{self, WrittenTime};

/// What a line says. Any part may be missing.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// Addresses in the order of the line; those that look like something else only where there are no others.
    pub mentions: Vec<Mention>,
    /// Pairs of `mentions` that the line writes as the two ends of one connection.
    pub pairs: Vec<(usize, usize)>,
    /// Ports that belong to a name or to no address at all.
    pub ports: Vec<u16>,
    /// Host names; a capture has no names, so they only help to say what is missing.
    pub names: Vec<String>,
    /// When it was written.
    pub time: Option<WrittenTime>,
    /// What went wrong.
    pub error: Option<LoggedError>,
}

impl LogLine {
    /// Reads whatever the line says; a time without a zone is meant in `zone`.
    ///
    /// Fails where it says nothing to look for: neither an address nor a port nor a time.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, String> {
        let (mentions, pairs) = mentions::find(text);
        let (names, ports) = ports::of_names(text);
        let line = Self { mentions, pairs, ports, names, time: find_time(text, zone), error: LoggedError::find(text) };
        if !line.mentions.is_empty() || !line.ports.is_empty() || line.time.is_some() {
            return Ok(line);
        }
        let name = line.names.first().map_or(String::new(), |name| format!(" (a capture has no names such as {name})"));
        Err(format!(
            "no address, port or time in the line{name}: paste more of it, or say --endpoint ADDR:PORT or --around TIME"
        ))
    }
}

/// The time of the line: one with a day and a zone before one with a day, that before a mere time of day,
/// that before a number which may be seconds since 1970; among equals the first.
fn find_time(text: &str, zone: &TimeZone) -> Option<WrittenTime> {
    let bytes = text.as_bytes();
    let mut best: Option<(u8, WrittenTime)> = None;
    let mut at = 0;
    while at < text.len() {
        let starts = starts_time(bytes.get(..at).unwrap_or_default());
        let found = starts.then(|| text.get(at..)).flatten().and_then(|rest| when::read(rest, zone));
        if let Some((time, length)) = found
            && let Some(rank) = rank(&time)
        {
            at += length;
            if best.as_ref().is_none_or(|(best, _)| rank < *best) {
                best = Some((rank, time));
            }
        } else {
            at += 1;
        }
    }
    best.map(|(_, time)| time)
}

/// Whether a time may start behind this: not inside a word, a number, a hardware address or a path.
fn starts_time(before: &[u8]) -> bool {
    match before {
        [.., quote, b':'] => !quote.is_ascii_alphanumeric() && *quote != b':',
        [.., byte] => !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b':' | b'-' | b'_' | b'/' | b'+'),
        [] => true,
    }
}

/// How much a written time looks like the time of a line; lower is better, `None` is not at all.
fn rank(time: &WrittenTime) -> Option<u8> {
    let text = time.text();
    let is_epoch = !text.contains([':', '-', '/']);
    // `duration 0:00:30` and `line 10:26` are no times of day: those of logs have two digits an hour, and seconds.
    let is_clock = text.as_bytes().get(2) == Some(&b':') && text.as_bytes().get(5) == Some(&b':');
    match (time.names_day(), time.names_zone()) {
        _ if !time.names_clock() => None,
        _ if is_epoch => Some(3),
        (true, true) => Some(0),
        (true, false) => Some(1),
        (false, _) => is_clock.then_some(2),
    }
}

#[cfg(test)]
mod tests;
