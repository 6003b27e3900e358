//! MySQL and MariaDB: the client/server protocol of MySQL's internals manual.

use super::declared::{Declared, Reason};
use super::packets::{Packet, converse, walk};
use super::text::bounded;
use super::{Application, Protocol, Talk};

/// Octets of a packet's head: the length of the rest in three, least significant first, and a number.
const HEAD: usize = 4;

/// The version of the greeting since MySQL 3.21.
const GREETING: u8 = 10;

/// The first octet of an error.
const ERROR: u8 = 0xff;

/// The most that a server of this kind sends in a greeting; other protocols' octets would mean more.
const MOST_GREETING: usize = 512;

fn length(octets: &[u8]) -> Option<usize> {
    let [a, b, c, _, ..] = *octets else { return None };
    Some(u32::from_le_bytes([a, b, c, 0]) as usize + HEAD)
}

/// The version text of a server's first packet; `Some(None)` if that is an error.
fn greeting(octets: &[u8]) -> Option<Option<String>> {
    let len = length(octets)?;
    let [_, _, _, number, kind, rest @ ..] = octets else { return None };
    let fits = *number == 0 && (HEAD + 4..=MOST_GREETING).contains(&len);
    match *kind {
        GREETING if fits => {
            let text = rest.split(|&octet| octet == 0).next()?;
            let is_text = !text.is_empty() && text.first()?.is_ascii_digit() && text.iter().all(u8::is_ascii_graphic);
            is_text.then(|| Some(bounded(text)))
        }
        ERROR if fits => error(octets).map(|_| None),
        _ => None,
    }
}

/// The number and the text of an error packet. The numbers of servers begin at 1000 (MySQL error reference).
fn error(octets: &[u8]) -> Option<(u16, String)> {
    let [_, _, _, _, ERROR, low, high, text @ ..] = octets else { return None };
    let code = u16::from_le_bytes([*low, *high]);
    // The SQL state, which an error before the handshake lacks.
    let text = match text {
        [b'#', _, _, _, _, _, text @ ..] => text,
        text => text,
    };
    (1000..10_000).contains(&code).then(|| (code, bounded(text)))
}

/// Whether a server that begins so speaks this.
pub(super) fn is_server(octets: &[u8]) -> bool {
    greeting(octets).is_some()
}

/// The command of a client's packet, without what it is about.
fn command(packet: &Packet<'_>) -> Option<&'static str> {
    // Every command begins with packet number 0; the answer to the greeting has 1 or more.
    let [_, _, _, 0, command, ..] = *packet.octets else { return None };
    Some(match command {
        1 => "the farewell (COM_QUIT)",
        2 => "a change of database",
        3 => "a query",
        14 => "a ping",
        17 => "a change of user",
        18 => "a request for the binary log",
        22 => "a statement to prepare",
        23 => "a prepared statement",
        25 => "the end of a prepared statement",
        28 => "a request for rows",
        31 => "a reset of the session",
        _ => "a command",
    })
}

/// What an error number means here (MySQL error reference).
fn reason(code: u16) -> Reason {
    match code {
        // ER_CON_COUNT_ERROR, ER_TOO_MANY_USER_CONNECTIONS, ER_USER_LIMIT_REACHED.
        1040 | 1203 | 1226 => Reason::Limit,
        // ER_NET_READ_INTERRUPTED, ER_NET_WRITE_INTERRUPTED, ER_CLIENT_INTERACTION_TIMEOUT.
        1159 | 1161 | 4031 => Reason::Timeout,
        // ER_NET_PACKET_TOO_LARGE.
        1153 => Reason::TooLarge,
        // ER_SERVER_SHUTDOWN.
        1053 => Reason::Unavailable,
        // ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR, ER_HOST_IS_BLOCKED, ER_HOST_NOT_PRIVILEGED, ER_SECURE_TRANSPORT_REQUIRED.
        1044 | 1045 | 1129 | 1130 | 3159 => Reason::Refused,
        // ER_HANDSHAKE_ERROR, ER_NET_PACKETS_OUT_OF_ORDER, ER_NOT_SUPPORTED_AUTH_MODE.
        1043 | 1156 | 1251 => Reason::Protocol,
        _ => Reason::Other,
    }
}

/// The client's capability to change to TLS behind its first packet (CLIENT_SSL).
const CLIENT_SSL: u16 = 0x0800;

/// Octets of the packet that asks for TLS, without its head.
const SSL_REQUEST: usize = 32;

pub(super) fn read(talk: &Talk<'_>) -> Option<Application> {
    let version = greeting(talk.server.opening())?;
    let sent = walk(&talk.client, talk.client.start(), length);
    let mut found = Application { protocol: Some(Protocol::Mysql), ..Application::default() };
    found.detail = version.as_ref().map(|version| format!("server {version}"));
    if let Some(first) = sent.first()
        && let [_, _, _, _, low, high, ..] = *first.octets
        && first.octets.len() == HEAD + SSL_REQUEST
        && u16::from_le_bytes([low, high]) & CLIENT_SSL != 0
    {
        let greeted = length(talk.server.opening()).and_then(|len| i64::try_from(len).ok())?;
        return Some(super::upgrade::to_tls(found, talk, first.end, talk.server.start() + greeted));
    }
    let received = walk(&talk.server, talk.server.start(), length);
    let mut asked: Vec<_> = sent.iter().filter_map(|packet| Some((packet, command(packet)?.to_owned()))).collect();
    if asked.is_empty() {
        asked.extend(sent.first().map(|packet| (packet, "the log-in".to_owned())));
    }
    for packet in &received {
        let Some((code, text)) = error(&packet.octets) else { continue };
        // Other errors end a query, not the connection.
        if reason(code) == Reason::Other {
            continue;
        }
        let text = format!("{code} {text}");
        let (by, frame, time) = (talk.server.way, packet.frame, packet.time);
        found.declared.push(Declared { by, frame, time, reason: reason(code), text });
    }
    // OK, or an error; a result set is followed by more than its first packet tells.
    let is_short = |packet: &Packet<'_>| matches!(*packet.octets, [_, _, _, _, 0 | ERROR, ..]);
    converse(&mut found, talk, &asked, &received, |last| (is_short(last) || is_end_of_rows(last)).then_some(true));
    found.status = received.last().and_then(|packet| Some(error(&packet.octets)?.0));
    if let Some(response) = found.last_response.as_mut().filter(|_| sent.is_empty()) {
        let error = received.last().and_then(|packet| error(&packet.octets));
        response.what = match error {
            Some((code, text)) => format!("the server's error {code} {text}"),
            None => "the server's greeting".to_owned(),
        };
        response.complete = received.last().map(|packet| packet.complete);
    }
    Some(found)
}

/// EOF, or the OK that replaces it, behind the last row.
fn is_end_of_rows(packet: &Packet<'_>) -> bool {
    /// Packet numbers of the columns' definitions and their own EOF come first: at least 4.
    const FIRST: u8 = 4;
    matches!(*packet.octets, [_, _, _, number, 0xfe, ..] if number >= FIRST && packet.octets.len() < HEAD + 9)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Dialogue, abuse};
    use super::*;

    fn packet(number: u8, body: &[u8]) -> Vec<u8> {
        [&[body.len() as u8, 0, 0, number], body].concat()
    }

    fn hello() -> Vec<u8> {
        packet(0, b"\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0")
    }

    #[test]
    fn a_server_without_room() {
        for (body, number) in [
            (&b"\xff\x10\x04Too many connections"[..], 1040),
            (b"\xff\x10\x04#08004Too many connections", 1040),
            (b"\xff\xb3\x04#42000Too many connections", 1203),
        ] {
            let found = Dialogue::new().server(1.0, &packet(0, body)).read(1.5);
            assert_eq!(
                found.limit_declared().map(|limit| limit.text.clone()),
                Some(format!("{number} Too many connections"))
            );
            assert_eq!((found.protocol, found.status), (Some(Protocol::Mysql), Some(number)));
            assert_eq!(found.progress, Some(format!("0.5 ms after the server's error {number} Too many connections")));
        }
    }

    #[test]
    fn queries_and_their_answers() {
        let greeted = Dialogue::new().server(1.0, &hello());
        assert_eq!(greeted.progress(1.5), "0.5 ms after the server's greeting");
        let logged_in = greeted.client(2.0, &packet(1, &[0; 40])).server(3.0, &packet(2, &[0, 0, 0, 2, 0, 0, 0]));
        assert_eq!(logged_in.progress(3.5), "0.5 ms after the complete reply to the log-in");
        let asked = logged_in.client(4.0, &packet(0, b"\x03select 1"));
        assert_eq!(asked.progress(30_004.0), "waiting for the reply to a query for 30.0 s");
        assert_eq!(asked.read(5.0).detail.as_deref(), Some("server 8.0.36"));
        let rows = asked.server(5.0, &[packet(1, &[1]), packet(2, &[3; 30])].concat());
        assert_eq!(rows.read(6.0).response_complete, None);
        let done = rows.server(6.0, &packet(5, &[0xfe, 0, 0, 2, 0]));
        assert_eq!(done.progress(28_800_006.0), "idle for 28800.0 s after the reply to a query");
    }

    #[test]
    fn what_only_looks_like_mysql_is_not() {
        for octets in
            [&b"\x10\0\0\0\x0a\0\0\0\0"[..], b"\x10\0\0\x01\x0a8.0\0", b"\x08\0\0\0\xff\x01\x00abcde", b"\x08\0"]
        {
            assert_eq!(Dialogue::new().server(1.0, octets).read(2.0).protocol, None, "{octets:?}");
        }
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        let ssl = [&[0, 0x0f][..], &[0; 30]].concat();
        abuse(
            &[packet(1, &ssl), packet(0, b"\x03select 1")].concat(),
            &[hello(), packet(1, b"\xff\x10\x04no")].concat(),
        );
    }
}
