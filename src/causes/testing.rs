//! The flows of a trace, judged and diagnosed: what tests of causes ask.

use super::{Around, Diagnosis, Fate, Story, benign, diagnose};
use crate::attribution::{Case, judge};
use crate::decode::{LinkAddress, View};
use crate::flow::{FlowTable, Limits};
use crate::surroundings::Surroundings;
use crate::timeline::{Depth, Gathering};
use crate::trace::{self, Packet};

/// What is concluded about one flow.
pub(crate) struct Concluded {
    pub diagnosis: Option<Diagnosis>,
    pub benign: Option<String>,
    pub fate: Fate,
}

/// What is concluded about the flows of a trace, in the order in which they began, and what they say about each other.
pub(crate) fn conclude(text: &str) -> (Vec<Concluded>, Around) {
    let events = trace::parse(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"));
    let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
    let keyer = table.keyer();
    for event in &events {
        match &event.packet {
            Packet::Icmp(error) => table.icmp_error(error),
            Packet::Segment(segment) => table.segments(&[*segment], &[keyer.key(segment)]),
        }
    }
    let flows = table.finish();
    let mut gathering = Gathering::new(1 << 24);
    flows.iter().for_each(|flow| gathering.want(flow, Depth::Whole));
    for event in &events {
        if let Some(segment) = event.segment() {
            let device = event.device.and_then(|device| LinkAddress::new(&[2, 0, 0, 0, 0, device]));
            let view = View { link_source: device, payload: Some(0..event.payload.len()), ..View::default() };
            gathering.take(*segment, &view, &event.payload);
        }
    }
    let timelines = gathering.finish();
    let surroundings = Surroundings::of(&flows, &timelines);
    let mut judged: Vec<_> = flows
        .iter()
        .map(|flow| {
            let timeline = timelines.get(flow.id).expect("all flows are gathered");
            let case = Case::new(flow, timeline, &surroundings, flows.end);
            let resets = judge(&case);
            (case, resets)
        })
        .collect();
    judged.sort_by_key(|(case, _)| case.flow.first_frame);
    let mut around = Around::default();
    judged.iter().for_each(|(case, resets)| around.learn(&Story::new(case, resets)));
    let concluded = judged.iter().map(|(case, resets)| {
        let story = Story::new(case, resets);
        let diagnosis = diagnose(&story, &around);
        let benign = benign(&story, diagnosis.as_ref(), &around);
        let fate = Fate::of(&story, diagnosis.as_ref(), benign.is_some());
        Concluded { diagnosis, benign: benign.map(Into::into), fate }
    });
    (concluded.collect(), around)
}
