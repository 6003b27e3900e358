//! TLS: RFC 8446, RFC 5246. The heads of records are walked on both sides; what is not encrypted is read.

mod registry;

use std::borrow::Cow;

use registry::{
    ALERT, ALPN, CHANGE_CIPHER_SPEC, CLIENT_HELLO, CLOSE_NOTIFY, DATA, FATAL, HANDSHAKE, HEARTBEAT, SERVER_HELLO,
    SERVER_NAME, SUPPORTED_VERSIONS, TLS_1_3, description, handshake, is_1_3, reason, version,
};

use super::declared::Declared;
use super::message::Message;
use super::mismatch::Mismatch;
use super::octets::Octets;
use super::stream::Stream;
use super::text::bounded;
use super::{Application, MOST_HEAD, MOST_MESSAGES, Protocol, Talk, progress};
use crate::flow::Way;
use crate::tcp::{FrameNumber, Timestamp};

/// What the client's first message is called.
pub(super) const HELLO_OF_CLIENT: &str = "the ClientHello";

/// What a TLS connection said of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tls {
    /// The highest version that the client offered, as its number on the wire.
    pub offered: Option<u16>,
    /// The version that the server chose.
    pub version: Option<u16>,
    /// The server name of the ClientHello (RFC 6066 section 3). Text from packets.
    pub server_name: Option<String>,
    /// The application protocols that the client offered (RFC 7301). Text from packets.
    pub alpn: Vec<String>,
    /// The application protocol that the server chose; not visible in TLS 1.3. Text from packets.
    pub alpn_chosen: Option<String>,
    /// Whether the handshake was finished; `None` where its beginning was not captured, or parts of it were not that would tell.
    pub finished: Option<bool>,
    /// The alerts that were not encrypted, and those that must be one by their length.
    pub alerts: Vec<Alert>,
    /// Records of encrypted data, after the handshake.
    pub data_records: u32,
}

/// An alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Which way it went.
    pub by: Way,
    /// Whether it says that the connection is lost; `None` where it is encrypted.
    pub fatal: Option<bool>,
    /// The description, a number of IANA's registry; `None` where it is encrypted.
    pub description: Option<u8>,
    /// The frame.
    pub frame: FrameNumber,
    /// When.
    pub time: Option<Timestamp>,
}

impl Alert {
    /// The registry's word for it.
    pub fn name(&self) -> &'static str {
        self.description.map_or("encrypted alert", description)
    }

    /// Whether it ends the connection as it should be ended.
    pub fn is_close_notify(&self) -> bool {
        self.description == Some(CLOSE_NOTIFY)
    }
}

impl Alert {
    /// The reason that it gives, unless it is only a farewell.
    fn declared(&self) -> Option<Declared> {
        let code = self.description.filter(|_| !self.is_close_notify())?;
        let text = format!("TLS alert {}", description(code));
        Some(Declared { by: self.by, frame: self.frame, time: self.time, reason: reason(code), text })
    }
}

/// The reasons given by the alerts of one side, whatever the other one speaks.
pub(super) fn declared(stream: &Stream<'_>) -> Vec<Declared> {
    alerts(&records(stream), stream.way, None, false).iter().filter_map(Alert::declared).collect()
}

/// Octets of a record's head.
const HEAD: i64 = 5;

/// The longest record that any version allows (RFC 5246 section 6.2.3).
const MOST_RECORD: u32 = (1 << 14) + 2048;

/// The longest record of TLS 1.3 that can only hold an alert: its two octets, their type and a tag of 16 (RFC 8446 section
/// 5.2). Every other message of a handshake is longer.
const ENCRYPTED_ALERT: i64 = 2 + 1 + 16;

struct Record<'a> {
    kind: u8,
    /// Where its content begins.
    at: i64,
    len: i64,
    content: Cow<'a, [u8]>,
    frame: FrameNumber,
    time: Option<Timestamp>,
    /// Whether all of it had passed.
    complete: bool,
}

/// The version that a ClientHello in the format of SSL 2.0 offers, and how long it is (RFC 5246 appendix E.2).
fn old_hello(opening: &[u8]) -> Option<(u16, i64)> {
    let [high @ 0x80..=0xff, low, CLIENT_HELLO, major, minor, 0, ..] = *opening else { return None };
    let version = u16::from_be_bytes([major, minor]);
    let len = u16::from_be_bytes([high & 0x7f, low]);
    // A type, a version, three lengths and at least one cipher.
    const LEAST: u16 = 12;
    (matches!(version, 0x0002 | 0x0300..=0x0303) && len >= LEAST).then_some((version, i64::from(len) + 2))
}

/// Whether a stream that begins so is TLS.
pub(super) fn is_tls(opening: &[u8]) -> bool {
    if old_hello(opening).is_some() {
        return true;
    }
    let mut octets = Octets(opening);
    match head(&mut octets) {
        Some((HANDSHAKE, _)) => octets.0.first().is_none_or(|kind| [CLIENT_HELLO, SERVER_HELLO].contains(kind)),
        Some((ALERT, 2)) => octets.0.first().is_none_or(|level| (1..=2).contains(level)),
        Some((CHANGE_CIPHER_SPEC, 1) | (DATA, _)) => true,
        _ => false,
    }
}

/// The type and the length of a record, if this is the head of one.
fn head(octets: &mut Octets<'_>) -> Option<(u8, u32)> {
    let kind = u8::try_from(octets.number(1)?).ok()?;
    let version = octets.number(2)?;
    let len = octets.number(2)?;
    let valid = (CHANGE_CIPHER_SPEC..=HEARTBEAT).contains(&kind)
        && (0x0300..=0x0304).contains(&version)
        && (1..=MOST_RECORD).contains(&len);
    valid.then_some((kind, len))
}

/// The records of a stream.
fn records<'a>(stream: &Stream<'a>) -> Vec<Record<'a>> {
    let mut found = Vec::new();
    let mut at = stream.start() + old_hello(stream.opening()).map_or(0, |(_, len)| len);
    while found.len() < MOST_MESSAGES && at < stream.end() {
        let octets = stream.octets(at, HEAD as usize);
        let Some((kind, len)) = head(&mut Octets(&octets)) else {
            if octets.len() >= HEAD as usize {
                break;
            }
            // The head was not kept: records often begin where a segment does.
            let begins = |at: i64| head(&mut Octets(&stream.octets(at, HEAD as usize))).is_some();
            match stream.pieces_from(at.saturating_add(1)).iter().find(|piece| begins(piece.at)) {
                Some(piece) => at = piece.at,
                None => break,
            }
            continue;
        };
        let (content, len) = (at + HEAD, i64::from(len));
        let end = content + len;
        let Some(last) = stream.piece_before(end) else { break };
        found.push(Record {
            kind,
            at: content,
            len,
            content: if kind == DATA { Cow::Borrowed(&[]) } else { stream.octets(content, len as usize) },
            frame: last.frame,
            time: last.time,
            complete: stream.end() >= end,
        });
        at = end;
    }
    found
}

/// One side of the handshake.
#[derive(Default)]
struct Side {
    /// The last message in the clear, and the frame of the record in which it ended.
    last: Option<(u8, FrameNumber, Option<Timestamp>)>,
    /// The body of its hello.
    hello: Vec<u8>,
    /// How long its hello is said to be with its heads.
    hello_len: Option<i64>,
    changed_cipher: bool,
    /// An encrypted message of the handshake followed the change: before TLS 1.3 that is Finished.
    encrypted_handshake: bool,
}

impl Side {
    fn of(records: &[Record<'_>]) -> Self {
        let mut side = Self::default();
        let mut clear: Vec<u8> = Vec::new();
        for record in records {
            match record.kind {
                CHANGE_CIPHER_SPEC => side.changed_cipher = true,
                HANDSHAKE if side.changed_cipher => side.encrypted_handshake |= record.complete,
                HANDSHAKE if clear.len() < MOST_HEAD => {
                    clear.extend_from_slice(&record.content);
                    if let Some(kind) = last_message(&clear) {
                        side.last = Some((kind, record.frame, record.time));
                    }
                }
                _ => {}
            }
        }
        let mut octets = Octets(&clear);
        if let Some(1 | 2) = octets.number(1)
            && let Some(len) = octets.number(3)
        {
            side.hello_len = Some(i64::from(len) + 4);
            side.hello = octets.take_up_to(len as usize).0.to_vec();
        }
        side
    }
}

/// The type of the last message of the handshake that begins in these octets.
fn last_message(octets: &[u8]) -> Option<u8> {
    let mut octets = Octets(octets);
    let mut last = None;
    while let (Some(kind), Some(len)) = (octets.number(1), octets.number(3)) {
        last = u8::try_from(kind).ok();
        octets.take_up_to(len as usize);
    }
    last
}

/// What a hello says; of the server's if `chosen`.
fn hello(body: &[u8], chosen: bool, tls: &mut Tls) -> Option<()> {
    let mut body = Octets(body);
    let version = u16::try_from(body.number(2)?).ok()?;
    *(if chosen { &mut tls.version } else { &mut tls.offered }) = Some(version);
    body.take(32)?;
    body.counted(1)?;
    if chosen {
        body.take(3)?;
    } else {
        body.counted(2)?;
        body.counted(1)?;
    }
    let mut extensions = body.counted(2)?;
    while let Some(kind) = extensions.number(2) {
        let mut value = extensions.counted(2)?;
        match kind {
            // A list of names, of which only host names (0) were ever defined.
            SERVER_NAME if !chosen => {
                let mut list = value.counted(2)?;
                if list.number(1)? == 0 {
                    let length = list.number(2)? as usize;
                    tls.server_name = list.take(length).filter(|name| !name.is_empty()).map(bounded);
                }
            }
            ALPN => {
                let mut list = value.counted(2)?;
                while let Some(name) = list.counted(1).filter(|name| !name.0.is_empty() && tls.alpn.len() < 16) {
                    if chosen {
                        tls.alpn_chosen = Some(bounded(name.0));
                    } else {
                        tls.alpn.push(bounded(name.0));
                    }
                }
            }
            // One for the server, a list for the client.
            SUPPORTED_VERSIONS if chosen => tls.version = u16::try_from(value.number(2)?).ok(),
            SUPPORTED_VERSIONS => {
                let mut list = value.counted(1)?;
                let mut highest = None;
                while let Some(version) = list.number(2) {
                    // Reserved values (RFC 8701) are above all real ones.
                    let known = u16::try_from(version).ok().filter(|version| (0x0300..=TLS_1_3).contains(version));
                    highest = highest.max(known);
                }
                tls.offered = highest.or(tls.offered);
            }
            _ => {}
        }
    }
    Some(())
}

pub(super) fn read(talk: &Talk<'_>) -> Option<Application> {
    let sides = [&talk.client, &talk.server];
    let [asks, answers] = sides.map(|stream| is_tls(stream.opening()));
    // A server's lone alert answers what was no TLS.
    if !(asks || answers && talk.client.is_empty()) {
        return None;
    }
    let [client, server] = sides.map(records);
    let [mut from_client, from_server] = [&client, &server].map(|records| Side::of(records));
    let mut tls = Tls::default();
    if let Some((version, len)) = old_hello(talk.client.opening()) {
        tls.offered = Some(version);
        from_client.hello_len = Some(len - HEAD);
    }
    hello(&from_client.hello, false, &mut tls);
    hello(&from_server.hello, true, &mut tls);
    let done = finished(talk, &tls, [&from_client, &from_server], [&client, &server]);
    // What would have finished it may be in what was cut off or missed.
    let done = done.filter(|done| done.is_some() || sides.into_iter().all(Stream::is_whole));
    tls.finished = done.as_ref().map(|finished| finished.is_some());
    let done = done.flatten();
    for (records, stream) in [(&client, &talk.client), (&server, &talk.server)] {
        tls.alerts.extend(alerts(records, stream.way, tls.version, done.is_some()));
    }
    tls.alerts.sort_by_key(|alert| alert.frame);

    let mut found =
        Application { protocol: Some(Protocol::Tls), name: tls.server_name.clone(), ..Application::default() };
    handshake_messages(&mut found, talk, &from_client, &from_server, &server);
    if let Some(done) = done {
        data_messages(&mut found, talk, &mut tls, done, [&client, &server]);
    } else if tls.finished.is_none() && from_client.hello_len.is_none() {
        data_messages(&mut found, talk, &mut tls, FrameNumber::FIRST, [&client, &server]);
    }
    found.declared.extend(tls.alerts.iter().filter_map(Alert::declared));
    let fatal = tls.alerts.iter().find(|alert| alert.fatal == Some(true) && !alert.is_close_notify());
    if done.is_none() {
        found.mismatch = fatal.copied().map(Mismatch::Alert);
    }
    found.progress = special_progress(talk, &found, &tls, fatal, done.is_some(), &from_server);
    found.detail = Some(detail(&tls, from_client.hello_len.is_some()));
    found.tls = Some(tls);
    Some(found)
}

/// `None`: the beginning was not captured. `Some(None)`: not finished. Else the frame that finished it.
fn finished(
    talk: &Talk<'_>,
    tls: &Tls,
    [client, server]: [&Side; 2],
    [from_client, from_server]: [&[Record<'_>]; 2],
) -> Option<Option<FrameNumber>> {
    if client.hello_len.is_none() || (talk.server.is_empty() && !talk.server.from_start) {
        return None;
    }
    let Some((_, chosen, _)) = server.last else { return Some(None) };
    if tls.version.is_some_and(is_1_3) {
        // Finished is the client's first encrypted record behind the ServerHello, unless that is an alert. Without one from
        // the server there is nothing to finish.
        let Some(encrypted) = from_server.iter().find(|record| record.kind == DATA) else { return Some(None) };
        let answered = encrypted.frame.max(chosen);
        let first = from_client.iter().find(|record| record.kind == DATA && record.frame > answered);
        return Some(first.filter(|first| first.len > ENCRYPTED_ALERT && first.complete).map(|first| first.frame));
    }
    if !(client.encrypted_handshake && server.encrypted_handshake) {
        return Some(None);
    }
    let frames = [from_client, from_server].map(|records| {
        let change = records.iter().position(|record| record.kind == CHANGE_CIPHER_SPEC)?;
        records.get(change..)?.iter().find(|record| record.kind == HANDSHAKE).map(|record| record.frame)
    });
    Some(frames.into_iter().flatten().max())
}

fn alerts(records: &[Record<'_>], by: Way, version: Option<u16>, finished: bool) -> Vec<Alert> {
    let alert = |record: &Record<'_>, fatal, description| Alert {
        by,
        fatal,
        description,
        frame: record.frame,
        time: record.time,
    };
    let mut found = Vec::new();
    let mut data = 0;
    for (at, record) in records.iter().enumerate() {
        data += u32::from(record.kind == DATA);
        match (record.kind, &*record.content) {
            // Encrypted ones are longer, whatever the cipher.
            (ALERT, &[level, code]) if record.len == 2 => found.push(alert(record, Some(level == FATAL), Some(code))),
            (ALERT, _) if record.len > 2 => found.push(alert(record, None, None)),
            // The first message of a client that does not like what it got, or the last of who closes.
            (DATA, _)
                if version.is_some_and(is_1_3)
                    && record.len == ENCRYPTED_ALERT
                    && ((data == 1 && !finished) || at + 1 == records.len()) =>
            {
                found.push(alert(record, None, None));
            }
            _ => {}
        }
    }
    found
}

/// The hellos as messages.
fn handshake_messages(
    found: &mut Application,
    talk: &Talk<'_>,
    client: &Side,
    server: &Side,
    from_server: &[Record<'_>],
) {
    if let Some(len) = client.hello_len {
        // The heads of the records that it may be spread over count as part of it.
        let start = talk.client.start();
        let end = start + HEAD + len;
        found.requests = 1;
        found.last_request = Some(Message::new(&talk.client, HELLO_OF_CLIENT.to_owned(), start, start, Some(end), end));
    }
    let last = from_server.iter().rfind(|record| record.kind == HANDSHAKE);
    if let (Some(_), Some(last)) = (server.hello_len, last) {
        let (start, end) = (talk.server.start(), last.at + last.len);
        let what = "the server's part of the handshake".to_owned();
        found.last_response = Some(Message::new(&talk.server, what, start, start, Some(end), end));
    }
}

/// The last run of encrypted data of each side.
fn data_messages(
    found: &mut Application,
    talk: &Talk<'_>,
    tls: &mut Tls,
    after: FrameNumber,
    [client, server]: [&[Record<'_>]; 2],
) {
    let alerts: Vec<FrameNumber> = tls.alerts.iter().map(|alert| alert.frame).collect();
    let of = |stream: &Stream<'_>, records: &[Record<'_>]| -> Vec<(FrameNumber, Way, i64, i64)> {
        let data = records.iter().filter(|record| record.kind == DATA && record.frame > after);
        let data = data.filter(|record| record.len != ENCRYPTED_ALERT || !alerts.contains(&record.frame));
        data.map(|record| (record.frame, stream.way, record.at - HEAD, record.at + record.len)).collect()
    };
    let mut all = of(&talk.client, client);
    all.extend(of(&talk.server, server));
    all.sort_by_key(|(frame, ..)| *frame);
    tls.data_records = u32::try_from(all.len()).unwrap_or(u32::MAX);
    // The last run of either side, and where it began.
    let mut runs: [Option<(i64, i64)>; 2] = [None, None];
    let mut before: Option<Way> = None;
    let mut requests = 0;
    for (_, way, start, end) in all {
        let run = if way == talk.client.way { 0 } else { 1 };
        let continued = before == Some(way);
        requests += u32::from(run == 0 && !continued);
        if let Some(run) = runs.get_mut(run) {
            *run = Some(run.filter(|_| continued).map_or((start, end), |(start, _)| (start, end)));
        }
        before = Some(way);
    }
    let message = |stream: &Stream<'_>, run: Option<(i64, i64)>, whose: &str| {
        let (start, end) = run?;
        let complete = stream.end() >= end;
        let what = format!("{} of {whose} encrypted data", progress::octets((end - start).unsigned_abs()));
        let mut message = Message::new(stream, what, start, start, Some(end), end);
        // Whole records are no whole message.
        message.complete = if complete { None } else { Some(false) };
        Some(message)
    };
    let [asked, answered] = runs;
    found.requests = requests;
    if let Some(request) = message(&talk.client, asked, "the client's") {
        found.last_request = Some(request);
    }
    if let Some(response) = message(&talk.server, answered, "the server's") {
        found.last_response = Some(response);
    }
}

/// The phrase where TLS has more to say than that a request had no answer yet.
fn special_progress(
    talk: &Talk<'_>,
    found: &Application,
    tls: &Tls,
    fatal: Option<&Alert>,
    finished: bool,
    server: &Side,
) -> Option<String> {
    let name = |way: Way| if way == talk.client.way { "the client's" } else { "the server's" };
    let ago = |earlier: Option<Timestamp>, what: String| progress::ago(earlier, talk.end, &what);
    let rejected = tls.alerts.iter().rfind(|alert| alert.description.is_none());
    if let Some(alert) = fatal.or(rejected.filter(|_| !finished)) {
        let kind = if alert.fatal == Some(true) { "fatal alert " } else { "" };
        return Some(ago(alert.time, format!("{} {kind}{}", name(alert.by), alert.name())));
    }
    if let Some(alert) = tls.alerts.last().filter(|alert| alert.is_close_notify() || alert.description.is_none()) {
        let what = if alert.is_close_notify() { "close_notify" } else { "encrypted alert, most likely close_notify" };
        return Some(ago(alert.time, format!("{} {what}", name(alert.by))));
    }
    if !finished {
        let answer = talk.server.piece_at(talk.server.start());
        if server.hello_len.is_none() && tls.offered.is_some() {
            let answer = answer.filter(|_| !is_tls(talk.server.opening()))?;
            return Some(ago(answer.time, "a reply to the ClientHello that is no TLS".to_owned()));
        }
        let (kind, _, time) = server.last.filter(|_| tls.finished.is_some())?;
        return Some(format!("in the TLS handshake, {}", ago(time, format!("the server's {}", handshake(kind)))));
    }
    let (request, response) = (found.last_request.as_ref(), found.last_response.as_ref());
    if tls.data_records == 0 {
        let last =
            [&talk.client, &talk.server].into_iter().filter_map(|stream| stream.piece_before(i64::MAX)?.time).max();
        return Some(format!("{}; no data followed", ago(last, "the TLS handshake".to_owned())));
    }
    let last = [request, response].into_iter().flatten().max_by_key(|message| message.last_frame)?;
    match last.by == talk.server.way {
        true if last.complete == Some(false) => Some(format!("in the middle of {}", last.what)),
        true => Some(progress::after(last, &last.what, talk.end)),
        // What is encrypted may be no request at all, so nobody is said to wait.
        false if last.complete != Some(false) && talk.server_heard => {
            Some(format!("{}; no byte of a reply", ago(last.last, last.what.clone())))
        }
        false => None,
    }
}

fn detail(tls: &Tls, hello: bool) -> String {
    let mut parts = vec![match (tls.version, hello) {
        (Some(chosen), _) => version(chosen),
        (None, true) => "ClientHello".to_owned(),
        (None, false) => "encrypted, the beginning was not captured".to_owned(),
    }];
    parts.extend(tls.server_name.as_ref().map(|name| format!("SNI {name}")));
    parts.extend(tls.alpn_chosen.as_ref().map(|name| format!("ALPN {name}")));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::declared::Reason;
    use super::super::testing::{Dialogue, abuse};
    use super::*;

    fn record(kind: u8, content: &[u8]) -> Vec<u8> {
        [&[kind, 3, 3], &(content.len() as u16).to_be_bytes()[..], content].concat()
    }

    fn counted(octets: usize, content: &[u8]) -> Vec<u8> {
        [&content.len().to_be_bytes()[8 - octets..], content].concat()
    }

    fn extension(kind: u8, content: &[u8]) -> Vec<u8> {
        [&[0, kind], &counted(2, content)[..]].concat()
    }

    /// With SNI, ALPN and the versions, of which one is reserved.
    fn client_hello(name: &[u8]) -> Vec<u8> {
        let extensions = [
            extension(0, &counted(2, &[&[0], &counted(2, name)[..]].concat())),
            extension(16, &counted(2, &[counted(1, b"h2"), counted(1, b"http/1.1")].concat())),
            extension(43, &counted(1, &[0x8a, 0x8a, 3, 4, 3, 3])),
        ];
        let body = [
            &[3, 3][..],
            &[7; 32],
            &counted(1, &[1; 32]),
            &counted(2, &[0x13, 1]),
            &counted(1, &[0]),
            &counted(2, &extensions.concat()),
        ];
        record(HANDSHAKE, &[&[CLIENT_HELLO], &counted(3, &body.concat())[..]].concat())
    }

    fn server_hello(extensions: &[u8]) -> Vec<u8> {
        let body = [&[3, 3][..], &[9; 32], &counted(1, &[1; 32]), &[0x13, 1, 0], &counted(2, extensions)];
        record(HANDSHAKE, &[&[SERVER_HELLO], &counted(3, &body.concat())[..]].concat())
    }

    fn tls_1_3() -> Vec<u8> {
        [server_hello(&extension(43, &[3, 4])), record(CHANGE_CIPHER_SPEC, &[1]), record(DATA, &[0; 900])].concat()
    }

    fn finished() -> Vec<u8> {
        [record(CHANGE_CIPHER_SPEC, &[1]), record(DATA, &[0; 53])].concat()
    }

    #[test]
    fn a_lone_client_hello() {
        let dialogue = Dialogue::new().client(10.0, &client_hello(b"shop.example"));
        let found = dialogue.read(10.4);
        assert_eq!(found.progress.as_deref(), Some("0.4 ms after the ClientHello; no byte of a reply"));
        assert_eq!(found.detail.as_deref(), Some("ClientHello, SNI shop.example"));
        assert_eq!(found.name.as_deref(), Some("shop.example"));
        let tls = found.tls.expect("TLS");
        assert_eq!((tls.offered, tls.version, tls.finished), (Some(TLS_1_3), None, Some(false)));
        assert_eq!(tls.alpn, ["h2", "http/1.1"]);
        assert_eq!(found.waiting_for.map(|waiting| waiting.lasted), Some(Some(crate::tcp::Duration(400_000))));
        assert_eq!(dialogue.progress(3210.0), "waiting for the reply to the ClientHello for 3.2 s");
    }

    #[test]
    fn a_client_hello_in_part() {
        let hello = client_hello(b"shop.example");
        let found = Dialogue::new().client(1.0, &hello[..100]).read(2.0);
        assert_eq!(
            found.progress,
            Some(format!("in the middle of the ClientHello of {} bytes, 100 bytes sent", hello.len()))
        );
        assert_eq!(found.request_complete, Some(false));
        // The name stands in what was kept, though not all was.
        let found = Dialogue::new().client_kept(&hello, 180).read(2.0);
        assert_eq!((found.name.as_deref(), found.request_complete), (Some("shop.example"), Some(true)));
    }

    #[test]
    fn alerts_have_a_sender_and_a_meaning() {
        for (code, name, why) in [
            (70, "protocol_version", Reason::Protocol),
            (40, "handshake_failure", Reason::Protocol),
            (48, "unknown_ca", Reason::Refused),
            (200, "alert of an unknown kind", Reason::Protocol),
        ] {
            let found = Dialogue::new()
                .client(1.0, &client_hello(b"a.example"))
                .server(2.0, &record(ALERT, &[FATAL, code]))
                .read(2.3);
            let Some(Mismatch::Alert(alert)) = found.mismatch else { panic!("{:?}", found.mismatch) };
            assert_eq!((alert.by, alert.description, alert.fatal), (Way::Back, Some(code), Some(true)));
            assert_eq!(found.progress, Some(format!("0.3 ms after the server's fatal alert {name}")));
            assert_eq!(found.declared.first().map(|declared| declared.reason), Some(why));
        }
    }

    #[test]
    fn a_client_that_rejects_what_it_got() {
        let hello = [server_hello(b""), record(HANDSHAKE, &[11, 0, 0, 2, 0, 0])].concat();
        let begun = Dialogue::new().client(1.0, &client_hello(b"a.example")).server(2.0, &hello);
        assert_eq!(begun.progress(5.0), "in the TLS handshake, 3.0 ms after the server's Certificate");
        let found = begun.client(4.0, &record(ALERT, &[FATAL, 48])).read(5.0);
        assert_eq!(found.progress.as_deref(), Some("1.0 ms after the client's fatal alert unknown_ca"));
        assert!(matches!(found.mismatch, Some(Mismatch::Alert(Alert { by: Way::Forward, .. }))));
        // In TLS 1.3 it is encrypted, but nothing else is so short.
        let found = Dialogue::new()
            .client(1.0, &client_hello(b"a.example"))
            .server(2.0, &tls_1_3())
            .client(3.0, &[record(CHANGE_CIPHER_SPEC, &[1]), record(DATA, &[0; 19])].concat())
            .read(4.0);
        assert_eq!(found.progress.as_deref(), Some("1.0 ms after the client's encrypted alert"));
        assert_eq!((found.tls.expect("TLS").finished, found.mismatch), (Some(false), None));
    }

    #[test]
    fn encrypted_data_after_the_handshake() {
        let done =
            Dialogue::new().client(1.0, &client_hello(b"a.example")).server(2.0, &tls_1_3()).client(3.0, &finished());
        assert_eq!(done.progress(4.0), "1.0 ms after the TLS handshake; no data followed");
        assert_eq!(done.read(4.0).tls.expect("TLS").finished, Some(true));
        let asked = done.client(5.0, &record(DATA, &[0; 295]));
        assert_eq!(asked.progress(8205.0), "8.2 s after 300 bytes of the client's encrypted data; no byte of a reply");
        let answered = asked.server(9.0, &record(DATA, &[0; 995]));
        assert_eq!(answered.progress(9.2), "0.2 ms after 1 kB of the server's encrypted data");
        assert_eq!(answered.progress(60_009.0), "idle for 60.0 s after 1 kB of the server's encrypted data");
        let found = answered.clone().client(10.0, &record(DATA, &[0; 45])).read(11.0);
        assert_eq!((found.requests, found.tls.expect("TLS").data_records), (2, 3));
        let closing = answered.server(10.0, &record(DATA, &[0; 19]));
        assert_eq!(closing.progress(12.0), "2.0 ms after the server's encrypted alert, most likely close_notify");
        let cut = &record(DATA, &[0; 995])[..500];
        assert_eq!(closing.server(11.0, cut).progress(12.0), "in the middle of 2 kB of the server's encrypted data");
    }

    #[test]
    fn what_was_cut_off_may_have_finished_the_handshake() {
        let hello = client_hello(b"a.example");
        let begun = || Dialogue::new().client(1.0, &hello).server(2.0, &tls_1_3());
        assert_eq!(begun().read(3.0).tls.expect("TLS").finished, Some(false));
        // The client's answer is known by its length alone.
        let cut = begun().client_kept(&finished(), 4).read(3.0).tls.expect("TLS");
        assert_eq!(cut.finished, None);
    }

    #[test]
    fn tls_1_2_is_finished_when_both_sides_are() {
        let change = |with: &[u8]| [record(CHANGE_CIPHER_SPEC, &[1]), record(HANDSHAKE, with)].concat();
        let begun = Dialogue::new()
            .client(1.0, &client_hello(b"a.example"))
            .server(2.0, &server_hello(&extension(16, &counted(2, &counted(1, b"h2")))))
            .client(3.0, &change(&[5; 40]));
        assert_eq!(begun.read(4.0).tls.expect("TLS").finished, Some(false));
        let done = begun.server(4.0, &change(&[6; 40])).client(5.0, &record(DATA, &[0; 95]));
        let found = done.read(5.5);
        assert_eq!(
            found.progress.as_deref(),
            Some("0.5 ms after 100 bytes of the client's encrypted data; no byte of a reply")
        );
        assert_eq!(found.detail.as_deref(), Some("TLS 1.2, SNI a.example, ALPN h2"));
        assert_eq!(found.tls.expect("TLS").finished, Some(true));
    }

    #[test]
    fn plain_and_tls_do_not_understand_each_other() {
        let refusal = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
        let found = Dialogue::new().client(1.0, &client_hello(b"a.example")).server(2.0, refusal).read(2.5);
        assert!(matches!(found.mismatch, Some(Mismatch::TlsAnsweredInPlain { answer: Some(Protocol::Http), .. })));
        assert_eq!(found.progress.as_deref(), Some("0.5 ms after the server answered the ClientHello by HTTP"));

        let request = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
        let found = Dialogue::new().client(1.0, request).server(2.0, &record(ALERT, &[FATAL, 70])).read(2.5);
        assert!(matches!(found.mismatch, Some(Mismatch::PlainAnsweredInTls { spoken: Some(Protocol::Http), .. })));
        assert_eq!(
            found.progress.as_deref(),
            Some("0.5 ms after the server answered GET / by a TLS alert (TLS alert protocol_version)")
        );

        // Without an answer only the port can tell.
        for (port, mismatch) in [(80, true), (443, false), (7280, false)] {
            let found = Dialogue::new().port(port).client(1.0, &client_hello(b"a.example")).read(2.0);
            assert_eq!(found.mismatch.is_some(), mismatch, "{port}");
        }
        let plain = Dialogue::new().port(443).client(1.0, request).read(2.0);
        assert_eq!(plain.mismatch, Some(Mismatch::Port { spoken: Protocol::Http, port: 443 }));
    }

    #[test]
    fn a_hello_in_the_oldest_format() {
        let hello = [&[0x80, 46, CLIENT_HELLO, 0, 2, 0, 21, 0, 0, 0, 16][..], &[7; 37]].concat();
        let asked = Dialogue::new().client(1.0, &hello);
        assert_eq!(asked.read(2.0).tls.and_then(|tls| tls.offered), Some(2));
        let found = asked.server(2.0, &record(ALERT, &[FATAL, 70])).read(3.0);
        assert_eq!(found.progress.as_deref(), Some("1.0 ms after the server's fatal alert protocol_version"));
        abuse(&hello, &record(ALERT, &[FATAL, 70]));
    }

    #[test]
    fn what_only_looks_like_tls_is_not() {
        for octets in
            [&b"\x16\x03\x09\x00\x05\x01"[..], b"\x16\x03\x01\xff\xff\x01", b"\x16\x03\x01\x00\x05\x09", b"\x16\x03"]
        {
            assert_eq!(Dialogue::new().client(1.0, octets).read(2.0).protocol, None, "{octets:?}");
        }
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        abuse(&[client_hello(b"a.example"), finished()].concat(), &tls_1_3());
    }
}
