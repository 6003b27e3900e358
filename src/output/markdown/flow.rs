//! What there is to say of one flow.

use std::fmt::Write;

use super::ladder::ladder;
use super::text::{advice, code, prose, verbatim};
use super::{Page, verdict};
use crate::output::compared;
use crate::output::frames::Frames;
use crate::output::proof;
use crate::output::words::{self, ended, going_on};
use crate::report::{Flow, Location, Outcome, Report, Reset, SideOutcome};

/// Pieces of evidence of one flow that are told.
const EVIDENCE: usize = 12;
/// Resets of one flow that are told.
const RESETS: usize = 8;

/// A heading and everything below it.
pub(super) fn section(flow: &Flow, page: &Page<'_>) -> String {
    let mut part =
        format!("## Flow {}: {} → {}\n\n", flow.id, code(&flow.client_in_words()), code(&flow.server_in_words()));
    part += &judgement(flow);
    part += &resets(flow, page.report);
    part += &evidence(flow, page.report);
    part += &differences(flow);
    part += &alternatives(flow);
    // In a block of its own, so that it can be copied whole.
    let _ = write!(part, "**Wireshark filter**\n\n```text\n{}\n```\n\n", verbatim_filter(flow));
    part += &ladder(flow, page.zone);
    if let Some(outcome) = &flow.outcome {
        part += &outcome_of(outcome);
    }
    part += &remedies(flow);
    part
}

/// Who sent the first reset, as a cell of a table.
pub(super) fn sender_in_short(flow: &Flow) -> String {
    match flow.resets.first() {
        None => "-".to_owned(),
        Some(Reset { sender, confidence: Some(confidence), .. }) => format!("{sender} ({confidence})"),
        Some(reset) => reset.sender.to_string(),
    }
}

fn judgement(flow: &Flow) -> String {
    let Some(diagnosis) = &flow.diagnosis else {
        return format!("**How it ended: {}.** {}", ended(flow.teardown), prose(&verdict(flow))).trim_end().to_owned()
            + "\n\n";
    };
    let mut part = format!(
        "**Verdict ({}, {}):** {}\n\n",
        diagnosis.confidence,
        code(diagnosis.cause),
        prose(&diagnosis.sentence)
    );
    let going_on = going_on(flow).map(|text| format!("; {}", prose(&text))).unwrap_or_default();
    let _ = write!(part, "How it ended: {}{going_on}.", ended(flow.teardown));
    if let Some(application) = &flow.application {
        let more = [&application.detail, &application.progress].into_iter().flatten();
        let more: String = more.map(|text| format!("; {}", prose(text))).collect();
        let _ = write!(part, " Application: {}{more}.", code(application.protocol));
    }
    part + "\n\n"
}

fn resets(flow: &Flow, report: &Report) -> String {
    let mut part = String::new();
    for reset in flow.resets.iter().take(RESETS) {
        let _ = write!(
            part,
            "- Reset in the {}'s name, to the {}, {}: {}",
            reset.claimed_sender,
            words::other_side(reset.claimed_sender),
            places(&reset.frames, &reset.locations, report),
            prose(&words::sent_by(reset))
        );
        if let Some(hops) = &reset.hops
            && let (Some(own), Some(claimed)) = (hops.sender, hops.claimed_sender)
        {
            let _ = write!(
                part,
                "; it crossed {} to the capture point, the {}'s other packets {claimed}",
                words::count(own.into(), "router"),
                reset.claimed_sender
            );
        }
        if let Some(comparison) = &reset.comparison {
            let _ = write!(part, ". {}", prose(&compared::passage(comparison, reset.claimed_sender)));
        }
        part += "\n";
    }
    if let Some(more @ 1..) = flow.resets.len().checked_sub(RESETS) {
        let _ = writeln!(part, "- and {more} more");
    }
    if part.is_empty() { part } else { part + "\n" }
}

/// Everything that speaks for and against a verdict, numbered as the ladder refers to it.
fn evidence(flow: &Flow, report: &Report) -> String {
    let all = proof::of(flow);
    if all.is_empty() {
        return String::new();
    }
    let mut part = "**Evidence**\n\n".to_owned();
    for (nth, one) in all.iter().take(EVIDENCE).enumerate() {
        let at = if one.frames.is_empty() {
            String::new()
        } else {
            format!(" ({})", places(one.frames, one.locations, report))
        };
        let _ = writeln!(part, "{}. {}: {}{at}", nth + 1, one.rank, prose(one.text));
    }
    if let Some(more @ 1..) = all.len().checked_sub(EVIDENCE) {
        let _ = writeln!(part, "\nAnd {more} more.");
    }
    part + "\n"
}

/// What changed or was lost between the points that captured the flow.
fn differences(flow: &Flow) -> String {
    let differences = flow.comparison.iter().flat_map(|comparison| &comparison.differences);
    let lines: String = differences.map(|one| format!("- {}\n", prose(&compared::difference(one)))).collect();
    if lines.is_empty() { lines } else { format!("**What changed on the way**\n\n{lines}\n") }
}

fn alternatives(flow: &Flow) -> String {
    let alternatives = flow.diagnosis.iter().flat_map(|diagnosis| &diagnosis.alternatives);
    let lines: String = alternatives
        .map(|other| {
            let (cause, sure) = (code(other.cause), other.confidence);
            format!("- {cause} ({sure}): {}\n", prose(&other.sentence))
        })
        .collect();
    if lines.is_empty() { lines } else { format!("**Would fit too**\n\n{lines}\n") }
}

fn outcome_of(outcome: &Outcome) -> String {
    let mut part = "**What the applications saw**\n\n".to_owned();
    for (who, side) in [("Client", &outcome.client), ("Server", &outcome.server)] {
        let _ = writeln!(part, "- {who}: {}", side.as_ref().map_or_else(|| "no error".to_owned(), error));
    }
    let delivered = [
        outcome.request_delivered.map(|yes| format!("request delivered: {}", if yes { "yes" } else { "no" })),
        outcome.response_bytes_delivered.map(|bytes| format!("response delivered: {}", words::count(bytes, "byte"))),
        outcome.bytes_lost.map(|bytes| format!("lost: {}", words::count(bytes, "byte"))),
    ];
    let delivered: Vec<_> = delivered.into_iter().flatten().collect();
    if !delivered.is_empty() {
        let _ = writeln!(part, "- {}", words::sentence(&delivered.join("; ")).trim_end_matches('.'));
    }
    let why = if outcome.why.is_empty() { String::new() } else { format!(": {}", prose(&outcome.why)) };
    let _ = write!(part, "- Safe to retry: {}{why}\n\n", outcome.safe_to_retry);
    part
}

fn error(side: &SideOutcome) -> String {
    let SideOutcome { error, when, linux, macos, windows, messages } = side;
    let messages: Vec<_> = messages.0.iter().map(|(by, text)| format!("{by} {}", code(text))).collect();
    let messages = if messages.is_empty() { String::new() } else { format!("; {}", messages.join(", ")) };
    let numbers = format!("Linux {linux}, macOS {macos}, Windows {windows}");
    format!("{} at {} ({numbers}){messages}", code(error), prose(when))
}

fn remedies(flow: &Flow) -> String {
    let remedies = flow.diagnosis.iter().flat_map(|diagnosis| &diagnosis.remedies);
    let lines: String = remedies.map(|remedy| format!("- {}\n", advice(remedy))).collect();
    if lines.is_empty() { lines } else { format!("**What to do**\n\n{lines}\n") }
}

/// `frames 70, 71, frame 3 of one.pcap, frame 4 of other.pcap`.
fn places(frames: &[u64], locations: &[Location], report: &Report) -> String {
    let mut sorted = frames.to_vec();
    sorted.sort_unstable();
    let text = numbered(&sorted);
    let mut inputs: Vec<u16> = locations.iter().map(|location| location.input).collect();
    inputs.sort_unstable();
    inputs.dedup();
    let inputs: Vec<_> = inputs
        .into_iter()
        .map(|input| {
            let there = locations.iter().filter(|location| location.input == input);
            let mut there: Vec<u64> = there.map(|location| location.frame).collect();
            there.sort_unstable();
            let path = report.capture.inputs.get(usize::from(input)).map_or("-", |input| input.path.as_str());
            format!(", {} of {}", numbered(&there), code(path))
        })
        .collect();
    text + &inputs.concat()
}

fn numbered(frames: &[u64]) -> String {
    format!("{} {}", if frames.len() == 1 { "frame" } else { "frames" }, Frames(frames))
}

/// The filter as it can be pasted; it has numbers and field names only.
fn verbatim_filter(flow: &Flow) -> String {
    verbatim(&flow.wireshark_filter())
}
