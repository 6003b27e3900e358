//! Which flows are to be judged when.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;

/// How long after a verdict it is looked at again, for the last time unless another reset comes: by then whoever was reset
/// has repeated what it had under way more than once (the least timeout of RFC 6298 section 2.4 is a second, and doubles).
const SETTLED_AFTER: Duration = Duration::from_secs(10);

/// Flows that wait for a verdict; in a flood of more, the others are judged at the end.
const MOST: usize = 65_536;

/// Verdicts on one flow that need not wait longer than the first one.
const SOON: u32 = 8;

/// The flows that wait for a verdict.
pub(super) struct Agenda {
    linger: Duration,
    /// A moment has passed since the reset.
    soon: VecDeque<(Instant, u64)>,
    /// They were judged, and more may have come.
    later: VecDeque<(Instant, u64)>,
    flows: HashMap<u64, Plan, RandomState>,
    /// Resets in flows that were not taken in for want of room.
    pub passed_over: u64,
}

#[derive(Default)]
struct Plan {
    /// It stands in the first list.
    soon: bool,
    /// Where it stands in the second one, unless another reset came since.
    later: Option<Instant>,
    verdicts: u32,
}

/// Flows whose turn it is, ascending.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// To be judged, and looked at again.
    pub first: Vec<u64>,
    /// To be judged for good.
    pub last: Vec<u64>,
}

impl Due {
    /// All of them.
    pub(super) fn all(&self) -> HashSet<u64> {
        self.first.iter().chain(&self.last).copied().collect()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.last.is_empty()
    }
}

impl Agenda {
    /// First verdicts so long after the reset.
    pub(super) fn new(linger: Duration) -> Self {
        let (soon, later, flows) = (VecDeque::new(), VecDeque::new(), HashMap::default());
        Self { linger, soon, later, flows, passed_over: 0 }
    }

    /// A reset came in this flow.
    pub(super) fn reset(&mut self, flow: u64, now: Instant) {
        if self.flows.len() >= MOST && !self.flows.contains_key(&flow) {
            self.passed_over += 1;
            return;
        }
        let plan = self.flows.entry(flow).or_default();
        plan.later = None;
        if !std::mem::replace(&mut plan.soon, true) {
            // A flood of resets in one flow is news for a while.
            let wait = if plan.verdicts < SOON { self.linger } else { SETTLED_AFTER };
            let due = now + wait;
            // Nearly always the last place.
            let place = self.soon.partition_point(|(other, _)| *other <= due);
            self.soon.insert(place, (due, flow));
        }
    }

    /// The flows whose turn it is by now, at most so many; what is left over has its turn next time.
    pub(super) fn due(&mut self, now: Instant, most: usize) -> Due {
        let mut due = Due::default();
        while due.first.len() < most
            && let Some((_, flow)) = take_due(&mut self.soon, now)
        {
            let Some(plan) = self.flows.get_mut(&flow) else { continue };
            plan.soon = false;
            plan.verdicts += 1;
            let settled = now + SETTLED_AFTER;
            plan.later = Some(settled);
            self.later.push_back((settled, flow));
            due.first.push(flow);
        }
        while due.first.len() + due.last.len() < most
            && let Some((at, flow)) = take_due(&mut self.later, now)
        {
            if self.flows.get(&flow).is_some_and(|plan| plan.later == Some(at)) {
                self.flows.remove(&flow);
                due.last.push(flow);
            }
        }
        due.first.sort_unstable();
        due.last.sort_unstable();
        due
    }

    /// Flows that wait for a verdict, the first or the last.
    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }
}

/// The first of a list, if its time has come.
fn take_due(list: &mut VecDeque<(Instant, u64)>, now: Instant) -> Option<(Instant, u64)> {
    if list.front()?.0 <= now { list.pop_front() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINGER: Duration = Duration::from_secs(1);
    const AT_ONCE: usize = 250;

    fn due(agenda: &mut Agenda, now: Instant) -> (Vec<u64>, Vec<u64>) {
        let due = agenda.due(now, AT_ONCE);
        (due.first, due.last)
    }

    #[test]
    fn a_flow_is_judged_after_a_moment_and_again_when_it_settled() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut agenda = Agenda::new(LINGER);
        agenda.reset(7, at(0));
        agenda.reset(7, at(0));
        assert_eq!(due(&mut agenda, at(0)), (vec![], vec![]));
        assert_eq!(due(&mut agenda, at(1)), (vec![7], vec![]));
        assert_eq!(due(&mut agenda, at(10)), (vec![], vec![]));
        assert_eq!(due(&mut agenda, at(11)), (vec![], vec![7]));
        assert_eq!((due(&mut agenda, at(100)), agenda.len()), ((vec![], vec![]), 0));
    }

    #[test]
    fn another_reset_puts_the_last_verdict_off() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut agenda = Agenda::new(LINGER);
        agenda.reset(7, at(0));
        assert_eq!(due(&mut agenda, at(1)), (vec![7], vec![]));
        agenda.reset(7, at(5));
        assert_eq!(due(&mut agenda, at(6)), (vec![7], vec![]));
        assert_eq!(due(&mut agenda, at(11)), (vec![], vec![]), "that of the first reset");
        assert_eq!(due(&mut agenda, at(16)), (vec![], vec![7]));
    }

    #[test]
    fn no_look_takes_more_than_its_share_and_nobody_is_forgotten() {
        let start = Instant::now();
        let mut agenda = Agenda::new(LINGER);
        (0..1000).for_each(|flow| agenda.reset(flow, start));
        let mut seen = Vec::new();
        for look in 0..4 {
            let (first, last) = due(&mut agenda, start + Duration::from_secs(2));
            assert!(first.len() <= AT_ONCE && last.is_empty(), "look {look}");
            seen.extend(first);
        }
        assert_eq!(seen, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn a_flood_in_one_flow_comes_less_and_less_often() {
        let start = Instant::now();
        let mut agenda = Agenda::new(LINGER);
        let mut verdicts = 0;
        for second in 0..120 {
            let now = start + Duration::from_secs(second);
            agenda.reset(1, now);
            verdicts += agenda.due(now, AT_ONCE).first.len();
        }
        assert!((10..30).contains(&verdicts), "{verdicts}");
    }

    #[test]
    fn what_waits_is_bounded() {
        let start = Instant::now();
        let mut agenda = Agenda::new(LINGER);
        (0..70_000).for_each(|flow| agenda.reset(flow, start));
        assert_eq!((agenda.len(), agenda.passed_over), (MOST, 70_000 - MOST as u64));
    }
}
