//! The decisive segments of a flow, one a line.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::flow::all_evidence;
use super::text::verbatim;
use crate::output::clock::Zone;
use crate::report::{Flow, ResetSegment, Side, Time};

/// Lines of one ladder.
const LINES: usize = 24;

/// A code block with the resets and every frame that evidence rests on, in the order of the capture.
///
/// Numbers in brackets are those of the evidence. Empty where there is nothing to show.
pub(super) fn ladder(flow: &Flow, zone: &Zone) -> String {
    let mut rungs = rungs(flow);
    if rungs.is_empty() {
        return String::new();
    }
    for (frame, what, time) in
        [(flow.first_frame, "first frame", flow.first_time), (flow.last_frame, "last frame", flow.last_time)]
    {
        rungs.entry(frame).or_insert_with(|| Rung { time, text: format!("{what} of the flow"), evidence: Vec::new() });
    }
    let width = rungs.keys().next_back().map_or(0, |frame| frame.to_string().len()).max("frame".len());
    let mut part = format!("**Decisive segments**\n\n```text\n{:>width$}  time\n", "frame");
    for (frame, rung) in rungs.iter().take(LINES) {
        let time = rung.time.map_or_else(String::new, |time| zone.clock_micros(time));
        let marks: String = rung.evidence.iter().map(|nth| format!(" [{nth}]")).collect();
        let line = format!("{frame:>width$}  {time:<15}  {}{marks}", rung.text);
        let _ = writeln!(part, "{}", verbatim(&line).trim_end());
    }
    if let Some(more @ 1..) = rungs.len().checked_sub(LINES) {
        let _ = writeln!(part, "{:>width$}  and {more} more", "");
    }
    part + "```\n\n"
}

struct Rung {
    time: Option<Time>,
    text: String,
    evidence: Vec<usize>,
}

fn rungs(flow: &Flow) -> BTreeMap<u64, Rung> {
    let mut rungs: BTreeMap<u64, Rung> = BTreeMap::new();
    for reset in &flow.resets {
        for segment in &reset.segments {
            let text = segment_text(segment, reset.claimed_sender);
            rungs.insert(segment.frame, Rung { time: segment.time, text, evidence: Vec::new() });
        }
    }
    for icmp in &flow.icmp {
        let text = format!("ICMP from {}: {}", icmp.reporter, icmp.text);
        rungs.insert(icmp.frame, Rung { time: icmp.time, text, evidence: Vec::new() });
    }
    for (nth, evidence) in all_evidence(flow).iter().enumerate() {
        for &frame in evidence.frames {
            let rung =
                rungs.entry(frame).or_insert_with(|| Rung { time: None, text: "see".to_owned(), evidence: Vec::new() });
            if rung.evidence.last() != Some(&(nth + 1)) {
                rung.evidence.push(nth + 1);
            }
        }
    }
    rungs
}

fn segment_text(segment: &ResetSegment, from: Side) -> String {
    let ResetSegment { flags, seq, ack, window, ttl, ip_id, payload_bytes, duplicate, .. } = segment;
    let way = match from {
        Side::Client => "client --> server",
        Side::Server => "client <-- server",
    };
    let mut text = format!("{way}  {flags} seq {seq} ack {ack}");
    if let Some(window) = window {
        let _ = write!(text, " win {window}");
    }
    let _ = write!(text, " len {payload_bytes} ttl {ttl}");
    if let Some(id) = ip_id {
        let _ = write!(text, " id {id}");
    }
    if *duplicate {
        text += " (second copy)";
    }
    text
}
