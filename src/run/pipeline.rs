//! From frames to flows, on one thread or two.

use std::io;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::kernel_trace::Witness;
use crate::capture::{Capture, Frame, InputSummary, Lookup};
use crate::decode::{DecodeLimits, Decoder};
use crate::flow::{FlowTable, Flows, Key, Keyer, Limits};
use crate::knowledge::site::Site;
use crate::surroundings::Losses;
use crate::tcp::{FrameNumber, IcmpError, Segment};
use crate::timeline::{Archive, Log, Recording};

/// Segments handed over at a time: few enough for the batches under way to stay in a level-two cache,
/// enough for the hand-over (some microseconds) to vanish.
const BATCH: usize = 1024;

/// Records of this mean length and more take longer to find than all that is made of them: finding them mostly waits for memory
/// (measured: 112 ns a record of 620 octets, 20 of 96).
const LONG: usize = 256;

/// Where a record takes up most of a page, mapping the pages is all there is to do, and two threads hinder each other at that: one
/// takes 5 to 10 % less time.
const VERY_LONG: usize = 2048;

/// Batches between the two threads.
const IN_FLIGHT: usize = 4;

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
    /// Where the frame of each segment lies, where all comes from one regular file.
    places: Vec<u64>,
    /// The segments that were put together from several frames.
    scattered: Vec<usize>,
    /// ICMP errors, each with the number of segments before it.
    errors: Vec<(usize, IcmpError)>,
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
    let (recording, mut log) = match beside {
        Beside::Recording(recording) => (Some(*recording), None),
        Beside::Places(octets) => (None, Some(Log::new(octets))),
    };
    if log.is_some() {
        table.watch_segments();
    }
    let decoding = Decoding { keyer: table.keyer(), decoder: Decoder::new(DecodeLimits::default()) };
    let ahead = Some(&capture).filter(|_| threads > 1 && recording.is_none()).and_then(Capture::lookup_ahead);
    let threads = if ahead.as_ref().is_some_and(|(_, mean)| *mean >= VERY_LONG) { 1 } else { threads };
    let ahead = ahead.filter(|(_, mean)| (LONG..VERY_LONG).contains(mean));
    let mut reader = Reader { decoding, capture, frames: 0, recording };
    let mut take = |batch: &Batch| {
        follow(&mut table, batch);
        if log.as_mut().is_some_and(|log| !note(log, &mut table, batch)) {
            log = None;
            table.ignore_segments();
        }
    };
    match ahead {
        None => hand_over(threads, |batch| reader.fill(batch), take)?,
        Some((lookup, _)) => {
            // Finding long frames takes longer than all that is made of them: whoever follows flows decodes, too.
            let Reader { decoding, capture, frames, .. } = &mut reader;
            let mut desk = Desk { lookup, batch: Batch::default() };
            let decode = |found: &Found| take(desk.decode(found, decoding));
            hand_over(threads, |found| found.fill(capture, frames), decode)?;
        }
    }
    Ok(reader.finish(table.finish(), log))
}

/// Notes where the segments of the batch lie that was followed last; whether all could be noted.
fn note(log: &mut Log, table: &mut FlowTable, batch: &Batch) -> bool {
    let Some(followed) = table.followed() else { return false };
    let frames = batch.segments.iter().map(|segment| segment.frame);
    let noted = log.note(followed, frames.zip(batch.places.iter().copied()));
    for &at in &batch.scattered {
        followed.get(at).iter().for_each(|&&flow| log.note_scattered(flow));
    }
    followed.clear();
    noted
}

/// Fills batches until there is no more, on a thread of its own where there are two, and takes them in order on this one.
///
/// # Errors
/// When the operating system gives no second thread.
pub(super) fn hand_over<B: Default + Send>(
    threads: usize,
    mut fill: impl FnMut(&mut B) -> bool + Send,
    mut take: impl FnMut(&B),
) -> io::Result<()> {
    if threads < 2 {
        let mut batch = B::default();
        while fill(&mut batch) {
            take(&batch);
        }
        return Ok(());
    }
    let (full, to_take) = sync_channel(IN_FLIGHT);
    // Room for every batch there is, so that giving one back never waits.
    let (empty, to_fill) = sync_channel::<B>(IN_FLIGHT + 2);
    thread::scope(|scope| {
        let filling = thread::Builder::new().name("decode".to_owned()).spawn_scoped(scope, move || {
            loop {
                let mut batch = to_fill.try_recv().unwrap_or_default();
                if !fill(&mut batch) || full.send(batch).is_err() {
                    return;
                }
            }
        })?;
        for batch in to_take {
            take(&batch);
            // A refusal means that filling has ended: the batch is no longer needed.
            let _ = empty.send(batch);
        }
        filling.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok(())
    })
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

fn follow(table: &mut FlowTable, batch: &Batch) {
    let mut done = 0;
    for (before, error) in &batch.errors {
        table.segments(&batch.segments[done..*before], &batch.keys[done..*before]);
        table.icmp_error(error);
        done = *before;
    }
    table.segments(&batch.segments[done..], &batch.keys[done..]);
}

/// In cache lines of its own: it is written for every frame, on another thread than what lies beside it.
#[repr(align(128))]
struct Reader {
    capture: Capture,
    decoding: Decoding,
    frames: u64,
    /// For captures that cannot be read again.
    recording: Option<Recording>,
}

/// What decodes frames, one after the other. In cache lines of its own likewise.
#[repr(align(128))]
struct Decoding {
    keyer: Keyer,
    decoder: Decoder,
}

/// Frames that were found, and nothing more: their numbers and places.
#[derive(Default)]
struct Found(Vec<(FrameNumber, u64)>);

impl Found {
    /// Octets of a file in which frames are found at a time: all that is under way stays mapped.
    const SPAN: u64 = 512 << 10;

    /// Finds the next frames; false at the end of the capture.
    fn fill(&mut self, capture: &mut Capture, frames: &mut u64) -> bool {
        self.0.clear();
        let mut first = None;
        while let Some(run) = capture.run() {
            for (frame, place) in run {
                *frames += 1;
                self.0.push((frame.number, place));
                if self.0.len() == BATCH || place - *first.get_or_insert(place) > Self::SPAN {
                    return true;
                }
            }
        }
        !self.0.is_empty()
    }
}

/// Where found frames are decoded.
struct Desk {
    lookup: Lookup,
    batch: Batch,
}

impl Desk {
    /// Frames whose memory is asked for ahead.
    const AHEAD: usize = 16;

    fn decode(&mut self, found: &Found, decoding: &mut Decoding) -> &Batch {
        self.batch.clear();
        found.0.iter().take(Self::AHEAD).for_each(|(_, place)| self.lookup.prefetch(*place));
        let ahead = found.0.iter().skip(Self::AHEAD).map(Some).chain(std::iter::repeat(None));
        for ((number, place), ahead) in found.0.iter().zip(ahead) {
            ahead.iter().for_each(|(_, place)| self.lookup.prefetch(*place));
            if let Some(frame) = self.lookup.frame(*number, *place) {
                self.batch.take(&frame, *place, decoding);
            }
        }
        &self.batch
    }
}

impl Batch {
    /// Takes in what a frame says.
    #[inline(always)]
    fn take(&mut self, frame: &Frame<'_>, place: u64, Decoding { keyer, decoder }: &mut Decoding) {
        if decoder.decode_plain(frame, &mut self.segments) {
            self.note(keyer, place);
        } else {
            self.take_other(decoder, frame, keyer, place);
        }
    }

    fn clear(&mut self) {
        let Self { segments, keys, places, scattered, errors } = self;
        segments.clear();
        keys.clear();
        places.clear();
        scattered.clear();
        errors.clear();
    }

    fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.errors.is_empty()
    }

    fn is_full(&self) -> bool {
        self.segments.len() >= BATCH || self.errors.len() >= BATCH
    }

    /// Notes what goes with the last segment, while it is still in the cache.
    #[inline(always)]
    fn note(&mut self, keyer: &mut Keyer, place: u64) {
        self.keys.extend(self.segments.last().map(|segment| keyer.key(segment)));
        self.places.push(place);
    }

    /// Takes in what a frame says that was not plain.
    #[inline(never)]
    fn take_other(&mut self, decoder: &mut Decoder, frame: &Frame<'_>, keyer: &mut Keyer, place: u64) {
        let reassembled = decoder.counts().reassembled;
        if let Some(error) = decoder.decode_other(frame, &mut self.segments) {
            self.errors.push((self.segments.len(), error));
        }
        if self.places.len() < self.segments.len() {
            self.note(keyer, place);
            if decoder.counts().reassembled != reassembled {
                self.scattered.push(self.segments.len() - 1);
            }
        }
    }
}

impl Reader {
    /// Fills the batch anew; false at the end of the capture.
    fn fill(&mut self, batch: &mut Batch) -> bool {
        batch.clear();
        let Self { decoding, capture, frames, recording } = self;
        while let Some(run) = capture.run() {
            for (frame, place) in run {
                *frames += 1;
                if let Some(recording) = recording {
                    recording.take(&frame);
                }
                batch.take(&frame, place, decoding);
                if batch.is_full() {
                    return true;
                }
            }
        }
        !batch.is_empty()
    }

    fn finish(mut self, flows: Flows, log: Option<Log>) -> Analysis {
        let places = self.capture.lookup().zip(log);
        let inputs = self.capture.finish();
        Analysis {
            losses: losses(&inputs),
            inputs,
            decoder: self.decoding.decoder,
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
