//! What was concluded about one flow, in lines of text: the verdict first, under it what proves it and what to do.

use super::compared;
use super::frames::Frames;
use super::sanitize::sanitize;
use super::words::{confidence, mechanism, safe_to_retry, sender, sentence, side, verb, weight};
use crate::report::{Flow, Reset, Sender, Stance};

/// The lines; none where nothing was concluded.
pub(super) fn lines(flow: &Flow) -> Vec<String> {
    let mut lines = Vec::new();
    match &flow.diagnosis {
        Some(diagnosis) => {
            lines.push(format!(
                "Flow {}, {} ({}): {}",
                flow.id,
                diagnosis.cause,
                confidence(diagnosis.confidence),
                sentence(&sanitize(&diagnosis.sentence))
            ));
            for piece in &diagnosis.evidence {
                lines.push(evidence(piece.stance, None, weight(piece.weight), &piece.text, &piece.frames));
            }
        }
        None if flow.resets.is_empty() => return lines,
        None => lines.push(format!("Flow {}: the cause is undetermined.", flow.id)),
    }
    flow.resets.iter().for_each(|reset| lines.extend(reset_lines(reset)));
    if let Some(outcome) = &flow.outcome {
        for (who, saw) in [("client", &outcome.client), ("server", &outcome.server)] {
            if let Some(saw) = saw {
                lines.push(format!("The {who}'s program got {} ({} on Linux) at {}.", saw.error, saw.linux, saw.when));
            }
        }
        lines.push(format!(
            "Safe to retry: {}. {}",
            safe_to_retry(outcome.safe_to_retry),
            sentence(&sanitize(&outcome.why))
        ));
    }
    if let Some(diagnosis) = &flow.diagnosis {
        if !diagnosis.alternatives.is_empty() {
            let others: Vec<_> = diagnosis.alternatives.iter().map(|other| other.cause).collect();
            lines.push(format!("Would fit too: {}.", others.join(", ")));
        }
        lines.extend(diagnosis.remedies.iter().map(|remedy| format!("To do: {}", sentence(&sanitize(remedy)))));
    }
    let differences = flow.comparison.iter().flat_map(|comparison| &comparison.differences);
    lines.extend(differences.map(|one| format!("{}.", compared::difference(one))));
    lines.push(format!("In Wireshark: {}", flow.wireshark_filter()));
    lines
}

fn reset_lines(reset: &Reset) -> Vec<String> {
    let claimed = side(reset.claimed_sender);
    let who = match (reset.sender, reset.confidence) {
        (Sender::Unknown, _) => {
            let way_out = reset.would_decide.map_or_else(String::new, |capture| format!("; {capture} would tell"));
            format!("nobody can tell from this capture who sent it{way_out}")
        }
        (who, Some(sure)) => format!("sent by the {} ({})", sender(who), confidence(sure)),
        (who, None) => format!("sent by the {}", sender(who)),
    };
    let how = mechanism(reset.mechanism).map_or_else(String::new, |how| format!(": {how}"));
    let mut lines = vec![format!("Reset in the {claimed}'s name, {}, {who}{how}.", in_frames(&reset.frames))];
    lines.extend(
        reset.comparison.as_ref().map(|points| format!("- {}", compared::passage(points, reset.claimed_sender))),
    );
    for piece in &reset.evidence {
        lines.push(evidence(piece.stance, Some(sender(piece.about)), weight(piece.weight), &piece.text, &piece.frames));
    }
    lines
}

/// `frame 9`, `frames 9-11`.
fn in_frames(frames: &[u64]) -> String {
    format!("{} {}", verb(frames.len() as u64, "frame", "frames"), Frames(frames))
}

fn evidence(stance: Stance, about: Option<&str>, weight: &str, text: &str, frames: &[u64]) -> String {
    let stance = match stance {
        Stance::For => "for",
        Stance::Against => "against",
    };
    let about = about.map_or_else(|| "it".to_owned(), |about| format!("the {about}"));
    let frames = if frames.is_empty() { String::new() } else { format!(" ({})", in_frames(frames)) };
    format!("- {weight}, {stance} {about}: {}{frames}", sanitize(text))
}
