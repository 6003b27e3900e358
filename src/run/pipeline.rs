//! From frames to flows, on one thread or two.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::kernel_trace::Witness;
use super::relay::hand_over;
use crate::capture::{Ahead, Capture, Frame, InputSummary, Lookup};
use crate::decode::{DecodeLimits, Decoder};
use crate::flow::{FlowTable, Flows, Followed, Hints, Key, Keyer, Limits, News};
use crate::knowledge::site::Site;
use crate::surroundings::Losses;
use crate::tcp::{FrameNumber, IcmpError, Segment};
use crate::timeline::{Archive, Log, Recording, Steps};

/// Segments handed over at a time: few enough for the batches under way to stay in a level-two cache,
/// enough for the hand-over (some microseconds) to vanish.
const BATCH: usize = 512;

/// Of these, so many are made at a time where another thread takes them: few enough to stay in the nearest cache until they are copied.
const PIECE: usize = 64;

/// What was read, decoded and followed.
pub struct Analysis {
    /// The inputs, in the order of the command line.
    pub inputs: Vec<InputSummary>,
    /// The decoder, for its counts and paths.
    pub decoder: Decoder,
    /// Every flow.
    pub flows: Flows,
    /// Frames that passed the filter.
    pub frames: u64,
    /// What was recorded, where that was asked for.
    pub recording: Option<Recording>,
    /// Where the segments of flows lie, where the capture can be read at any place.
    pub places: Option<(Lookup, Log)>,
    /// What a host's kernel reported of resets.
    pub witness: Option<Witness>,
    /// What is known of the place beforehand.
    pub site: Site,
    /// When the capture missed packets.
    pub losses: Losses,
    /// What was judged before the end, and may not be recorded any more.
    pub archive: Archive,
}

/// What decoding made of some frames, in their order.
#[derive(Default)]
struct Batch {
    segments: Vec<Segment>,
    /// One for each segment. Made here, since this thread has less to do than the one that follows flows.
    keys: Vec<Key>,
    /// ICMP errors, each with the number of segments before it.
    errors: Vec<(usize, IcmpError)>,
    /// Whether keys tell of flows, as far as whoever reads remembers.
    is_hinted: bool,
    /// What they did not tell, for whoever reads to remember.
    news: Vec<News>,
}

/// What a capture is read for beside its flows.
pub enum Beside {
    /// A record of the recent past, of a capture that cannot be read again.
    Recording(Box<Recording>),
    /// Where segments lie, in at most so many octets.
    Places(usize),
}

/// Reads a capture to its end. Two threads or more give the same as one, sooner.
///
/// # Errors
/// When the operating system gives no second thread.
pub fn analyse(capture: Capture, beside: Beside, limits: Limits, threads: usize) -> io::Result<Analysis> {
    let mut table = FlowTable::new(limits);
    let mut ahead = capture.ahead();
    let (recording, steps) = match beside {
        Beside::Recording(recording) => (Some(*recording), None),
        Beside::Places(octets) if ahead.is_some() => {
            let room = Log::room(octets);
            table.watch_segments(room);
            (None, Some(Steps::new(room)))
        }
        // Frames of several files and of packed ones have no place to be found at.
        Beside::Places(_) => (None, None),
    };
    let decoder = Decoder::new(DecodeLimits::default());
    let (keyer, hints) = (table.keyer(), Hints::default());
    let own = (threads > 1).then(Batch::default);
    let mut reader = Reader { keyer, hints, capture, decoder, frames: 0, recording, steps, own };
    // What lies where is of no use without the flows that it is of.
    let is_watched = AtomicBool::new(true);
    let fill = |batch: &mut Batch, is_ahead: bool| {
        if !is_watched.load(Ordering::Relaxed) {
            reader.steps = None;
        }
        reader.fill(batch, is_ahead)
    };
    let take = |batch: &mut Batch| {
        follow(&mut table, batch);
        is_watched.store(table.watches_segments(), Ordering::Relaxed);
    };
    let idle = || ahead.as_mut().is_some_and(Ahead::step);
    hand_over(threads, fill, take, idle)?;
    let followed = table.take_followed();
    Ok(reader.finish(table.finish(), followed))
}

/// A file only says how many packets its kernel dropped, so it may have been at any time.
pub(crate) fn losses(inputs: &[InputSummary]) -> Losses {
    let mut losses = Losses::default();
    for input in inputs.iter().filter(|input| input.dropped_by_kernel.is_some_and(|dropped| dropped > 0)) {
        if let Some((first, last)) = input.first_time.zip(input.last_time) {
            losses.add(first, last);
        }
    }
    losses
}

fn follow(table: &mut FlowTable, batch: &mut Batch) {
    let Batch { segments, keys, errors, is_hinted, news } = batch;
    let mut take = |table: &mut FlowTable, from: usize, to: usize| match is_hinted {
        true => table.segments_for_news(&segments[from..to], &keys[from..to], news),
        false => table.segments(&segments[from..to], &keys[from..to]),
    };
    let mut done = 0;
    for (before, error) in &*errors {
        take(table, done, *before);
        table.icmp_error(error);
        done = *before;
    }
    take(table, done, segments.len());
}

/// In cache lines of its own: it is written for every frame, on another thread than what lies beside it.
#[repr(align(128))]
struct Reader {
    keyer: Keyer,
    hints: Hints,
    capture: Capture,
    decoder: Decoder,
    frames: u64,
    /// For captures that cannot be read again.
    recording: Option<Recording>,
    /// Where segments lie, of those that can.
    steps: Option<Steps>,
    /// Where another thread takes batches, a piece of one that it never touches. What it has read last takes long to be written, so that
    /// is done in one go, and not field by field.
    own: Option<Batch>,
}

impl Batch {
    fn clear(&mut self) {
        let Self { segments, keys, errors, .. } = self;
        segments.clear();
        keys.clear();
        errors.clear();
    }

    /// Takes in a copy of another one behind its own.
    fn append(&mut self, other: &Self) {
        let before = self.segments.len();
        self.segments.extend_from_slice(&other.segments);
        self.keys.extend_from_slice(&other.keys);
        self.errors.extend(other.errors.iter().map(|&(place, error)| (before + place, error)));
    }

    fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.errors.is_empty()
    }

    fn is_full<const SIZE: usize>(&self) -> bool {
        self.segments.len() >= SIZE || self.errors.len() >= SIZE
    }

    /// Notes what goes with the last segment, while it is still in the cache. `frame`: the one that completed it.
    #[inline(always)]
    fn note(&mut self, keyer: &mut Keyer, steps: &mut Option<Steps>, frame: FrameNumber, place: u64) {
        let Some(segment) = self.segments.last() else { return };
        keyer.push(segment, &mut self.keys);
        if let Some(noted) = steps
            && !noted.note(frame, place)
        {
            *steps = None;
        }
    }

    /// Takes in what a frame says that was not plain.
    #[inline(never)]
    fn take_other(
        &mut self,
        decoder: &mut Decoder,
        frame: Frame<'_>,
        keyer: &mut Keyer,
        steps: &mut Option<Steps>,
        place: u64,
    ) {
        let reassembled = decoder.counts().reassembled;
        if let Some(error) = decoder.decode_other(&frame, &mut self.segments) {
            self.errors.push((self.segments.len(), error));
        }
        if self.keys.len() < self.segments.len() {
            self.note(keyer, steps, frame.number, place);
            if decoder.counts().reassembled != reassembled {
                steps.iter_mut().for_each(Steps::note_scattered);
            }
        }
    }
}

/// Records a frame: a copy of it, so that the loop need not have it in memory where nothing is recorded.
#[inline(never)]
fn record(recording: &mut Recording, frame: Frame<'_>) {
    recording.take(&frame);
}

impl Reader {
    /// Fills the batch anew; false at the end of the capture. Whoever is ahead has time to tell which flows segments belong to.
    fn fill(&mut self, batch: &mut Batch, is_ahead: bool) -> bool {
        self.hints.learn(&mut batch.news);
        batch.clear();
        batch.is_hinted = is_ahead;
        let Some(mut own) = self.own.take() else { return self.fill_here::<BATCH>(batch, is_ahead) };
        let mut goes_on = true;
        while goes_on && !batch.is_full::<BATCH>() {
            own.clear();
            goes_on = self.fill_here::<PIECE>(&mut own, is_ahead);
            batch.append(&own);
        }
        self.own = Some(own);
        !batch.is_empty()
    }

    /// Fills what is empty with so many segments; false at the end of the capture.
    fn fill_here<const SIZE: usize>(&mut self, batch: &mut Batch, is_ahead: bool) -> bool {
        let goes_on = self.take_frames::<SIZE>(batch);
        self.keyer.complete(&batch.segments, &mut batch.keys);
        if is_ahead {
            self.hints.tell(&mut batch.keys);
        }
        goes_on
    }

    /// Decodes frames until the batch is full; false where there was nothing more.
    #[inline]
    fn take_frames<const SIZE: usize>(&mut self, batch: &mut Batch) -> bool {
        let Self { keyer, capture, decoder, frames, recording, steps, .. } = self;
        while let Some(run) = capture.run() {
            for (frame, place) in run {
                *frames += 1;
                if let Some(recording) = recording {
                    record(recording, frame);
                }
                if decoder.decode_plain(&frame, &mut batch.segments) {
                    batch.note(keyer, steps, frame.number, place);
                } else {
                    batch.take_other(decoder, frame, keyer, steps, place);
                }
                if batch.is_full::<SIZE>() {
                    return true;
                }
            }
        }
        !batch.is_empty()
    }

    fn finish(mut self, flows: Flows, followed: Option<Followed>) -> Analysis {
        let log = self.steps.zip(followed).and_then(|(steps, followed)| Log::new(steps, followed));
        let places = self.capture.lookup().zip(log);
        let inputs = self.capture.finish();
        Analysis {
            losses: losses(&inputs),
            inputs,
            decoder: self.decoder,
            flows,
            frames: self.frames,
            recording: self.recording,
            places,
            witness: None,
            site: Site::default(),
            archive: Archive::default(),
        }
    }
}
