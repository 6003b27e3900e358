//! The flight recorder: of each connection whose reset is judged while an interface is watched, a file with its frames
//! (`--record`).
//!
//! [`past`](self) keeps the first and the latest frames of every connection in bounded memory, and the latest ICMP errors about it;
//! parts of packets wait in `fragments` until it is known whose they are. When a verdict is final, what is kept
//! becomes a pcapng file with comments, as an evidence file has them, and a thread of its own puts it into the folder, so that a
//! slow disk holds up nobody.

mod folder;
mod fragments;
mod past;
mod shelf;
#[cfg(test)]
mod testing;

pub use folder::Folder;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use crate::anonymize::Key;
use crate::capture::Frame;
use crate::decode::{Fragment, View};
use crate::evidence_file::Writer;
use crate::live::{Event, Observer, Statistics};
use crate::notes::Notes;
use crate::output;
use crate::report::{Flow, Kind, Report};
use crate::tcp::{IcmpError, Segment};
use fragments::Fragments;
use past::{Ends, Kept, Past};
use shelf::Shelf;

/// Resets whose connections can still be found by them.
const MOST_RESETS: usize = 100_000;

/// One part in so many of the memory is for parts of packets that are not whole yet.
const FOR_FRAGMENTS: usize = 8;

/// Flows remembered, so that none is written twice.
const MOST_WRITTEN: usize = 100_000;

/// What is recorded, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecorderOptions {
    /// The folder that files go to.
    pub folder: PathBuf,
    /// Which verdicts are worth a file; any of them will do.
    pub occasions: Vec<Kind>,
    /// Files kept, the latest of this run.
    pub files: usize,
    /// Octets that they may have together.
    pub octets: u64,
    /// Octets kept of the data of each segment.
    pub payload: usize,
}

/// The flight recorder.
pub struct Recorder<'a> {
    occasions: Vec<Kind>,
    input: String,
    names: Option<&'a Key>,
    notes: Notes,
    /// Octets kept of the data of each frame.
    payload: usize,
    past: Past,
    fragments: Fragments,
    /// The connection of each reset that passed, by its frame: under other names it could not be found by its addresses.
    resets: BTreeMap<u64, Ends>,
    written: BTreeSet<u64>,
    shelf: Shelf,
    /// Verdicts of whose connection nothing was kept any more.
    too_late: u64,
}

impl<'a> Recorder<'a> {
    /// A recorder that keeps at most so many octets in memory. `input`: what the frames come from.
    ///
    /// # Errors
    /// When the folder cannot be written, or the operating system gives no thread.
    pub fn new(
        options: &RecorderOptions,
        folder: Folder,
        memory: usize,
        input: String,
        names: Option<&'a Key>,
        notes: Notes,
    ) -> io::Result<Self> {
        folder.probe()?;
        Ok(Self {
            occasions: options.occasions.clone(),
            input,
            names,
            notes,
            payload: options.payload,
            past: Past::new(memory - memory / FOR_FRAGMENTS),
            fragments: Fragments::new(memory / FOR_FRAGMENTS),
            resets: BTreeMap::new(),
            written: BTreeSet::new(),
            shelf: Shelf::start(folder, options.files, options.octets, notes)?,
            too_late: 0,
        })
    }

    /// What is kept of a frame.
    fn kept(&self, view: &View, frame: &Frame<'_>) -> Kept {
        let end = view.payload.as_ref().map_or(frame.bytes.len(), |data| data.start.saturating_add(self.payload));
        Kept::new(frame, end)
    }

    fn is_wanted(&self, flow: &Flow) -> bool {
        self.occasions.iter().any(|occasion| occasion.is_of(flow))
    }

    fn ends(&self, flow: &Flow) -> Option<Ends> {
        flow.resets.iter().flat_map(|reset| &reset.frames).find_map(|frame| self.resets.get(frame).copied())
    }

    /// Writes what is kept of a flow.
    fn write(&mut self, flow: &Flow) {
        let file = self.ends(flow).map(|ends| self.file(flow, ends));
        match file {
            Some(Ok(Some(octets))) => self.shelf.put(name(flow), octets),
            Some(Err(error)) => self.notes.warn(format_args!(
                "flow {} could not be recorded: {}",
                flow.id,
                crate::capture::plain(&error)
            )),
            Some(Ok(None)) | None => self.too_late += 1,
        }
    }

    /// The frames of a flow as a file; `None` where there are none any more.
    fn file(&self, flow: &Flow, ends: Ends) -> io::Result<Option<Vec<u8>>> {
        let report = Report { flows: vec![flow.clone()], ..Report::default() };
        let comments = output::comments(&report);
        let mut writer = Writer::new(Vec::new())?;
        let mut is_empty = true;
        // Errors about it may have come when it was over.
        let is_of_flow = |number: u64| {
            (flow.first_frame..=flow.last_frame).contains(&number) || flow.icmp.iter().any(|icmp| icmp.frame == number)
        };
        for kept in self.past.of(ends).filter(|kept| is_of_flow(kept.segment)) {
            let frame = kept.frame();
            // Renamed as far as it was kept; checksums of a frame that was cut fit nothing anyway.
            let renamed = self.names.map(|names| names.frame(frame.link_type, frame.bytes));
            let comment =
                comments.get(&kept.number()).map(|text| format!("frame {} of the capture\n{text}", kept.number()));
            writer.frame(&frame, renamed.as_deref().unwrap_or(frame.bytes), &self.input, comment.as_deref())?;
            is_empty = false;
        }
        let octets = writer.finish()?;
        Ok((!is_empty).then_some(octets))
    }
}

impl Observer for Recorder<'_> {
    fn segment(&mut self, segment: &Segment, view: &View, frame: &Frame<'_>) {
        let ends = Ends::of(segment.source, segment.destination);
        let parts = self.fragments.whole(frame.number.get());
        if parts.is_empty() {
            let kept = self.kept(view, frame);
            self.past.keep(ends, segment.flags, kept);
        }
        for kept in parts {
            self.past.keep(ends, segment.flags, kept);
        }
        if segment.flags.rst() {
            self.resets.insert(frame.number.get(), ends);
            if self.resets.len() > MOST_RESETS {
                self.resets.pop_first();
            }
        }
    }

    fn fragment(&mut self, fragment: Fragment, frame: &Frame<'_>) {
        let kept = Kept::new(frame, fragment.data.saturating_add(self.payload));
        self.fragments.keep(fragment.packet, kept);
    }

    fn icmp_error(&mut self, error: &IcmpError, view: &View, frame: &Frame<'_>) {
        let kept = self.kept(view, frame);
        self.past.keep_error(Ends::of(error.quoted.source, error.quoted.destination), kept);
    }

    fn event(&mut self, event: &Event<'_>) {
        let flow = event.flow;
        if self.written.contains(&flow.id) || !self.is_wanted(flow) {
            return;
        }
        if event.provisional {
            // What follows the reset belongs to the file; until then its past must not leave.
            if let Some(ends) = self.ends(flow) {
                self.past.hold(ends);
            }
            return;
        }
        self.written.insert(flow.id);
        if self.written.len() > MOST_WRITTEN {
            self.written.pop_first();
        }
        self.write(flow);
    }

    fn end(&mut self, _: &Statistics) {
        let told = self.shelf.finish();
        if told.passed_over + self.too_late > 0 {
            let left_out = told.passed_over + self.too_late;
            self.notes.warn(format_args!("{left_out} flows could not be recorded: there were too many at once"));
        }
        self.notes.tell(format_args!("flight recorder: {} files written, {} kept", told.written, told.kept));
    }
}

/// A name by time and cause, of characters that every file system takes.
fn name(flow: &Flow) -> String {
    let time = flow.resets.first().and_then(|reset| reset.time).or(flow.last_time);
    let time = time.map_or_else(
        || "untimed".to_owned(),
        |time| {
            // 20261121T102600.123Z
            let digits: String = time.to_string().chars().filter(|c| !matches!(c, '-' | ':')).take(19).collect();
            digits + "Z"
        },
    );
    let cause = flow.diagnosis.as_ref().map_or("undetermined", |diagnosis| diagnosis.cause);
    format!("{time}_{cause}_flow{}", flow.id)
}
