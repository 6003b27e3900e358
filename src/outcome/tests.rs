//! Outcomes by state and event.

use super::*;
use crate::attribution::{self, Case};
use crate::flow::{FlowTable, Flows, Limits, Way};
use crate::knowledge::errors::Errno::{self, *};
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
    let keyer = table.keyer();
    for event in events {
        match &event.packet {
            Packet::Segment(segment) => table.segments(&[*segment], &[keyer.key(segment)]),
            Packet::Icmp(error) => table.icmp_error(error),
        }
    }
    table.finish()
}

fn sighting(segment: &Segment, way: Way) -> Sighting {
    Sighting {
        segment: *segment,
        way,
        copy: false,
        after_gap: false,
        link_source: None,
        direction: None,
        flow_label: None,
        payload: Box::default(),
    }
}

/// The outcome of the one flow of a trace.
fn outcome(text: &str) -> Option<Outcome> {
    let events = trace::parse(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"));
    let flows = follow(&events);
    let flow = flows.iter().next().expect("a flow");
    let forward = flow.stream.endpoints.forward;
    let way = |segment: &Segment| if segment.source == forward { Way::Forward } else { Way::Back };
    let sightings = events.iter().filter_map(Event::segment).map(|one| sighting(one, way(one))).collect();
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
            "after its own FIN",
            "20 c PA 1 ack 1 len 20\n 20.1 c FA 21 ack 1\n 30 s A 1 ack 22\n 50 s RA 1 ack 22",
            (Some(Econnreset), None),
        ),
        ("after both FINs", "20 c FA 1 ack 1\n 30 s FA 1 ack 2\n 41 c A 2 ack 2\n 90 s RA 2 ack 2", (None, None)),
        (
            "two aborts that cross",
            "20 c PA 1 ack 1 len 9\n 30 s PA 1 ack 10 len 9\n 41 c A 10 ack 10\n \
          70 s RA 10 ack 10\n 71 c RA 10 ack 10",
            (None, None),
        ),
        ("outside the window", "20 c PA 1 ack 1 len 9\n 25 s RA 99999999 ack 10\n 30 s A 1 ack 10", (None, None)),
        ("in the window but not exact", "20 c PA 1 ack 1 len 9\n 25 s R 200\n 30 s A 1 ack 10", (None, None)),
        ("before the handshake's end", "", (None, None)),
    ] {
        if rest.is_empty() {
            continue;
        }
        assert_eq!(errors(&after_handshake(rest)), expected, "{what}");
    }
}
