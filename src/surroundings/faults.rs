//! What the numbers of the flows say against the capture itself.

use crate::flow::{Flow, Flows, Way};

/// So many octets of one direction may have been missed; where numbers tell of more, they are rather of another connection.
const BELIEVED: u64 = 1 << 24;

/// What is wrong with a capture, nothing of which its file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// One octet in so many was acknowledged and is not there; none where nothing is missing.
    pub misses_one_in: Option<u64>,
    /// Its packets do not lie in the order in which they passed: what acknowledges some was captured before them.
    pub is_disordered: bool,
}

impl Faults {
    /// Those of a capture with these flows.
    pub(super) fn of(flows: &Flows) -> Self {
        let (mut missing, mut captured, mut is_disordered) = (0u64, 0u64, false);
        for flow in flows.iter() {
            for way in Way::BOTH {
                captured += flow.ends[way].octets;
                missing += acknowledged_unseen(flow, way);
                is_disordered |= flow.rare(way).is_some_and(|rare| rare.acknowledged_early > 0);
            }
        }
        Self { misses_one_in: captured.saturating_add(missing).checked_div(missing), is_disordered }
    }
}

/// Octets that went one way by what the other side says of it, and that were not captured.
fn acknowledged_unseen(flow: &Flow, way: Way) -> u64 {
    let acked = flow.stream.sides[way.reverse()].acked();
    let is_acked =
        |rare: &&crate::flow::Rare| rare.holes.first().zip(acked).is_some_and(|(hole, acked)| hole.before(acked));
    flow.rare(way).filter(is_acked).map(|rare| rare.holes.missing()).filter(|&octets| octets <= BELIEVED).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::attribution::testing::Scene;

    const OPEN: &str = "0 c S 0\n20 s SA 0 ack 1\n21 c A 1 ack 1\n";

    #[test]
    fn what_was_acknowledged_had_passed() {
        let faults = |text: &str| {
            let faults = Scene::of(&format!("{OPEN}{text}\n 900 s R 1")).surroundings.faults;
            (faults.misses_one_in, faults.is_disordered)
        };
        let data = "30 c PA 1 ack 1 len 1000\n";
        assert_eq!(faults(&format!("{data} 50 s A 1 ack 1001")), (None, false));
        assert_eq!(faults(&format!("{data} 50 s A 1 ack 1101")), (Some(11), false));
        assert_eq!(faults(&format!("{data} 50 s A 1 ack 90001001")), (None, false), "of a stray connection");
        // Lost on the way, as far as the other side says, and not yet sent again.
        assert_eq!(faults(&format!("{data} 31 c PA 1101 ack 1 len 100\n 50 s A 1 ack 1001")), (None, false));
        // What lies behind its acknowledgement was captured in another order; later it was sent again.
        for (later, expected) in [(50.2, (None, true)), (260.0, (None, false))] {
            let text = format!("{data} 50 s A 1 ack 1101\n {later} c PA 1001 ack 1 len 100");
            assert_eq!(faults(&text), expected, "{later}");
        }
    }

    #[test]
    fn a_request_behind_its_answer_is_in_disorder() {
        let scene = Scene::of("0 s SA 0 ack 1\n 0.1 c S 0\n 0.2 c A 1 ack 1\n 9 s R 1");
        assert!(scene.surroundings.faults.is_disordered);
    }
}
