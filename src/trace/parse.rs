//! Text to events.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::lex::{Token, tokens};
use super::line::{Asked, Id, Stamps, Words, number};
use super::{Ends, Event, Packet, ROUTER_V4, ROUTER_V6, TraceError, first_id};
use crate::tcp::{Device, FrameNumber, IcmpError, PathId, QuotedSegment, Segment, SeqNum, TcpFlags, Timestamp};

/// Reads a trace; the events come in the order of the lines.
///
/// # Errors
/// The first word that is none of the language.
pub fn parse(text: &str) -> Result<Vec<Event>, TraceError> {
    let mut reader = Reader::default();
    for (number, line) in (1..).zip(text.lines()) {
        let tokens = tokens(number, line)?;
        if !tokens.is_empty() {
            reader.line(&mut Words::new(number, &tokens), starts_with_side(&tokens))?;
        }
    }
    Ok(reader.events)
}

fn starts_with_side(tokens: &[Token<'_>]) -> bool {
    matches!(tokens.first(), Some(Token::Word("c" | "s")))
}

/// What one side of one connection has done so far.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    counted: u16,
    last_stamp: u32,
    last_seq: Option<SeqNum>,
}

#[derive(Default)]
struct Reader {
    events: Vec<Event>,
    usual: [Asked; 2],
    sides: BTreeMap<(Ends, bool), Side>,
    last_frame: Option<FrameNumber>,
    last_id: Option<u16>,
}

impl Reader {
    fn line(&mut self, words: &mut Words<'_>, sets_usual: bool) -> Result<(), TraceError> {
        if sets_usual {
            let from_client = words.word("")? == "c";
            return self.usual[usize::from(from_client)].read(words);
        }
        let word = words.word("a time is missing")?;
        let time = time(word).ok_or_else(|| words.error(word, "no time in milliseconds"))?;
        let sender = words.word("c or s is missing: who sent it")?;
        if !matches!(sender, "c" | "s" | "r") {
            return Err(words.error(sender, "the sender is c, s, or for ICMP r"));
        }
        let what = words.word("flags are missing")?;
        if what == "icmp" {
            return self.icmp(time, sender, words);
        }
        if sender == "r" {
            return Err(words.error(sender, "a router sends nothing but ICMP here"));
        }
        let flags = flags(what).ok_or_else(|| words.error(what, "flags are letters of FSRPAUECNXYZ, or a single ."))?;
        let seq = words.relative(what)?;
        let from_client = sender == "c";
        let mut asked = self.usual[usize::from(from_client)].clone();
        asked.read(words)?;
        self.segment(time, from_client, flags, seq, asked, words)
    }

    fn frame(&mut self, asked: Option<u64>, words: &Words<'_>) -> Result<FrameNumber, TraceError> {
        let next = self.last_frame.map_or(FrameNumber::FIRST, FrameNumber::next);
        let frame = match asked {
            Some(number) => FrameNumber::new(number).ok_or_else(|| words.error("frame", "frames count from 1"))?,
            None => next,
        };
        self.last_frame = Some(frame);
        Ok(frame)
    }

    fn segment(
        &mut self,
        time: Option<Timestamp>,
        from_client: bool,
        flags: TcpFlags,
        seq: u32,
        asked: Asked,
        words: &Words<'_>,
    ) -> Result<(), TraceError> {
        let ends = asked.ends;
        let frame = self.frame(asked.frame, words)?;
        let payload_len = asked.len.unwrap_or(asked.data.len() as u32);
        if asked.data.len() as u64 > u64::from(payload_len) {
            return Err(words.error("len", "less than the data that is given"));
        }
        let captured_payload = asked.captured.unwrap_or(payload_len);
        if captured_payload > payload_len {
            return Err(words.error("cap", "more than the data of the segment"));
        }
        let (own, peer) = own_and_peer(asked.numbered(), asked.reuse, from_client);
        let echo = self.side(ends, !from_client).last_stamp;
        let side = self.side(ends, from_client);
        let ip_id = match asked.id {
            Id::Counted if ends.ipv6 => None,
            Id::Counted => {
                side.counted = side.counted.wrapping_add(1);
                Some(first_id(ends, from_client).wrapping_add(side.counted))
            }
            Id::Given(id) => Some(id),
            Id::OfLineBefore if self.last_id.is_none() && !ends.ipv6 => {
                return Err(words.error("copy", "no identification before it to copy"));
            }
            Id::OfLineBefore => self.last_id,
        };
        self.last_id = ip_id;
        let mut options = asked.options;
        if let Some((left, right)) = asked.sack {
            options.set_sack(peer.add(left), peer.add(right));
        }
        match asked.stamps {
            Stamps::None => {}
            Stamps::Given(value, echo) => options.set_timestamps(value, echo),
            Stamps::Clock(start) => options.set_timestamps(start.wrapping_add(millis(time)), echo),
        }
        let side = self.side(ends, from_client);
        side.last_stamp = options.timestamps().map_or(side.last_stamp, |(value, _)| value);
        let (source, destination) =
            if from_client { (ends.client(), ends.server()) } else { (ends.server(), ends.client()) };
        let segment = Segment {
            frame,
            time,
            source,
            destination,
            ipv6: ends.ipv6,
            seq: if asked.raw { SeqNum(seq) } else { own.add(seq) },
            ack: if flags.ack() { peer.add(asked.ack) } else { SeqNum(asked.ack_field) },
            flags,
            window: asked.window,
            payload_len,
            captured_payload,
            options,
            options_complete: asked.options_complete,
            ttl: asked.ttl,
            tos: asked.tos,
            ip_id,
            dont_fragment: asked.dont_fragment && !ends.ipv6,
            path: PathId(asked.path),
            device: Device::UNKNOWN,
            input: 0,
            input_frame: frame,
        };
        self.side(ends, from_client).last_seq = Some(segment.seq);
        self.events.push(Event { packet: Packet::Segment(segment), payload: asked.data, device: asked.device });
        Ok(())
    }

    fn side(&mut self, ends: Ends, is_client: bool) -> &mut Side {
        self.sides.entry((ends, is_client)).or_default()
    }

    fn icmp(&mut self, time: Option<Timestamp>, sender: &str, words: &mut Words<'_>) -> Result<(), TraceError> {
        let kind = words.word("the kind of ICMP error is missing")?;
        let detail = if kind == "exceeded" { "" } else { words.word("the code of the ICMP error is missing")? };
        let mut asked = match sender {
            "r" => Asked::default(),
            side => self.usual[usize::from(side == "c")].clone(),
        };
        let (mut about_client, mut quote) = (true, Quote::Last);
        while let Some(word) = words.next() {
            match word? {
                "about" => match words.word("c or s is missing after about")? {
                    "c" => about_client = true,
                    "s" => about_client = false,
                    other => return Err(words.error(other, "after about goes c or s")),
                },
                "quote" => quote = Quote::Given(words.relative("quote")?),
                "noquote" => quote = Quote::None,
                word if asked.packet(word, words)? => {}
                word => return Err(words.error(word, "no such word for ICMP")),
            }
        }
        let ends = asked.ends;
        let (icmp_type, code) =
            icmp_kind(kind, detail, ends.ipv6).ok_or_else(|| words.error(kind, "no such ICMP error"))?;
        let (own, _) = own_and_peer(asked.numbered(), asked.reuse, about_client);
        let (client, server) = (ends.client(), ends.server());
        let (source, destination) = if about_client { (client, server) } else { (server, client) };
        let quoted = QuotedSegment {
            source,
            destination,
            ipv6: ends.ipv6,
            seq: match quote {
                Quote::Last => Some(self.side(ends, about_client).last_seq.unwrap_or(own)),
                Quote::Given(seq) => Some(own.add(seq)),
                Quote::None => None,
            },
        };
        let reporter = match sender {
            "c" => client.ip(ends.ipv6),
            "s" => server.ip(ends.ipv6),
            _ => router(ends.ipv6),
        };
        let frame = self.frame(asked.frame, words)?;
        let error = IcmpError { frame, time, reporter, icmpv6: ends.ipv6, icmp_type, code, quoted };
        self.events.push(Event { packet: Packet::Icmp(error), payload: Vec::new(), device: asked.device });
        Ok(())
    }
}

enum Quote {
    Last,
    Given(u32),
    None,
}

pub(super) fn router(ipv6: bool) -> IpAddr {
    if ipv6 { ROUTER_V6.into() } else { ROUTER_V4.into() }
}

/// Initial sequence numbers of the sender and of its peer.
pub(super) fn own_and_peer(ends: Ends, reuse: u32, from_client: bool) -> (SeqNum, SeqNum) {
    let (client, server) = ends.isn();
    let moved = |isn: SeqNum| isn.add(reuse.wrapping_mul(1 << 28));
    if from_client { (moved(client), moved(server)) } else { (moved(server), moved(client)) }
}

/// ICMP errors in the words of a trace: kind and detail, whether it is IPv6, type and code (RFC 792, RFC 1812, RFC 4443).
pub(super) const ICMP_NAMES: [(&str, &str, bool, (u8, u8)); 11] = [
    ("unreachable", "net", false, (3, 0)),
    ("unreachable", "host", false, (3, 1)),
    ("unreachable", "protocol", false, (3, 2)),
    ("unreachable", "port", false, (3, 3)),
    ("unreachable", "prohibited", false, (3, 13)),
    ("exceeded", "", false, (11, 0)),
    ("unreachable", "net", true, (1, 0)),
    ("unreachable", "prohibited", true, (1, 1)),
    ("unreachable", "host", true, (1, 3)),
    ("unreachable", "port", true, (1, 4)),
    ("exceeded", "", true, (3, 0)),
];

fn icmp_kind(kind: &str, detail: &str, ipv6: bool) -> Option<(u8, u8)> {
    let named = ICMP_NAMES.iter().find(|(name, code, v6, _)| (*name, *code, *v6) == (kind, detail, ipv6));
    match named {
        Some((.., numbers)) => Some(*numbers),
        None => Some((number(kind)?, number(detail)?)),
    }
}

/// Flag letters from the low bit; the last three are the reserved bits.
pub(super) const FLAG_LETTERS: [char; 12] = ['F', 'S', 'R', 'P', 'A', 'U', 'E', 'C', 'N', 'X', 'Y', 'Z'];

fn flags(word: &str) -> Option<TcpFlags> {
    if word == "." {
        return Some(TcpFlags::default());
    }
    word.chars().try_fold(TcpFlags::default(), |flags, letter| {
        let bit = FLAG_LETTERS.iter().position(|&known| known == letter)?;
        Some(flags.union(TcpFlags::from_bits(1 << bit)))
    })
}

/// A time in milliseconds, exact to the nanosecond; the inner value is `None` for `-`.
fn time(word: &str) -> Option<Option<Timestamp>> {
    const DECIMALS: usize = 6;
    if word == "-" {
        return Some(None);
    }
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, word),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > DECIMALS {
        return None;
    }
    let part: i64 = format!("{part:0<DECIMALS$}").parse().ok()?;
    let nanos = whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(part)?;
    Some(Some(Timestamp::from_nanos(sign * nanos)))
}

/// The whole milliseconds of a time, as a clock of timestamps counts them.
fn millis(time: Option<Timestamp>) -> u32 {
    time.map_or(0, |time| time.nanos().div_euclid(1_000_000) as u32)
}
