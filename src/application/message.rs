use super::stream::Stream;
use crate::flow::Way;
use crate::tcp::{FrameNumber, Timestamp};

/// One message of an application: a request, a reply, a greeting.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Which way it went.
    pub by: Way,
    /// What it is, to stand in a sentence: `GET /x`, `the ClientHello`, `200 OK`. May hold text from packets.
    pub what: String,
    /// The frame of its first octet.
    pub first_frame: FrameNumber,
    /// The frame of its last octet that passed before the end.
    pub last_frame: FrameNumber,
    /// When its first octet passed.
    pub begun: Option<Timestamp>,
    /// When the last octet passed that did before the end.
    pub last: Option<Timestamp>,
    /// How long its content (a body, or else all of it) is said to be, octets.
    pub size: Option<u64>,
    /// How many octets of the content had passed.
    pub passed: u64,
    /// Whether all of it had passed; `None` where the capture does not tell.
    pub complete: Option<bool>,
}

impl Message {
    /// What stands between two offsets of a stream; `size` as if the content began at `content`.
    ///
    /// `end`: where it ends, if that is known; else it goes on to `until`.
    pub(super) fn new(stream: &Stream<'_>, what: String, at: i64, content: i64, end: Option<i64>, until: i64) -> Self {
        let stop = end.unwrap_or(until).min(stream.end()).max(at);
        let (first, last) = (stream.piece_at(at), stream.piece_before(stop).or(stream.piece_at(at)));
        let octets = |length: i64| u64::try_from(length).unwrap_or(0);
        Self {
            by: stream.way,
            what,
            first_frame: first.map_or(FrameNumber::FIRST, |piece| piece.frame),
            last_frame: last.map_or(FrameNumber::FIRST, |piece| piece.frame),
            begun: first.and_then(|piece| piece.time),
            last: last.and_then(|piece| piece.time),
            size: end.map(|end| octets(end.saturating_sub(content))),
            passed: octets(stop.saturating_sub(content)),
            complete: end.map(|end| stream.end() >= end),
        }
    }
}
