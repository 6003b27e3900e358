//! Two captures of one conversation, each a trace: what they prove of each other.

use crate::attribution::Case;
use crate::attribution::testing::{Scene, clue};
use crate::attribution::{Judged, Sender, judge};
use crate::compare::{
    Absence, Clocks, Connection, Crossing, Difference, Kind, Passages, Point, align, connections, differences, passages,
};
use crate::evidence::{Confidence, Weight};
use crate::flow::Flows;
use crate::surroundings::Surroundings;
use crate::tcp::{FrameNumber, Segment};
use crate::timeline::Timelines;

/// What is asked about captures of several points.
struct Path {
    flows: Vec<Flows>,
    timelines: Vec<Timelines>,
    dropped: Option<u64>,
}

/// What they say.
struct Compared {
    connections: Vec<Connection>,
    clocks: Clocks,
    passages: Passages,
    differences: Vec<Difference>,
}

impl Path {
    fn of(traces: &[&str]) -> Self {
        Self::seen(traces, |_, _| {})
    }

    /// The same; `see` may change what a point, from 0, sees.
    fn seen(traces: &[&str], see: impl Fn(usize, &mut Segment)) -> Self {
        let (mut flows, mut timelines) = (Vec::new(), Vec::new());
        for (point, trace) in traces.iter().enumerate() {
            let scene = Scene::seen(trace, |segment, _| {
                // Frames of all points have numbers of their own.
                segment.frame = FrameNumber::new(segment.frame.get() + 1000 * point as u64).expect("not 0");
                see(point, segment);
            });
            flows.push(scene.flows);
            timelines.push(scene.timelines);
        }
        Self { flows, timelines, dropped: None }
    }

    fn compared(&self) -> Compared {
        let points: Vec<Point<'_>> = self.flows.iter().map(|flows| Point::new(flows, self.dropped)).collect();
        let connections = connections(&points);
        let crossing = |connection| Crossing::new(connection, &points, &self.timelines);
        let mut crossings: Vec<_> = connections.iter().map(|connection| Some(crossing(connection))).collect();
        align(&points, &connections, &mut crossings);
        let clocks = Clocks::new(&points, &connections, &crossings);
        let passages = passages(&points, &connections, &crossings, &clocks);
        let told = connections
            .iter()
            .zip(&crossings)
            .filter_map(|(connection, crossing)| Some(differences(&points, connection, crossing.as_ref()?)));
        let differences = told.flatten().collect();
        Compared { connections, clocks, passages, differences }
    }
}

/// The points that lack a reset.
type Absences = Vec<(usize, Absence)>;

/// What is known of the resets, in their order: the points that have each, and what its absence means elsewhere.
fn told(path: &Path) -> Vec<(Vec<usize>, Absences)> {
    let compared = path.compared();
    let all = compared.passages.iter();
    all.map(|passage| (passage.seen.iter().map(|seen| seen.point).collect(), passage.unseen.clone())).collect()
}

/// A connection at the client's side and, 10 ms further, at the server's.
const CLIENT: &str = "c ttl 64\ns ttl 60\n0 c S 0\n20 s SA 0 ack 1\n20.1 c A 1 ack 1\n21 c PA 1 ack 1 len 100\n41 s PA 1 ack 101 len 50\n";
const SERVER: &str = "c ttl 60\ns ttl 64\n10 c S 0\n10.1 s SA 0 ack 1\n30.1 c A 1 ack 1\n31 c PA 1 ack 1 len 100\n31.1 s PA 1 ack 101 len 50\n";

fn both(client: &str, server: &str) -> Path {
    Path::of(&[&format!("{CLIENT}{client}"), &format!("{SERVER}{server}")])
}

#[test]
fn a_reset_that_both_have_is_one() {
    let path = both("62 s RA 51 ack 101", "51.9 s RA 51 ack 101\n 80 c A 101 ack 51");
    assert_eq!(told(&path), [(vec![0, 1], vec![])]);
}

#[test]
fn what_the_nearer_capture_lacks_was_made_between() {
    let path = both("45 s RA 51 ack 101", "80 c A 101 ack 51");
    assert_eq!(told(&path), [(vec![0], vec![(1, Absence::Proven)])]);
    // A forger that tells both sides: two resets, each seen at one end.
    let path = both("45 s RA 51 ack 101", "45 c RA 101 ack 51");
    assert_eq!(told(&path), [(vec![0], vec![(1, Absence::Proven)]), (vec![1], vec![(0, Absence::Proven)])]);
}

#[test]
fn the_course_is_told_by_the_packets_and_not_by_the_order_of_the_files() {
    for reset in ["45 s RA 51 ack 101", "45 c RA 101 ack 51"] {
        let (client, server) =
            if reset.contains('s') { (reset, "80 c A 101 ack 51") } else { ("80 s A 51 ack 101", reset) };
        let path = Path::of(&[&format!("{SERVER}{server}"), &format!("{CLIENT}{client}")]);
        let (here, there) = if reset.contains('s') { (1, 0) } else { (0, 1) };
        assert_eq!(told(&path), [(vec![here], vec![(there, Absence::Proven)])], "{reset}");
        let passages = path.compared().passages;
        assert_eq!(passages.iter().next().and_then(|one| one.made_behind()).map(|(point, _)| point), Some(there));
    }
    // Without routers between, the handshake tells.
    let near = |text: &str| text.replace("ttl 60", "ttl 64");
    let path =
        Path::of(&[&format!("{}80 c A 101 ack 51", near(SERVER)), &format!("{}45 s RA 51 ack 101", near(CLIENT))]);
    assert!(path.compared().passages.iter().all(|one| one.made_behind().is_some()));
}

#[test]
fn what_was_lost_on_the_way_is_no_riddle() {
    // The server reset the connection, and the client never heard of it.
    let path = both("90 c PA 101 ack 51 len 5", "52 s RA 51 ack 101\n100 c PA 101 ack 51 len 5");
    let compared = path.compared();
    let passage = compared.passages.iter().next().expect("a reset");
    assert_eq!(passage.nearest().map(|seen| seen.point), Some(1));
    assert!(passage.made_behind().is_none(), "nothing lies beyond the server's capture");
}

#[test]
fn a_recording_with_losses_proves_nothing() {
    let lost = SERVER.replace("31.1 s PA 1 ack 101 len 50\n", "");
    let path = Path::of(&[&format!("{CLIENT}45 s RA 51 ack 101"), &format!("{lost}80 c A 101 ack 51")]);
    assert_eq!(told(&path), [(vec![0], vec![(1, Absence::Lossy(1))])]);
    let mut path = both("45 s RA 51 ack 101", "80 c A 101 ack 51");
    path.dropped = Some(3);
    assert_eq!(told(&path), [(vec![0], vec![(1, Absence::Dropped(3))])]);
}

#[test]
fn nor_does_one_that_had_ended_or_hears_one_side() {
    let path = both("5000 s RA 51 ack 101", "");
    assert_eq!(told(&path), [(vec![0], vec![(1, Absence::NotCovered)])]);
    let deaf = "c ttl 60\n10 c S 0\n30.1 c A 1 ack 1\n31 c PA 1 ack 1 len 100\n80 c A 101 ack 51";
    let path = Path::of(&[&format!("{CLIENT}45 s RA 51 ack 101"), deaf]);
    assert_eq!(told(&path), [(vec![0], vec![(1, Absence::OneSided)])]);
    // Another conversation of the same hosts tells that the point was awake, and not where this one ends.
    let other = format!("{CLIENT}50 c S 0 flow 1\n70 s RA 3001 ack 1 flow 1\n90 c A 101 ack 51");
    let path = Path::of(&[&other, &format!("{SERVER}100 c A 101 ack 51")]);
    assert_eq!(told(&path), [(vec![0], vec![(1, Absence::Elsewhere)])]);
}

#[test]
fn clocks_are_told_by_packets_of_both_ways() {
    let late = "c ttl 60\ns ttl 64\n5010 c S 0\n5010.1 s SA 0 ack 1\n5030.1 c A 1 ack 1\n5031 c PA 1 ack 1 len 100\n5031.1 s PA 1 ack 101 len 50";
    let compared = Path::of(&[CLIENT, late]).compared();
    let clock = compared.clocks.of(1);
    let millis = |duration: Option<crate::tcp::Duration>| duration.map(|one| one.0 / 1_000_000);
    assert_eq!(millis(clock.offset), Some(5000));
    assert_eq!(millis(clock.uncertainty), Some(9));
    assert_eq!((clock.to_server, clock.to_client, clock.unsteady), (3, 2, false));
    // Packets of one way bound it from one side only.
    let one_way: String = CLIENT.lines().filter(|line| !line.contains(" s ")).map(|line| format!("{line}\n")).collect();
    let clock = Path::of(&[&one_way, late]).compared().clocks.of(1);
    assert_eq!((millis(clock.offset), clock.uncertainty), (Some(5010), None));
    // Nothing in common.
    assert_eq!(Path::of(&[CLIENT, "0 c S 7777"]).compared().clocks.of(1).offset, None);
}

#[test]
fn translated_connections_are_found_by_their_numbers() {
    let translate = |point: usize, segment: &mut Segment| {
        for end in [&mut segment.source, &mut segment.destination] {
            if point == 1 && end.port != 443 {
                *end = crate::tcp::Endpoint::v4([203, 0, 113, 7], 1024);
            }
        }
    };
    for (client, server) in [
        (CLIENT, SERVER),
        // The server's capture began late.
        (CLIENT, "c ttl 60\ns ttl 64\n31 c PA 1 ack 1 len 100\n31.1 s PA 1 ack 101 len 50\n"),
    ] {
        let compared = Path::seen(&[client, server], translate).compared();
        assert_eq!(compared.connections.len(), 1);
        assert!(compared.connections[0].is_matched());
        let addresses = compared.differences.iter().filter(|one| one.kind == Kind::Addresses).count();
        assert_eq!(addresses, 1, "{:?}", compared.differences);
    }
    // Another connection that goes to the same server at the same time.
    let other = SERVER.replace(" S 0", " S 5000").replace("c A 1", "c A 5001").replace("c PA 1", "c PA 5001");
    let other =
        other.replace("ack 101", "ack 5101").replace("SA 0 ack 1", "SA 70000 ack 5001").replace("s PA 1", "s PA 70001");
    let compared = Path::seen(&[CLIENT, &other], translate).compared();
    assert_eq!(compared.connections.len(), 2);
}

#[test]
fn another_connection_of_the_same_ports_is_another() {
    let again = SERVER.replace(" S 0", " S 900000").replace("ack 1\n", "ack 900001\n");
    let compared = Path::of(&[CLIENT, &again]).compared();
    assert!(compared.connections.iter().all(|connection| !connection.is_matched()));
}

#[test]
fn what_changed_on_the_way_is_told_once_a_kind() {
    let path = Path::seen(&[CLIENT, SERVER], |point, segment| {
        if point == 1 && segment.flags.syn() {
            segment.options.set_mss(1360);
        }
    });
    let kinds: Vec<(Kind, bool)> = path.compared().differences.iter().map(|one| (one.kind, one.to_server)).collect();
    assert_eq!(kinds, [(Kind::Ttl, true), (Kind::Ttl, false), (Kind::Mss, true), (Kind::Mss, false)]);
    // Sent again because it was lost between the points.
    let path = both("60 c PA 101 ack 51 len 7\n300 c PA 108 ack 51 len 9", "310 c PA 108 ack 51 len 9");
    let lost: Vec<(Kind, u64)> = path
        .compared()
        .differences
        .iter()
        .filter(|one| one.kind < Kind::Addresses)
        .map(|one| (one.kind, one.packets))
        .collect();
    assert_eq!(lost, [(Kind::NotReceived, 1)]);
    // One of two copies arrived.
    let twice = "60 c PA 101 ack 51 len 7 id 9\n300 c PA 101 ack 51 len 7 id 10";
    let path = both(twice, "310 c PA 101 ack 51 len 7 id 10");
    let lost = path.compared().differences.into_iter().find(|one| one.kind == Kind::NotReceived);
    assert_eq!(lost.map(|one| (one.packets, one.to_server)), Some((1, true)));
}

#[test]
fn nothing_to_compare_is_no_trouble() {
    for traces in [&["", ""][..], &[CLIENT, ""], &["", SERVER], &["0 s R 5", "0 s R 5"], &[CLIENT, CLIENT, CLIENT]] {
        let compared = Path::of(traces).compared();
        assert!(compared.passages.iter().count() <= 1);
    }
}

/// The verdicts on the resets of a point's only flow, beside those of the others.
fn judged(path: &Path, point: usize) -> Vec<Judged> {
    let compared = path.compared();
    let (flows, timelines) = (&path.flows[point], &path.timelines[point]);
    let surroundings = Surroundings::of(flows, timelines, 1);
    let flow = flows.iter().next().expect("a flow");
    let timeline = timelines.get(flow.id).expect("its segments");
    judge(&Case::new(flow, timeline, &surroundings, flows.end).beside(&compared.passages))
}

#[test]
fn proof_outweighs_what_the_packet_looks_like() {
    // Everything about it is the server's: its TTL, its number, its form.
    let forged = both("62 s RA 51 ack 101", "80 c A 101 ack 51");
    let verdict = judged(&forged, 0).pop().expect("a reset");
    assert_eq!((verdict.sender, verdict.confidence), (Sender::Middlebox, Some(Confidence::Certain)));
    assert_eq!(clue(&verdict, "other_capture").map(|piece| piece.weight), Some(Weight::Decisive));
    // Where the server's capture may have lost it, only the packet speaks.
    let lost = SERVER.replace("31.1 s PA 1 ack 101 len 50\n", "");
    let path = Path::of(&[&format!("{CLIENT}62 s RA 51 ack 101"), &format!("{lost}80 c A 101 ack 51")]);
    let verdict = judged(&path, 0).pop().expect("a reset");
    assert_eq!(verdict.sender, Sender::Server);
    assert!(clue(&verdict, "other_capture").is_none());
}

#[test]
fn what_left_the_host_is_the_hosts() {
    let path = both("62 s RA 51 ack 101", "51.9 s RA 51 ack 101");
    let verdict = judged(&path, 1).pop().expect("a reset");
    assert_eq!((verdict.sender, verdict.confidence), (Sender::Server, Some(Confidence::Certain)));
    assert_eq!(clue(&verdict, "other_capture").map(|piece| piece.weight), Some(Weight::Decisive));
    // At the client it is no piece of evidence of its own: it is judged where it was seen first.
    assert!(clue(&judged(&path, 0).pop().expect("a reset"), "other_capture").is_none());
    // Further out, something before that place may have made it.
    let routed = |text: &str| text.replace("s ttl 64", "s ttl 61").replace("s ttl 60", "s ttl 58");
    let path = Path::of(&[
        &format!("{}62 s RA 51 ack 101", routed(CLIENT)),
        &format!("{}51.9 s RA 51 ack 101", routed(SERVER).replace("31.1", "35").replace("10.1", "15")),
    ]);
    let verdict = judged(&path, 1).pop().expect("a reset");
    assert_eq!(clue(&verdict, "other_capture").map(|piece| piece.weight), Some(Weight::Weak));
}
