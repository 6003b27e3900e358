use std::borrow::Cow;

use super::Cause;
use super::question::Question;
use crate::evidence::{Aspect, Balance, Evidence, Stance, Text, Weight, Words};
use crate::tcp::FrameNumber;

/// A cause that may explain how a flow ended, with what speaks for and against it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The cause.
    pub cause: Cause,
    /// What happened, in one plain sentence; empty where it is only weighed.
    pub sentence: Cow<'static, str>,
    /// What speaks for and against it, where all is told.
    pub evidence: Vec<Evidence<Cause>>,
    /// What to do, where all is told.
    pub remedies: Vec<Cow<'static, str>>,
    words: Words,
    balance: Balance,
}

impl Question<'_> {
    /// A cause that says this.
    pub(super) fn candidate(&self, cause: Cause, sentence: impl Text) -> Candidate {
        Candidate::new(self.words, cause, sentence)
    }
}

impl Candidate {
    /// A cause of which so much is told, and that says this.
    pub(super) fn new(words: Words, cause: Cause, sentence: impl Text) -> Self {
        let sentence = if words >= Words::Sentence { sentence.write() } else { Cow::Borrowed("") };
        let (evidence, remedies, balance) = (Vec::new(), Vec::new(), Balance::default());
        Self { cause, sentence, evidence, remedies, words, balance }
    }

    /// Something speaks for it.
    #[must_use]
    pub(super) fn because(
        self,
        aspect: Aspect,
        weight: Weight,
        frames: impl IntoIterator<Item = FrameNumber>,
        text: impl Text,
    ) -> Self {
        self.with(aspect, Stance::For, weight, frames, text)
    }

    /// Something speaks against it.
    #[must_use]
    pub(super) fn although(
        self,
        aspect: Aspect,
        weight: Weight,
        frames: impl IntoIterator<Item = FrameNumber>,
        text: impl Text,
    ) -> Self {
        self.with(aspect, Stance::Against, weight, frames, text)
    }

    fn with(
        mut self,
        aspect: Aspect,
        stance: Stance,
        weight: Weight,
        frames: impl IntoIterator<Item = FrameNumber>,
        text: impl Text,
    ) -> Self {
        self.balance.take(aspect, stance, weight);
        if self.words == Words::All {
            let mut frames: Vec<FrameNumber> = frames.into_iter().collect();
            frames.sort_unstable();
            frames.dedup();
            let (clue, about, text) = (self.cause.id(), self.cause, text.write());
            self.evidence.push(Evidence { clue, aspect, stance, about, weight, frames, text });
        }
        self
    }

    /// What to do about it.
    #[must_use]
    pub(super) fn advise(mut self, text: impl Text) -> Self {
        if self.words == Words::All {
            self.remedies.push(text.write());
        }
        self
    }

    /// The same where `alone`: to take a capture at another point is no advice for who has one.
    pub(super) fn advise_if(self, alone: bool, remedy: impl Text) -> Self {
        if alone { self.advise(remedy) } else { self }
    }

    /// What speaks for and against it.
    pub(super) fn balance(&self) -> &Balance {
        &self.balance
    }

    /// The decimal logarithm of the odds for it, beside the other causes.
    pub fn score(&self) -> f64 {
        self.balance.log_odds(0.0)
    }
}
