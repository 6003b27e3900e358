//! Evidence, and the only arithmetic on it.
//!
//! A piece of evidence is a likelihood ratio: how much more often it is seen where a hypothesis is true than where it is not.
//! Four words stand for the ratios; `docs/confidence.md` says how they were measured and how to measure them again.

use std::borrow::Cow;

use crate::tcp::FrameNumber;

/// How much is told of what was found. A summary shows none of it, and to be weighed it needs no words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Words {
    /// Nothing: it is only weighed.
    Unspoken,
    /// Only what has a name, and how far an application had come: what a row of a table shows.
    Names,
    /// What happened, in a sentence.
    Sentence,
    /// All that a report shows: the evidence with its frames, and what to do.
    All,
}

impl Words {
    /// A text, where everything is told; else an empty one.
    pub fn text(self, text: impl Text) -> Cow<'static, str> {
        if self == Self::All { text.write() } else { Cow::Borrowed("") }
    }

    /// Frames, where everything is told; else none.
    pub fn frames(self, frames: impl IntoIterator<Item = FrameNumber>) -> Vec<FrameNumber> {
        if self == Self::All { frames.into_iter().collect() } else { Vec::new() }
    }
}

/// A text that is written only where somebody reads it: as it stands, or by a closure that puts numbers and names into it.
pub trait Text {
    /// Writes it.
    fn write(self) -> Cow<'static, str>;
}

impl Text for &'static str {
    fn write(self) -> Cow<'static, str> {
        self.into()
    }
}

impl<F: FnOnce() -> T, T: Into<Cow<'static, str>>> Text for F {
    fn write(self) -> Cow<'static, str> {
        self().into()
    }
}

/// Which way a piece of evidence points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// It supports.
    For,
    /// It contradicts.
    Against,
}

/// How much a piece of evidence counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Two to one.
    Weak,
    /// Eight to one.
    Moderate,
    /// Sixty to one.
    Strong,
    /// Ten thousand to one.
    Decisive,
}

impl Weight {
    /// The decimal logarithm of its likelihood ratio.
    pub const fn log_ratio(self) -> f64 {
        match self {
            Self::Weak => 0.3,
            Self::Moderate => 0.9,
            Self::Strong => 1.8,
            Self::Decisive => 4.0,
        }
    }

    /// The next one below; the weakest stays.
    #[must_use]
    pub const fn weaker(self) -> Self {
        match self {
            Self::Weak | Self::Moderate => Self::Weak,
            Self::Strong => Self::Moderate,
            Self::Decisive => Self::Strong,
        }
    }
}

/// How sure a verdict is: a promise, measured on captures whose truth is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Right at least 60 times in 100.
    Possible,
    /// Right at least 90 times in 100.
    Likely,
    /// Right at least 99 times in 100.
    Certain,
}

impl Confidence {
    /// For odds with this decimal logarithm; `None` where they are too even to answer.
    ///
    /// The steps lie above what the words promise (odds of 1.5, 9 and 99), since likelihood ratios that are not quite
    /// independent overstate the odds.
    pub fn of_log_odds(log_odds: f64) -> Option<Self> {
        match log_odds {
            odds if odds >= 2.6 => Some(Self::Certain),
            odds if odds >= 1.3 => Some(Self::Likely),
            odds if odds >= 0.25 => Some(Self::Possible),
            _ => None,
        }
    }
}

/// What several pieces of evidence have in common, so that they must not be counted as if they were independent: TTL, IP
/// identification and link address of one foreign packet are one fact seen three ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Which device made the packet.
    Device,
    /// What a stack would have made in this situation.
    Form,
    /// Where its sequence number stands.
    Sequence,
    /// When it came.
    Timing,
    /// What came with it.
    Company,
    /// What came after it.
    Aftermath,
    /// What it says of itself.
    Declared,
    /// What captures at other points of the path have of it.
    Elsewhere,
    /// What the kernel of its claimed sender says of it.
    Witness,
}

/// How many there are.
const ASPECTS: usize = Aspect::Witness as usize + 1;

/// One piece of evidence about a hypothesis `H`.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence<H> {
    /// Identifier of the clue.
    pub clue: &'static str,
    /// What it depends on.
    pub aspect: Aspect,
    /// Whether it speaks for or against the hypothesis.
    pub stance: Stance,
    /// The hypothesis.
    pub about: H,
    /// How much it counts.
    pub weight: Weight,
    /// The frames it rests on; none where it is only weighed.
    pub frames: Vec<FrameNumber>,
    /// One clause, in lower case and without a full stop; empty where it is only weighed.
    pub text: Cow<'static, str>,
}

/// The strongest evidence of each aspect for and against a hypothesis: no other counts.
#[derive(Clone, Debug, Default)]
pub struct Balance {
    /// In the order in which they came.
    aspects: [Option<Strongest>; ASPECTS],
}

#[derive(Clone, Copy, Debug)]
struct Strongest {
    aspect: Aspect,
    most: [Option<Weight>; 2],
}

impl Balance {
    /// Takes in a piece of evidence.
    pub fn take(&mut self, aspect: Aspect, stance: Stance, weight: Weight) {
        let known = self.aspects.iter_mut().find(|known| known.is_none_or(|known| known.aspect == aspect));
        let Some(known) = known else { return };
        let [most, least] = &mut known.get_or_insert(Strongest { aspect, most: [None; 2] }).most;
        let side = if stance == Stance::For { most } else { least };
        *side = (*side).max(Some(weight));
    }

    /// Whether there is no evidence.
    pub fn is_empty(&self) -> bool {
        self.aspects.iter().all(Option::is_none)
    }

    /// Whether there is decisive evidence of this aspect, either way.
    pub fn has_decisive(&self, aspect: Aspect) -> bool {
        let mut known = self.aspects.iter().flatten();
        known.any(|known| known.aspect == aspect && known.most.contains(&Some(Weight::Decisive)))
    }

    /// The decimal logarithm of the odds for the hypothesis, given what they were before.
    pub fn log_odds(&self, prior: f64) -> f64 {
        let points = |weight: Option<Weight>| weight.map_or(0.0, Weight::log_ratio);
        self.aspects
            .iter()
            .flatten()
            .fold(prior, |sum, Strongest { most: [most, least], .. }| sum + points(*most) - points(*least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_aspect_the_strongest_counts_either_way() {
        use Aspect::{Device, Form, Timing};
        use Stance::{Against, For};
        use Weight::{Moderate, Strong, Weak};
        for (pieces, expected) in [
            (&[][..], -0.5),
            (&[(Device, For, Strong)], 1.3),
            // One foreign packet seen three ways is one fact.
            (&[(Device, For, Strong), (Device, For, Moderate), (Device, For, Strong)], 1.3),
            (&[(Device, For, Strong), (Timing, For, Moderate)], 2.2),
            // What contradicts it counts once, too.
            (&[(Device, For, Strong), (Device, Against, Moderate), (Device, Against, Weak)], 0.4),
            (&[(Form, Against, Moderate), (Device, Against, Moderate)], -2.3),
        ] {
            let mut balance = Balance::default();
            pieces.iter().for_each(|&(aspect, stance, weight)| balance.take(aspect, stance, weight));
            assert!((balance.log_odds(-0.5) - expected).abs() < 1e-9, "{pieces:?}: {balance:?}");
            assert_eq!(balance.is_empty(), pieces.is_empty());
        }
    }

    #[test]
    fn what_decides_is_told_from_what_does_not() {
        let mut balance = Balance::default();
        balance.take(Aspect::Declared, Stance::For, Weight::Strong);
        balance.take(Aspect::Device, Stance::Against, Weight::Decisive);
        assert!(balance.has_decisive(Aspect::Device) && !balance.has_decisive(Aspect::Declared));
    }

    #[test]
    fn texts_are_written_only_where_they_are_told() {
        for (words, told) in [(Words::Unspoken, ""), (Words::Names, ""), (Words::Sentence, ""), (Words::All, "it is 3")]
        {
            let mut written = 0;
            let text = words.text(|| {
                written += 1;
                format!("it is {}", 3)
            });
            assert_eq!((&*text, written), (told, usize::from(words == Words::All)));
            assert_eq!(words.frames([FrameNumber::FIRST]).len(), written);
        }
    }

    #[test]
    fn words_are_steps_that_lie_above_what_they_promise() {
        for (odds, word) in [
            (f64::NEG_INFINITY, None),
            (-3.0, None),
            (0.0, None),
            (0.24, None),
            (0.25, Some(Confidence::Possible)),
            (1.29, Some(Confidence::Possible)),
            (1.3, Some(Confidence::Likely)),
            (2.59, Some(Confidence::Likely)),
            (2.6, Some(Confidence::Certain)),
            (9.0, Some(Confidence::Certain)),
            (f64::NAN, None),
        ] {
            assert_eq!(Confidence::of_log_odds(odds), word, "{odds}");
        }
        let promised = [(Confidence::Possible, 0.6), (Confidence::Likely, 0.9), (Confidence::Certain, 0.99)];
        for (word, share) in promised {
            let odds = f64::log10(share / (1.0 - share));
            assert!(Confidence::of_log_odds(odds) < Some(word), "{word:?} is given for less than it promises");
        }
    }

    #[test]
    fn heavier_words_count_more_and_the_heaviest_outweighs_the_others() {
        let weights = [Weight::Weak, Weight::Moderate, Weight::Strong, Weight::Decisive];
        assert!(weights.is_sorted_by(|one, next| one < next && one.log_ratio() < next.log_ratio()));
        assert!(Weight::Decisive.log_ratio() > Weight::Strong.log_ratio() + Weight::Moderate.log_ratio());
    }
}
