//! What may betray a reset's sender, one clue a file.

mod aftermath;
mod burst;
mod dont_fragment;
mod form;
mod hops;
mod identification;
mod link;
mod mirrored;
mod pair;
mod payload;
mod timestamps;
mod too_fast;

pub use hops::initial_ttl;
pub(super) use hops::{LOCAL, baseline};

use super::case::Suspect;
use super::origin::{Misfit, Origin};
use super::{Judged, Party};
use crate::evidence::{Aspect, Evidence, Stance, Weight};
use crate::tcp::FrameNumber;

/// What the clues are asked about.
pub struct Question<'a> {
    /// The reset and its surroundings.
    pub suspect: &'a Suspect<'a>,
    /// How its claimed sender's stack can have made it, or why not; `None` where the capture does not tell.
    pub origin: Option<&'a Result<Origin, Misfit>>,
    /// The verdicts on the flow's earlier resets.
    pub before: &'a [Judged],
}

/// A clue: what it sees, or nothing.
type Clue = fn(&Question<'_>) -> Option<Evidence<Party>>;

/// All clues; their order means nothing.
const CLUES: [Clue; 12] = [
    aftermath::look,
    burst::look,
    dont_fragment::look,
    form::look,
    hops::look,
    identification::look,
    link::look,
    mirrored::look,
    pair::look,
    payload::look,
    timestamps::look,
    too_fast::look,
];

/// What all clues see.
pub(super) fn look(question: &Question<'_>) -> Vec<Evidence<Party>> {
    CLUES.iter().filter_map(|clue| clue(question)).collect()
}

/// Evidence that it was forged.
fn forged(
    clue: &'static str,
    aspect: Aspect,
    weight: Weight,
    frames: Vec<FrameNumber>,
    text: String,
) -> Evidence<Party> {
    Evidence { clue, aspect, stance: Stance::For, about: Party::Middlebox, weight, frames, text }
}

/// Evidence that the claimed host made it.
fn genuine(
    clue: &'static str,
    aspect: Aspect,
    weight: Weight,
    frames: Vec<FrameNumber>,
    text: String,
) -> Evidence<Party> {
    Evidence { clue, aspect, stance: Stance::For, about: Party::Host, weight, frames, text }
}
