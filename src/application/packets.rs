//! Protocols whose messages begin with their length.

use std::borrow::Cow;

use super::message::Message;
use super::stream::Stream;
use super::{Application, MOST_MESSAGES, Talk};
use crate::tcp::{FrameNumber, Timestamp};

/// Octets of a packet that are read.
const MOST: usize = 1024;

/// One packet of a stream.
pub(super) struct Packet<'a> {
    /// Where it begins, head included.
    pub at: i64,
    /// Where it ends.
    pub end: i64,
    /// As much of it as is read.
    pub octets: Cow<'a, [u8]>,
    /// The frame of its first octet.
    pub frame: FrameNumber,
    /// When that passed.
    pub time: Option<Timestamp>,
    /// Whether all of it had passed.
    pub complete: bool,
}

/// The packets of a stream from an offset on. `length` tells how long the packet at the front of some octets is, head
/// included, or `None` if they begin none.
///
/// Behind what cannot be followed, a packet begins where a segment does.
pub(super) fn walk<'a>(stream: &Stream<'a>, mut at: i64, length: impl Fn(&[u8]) -> Option<usize>) -> Vec<Packet<'a>> {
    let mut found = Vec::new();
    while found.len() < MOST_MESSAGES && at < stream.end() {
        let octets = stream.octets(at, MOST);
        let Some(len) = length(&octets).filter(|&len| len > 0).and_then(|len| i64::try_from(len).ok()) else {
            let mut later = stream.pieces_from(at.saturating_add(1)).iter();
            match later.find(|piece| length(piece.octets).is_some()) {
                Some(piece) => at = piece.at,
                None => break,
            }
            continue;
        };
        let Some(first) = stream.piece_at(at) else { break };
        let (frame, time) = (first.frame, first.time);
        let end = at.saturating_add(len);
        let own = usize::try_from(len).unwrap_or(MOST);
        let octets = match octets {
            Cow::Borrowed(octets) => Cow::Borrowed(octets.get(..own).unwrap_or(octets)),
            Cow::Owned(mut octets) => {
                octets.truncate(own);
                Cow::Owned(octets)
            }
        };
        found.push(Packet { at, end, octets, frame, time, complete: stream.end() >= end });
        at = end;
    }
    found
}

/// Fills in the last messages: the last request, by its name, and what the server sent behind it.
///
/// `complete` tells from the last packet of an answer whether the answer is complete.
pub(super) fn converse(
    found: &mut Application,
    talk: &Talk<'_>,
    asked: &[(&Packet<'_>, String)],
    answered: &[Packet<'_>],
    complete: impl Fn(&Packet<'_>) -> Option<bool>,
) {
    found.requests = u32::try_from(asked.len()).unwrap_or(u32::MAX);
    found.last_request = asked.last().map(|(packet, what)| {
        let end = packet.end;
        Message::new(&talk.client, what.clone(), packet.at, packet.at, Some(end), end)
    });
    // An answer lies behind its request; if the last has none, that of the one before is the last.
    let behind = |back: usize| {
        let request = asked.iter().rev().nth(back).map(|(packet, _)| packet.frame);
        let at = answered.partition_point(|answer| request.is_some_and(|request| answer.frame <= request));
        answered.get(at..).filter(|answers| !answers.is_empty())
    };
    let Some(answers) = behind(0).or_else(|| behind(1)).or_else(|| behind(usize::MAX)) else { return };
    if let (Some(first), Some(last)) = (answers.first(), answers.last()) {
        let mut message =
            Message::new(&talk.server, "the server's reply".to_owned(), first.at, first.at, Some(last.end), last.end);
        if last.complete {
            // Its packets tell their own lengths, not how many will come.
            message.complete = complete(last);
        }
        message.size = message.size.filter(|_| message.complete == Some(true));
        found.last_response = Some(message);
    }
}
