//! A load balancer looks at a steady period whether the port is open.

use super::around::Connection;
use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};
use crate::flow::Phase;
use crate::tcp::Duration;

/// So many checks show a period.
const CHECKS: usize = 3;

/// A check ends so soon after it was answered, beside a round trip: far more than a program needs, far less than one waits for data
/// (health checks of 0.1 ms to 10 ms and clients that wait for 0.4 s were seen).
const CHECK_ENDS_WITHIN: Duration = Duration::from_millis(100);

/// The shortest period; nobody looks more often than this, and a burst is a scan.
const SHORTEST: f64 = 0.1;

/// Periods differ by at most this share of their median.
const STEADY: f64 = 0.1;

/// So many that look at one service from one address are told apart.
const MOST_CHECKERS: usize = 8;

/// The steady time in seconds from each connection to the one so many places behind it, if there is one.
fn period(checks: &[&Connection], places: usize) -> Option<f64> {
    let pairs = checks.iter().zip(checks.iter().skip(places));
    let mut periods: Vec<f64> = pairs.map(|(one, next)| next.began.since(one.began).as_secs_f64()).collect();
    periods.sort_by(f64::total_cmp);
    let median = *periods.get(periods.len() / 2)?;
    let steady = periods.iter().filter(|period| (*period - median).abs() <= median * STEADY).count();
    (steady * 4 >= periods.len() * 3 && median >= SHORTEST).then_some(median)
}

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host().filter(|_| story.from_client() && story.is_dataless())?;
    let probes = decisive.reset.phase == Phase::Handshake
        || (decisive.reset.phase == Phase::Data && decisive.verdict.mechanism == Mechanism::Abort);
    if !probes {
        return None;
    }
    // A check knows at once what it wanted to know; who waits first wanted something of the server.
    let granted = story.before(story.client().reverse()).find(|one| one.segment.flags.syn())?;
    let lasted = decisive.reset.segment.time?.since(granted.time()?);
    if lasted.0 > CHECK_ENDS_WITHIN.0 + story.case.flow.rtt().map_or(0, |rtt| rtt.0) {
        return None;
    }
    let frame = decisive.reset.segment.frame;
    question.of_others(move |others| {
        let is_check = |other: &&Connection| {
            other.server == others.server() && !other.has_data && other.by_client && other.accepted
        };
        let checks: Vec<_> = others.near_client().filter(is_check).collect();
        // Several balancers, or several of one balancer's pools, look each at its own period.
        let checkers = (1..=checks.len() / CHECKS).take(MOST_CHECKERS);
        let median = checkers.filter_map(|checkers| period(&checks, checkers)).next()?;
        Some(
            others.candidate(
                Cause::HealthCheck,
                || format!(
                    "a health check: the same client opens and resets a connection every {median:.1} s and sends nothing"
                ),
            )
            .because(
                Aspect::Company,
                Weight::Decisive,
                checks.iter().filter_map(|check| check.reset).take(6),
                || format!("{} such connections, one every {median:.1} s", checks.len()),
            )
            .because(
                Aspect::Form,
                Weight::Moderate,
                [frame],
                "the connection was granted, and reset at once without data",
            )
            .advise("benign; leave it out of statistics, or let the balancer check by FIN or by a request"),
        )
    })
}
