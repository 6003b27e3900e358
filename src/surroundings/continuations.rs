//! Connections whose addresses changed in the middle: the flow under the new ones goes on where the other one stopped.
//!
//! A router that translates addresses and loses its table gives the next segment of a connection another address or port, or
//! lets it through untranslated. The host at the other end knows no connection of these addresses and resets it. What an
//! observer sees are two flows; their sequence numbers tell that they are one connection.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use crate::flow::{Flow, Flows, Way};
use crate::tcp::{Endpoint, FrameNumber, SeqNum, Timestamp};

/// Flows without a handshake that are looked at: a capture of more began in the middle of everything.
const MOST: usize = 50_000;

/// What a connection was called before its addresses changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its flow.
    pub flow: u64,
    /// The way, in the later flow, of the side whose address or port changed.
    pub changed: Way,
    /// That side's address and port before.
    pub was: Endpoint,
    /// The other side, which knows the connection by them, had sent FIN.
    pub other_closed: bool,
    /// Which way, in the later flow, the last data had gone.
    pub spoke: Option<Way>,
    /// The latest segment of the changed side under them, or of the other side where that is later.
    pub last_time: Option<Timestamp>,
    /// The last frame of the earlier flow that came before the later flow, where the capture tells it; or else its first one.
    pub frame: FrameNumber,
}

/// What a connection is called after its addresses changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Later {
    /// Its flow.
    pub flow: u64,
    /// The first frame of that.
    pub frame: FrameNumber,
    /// The way, in the earlier flow, of the side whose address or port changed.
    pub changed: Way,
}

/// Which flows are one connection under changing addresses.
#[derive(Default)]
pub struct Continuations {
    earlier: HashMap<u64, Earlier, RandomState>,
    later: HashMap<u64, Later, RandomState>,
}

/// The side that kept its address, and where both sides stood in their sequence spaces: that one's number first.
type Place = (Endpoint, bool, SeqNum, SeqNum);

impl Continuations {
    /// Finds them among the flows of a capture.
    ///
    /// Both numbers must agree exactly: by chance one pair of flows in 2⁶⁴ would.
    pub fn of(flows: &Flows) -> Self {
        let mut starts: HashMap<Place, Vec<(&Flow, Way)>, RandomState> = HashMap::default();
        for flow in flows.iter().filter(|flow| flow.is_midstream()).take(MOST) {
            let (Some(forward), Some(back)) = (start(flow, Way::Forward), start(flow, Way::Back)) else { continue };
            for (fixed, own, other) in [(Way::Forward, forward, back), (Way::Back, back, forward)] {
                let place = (flow.stream.endpoints[fixed], flow.stream.ipv6, own, other);
                starts.entry(place).or_default().push((flow, fixed));
            }
        }
        let mut found = Self::default();
        if starts.is_empty() {
            return found;
        }
        // Most flows have neither end in common with any of them.
        let known: HashSet<Endpoint, RandomState> = starts.keys().map(|&(end, ..)| end).collect();
        for before in flows.iter().filter(|flow| is_under_way(flow)) {
            for fixed in Way::BOTH.into_iter().filter(|&fixed| known.contains(&before.stream.endpoints[fixed])) {
                for own in ends(before, fixed) {
                    for other in ends(before, fixed.reverse()) {
                        let place = (before.stream.endpoints[fixed], before.stream.ipv6, own, other);
                        let later = starts.get(&place).map_or(&[][..], Vec::as_slice);
                        for (after, way) in later.iter().filter(|(after, way)| goes_on(before, fixed, after, *way)) {
                            found.add(before, fixed, after, *way);
                        }
                    }
                }
            }
        }
        found
    }

    fn add(&mut self, before: &Flow, fixed: Way, after: &Flow, way: Way) {
        let earlier = Earlier {
            flow: before.id,
            changed: way.reverse(),
            was: before.stream.endpoints[fixed.reverse()],
            spoke: before.stream.turn().map(|turn| if turn.way == fixed { way } else { way.reverse() }),
            other_closed: before.ends[fixed].fin_end().is_some(),
            last_time: before.last_time().min(after.first_time),
            frame: if before.stream.last_frame < after.first_frame {
                before.stream.last_frame
            } else {
                before.first_frame
            },
        };
        // Of several the one that spoke last.
        let known = self.earlier.get(&after.id);
        if known.is_some_and(|known| (known.last_time, known.flow) >= (earlier.last_time, earlier.flow)) {
            return;
        }
        if let Some(given_up) = self.earlier.insert(after.id, earlier) {
            self.later.remove(&given_up.flow);
        }
        self.later.insert(before.id, Later { flow: after.id, frame: after.first_frame, changed: fixed.reverse() });
    }

    /// What a flow's connection was before its addresses changed.
    pub fn before(&self, flow: u64) -> Option<&Earlier> {
        self.earlier.get(&flow)
    }

    /// The flow that a flow's connection went on as.
    pub fn after(&self, flow: u64) -> Option<&Later> {
        self.later.get(&flow)
    }
}

/// Whether a flow's connection had come up and not been closed by both sides. A lone acknowledgement shows no connection: scanners
/// send the same one to many ports.
fn is_under_way(flow: &Flow) -> bool {
    (flow.established() && !flow.is_midstream() || flow.ends.forward.octets + flow.ends.back.octets > 0)
        && !flow.both_fins()
}

/// Where a side of a flow stood when the flow began. Of one that was silent tells what it was acknowledged.
fn start(flow: &Flow, way: Way) -> Option<SeqNum> {
    let Some(next) = flow.stream.sides[way].next() else { return flow.stream.sides[way.reverse()].acked() };
    if flow.rare(way).is_some_and(|rare| !rare.holes.is_empty()) {
        return None;
    }
    let octets = u32::try_from(flow.ends[way].octets).ok()?;
    let fin = u32::from(flow.ends[way].fin_end() == Some(next));
    Some(next.add(octets.wrapping_add(fin).wrapping_neg()))
}

/// Where a side of a flow may be said to have stood when the flow stopped: behind all that it sent, or, where the last of that
/// never arrived and is sent once more, behind what was acknowledged to it.
fn ends(flow: &Flow, way: Way) -> impl Iterator<Item = SeqNum> {
    let sent = flow.stream.sides[way].next();
    let acknowledged = flow.stream.sides[way.reverse()].acked();
    sent.into_iter().chain(acknowledged.filter(|acknowledged| sent != Some(*acknowledged)))
}

/// Whether `after`, which begins where `before` stopped, can be the same connection: its other side has another address, spoke
/// under the old one no longer, and uses the same options.
fn goes_on(before: &Flow, fixed: Way, after: &Flow, way: Way) -> bool {
    let (old, new) = (fixed.reverse(), way.reverse());
    let silent_since = match (before.stream.last_times[old], after.first_time) {
        (Some(last), Some(first)) => last <= first,
        (None, _) => true,
        _ => before.stream.last_frame < after.first_frame,
    };
    let alike = |one: Way, other: Way| {
        let (one, other) = (&before.stream.sides[one], &after.stream.sides[other]);
        !one.spoke() || !other.spoke() || one.timestamps() == other.timestamps()
    };
    before.first_frame < after.first_frame
        && before.stream.endpoints[old] != after.stream.endpoints[new]
        && silent_since
        && alike(old, new)
        && alike(fixed, way)
}

#[cfg(test)]
mod tests {
    use crate::attribution::testing::Scene;

    /// A connection up to a point where the client has sent 100 octets and the server 900.
    const BEFORE: &str = "
        0 c S 0
        20 s SA 0 ack 1
        20.1 c A 1 ack 1
        21 c PA 1 ack 1 len 100
        41 s PA 1 ack 101 len 900
        41.1 c A 101 ack 901
    ";

    /// The flows of which the second one is held to go on.
    fn links(text: &str) -> Option<(usize, usize)> {
        let scene = Scene::of(text);
        let (first, second) = (scene.flow(0).id, scene.flow(1).id);
        let links = &scene.surroundings.continuations;
        let earlier = links.before(second)?;
        assert_eq!((earlier.flow, links.after(first).map(|later| later.flow)), (first, Some(second)));
        assert_eq!((links.before(first), links.after(second)), (None, None));
        Some((0, 1))
    }

    #[test]
    fn a_scanner_that_sends_one_acknowledgement_to_many_has_no_connection() {
        assert_eq!(links("0 c A 1 ack 1\n 900 c A 1 ack 1 server 77 moved"), None);
        assert!(links("0 c PA 1 ack 1 len 5\n 900 c A 6 ack 1 server 77 moved").is_some());
    }

    #[test]
    fn numbers_tell_that_a_connection_goes_on_under_another_address() {
        for (what, later, expected) in [
            ("another address", "900 c PA 101 ack 901 len 50 client 9 moved\n920 s R 901 client 9 moved", true),
            ("another port", "900 c PA 101 ack 901 len 50 flow 7 moved\n920 s R 901 flow 7 moved", true),
            ("the server's address", "900 s PA 901 ack 101 len 50 server 77 moved", true),
            ("sent again, though it was acknowledged", "900 c PA 1 ack 901 len 100 client 9 moved", false),
            ("one octet further", "900 c PA 102 ack 901 len 50 client 9 moved\n920 s R 901 client 9 moved", false),
            ("acknowledges less", "900 c PA 101 ack 900 len 50 client 9 moved\n920 s R 900 client 9 moved", false),
            ("another server, too", "900 c PA 101 ack 901 len 50 client 9 moved server 6", false),
            ("a new connection", "900 c S 101 client 9 moved\n 920 s RA 0 ack 102 raw client 9 moved", false),
            ("timestamps all at once", "900 c PA 101 ack 901 len 50 client 9 moved ts 5 5", false),
            ("a FIN", "900 c FA 101 ack 901 client 9 moved\n920 s R 901 client 9 moved", true),
        ] {
            let found = links(&format!("{BEFORE}{later}"));
            assert_eq!(found.is_some(), expected, "{what}");
        }
    }

    #[test]
    fn data_in_flight_may_be_sent_again_under_the_new_address() {
        let in_flight = "45 c PA 101 ack 901 len 40\n";
        assert!(links(&format!("{BEFORE}{in_flight} 900 c PA 101 ack 901 len 40 client 9 moved")).is_some());
        assert!(links(&format!("{BEFORE}{in_flight} 900 c PA 141 ack 901 len 40 client 9 moved")).is_some());
        assert!(links(&format!("{BEFORE}{in_flight} 900 c PA 121 ack 901 len 20 client 9 moved")).is_none());
    }

    #[test]
    fn who_still_speaks_under_the_old_address_has_not_moved() {
        let later = "900 c PA 101 ack 901 len 50 client 9 moved\n";
        let old_client = "950 c A 101 ack 901";
        let old_server = "950 s PA 1 ack 101 len 900";
        assert!(links(&format!("{BEFORE}{later}{old_client}")).is_none());
        assert!(links(&format!("{BEFORE}{later}{old_server}")).is_some(), "the server repeats what it had sent");
    }

    #[test]
    fn what_both_sides_closed_does_not_go_on() {
        let closed = "50 c FA 101 ack 901\n60 s FA 901 ack 102\n60.1 c A 102 ack 902\n";
        assert!(
            links(&format!("{BEFORE}{closed} 900 c A 102 ack 902 client 9 moved\n 920 s R 902 client 9 moved"))
                .is_none()
        );
    }
}
