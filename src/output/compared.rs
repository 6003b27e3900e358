//! What captures at several points say of each other, in sentences.

use super::frames::Frames;
use super::sanitize::sanitize;
use super::words::{count, path, verb};
use crate::report::{
    ComparedClock, ComparedDifference, Comparison, Near, Report, ResetAtPoint, ResetComparison, Seconds, Side,
};

/// Kinds of differences that are spelled out; the others are counted.
const DIFFERENCES: usize = 12;

/// The points, what the comparison decides, and what changed between them: a sentence each. None where nothing was compared.
pub(super) fn points(report: &Report) -> Vec<String> {
    let Some(comparison) = &report.comparison else { return Vec::new() };
    let mut lines: Vec<String> = Vec::new();
    for point in &comparison.points {
        let input = report.capture.inputs.get(usize::from(point.input)).map_or("-", |input| input.path.as_str());
        let near = match point.near {
            Near::Client => ", on the clients' side",
            Near::Server => ", on the servers' side",
            Near::Between | Near::Unknown => "",
        };
        let alone = match point.only_here {
            0 => String::new(),
            n => format!(", {n} of them nowhere else"),
        };
        let clock = if point.point == 1 { String::new() } else { format!("; {}", clock(&point.clock)) };
        let flows = count(point.flows, "flow");
        lines.push(format!("Capture {}: {}{near}, {flows}{alone}{clock}.", point.point, path(input)));
    }
    lines.push(decided(comparison));
    lines.extend(comparison.differences.iter().take(DIFFERENCES).map(|one| format!("{}.", difference(one))));
    if let Some(more @ 1..) = comparison.differences.len().checked_sub(DIFFERENCES) {
        lines.push(format!("And {more} more differences, in the JSON report."));
    }
    lines
}

fn decided(comparison: &Comparison) -> String {
    let resets = &comparison.resets;
    match (resets.decided, resets.undecided) {
        (0, 0) => "No reset was compared.".to_owned(),
        (decided, 0) => format!("The comparison decides who made {}.", verb(decided, "the reset", "all resets")),
        (decided, undecided) => {
            let all = decided + undecided;
            format!(
                "The comparison decides who made {decided} of {}; of each other it says why not.",
                count(all, "reset")
            )
        }
    }
}

fn clock(clock: &ComparedClock) -> String {
    let Some(offset) = clock.offset_s else {
        return "nothing ties its clock to that of capture 1".to_owned();
    };
    let ahead = if offset.0.0 < 0 { "behind" } else { "ahead of" };
    let off = match clock.uncertainty_s {
        Some(off) => format!(", give or take {}", length(off)),
        None => ", if packets take no time".to_owned(),
    };
    let unsteady = if clock.unsteady { ", and the two do not run alike" } else { "" };
    let packets = count(clock.packets_to_server + clock.packets_to_client, "packet");
    format!("its clock is {} {ahead} that of capture 1{off}{unsteady}, by {packets} that both have", length(offset))
}

/// `5.9 ms`.
fn length(length: Seconds) -> String {
    let nanos = length.0.0.unsigned_abs();
    match nanos {
        0..1_000_000 => format!("{:.3} ms", nanos as f64 / 1e6),
        1_000_000..1_000_000_000 => format!("{:.1} ms", nanos as f64 / 1e6),
        _ => format!("{:.1} s", nanos as f64 / 1e9),
    }
}

/// What changed or was lost, a clause that begins with a capital letter.
pub(super) fn difference(one: &ComparedDifference) -> String {
    let packets = count(one.packets, "packet");
    let towards = one.towards;
    let stretch = format!("from capture {} to {}, towards the {towards}", one.from, one.to);
    let change = match (&one.before, &one.after) {
        (Some(before), Some(after)) => format!(", such as {} to {}", sanitize(before), sanitize(after)),
        _ => String::new(),
    };
    match one.kind {
        "not_received" => format!("Sent and not received {stretch}: {packets}"),
        "never_sent" => format!("Received and never sent {stretch}: {packets}"),
        "addresses" => format!("Address changed {stretch}, in {}{change}", count(one.packets, "connection")),
        "ttl" => format!("TTL changed {stretch}, in {packets}{change}"),
        "mss" => format!("MSS changed {stretch}, in {packets}{change}"),
        "window_scale" => format!("Window scale changed {stretch}, in {packets}{change}"),
        "sack_permitted" => format!("SACK changed {stretch}, in {packets}{change}"),
        "timestamps" => format!("Timestamps changed {stretch}, in {packets}{change}"),
        "window" => format!("Window changed {stretch}, in {packets}{change}"),
        "sequence_numbers" => format!("Sequence numbers changed {stretch}, in {packets}{change}"),
        "ip_id" => format!("IP identification changed {stretch}, in {packets}{change}"),
        other => format!("{} changed {stretch}, in {packets}{change}", sanitize(other)),
    }
}

/// Where a reset passed and where it was made: `capture 1 (frame 5), capture 2 (frame 5); not capture 3; ...`.
pub(super) fn passage(reset: &ResetComparison, claimed: Side) -> String {
    let at = |wanted: Option<bool>| reset.points.iter().filter(move |point| point.seen == wanted);
    let seen: Vec<String> = at(Some(true)).map(place).collect();
    let not: Vec<String> = at(Some(false)).map(|point| point.point.to_string()).collect();
    let mut text = format!("Captured at {}", seen.join(", "));
    if !not.is_empty() {
        text += &format!("; not at {}", not.join(", "));
    }
    let made = match reset.made_between {
        [Some(near), Some(far)] => format!("it was made between captures {near} and {far}"),
        [None, Some(end)] | [Some(end), None] => format!("it came from the {}'s side of capture {end}", claimed),
        [None, None] => return format!("{text}."),
    };
    let undecided = if reset.decided { String::new() } else { format!(". Not decided: {}", sanitize(&reset.why)) };
    format!("{text}; {made}{undecided}.")
}

/// `1 (frames 5, 7)`.
fn place(point: &ResetAtPoint) -> String {
    let word = verb(point.frames.len() as u64, "frame", "frames");
    format!("{} ({word} {})", point.point, Frames(&point.frames))
}

/// The stretch of the path in a cell: `2-3`, `1-client`, `2-server`.
pub(super) fn stretch(reset: &ResetComparison, claimed: Side) -> String {
    match reset.made_between {
        [Some(near), Some(far)] => format!("{near}-{far}"),
        [None, Some(end)] | [Some(end), None] => format!("{end}-{}", claimed),
        [None, None] => String::new(),
    }
}
