//! The silences that ended connections, and how often each length occurred: many connections that end after one and the
//! same silence point at a timer, and its length at whose.

use super::{Cause, Story};
use crate::flow::Phase;
use crate::knowledge::idle_timeouts::{TOLERANCE_LEAST, TOLERANCE_MOST, TOLERANCE_PERCENT};
use crate::tcp::Duration;

/// Shorter silences are no idleness: a server may only have been thinking.
const LEAST: Duration = Duration::from_secs(1);

/// A silence before the end of a flow, and what ended it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    length: Duration,
    /// The server spoke first, or reset the connection.
    by_server: bool,
    /// Nothing but the reset ended it.
    by_reset: bool,
}

impl Rest {
    /// That of a flow.
    pub(super) fn of(story: &Story<'_>) -> Option<Self> {
        let pause = story.pause.filter(|pause| pause.length.0 >= LEAST.0)?;
        if story.phase()? < Phase::Data {
            return None;
        }
        let by_server = pause.broken_by == story.client().reverse();
        Some(Self { length: pause.length, by_server, by_reset: pause.by_reset })
    }

    /// How long it was, if it led to the end.
    pub(super) fn that_led_to(self, cause: Option<Cause>) -> Option<Duration> {
        let led = match cause {
            Some(Cause::IdleTimeoutEndpoint | Cause::IdleTimeoutMiddlebox | Cause::PeerLostState) => true,
            // The server's FIN ended the silence; a later one only tells when the client asked again.
            Some(Cause::StaleKeepaliveReuse) => self.by_server,
            // These ends have other reasons than time.
            Some(
                Cause::ProcessKilled
                | Cause::ServerRestart
                | Cause::KeepaliveFailure
                | Cause::HealthCheck
                | Cause::HalfOpenScan
                | Cause::InjectedBlindOrInvalid
                | Cause::InjectedContentFilter,
            ) => false,
            _ => self.by_reset,
        };
        led.then_some(self.length)
    }
}

/// Puts what has a gap into groups of gaps that one timer may have caused, the shortest first.
pub(super) fn grouped<T>(mut all: Vec<T>, gap: impl Fn(&T) -> Duration) -> Vec<Vec<T>> {
    all.sort_by_key(|one| gap(one).0);
    let mut groups: Vec<(Duration, Vec<T>)> = Vec::new();
    for one in all {
        let length = gap(&one);
        match groups.last_mut().filter(|(shortest, _)| is_same(*shortest, length)) {
            Some((_, group)) => group.push(one),
            None => groups.push((length, vec![one])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Whether one timer may have caused both: with the tolerance of the table of products.
fn is_same(one: Duration, other: Duration) -> bool {
    let share = one.0.max(other.0) / 100 * TOLERANCE_PERCENT;
    one.0.saturating_sub(other.0).saturating_abs() <= share.clamp(TOLERANCE_LEAST.0, TOLERANCE_MOST.0)
}

/// Silences of one server within less are alike as evidence that a timer caused both. Closer than the tolerance of the table, which
/// is for limits that are known: with its 0.25 s, short silences that only chance made alike decided 21 of 7,303 recorded ends wrongly.
const ALIKE_LEAST: Duration = Duration::from_millis(100);

/// By how much silences of one server may differ and be alike.
pub(super) fn slack(gap: Duration) -> Duration {
    Duration((gap.0 / 100 * TOLERANCE_PERCENT).clamp(ALIKE_LEAST.0, TOLERANCE_MOST.0))
}

/// Whether silences of one server are alike.
pub(super) fn are_alike(one: Duration, other: Duration) -> bool {
    one.0.saturating_sub(other.0).saturating_abs() <= slack(one.max(other)).0
}

/// One length of silence and how many flows ended by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The median of their silences.
    pub length: Duration,
    /// Flows.
    pub flows: u64,
}

/// The gaps by how often they occurred, the commonest first and then the shortest.
pub fn histogram(gaps: Vec<Duration>) -> Vec<Gap> {
    let groups = grouped(gaps, |gap| *gap).into_iter();
    let mut found: Vec<Gap> = groups
        .filter_map(|group| Some(Gap { length: *group.get(group.len() / 2)?, flows: group.len() as u64 }))
        .collect();
    found.sort_by_key(|gap| (std::cmp::Reverse(gap.flows), gap.length.0));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(millis: &[i64]) -> Vec<(i64, u64)> {
        let gaps = histogram(millis.iter().copied().map(Duration::from_millis).collect());
        gaps.iter().map(|gap| (gap.length.0 / 1_000_000, gap.flows)).collect()
    }

    #[test]
    fn gaps_of_one_timer_are_one() {
        assert_eq!(told(&[]), []);
        assert_eq!(told(&[60_000, 350_100, 349_800, 350_000, 60_900]), [(350_000, 3), (60_900, 2)]);
        // Nearly the same, but too far apart for any timer.
        assert_eq!(told(&[60_000, 61_300]), [(60_000, 1), (61_300, 1)]);
        assert_eq!(told(&[3_600_000, 3_604_000]), [(3_600_000, 1), (3_604_000, 1)]);
        assert_eq!(told(&[2_000, 2_200]), [(2_200, 2)]);
    }

    #[test]
    fn a_chain_of_gaps_is_not_one_timer() {
        assert_eq!(told(&[50_000, 50_900, 51_800, 52_700]), [(50_900, 2), (52_700, 2)]);
    }
}
