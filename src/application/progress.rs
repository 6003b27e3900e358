//! What was under way when the connection ended, in one phrase.

use super::message::Message;
use super::{Application, Protocol, Talk};
use crate::tcp::{Duration, Timestamp};

/// Silence that is worth naming: the shortest idle limits of common servers are a few seconds (gunicorn 2 s, Apache and
/// Node.js 5 s), and a person's patience is about as long.
const TELLING: Duration = Duration::from_secs(1);

/// The phrase; `None` where no message was understood.
pub(super) fn phrase(application: &Application, talk: &Talk<'_>) -> Option<String> {
    let end = talk.end;
    let answer = application.protocol?.answer();
    let response = application.last_response.as_ref();
    let Some(request) = application.last_request.as_ref() else {
        let response = response?;
        return Some(match response.complete {
            Some(false) => format!("in the middle of {}, {} sent", response.what, octets(response.passed)),
            _ => after(response, &response.what, end),
        });
    };
    let answered = response.filter(|response| response.first_frame > request.first_frame);
    if request.complete == Some(false) {
        return Some(sending(request, answered));
    }
    Some(match answered {
        None if !talk.server_heard => {
            format!("{}; the server's packets were not captured", ago(request.last, end, &request.what))
        }
        None => waiting(request, response, answer, end),
        Some(response) => receiving(request, response, answer, end),
    })
}

fn sending(request: &Message, answered: Option<&Message>) -> String {
    let sent = octets(request.passed);
    let mut text = match request.size {
        Some(size) => format!("in the middle of {} of {}, {sent} sent", request.what, octets(size)),
        None => format!("in the middle of {}, {sent} sent", request.what),
    };
    if let Some(answer) = answered {
        text.push_str(&format!("; the server had already answered {}", answer.what));
    }
    text
}

fn waiting(request: &Message, before: Option<&Message>, answer: &str, end: Option<Timestamp>) -> String {
    let idle = before
        .and_then(|before| since(before.last, request.begun))
        .filter(|idle| *idle >= TELLING)
        .map(|idle| format!(" sent after {} of idleness", duration(idle)));
    let idle = idle.unwrap_or_default();
    match since(request.last, end) {
        Some(waited) if waited >= TELLING => {
            format!("waiting for the {answer} to {}{idle} for {}", request.what, duration(waited))
        }
        Some(waited) => format!("{} after {}{idle}; no byte of a reply", duration(waited), request.what),
        None => format!("waiting for the {answer} to {}{idle}", request.what),
    }
}

fn receiving(request: &Message, response: &Message, answer: &str, end: Option<Timestamp>) -> String {
    let stalled = since(response.last, end).filter(|silent| *silent >= TELLING);
    match (response.complete, response.size) {
        (Some(true), _) => match (stalled, since(response.last, end)) {
            (Some(idle), _) => format!("idle for {} after the {answer} to {}", duration(idle), request.what),
            (None, Some(short)) => {
                format!("{} after the complete {answer} to {}", duration(short), request.what)
            }
            (None, None) => format!("after the complete {answer} to {}", request.what),
        },
        (_, Some(size)) if size > 0 => {
            let stalled = stalled.map(|silent| format!(", stalled for {}", duration(silent))).unwrap_or_default();
            format!("at {} of {} download ({}){stalled}", percent(response.passed, size), sized(size), request.what)
        }
        (Some(false), _) => {
            let stalled = stalled.map(|silent| format!(", stalled for {}", duration(silent))).unwrap_or_default();
            format!("in the middle of the {answer} to {}, {} received{stalled}", request.what, octets(response.passed))
        }
        (None, _) => match since(response.last, end) {
            Some(silent) => format!(
                "{} after {} of the {answer} to {}, whose end is not known",
                duration(silent),
                octets(response.passed),
                request.what
            ),
            None => format!("after {} of the {answer} to {}", octets(response.passed), request.what),
        },
    }
}

/// Something that stands alone, and how long ago its last octet passed.
pub(super) fn after(message: &Message, what: &str, end: Option<Timestamp>) -> String {
    match since(message.last, end) {
        Some(silent) if silent >= TELLING => format!("idle for {} after {what}", duration(silent)),
        _ => ago(message.last, end, what),
    }
}

/// How long ago something was.
pub(super) fn ago(earlier: Option<Timestamp>, end: Option<Timestamp>, what: &str) -> String {
    match since(earlier, end) {
        Some(length) => format!("{} after {what}", duration(length)),
        None => format!("after {what}"),
    }
}

/// The time between; none where the clock went backwards.
pub(super) fn since(earlier: Option<Timestamp>, later: Option<Timestamp>) -> Option<Duration> {
    Some(later?.since(earlier?)).filter(|length| length.0 >= 0)
}

impl Protocol {
    /// What this protocol's people call an answer.
    fn answer(self) -> &'static str {
        match self {
            Self::Http | Self::Http2 => "response",
            _ => "reply",
        }
    }
}

/// `a 10 MB`, `an 8 MB`, `a 512-byte`: in front of a noun.
fn sized(size: u64) -> String {
    let text = if size < 1_000 { format!("{size}-byte") } else { octets(size) };
    let number = text.split(['.', ' ', '-']).next().unwrap_or_default();
    // Eight, eighty, eight hundred, eleven and eighteen begin with a vowel.
    let article = if number.starts_with('8') || number == "11" || number == "18" { "an" } else { "a" };
    format!("{article} {text}")
}

/// Rounded down, so that 100 % means all of it.
fn percent(part: u64, whole: u64) -> String {
    let percent = u128::from(part) * 100 / u128::from(whole.max(1));
    format!("{percent} %")
}

/// `0.4 ms`, `350.1 s`: the unit in which limits are configured, with a tenth.
pub(super) fn duration(length: Duration) -> String {
    match length.0 {
        nanos @ ..100_000 => format!("{} µs", nanos / 1_000),
        nanos @ ..999_950_000 => tenths(nanos, 1_000_000, "ms"),
        nanos => tenths(nanos, 1_000_000_000, "s"),
    }
}

/// Rounded, as evidence has the same lengths of time.
fn tenths(number: i64, unit: i64, name: &str) -> String {
    let tenths = (i128::from(number) * 10 + i128::from(unit / 2)) / i128::from(unit);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// `512 bytes`, `1.1 MB`, `10 MB`.
pub(super) fn octets(count: u64) -> String {
    let scaled = |unit: u64, name: &str| match count % unit * 10 / unit {
        0 => format!("{} {name}", count / unit),
        tenth => format!("{}.{tenth} {name}", count / unit),
    };
    match count {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => scaled(1_000, "kB"),
        1_000_000..1_000_000_000 => scaled(1_000_000, "MB"),
        _ => scaled(1_000_000_000, "GB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        for (nanos, text) in [
            (0, "0 µs"),
            (99_999, "99 µs"),
            (400_000, "0.4 ms"),
            (999_999_999, "1.0 s"),
            (3_200_000_000, "3.2 s"),
            (350_100_000_000, "350.1 s"),
            (i64::MAX, "9223372036.9 s"),
        ] {
            assert_eq!(duration(Duration(nanos)), text);
        }
        for (count, text) in
            [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_100_000, "1.1 MB"), (10_000_000, "10 MB")]
        {
            assert_eq!(octets(count), text);
        }
        for (size, text) in [
            (512, "a 512-byte"),
            (8, "an 8-byte"),
            (10_000_000, "a 10 MB"),
            (8_000, "an 8 kB"),
            (11_500, "an 11.5 kB"),
            (110_000, "a 110 kB"),
        ] {
            assert_eq!(sized(size), text);
        }
        assert_eq!(percent(u64::MAX, u64::MAX), "100 %");
        assert_eq!((percent(999, 1000), percent(5, 0)), ("99 %".to_owned(), "500 %".to_owned()));
    }
}
