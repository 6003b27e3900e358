//! All inputs as one capture, in the order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use super::Filter;
use super::ahead::Ahead;
use super::error::{InputError, Reason};
use super::input::Input;
use super::lookup::Lookup;
use super::progress::Progress;
use super::reader::STANDARD_INPUT;
use super::record::Record;
use super::run::Run;
use super::{Frame, InputSummary};
use crate::tcp::{FrameNumber, Timestamp};

/// How to read.
#[derive(Default)]
pub struct OpenOptions {
    /// Frames that do not pass are numbered and counted, but not given out.
    pub filter: Option<Filter>,
}

/// The merge of all inputs.
///
/// Each input keeps its own order, even where its clock goes backwards; the input whose next frame is the earliest has
/// its turn. A frame without a time follows the frame before it at once. At equal times the input that begins earlier
/// goes first, then the one named earlier. Of several regular files only those are held open whose time has come, so
/// that a ring of a thousand files costs one or two at a time.
pub struct Capture {
    /// In the order of the command line.
    inputs: Vec<Input>,
    /// For each rank of a [`Turn`], the input.
    ranks: Vec<u16>,
    /// Inputs that have not begun, the earliest last.
    waiting: Vec<Turn>,
    /// Inputs that have begun, with their next frame, except the current one.
    begun: BinaryHeap<Reverse<Turn>>,
    /// The input that gave the last frame.
    current: Option<Current>,
    /// The number of the last frame.
    number: u64,
    filter: Option<Filter>,
    progress: Arc<Progress>,
}

/// When a frame's turn comes, and whose it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    /// `None`, which comes first, where no time is known.
    time: Option<Timestamp>,
    rank: u16,
}

/// The input whose turn it is.
#[derive(Clone, Copy)]
struct Current {
    index: u16,
    rank: u16,
}

impl Capture {
    /// Opens the inputs; `-` is standard input. What cannot be opened or is no capture is named beside, and the rest is
    /// read.
    pub fn open(paths: &[PathBuf], options: OpenOptions) -> (Self, Vec<InputError>) {
        let (mut inputs, mut errors) = (Vec::new(), Vec::new());
        let mut standard_input = false;
        for path in paths {
            let opened = if path.as_os_str() == STANDARD_INPUT && std::mem::replace(&mut standard_input, true) {
                Err(Reason::StandardInputTwice)
            } else if inputs.len() == usize::from(u16::MAX) {
                Err(Reason::TooMany)
            } else {
                Input::open(path)
            };
            match opened {
                Ok(mut input) => {
                    let first = if paths.len() > 1 && input.reopens() { input.first_time_then_close() } else { None };
                    inputs.push((input, first));
                }
                Err(reason) => errors.push(InputError::new(&path.display().to_string(), reason)),
            }
        }
        (Self::merge(inputs, options), errors)
    }

    /// A capture that comes out of `octets`, packed or not, from start to end.
    ///
    /// # Errors
    /// Where they are no capture.
    pub fn of(octets: impl Read + Send + 'static, options: OpenOptions) -> Result<Self, InputError> {
        let input = Input::of(octets).map_err(|reason| InputError::new(STANDARD_INPUT, reason))?;
        Ok(Self::merge(vec![(input, None)], options))
    }

    fn merge(opened: Vec<(Input, Option<Timestamp>)>, options: OpenOptions) -> Self {
        let total = opened.iter().map(|(input, _)| input.size()).sum();
        let progress = Arc::new(Progress::new(total));
        let several = opened.len() > 1;
        let mut firsts = Vec::with_capacity(opened.len());
        let mut inputs = Vec::with_capacity(opened.len());
        for (index, (mut input, mut first)) in (0u16..).zip(opened) {
            let mut begun = false;
            if several && !input.reopens() {
                begun = input.begin(&progress);
                first = input.waiting.and_then(|record| record.time);
            }
            firsts.push((first, index, begun));
            inputs.push(input);
        }
        if let [input] = inputs.as_mut_slice() {
            input.keeps = true;
        }
        firsts.sort_unstable();

        let mut capture = Self {
            inputs,
            ranks: firsts.iter().map(|(_, index, _)| *index).collect(),
            waiting: Vec::new(),
            begun: BinaryHeap::new(),
            current: None,
            number: 0,
            filter: options.filter,
            progress,
        };
        for (rank, (time, _, begun)) in (0u16..).zip(firsts) {
            let turn = Turn { time, rank };
            if begun {
                capture.begun.push(Reverse(turn));
            } else {
                capture.waiting.push(turn);
            }
        }
        capture.waiting.reverse();
        capture
    }

    /// The next frame; `None` when all inputs are at their end.
    // Not an `Iterator`: the frame borrows from its input until the next one is asked for.
    #[allow(clippy::should_implement_trait)]
    #[inline(never)] // within its caller it would take the decoder's registers, as measured
    pub fn next(&mut self) -> Option<Frame<'_>> {
        let (index, record) = self.advance()?;
        self.frame(index, &record)
    }

    /// The next frame, and those that follow it in the same input without anything that [`Self::next`] would have to see to:
    /// nobody else's turn, no filter, all of them at hand.
    ///
    /// The same frames as by [`Self::next`], for less where many lie at hand.
    #[inline(always)]
    pub fn run(&mut self) -> Option<Run<'_>> {
        let (index, record) = self.advance()?;
        let is_alone = self.filter.is_none() && self.begun.is_empty() && self.waiting.is_empty();
        let input = self.inputs.get_mut(usize::from(index))?;
        input.run(index, &record, &mut self.number, is_alone)
    }

    #[inline]
    fn frame(&self, index: u16, record: &Record) -> Option<Frame<'_>> {
        let input = self.inputs.get(usize::from(index))?;
        Some(Frame {
            number: FrameNumber::new(self.number)?,
            input: index,
            input_frame: FrameNumber::new(input.number())?,
            time: record.time,
            link_type: record.link_type,
            original_len: record.original_len,
            bytes: input.bytes(record),
        })
    }

    /// Its frames by their places, once it has been read to its end: of one regular file that is not packed, and whose frames
    /// mean the same wherever one begins to read.
    pub fn lookup(&mut self) -> Option<Lookup> {
        match self.inputs.as_mut_slice() {
            [input] => input.lookup(),
            _ => None,
        }
    }

    /// What another thread fetches it with, ahead of the reading, where it is one regular file that is not packed.
    pub fn ahead(&self) -> Option<Ahead> {
        match self.inputs.as_slice() {
            [input] => input.ahead(),
            _ => None,
        }
    }

    /// How far the reading is.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// What is known of each input so far.
    pub fn summaries(&self) -> Vec<InputSummary> {
        self.inputs.iter().map(Input::summary).collect()
    }

    /// What is known of each input that could be opened, in the order of the command line; [`Frame::input`] is the
    /// index. An input that was not read to its end is not complete.
    pub fn finish(self) -> Vec<InputSummary> {
        self.inputs.into_iter().map(Input::into_summary).collect()
    }

    /// Finds the next frame that passes, and the input that it is of.
    #[inline]
    fn advance(&mut self) -> Option<(u16, Record)> {
        loop {
            let (index, record) = self.turn()?;
            self.number += 1 + u64::from(record.numbers_skipped);
            if self.filter.is_none() || self.passes(index, record) {
                return Some((index, record));
            }
        }
    }

    /// Finds the input with the next frame, and that frame.
    #[inline(always)]
    fn turn(&mut self) -> Option<(u16, Record)> {
        if let Some(current) = self.current
            && let Some(record) = self.inputs.get_mut(usize::from(current.index))?.advance(&self.progress)
            && (self.begun.is_empty() && self.waiting.is_empty() || self.keeps_turn(current, record))
        {
            return Some((current.index, record));
        }
        // Taken apart, so that the usual record above need not lie where this one is returned.
        let (index, record) = self.take_turn()?;
        Some((index, record))
    }

    /// Whether the current input goes first with its next frame. If not, the frame waits.
    #[inline(never)]
    fn keeps_turn(&mut self, current: Current, record: Record) -> bool {
        let turn = Turn { time: record.time, rank: current.rank };
        if turn.time.is_none() || self.next_turn().is_none_or(|other| turn < other) {
            return true;
        }
        if let Some(input) = self.inputs.get_mut(usize::from(current.index)) {
            input.waiting = Some(record);
            self.begun.push(Reverse(turn));
        }
        false
    }

    /// Gives the turn to another input.
    #[cold]
    fn take_turn(&mut self) -> Option<(u16, Record)> {
        self.current = None;
        loop {
            let turn = self.next_turn()?;
            let index = *self.ranks.get(usize::from(turn.rank))?;
            let input = self.inputs.get_mut(usize::from(index))?;
            if self.begun.peek() == Some(&Reverse(turn)) {
                self.begun.pop();
            } else {
                self.waiting.pop();
                if !input.begin(&self.progress) {
                    continue;
                }
            }
            self.current = Some(Current { index, rank: turn.rank });
            return Some((index, input.waiting.take()?));
        }
    }

    fn next_turn(&self) -> Option<Turn> {
        let begun = self.begun.peek().map(|Reverse(turn)| *turn);
        begun.into_iter().chain(self.waiting.last().copied()).min()
    }

    /// Whether a frame of an input passes the filter.
    #[inline(never)]
    fn passes(&mut self, index: u16, record: Record) -> bool {
        let (Some(filter), Some(input)) = (&mut self.filter, self.inputs.get_mut(usize::from(index))) else {
            return true;
        };
        match filter.passes(record.link_type, input.bytes(&record)) {
            Ok(passes) => passes,
            Err(error) => {
                let reason = format!("the filter has no meaning for link type {}: {error}", record.link_type);
                input.note_problem(reason);
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bytes::Order;
    use super::super::testing::{ETHERNET, Writer};
    use super::*;

    #[test]
    fn a_capture_may_be_read_on_another_thread() {
        fn check<T: Send>() {}
        check::<Capture>();
        check::<OpenOptions>();
    }

    /// pcapng whose frames say which input they are of and which place they have there; without a time, simple ones.
    fn input(index: u8, times: &[Option<u8>]) -> Vec<u8> {
        let start = Writer::new(Order::Little).section().interface(ETHERNET, 0, &[]);
        let frames = (0u8..).zip(times).fold(start, |file, (place, time)| match time {
            Some(time) => file.enhanced(0, u64::from(*time), &[index, place], 2),
            None => file.simple(&[index, place], 2),
        });
        frames.bytes
    }

    /// The order of frames, found by looking at every input each time.
    fn slowly(inputs: &[Vec<Option<u8>>]) -> Vec<Vec<u8>> {
        let mut ranks: Vec<usize> = (0..inputs.len()).collect();
        ranks.sort_by_key(|&index| (inputs[index].first().copied().flatten(), index));
        let mut taken = vec![0; inputs.len()];
        let mut order = Vec::new();
        let mut current: Option<usize> = None;
        loop {
            let next = |index: usize| inputs[index].get(taken[index]);
            let stays = current.filter(|&index| next(index) == Some(&None));
            let earliest =
                || ranks.iter().copied().filter(|&index| next(index).is_some()).min_by_key(|&index| next(index));
            let Some(index) = stays.or_else(earliest) else { return order };
            order.push(vec![index as u8, taken[index] as u8]);
            taken[index] += 1;
            current = Some(index);
        }
    }

    proptest! {
        #[test]
        fn the_merge_takes_what_a_look_at_every_input_takes(
            inputs in prop::collection::vec(prop::collection::vec(prop::option::weighted(0.9, 0..12u8), 0..12), 1..5),
        ) {
            let opened = (0u8..).zip(&inputs).map(|(index, times)| {
                (Input::of(std::io::Cursor::new(input(index, times))).expect("a capture"), None)
            });
            let mut capture = Capture::merge(opened.collect(), OpenOptions::default());
            let mut order = Vec::new();
            while let Some(frame) = capture.next() {
                assert_eq!(frame.number.get(), order.len() as u64 + 1);
                order.push(frame.bytes.to_vec());
            }
            assert_eq!(order, slowly(&inputs));
        }
    }
}
