//! What the comments on the frames of an evidence file say.

use std::collections::BTreeMap;

use super::proof;
use super::rungs;
use super::sanitize::sanitize;
use super::words;
use crate::report::{Flow, Report, Sender};

/// For each frame that decides something, what it decides: a line for each verdict and each clue that rests on it.
pub fn comments(report: &Report) -> BTreeMap<u64, String> {
    let mut comments: BTreeMap<u64, String> = BTreeMap::new();
    let mut say = |frame: u64, text: String| {
        let comment = comments.entry(frame).or_default();
        if !comment.is_empty() {
            comment.push('\n');
        }
        comment.push_str(&sanitize(&text));
    };
    for flow in &report.flows {
        let name = format!("flow {}", flow.id);
        if let Some((frame, verdict)) = verdict(flow) {
            say(frame, format!("{name}: {verdict}"));
        }
        for reset in &flow.resets {
            let sure = reset.confidence.map_or_else(String::new, |sure| format!(" ({sure})"));
            let by = match reset.sender {
                Sender::Unknown => "sender unknown".to_owned(),
                known => format!("sent by {}{sure}", words::who(known)),
            };
            for &frame in &reset.frames {
                say(frame, format!("{name}: RST in the {}'s name, {by}", reset.claimed_sender));
            }
        }
        for icmp in &flow.icmp {
            say(icmp.frame, format!("{name}: ICMP error, {}", icmp.text));
        }
        for (nth, proof) in (1..).zip(proof::of(flow)) {
            for &frame in proof.frames {
                say(frame, format!("{name}: evidence {nth}, {}: {}", proof.rank, proof.text));
            }
        }
        for rung in flow.ladder.iter().flatten().filter(|rung| !rung.notes.is_empty()) {
            say(rung.frame, format!("{name}: {}", rung.notes.join("; ")));
        }
    }
    comments
}

/// The verdict, and the frame to say it at: the first reset, else the last frame.
fn verdict(flow: &Flow) -> Option<(u64, String)> {
    let diagnosis = flow.diagnosis.as_ref()?;
    let resets = flow.resets.iter().flat_map(|reset| &reset.frames).min().copied();
    let last = rungs::of(flow).last().map(|rung| rung.frame);
    let frame = resets.or(last).unwrap_or(flow.last_frame);
    let sure = diagnosis.confidence;
    Some((frame, format!("{} ({sure}): {}", diagnosis.cause, words::sentence(&diagnosis.sentence))))
}
