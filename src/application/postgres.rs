//! PostgreSQL: the frontend/backend protocol, version 3 (PostgreSQL documentation, chapter "Message Formats").

use super::declared::{Declared, Reason};
use super::octets::Octets;
use super::packets::{Packet, converse, walk};
use super::text::bounded;
use super::{Application, Protocol, Talk};

/// Codes in place of a version: what a client asks for before it logs in.
const CANCEL: u32 = 80_877_102;
const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;

/// Longer first packets are refused (MAX_STARTUP_PACKET_LENGTH).
const MOST_STARTUP: u32 = 10_000;

/// The length and the code of a client's first packet.
fn startup(octets: &[u8]) -> Option<(usize, u32)> {
    let mut octets = Octets(octets);
    let length = octets.number(4)?;
    let code = octets.number(4)?;
    let fits = match code {
        CANCEL => (16..=MOST_STARTUP).contains(&length),
        SSL | GSS => length == 8,
        // Version 3, of any minor number that was ever used.
        0x0003_0000..=0x0003_0003 => (9..=MOST_STARTUP).contains(&length),
        _ => false,
    };
    fits.then_some((length as usize, code))
}

/// Whether a client that begins so speaks this.
pub(super) fn is_client(octets: &[u8]) -> bool {
    startup(octets).is_some()
}

/// The length of a packet that has a type.
fn length(octets: &[u8]) -> Option<usize> {
    let mut octets = Octets(octets);
    let kind = u8::try_from(octets.number(1)?).ok()?;
    let length = octets.number(4)?;
    (kind.is_ascii_alphanumeric() && (4..=1 << 30).contains(&length)).then_some(length as usize + 1)
}

/// The fields of an ErrorResponse that matter: severity, code, message.
fn error(packet: &Packet<'_>) -> Option<(String, String, String)> {
    let [b'E', _, _, _, _, fields @ ..] = &*packet.octets else { return None };
    let field = |kind: u8| {
        let mut fields = fields.split(|&octet| octet == 0);
        fields.find(|field| field.first() == Some(&kind)).and_then(|field| field.get(1..)).map(bounded)
    };
    // V is the severity that is not translated, since PostgreSQL 9.6.
    Some((field(b'V').or_else(|| field(b'S'))?, field(b'C')?, field(b'M').unwrap_or_default()))
}

fn ends_session(severity: &str) -> bool {
    matches!(severity, "FATAL" | "PANIC")
}

/// What an SQLSTATE means here (PostgreSQL documentation, appendix A).
fn reason(code: &str) -> Reason {
    match code {
        // too_many_connections, configuration_limit_exceeded, out_of_memory.
        "53300" | "53400" | "53200" => Reason::Limit,
        // idle_in_transaction_session_timeout, transaction_timeout, idle_session_timeout, query_canceled.
        "25P03" | "25P04" | "57P05" | "57014" => Reason::Timeout,
        // admin_shutdown, crash_shutdown, cannot_connect_now.
        "57P01" | "57P02" | "57P03" => Reason::Unavailable,
        "08P01" => Reason::Protocol,
        code if code.starts_with("28") || code == "3D000" => Reason::Refused,
        _ => Reason::Other,
    }
}

/// A client's packet that asks for something.
fn command(packet: &Packet<'_>) -> Option<&'static str> {
    Some(match packet.octets.first()? {
        b'Q' => "a query",
        b'P' => "a statement to prepare",
        b'E' => "a prepared statement",
        b'F' => "a function call",
        b'X' => "the farewell (Terminate)",
        b'p' => "the password",
        _ => return None,
    })
}

pub(super) fn read(talk: &Talk<'_>) -> Option<Application> {
    let opening = talk.client.opening();
    let (first, code) = startup(opening)?;
    let begin = talk.client.start().saturating_add(i64::try_from(first).ok()?);
    let mut found = Application { protocol: Some(Protocol::Postgres), ..Application::default() };
    if matches!(code, SSL | GSS) {
        return Some(encrypted(found, talk, begin));
    }
    if code == CANCEL {
        found.detail = Some("a request to cancel a query".to_owned());
    } else {
        let mut words = opening.get(8..first.min(opening.len())).unwrap_or_default().split(|&octet| octet == 0);
        let mut database = None;
        while let (Some(key), Some(value)) = (words.next(), words.next()) {
            if key == b"database" {
                database = Some(bounded(value));
            }
        }
        found.detail = database.map(|database| format!("database {database}"));
    }
    converse_plain(&mut found, talk, begin, talk.server.start());
    Some(found)
}

/// Behind a request for encryption the server answers with one octet.
fn encrypted(found: Application, talk: &Talk<'_>, begin: i64) -> Application {
    let answer = talk.server.octets(talk.server.start(), 1);
    let behind = talk.server.start().saturating_add(1);
    match answer.first() {
        Some(b'S' | b'G') => {
            let mut found = super::upgrade::to_tls(found, talk, begin, behind);
            if found.tls.is_none() {
                found.progress = after(talk, "the server agreed to encryption");
            }
            found
        }
        Some(b'N') => {
            let rest = talk.behind(begin, behind);
            let phrase = || after(talk, "the server refused encryption");
            read(&rest).unwrap_or_else(|| Application { progress: phrase(), ..found })
        }
        _ => {
            let mut found = found;
            let what = "the request for encryption".to_owned();
            let start = talk.client.start();
            let end = Some(begin);
            found.requests = 1;
            found.last_request = Some(super::Message::new(&talk.client, what, start, start, end, begin));
            found
        }
    }
}

fn after(talk: &Talk<'_>, what: &str) -> Option<String> {
    let last = talk.server.piece_before(i64::MAX)?;
    Some(super::progress::ago(last.time, talk.end, what))
}

fn converse_plain(found: &mut Application, talk: &Talk<'_>, begin: i64, server: i64) {
    let sent = walk(&talk.client, begin, length);
    let received = walk(&talk.server, server, length);
    for packet in &received {
        // Other errors end a query, not the connection.
        let fatal = error(packet).filter(|(severity, ..)| ends_session(severity));
        let Some((severity, code, text)) = fatal else { continue };
        let text = format!("{severity} {code}: {text}");
        let (by, frame, time) = (talk.server.way, packet.frame, packet.time);
        found.declared.push(Declared { by, frame, time, reason: reason(&code), text });
    }
    let asked: Vec<_> = sent.iter().filter_map(|packet| Some((packet, command(packet)?.to_owned()))).collect();
    let start = talk.client.start();
    let login: Vec<_> = walk(&talk.client, start, |octets| startup(octets).map(|(length, _)| length));
    let login: Vec<_> = login.iter().take(1).map(|packet| (packet, "the log-in".to_owned())).collect();
    // ReadyForQuery, or an error that ends the session.
    let complete = |last: &Packet<'_>| match last.octets.first() {
        Some(b'Z') => Some(true),
        Some(b'E') => error(last).map(|(severity, ..)| ends_session(&severity)),
        _ => Some(false),
    };
    converse(found, talk, if asked.is_empty() { &login } else { &asked }, &received, complete);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Dialogue, abuse};
    use super::*;

    fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind], &(body.len() as u32 + 4).to_be_bytes()[..], body].concat()
    }

    fn login() -> Vec<u8> {
        let body = b"\0\x03\0\0user\0me\0database\0shop\0\0";
        [&(body.len() as u32 + 4).to_be_bytes()[..], body].concat()
    }

    const WANTS_TLS: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";
    const READY: &[u8] = b"Z\0\0\0\x05I";

    #[test]
    fn errors_say_why() {
        for (code, reason) in [
            ("53300", Reason::Limit),
            ("57P01", Reason::Unavailable),
            ("57P05", Reason::Timeout),
            ("28P01", Reason::Refused),
            ("42601", Reason::Other),
        ] {
            let body = format!("SFATAL\0VFATAL\0C{code}\0Mno more\0\0");
            let found = Dialogue::new().client(1.0, &login()).server(2.0, &packet(b'E', body.as_bytes())).read(2.5);
            let declared = found.declared.first().expect("a reason");
            assert_eq!((declared.reason, &declared.text), (reason, &format!("FATAL {code}: no more")));
            assert_eq!(found.progress.as_deref(), Some("0.5 ms after the complete reply to the log-in"));
        }
    }

    #[test]
    fn queries_and_their_answers() {
        let ready =
            Dialogue::new().client(1.0, &login()).server(2.0, &[packet(b'R', &[0; 4]), READY.to_vec()].concat());
        assert_eq!(ready.read(3.0).detail.as_deref(), Some("database shop"));
        let asked = ready.client(3.0, &packet(b'Q', b"select 1\0"));
        assert_eq!(asked.progress(3.5), "0.5 ms after a query; no byte of a reply");
        let rows = asked.server(4.0, &packet(b'D', &[0; 90]));
        assert_eq!(rows.progress(4.5), "in the middle of the reply to a query, 95 bytes received");
        let done = rows.server(5.0, READY);
        assert_eq!(done.progress(600_005.0), "idle for 600.0 s after the reply to a query");
        assert_eq!(done.read(6.0).requests, 1);
    }

    #[test]
    fn an_error_of_a_query_is_no_reason_to_close() {
        let error = packet(b'E', b"SERROR\0VERROR\0C22012\0Mdivision by zero\0\0");
        let found = Dialogue::new().client(1.0, &login()).server(2.0, &[&error[..], READY].concat()).read(3.0);
        assert_eq!((found.declared, found.response_complete), (Vec::new(), Some(true)));
    }

    #[test]
    fn encryption_is_asked_for_first() {
        let asked = Dialogue::new().client(1.0, WANTS_TLS);
        assert_eq!(asked.progress(1.5), "0.5 ms after the request for encryption; no byte of a reply");
        assert_eq!(asked.clone().server(2.0, b"S").progress(2.5), "0.5 ms after the server agreed to encryption");
        let plain = asked.clone().server(2.0, b"N").client(3.0, &login());
        assert_eq!(plain.progress(3.5), "0.5 ms after the log-in; no byte of a reply");
        let alert = asked
            .server(2.0, b"S")
            .client(3.0, b"\x16\x03\x01\0\x05\x01\0\0\x01\0")
            .server(4.0, b"\x15\x03\x03\0\x02\x02\x28");
        let found = alert.read(4.5);
        assert_eq!(found.progress.as_deref(), Some("0.5 ms after the server's fatal alert handshake_failure"));
        assert_eq!(found.protocol, Some(Protocol::Postgres));
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        abuse(
            &[login(), packet(b'Q', b"select 1\0")].concat(),
            &[packet(b'E', b"SERROR\0C42601\0Mno\0\0"), READY.to_vec()].concat(),
        );
        abuse(WANTS_TLS, b"N");
    }
}
