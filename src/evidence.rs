//! Evidence, and the only arithmetic on it.
//!
//! A piece of evidence is a likelihood ratio: how much more often it is seen where a hypothesis is true than where it is not.
//! Four words stand for the ratios; `docs/confidence.md` says how they were measured and how to measure them again.

use crate::tcp::FrameNumber;

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
    /// The frames it rests on.
    pub frames: Vec<FrameNumber>,
    /// One clause, in lower case and without a full stop.
    pub text: String,
}

impl<H> Evidence<H> {
    /// The decimal logarithm of its ratio for what it is about: negative where it speaks against that.
    pub fn points(&self) -> f64 {
        match self.stance {
            Stance::For => self.weight.log_ratio(),
            Stance::Against => -self.weight.log_ratio(),
        }
    }
}

/// The decimal logarithm of the odds for a hypothesis: of each aspect only the strongest evidence either way counts.
///
/// `points`: for each piece its aspect and the logarithm of its ratio, positive where it speaks for the hypothesis.
pub fn log_odds(prior: f64, points: impl IntoIterator<Item = (Aspect, f64)>) -> f64 {
    let mut strongest: Vec<(Aspect, f64, f64)> = Vec::new();
    for (aspect, points) in points {
        let at = strongest.iter().position(|(known, ..)| *known == aspect).unwrap_or_else(|| {
            strongest.push((aspect, 0.0, 0.0));
            strongest.len() - 1
        });
        if let Some((_, most, least)) = strongest.get_mut(at) {
            *most = most.max(points);
            *least = least.min(points);
        }
    }
    strongest.iter().fold(prior, |sum, (_, most, least)| sum + most + least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_aspect_the_strongest_counts_either_way() {
        let sum = |points: &[(Aspect, f64)]| log_odds(-0.5, points.iter().copied());
        for (points, expected) in [
            (&[][..], -0.5),
            (&[(Aspect::Device, 1.8)], 1.3),
            // One foreign packet seen three ways is one fact.
            (&[(Aspect::Device, 1.8), (Aspect::Device, 0.9), (Aspect::Device, 1.8)], 1.3),
            (&[(Aspect::Device, 1.8), (Aspect::Timing, 0.9)], 2.2),
            // What contradicts it counts once, too.
            (&[(Aspect::Device, 1.8), (Aspect::Device, -0.9), (Aspect::Device, -0.3)], 0.4),
            (&[(Aspect::Form, -0.9), (Aspect::Device, -0.9)], -2.3),
        ] {
            assert!((sum(points) - expected).abs() < 1e-9, "{points:?}: {}", sum(points));
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
