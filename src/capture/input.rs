//! One input of several: open or waiting, its next frame, and the tally of what has been read.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::Reason;
use super::lookup::Lookup;
use super::progress::Progress;
use super::reader::{Reader, STANDARD_INPUT};
use super::record::{Damage, Record};
use super::{InputSummary, LinkType, Problem};
use crate::tcp::Timestamp;

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
    /// The number of the frame at hand, in this input.
    number: u64,
    last_link_type: Option<LinkType>,
    /// Those in the summary, to be found soon: pcapng can have a new one in each frame.
    known_link_types: HashSet<LinkType>,
    last_time: Option<Timestamp>,
    summary: InputSummary,
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
            number: 0,
            last_link_type: None,
            known_link_types: HashSet::new(),
            last_time: None,
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
        self.note(&record);
        Some(record)
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
        self.number
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

    /// What is known of it so far.
    pub(super) fn summary(&self) -> InputSummary {
        self.summary.clone()
    }

    /// What is known of it now.
    pub(super) fn into_summary(mut self) -> InputSummary {
        self.close();
        self.summary
    }

    #[inline]
    fn note(&mut self, record: &Record) {
        let summary = &mut self.summary;
        summary.frames += 1;
        self.number += 1 + u64::from(record.numbers_skipped);
        summary.cut_frames += u64::from(record.cut);
        if self.last_link_type != Some(record.link_type) {
            self.last_link_type = Some(record.link_type);
            if self.known_link_types.insert(record.link_type) {
                summary.link_types.push(record.link_type);
            }
        }
        match record.time {
            Some(time) if summary.last_time.is_some_and(|latest| latest <= time) => {
                self.last_time = Some(time);
                summary.last_time = Some(time);
            }
            Some(time) => self.note_odd_time(time),
            None => {}
        }
    }

    /// Notes the first time, or one before the latest.
    #[cold]
    fn note_odd_time(&mut self, time: Timestamp) {
        let summary = &mut self.summary;
        summary.time_reversals += u64::from(self.last_time.is_some_and(|last| time < last));
        self.last_time = Some(time);
        summary.first_time = Some(summary.first_time.map_or(time, |first| first.min(time)));
        summary.last_time = Some(summary.last_time.map_or(time, |last| last.max(time)));
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
