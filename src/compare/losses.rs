//! What recordings lost.

use super::crossing::Crossing;

/// One packet in so many may be missing from a recording that still proves that a reset was not there: what `certain` promises is
/// one in a hundred, and losses come in bursts.
const ONE_IN: u64 = 1000;

/// For each pair of points the packets that the one has and that must have passed the other before.
pub(super) struct Losses {
    points: usize,
    /// By the point that has them and the point that should: packets missing, and all.
    counts: Vec<(u64, u64)>,
}

impl Losses {
    /// What all connections say that both points saw.
    pub(super) fn new(count: usize, crossings: &[Option<Crossing<'_>>]) -> Self {
        let mut losses = Self { points: count, counts: vec![(0, 0); count * count] };
        for crossing in crossings {
            let Some(crossing) = crossing else { continue };
            for (has, passings) in crossing.passings.iter().enumerate() {
                for one in passings.iter().filter(|one| one.sighting.is_ordinary()) {
                    let nearer = if one.identity.way == crossing.ascending { 0..has } else { has + 1..count };
                    for should in nearer.filter(|point| crossing.is_seen_at(*point) && crossing.is_whole(*point)) {
                        if let Some((missing, all)) = losses.counts.get_mut(has * count + should) {
                            *missing += u64::from(!crossing.has(should, one));
                            *all += 1;
                        }
                    }
                }
            }
        }
        losses
    }

    /// Packets missing at a point that another has, and all such, where they are too many to be passed over.
    pub(super) fn of(&self, should: usize, has: usize) -> Option<(u64, u64)> {
        let &(missing, all) = self.counts.get(has * self.points + should)?;
        (missing.saturating_mul(ONE_IN) > all).then_some((missing, all))
    }
}
