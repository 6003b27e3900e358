//! Outcomes by state and event.

use super::*;
use crate::attribution::testing::Scene;
use crate::attribution::{self, Case};
use crate::flow::{FlowTable, Flows, Limits, Way};
use crate::knowledge::errors::Errno::{
    self, Eacces, Econnrefused, Econnreset, Ehostunreach, Enetunreach, Epipe, Etimedout,
};
use crate::surroundings::Surroundings;
use crate::tcp::Segment;
use crate::timeline::{Sighting, Timeline};
use crate::trace::{self, Event, Packet};

const HANDSHAKE: &str = "
    0  c S  0 wscale 7
    10 s SA 0 ack 1 wscale 7 id 0
    11 c A  1 ack 1
";

fn follow(events: &[Event]) -> Flows {
    let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
    let mut keyer = table.keyer();
    for event in events {
        match &event.packet {
            Packet::Segment(segment) => table.segments(&[*segment], &[keyer.key(segment)]),
            Packet::Icmp(error) => table.icmp_error(error),
        }
    }
    table.finish()
}

fn sighting(segment: &Segment, way: Way, payload: &[u8]) -> Sighting {
    Sighting {
        segment: *segment,
        way,
        copy: false,
        after_gap: false,
        link_source: None,
        direction: None,
        flow_label: None,
        payload: payload.to_vec().into(),
    }
}

/// The outcome of the one flow of a trace.
fn outcome(text: &str) -> Option<Outcome> {
    let events = trace::parse(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"));
    let flows = follow(&events);
    let flow = flows.iter().next().expect("a flow");
    let forward = flow.stream.endpoints.forward;
    let way = |segment: &Segment| if segment.source == forward { Way::Forward } else { Way::Back };
    let segments = events.iter().filter_map(|event| Some((event.segment()?, &event.payload)));
    let sightings = segments.map(|(one, payload)| sighting(one, way(one), payload)).collect();
    let timeline = Timeline { sightings, left_out: 0 };
    let surroundings = Surroundings::default();
    let case = Case::new(flow, &timeline, &surroundings, flows.end);
    let judged = attribution::judge(&case);
    of(&Story::new(&case, &judged))
}

/// That of a handshake and what follows it.
fn after_handshake(rest: &str) -> Outcome {
    outcome(&format!("{HANDSHAKE}{rest}")).expect("an outcome")
}

fn errors(outcome: &Outcome) -> (Option<Errno>, Option<Errno>) {
    let errno = |side: &Option<SideOutcome>| side.as_ref().map(|side| side.errno);
    (errno(&outcome.client), errno(&outcome.server))
}

#[test]
fn the_state_of_the_receiver_decides_the_error() {
    for (what, rest, expected) in [
        ("an abort", "25 c PA 1 ack 1 len 20\n 49 s RA 1 ack 21", (Some(Econnreset), None)),
        (
            "an abort by the client",
            "25 c PA 1 ack 1 len 20\n 36 s A 1 ack 21\n 49 c RA 21 ack 1",
            (None, Some(Econnreset)),
        ),
        (
            "after the peer's FIN",
            "20 s FA 1 ack 1\n 30 c A 1 ack 2\n 50 c PA 1 ack 2 len 9\n 60 s R 2",
            (Some(Epipe), None),
        ),
        (
            "after the peer's FIN, and closed before the reset came",
            "20 s FA 1 ack 1\n 25 c PA 1 ack 1 len 9\n 35 s R 1\n 36 c FA 10 ack 2",
            (None, None),
        ),
        (
            "after its own FIN",
            "20 c PA 1 ack 1 len 20\n 20.1 c FA 21 ack 1\n 30 s A 1 ack 22\n 50 s RA 1 ack 22",
            (Some(Econnreset), None),
        ),
        ("after both FINs", "20 c FA 1 ack 1\n 30 s FA 1 ack 2\n 41 c A 2 ack 2\n 90 s RA 2 ack 2", (None, None)),
        (
            "two aborts that cross",
            "20 c PA 1 ack 1 len 9\n 30 s PA 1 ack 10 len 9\n 41 c A 10 ack 10\n 70 s RA 10 ack 10\n 76 c RA 10 ack 10",
            (None, None),
        ),
        (
            "outside the window",
            "20 c PA 1 ack 1 len 9\n 25 s RA 99999999 ack 10\n 30 s A 1 ack 10\n 41 c PA 10 ack 1 len 9",
            (None, None),
        ),
        (
            "in the window but not exact",
            "20 c PA 1 ack 1 len 9\n 25 s R 200\n 30 s A 1 ack 10\n 41 c PA 10 ack 1 len 9",
            (None, None),
        ),
        (
            "the server's host knows the connection no more",
            "20 c PA 1 ack 1 len 9\n 30 s A 1 ack 10\n 9000 c PA 10 ack 1 len 9\n 9010 s R 1",
            (Some(Econnreset), None),
        ),
        (
            "probes without an answer",
            "20 c PA 1 ack 1 len 9\n 30 s A 1 ack 10\n 5000 c A 9 ack 1\n 6000 c A 9 ack 1\n 7000 c A 9 ack 1\n \
             8000 c RA 10 ack 1",
            (Some(Etimedout), Some(Econnreset)),
        ),
        (
            "data without an answer",
            "20 c PA 1 ack 1 len 9\n 320 c PA 1 ack 1 len 9\n 920 c PA 1 ack 1 len 9\n 2120 c PA 1 ack 1 len 9",
            (Some(Etimedout), None),
        ),
        (
            "data without an answer, given up before the peer speaks",
            "20 c PA 1 ack 1 len 9\n 320 c PA 1 ack 1 len 9\n 920 c PA 1 ack 1 len 9\n 9000 s PA 1 ack 1 len 5\n 9001 c R 1",
            (Some(Etimedout), Some(Econnreset)),
        ),
    ] {
        assert_eq!(errors(&after_handshake(rest)), expected, "{what}");
    }
}

/// In a trace the server's 3001 stands for sequence number 0.
#[test]
fn before_the_handshake_is_done_only_the_client_is_told() {
    for (what, text, expected) in [
        ("a refusal", "0 c S 0\n 10 s RA 0 ack 1", (Some(Econnrefused), None)),
        ("a refusal of which only the answer was captured", "10 s RA 3001 ack 1", (Some(Econnrefused), None)),
        ("a reset that acknowledges something else", "0 c S 0\n 10 s RA 0 ack 77", (None, None)),
        ("a scan", "0 c S 0\n 10 s SA 0 ack 1\n 11 c R 1", (None, None)),
        ("a client that gives up", "0 c S 0\n 5 c RA 1", (None, None)),
        ("silence", "0 c S 0\n 1000 c S 0\n 3000 c S 0\n 7000 c S 0", (Some(Etimedout), None)),
        ("ICMP, host", "0 c S 0\n 10 r icmp unreachable host", (Some(Ehostunreach), None)),
        ("ICMP, net", "0 c S 0\n 10 r icmp unreachable net", (Some(Enetunreach), None)),
        ("ICMP, port", "0 c S 0\n 10 r icmp unreachable port", (Some(Econnrefused), None)),
        ("ICMP, prohibited", "0 c S 0\n 10 r icmp unreachable prohibited", (Some(Ehostunreach), None)),
        ("ICMPv6, prohibited", "0 c S 0 v6\n 10 r icmp unreachable prohibited v6", (Some(Eacces), None)),
    ] {
        assert_eq!(errors(&outcome(text).unwrap_or_else(|| panic!("{what}"))), expected, "{what}");
    }
}

/// A device three hops away resets in one name or in both.
const EXCHANGE: &str = "
    20 c PA 1 ack 1 len 9
    30 s PA 1 ack 10 len 9 ttl 50
    41 c A 10 ack 10
    50 c PA 10 ack 10 len 9
";

#[test]
fn a_forged_reset_leaves_both_sides_with_an_error() {
    let handshake = "c ttl 64\n 0 c S 0 wscale 7\n 10 s SA 0 ack 1 wscale 7 id 0 ttl 50\n 11 c A 1 ack 1";
    for (what, rest, expected) in [
        (
            "to both",
            "50.3 s RA 10 ack 19 ttl 61 id 4711\n 50.4 c RA 19 ack 10 ttl 61 id 4712",
            (Some(Econnreset), Some(Econnreset)),
        ),
        (
            "to the client, whose kernel then answers the server",
            "50.3 s RA 10 ack 19 ttl 61 id 4711\n 60 s PA 10 ack 19 len 9 ttl 50\n 60.1 c R 19",
            (Some(Econnreset), Some(Econnreset)),
        ),
        (
            "to the client, and the server has closed",
            "50.3 s RA 10 ack 19 ttl 61 id 4711\n 60 s FA 10 ack 19 ttl 50",
            (Some(Econnreset), None),
        ),
    ] {
        let outcome = outcome(&format!("{handshake}{EXCHANGE}{rest}")).expect("an outcome");
        assert_eq!(errors(&outcome), expected, "{what}");
        assert_eq!(outcome.safe_to_retry, SafeToRetry::Unknown, "{what}");
    }
}

#[test]
fn a_client_that_forgets_at_once_was_reset_out_of_sight() {
    let open = "0 c S 0 wscale 7\n 0.1 s SA 0 ack 1 wscale 7 id 0\n 20 c A 1 ack 1\n 21 c PA 1 ack 1 len 9\n \
                21.1 s PA 1 ack 10 len 9\n 41 c A 10 ack 10\n";
    let far = "c ttl 57\n";
    for (what, text, expected) in [
        ("soon", format!("{far}{open} 300 s PA 10 ack 10 len 9\n 320 c R 10 id 0"), Some(Econnreset)),
        ("late enough to restart", format!("{far}{open} 1300 s PA 10 ack 10 len 9\n 1320 c R 10 id 0"), None),
        (
            "on the host itself",
            "s ttl 57\n 0 c S 0 wscale 7\n 20 s SA 0 ack 1 wscale 7 id 0\n 20.05 c A 1 ack 1\n 21 c PA 1 ack 1 len 9\n \
             41 s PA 1 ack 10 len 9\n 41.05 c A 10 ack 10\n 300 s PA 10 ack 10 len 9\n 300.05 c R 10 id 0"
                .to_owned(),
            None,
        ),
        (
            "by a router, which answers for the address that it translates",
            format!("{far}{open} 300 s PA 10 ack 10 len 9\n 320 c R 10 id 0 ttl 60"),
            Some(Econnreset),
        ),
        (
            "while it waits for an answer",
            format!("{far}{open} 45 c PA 10 ack 10 len 5\n 300 s PA 10 ack 10 len 9\n 320 c R 10 id 0"),
            None,
        ),
    ] {
        let outcome = outcome(&text).unwrap_or_else(|| panic!("{what}"));
        assert_eq!(errors(&outcome).0, expected, "{what}: {outcome:?}");
        let unseen = outcome.client.is_some_and(|client| client.when.contains("did not pass here"));
        assert_eq!(unseen, what == "soon", "{what}");
    }
    // A server's address may have moved to another host.
    let server = "s ttl 57\n 0 c S 0 wscale 7\n 20 s SA 0 ack 1 wscale 7 id 0\n 20.1 c A 1 ack 1\n 21 c PA 1 ack 1 len 9\n \
                  41 s PA 1 ack 10 len 9\n 41.1 c A 10 ack 10\n 300 c PA 10 ack 10 len 9\n 320 s R 10 id 0";
    assert_eq!(errors(&outcome(server).expect("an outcome")), (Some(Econnreset), None));
}

#[test]
fn a_retry_is_safe_where_the_request_did_not_arrive() {
    use SafeToRetry::{Unknown, Yes};
    for (what, rest, delivered, response, lost, safe) in [
        ("no request", "25 s RA 1 ack 1", None, Some(0), Some(0), Yes),
        (
            "a second request that met no connection",
            "20 c PA 1 ack 1 len 100\n 30 s PA 1 ack 101 len 50\n 41 c A 101 ack 51\n 50 c PA 101 ack 51 len 100\n 60 s R 51",
            Some(false),
            Some(0),
            Some(100),
            Yes,
        ),
        (
            "what may be the rest of a request that was under way when the server spoke",
            "20 c PA 1 ack 1 len 100\n 21 c PA 101 ack 1 len 100\n 30 s PA 1 ack 101 len 50\n 32 c PA 201 ack 51 len 100\n 42 s R 51",
            Some(false),
            Some(0),
            None,
            Unknown,
        ),
        (
            "a request that was acknowledged and not answered",
            "20 c PA 1 ack 1 len 100\n 30 s A 1 ack 101\n 90 c A 101 ack 1\n 95 s RA 1 ack 101",
            Some(true),
            Some(0),
            None,
            Unknown,
        ),
        (
            "half a request",
            "20 c A 1 ack 1 len 100\n 20.1 c PA 101 ack 1 len 100\n 30 s A 1 ack 101\n 30.1 s R 1",
            Some(false),
            Some(0),
            Some(100),
            Unknown,
        ),
        (
            "half an answer",
            "20 c PA 1 ack 1 len 100\n 30 s A 1 ack 101 len 1000\n 30.1 s PA 1001 ack 101 len 1000\n 41 c A 101 ack 1001\n \
             41.1 c RA 101 ack 1001",
            Some(true),
            Some(1000),
            Some(1000),
            Unknown,
        ),
        (
            "a whole answer",
            "20 c PA 1 ack 1 len 100\n 30 s PA 1 ack 101 len 700\n 41 c A 101 ack 701\n 900 s RA 701 ack 101",
            Some(true),
            Some(700),
            Some(0),
            Unknown,
        ),
    ] {
        let outcome = after_handshake(rest);
        assert_eq!(outcome.request_delivered, delivered, "{what}: {outcome:?}");
        assert_eq!(outcome.response_bytes_delivered, response, "{what}: {outcome:?}");
        if lost.is_some() {
            assert_eq!(outcome.bytes_lost, lost, "{what}: {outcome:?}");
        }
        assert_eq!(outcome.safe_to_retry, safe, "{what}: {outcome:?}");
    }
}

#[test]
fn a_post_that_was_answered_in_its_middle_is_not_repeated() {
    let head = "POST /order HTTP/1.1\\r\\nHost: a.example\\r\\nContent-Length: 300\\r\\n\\r\\n";
    let end = head.replace('\\', "").len() + 1;
    let answer = "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n";
    let answered = answer.replace('\\', "").len() + 1;
    let outcome = after_handshake(&format!(
        "20 c PA 1 ack 1 data \"{head}\"\n 30 s PA 1 ack {end} data \"{answer}\"\n 41 c PA {end} ack {answered} len 100\n \
         51 s R {answered}"
    ));
    assert_eq!(outcome.safe_to_retry, SafeToRetry::No, "{outcome:?}");
}

#[test]
fn what_is_not_in_the_capture_may_have_been_asked() {
    use SafeToRetry::{Unknown, Yes};
    for (text, safe) in [
        // Only SYN, FIN and RST: the reset acknowledges what the capture does not have.
        ("0 c S 0\n 10 s SA 0 ack 1\n 90 s RA 1 ack 36", Unknown),
        ("0 c S 0\n 10 s SA 0 ack 1\n 90 s R 500", Unknown),
        ("0 c S 0\n 10 s SA 0 ack 1\n 11 c A 1 ack 1\n 90 s RA 1 ack 1", Yes),
        // Numbers of resets that a host made of what it was told, or that none made.
        ("0 c S 0\n 20 s SA 0 ack 500\n 20.1 c R 500", Yes),
        ("c ttl 60\n s ttl 57\n 0 c S 0\n 10 s SA 0 ack 1\n 11 c A 1 ack 1\n 90 s RA 1 ack 900 ttl 62", Yes),
        // The end of a request that began before the capture, and one that came behind an answer.
        ("0 c PA 900 ack 1 len 10\n 11 s R 1", Unknown),
        ("0 c PA 900 ack 1 len 10\n 11 s PA 1 ack 910 len 5\n 12 c PA 910 ack 6 len 10\n 22 s R 6", Yes),
    ] {
        assert_eq!(outcome(text).expect("an outcome").safe_to_retry, safe, "{text}");
    }
}

#[test]
fn a_fin_that_was_not_captured_leaves_a_number() {
    let error = |ack: u32| {
        let text =
            format!("20 c PA 1 ack 1 len 10\n 30 s PA 1 ack 11 len 5\n 41 c PA 11 ack {ack} len 10\n 51 s R {ack}");
        after_handshake(&text).client.map(|side| side.errno)
    };
    // Broken pipe or reset: whether it had come behind the answer.
    assert_eq!((error(6), error(7)), (Some(Errno::Econnreset), None));
}

#[test]
fn what_was_asked_before_an_address_changed_counts() {
    let open = "0 c S 0\n10 s SA 0 ack 1\n11 c A 1 ack 1\n20 c PA 1 ack 1 len 10\n30 s A 1 ack 11\n";
    let answer = "40 s PA 1 ack 11 len 5\n41 c A 11 ack 6\n";
    let found = |text: &str, next: u32| {
        let moved = format!("500 c PA 11 ack {next} len 7 client 9 moved\n520 s R {next} win 0 id 0 client 9 moved");
        let scene = Scene::of(&format!("{text}{moved}"));
        let (case, judged) = (scene.case(1), scene.judged_of(1));
        of(&Story::new(&case, &judged)).expect("an outcome")
    };
    let goes_on = found(open, 1);
    assert_eq!((goes_on.safe_to_retry, goes_on.bytes_lost), (SafeToRetry::Unknown, Some(7)));
    assert!(goes_on.why.contains("as flow 1"), "{}", goes_on.why);
    let another = found(&format!("{open}{answer}"), 6);
    assert_eq!((another.safe_to_retry, another.request_delivered), (SafeToRetry::Yes, Some(false)));
}

#[test]
fn what_lay_unread_is_lost() {
    let outcome = after_handshake("20 c A 1 ack 1 len 500\n 20.1 c PA 501 ack 1 len 400\n 30 s RA 1 ack 901");
    assert_eq!(outcome.bytes_lost, Some(900));
    assert_eq!(outcome.request_delivered, Some(true));
}

#[test]
fn a_connection_that_ended_well_has_no_outcome() {
    let text = format!("{HANDSHAKE} 20 c FA 1 ack 1\n 30 s FA 1 ack 2\n 41 c A 2 ack 2");
    assert_eq!(outcome(&text), None);
}

#[test]
fn what_was_asked_decides_whether_twice_does_harm() {
    use SafeToRetry::{No, Unknown, Yes};
    for (method, answer, safe) in [
        ("GET", "30.2 s A 1 ack 51 data \"HTTP/1.1 200 OK\\r\\nContent-Length: 9999\\r\\n\\r\\n\" len 500", Yes),
        ("GET", "", Yes),
        ("POST", "30.2 s A 1 ack 51 data \"HTTP/1.1 200 OK\\r\\nContent-Length: 9999\\r\\n\\r\\n\" len 500", No),
        ("POST", "", Unknown),
        ("FROB", "", Unknown),
    ] {
        let asked = format!("{method} / HTTP/1.1\\r\\nHost: shop.example\\r\\nContent-Length: 0\\r\\n\\r\\n");
        let octets = asked.replace("\\r", "r").replace("\\n", "n").len();
        let next = if answer.is_empty() { 1 } else { 501 };
        let end = octets + 1;
        let answer = answer.replace("ack 51", &format!("ack {end}"));
        let rest =
            format!("20 c PA 1 ack 1 data \"{asked}\"\n 30 s A 1 ack {end}\n {answer}\n 900 s RA {next} ack {end}");
        let outcome = after_handshake(&rest);
        assert_eq!(outcome.safe_to_retry, safe, "{method}: {outcome:?}");
    }
}
