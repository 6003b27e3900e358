//! What the wall clock said when a trace's clock said something else.
//!
//! The clocks of a trace count from the start of the machine or from nowhere in particular. Where somebody wrote the wall
//! clock's time into the trace ([`super::Log::mark`]) the difference is known. Otherwise it is that on which most reports agree:
//! report and capture have the same resets between the same ends, always so far apart.

use std::collections::BTreeMap;

/// How far a report and a captured packet may lie apart: a wide path between the host and the capture point, and a queue.
const APART: i64 = 100_000_000;

/// By how much clocks drift at most, in millionths: what Linux lets NTP correct (`MAX_TICKADJ`, adjtimex(2)).
const DRIFT: i64 = 500;

/// However far the nearest known moment is.
const MOST_APART: i64 = 2_000_000_000;

/// Known moments that are asked for the difference.
const NEIGHBOURS: usize = 9;

/// A report that can be that of a captured reset, by its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// Which report.
    pub event: usize,
    /// When it was made, by the trace's clock.
    pub time: i64,
    /// From then to when the packet was captured, by the wall clock.
    pub apart: i64,
}

/// Why a log cannot be joined with a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unjoined {
    /// It has no report on a reset.
    NoReports,
    /// Its clock does not count seconds.
    NoSeconds,
    /// No reset of the capture is between the ends of a report.
    NothingInCommon,
    /// Report and capture agree as well at another difference of their clocks.
    Ambiguous,
}

impl Unjoined {
    /// One clause.
    pub fn why(self) -> &'static str {
        match self {
            Self::NoReports => "it has no report on a reset",
            Self::NoSeconds => "its clock does not count seconds: choose one that does, such as mono, in trace_clock",
            Self::NothingInCommon => "no reset of the capture has the addresses and ports of a report",
            Self::Ambiguous => {
                "reports and captured resets agree as well at more than one difference of their clocks, and the log does not \
                 tell the wall clock's time"
            }
        }
    }
}

/// The difference between a trace's clock and the wall clock.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Moments of the trace's clock with the difference, in their order.
    known: Vec<(i64, i64)>,
    /// Whether the log itself told the time.
    pub from_marks: bool,
    /// How many reports agree on it.
    pub agreeing: usize,
}

impl Clock {
    /// From marks, or from what fits. `span`: from the first report to the last.
    pub(super) fn new(marks: impl IntoIterator<Item = (i64, i64)>, fits: &[Fit], span: i64) -> Result<Self, Unjoined> {
        let mut known: Vec<_> = marks.into_iter().map(|(time, wall)| (time, wall.saturating_sub(time))).collect();
        let from_marks = !known.is_empty();
        let mut agreeing = 0;
        if from_marks {
            known.sort_unstable();
        } else {
            known = agreed(fits, span)?;
            agreeing = known.len();
        }
        Ok(Self { known, from_marks, agreeing })
    }

    /// The wall clock's time of a moment of the trace, in nanoseconds since 1970.
    pub(super) fn wall(&self, time: i64) -> i64 {
        time.saturating_add(self.difference(self.known.partition_point(|(known, _)| *known <= time)))
    }

    /// The moment of the trace when the wall clock said so.
    pub(super) fn moment(&self, wall: i64) -> i64 {
        let at = self.known.partition_point(|(known, apart)| known.saturating_add(*apart) <= wall);
        wall.saturating_sub(self.difference(at))
    }

    /// How far a packet's time may lie from that of its report: the more, the farther both are from what is known.
    pub(super) fn tolerance(&self, time: i64) -> i64 {
        let at = self.known.partition_point(|(known, _)| *known < time);
        let near = [at.checked_sub(1), Some(at)].into_iter().flatten().filter_map(|at| self.known.get(at));
        let distance = near.map(|(known, _)| time.saturating_sub(*known).saturating_abs()).min().unwrap_or(0);
        (APART + distance / 1_000_000 * DRIFT).min(MOST_APART)
    }

    /// The difference at the first known moment, nanoseconds.
    pub fn first_difference(&self) -> i64 {
        self.known.first().map_or(0, |(_, apart)| *apart)
    }

    /// What most of the known moments around a place say; of marks, the nearest before it: the wall clock may have been set.
    fn difference(&self, at: usize) -> i64 {
        if self.from_marks {
            let mark = self.known.get(at.saturating_sub(1)).or(self.known.last());
            return mark.map_or(0, |(_, apart)| *apart);
        }
        let from = at.saturating_sub(NEIGHBOURS / 2 + 1).min(self.known.len().saturating_sub(NEIGHBOURS));
        let mut near: Vec<i64> = self.known.iter().skip(from).take(NEIGHBOURS).map(|(_, apart)| *apart).collect();
        near.sort_unstable();
        near.get(near.len() / 2).copied().unwrap_or(0)
    }
}

/// The moments of the reports that agree on one difference: more than on any other.
fn agreed(fits: &[Fit], span: i64) -> Result<Vec<(i64, i64)>, Unjoined> {
    let width = APART.saturating_add(span.max(0) / 1_000_000 * DRIFT);
    let mut fits = fits.to_vec();
    fits.sort_unstable_by_key(|fit| (fit.apart, fit.time, fit.event));
    // For each place where a window may begin: how many reports it holds, and where it ends.
    let mut windows: Vec<(usize, usize)> = Vec::with_capacity(fits.len());
    let mut within: BTreeMap<usize, usize> = BTreeMap::new();
    let mut end = 0;
    for fit in &fits {
        while let Some(next) = fits.get(end).filter(|next| next.apart.saturating_sub(fit.apart) <= width) {
            *within.entry(next.event).or_default() += 1;
            end += 1;
        }
        windows.push((within.len(), end));
        if let Some(count) = within.get_mut(&fit.event) {
            *count -= 1;
            if *count == 0 {
                within.remove(&fit.event);
            }
        }
    }
    let best = windows.iter().enumerate().max_by_key(|(at, (reports, _))| (*reports, std::cmp::Reverse(*at)));
    let (begin, &(reports, end)) = best.ok_or(Unjoined::NothingInCommon)?;
    let rival = windows.iter().enumerate().filter(|(at, (_, until))| *until <= begin || *at >= end);
    if rival.map(|(_, (count, _))| *count).max().is_some_and(|count| count >= reports) {
        return Err(Unjoined::Ambiguous);
    }
    let chosen = fits.get(begin..end).unwrap_or_default();
    let middle = chosen.get(chosen.len() / 2).map_or(0, |fit| fit.apart);
    // A report with several packets in the window speaks once, by the one nearest to what the others say.
    let mut nearest: BTreeMap<usize, &Fit> = BTreeMap::new();
    for fit in chosen {
        let known = nearest.entry(fit.event).or_insert(fit);
        let off = |one: &Fit| one.apart.saturating_sub(middle).saturating_abs();
        if off(fit) < off(known) {
            *known = fit;
        }
    }
    let mut known: Vec<(i64, i64)> = nearest.values().map(|fit| (fit.time, fit.apart)).collect();
    known.sort_unstable();
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;
    const MILLI: i64 = 1_000_000;

    fn clock(fits: &[(usize, i64, i64)]) -> Result<Clock, Unjoined> {
        let fits: Vec<Fit> = fits.iter().map(|&(event, time, apart)| Fit { event, time, apart }).collect();
        Clock::new([], &fits, 100 * SECOND)
    }

    #[test]
    fn most_reports_decide() {
        // Three agree within their paths; one has its addresses and ports by chance.
        let clock = clock(&[
            (0, SECOND, 50 * SECOND),
            (1, 2 * SECOND, 50 * SECOND + 20 * MILLI),
            (2, 3 * SECOND, 50 * SECOND + 10 * MILLI),
            (3, 4 * SECOND, 90 * SECOND),
        ])
        .expect("they agree");
        assert_eq!((clock.agreeing, clock.from_marks), (3, false));
        assert_eq!(clock.wall(2 * SECOND), 52 * SECOND + 10 * MILLI);
        assert_eq!(clock.moment(52 * SECOND + 10 * MILLI), 2 * SECOND);
        assert_eq!(clock.tolerance(3 * SECOND), APART);
        assert!(clock.tolerance(1000 * SECOND) > 4 * APART && clock.tolerance(i64::MAX) <= MOST_APART);
    }

    #[test]
    fn one_report_with_one_packet_agrees_with_itself() {
        let clock = clock(&[(0, SECOND, 7)]).expect("nothing contradicts");
        assert_eq!((clock.agreeing, clock.wall(SECOND)), (1, SECOND + 7));
    }

    #[test]
    fn what_agrees_as_well_elsewhere_is_not_joined() {
        assert_eq!(clock(&[]).unwrap_err(), Unjoined::NothingInCommon);
        // One report, two packets; two reports that contradict each other; a rhythm.
        let second = |seconds: i64| seconds * SECOND;
        for fits in [
            vec![(0, 0, 0), (0, 0, second(5))],
            vec![(0, 0, 0), (1, second(1), second(9))],
            vec![(0, 0, 0), (0, 0, second(5)), (1, second(5), -second(5)), (1, second(5), 0), (2, 0, second(5))],
        ] {
            assert_eq!(clock(&fits).unwrap_err(), Unjoined::Ambiguous, "{fits:?}");
        }
        // Two packets near each other are no contradiction.
        assert_eq!(clock(&[(0, 0, 0), (0, 0, MILLI)]).expect("near").agreeing, 1);
    }

    #[test]
    fn marks_count_more_and_may_jump() {
        let marks = [(10 * SECOND, 110 * SECOND), (20 * SECOND, 150 * SECOND)];
        let clock = Clock::new(marks, &[Fit { event: 0, time: 0, apart: 5 }], SECOND).expect("told");
        assert!(clock.from_marks);
        for (time, wall) in [(0, 100), (10, 110), (15, 115), (20, 150), (21, 151)] {
            assert_eq!(clock.wall(time * SECOND), wall * SECOND, "{time}");
        }
    }

    #[test]
    fn hostile_times_do_not_overflow() {
        let extremes = [i64::MIN, -1, 0, 1, i64::MAX];
        for time in extremes {
            for apart in extremes {
                let fit = Fit { event: 0, time, apart };
                for clock in [Clock::new([], &[fit], i64::MAX), Clock::new([(time, apart)], &[], i64::MIN)] {
                    let clock = clock.expect("one");
                    let _ = (clock.wall(time), clock.moment(apart), clock.tolerance(apart));
                }
            }
        }
    }
}
