//! The decisive segments of a flow, one a line.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::text::verbatim;
use crate::output::clock::Zone;
use crate::output::proof;
use crate::output::rungs;
use crate::report::{Flow, RUNGS, Time};

/// Lines of one ladder.
const LINES: usize = RUNGS + 8;

/// A code block with the resets and every frame that evidence rests on, in the order of the capture.
///
/// Numbers in brackets are those of the evidence. Empty where there is nothing to show.
pub(super) fn ladder(flow: &Flow, zone: &Zone) -> String {
    let mut lines = lines(flow);
    if lines.is_empty() {
        return String::new();
    }
    for (frame, what, time) in
        [(flow.first_frame, "first frame", flow.first_time), (flow.last_frame, "last frame", flow.last_time)]
    {
        lines.entry(frame).or_insert_with(|| Line { time, text: format!("{what} of the flow"), ..Line::default() });
    }
    let width = lines.keys().next_back().map_or(0, |frame| frame.to_string().len()).max("frame".len());
    let mut part = format!("**Decisive segments**\n\n```text\n{:>width$}  time\n", "frame");
    for (frame, line) in lines.iter().take(LINES) {
        if line.gap {
            let _ = writeln!(part, "{:>width$}", "...");
        }
        let time = line.time.map_or_else(String::new, |time| zone.clock_micros(time));
        let marks: String = line.evidence.iter().map(|nth| format!(" [{nth}]")).collect();
        let line = format!("{frame:>width$}  {time:<15}  {}{marks}", line.text);
        let _ = writeln!(part, "{}", verbatim(&line).trim_end());
    }
    if let Some(more @ 1..) = lines.len().checked_sub(LINES) {
        let _ = writeln!(part, "{:>width$}  and {more} more", "");
    }
    part + "```\n\n"
}

#[derive(Default)]
struct Line {
    time: Option<Time>,
    text: String,
    /// Segments in front of it are not shown.
    gap: bool,
    evidence: Vec<usize>,
}

fn lines(flow: &Flow) -> BTreeMap<u64, Line> {
    let mut lines: BTreeMap<u64, Line> = BTreeMap::new();
    for rung in rungs::of(flow) {
        let text = format!("{}  {}", rungs::arrow(rung.from), rung.text);
        lines.insert(rung.frame, Line { time: rung.time, text, gap: rung.gap, evidence: Vec::new() });
    }
    for icmp in &flow.icmp {
        let text = format!("ICMP from {}: {}", icmp.reporter_in_words(), icmp.text);
        lines.insert(icmp.frame, Line { time: icmp.time, text, ..Line::default() });
    }
    for (nth, evidence) in proof::of(flow).iter().enumerate() {
        for &frame in evidence.frames {
            let line = lines.entry(frame).or_insert_with(|| Line { text: "see".to_owned(), ..Line::default() });
            if line.evidence.last() != Some(&(nth + 1)) {
                line.evidence.push(nth + 1);
            }
        }
    }
    lines
}
