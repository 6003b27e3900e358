//! A run of octets with a cursor: a mapped file, or a pipe read piece by piece.
//!
//! Positions handed out (`at`) stay valid until the next call of [`Source::need`] or [`Source::skip`].

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ahead::Ahead;
use super::map::Map;

/// What one read asks for: performance falls below 64 KiB and no longer rises above 256 KiB.
const BLOCK: usize = 256 << 10;

pub(super) struct Source {
    kind: Kind,
    /// The cursor, in the memory at hand.
    at: usize,
    /// Where that memory starts in the (uncompressed) input.
    base: u64,
}

enum Kind {
    Map(Map),
    Stream(Stream),
}

impl Kind {
    #[inline]
    fn memory(&self) -> &[u8] {
        match self {
            Self::Map(map) => map.bytes(),
            Self::Stream(stream) => stream.buffer.get(..stream.filled).unwrap_or_default(),
        }
    }
}

struct Stream {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    filled: usize,
    state: State,
    /// Octets taken from the file or pipe, before unpacking.
    stored: Arc<AtomicU64>,
}

enum State {
    Open,
    Ended,
    Failed(String),
}

impl Source {
    pub(super) fn map(map: Map) -> Self {
        Self { kind: Kind::Map(map), at: 0, base: 0 }
    }

    /// Reads from `reader`; `stored` tells how much has been taken from the file or pipe behind it.
    pub(super) fn stream(reader: Box<dyn Read + Send>, stored: Arc<AtomicU64>) -> Self {
        let stream = Stream { reader, buffer: Vec::new(), filled: 0, state: State::Open, stored };
        Self { kind: Kind::Stream(stream), at: 0, base: 0 }
    }

    /// All that lies at hand.
    #[inline]
    pub(super) fn memory(&self) -> &[u8] {
        self.kind.memory()
    }

    /// The same, with the place of the cursor to be moved.
    #[inline]
    pub(super) fn parts(&mut self) -> (&[u8], &mut usize) {
        (self.kind.memory(), &mut self.at)
    }

    /// The mapped file; `None` for a pipe.
    pub(super) fn into_map(self) -> Option<Map> {
        match self.kind {
            Kind::Map(map) => Some(map),
            Kind::Stream(_) => None,
        }
    }

    /// All of a mapped file; `None` for a pipe.
    pub(super) fn mapped(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Map(map) => Some(map.bytes()),
            Kind::Stream(_) => None,
        }
    }

    /// What another thread fetches a mapped file with, ahead of the cursor.
    pub(super) fn ahead(&self) -> Option<Ahead> {
        match &self.kind {
            Kind::Map(map) => Some(map.ahead()),
            Kind::Stream(_) => None,
        }
    }

    /// Tells that thread where the cursor is.
    pub(super) fn reach(&self) {
        if let Kind::Map(map) = &self.kind {
            map.reach(self.at);
        }
    }

    /// What lies at hand from the cursor on.
    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        self.memory().get(self.at..).unwrap_or_default()
    }

    /// The place of the cursor, for [`Source::slice`].
    #[inline]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// `length` octets from `at`; fewer, or none, where they are not at hand.
    #[inline]
    pub(super) fn slice(&self, at: usize, length: usize) -> &[u8] {
        let rest = self.memory().get(at..).unwrap_or_default();
        rest.get(..length).unwrap_or(rest)
    }

    /// The cursor's distance from the start of the (uncompressed) input.
    #[inline]
    pub(super) fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Octets consumed of the input as it is stored.
    pub(super) fn stored(&self) -> u64 {
        match &self.kind {
            Kind::Map(_) => self.offset(),
            Kind::Stream(stream) => stream.stored.load(Ordering::Relaxed),
        }
    }

    /// Moves the cursor over octets that [`Source::rest`] has shown.
    #[inline]
    pub(super) fn advance(&mut self, octets: usize) {
        self.at += octets;
    }

    /// Sees to it that `octets` lie at hand from the cursor on; `false` where the input ends or fails before.
    pub(super) fn need(&mut self, octets: usize) -> bool {
        if self.rest().len() >= octets {
            return true;
        }
        let Kind::Stream(stream) = &mut self.kind else { return false };
        let started = self.at.min(stream.filled);
        if stream.buffer.len() - started < octets || stream.filled == stream.buffer.len() {
            stream.buffer.copy_within(started..stream.filled, 0);
            stream.filled -= started;
            self.at -= started;
            self.base += started as u64;
        }
        while stream.filled - self.at < octets {
            if !stream.fill() {
                return false;
            }
        }
        true
    }

    /// Moves the cursor over `octets`, at hand or not; `false` where the input ends or fails before.
    pub(super) fn skip(&mut self, mut octets: u64) -> bool {
        loop {
            let here = usize::try_from(octets).unwrap_or(usize::MAX).min(self.rest().len());
            self.at += here;
            octets -= here as u64;
            if octets == 0 {
                return true;
            }
            if !self.need(1) {
                return false;
            }
        }
    }

    /// What has not been consumed, as a reader from the cursor on.
    pub(super) fn into_reader(self) -> Box<dyn Read + Send> {
        match self.kind {
            Kind::Stream(mut stream) => {
                stream.buffer.truncate(stream.filled);
                let mut begun = io::Cursor::new(stream.buffer);
                begun.set_position(self.at as u64);
                Box::new(begun.chain(stream.reader))
            }
            Kind::Map(map) => Box::new(map.into_reader(self.at as u64)),
        }
    }

    /// Why reading failed, where it did rather than end.
    pub(super) fn failure(&self) -> Option<&str> {
        match &self.kind {
            Kind::Stream(Stream { state: State::Failed(reason), .. }) => Some(reason),
            Kind::Stream(_) | Kind::Map(_) => None,
        }
    }

    /// Called now and then: lets go of memory behind the cursor; `false` where the file shrank under us.
    pub(super) fn checkpoint(&mut self) -> bool {
        match &mut self.kind {
            Kind::Map(map) => {
                map.release(self.at);
                !map.shrunk()
            }
            Kind::Stream(_) => true,
        }
    }
}

impl Stream {
    /// Reads once; `false` at the end or on failure.
    fn fill(&mut self) -> bool {
        if !matches!(self.state, State::Open) {
            return false;
        }
        if self.filled == self.buffer.len() {
            // Doubling what has been received, never what a length field claims, keeps a lie from costing memory.
            let mut larger = vec![0; (self.buffer.len() * 2).max(BLOCK)];
            larger[..self.filled].copy_from_slice(&self.buffer);
            self.buffer = larger;
        }
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        self.state = loop {
            match self.reader.read(room) {
                Ok(0) => break State::Ended,
                Ok(read) => {
                    self.filled += read;
                    return true;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break State::Failed(super::error::plain(&error)),
            }
        };
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Trickle;
    use super::*;

    fn trickle(bytes: &[u8], piece: usize) -> Source {
        let taken = Arc::default();
        let pipe = Trickle { bytes: bytes.to_vec(), at: 0, piece };
        Source::stream(Box::new(super::super::unpack::Counted::new(pipe, Arc::clone(&taken))), taken)
    }

    #[test]
    fn a_pipe_is_asked_for_no_more_than_is_needed() {
        let mut source = trickle(&[7; 100], 1);
        assert!(source.need(10));
        assert_eq!((source.rest().len(), source.stored()), (10, 10));
        source.advance(4);
        assert!(source.need(10));
        assert_eq!((source.offset(), source.stored()), (4, 14));
    }

    #[test]
    fn the_end_is_told_from_a_failure() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is on fire"))
            }
        }
        let mut ended = trickle(b"abc", 2);
        assert!(!ended.need(4));
        assert_eq!((ended.rest(), ended.failure()), (&b"abc"[..], None));
        let mut broken = Source::stream(Box::new(b"abc".chain(Broken)), Arc::default());
        assert!(!broken.need(4));
        assert_eq!((broken.rest(), broken.failure()), (&b"abc"[..], Some("the disk is on fire")));
    }

    #[test]
    fn what_is_asked_for_survives_the_move_to_the_front() {
        let bytes: Vec<u8> = (0..3 * BLOCK).map(|i| (i % 251) as u8).collect();
        for (piece, step) in [(usize::MAX, 1000), (7777, 3001), (BLOCK + 1, BLOCK - 1)] {
            let mut source = trickle(&bytes, piece);
            let mut at = 0;
            while source.need(step) {
                assert_eq!((source.offset(), source.slice(source.at(), step)), (at as u64, &bytes[at..at + step]));
                source.advance(step);
                at += step;
            }
            assert_eq!(source.rest(), &bytes[at..]);
        }
    }

    #[test]
    fn skipping_runs_over_what_was_not_read_yet() {
        let mut source = trickle(&[1; 1000], 9);
        assert!(source.skip(999));
        assert_eq!(source.offset(), 999);
        assert!(!source.skip(2));
    }
}
