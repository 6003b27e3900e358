use std::borrow::Cow;
use std::cell::OnceCell;

use crate::flow::Way;
use crate::tcp::{FrameNumber, SeqNum, Timestamp};
use crate::timeline::Timeline;

/// What one side sent up to a moment, as far as it was kept: each octet once, in the order of its numbers.
pub(super) struct Stream<'a> {
    /// Which way it went.
    pub way: Way,
    /// Whether offset 0 is the first octet of the connection; else it is the first that was captured.
    pub from_start: bool,
    /// The offset of a FIN.
    pub fin: Option<i64>,
    pieces: Vec<Piece<'a>>,
    /// Its first octets, once somebody has asked: everyone does who may understand it.
    opening: OnceCell<Cow<'a, [u8]>>,
}

/// What one segment added to it.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    /// The offset of its first octet.
    pub at: i64,
    /// Its length on the line.
    pub len: i64,
    /// As much of it as was kept.
    pub octets: &'a [u8],
    /// The segment's frame.
    pub frame: FrameNumber,
    /// When that was captured.
    pub time: Option<Timestamp>,
}

impl Piece<'_> {
    /// The offset after its last octet.
    pub fn end(&self) -> i64 {
        self.at.saturating_add(self.len)
    }

    /// Whether all of it was kept.
    pub fn is_whole(&self) -> bool {
        usize::try_from(self.len) == Ok(self.octets.len())
    }
}

impl<'a> Stream<'a> {
    /// What `way` carried in the segments before `place`.
    ///
    /// Resets are left out: their data is no part of the stream (RFC 9293 section 3.5.3).
    pub fn of(timeline: &'a Timeline, way: Way, place: usize) -> Self {
        let mut stream = Self { way, from_start: false, fin: None, pieces: Vec::new(), opening: OnceCell::new() };
        // The highest number so far and its offset: numbers are told apart over more than one wrap.
        let mut highest: Option<(SeqNum, i64)> = None;
        let sent = timeline.sightings.get(..place).unwrap_or(&timeline.sightings);
        for one in sent.iter().filter(|one| one.way == way && one.is_ordinary()) {
            let segment = &one.segment;
            if segment.seq_len() == 0 {
                continue;
            }
            stream.from_start |= highest.is_none() && segment.flags.syn();
            // The SYN has the number before the first octet.
            let seq = segment.seq.add(u32::from(segment.flags.syn()));
            let (known, offset) = *highest.get_or_insert((seq, 0));
            let at = offset.saturating_add(i64::from(seq.since(known)));
            let end = at.saturating_add(i64::from(segment.payload_len));
            if end > offset {
                highest = Some((seq.add(segment.payload_len), end));
            }
            if segment.flags.fin() {
                stream.fin = Some(end);
            }
            // Numbers from before the SYN belong to an older connection.
            if segment.payload_len > 0 && !(stream.from_start && at < 0) {
                let len = i64::from(segment.payload_len);
                stream.pieces.push(Piece { at, len, octets: &one.payload, frame: segment.frame, time: segment.time });
            }
        }
        stream.put_in_order();
        stream
    }

    /// Sorts the pieces and takes off what came before.
    fn put_in_order(&mut self) {
        self.pieces.sort_by_key(|piece| piece.at);
        let mut covered = i64::MIN;
        self.pieces.retain_mut(|piece| {
            let known = covered.saturating_sub(piece.at).max(0);
            if known >= piece.len {
                return false;
            }
            piece.at += known;
            piece.len -= known;
            piece.octets = usize::try_from(known).ok().and_then(|known| piece.octets.get(known..)).unwrap_or_default();
            covered = piece.end();
            true
        });
    }

    /// Whether it has no octet.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether all of it was kept, from its first octet to the last one seen.
    pub fn is_whole(&self) -> bool {
        let mut expected = 0;
        self.from_start
            && self.pieces.iter().all(|piece| {
                let follows = piece.at == expected && piece.is_whole();
                expected = piece.end();
                follows
            })
    }

    /// The offset of its first octet, or of the first that was seen.
    pub fn start(&self) -> i64 {
        if self.from_start { 0 } else { self.pieces.first().map_or(0, |piece| piece.at) }
    }

    /// The offset after the last octet seen.
    pub fn end(&self) -> i64 {
        self.pieces.last().map_or(0, Piece::end)
    }

    /// The octets from an offset until something is missing, `most` of them at most.
    pub fn octets(&self, at: i64, most: usize) -> Cow<'a, [u8]> {
        let first = self.pieces.partition_point(|piece| piece.end() <= at);
        let mut found: Cow<'a, [u8]> = Cow::Borrowed(&[]);
        let mut expected = at;
        for piece in self.pieces.get(first..).unwrap_or_default() {
            let Some(skip) = expected.checked_sub(piece.at).and_then(|skip| usize::try_from(skip).ok()) else { break };
            let Some(octets) = piece.octets.get(skip..).filter(|octets| !octets.is_empty()) else { break };
            let octets = octets.get(..most - found.len()).unwrap_or(octets);
            if found.is_empty() {
                found = Cow::Borrowed(octets);
            } else {
                if let Cow::Borrowed(first) = found {
                    // Room at once for what most ask for: a list that grows would be copied again and again.
                    let mut all = Vec::with_capacity(most.min(super::MOST_HEAD));
                    all.extend_from_slice(first);
                    found = Cow::Owned(all);
                }
                found.to_mut().extend_from_slice(octets);
            }
            expected = piece.end();
            if found.len() >= most || !piece.is_whole() {
                break;
            }
        }
        found
    }

    /// Its first octets, as many as tell the protocol; none where they are known to be missing.
    pub fn opening(&self) -> &[u8] {
        self.opening.get_or_init(|| self.octets(self.start(), super::MOST_OPENING))
    }

    /// What lies behind an offset, as a stream of its own whose offset 0 is there.
    pub fn behind(&self, offset: i64) -> Self {
        let pieces = self.pieces.iter().filter(|piece| piece.end() > offset).map(|piece| {
            let known = offset.saturating_sub(piece.at).max(0);
            let octets = usize::try_from(known).ok().and_then(|known| piece.octets.get(known..)).unwrap_or_default();
            Piece {
                at: piece.at.saturating_add(known).saturating_sub(offset),
                len: piece.len - known,
                octets,
                ..*piece
            }
        });
        let fin = self.fin.map(|fin| fin.saturating_sub(offset));
        Self { way: self.way, from_start: self.from_start, fin, pieces: pieces.collect(), opening: OnceCell::new() }
    }

    /// The piece that brought the octet at this offset, or else the next.
    pub fn piece_at(&self, at: i64) -> Option<&Piece<'a>> {
        self.pieces.get(self.pieces.partition_point(|piece| piece.end() <= at))
    }

    /// The last piece that begins before this offset.
    pub fn piece_before(&self, end: i64) -> Option<&Piece<'a>> {
        self.pieces.get(self.pieces.partition_point(|piece| piece.at < end).checked_sub(1)?)
    }

    /// The pieces that begin at this offset or later.
    pub fn pieces_from(&self, at: i64) -> &[Piece<'a>] {
        self.pieces.get(self.pieces.partition_point(|piece| piece.at < at)..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Dialogue;
    use super::*;

    fn whole(dialogue: &Dialogue) -> Vec<u8> {
        let timeline = dialogue.timeline();
        let stream = Stream::of(&timeline, Way::Forward, timeline.sightings.len());
        stream.octets(stream.start(), 1000).into_owned()
    }

    #[test]
    fn repetitions_and_disorder_change_nothing() {
        let plain = Dialogue::new().client(0.0, b"abc").client(1.0, b"defg").client(2.0, b"h");
        assert_eq!(whole(&plain), b"abcdefgh");
        let mut disordered = Dialogue::new();
        for (at, data) in [(3, &b"de"[..]), (0, b"abcd"), (7, b"h"), (2, b"cdefg"), (0, b"XY")] {
            disordered = disordered.client_at(at, data);
        }
        assert_eq!(whole(&disordered), b"abcdefgh");
    }

    #[test]
    fn a_gap_ends_what_can_be_read() {
        let dialogue = Dialogue::new().client_at(0, b"abc").client_at(4, b"efg");
        assert_eq!(whole(&dialogue), b"abc");
        let timeline = dialogue.timeline();
        let stream = Stream::of(&timeline, Way::Forward, 99);
        assert_eq!((stream.end(), &*stream.octets(4, 2)), (7, &b"ef"[..]));
        assert_eq!(&*stream.octets(3, 9), b"");
    }

    #[test]
    fn data_kept_in_part_is_a_gap_too() {
        let dialogue = Dialogue::new().client_kept(b"abcdef", 4).client(1.0, b"gh");
        assert_eq!(whole(&dialogue), b"abcd");
    }

    #[test]
    fn only_what_came_before_counts() {
        let dialogue = Dialogue::new().client(0.0, b"abc").client(1.0, b"def");
        let timeline = dialogue.timeline();
        let stream = Stream::of(&timeline, Way::Forward, 3);
        assert!(stream.from_start);
        assert_eq!(stream.opening(), b"abc");
    }
}
