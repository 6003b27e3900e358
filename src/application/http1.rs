//! HTTP/1.0 and 1.1: RFC 9110, RFC 9112.

use std::borrow::Cow;

use httparse::{EMPTY_HEADER, Header, Status};

use super::declared::{Declared, Reason};
use super::message::Message;
use super::mismatch::Mismatch;
use super::stream::Stream;
use super::text::{bounded, first_line};
use super::{Application, MOST_HEAD, MOST_MESSAGES, Protocol, Talk};
use crate::tcp::FrameNumber;

/// The last exchange of a connection: a request, and its answer as far as there was one. All text is from packets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Http {
    /// `GET`.
    pub method: Option<String>,
    /// The request's target, at most 200 octets of it.
    pub path: Option<String>,
    /// The Host field.
    pub host: Option<String>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The length of the answer's body, where it is declared.
    pub content_length: Option<u64>,
    /// Whether the answer's body comes in chunks.
    pub chunked: bool,
    /// Whether the connection is to live on behind the answer; before an answer what the request asked for.
    pub keep_alive: Option<bool>,
    /// The Retry-After field of the answer.
    pub retry_after: Option<String>,
    /// Whether the answer says that parts of it can be asked for (`Accept-Ranges: bytes`).
    pub accepts_ranges: bool,
    /// Whether the connection went over to another protocol: 101, or CONNECT.
    pub upgraded: bool,
}

/// Fields that are read of one message; Apache takes 100.
const MOST_FIELDS: usize = 128;

/// How a body ends (RFC 9112 section 6.3).
#[derive(Clone, Copy, PartialEq)]
enum Framing {
    Length(u64),
    Chunked,
    /// With the connection.
    Close,
    /// The rest belongs to another protocol.
    Upgrade,
    /// The head was not seen to its end.
    Unknown,
}

struct Head {
    method: Option<String>,
    path: Option<String>,
    status: Option<u16>,
    reason: Option<String>,
    minor: Option<u8>,
    host: Option<String>,
    length: Option<u64>,
    chunked: bool,
    close: bool,
    keep: bool,
    retry_after: Option<String>,
    ranges: bool,
    /// Octets up to the body, if its end was seen.
    octets: Option<usize>,
}

/// A message and where it stands.
struct Found {
    head: Head,
    at: i64,
    /// Where its body begins.
    body: Option<i64>,
    end: Option<i64>,
    framing: Framing,
    frame: FrameNumber,
}

/// Whether these octets begin a request.
pub(super) fn is_request(octets: &[u8]) -> bool {
    const METHODS: [&[u8]; 9] =
        [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"];
    const LONGEST: usize = 20;
    let is_of_method = |octet: &u8| octet.is_ascii_uppercase() || *octet == b'-';
    let length = octets.iter().take(LONGEST).position(|octet| !is_of_method(octet)).unwrap_or_default();
    // Most that is no request is told by that, without a look at all of it.
    if length < 3 || octets.get(length) != Some(&b' ') {
        return false;
    }
    let line = first_line(octets);
    let (method, rest) = line.split_at(length);
    if line.len() < octets.len() {
        let version = rest.len().checked_sub(b" HTTP/1.1".len()).and_then(|at| rest.get(at..));
        version.is_some_and(|version| version.starts_with(b" HTTP/1."))
    } else {
        // The version stands behind what was looked at.
        let is_long = octets.len() >= super::MOST_OPENING && rest.iter().skip(1).all(u8::is_ascii_graphic);
        METHODS.contains(&method) || is_long
    }
}

/// Whether these octets begin a response.
pub(super) fn is_response(octets: &[u8]) -> bool {
    octets.starts_with(b"HTTP/1.") && octets.get(8).is_none_or(|&octet| octet == b' ')
}

impl Head {
    fn request(octets: &[u8]) -> Option<Self> {
        let mut fields = [EMPTY_HEADER; MOST_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let end = complete(request.parse(octets))?;
        let (method, path, minor) = (request.method, request.path, request.version);
        // httparse gives the target only when all of it was read.
        let unread = || first_line(octets).splitn(3, |&octet| octet == b' ').nth(1).map(bounded);
        let path = path.map(|path| bounded(path.as_bytes())).or_else(unread);
        let mut head = Self::fields(request.headers, end);
        (head.method, head.path, head.minor) = (method.map(|method| bounded(method.as_bytes())), path, minor);
        Some(head)
    }

    fn response(octets: &[u8]) -> Option<Self> {
        let mut fields = [EMPTY_HEADER; MOST_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let end = complete(response.parse(octets))?;
        let (status, minor) = (response.code, response.version);
        let reason = response.reason.map(|reason| bounded(reason.as_bytes()));
        let mut head = Self::fields(response.headers, end);
        (head.status, head.minor, head.reason) = (status, minor, reason);
        Some(head)
    }

    fn fields(fields: &[Header<'_>], octets: Option<usize>) -> Self {
        // Fields that were not reached have no name.
        let of =
            |name: &str| fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value);
        let has = |name: &str, word: &str| {
            fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).any(|field| {
                field
                    .value
                    .split(|&octet| octet == b',')
                    .any(|part| part.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
            })
        };
        Self {
            method: None,
            path: None,
            status: None,
            reason: None,
            minor: None,
            host: of("host").map(bounded),
            length: of("content-length").and_then(|value| std::str::from_utf8(value).ok()?.trim().parse().ok()),
            chunked: has("transfer-encoding", "chunked"),
            close: has("connection", "close"),
            keep: has("connection", "keep-alive"),
            retry_after: of("retry-after").map(bounded),
            ranges: has("accept-ranges", "bytes"),
            octets,
        }
    }

    fn keep_alive(&self) -> Option<bool> {
        // RFC 9112 section 9.3.
        self.octets?;
        Some(!self.close && (self.keep || self.minor? >= 1))
    }

    /// How the body of a request ends.
    fn request_framing(&self) -> Framing {
        match (self.octets, self.chunked, self.length) {
            (None, ..) => Framing::Unknown,
            (_, true, _) => Framing::Chunked,
            (_, _, length) => Framing::Length(length.unwrap_or(0)),
        }
    }

    /// How the body of the answer to a request of this method ends.
    fn response_framing(&self, method: Option<&str>) -> Framing {
        match (self.octets, self.status, method) {
            (None, ..) => Framing::Unknown,
            (_, Some(101), _) | (_, Some(200..=299), Some("CONNECT")) => Framing::Upgrade,
            (_, Some(100..=199 | 204 | 304), _) | (_, _, Some("HEAD")) => Framing::Length(0),
            _ if self.chunked => Framing::Chunked,
            _ => self.length.map_or(Framing::Close, Framing::Length),
        }
    }
}

/// `None`: these octets are no head. Else where it ends, if they reach so far.
fn complete(parsed: httparse::Result<usize>) -> Option<Option<usize>> {
    match parsed {
        Ok(Status::Complete(octets)) => Some(Some(octets)),
        Ok(Status::Partial) => Some(None),
        // All that was asked for is known by then, except where the head ends.
        Err(httparse::Error::TooManyHeaders) => Some(None),
        Err(_) => None,
    }
}

/// The messages of one side. `framing` is asked how each one's body ends.
fn messages(
    stream: &Stream<'_>,
    begins: fn(&[u8]) -> bool,
    read: fn(&[u8]) -> Option<Head>,
    mut framing: impl FnMut(&Head, FrameNumber) -> Framing,
) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let head_at = |at: i64| Some(stream.octets(at, MOST_HEAD)).filter(|octets| begins(octets));
    // Behind what cannot be followed, a message begins where a segment does.
    let next_after = |at: i64| {
        let mut pieces = stream.pieces_from(at).iter();
        pieces.find(|piece| begins(piece.octets)).map(|piece| piece.at)
    };
    let mut at = stream.start();
    while found.len() < MOST_MESSAGES && at < stream.end() {
        let octets: Cow<'_, [u8]> = head_at(at).unwrap_or_default();
        let Some(head) = read(&octets).filter(|_| !octets.is_empty()) else {
            let Some(next) = next_after(at.saturating_add(1)) else { break };
            at = next;
            continue;
        };
        let frame = stream.piece_at(at).map_or(FrameNumber::FIRST, |piece| piece.frame);
        let framing = framing(&head, frame);
        let body = head.octets.and_then(|octets| i64::try_from(octets).ok()).map(|octets| at.saturating_add(octets));
        let end = body.and_then(|body| match framing {
            Framing::Length(length) => Some(body.saturating_add(i64::try_from(length).unwrap_or(i64::MAX))),
            Framing::Chunked => chunked_end(stream, body, next_after(body).unwrap_or(stream.end())),
            Framing::Close | Framing::Upgrade | Framing::Unknown => None,
        });
        let last = matches!(framing, Framing::Upgrade);
        let resume = end.or_else(|| next_after(at.saturating_add(1)));
        found.push(Found { head, at, body, end, framing, frame });
        match resume {
            Some(next) if !last && next > at => at = next,
            _ => break,
        }
    }
    found
}

/// Where a body in chunks ends, which stops before `until` at the latest; `None` where its end was not seen.
fn chunked_end(stream: &Stream<'_>, body: i64, until: i64) -> Option<i64> {
    const LAST: &[u8] = b"0\r\n\r\n";
    const MOST_SIZE_LINE: usize = 64;
    const MOST_CHUNKS: usize = 4_096;
    let mut at = body;
    for _ in 0..MOST_CHUNKS {
        let line = stream.octets(at, MOST_SIZE_LINE);
        let Ok(Status::Complete((octets, size))) = httparse::parse_chunk_size(&line) else { break };
        let data = at.checked_add(i64::try_from(octets).ok()?)?;
        // Trailers are rare, so the empty line behind the last chunk is taken to follow at once.
        at = data.checked_add(i64::try_from(size).ok()?)?.checked_add(2)?;
        if size == 0 {
            return Some(at);
        }
    }
    // Not all sizes were kept: the end of the last segment shows whether it was the last chunk.
    let last = stream.piece_before(until).filter(|piece| piece.is_whole() && piece.end() == until)?;
    let is_last = last.octets == LAST || (last.octets.ends_with(LAST) && last.octets.ends_with(b"\n0\r\n\r\n"));
    is_last.then_some(until)
}

pub(super) fn read(talk: &Talk<'_>) -> Option<Application> {
    let speaks = is_request(talk.client.opening()) || is_response(talk.server.opening());
    // In the middle of a connection either side may show it later.
    let within = !talk.client.from_start
        && talk.client.pieces_from(i64::MIN).iter().any(|piece| is_request(piece.octets))
        || !talk.server.from_start && talk.server.pieces_from(i64::MIN).iter().any(|piece| is_response(piece.octets));
    if !speaks && !within {
        return None;
    }
    let requests = messages(&talk.client, is_request, Head::request, |head, _| head.request_framing());
    let asked = |frame: FrameNumber| requests.iter().rev().find(|request| request.frame < frame);
    let responses = messages(&talk.server, is_response, Head::response, |head, frame| {
        head.response_framing(asked(frame).and_then(|request| request.head.method.as_deref()))
    });
    if requests.is_empty() && responses.is_empty() {
        return None;
    }
    Some(application(talk, &requests, &responses))
}

fn application(talk: &Talk<'_>, requests: &[Found], responses: &[Found]) -> Application {
    let mut found = Application {
        protocol: Some(Protocol::Http),
        requests: u32::try_from(requests.len()).unwrap_or(u32::MAX),
        ..Application::default()
    };
    // Interim answers (100 Continue) do not count, but what follows 101 does.
    let is_final = |response: &&Found| !matches!(response.head.status, Some(100 | 102..=199));
    let response = responses.iter().rev().find(is_final);
    let request = requests.last();
    // Where requests were sent ahead of their answers, the last answer may belong to an earlier one.
    let answered = responses.iter().filter(is_final).count();
    let pipelined = talk.client.from_start && talk.server.from_start && answered < requests.len();
    let asked = match response {
        Some(response) if pipelined && request.is_some_and(|request| request.frame < response.frame) => {
            requests.get(answered.wrapping_sub(1)).or(request)
        }
        _ => request,
    };
    found.last_request = asked.map(|request| message(&talk.client, request, name(&request.head)));
    let answer = response.map(|response| (response, answer_name(&response.head)));
    found.last_response = answer.map(|(response, name)| {
        let mut message = message(&talk.server, response, name);
        if response.framing == Framing::Close {
            // What ends with the connection ended well only by a FIN.
            message.complete = Some(talk.server.fin.is_some_and(|fin| fin <= talk.server.end()));
        }
        message
    });
    let current = response.filter(|response| asked.is_none_or(|asked| response.frame > asked.frame));
    let http = exchange(asked.map(|asked| &asked.head), current.map(|response| &response.head), current);
    found.status = http.status;
    found.name = requests.iter().rev().find_map(|request| request.head.host.clone());
    found.detail = Some(detail(&http));
    for response in responses {
        declare(&mut found, talk, response);
    }
    if http.upgraded {
        found.progress = upgraded(talk, &found);
    }
    found.http = Some(http);
    found
}

fn exchange(request: Option<&Head>, response: Option<&Head>, found: Option<&Found>) -> Http {
    Http {
        method: request.and_then(|head| head.method.clone()),
        path: request.and_then(|head| head.path.clone()),
        host: request.and_then(|head| head.host.clone()),
        status: response.and_then(|head| head.status),
        content_length: response.and_then(|head| head.length),
        chunked: response.is_some_and(|head| head.chunked),
        keep_alive: response.or(request).and_then(Head::keep_alive),
        retry_after: response.and_then(|head| head.retry_after.clone()),
        accepts_ranges: response.is_some_and(|head| head.ranges),
        upgraded: found.is_some_and(|found| found.framing == Framing::Upgrade),
    }
}

fn message(stream: &Stream<'_>, found: &Found, what: String) -> Message {
    let mut message = Message::new(stream, what, found.at, found.body.unwrap_or(found.at), found.end, stream.end());
    if found.body.is_none() {
        // The head goes on behind what passed, or behind what was kept.
        let read = stream.octets(found.at, MOST_HEAD).len();
        let seen = found.at.saturating_add(i64::try_from(read).unwrap_or(i64::MAX));
        message.complete = (seen >= stream.end()).then_some(false);
    } else if found.framing == Framing::Chunked {
        message.size = None;
        if found.end.is_none() {
            // Its end may have passed unseen where the last octets were not kept.
            let last = stream.piece_before(stream.end());
            message.complete = last.is_some_and(|piece| piece.is_whole()).then_some(false);
        }
    }
    message
}

/// `GET /x`.
fn name(head: &Head) -> String {
    match (&head.method, &head.path) {
        (Some(method), Some(path)) => format!("{method} {path}"),
        (Some(method), None) => method.clone(),
        _ => "a request".to_owned(),
    }
}

/// `404 Not Found`.
fn answer_name(head: &Head) -> String {
    match (head.status, &head.reason) {
        (Some(status), Some(reason)) if !reason.is_empty() => format!("{status} {reason}"),
        (Some(status), _) => status.to_string(),
        _ => "a response".to_owned(),
    }
}

fn detail(http: &Http) -> String {
    let mut parts = Vec::new();
    match (&http.method, &http.path) {
        (Some(method), Some(path)) => parts.push(format!("{method} {path}")),
        (Some(method), None) => parts.push(method.clone()),
        _ => {}
    }
    parts.extend(http.host.as_ref().map(|host| format!("Host {host}")));
    parts.extend(http.status.map(|status| format!("status {status}")));
    if parts.is_empty() { "HTTP/1".to_owned() } else { parts.join(", ") }
}

/// Texts by which servers say that they were spoken to without TLS: nginx, Apache httpd, Go's net/http.
const TLS_EXPECTED: [&[u8]; 3] = [
    b"The plain HTTP request was sent to HTTPS port",
    b"speaking plain HTTP to an SSL-enabled server port",
    b"Client sent an HTTP request to an HTTPS server",
];

fn declare(found: &mut Application, talk: &Talk<'_>, response: &Found) {
    let Some(status) = response.head.status else { return };
    if status == 400 {
        let octets = stream_text(&talk.server, response);
        if TLS_EXPECTED.iter().any(|text| octets.windows(text.len()).any(|window| window == *text)) {
            found.mismatch = Some(Mismatch::TlsExpected { frame: response.frame });
        }
    }
    // RFC 9110 section 15, RFC 6585.
    let reason = match status {
        408 => Reason::Timeout,
        413 | 414 | 431 => Reason::TooLarge,
        429 => Reason::Limit,
        503 => Reason::Unavailable,
        _ => return,
    };
    let mut text = answer_name(&response.head);
    if let Some(later) = &response.head.retry_after {
        text.push_str(&format!(", Retry-After: {later}"));
    }
    let time = talk.server.piece_at(response.at).and_then(|piece| piece.time);
    found.declared.push(Declared { by: talk.server.way, frame: response.frame, time, reason, text });
}

fn stream_text<'a>(stream: &Stream<'a>, found: &Found) -> Cow<'a, [u8]> {
    const MOST: usize = 2048;
    stream.octets(found.body.unwrap_or(found.at), MOST)
}

/// Behind a change of protocol: who spoke last, and when.
fn upgraded(talk: &Talk<'_>, found: &Application) -> Option<String> {
    let request = found.last_request.as_ref()?;
    let streams = [&talk.client, &talk.server];
    let last =
        streams.into_iter().filter_map(|stream| stream.piece_before(i64::MAX)).max_by_key(|piece| piece.frame)?;
    let what = format!("the last data on the connection that {} had opened", request.what);
    let mut message = request.clone();
    message.last = last.time;
    Some(super::progress::after(&message, &what, talk.end))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Dialogue, abuse};
    use super::*;
    use crate::flow::Way;

    const GET: &[u8] = b"GET /x HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n\r\n";
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nAccept-Ranges: bytes\r\n\r\nhello";

    fn head(length: usize) -> Vec<u8> {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes()
    }

    #[test]
    fn a_request_without_an_answer() {
        let asked = Dialogue::new().client(1.0, GET);
        assert_eq!(asked.progress(3201.0), "waiting for the response to GET /x for 3.2 s");
        let found = asked.read(1.5);
        assert_eq!(found.progress.as_deref(), Some("0.5 ms after GET /x; no byte of a reply"));
        assert_eq!(found.detail.as_deref(), Some("GET /x, Host shop.example"));
        assert_eq!((found.name.as_deref(), found.requests), (Some("shop.example"), 1));
        assert_eq!((found.request_complete, found.response_complete), (Some(true), Some(false)));
        assert_eq!((found.last_message_by, found.waiting_for.is_some()), (Some(Way::Forward), true));
    }

    #[test]
    fn an_exchange_and_what_follows_it() {
        let done = Dialogue::new().client(1.0, GET).server(2.0, OK);
        assert_eq!(done.progress(2.1), "0.1 ms after the complete response to GET /x");
        assert_eq!(done.progress(350_102.0), "idle for 350.1 s after the response to GET /x");
        let found = done.read(3.0);
        assert_eq!((found.status, found.response_complete), (Some(200), Some(true)));
        let http = found.http.expect("HTTP");
        assert_eq!((http.keep_alive, http.accepts_ranges, http.content_length), (Some(true), true, Some(5)));
        let again = done.client(240_002.0, b"GET /y HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(again.progress(240_002.3), "0.3 ms after GET /y sent after 240.0 s of idleness; no byte of a reply");
        let found = again.read(240_002.3);
        assert_eq!((found.requests, found.status, found.response_complete), (2, None, Some(false)));
    }

    #[test]
    fn how_far_a_body_got() {
        let mut down =
            Dialogue::new().client(1.0, b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n").server(2.0, &head(10_000_000));
        for _ in 0..100 {
            down = down.unkept(Way::Back, 3.0, 31_000);
        }
        let found = down.read(3.5);
        assert_eq!(found.progress.as_deref(), Some("at 31 % of a 10 MB download (GET /big)"));
        assert_eq!(found.response_complete, Some(false));
        let response = found.last_response.expect("a response");
        assert_eq!((response.size, response.passed), (Some(10_000_000), 3_100_000));
        assert_eq!(down.progress(5003.0), "at 31 % of a 10 MB download (GET /big), stalled for 5.0 s");
        let done = down.unkept(Way::Back, 4.0, 6_900_000);
        assert_eq!(done.progress(4.2), "0.2 ms after the complete response to GET /big");

        let up = b"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 4200000\r\n\r\n";
        let up = Dialogue::new().client(1.0, up).unkept(Way::Forward, 2.0, 1_100_000);
        assert_eq!(up.progress(2.5), "in the middle of POST /up of 4.2 MB, 1.1 MB sent");
        let answered = up.server(3.0, b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nRetry-After: 9\r\n\r\n");
        let found = answered.read(3.5);
        assert_eq!(
            found.progress.as_deref(),
            Some("in the middle of POST /up of 4.2 MB, 1.1 MB sent; the server had already answered 413 Too Large")
        );
        let declared = found.declared.first().expect("a reason");
        assert_eq!((declared.reason, declared.text.as_str()), (Reason::TooLarge, "413 Too Large, Retry-After: 9"));
    }

    #[test]
    fn bodies_in_chunks() {
        let chunked = |body: &[u8]| {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            Dialogue::new().client(1.0, GET).server(2.0, &[head, body].concat())
        };
        assert_eq!(chunked(b"5\r\nhello\r\n0\r\n\r\n").read(3.0).response_complete, Some(true));
        let cut = chunked(b"5\r\nhello\r\n");
        assert_eq!(cut.progress(2.5), "in the middle of the response to GET /x, 10 bytes received");
        assert_eq!(cut.read(3.0).response_complete, Some(false));
        // Where sizes were not kept, the last segment tells, if it was kept.
        let long = chunked(b"4000\r\n").unkept(Way::Back, 3.0, 30_000);
        assert_eq!(long.read(4.0).response_complete, None);
        assert_eq!(long.clone().server(4.0, b"x\r\n0\r\n\r\n").read(5.0).response_complete, Some(true));
        assert_eq!(long.server(4.0, b"x\r\n").read(5.0).response_complete, Some(false));
    }

    #[test]
    fn answers_without_a_body_or_a_length() {
        let to = |request: &[u8], answer: &[u8]| Dialogue::new().client(1.0, request).server(2.0, answer);
        let head = to(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
        assert_eq!(head.read(3.0).response_complete, Some(true));
        assert_eq!(to(GET, b"HTTP/1.1 304 Not Modified\r\n\r\n").read(3.0).response_complete, Some(true));
        let close = to(GET, b"HTTP/1.0 200 OK\r\n\r\nsome text");
        assert_eq!(close.read(3.0).response_complete, Some(false));
        assert_eq!(close.read(3.0).http.and_then(|http| http.keep_alive), Some(false));
        assert_eq!(close.fin(Way::Back, 2.5).read(3.0).response_complete, Some(true));
        let interim = to(GET, b"HTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(interim.read(3.0).last_response, None);
        assert_eq!(interim.server(3.0, OK).read(3.5).status, Some(200));
    }

    #[test]
    fn an_answer_that_is_not_understood_is_no_silence() {
        let found = Dialogue::new().client(1.0, GET).server(2.0, b"xxxxxxxx").read(2.5);
        assert_eq!(found.waiting_for, None);
        let phrase = "0.5 ms after 8 bytes of the response to GET /x, whose end is not known";
        assert_eq!((found.progress.as_deref(), found.response_complete), (Some(phrase), None));
    }

    #[test]
    fn a_server_whose_packets_were_not_captured_is_not_silent() {
        let mut alone = Dialogue::new();
        alone.forget_handshake();
        let found = alone.client(1.0, GET).read(5001.0);
        assert_eq!(found.progress.as_deref(), Some("5.0 s after GET /x; the server's packets were not captured"));
        assert_eq!((found.waiting_for, found.response_complete), (None, None));
    }

    #[test]
    fn pipelined_requests_are_answered_in_turn() {
        let two = [GET, b"GET /y HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        let found = Dialogue::new().client(1.0, &two).server(2.0, &head(100)).read(2.5);
        assert_eq!(found.progress.as_deref(), Some("at 0 % of a 100-byte download (GET /x)"));
        assert_eq!(found.requests, 2);
    }

    #[test]
    fn a_connection_that_became_another() {
        let request = b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        let open = Dialogue::new()
            .client(1.0, request)
            .server(2.0, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
            .client(500.0, b"\x81\x80....");
        assert_eq!(
            open.progress(60_500.0),
            "idle for 60.0 s after the last data on the connection that GET /ws had opened"
        );
        assert_eq!(open.read(600.0).http.map(|http| http.upgraded), Some(true));
    }

    #[test]
    fn servers_declare_reasons() {
        for (answer, reason) in [
            ("408 Request Timeout", Some(Reason::Timeout)),
            ("429 Too Many Requests", Some(Reason::Limit)),
            ("431 Request Header Fields Too Large", Some(Reason::TooLarge)),
            ("503 Service Unavailable", Some(Reason::Unavailable)),
            ("500 Internal Server Error", None),
            ("200 OK", None),
        ] {
            let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
            let found = Dialogue::new().client(1.0, GET).server(2.0, answer.as_bytes()).read(3.0);
            assert_eq!(found.declared.first().map(|declared| declared.reason), reason, "{answer}");
            assert_eq!(found.limit_declared().is_some(), reason == Some(Reason::Limit));
        }
        let tls = b"HTTP/1.1 400 Bad Request\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>";
        let found = Dialogue::new().client(1.0, GET).server(2.0, tls).read(3.0);
        assert!(matches!(found.mismatch, Some(Mismatch::TlsExpected { .. })));
    }

    #[test]
    fn heads_cut_short() {
        let found = Dialogue::new().client(1.0, &GET[..30]).read(2.0);
        assert_eq!(found.progress.as_deref(), Some("in the middle of GET /x, 30 bytes sent"));
        // Cut by what was kept and not by the end.
        let found = Dialogue::new().client_kept(GET, 40).read(2.0);
        assert_eq!((found.request_complete, found.name.as_deref()), (None, Some("shop.example")));
        let long = [b"GET /", &[b'a'; 5000][..]].concat();
        let found = Dialogue::new().client(1.0, &long).read(2.0);
        assert_eq!(found.http.and_then(|http| http.path).map(|path| path.len()), Some(200));
    }

    #[test]
    fn what_only_looks_like_http_is_not() {
        for octets in [&b"GETX /"[..], b"get / HTTP/1.1\r\n\r\n", b"OPTIONS rtsp://a RTSP/1.0\r\n\r\n", b"HTTP/2 200"] {
            assert_eq!(Dialogue::new().client(1.0, octets).read(2.0).protocol, None, "{octets:?}");
        }
    }

    #[test]
    fn the_middle_of_a_connection_is_followed_from_the_next_request() {
        let mut late = Dialogue::new()
            .client(0.5, b"rest of something")
            .server(0.6, b"and so on")
            .client(1.0, GET)
            .server(2.0, OK);
        late.forget_handshake();
        assert_eq!(late.progress(2.1), "0.1 ms after the complete response to GET /x");
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        abuse(
            &[GET, GET].concat(),
            &[OK, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"].concat(),
        );
    }
}
