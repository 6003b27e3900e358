//! One input of several: open or waiting, its next frame, and the tally of what has been read.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::ahead::Ahead;
use super::error::Reason;
use super::lookup::Lookup;
use super::progress::Progress;
use super::reader::{Reader, STANDARD_INPUT};
use super::record::{Damage, Record};
use super::run::Run;
use super::{Frame, InputSummary, LinkType, Problem};
use crate::tcp::{FrameNumber, Timestamp};

/// How much is read between two looks at the clockwork: progress, released memory, a file cut short under us.
const STRIDE: u64 = 4 << 20;

/// In cache lines of its own: it is written for every frame, and what lies beside it may be another thread's.
#[repr(align(128))]
pub(super) struct Input {
    path: PathBuf,
    reader: Option<Reader>,
    /// The same once it has been read to its end, where it is kept.
    ended: Option<Reader>,
    /// Whether to keep it.
    pub(super) keeps: bool,
    /// A frame that has been read and whose turn has not come.
    pub(super) waiting: Option<Record>,
    size: Option<u64>,
    /// Where the next look is due.
    due: u64,
    reported: u64,
    tally: Tally,
    link_types: LinkTypes,
    /// What else is known of it.
    summary: InputSummary,
}

/// What is counted at every frame.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    /// The number of the frame at hand, in this input.
    number: u64,
    frames: u64,
    cut_frames: u64,
    time_reversals: u64,
    /// The earliest time, the latest one, and that of the frame at hand.
    first_time: Option<Timestamp>,
    last_time: Option<Timestamp>,
    time: Option<Timestamp>,
}

/// The link types met.
#[derive(Default)]
struct LinkTypes {
    last: Option<LinkType>,
    /// In order of first appearance.
    all: Vec<LinkType>,
    /// The same, to be found soon: pcapng can have a new one in each frame.
    known: HashSet<LinkType>,
}

impl Input {
    pub(super) fn open(path: &Path) -> Result<Self, Reason> {
        Ok(Self::new(path, Reader::open(path)?))
    }

    /// What comes out of `octets`, named like standard input.
    pub(super) fn of(octets: impl Read + Send + 'static) -> Result<Self, Reason> {
        Ok(Self::new(Path::new(STANDARD_INPUT), Reader::stream(octets, None)?))
    }

    fn new(path: &Path, reader: Reader) -> Self {
        let summary = InputSummary {
            compression: reader.compression,
            bytes: reader.size.unwrap_or_default(),
            ..InputSummary::unread(path.display().to_string(), reader.format())
        };
        Self {
            path: path.to_owned(),
            size: reader.size,
            reader: Some(reader),
            ended: None,
            keeps: false,
            waiting: None,
            due: STRIDE,
            reported: 0,
            tally: Tally::default(),
            link_types: LinkTypes::default(),
            summary,
        }
    }

    /// Octets of the file as stored; `None` for a pipe.
    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }

    /// Whether it may be closed and opened again: pipes may not.
    pub(super) fn reopens(&self) -> bool {
        self.size.is_some() && self.path.as_os_str() != STANDARD_INPUT
    }

    /// The time of its first frame that has one, found by reading ahead, and closes it until its turn comes.
    pub(super) fn first_time_then_close(&mut self) -> Option<Timestamp> {
        /// Frames without a time that we look over; only Simple Packet Blocks have none, and files of them have no other.
        const AHEAD: usize = 1000;
        let mut reader = self.reader.take()?;
        std::iter::from_fn(|| reader.next().ok().flatten()).take(AHEAD).find_map(|record| record.time)
    }

    /// Opens it again if need be and reads to its first frame, which then waits; `false` where there is none.
    pub(super) fn begin(&mut self, progress: &Progress) -> bool {
        if self.reader.is_none() {
            match Reader::open(&self.path) {
                Ok(reader) => self.reader = Some(reader),
                Err(reason) => {
                    let reason = format!("changed since it was first opened: {}", reason.at(&self.summary.path));
                    self.summary.problems.push(Problem { offset: 0, reason });
                    return false;
                }
            }
        }
        self.waiting = self.advance(progress);
        self.waiting.is_some()
    }

    /// Goes on to the next frame; `None` at the end, proper or not.
    #[inline(always)]
    pub(super) fn advance(&mut self, progress: &Progress) -> Option<Record> {
        let reader = self.reader.as_mut()?;
        let at_hand = if reader.source.offset() < self.due { reader.at_hand() } else { None };
        let record = match at_hand {
            Some(record) => record,
            None => self.go_on(progress)?,
        };
        self.link_types.note(record.link_type);
        self.tally = self.tally.with(&record);
        Some(record)
    }

    /// The frame of a record that was the last, with those at hand behind it where `goes_on`. `number` is that of the last frame in
    /// the whole capture.
    #[inline(always)]
    pub(super) fn run<'a>(
        &'a mut self,
        input: u16,
        record: &Record,
        number: &'a mut u64,
        goes_on: bool,
    ) -> Option<Run<'a>> {
        let reader = self.reader.as_mut()?;
        let Record { time, link_type, original_len, at, .. } = *record;
        let input_frame = FrameNumber::new(self.tally.number)?;
        let (bytes, walk) = reader.walk(record, if goes_on { self.due } else { 0 });
        let frame =
            Frame { number: FrameNumber::new(*number)?, input, input_frame, time, link_type, original_len, bytes };
        Some(Run::new(frame, at as u64, walk, number, &mut self.tally))
    }

    /// As [`Self::advance`], where there is more to do than to take what lies at hand.
    #[cold]
    fn go_on(&mut self, progress: &Progress) -> Option<Record> {
        let reader = self.reader.as_mut()?;
        let next = if reader.source.offset() < self.due {
            reader.next()
        } else {
            self.due = reader.source.offset().saturating_add(STRIDE);
            look_about(reader, &mut self.reported, progress)
        };
        match next {
            Ok(Some(record)) => return Some(record),
            Ok(None) => self.end(None, progress),
            Err(damage) => self.end(Some(damage), progress),
        }
        None
    }

    /// The octets of a frame, until the next one is asked for.
    #[inline]
    pub(super) fn bytes(&self, record: &Record) -> &[u8] {
        self.reader.as_ref().map_or(&[], |reader| reader.source.slice(record.at, record.len as usize))
    }

    /// The number of the frame at hand, in this input.
    #[inline]
    pub(super) fn number(&self) -> u64 {
        self.tally.number
    }

    /// Notes a problem that does not end the reading, once.
    #[cold]
    pub(super) fn note_problem(&mut self, reason: String) {
        if self.summary.problems.iter().all(|known| known.reason != reason) {
            let offset = self.reader.as_ref().map_or(0, |reader| reader.source.offset());
            self.summary.problems.push(Problem { offset, reason });
        }
    }

    /// Its records by their places, once it has been read to its end.
    pub(super) fn lookup(&mut self) -> Option<Lookup> {
        let mut reader = self.ended.take()?;
        let is_whole = reader.source.checkpoint();
        reader.into_lookup().filter(|_| is_whole).map(|(map, container)| Lookup::new(map, container))
    }

    /// What another thread fetches it with, ahead of the reading.
    pub(super) fn ahead(&self) -> Option<Ahead> {
        self.reader.as_ref()?.source.ahead()
    }

    /// What is known of it so far.
    pub(super) fn summary(&self) -> InputSummary {
        let Tally { number: _, frames, cut_frames, time_reversals, first_time, last_time, time: _ } = self.tally;
        let link_types = self.link_types.all.clone();
        InputSummary { frames, cut_frames, time_reversals, first_time, last_time, link_types, ..self.summary.clone() }
    }

    /// What is known of it now.
    pub(super) fn into_summary(mut self) -> InputSummary {
        self.close();
        self.summary()
    }

    #[cold]
    fn end(&mut self, damage: Option<Damage>, progress: &Progress) {
        self.close();
        progress.add(self.summary.bytes.saturating_sub(self.reported));
        self.summary.complete = damage.is_none();
        self.summary.problems.extend(damage.map(|Damage { offset, reason }| Problem { offset, reason }));
    }

    fn close(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.summary.dropped_by_kernel = reader.dropped();
            if self.size.is_none() {
                self.summary.bytes = reader.source.stored();
            }
            self.ended = Some(reader).filter(|_| self.keeps);
        }
    }
}

impl Tally {
    /// The number of the frame at hand, in its input.
    #[inline]
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The latest time so far.
    #[inline]
    pub(super) fn latest(&self) -> Option<Timestamp> {
        self.last_time
    }

    /// Adds several records, none earlier than the one before it, the last at `latest`.
    #[inline]
    pub(super) fn add(&mut self, frames: u64, cut_frames: u64, latest: Option<Timestamp>) {
        self.number += frames;
        self.frames += frames;
        self.cut_frames += cut_frames;
        self.last_time = latest;
        self.time = latest;
    }

    /// With one record more.
    #[inline(always)]
    fn with(mut self, record: &Record) -> Self {
        self.frames += 1;
        self.number += 1 + u64::from(record.numbers_skipped);
        self.cut_frames += u64::from(record.cut);
        match (record.time, self.last_time) {
            (Some(time), Some(latest)) if latest <= time => {
                self.time = Some(time);
                self.last_time = Some(time);
                self
            }
            (Some(time), _) => self.with_odd_time(time),
            (None, _) => self,
        }
    }

    /// With the first time, or one before the latest.
    #[cold]
    fn with_odd_time(self, time: Timestamp) -> Self {
        Self {
            time_reversals: self.time_reversals + u64::from(self.time.is_some_and(|last| time < last)),
            time: Some(time),
            first_time: Some(self.first_time.map_or(time, |first| first.min(time))),
            last_time: Some(self.last_time.map_or(time, |last| last.max(time))),
            ..self
        }
    }
}

impl LinkTypes {
    #[inline]
    fn note(&mut self, link_type: LinkType) {
        if self.last != Some(link_type) {
            self.add(link_type);
        }
    }

    #[cold]
    fn add(&mut self, link_type: LinkType) {
        self.last = Some(link_type);
        if self.known.insert(link_type) {
            self.all.push(link_type);
        }
    }
}

#[cold]
fn look_about(reader: &mut Reader, reported: &mut u64, progress: &Progress) -> Result<Option<Record>, Damage> {
    let stored = reader.source.stored();
    progress.add(stored.saturating_sub(*reported));
    *reported = stored;
    if reader.source.checkpoint() {
        reader.next()
    } else {
        let reason = "the file became shorter while it was read".to_owned();
        Err(Damage { offset: reader.source.offset(), reason })
    }
}
