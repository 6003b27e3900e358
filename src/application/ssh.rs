//! SSH: RFC 4253. The versions, and in the clear what comes before the keys are taken into use.

use super::declared::{Declared, Reason};
use super::message::Message;
use super::octets::Octets;
use super::packets::walk;
use super::stream::Stream;
use super::text::{bounded, first_line};
use super::{Application, Protocol, Talk, progress};
use crate::tcp::Timestamp;

const NEW_KEYS: u8 = 21;
const DISCONNECT: u8 = 1;

/// Longer packets need not be accepted (section 6.1).
const MOST_PACKET: u32 = 35_000;

/// Whether a side that begins so speaks this.
pub(super) fn is_ssh(octets: &[u8]) -> bool {
    octets.starts_with(b"SSH-")
}

/// The software in a version line, and how long the line is.
fn version(stream: &Stream<'_>) -> Option<(String, i64)> {
    let octets = stream.opening();
    let line = first_line(octets);
    // `SSH-2.0-OpenSSH_9.6 comment`; some servers fill the line up with zeroes.
    let line = line.split(|octet| octet.is_ascii_control()).next().unwrap_or_default().trim_ascii_end();
    let software = line.strip_prefix(b"SSH-")?.splitn(2, |&octet| octet == b'-').nth(1)?;
    let end = octets.iter().position(|&octet| octet == b'\n').map_or(line.len(), |at| at + 1);
    Some((bounded(software), i64::try_from(end).ok()?))
}

fn length(octets: &[u8]) -> Option<usize> {
    let mut octets = Octets(octets);
    let length = octets.number(4)?;
    let padding = octets.number(1)?;
    (12..=MOST_PACKET).contains(&length).then_some(())?;
    (4..length).contains(&padding).then_some(length as usize + 4)
}

/// How far one side's part of the key exchange got.
#[derive(Default)]
struct Side {
    software: Option<String>,
    new_keys: bool,
    goodbye: Option<Declared>,
}

fn side(stream: &Stream<'_>) -> Side {
    let Some((software, end)) = version(stream) else { return Side::default() };
    let mut side = Side { software: Some(software), ..Side::default() };
    for packet in walk(stream, stream.start().saturating_add(end), length) {
        match packet.octets.get(5) {
            Some(&NEW_KEYS) => {
                side.new_keys = packet.complete;
                break;
            }
            Some(&DISCONNECT) => {
                let mut octets = Octets(packet.octets.get(6..).unwrap_or_default());
                let code = octets.number(4);
                let text = octets.counted(4).map(|text| bounded(text.0)).unwrap_or_default();
                let reason = match code {
                    // SSH_DISCONNECT_TOO_MANY_CONNECTIONS.
                    Some(12) => Reason::Limit,
                    Some(2 | 3 | 8) => Reason::Protocol,
                    Some(1 | 13 | 14) => Reason::Refused,
                    _ => Reason::Other,
                };
                let (by, frame, time) = (stream.way, packet.frame, packet.time);
                side.goodbye = Some(Declared { by, frame, time, reason, text: format!("SSH disconnect: {text}") });
                break;
            }
            _ => {}
        }
    }
    side
}

pub(super) fn read(talk: &Talk<'_>) -> Option<Application> {
    let openings = [talk.client.opening(), talk.server.opening()];
    if !openings.iter().any(|opening| is_ssh(opening)) {
        return None;
    }
    let [client, server] = [side(&talk.client), side(&talk.server)];
    let mut found = Application { protocol: Some(Protocol::Ssh), ..Application::default() };
    let names = [("server", &server.software), ("client", &client.software)];
    let names = names.iter().filter_map(|(who, name)| Some(format!("{who} {}", name.as_ref()?)));
    found.detail = Some(names.collect::<Vec<_>>().join(", "));
    found.declared.extend(refusal(&talk.server));
    found.declared.extend(client.goodbye.into_iter().chain(server.goodbye));
    let whole = |stream: &Stream<'_>, what: &str| {
        let mut message = Message::new(stream, what.to_owned(), stream.start(), stream.start(), None, stream.end());
        message.complete = None;
        (!stream.is_empty()).then_some(message)
    };
    found.last_request = whole(&talk.client, "what the client sent");
    found.last_response = whole(&talk.server, "what the server sent");
    found.progress = phrase(talk, client.new_keys && server.new_keys);
    Some(found)
}

/// A server that takes no more writes a line and closes, before its version or instead of it (section 4.2; OpenSSH does).
fn refusal(server: &Stream<'_>) -> Option<Declared> {
    let octets = server.opening();
    if is_ssh(octets) {
        return None;
    }
    let text = bounded(first_line(octets));
    let piece = server.piece_at(server.start())?;
    // OpenSSH's MaxStartups and its penalties for sources.
    let limit = text.starts_with("Exceeded MaxStartups") || text.starts_with("Not allowed at this time");
    let reason = if limit { Reason::Limit } else { Reason::Other };
    Some(Declared { by: server.way, frame: piece.frame, time: piece.time, reason, text })
}

fn phrase(talk: &Talk<'_>, encrypted: bool) -> Option<String> {
    let [client, server] = [&talk.client, &talk.server].map(|stream| stream.piece_before(i64::MAX));
    let ago = |earlier: Option<Timestamp>, what: &str| progress::ago(earlier, talk.end, what);
    Some(match (client, server) {
        (Some(client), None) => ago(client.time, "the client's version; no byte of a reply"),
        (None, Some(server)) => ago(server.time, "the server's last packet; no byte from the client in the capture"),
        (Some(client), Some(server)) => {
            let (last, whose) = if client.frame > server.frame { (client, "client") } else { (server, "server") };
            if encrypted {
                ago(last.time, &format!("the {whose}'s last encrypted data"))
            } else {
                format!("in the key exchange, {}", ago(last.time, &format!("the {whose}'s last packet")))
            }
        }
        (None, None) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Dialogue, abuse};
    use super::*;

    fn packet(body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 11).to_be_bytes()[..], &[10], body, &[0; 10]].concat()
    }

    fn exchange() -> Dialogue {
        Dialogue::new()
            .server(1.0, b"SSH-2.0-OpenSSH_9.6 Debian\r\n")
            .client(2.0, b"SSH-2.0-libssh2_1.11.0\r\n")
            .client(3.0, &packet(&[20; 60]))
    }

    #[test]
    fn versions_and_the_key_exchange() {
        let found = exchange().read(4.0);
        assert_eq!(found.detail.as_deref(), Some("server OpenSSH_9.6 Debian, client libssh2_1.11.0"));
        assert_eq!(found.progress.as_deref(), Some("in the key exchange, 1.0 ms after the client's last packet"));
        let keys = packet(&[NEW_KEYS]);
        let open =
            exchange().server(4.0, &packet(&[20; 60])).server(5.0, &keys).client(6.0, &keys).client(7.0, &[0xaa; 80]);
        assert_eq!(open.progress(3_600_007.0), "3600.0 s after the client's last encrypted data");
        let mute = Dialogue::new().client(1.0, b"SSH-2.0-x\r\n");
        assert_eq!(mute.progress(2.0), "1.0 ms after the client's version; no byte of a reply");
    }

    #[test]
    fn servers_say_why() {
        let full = Dialogue::new().client(1.0, b"SSH-2.0-x\r\n").server(2.0, b"Exceeded MaxStartups\r\n").read(3.0);
        assert_eq!(full.limit_declared().map(|limit| limit.text.as_str()), Some("Exceeded MaxStartups"));
        let goodbye = [&[DISCONNECT, 0, 0, 0, 3, 0, 0, 0, 9], &b"no common"[..]].concat();
        let found = exchange().server(4.0, &packet(&goodbye)).read(5.0);
        let declared = found.declared.first().expect("a reason");
        assert_eq!((declared.reason, declared.text.as_str()), (Reason::Protocol, "SSH disconnect: no common"));
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        let client = [b"SSH-2.0-x\r\n", &packet(&[20; 60])[..], &packet(&[NEW_KEYS])].concat();
        abuse(&client, &[&b"SSH-2.0-y\r\n"[..], &packet(&[DISCONNECT, 0, 0, 0, 2, 0, 0, 0, 200, 65])].concat());
    }
}
