//! Redis: RESP, its serialisation protocol, versions 2 and 3.

use super::declared::{Declared, Reason};
use super::message::Message;
use super::stream::Stream;
use super::text::{bounded, first_line};
use super::{Application, MOST_HEAD, MOST_MESSAGES, Protocol, Talk};
use crate::tcp::FrameNumber;

/// Items of one value that are followed.
const MOST_ITEMS: u32 = 4_096;

/// The longest name of a command.
const MOST_NAME: usize = 24;

/// Whether a client that begins so speaks this: an array of bulk strings.
pub(super) fn is_client(octets: &[u8]) -> bool {
    name(octets).is_some()
}

/// Whether a server that begins so says what only this one does.
pub(super) fn is_server(octets: &[u8]) -> bool {
    const SAYINGS: [&[u8]; 4] = [b"-ERR max number of clients", b"-NOAUTH ", b"-DENIED Redis ", b"-LOADING Redis "];
    SAYINGS.iter().any(|saying| octets.starts_with(saying))
}

/// The command of a request, in capitals and without its arguments.
fn name(octets: &[u8]) -> Option<String> {
    let mut lines = octets.split(|&octet| octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let count: u32 = number(lines.next()?.strip_prefix(b"*")?)?;
    let length: usize = number(lines.next()?.strip_prefix(b"$")?)?;
    let name = lines.next()?;
    let fits = count > 0 && length == name.len() && (1..=MOST_NAME).contains(&length);
    let is_word = name.iter().all(|&octet| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'_' | b'-'));
    (fits && is_word).then(|| bounded(name).to_ascii_uppercase())
}

fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Where the value at an offset ends; `None` where that was not seen.
fn value_end(stream: &Stream<'_>, mut at: i64) -> Option<i64> {
    const MOST_LINE: usize = 256;
    let mut left: u64 = 1;
    let mut items = 0;
    while left > 0 {
        items += 1;
        if items > MOST_ITEMS {
            return None;
        }
        let octets = stream.octets(at, MOST_LINE);
        let line = first_line(&octets);
        octets.get(line.len()..line.len() + 2).filter(|end| *end == b"\r\n")?;
        at += i64::try_from(line.len()).ok()? + 2;
        let (kind, rest) = line.split_first()?;
        left -= 1;
        match kind {
            b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(' => {}
            b'$' | b'!' | b'=' => {
                let length: i64 = number(rest)?;
                if length >= 0 {
                    at = at.checked_add(length)?.checked_add(2)?;
                }
            }
            b'*' | b'~' | b'>' => left = left.checked_add(u64::try_from(number::<i64>(rest)?.max(0)).ok()?)?,
            b'%' => left = left.checked_add(number::<u64>(rest)?.checked_mul(2)?)?,
            _ => return None,
        }
    }
    Some(at)
}

struct Value {
    at: i64,
    end: Option<i64>,
    frame: FrameNumber,
}

/// The values of one side. Behind what cannot be followed, one begins where a segment does.
fn values(stream: &Stream<'_>, begins: impl Fn(&[u8]) -> bool) -> Vec<Value> {
    let mut found = Vec::new();
    let mut at = stream.start();
    while found.len() < MOST_MESSAGES && at < stream.end() {
        let here = begins(&stream.octets(at, MOST_HEAD));
        let end = if here { value_end(stream, at) } else { None };
        if here && let Some(piece) = stream.piece_at(at) {
            found.push(Value { at, end, frame: piece.frame });
        }
        let mut later = stream.pieces_from(at.saturating_add(1)).iter();
        match end.or_else(|| later.find(|piece| begins(piece.octets)).map(|piece| piece.at)) {
            Some(next) if next > at => at = next,
            _ => break,
        }
    }
    found
}

fn reason(text: &str) -> Option<Reason> {
    let word = text.split(' ').next()?;
    Some(match word {
        "ERR" if text.contains("max number of clients") => Reason::Limit,
        "OOM" | "MAXCLIENTS" => Reason::Limit,
        "NOAUTH" | "WRONGPASS" | "NOPERM" | "DENIED" => Reason::Refused,
        "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "BUSY" | "TRYAGAIN" => Reason::Unavailable,
        "ERR" if text.contains("Protocol error") => Reason::Protocol,
        _ => return None,
    })
}

pub(super) fn read(talk: &Talk<'_>) -> Option<Application> {
    if !is_client(talk.client.opening()) && !is_server(talk.server.opening()) {
        return None;
    }
    let requests = values(&talk.client, is_client);
    let replies = values(&talk.server, |octets| octets.first().is_some_and(|kind| b"+-:$*_#,(!=%~>".contains(kind)));
    let mut found = Application { protocol: Some(Protocol::Redis), ..Application::default() };
    found.requests = u32::try_from(requests.len()).unwrap_or(u32::MAX);
    let message = |stream: &Stream<'_>, value: &Value, what: String| {
        let mut message = Message::new(stream, what, value.at, value.at, value.end, stream.end());
        // Where it ends is not known: because it goes on, or because that was not kept.
        let kept = stream.octets(value.at, MOST_HEAD).len();
        let seen = value.at.saturating_add(i64::try_from(kept).unwrap_or(i64::MAX));
        if value.end.is_none() && seen >= stream.end() {
            message.complete = Some(false);
        }
        message.size = message.size.filter(|_| message.complete == Some(true));
        message
    };
    found.last_request = requests.last().map(|request| {
        let what = name(&talk.client.octets(request.at, MOST_HEAD)).unwrap_or_else(|| "a command".to_owned());
        message(&talk.client, request, what)
    });
    for reply in &replies {
        let octets = talk.server.octets(reply.at, MOST_HEAD);
        let Some(text) = first_line(&octets).strip_prefix(b"-").map(bounded) else { continue };
        let Some(reason) = reason(&text) else { continue };
        let time = talk.server.piece_at(reply.at).and_then(|piece| piece.time);
        found.declared.push(Declared { by: talk.server.way, frame: reply.frame, time, reason, text });
    }
    found.last_response = replies.last().map(|reply| {
        let line = bounded(first_line(&talk.server.octets(reply.at, MOST_HEAD)));
        let what = line.strip_prefix('-').map(|text| format!("the server's error {text}"));
        message(&talk.server, reply, what.unwrap_or_else(|| "the server's reply".to_owned()))
    });
    found.detail = found.last_request.as_ref().map(|request| request.what.clone());
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Dialogue, abuse};
    use super::*;

    const GET: &[u8] = b"*2\r\n$3\r\nget\r\n$6\r\nsecret\r\n";

    #[test]
    fn commands_and_replies() {
        let asked = Dialogue::new().client(1.0, GET);
        assert_eq!(asked.progress(5001.0), "waiting for the reply to GET for 5.0 s");
        assert_eq!(
            asked.clone().server(2.0, b"$5\r\nhel").progress(2.5),
            "in the middle of the reply to GET, 7 bytes received"
        );
        let done = asked.server(2.0, b"*2\r\n$5\r\nhello\r\n%1\r\n+a\r\n:1\r\n");
        assert_eq!(done.progress(300_002.0), "idle for 300.0 s after the reply to GET");
        assert_eq!(done.client(3.0, GET).read(4.0).requests, 2);
        let cut = Dialogue::new().client(1.0, &GET[..20]).read(2.0);
        assert_eq!(
            (cut.request_complete, cut.progress.as_deref()),
            (Some(false), Some("in the middle of GET, 20 bytes sent"))
        );
    }

    #[test]
    fn errors_say_why() {
        let full = Dialogue::new().server(1.0, b"-ERR max number of clients reached\r\n").read(1.5);
        assert_eq!(full.limit_declared().map(|limit| limit.text.as_str()), Some("ERR max number of clients reached"));
        assert_eq!(full.progress.as_deref(), Some("0.5 ms after the server's error ERR max number of clients reached"));
        for (reply, reason) in [
            (&b"-NOAUTH Authentication required.\r\n"[..], Some(Reason::Refused)),
            (b"-ERR unknown command\r\n", None),
            (b"+OK\r\n", None),
        ] {
            let found = Dialogue::new().client(1.0, GET).server(2.0, reply).read(3.0);
            assert_eq!(found.declared.first().map(|declared| declared.reason), reason);
        }
    }

    #[test]
    fn what_only_looks_like_redis_is_not() {
        for octets in [&b"*2\r\n$3\r\nge\r\n"[..], b"*x\r\n$3\r\nget\r\n", b"*1\r\n$3\r\ng t\r\n", b"* 2"] {
            assert_eq!(Dialogue::new().client(1.0, octets).read(2.0).protocol, None, "{octets:?}");
        }
        assert_eq!(Dialogue::new().server(1.0, b"-ERR\r\n").read(2.0).protocol, None);
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        abuse(&[GET, GET].concat(), b"*2\r\n$5\r\nhello\r\n*99999999999\r\n:1\r\n");
    }
}
