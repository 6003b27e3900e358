//! What may betray a reset's sender, one clue a file.

mod ack_change;
mod ack_field;
mod aftermath;
mod burst;
mod dont_fragment;
mod flow_label;
mod form;
mod hops;
mod identification;
mod kernel;
mod link;
mod mirrored;
mod odd_bits;
mod other_capture;
mod pair;
mod payload;
pub(super) mod signature;
mod timestamps;
mod too_fast;
mod tos;

pub use hops::LOCAL;
pub(super) use hops::{Baseline, baseline};
pub use kernel::{SENT as KERNEL_SENT, SILENT as KERNEL_SILENT};

use super::Party;
use super::case::Suspect;
use super::origin::{Misfit, Origin};
use super::unseen::Blind;
use crate::evidence::{Aspect, Evidence, Stance, Text, Weight, Words};
use crate::tcp::FrameNumber;
use crate::timeline::Sighting;

/// What the clues are asked about.
pub struct Question<'a> {
    /// The reset and its surroundings.
    pub suspect: &'a Suspect<'a>,
    /// How its claimed sender's stack can have made it, or why not; `None` where the capture does not tell.
    pub origin: Option<&'a Result<Origin, Misfit>>,
    /// How far its claimed sender's other packets came, where there are any.
    pub baseline: Option<&'a Baseline>,
}

impl<'a> Question<'a> {
    /// The segment that the claimed sender's stack would have answered by it.
    fn trigger(&self) -> Option<&'a Sighting> {
        let frame = self.origin?.as_ref().ok()?.trigger?;
        let timeline = self.suspect.case.timeline;
        timeline.sightings.get(timeline.place_of(frame)?)
    }
}

/// A clue: what it sees, or nothing.
type Clue = fn(&Question<'_>) -> Option<Evidence<Party>>;

/// All clues; their order means nothing.
const CLUES: [Clue; 19] = [
    ack_change::look,
    ack_field::look,
    aftermath::look,
    burst::look,
    dont_fragment::look,
    flow_label::look,
    form::look,
    hops::look,
    identification::look,
    kernel::look,
    link::look,
    mirrored::look,
    odd_bits::look,
    other_capture::look,
    pair::look,
    payload::look,
    timestamps::look,
    too_fast::look,
    tos::look,
];

/// Clues that a reset is forged by what did not pass: where packets are not in the capture, it may have.
const BY_ABSENCE: [&str; 4] = ["ack_change", "burst", "form", TOO_FAST];

/// The one by what passed too late, which a capture that has just begun shows as well.
const TOO_FAST: &str = "too_fast";

/// What all clues see.
pub(super) fn look(question: &Question<'_>) -> Vec<Evidence<Party>> {
    let mut evidence: Vec<_> = CLUES.iter().filter_map(|clue| clue(question)).collect();
    if let Some(blind) = question.suspect.blind() {
        let absent = |piece: &&mut Evidence<Party>| {
            piece.about == Party::Middlebox
                && BY_ABSENCE.contains(&piece.clue)
                && (piece.clue != TOO_FAST || blind != Blind::JustBegun || question.suspect.case.has_gaps())
        };
        for piece in evidence.iter_mut().filter(absent) {
            let (weight, but) = match blind {
                Blind::Dropped => (piece.weight.weaker(), "; but the kernel dropped packets meanwhile"),
                Blind::Missed(most) => {
                    (piece.weight.min(most), "; but packets that others acknowledge are not in the capture")
                }
                Blind::Disordered => {
                    (Weight::Weak, "; but the capture has packets in another order than they passed in")
                }
                Blind::JustBegun => (Weight::Weak, "; but the capture may have only just begun"),
                Blind::OnlyEdges => {
                    (Weight::Weak, "; but of other segments than SYN, FIN and RST none is in the capture")
                }
            };
            piece.weight = weight;
            // One packet that was missed is behind all of them.
            piece.aspect = Aspect::Form;
            if question.suspect.case.words == Words::All {
                piece.text.to_mut().push_str(but);
            }
        }
    }
    evidence
}

impl Suspect<'_> {
    /// Evidence that it was forged.
    fn forged(
        &self,
        clue: &'static str,
        aspect: Aspect,
        weight: Weight,
        frames: impl IntoIterator<Item = FrameNumber>,
        text: impl Text,
    ) -> Evidence<Party> {
        self.evidence(Party::Middlebox, (clue, aspect, weight), frames, text)
    }

    /// Evidence that the claimed host made it.
    fn genuine(
        &self,
        clue: &'static str,
        aspect: Aspect,
        weight: Weight,
        frames: impl IntoIterator<Item = FrameNumber>,
        text: impl Text,
    ) -> Evidence<Party> {
        self.evidence(Party::Host, (clue, aspect, weight), frames, text)
    }

    fn evidence(
        &self,
        about: Party,
        (clue, aspect, weight): (&'static str, Aspect, Weight),
        frames: impl IntoIterator<Item = FrameNumber>,
        text: impl Text,
    ) -> Evidence<Party> {
        let words = self.case.words;
        let (frames, text) = (words.frames(frames), words.text(text));
        Evidence { clue, aspect, stance: Stance::For, about, weight, frames, text }
    }
}
