//! HTTP/2 in the clear: RFC 9113.

use super::declared::{Declared, Reason};
use super::message::Message;
use super::octets::Octets;
use super::packets::{Packet, walk};
use super::stream::Stream;
use super::text::bounded;
use super::{Application, Protocol, Talk};

/// What a client begins with (section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Octets of a frame's head.
const HEAD: usize = 9;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// The last type of RFC 9113; extensions use up to 0x10.
const LAST_TYPE: u8 = 0x10;

const END_STREAM: u8 = 1;

/// The length, type, flags and stream of a frame.
fn head(octets: &[u8]) -> Option<(usize, u8, u8, u32)> {
    let mut octets = Octets(octets);
    let length = octets.number(3)? as usize;
    let kind = u8::try_from(octets.number(1)?).ok()?;
    let flags = u8::try_from(octets.number(1)?).ok()?;
    let stream = octets.number(4)?;
    // The topmost bit of the stream is reserved.
    (kind <= LAST_TYPE && stream >> 31 == 0).then_some((length, kind, flags, stream))
}

fn length(octets: &[u8]) -> Option<usize> {
    head(octets).map(|(length, ..)| length + HEAD)
}

/// Whether a client that begins so speaks this.
pub(super) fn is_client(octets: &[u8]) -> bool {
    octets.starts_with(PREFACE)
}

/// Whether a server that begins so speaks this: SETTINGS of whole entries, on stream 0.
pub(super) fn is_server(octets: &[u8]) -> bool {
    matches!(head(octets), Some((length, SETTINGS, 0, 0)) if length % 6 == 0 && length <= 120)
}

/// IANA, HTTP/2 error codes.
fn error(code: u32) -> (String, Reason) {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    let name = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    let reason = match code {
        0 => Reason::Unavailable,
        4 => Reason::Timeout,
        11 => Reason::Limit,
        1 | 3 | 5 | 6 | 9 | 12 | 13 => Reason::Protocol,
        _ => Reason::Other,
    };
    (name.map_or_else(|| format!("error {code}"), |&name| name.to_owned()), reason)
}

pub(super) fn read(talk: &Talk<'_>) -> Option<Application> {
    let preface = is_client(talk.client.opening());
    // A server alone is believed only where nothing contradicts it.
    let server_alone = talk.client.is_empty() && is_server(talk.server.opening());
    if !preface && !server_alone {
        return None;
    }
    let begin = talk.client.start().saturating_add(if preface { PREFACE.len() as i64 } else { 0 });
    let sent = walk(&talk.client, begin, length);
    let received = walk(&talk.server, talk.server.start(), length);
    let mut found =
        Application { protocol: Some(Protocol::Http2), detail: Some("HTTP/2".to_owned()), ..Application::default() };
    for (stream, frames) in [(&talk.client, &sent), (&talk.server, &received)] {
        found.declared.extend(frames.iter().filter_map(|frame| goodbye(stream, frame)));
    }
    found.declared.sort_by_key(|declared| declared.frame);

    let requests: Vec<u32> =
        sent.iter().filter_map(|frame| of_kind(frame, &[HEADERS])).map(|(stream, _)| stream).collect();
    found.requests = u32::try_from(requests.len()).unwrap_or(u32::MAX);
    let Some(&last) = requests.last() else { return Some(found) };
    found.last_request = message(&talk.client, &sent, last, &format!("the request on stream {last}"));
    found.last_response = message(&talk.server, &received, last, &format!("the response on stream {last}"));
    Some(found)
}

/// The stream of a frame of one of these types, and its flags.
fn of_kind(frame: &Packet<'_>, kinds: &[u8]) -> Option<(u32, u8)> {
    let (_, kind, flags, stream) = head(&frame.octets)?;
    kinds.contains(&kind).then_some((stream, flags))
}

/// All frames that carry a message on one stream, as one; they may be interleaved with those of others.
fn message(stream: &Stream<'_>, frames: &[Packet<'_>], id: u32, what: &str) -> Option<Message> {
    let own: Vec<_> = frames
        .iter()
        .filter_map(|frame| {
            let (of, flags) = of_kind(frame, &[HEADERS, DATA, RESET_STREAM])?;
            (of == id).then_some((frame, flags))
        })
        .collect();
    let ((first, _), (last, _)) = (own.first()?, own.last()?);
    let mut message = Message::new(stream, what.to_owned(), first.at, first.at, Some(last.end), last.end);
    let octets: i64 = own.iter().map(|(frame, _)| frame.end.min(stream.end()) - frame.at).sum();
    message.passed = u64::try_from(octets).unwrap_or(0);
    let ended = own.iter().any(|(frame, flags)| {
        // A stream that was reset has no more to come.
        let reset = of_kind(frame, &[RESET_STREAM]).is_some();
        frame.complete && (reset || flags & END_STREAM != 0)
    });
    message.complete = Some(ended);
    message.size = None;
    Some(message)
}

/// What a GOAWAY says.
fn goodbye(stream: &Stream<'_>, frame: &Packet<'_>) -> Option<Declared> {
    of_kind(frame, &[GOAWAY])?;
    let mut octets = Octets(frame.octets.get(HEAD..)?);
    let _last_stream = octets.number(4)?;
    let (name, reason) = error(octets.number(4)?);
    let debug = bounded(octets.0);
    let text = if debug.is_empty() { format!("GOAWAY {name}") } else { format!("GOAWAY {name}: {debug}") };
    Some(Declared { by: stream.way, frame: frame.frame, time: frame.time, reason, text })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Dialogue, abuse};
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u8, body: &[u8]) -> Vec<u8> {
        [&[0, 0, body.len() as u8, kind, flags, 0, 0, 0, stream], body].concat()
    }

    fn opening() -> Vec<u8> {
        [PREFACE, &frame(SETTINGS, 0, 0, b""), &frame(HEADERS, 5, 1, b"\x82\x84\x86")].concat()
    }

    #[test]
    fn a_request_and_its_response() {
        let asked = Dialogue::new().client(1.0, &opening()).server(1.5, &frame(SETTINGS, 0, 0, b""));
        assert_eq!(asked.progress(5001.0), "waiting for the response to the request on stream 1 for 5.0 s");
        let begun = asked.server(2.0, &[frame(HEADERS, 4, 1, b"\x88"), frame(DATA, 0, 1, &[0; 91])].concat());
        assert_eq!(begun.progress(2.5), "in the middle of the response to the request on stream 1, 110 bytes received");
        let done = begun.server(3.0, &frame(DATA, END_STREAM, 1, b""));
        assert_eq!(done.progress(60_003.0), "idle for 60.0 s after the response to the request on stream 1");
        let found = done.client(4.0, &frame(HEADERS, 5, 3, b"\x82")).read(4.5);
        assert_eq!((found.requests, found.response_complete), (2, Some(false)));
    }

    #[test]
    fn a_goodbye_says_why() {
        let goodbye = |code: u8, debug: &[u8]| frame(GOAWAY, 0, 0, &[&[0, 0, 0, 1, 0, 0, 0, code], debug].concat());
        for (code, debug, text, reason) in [
            (11, &b"too_many_pings"[..], "GOAWAY ENHANCE_YOUR_CALM: too_many_pings", Reason::Limit),
            (0, b"", "GOAWAY NO_ERROR", Reason::Unavailable),
            (77, b"", "GOAWAY error 77", Reason::Other),
        ] {
            let found = Dialogue::new().client(1.0, &opening()).server(2.0, &goodbye(code, debug)).read(2.5);
            let declared = found.declared.first().expect("a reason");
            assert_eq!((declared.text.as_str(), declared.reason), (text, reason));
        }
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        abuse(&opening(), &[frame(SETTINGS, 0, 0, b""), frame(GOAWAY, 0, 0, &[0; 20])].concat());
    }
}
