//! The evidence file: which frames go into it.

use std::collections::HashMap;
use std::io::{BufWriter, ErrorKind};

use crate::anonymize::Key;
use crate::capture::{Capture, Filter, OpenOptions};
use crate::cli::{Evidence, Options};
use crate::decode::{DecodeLimits, Decoded, Decoder};
use crate::error::Error;
use crate::evidence_file::{Placed, Writer};
use crate::output;
use crate::report::Report;
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
    let mut flows: HashMap<u64, Counted> = report
        .flows
        .iter()
        .map(|flow| (flow.id, Counted { seen: 0, total: flow.client_packets.saturating_add(flow.server_packets) }))
        .collect();

    let (mut capture, _) = Capture::open(&options.captures, OpenOptions { filter });
    let mut decoder = Decoder::new(DecodeLimits::default());
    let mut frames = 0;
    while let Some(frame) = capture.next() {
        let (decoded, view) = decoder.look(&frame);
        let comment = comments.get(&frame.number.get());
        let counted = match &decoded {
            Decoded::Segment(segment) => members.flow_of(segment).and_then(|id| flows.get_mut(&id.into())),
            Decoded::IcmpError(_) | Decoded::Other => None,
        };
        let wanted = counted.is_some_and(|counted| counted.take(evidence.frames));
        if !wanted && comment.is_none() {
            continue;
        }
        let end = match (evidence.payload_bytes, view.payload) {
            (Some(most), Some(payload)) => payload.start.saturating_add(most).min(frame.bytes.len()),
            // Of a fragment it is not known where its data begins.
            (Some(most), None) => most.saturating_add(HEADERS).min(frame.bytes.len()),
            (None, _) => frame.bytes.len(),
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

/// The segments of a flow so far, and all of them.
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
