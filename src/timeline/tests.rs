//! What is kept of a flow by how much of it is wanted.

use super::{Depth, Gathering, Timeline};
use crate::decode::View;
use crate::flow::{FlowTable, Limits};
use crate::trace;

/// What is kept of the one flow of a trace.
fn kept(text: &str, depth: Depth) -> Timeline {
    let events = trace::parse(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"));
    let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
    let keyer = table.keyer();
    let segments = || events.iter().filter_map(|event| Some((*event.segment()?, &event.payload)));
    segments().for_each(|(segment, _)| table.segments(&[segment], &[keyer.key(&segment)]));
    let flows = table.finish();
    let flow = flows.iter().next().expect("a flow");
    let mut gathering = Gathering::new(1 << 20);
    gathering.want(flow, depth);
    for (segment, payload) in segments() {
        let view = View { payload: Some(0..payload.len()), ..View::default() };
        gathering.take(segment, &view, payload);
    }
    gathering.finish().get(flow.id).expect("it was wanted").clone()
}

#[test]
fn the_opening_of_a_flow_has_the_data_of_who_began_it() {
    let text = "0 c S 0\n1 s SA 0 ack 1\n2 c A 1 ack 1\n3 c PA 1 ack 1 data \"one\"\n4 s PA 1 ack 4 data \"answer\"
        5 c PA 4 ack 7 data \"two\"\n6 c PA 7 ack 7 data \"three\"";
    for (depth, expected) in [
        (Depth::Beginning, [""; 7]),
        (Depth::Opening, ["", "", "", "one", "", "two", ""]),
        (Depth::Whole, ["", "", "", "one", "answer", "two", "three"]),
    ] {
        let timeline = kept(text, depth);
        let data: Vec<_> = timeline.sightings.iter().map(|one| String::from_utf8_lossy(&one.payload)).collect();
        assert_eq!(data, expected, "{depth:?}");
    }
}
