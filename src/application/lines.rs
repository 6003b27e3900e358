//! Protocols of commands and replies in lines: SMTP, FTP, POP3, IMAP.
//!
//! People and programs take turns in these, so a command and a reply each begin where a segment does.

use super::declared::{Declared, Reason};
use super::message::Message;
use super::stream::{Piece, Stream};
use super::text::{bounded, first_line, lines};
use super::{Application, Protocol, Talk, upgrade};

/// A reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// Its code, where the protocol has codes.
    pub code: Option<u16>,
    /// What it says to the command.
    pub meaning: Meaning,
}

/// What a reply says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Yes, or a step on the way there.
    Yes,
    /// Send the rest.
    Continue,
    /// No.
    No,
    /// The service ends this connection.
    Goodbye,
}

/// What one of these protocols is made of.
pub(super) struct Grammar {
    /// Which one it is.
    pub protocol: Protocol,
    /// The command in a line, in capitals and without what may be secret.
    pub command: fn(&[u8]) -> Option<String>,
    /// The reply that begins with this line.
    pub reply: fn(&[u8]) -> Option<Reply>,
    /// Whether a line ends a reply.
    pub ends: fn(&[u8]) -> bool,
    /// The command that changes to TLS.
    pub to_tls: &'static str,
}

/// Octets of the longest command.
const LONGEST_WORD: usize = 12;

/// The first word in capitals, if it is one of these.
pub(super) fn word(line: &[u8], known: &[&str]) -> Option<String> {
    let word = line.split(|&octet| octet == b' ').next().filter(|word| word.len() <= LONGEST_WORD)?;
    known.iter().find(|known| known.as_bytes().eq_ignore_ascii_case(word)).map(|&known| known.to_owned())
}

/// The same of the first line of what a client says; the rest of a line that is longer tells nothing.
pub(super) fn first_word(opening: &[u8], known: &[&str]) -> Option<String> {
    word(first_line(opening.get(..=LONGEST_WORD).unwrap_or(opening)), known)
}

/// A reply that begins with three digits (RFC 5321 section 4.2, RFC 959 section 4.2).
pub(super) fn numbered(line: &[u8]) -> Option<Reply> {
    let [a @ b'1'..=b'5', b, c, rest @ ..] = line else { return None };
    if !b.is_ascii_digit() || !c.is_ascii_digit() || !matches!(rest.first(), None | Some(b' ' | b'-')) {
        return None;
    }
    let digits = [a, b, c].into_iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    let meaning = match digits {
        421 => Meaning::Goodbye,
        400.. => Meaning::No,
        300.. => Meaning::Continue,
        _ => Meaning::Yes,
    };
    Some(Reply { code: Some(digits), meaning })
}

/// Such a reply that a server greets with.
pub(super) fn greeting(opening: &[u8]) -> Option<Reply> {
    // Most that is none is told by its first octet, without a look for the end of a line.
    opening.first().filter(|digit| digit.is_ascii_digit())?;
    numbered(first_line(opening))
}

/// Whether a line is the last of such a reply.
pub(super) fn ends_numbered(line: &[u8]) -> bool {
    numbered(line).is_some() && line.get(3) != Some(&b'-')
}

/// What the words of a refusal say.
fn reason(text: &str) -> Reason {
    let text = text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["too many", "maximum number", "max number", "limit", "no more connections", "throttl"]) {
        Reason::Limit
    } else if has(&["timeout", "timed out", "time out", "idle", "inactivity"]) {
        Reason::Timeout
    } else {
        Reason::Unavailable
    }
}

/// A segment that begins a command, a reply, or belongs to what a command announced.
struct Turn<'a> {
    piece: Piece<'a>,
    client: bool,
}

fn turns<'a>(stream: &Stream<'a>, client: bool) -> Vec<Turn<'a>> {
    stream.pieces_from(i64::MIN).iter().map(|&piece| Turn { piece, client }).collect()
}

pub(super) fn read(grammar: &Grammar, talk: &Talk<'_>) -> Application {
    let mut found = Application { protocol: Some(grammar.protocol), ..Application::default() };
    let mut all = turns(&talk.client, true);
    all.extend(turns(&talk.server, false));
    all.sort_by_key(|turn| turn.piece.frame);

    let mut asked: Option<(i64, String)> = None;
    let mut answered: Option<(i64, Reply)> = None;
    // What the last command allowed to be sent.
    let mut content = false;
    for Turn { piece, client } in all {
        let line = first_line(piece.octets);
        if client {
            if content {
                if !matches!(&asked, Some((_, what)) if what == CONTENT) {
                    asked = Some((piece.at, CONTENT.to_owned()));
                }
            } else if let Some(command) = (grammar.command)(line) {
                let many = lines(piece.octets).filter_map(|(line, _)| (grammar.command)(line));
                let many: Vec<String> = many.collect();
                found.requests = found.requests.saturating_add(u32::try_from(many.len()).unwrap_or(u32::MAX));
                asked = Some((piece.at, many.last().cloned().unwrap_or(command)));
            }
            continue;
        }
        let Some(reply) = (grammar.reply)(line) else { continue };
        content = reply.meaning == Meaning::Continue && matches!(&asked, Some((_, what)) if what == "DATA");
        answered = Some((piece.at, reply));
        found.status = reply.code;
        if reply.meaning == Meaning::Goodbye {
            let text = bounded(line);
            let (by, frame, time) = (talk.server.way, piece.frame, piece.time);
            found.declared.push(Declared { by, frame, time, reason: reason(&text), text });
        }
        if reply.meaning == Meaning::Yes && matches!(&asked, Some((_, what)) if *what == grammar.to_tls) {
            let client = asked.as_ref().map_or(0, |(at, _)| *at);
            let line = |stream: &Stream<'_>, at: i64| {
                let octets = stream.octets(at, super::MOST_HEAD);
                let end = octets.iter().position(|&octet| octet == b'\n').map_or(octets.len(), |at| at + 1);
                at.saturating_add(i64::try_from(end).unwrap_or(i64::MAX))
            };
            let (client, server) = (line(&talk.client, client), line(&talk.server, piece.at));
            fill(&mut found, grammar, talk, &asked, answered);
            let upgraded = upgrade::to_tls(found.clone(), talk, client, server);
            if upgraded.tls.is_some() {
                return upgraded;
            }
        }
    }
    fill(&mut found, grammar, talk, &asked, answered);
    found
}

const CONTENT: &str = "the content of the message";

fn fill(
    found: &mut Application,
    grammar: &Grammar,
    talk: &Talk<'_>,
    asked: &Option<(i64, String)>,
    answered: Option<(i64, Reply)>,
) {
    let greeting = bounded(first_line(talk.server.opening()));
    found.detail = Some(greeting).filter(|greeting| !greeting.is_empty());
    found.last_request = asked.as_ref().map(|(at, what)| {
        let stream = &talk.client;
        let mut message = Message::new(stream, what.clone(), *at, *at, None, stream.end());
        let ends: &[u8] = if what == CONTENT { b"\r\n.\r\n" } else { b"\n" };
        message.complete = tail(stream).map(|tail| tail.ends_with(ends));
        message
    });
    found.last_response = answered.map(|(at, _)| {
        let stream = &talk.server;
        let line = bounded(first_line(&stream.octets(at, super::MOST_HEAD)));
        let what = if asked.is_none() { "the server's greeting".to_owned() } else { line };
        let mut message = Message::new(stream, what, at, at, None, stream.end());
        message.complete = tail(stream).map(|tail| {
            let last = lines(tail).last();
            last.is_some_and(|(line, ended)| ended && (grammar.ends)(line))
        });
        message
    });
}

/// The last segment of a stream, if its end was kept.
fn tail<'a>(stream: &Stream<'a>) -> Option<&'a [u8]> {
    stream.piece_before(i64::MAX).filter(|piece| piece.is_whole()).map(|piece| piece.octets)
}
