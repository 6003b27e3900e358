//! Follows flows as frames come, and says of each reset who sent it once what follows it could be seen.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::agenda::{Agenda, Due};
use super::event::Observer;
use super::judging::Ground;
use super::memory::Memory;
use super::queue::End;
use super::statistics::{Statistics, resident};
use super::teller::Teller;
use super::witness::locked;
use crate::anonymize::Key as Names;
use crate::capture::{Frame, Frames, InputSummary, Problem};
use crate::cli::LiveOptions;
use crate::decode::{DecodeLimits, Decoded, Decoder};
use crate::flow::{FlowTable, Key, Keyer};
use crate::knowledge::site::Site;
use crate::run::{self, Analysis, Witness};
use crate::surroundings::Losses;
use crate::tcp::{Segment, Timestamp};
use crate::timeline::{Archive, Recording};
use crate::witness::Log;

/// Where the reports of the running kernel come from, as the report names it.
const KERNEL: &str = "trace_pipe";

/// Segments that are followed together.
const BATCH: usize = 1024;

/// How often flows are looked at that wait for a verdict.
pub(super) const TICK: Duration = Duration::from_millis(250);

/// What a look may take: at a million packets a second of 637 octets, the default buffer of the kernel holds those of 90 ms.
const LONG_LOOK: Duration = Duration::from_millis(40);

/// Bounds of the number of verdicts in one look, which begins with the fewest.
const FEWEST_AT_ONCE: usize = 8;
const MOST_AT_ONCE: usize = 256;

/// How often what was counted is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(500);

/// Packets that were dropped are later than those at hand, which come out of a full buffer, by no more than it holds.
const STILL_TO_COME: crate::tcp::Duration = crate::tcp::Duration::from_secs(2);

/// Everything that is known of a capture that goes on.
pub struct Engine<'a> {
    options: &'a LiveOptions,
    names: Option<&'a Names>,
    decoder: Decoder,
    table: FlowTable,
    keyer: Keyer,
    recording: Recording,
    segments: Vec<Segment>,
    keys: Vec<Key>,
    agenda: Agenda,
    /// The segments of flows that were judged, should they not be recorded any more when they are judged again.
    archive: Mutex<Archive>,
    /// What the kernel of this host reports of resets.
    kernel: Option<Arc<Mutex<Log>>>,
    /// What is known of the place beforehand.
    pub(super) site: Site,
    /// When the kernel dropped packets, and the latest time when that was last asked.
    losses: Losses,
    counted: Option<Timestamp>,
    input: InputSummary,
    last_time: Option<Timestamp>,
    teller: Teller<'a>,
    /// Verdicts in one look.
    at_once: usize,
    ticked: Instant,
    shown: Instant,
    frames_shown: u64,
}

impl<'a> Engine<'a> {
    /// An engine that has seen nothing. `input`: what is known beforehand of where frames come from.
    pub(super) fn new(
        options: &'a LiveOptions,
        names: Option<&'a Names>,
        input: InputSummary,
        memory: &Memory,
    ) -> Self {
        let mut table = FlowTable::new(memory.limits);
        table.watch_resets();
        let now = Instant::now();
        Self {
            options,
            names,
            decoder: Decoder::new(DecodeLimits::default()),
            keyer: table.keyer(),
            table,
            recording: Recording::new(memory.recorded),
            segments: Vec::with_capacity(BATCH),
            keys: Vec::with_capacity(BATCH),
            agenda: Agenda::new(options.linger),
            archive: Mutex::new(Archive::new(memory.archive)),
            kernel: None,
            site: Site::default(),
            losses: Losses::default(),
            counted: None,
            input,
            last_time: None,
            teller: Teller::new(Statistics { memory_limit: options.analysis.memory, ..Statistics::default() }),
            at_once: FEWEST_AT_ONCE,
            ticked: now,
            shown: now,
            frames_shown: 0,
        }
    }

    /// Lets somebody hear what happens.
    pub fn observe(&mut self, observer: Box<dyn Observer + 'a>) {
        self.teller.observers.push(observer);
    }

    /// Lets what the kernel of this host reports count as evidence.
    pub(super) fn hear(&mut self, kernel: Arc<Mutex<Log>>) {
        self.kernel = Some(kernel);
    }

    /// Frames taken in so far.
    pub(super) fn frames(&self) -> u64 {
        self.teller.statistics.frames
    }

    /// Takes in frames, at most `most` of them.
    pub(super) fn take(&mut self, frames: &Frames, most: u64) {
        for frame in frames.iter().take(usize::try_from(most).unwrap_or(usize::MAX)) {
            self.frame(&frame);
            if self.segments.len() >= BATCH {
                self.follow();
                self.tick_if_due();
            }
        }
        self.follow();
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        self.note(frame);
        let (decoded, view) = self.decoder.look(frame);
        if let Some(fragment) = self.decoder.fragment() {
            self.teller.observers.iter_mut().for_each(|observer| observer.fragment(fragment, frame));
        }
        match decoded {
            Decoded::Segment(segment) => {
                for observer in &mut self.teller.observers {
                    observer.segment(&segment, &view, frame);
                }
                self.recording.keep(&segment, &view, frame.bytes);
                self.keys.push(self.keyer.key(&segment));
                self.segments.push(segment);
            }
            Decoded::IcmpError(error) => {
                self.follow();
                self.teller.observers.iter_mut().for_each(|observer| observer.icmp_error(&error, &view, frame));
                self.table.icmp_error(&error);
            }
            Decoded::Other => {}
        }
    }

    /// Counts a frame.
    fn note(&mut self, frame: &Frame<'_>) {
        self.teller.statistics.frames += 1;
        self.teller.statistics.octets += frame.bytes.len() as u64;
        let input = &mut self.input;
        input.frames = frame.input_frame.get();
        input.bytes += frame.bytes.len() as u64;
        input.cut_frames += u64::from((frame.bytes.len() as u64) < u64::from(frame.original_len));
        if !input.link_types.contains(&frame.link_type) {
            input.link_types.push(frame.link_type);
        }
        if let Some(time) = frame.time {
            input.time_reversals += u64::from(self.last_time.is_some_and(|last| time < last));
            self.last_time = Some(time);
            input.first_time = Some(input.first_time.map_or(time, |first| first.min(time)));
            input.last_time = Some(input.last_time.map_or(time, |last| last.max(time)));
        }
    }

    /// Follows the segments at hand.
    fn follow(&mut self) {
        self.table.segments(&self.segments, &self.keys);
        self.segments.clear();
        self.keys.clear();
        let reset = self.table.take_reset();
        if !reset.is_empty() {
            let now = Instant::now();
            reset.into_iter().for_each(|flow| self.agenda.reset(flow, now));
        }
    }

    /// Frames that the kernel has dropped so far.
    pub(super) fn dropped(&mut self, dropped: Option<u64>) {
        let Some(dropped) = dropped else { return };
        let now = self.table.end();
        if dropped > self.teller.statistics.dropped_by_kernel
            && let Some((from, to)) = self.counted.or(now).zip(now)
        {
            self.losses.add(from, to.plus(STILL_TO_COME));
        }
        self.counted = now;
        self.teller.statistics.dropped_by_kernel = dropped;
        self.input.dropped_by_kernel = Some(dropped);
    }

    /// Judges what is due, and shows what was counted, where it is time for that.
    pub(super) fn tick_if_due(&mut self) {
        let now = Instant::now();
        if now.duration_since(self.ticked) < TICK {
            return;
        }
        self.ticked = now;
        let due = self.agenda.due(now, self.at_once);
        if !due.is_empty() {
            self.judge(&due);
            // Frames come meanwhile, and what is not taken in time is dropped.
            match now.elapsed() {
                long if long > LONG_LOOK => self.at_once = (self.at_once / 2).max(FEWEST_AT_ONCE),
                short if short < LONG_LOOK / 4 => self.at_once = (self.at_once * 2).min(MOST_AT_ONCE),
                _ => {}
            }
        }
        let since = now.duration_since(self.shown);
        if since >= SHOWN_EVERY {
            self.shown = now;
            self.teller.statistics.frames_per_second =
                (self.teller.statistics.frames - self.frames_shown) as f64 / since.as_secs_f64();
            self.frames_shown = self.teller.statistics.frames;
            self.count();
            self.teller.tick();
        }
    }

    /// Brings the counts up to date.
    fn count(&mut self) {
        let (totals, statistics) = (self.table.totals(), &mut self.teller.statistics);
        statistics.segments = totals.segments;
        statistics.rst_segments = totals.resets;
        statistics.flows = totals.flows;
        statistics.flows_held = self.table.len() as u64;
        statistics.flows_evicted = totals.evicted.iter().map(|(_, flows)| flows).sum();
        statistics.waiting = self.agenda.len() as u64;
        statistics.passed_over = self.agenda.passed_over;
        statistics.memory = resident().unwrap_or(self.recording.octets() as u64);
    }

    fn judge(&mut self, due: &Due) {
        let ground = Ground {
            options: &self.options.analysis,
            table: &self.table,
            recording: &self.recording,
            decoder: &self.decoder,
            kernel: self.kernel.as_deref(),
            site: &self.site,
            losses: &self.losses,
            archive: &self.archive,
        };
        let all = due.all();
        // On a thread of its own, so that what is only needed for the moment takes memory of its own, and leaves no holes between
        // the segments that are recorded: after hours they would be most of the memory.
        let judged = thread::scope(|scope| {
            let judging = thread::Builder::new().name("judge".to_owned()).spawn_scoped(scope, || ground.judge(&all));
            judging.map(|judging| judging.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let mut report = judged.unwrap_or_else(|_| ground.judge(&all));
        if let Some(names) = self.names {
            names.report(&mut report);
        }
        for flow in &report.flows {
            let is_last = due.last.contains(&flow.id);
            self.teller.tell(flow, !is_last);
        }
    }

    /// The end of the capture: what was followed, for the report, and who is to hear of it.
    pub(super) fn finish(mut self, end: &End) -> (Analysis, Teller<'a>) {
        self.count();
        let mut input = match end {
            End::Proper(summary) => summary.clone(),
            End::Lost(_) | End::Asked => InputSummary { complete: true, ..self.input },
        };
        if let End::Lost(reason) = end {
            input.complete = false;
            input.problems.push(Problem { offset: input.bytes, reason: reason.clone() });
        }
        if let End::Proper(_) = end {
            self.losses = run::losses(std::slice::from_ref(&input));
        }
        let analysis = Analysis {
            places: None,
            inputs: vec![input],
            decoder: self.decoder,
            flows: self.table.finish(),
            frames: self.teller.statistics.frames,
            recording: Some(self.recording),
            site: self.site,
            witness: self.kernel.map(|log| Witness { name: KERNEL.to_owned(), log: locked(&log).clone() }),
            losses: self.losses,
            archive: self.archive.into_inner().unwrap_or_else(PoisonError::into_inner),
        };
        (analysis, self.teller)
    }
}
