//! What was concluded about one flow, in lines of text: the verdict first, under it what proves it and what to do.

use super::compared;
use super::frames::Frames;
use super::sanitize::sanitize;
use super::words::{sent_by, sentence, verb, who};
use crate::report::{Flow, Reset, Sender, Stance, Weight};

/// The lines; none where nothing was concluded.
pub(super) fn lines(flow: &Flow) -> Vec<String> {
    let mut lines = Vec::new();
    match &flow.diagnosis {
        Some(diagnosis) => {
            lines.push(format!(
                "Flow {}, {} ({}): {}",
                flow.id,
                diagnosis.cause,
                diagnosis.confidence,
                sentence(&sanitize(&diagnosis.sentence))
            ));
            for piece in &diagnosis.evidence {
                lines.push(evidence(piece.stance, None, piece.weight, &piece.text, &piece.frames));
            }
        }
        None if flow.resets.is_empty() => return lines,
        None => lines.push(format!("Flow {}: the cause is undetermined.", flow.id)),
    }
    flow.resets.iter().for_each(|reset| lines.extend(reset_lines(reset)));
    if let Some(outcome) = &flow.outcome {
        for (who, saw) in [("client", &outcome.client), ("server", &outcome.server)] {
            if let Some(saw) = saw {
                lines.push(format!(
                    "The {who}'s application got {} ({} on Linux) at {}.",
                    saw.error, saw.linux, saw.when
                ));
            }
        }
        lines.push(format!("Safe to retry: {}. {}", outcome.safe_to_retry, sentence(&sanitize(&outcome.why))));
    }
    if let Some(diagnosis) = &flow.diagnosis {
        if !diagnosis.alternatives.is_empty() {
            let others: Vec<_> = diagnosis.alternatives.iter().map(|other| other.cause).collect();
            lines.push(format!("Would fit too: {}.", others.join(", ")));
        }
        lines.extend(diagnosis.remedies.iter().map(|remedy| format!("What to do: {}", sentence(&sanitize(remedy)))));
    }
    let differences = flow.comparison.iter().flat_map(|comparison| &comparison.differences);
    lines.extend(differences.map(|one| format!("{}.", compared::difference(one))));
    lines.push(format!("Wireshark filter: {}", flow.wireshark_filter()));
    lines
}

fn reset_lines(reset: &Reset) -> Vec<String> {
    let mut lines = vec![reset_in_words(reset)];
    lines.extend(
        reset.comparison.as_ref().map(|points| format!("- {}", compared::passage(points, reset.claimed_sender))),
    );
    for piece in &reset.evidence {
        lines.push(evidence(piece.stance, Some(piece.about), piece.weight, &piece.text, &piece.frames));
    }
    lines
}

/// `Reset in the server's name, frame 9, sent by a middlebox (certain): no host of the connection made it.`
pub(super) fn reset_in_words(reset: &Reset) -> String {
    let claimed = reset.claimed_sender;
    format!("Reset in the {claimed}'s name, {}, {}.", in_frames(&reset.frames), sent_by(reset))
}

/// `frame 9`, `frames 9-11`.
fn in_frames(frames: &[u64]) -> String {
    format!("{} {}", verb(frames.len() as u64, "frame", "frames"), Frames(frames))
}

fn evidence(stance: Stance, about: Option<Sender>, weight: Weight, text: &str, frames: &[u64]) -> String {
    let about = about.map_or("it", who);
    let frames = if frames.is_empty() { String::new() } else { format!(" ({})", in_frames(frames)) };
    format!("- {weight}, {stance} {about}: {}{frames}", sanitize(text))
}
