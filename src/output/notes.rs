use std::borrow::Cow;

use super::sanitize::sanitize;
use super::words::{count, list, path, verb};
use crate::report::{Capture, Flow, Format, Report};

/// Problems of one input that are spelled out; the others are counted.
const PROBLEMS_SPELLED_OUT: usize = 3;

/// The reason that stands for all link types that cannot be decoded.
const LINK_TYPE: &str = "link_type";

/// What a reader must know before trusting the rows: what was not read, not understood, or not kept. A sentence each.
pub(super) fn notes(report: &Report) -> Vec<String> {
    let capture = &report.capture;
    let mut notes = Vec::new();
    damage(capture, &mut notes);
    lacking(capture, &mut notes);
    not_understood(capture, &mut notes);
    peculiar(capture, &mut notes);
    left_out(capture, &mut notes);
    unknown(report, &mut notes);
    notes
}

/// Where an answer is missing, the way to it.
fn unknown(report: &Report, notes: &mut Vec<String>) {
    let is_undetermined = |flow: &Flow| flow.diagnosis.is_none() && flow.teardown.ended_badly();
    if report.summary.senders.unknown > 0 || report.flows.iter().any(is_undetermined) {
        notes.push(
            "Another capture may settle what is unknown or undetermined here: see \"tcpautopsy explain capturing\"."
                .to_owned(),
        );
    }
}

fn damage(capture: &Capture, notes: &mut Vec<String>) {
    for input in &capture.skipped_inputs {
        notes.push(format!("{} was skipped: {}.", path(&input.path), sanitize(&input.reason)));
    }
    for input in &capture.inputs {
        let name = path(&input.path);
        for problem in input.problems.iter().take(PROBLEMS_SPELLED_OUT) {
            let reason = sanitize(&problem.reason);
            notes.push(match input.format {
                Format::Live => format!("Watching {name} ended early: {reason}."),
                _ => format!("{name} is damaged at byte {}: {reason}.", problem.offset),
            });
        }
        match input.problems.len() {
            0 if !input.complete => notes.push(format!("{name} was not read to its end.")),
            n if n > PROBLEMS_SPELLED_OUT => {
                notes.push(format!("{name} is damaged in {} more places.", n - PROBLEMS_SPELLED_OUT));
            }
            _ => {}
        }
        if input.time_reversals > 0 {
            let these = count(input.time_reversals, "frame");
            let verb =
                verb(input.time_reversals, "is earlier than the one before it", "are earlier than the one before");
            notes.push(format!("{these} of {name} {verb}."));
        }
    }
    if let Some(lost @ 1..) = capture.dropped_by_kernel {
        notes.push(format!(
            "The capturing kernel dropped {}: what seems missing may only be missing here.",
            count(lost, "packet")
        ));
    }
}

/// Misses rarer than this are not worth a note: no verdict changes by them (see `attribution`).
const FEW_MISSED: u64 = 1000;

/// What the numbers of the flows say against the capture itself.
fn lacking(capture: &Capture, notes: &mut Vec<String>) {
    if let Some(one_in) = capture.missed_one_in.filter(|&one_in| one_in < FEW_MISSED) {
        let share = match one_in {
            0..=1 => "most of the data".to_owned(),
            one_in => format!("one byte of data in {one_in}"),
        };
        notes.push(format!(
            "Of what hosts acknowledged, {share} is not in the capture: what seems missing may only be missing here."
        ));
    }
    if capture.disordered {
        notes.push(
            "Some acknowledgements lie before what they acknowledge: close frames may have passed in another order."
                .to_owned(),
        );
    }
}

fn not_understood(capture: &Capture, notes: &mut Vec<String>) {
    let mut of_link_types = 0;
    for link in &capture.unsupported_link_types {
        of_link_types += link.frames;
        let name = link.name.as_ref().map(|name| format!(" ({})", sanitize(name))).unwrap_or_default();
        notes.push(format!(
            "{} of link type {}{name} {} not decoded.",
            count(link.frames, "frame"),
            link.number,
            verb(link.frames, "was", "were")
        ));
    }
    // Frames of link types have notes of their own.
    let others = capture.undecoded_frames.saturating_sub(of_link_types);
    if others > 0 {
        let reasons = capture.undecoded.iter().filter(|(why, _)| why.as_str() != LINK_TYPE);
        let reasons = list(reasons.map(|(why, n)| format!("{n} {}", in_words(why))));
        let reasons = if reasons.is_empty() { reasons } else { format!(": {reasons}") };
        notes.push(format!("{} could not be decoded{reasons}.", count(others, "frame")));
    }
    if capture.aggregated_frames > 0 {
        notes.push(format!(
            "{} {} several packets, of which only the first TCP segment was read.",
            count(capture.aggregated_frames, "frame"),
            verb(capture.aggregated_frames, "holds", "hold")
        ));
    }
    if capture.fragments.incomplete > 0 {
        notes.push(format!(
            "{} could not be put together from {} fragments.",
            count(capture.fragments.incomplete, "packet"),
            verb(capture.fragments.incomplete, "its", "their")
        ));
    }
}

/// The reason for which a frame was not decoded, behind a number.
fn in_words(reason: &str) -> Cow<'_, str> {
    match reason {
        "cut" => "cut too short by the snap length".into(),
        "too_deep" => "with too many headers".into(),
        other => sanitize(other).replace('_', " ").into(),
    }
}

fn peculiar(capture: &Capture, notes: &mut Vec<String>) {
    if let Some(filter) = &capture.bpf {
        notes.push(format!(
            "Only frames that pass the filter \"{}\" were looked at, {} of {}: what seems missing may only be hidden by it.",
            sanitize(filter),
            capture.frames.saturating_sub(capture.filtered_frames),
            capture.frames
        ));
    }
    let copies = capture.duplicate_frames;
    if copies > 0 {
        notes.push(format!(
            "{} {} of another frame, and {} not counted again.",
            count(copies, "frame"),
            verb(copies, "is a second copy", "are second copies"),
            verb(copies, "is", "are")
        ));
    }
    if capture.icmp_errors > 0 {
        let (these, concern) =
            (count(capture.icmp_errors, "ICMP error"), verb(capture.icmp_errors, "concerns", "concern"));
        let strangers = match capture.icmp_without_flow {
            0 => String::new(),
            all if all == capture.icmp_errors => ", of which nothing else was captured".to_owned(),
            some => format!(
                "; for {some} nothing else of {} was captured",
                verb(some, "its connection", "their connections")
            ),
        };
        notes.push(format!("{these} {concern} TCP connections{strangers}."));
    }
    if let Some(trace) = &capture.kernel_trace {
        let name = path(&trace.path);
        notes.push(match &trace.problem {
            Some(problem) => format!("The kernel's trace {name} was not joined: {}.", sanitize(problem)),
            None => format!(
                "The kernel's trace {name} has {}, of which {} {} about resets of this capture.",
                count(trace.sent.saturating_add(trace.received), "report"),
                trace.joined,
                verb(trace.joined, "is", "are")
            ),
        });
    }
    if capture.inputs.len() > 1 {
        notes.push("Frame numbers count through all inputs, merged by time.".to_owned());
    }
}

/// Every count of what the bounds on memory left out.
fn left_out(capture: &Capture, notes: &mut Vec<String>) {
    let dropped = &capture.dropped;
    let counts = [
        (dropped.flows_evicted, "flow", "ended early, so one connection may count as several flows"),
        (dropped.flows_not_listed, "flow", "only counted, not listed"),
        (dropped.resets_not_listed, "reset", "only counted, not listed"),
        (dropped.segments_not_told_apart, "segment", "counted to another flow of the same addresses and ports"),
        (dropped.frames_of_untold_layers, "frame", "not told apart from others by their VLANs and tunnels"),
        (
            dropped.segments_not_recorded,
            "segment",
            "not kept for a second look, so what it says about resets is missing",
        ),
        (dropped.flows_judged_by_less, "flow", "judged by less than all of its segments"),
        (dropped.icmp_not_listed, "ICMP error", "only counted, not listed"),
    ];
    for (n, thing, fate) in counts {
        if n > 0 {
            notes.push(format!("To stay within memory, {} {} {fate}.", count(n, thing), verb(n, "was", "were")));
        }
    }
}
