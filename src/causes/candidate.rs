use super::Cause;
use crate::evidence::{Aspect, Evidence, Stance, Weight, log_odds};
use crate::tcp::FrameNumber;

/// A cause that may explain how a flow ended, with what speaks for and against it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The cause.
    pub cause: Cause,
    /// What happened, in one plain sentence.
    pub sentence: String,
    /// What speaks for and against it.
    pub evidence: Vec<Evidence<Cause>>,
    /// What to do.
    pub remedies: Vec<String>,
}

impl Candidate {
    /// A cause that says this.
    pub(super) fn new(cause: Cause, sentence: impl Into<String>) -> Self {
        Self { cause, sentence: sentence.into(), evidence: Vec::new(), remedies: Vec::new() }
    }

    /// Something speaks for it.
    #[must_use]
    pub(super) fn because(
        mut self,
        aspect: Aspect,
        weight: Weight,
        frames: impl IntoIterator<Item = FrameNumber>,
        text: impl Into<String>,
    ) -> Self {
        self.evidence.push(self.piece(aspect, Stance::For, weight, frames, text.into()));
        self
    }

    /// Something speaks against it.
    #[must_use]
    pub(super) fn although(
        mut self,
        aspect: Aspect,
        weight: Weight,
        frames: impl IntoIterator<Item = FrameNumber>,
        text: impl Into<String>,
    ) -> Self {
        self.evidence.push(self.piece(aspect, Stance::Against, weight, frames, text.into()));
        self
    }

    fn piece(
        &self,
        aspect: Aspect,
        stance: Stance,
        weight: Weight,
        frames: impl IntoIterator<Item = FrameNumber>,
        text: String,
    ) -> Evidence<Cause> {
        let mut frames: Vec<FrameNumber> = frames.into_iter().collect();
        frames.sort_unstable();
        frames.dedup();
        Evidence { clue: self.cause.id(), aspect, stance, about: self.cause, weight, frames, text }
    }

    /// What to do about it.
    #[must_use]
    pub(super) fn advise(mut self, text: impl Into<String>) -> Self {
        self.remedies.push(text.into());
        self
    }

    /// The same where `alone`: to take a capture at another point is no advice for who has one.
    pub(super) fn advise_if(self, alone: bool, remedy: impl Into<String>) -> Self {
        if alone { self.advise(remedy) } else { self }
    }

    /// The decimal logarithm of the odds for it, beside the other causes.
    pub fn score(&self) -> f64 {
        log_odds(0.0, self.evidence.iter().map(|piece| (piece.aspect, piece.points())))
    }
}
