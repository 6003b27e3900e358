//! Causes weighed against each other: which is the surest, and how sure it is.

use smallvec::SmallVec;

use super::{Candidate, Cause};
use crate::attribution::{Judged, Party};
use crate::evidence::{Aspect, Confidence};

/// A cause, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub cause: Cause,
    pub confidence: Confidence,
}

/// Causes as they were weighed against each other.
pub(super) struct Ballot {
    /// Of most flows one or two.
    weighed: SmallVec<[Weighed; 2]>,
    /// How sure each can be.
    most_sure: MostSure,
}

/// How well a cause is supported.
#[derive(Clone, Copy)]
pub(super) struct Weighed {
    pub cause: Cause,
    /// The decimal logarithm of the odds for it.
    score: f64,
    /// Its place in the list of causes.
    pub place: u8,
    /// The applications or the network say so themselves.
    is_declared: bool,
}

/// How sure a cause can be, given how sure it is who sent the reset: what a forger is blamed for is no surer than the forger.
#[derive(Clone, Copy)]
struct MostSure(Confidence);

impl MostSure {
    fn of(verdict: Option<&Judged>) -> Self {
        Self(match verdict.and_then(|verdict| Some((verdict.party?, verdict.confidence?))) {
            Some((Party::Middlebox, sender)) => sender,
            Some((Party::Host, Confidence::Possible)) => Confidence::Likely,
            _ => Confidence::Certain,
        })
    }
}

impl Ballot {
    /// None yet. `verdict`: that on the reset that ended the flow.
    pub fn new(verdict: Option<&Judged>) -> Self {
        Self { weighed: SmallVec::new(), most_sure: MostSure::of(verdict) }
    }

    /// The causes that something speaks for; the likelier first once the surest was taken.
    pub fn weighed(&self) -> &[Weighed] {
        &self.weighed
    }

    /// The same with some more causes, by their places.
    pub fn with(&self, more: impl Iterator<Item = (u8, Candidate)>) -> Self {
        let mut all = Self { weighed: self.weighed.clone(), most_sure: self.most_sure };
        more.for_each(|(place, candidate)| all.add(place, &candidate));
        all.weighed.sort_by_key(|one| one.place);
        all
    }

    pub fn add(&mut self, place: u8, candidate: &Candidate) {
        let score = candidate.score();
        if score > 0.0 {
            let is_declared = candidate.balance().has_decisive(Aspect::Declared);
            self.weighed.push(Weighed { cause: candidate.cause, score, place, is_declared });
        }
    }

    /// The causes that something speaks for.
    pub fn causes(&self) -> impl Iterator<Item = Cause> {
        self.weighed.iter().map(|one| one.cause)
    }

    /// The best supported cause that is sure enough.
    pub fn surest(mut self) -> Option<Found> {
        let (best, confidence) = self.take_surest()?;
        Some(Found { cause: best.cause, confidence })
    }

    /// The same; the others remain, the likelier first.
    ///
    /// Some causes are special cases of others: a limit on connections is a packet filter's refusal, too. The special case is
    /// named where it is surer than not; the general one does not lose by it.
    pub fn take_surest(&mut self) -> Option<(Weighed, Confidence)> {
        let weighed = &mut self.weighed;
        // The special case first where both are supported alike: it says more.
        weighed.sort_by(|one, other| {
            let special = || other.cause.is_case_of(one.cause).cmp(&one.cause.is_case_of(other.cause));
            other.score.total_cmp(&one.score).then_with(special)
        });
        let sure = |one: &Weighed| {
            // The odds against all others together, one of them being that it is something else.
            let odds = |is_rival: &dyn Fn(Cause) -> bool| {
                let rivals = weighed.iter().filter(|other| other.cause != one.cause && is_rival(other.cause));
                one.score - (rivals.map(|other| 10f64.powf(other.score)).sum::<f64>() + 1.0).log10()
            };
            let special = |other: Cause| other.is_case_of(one.cause);
            let general = |other: Cause| one.cause.is_case_of(other);
            Confidence::of_log_odds(odds(&|other| !special(other))).or_else(|| {
                // As well supported as the general cause, it is a possible reason for that.
                let mut generals = weighed.iter().filter(|other| general(other.cause));
                let is_backed = generals.all(|other| one.score >= other.score);
                let alone = Confidence::of_log_odds(odds(&|other| !special(other) && !general(other)));
                alone.filter(|_| is_backed).map(|_| Confidence::Possible)
            })
        };
        let (at, confidence) = weighed.iter().enumerate().find_map(|(at, one)| Some((at, sure(one)?)))?;
        let best = weighed.remove(at);
        let most = if best.is_declared { Confidence::Certain } else { self.most_sure.0 };
        Some((best, confidence.min(most)))
    }

    /// Octets that it takes beside itself.
    pub fn octets(&self) -> usize {
        if self.weighed.spilled() { self.weighed.capacity() * size_of::<Weighed>() } else { 0 }
    }
}
