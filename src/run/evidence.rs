//! The evidence file: which frames go into it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{BufWriter, ErrorKind};

use crate::anonymize::Key;
use crate::capture::{Capture, Filter, OpenOptions};
use crate::cli::{Evidence, Options};
use crate::decode::{DecodeLimits, Decoded, Decoder};
use crate::error::Error;
use crate::evidence_file::{Placed, Writer};
use crate::output;
use crate::report::{self, Report};
use crate::timeline::Members;

/// Reads the captures once more and writes the frames of the report's flows; tells how many they were.
///
/// # Errors
/// Where the file cannot be written.
pub fn write(
    options: &Options,
    evidence: &Evidence,
    filter: Option<Filter>,
    (members, key): (&Members, Option<&Key>),
    report: &Report,
) -> Result<u64, Error> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => Error::OutputExists(evidence.path.clone()),
        _ => Error::write(Some(&evidence.path), error),
    };
    let place = Placed::create(&evidence.path).map_err(failed)?;
    let mut writer = place.file().and_then(|file| Writer::new(BufWriter::new(file))).map_err(failed)?;
    let comments = output::comments(report);
    let wanted = Wanted::new(members, report, evidence.frames);
    let parts = match report.capture.fragments.fragments {
        0 => HashSet::new(),
        _ => parts(options, super::bpf(options)?, wanted.clone(), |frame| comments.contains_key(&frame)),
    };

    let mut wanted = wanted;
    let (mut capture, _) = Capture::open(&options.captures, OpenOptions { filter });
    let mut decoder = Decoder::new(DecodeLimits::default());
    let mut frames = 0;
    while let Some(frame) = capture.next() {
        let (decoded, view) = decoder.look(&frame);
        let comment = comments.get(&frame.number.get());
        if !wanted.has(&decoded) && comment.is_none() && !parts.contains(&frame.number.get()) {
            continue;
        }
        let data = decoder.fragment().map(|fragment| fragment.data).or(view.payload.map(|payload| payload.start));
        let end = match evidence.payload_bytes {
            Some(most) => data.unwrap_or(HEADERS).saturating_add(most).min(frame.bytes.len()),
            None => frame.bytes.len(),
        };
        let input = report.capture.inputs.get(usize::from(frame.input)).map_or("", |input| input.path.as_str());
        // Renamed whole, so that checksums are those of the whole, and cut afterwards.
        let renamed = key.map(|key| key.frame(frame.link_type, frame.bytes));
        let octets = renamed.as_deref().unwrap_or(frame.bytes);
        let octets = octets.get(..end).unwrap_or(octets);
        let comment = comment.map(|comment| {
            // Numbers in the report are those of the capture; here the frames have others.
            let untimed = if frame.time.is_none() { ", captured without a time" } else { "" };
            format!("frame {} of the capture{untimed}\n{comment}", frame.number)
        });
        writer.frame(&frame, octets, input, comment.as_deref()).map_err(failed)?;
        frames += 1;
    }
    let written = writer.finish().map_err(failed)?;
    drop(written);
    place.keep(options.force).map_err(failed)?;
    Ok(frames)
}

/// Octets that headers take where their end is not known: Ethernet, IPv6 and TCP without options.
const HEADERS: usize = 14 + 40 + 20;

/// Frames with parts of packets that are found beforehand at most, so that memory stays bounded; of what comes behind them only the
/// frame that made the packet whole is written.
const MOST_PARTS: usize = 1 << 20;

/// The frames with the other parts of those packets that are wanted: they stand before the one that made the packet whole.
fn parts(
    options: &Options,
    filter: Option<Filter>,
    mut wanted: Wanted<'_>,
    has_comment: impl Fn(u64) -> bool,
) -> HashSet<u64> {
    let (mut capture, _) = Capture::open(&options.captures, OpenOptions { filter });
    let mut decoder = Decoder::new(DecodeLimits::default());
    let (mut found, mut waiting) = (HashSet::new(), Waiting::default());
    while let Some(frame) = capture.next()
        && found.len() < MOST_PARTS
    {
        let (decoded, _) = decoder.look(&frame);
        let is_wanted = wanted.has(&decoded) || has_comment(frame.number.get());
        let Some(fragment) = decoder.fragment() else { continue };
        match decoded {
            Decoded::Other => waiting.add(fragment.packet, frame.number.get()),
            Decoded::Segment(_) | Decoded::IcmpError(_) => {
                let parts = waiting.take(fragment.packet);
                found.extend(parts.into_iter().filter(|_| is_wanted));
            }
        }
    }
    found
}

/// The frames of packets that are not whole yet.
#[derive(Default)]
struct Waiting {
    packets: HashMap<u64, Vec<u64>>,
    /// In the order of the capture.
    turns: VecDeque<u64>,
}

impl Waiting {
    /// Frames that wait at most: the decoder gives up a packet before so many others came.
    const MOST: usize = 1 << 17;

    fn add(&mut self, packet: u64, frame: u64) {
        self.packets.entry(packet).or_default().push(frame);
        self.turns.push_back(packet);
        if self.turns.len() > Self::MOST
            && let Some(oldest) = self.turns.pop_front()
        {
            self.packets.remove(&oldest);
        }
    }

    fn take(&mut self, packet: u64) -> Vec<u64> {
        self.packets.remove(&packet).unwrap_or_default()
    }
}

/// Which segments are wanted.
#[derive(Clone)]
struct Wanted<'a> {
    members: &'a Members,
    flows: HashMap<u64, Counted>,
    most: Option<u64>,
}

impl<'a> Wanted<'a> {
    /// Of the flows of a report the first and last `most` segments.
    fn new(members: &'a Members, report: &Report, most: Option<u64>) -> Self {
        let counted =
            |flow: &report::Flow| Counted { seen: 0, total: flow.client_packets.saturating_add(flow.server_packets) };
        Self { members, flows: report.flows.iter().map(|flow| (flow.id, counted(flow))).collect(), most }
    }

    /// Whether this is one; to be asked of every frame in turn.
    fn has(&mut self, decoded: &Decoded) -> bool {
        let Decoded::Segment(segment) = decoded else { return false };
        let counted = self.members.flow_of(segment).and_then(|id| self.flows.get_mut(&id));
        counted.is_some_and(|counted| counted.take(self.most))
    }
}

/// The segments of a flow so far, and all of them.
#[derive(Clone)]
struct Counted {
    seen: u64,
    total: u64,
}

impl Counted {
    /// Whether the next segment is one of the first or last `most`.
    fn take(&mut self, most: Option<u64>) -> bool {
        self.seen += 1;
        most.is_none_or(|most| self.seen <= most || self.seen > self.total.saturating_sub(most))
    }
}
