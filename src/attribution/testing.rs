//! A capture's worth of flows from a trace, judged: what tests of clues and causes ask.

use super::{Case, Judged, Party, judge};
use crate::decode::{LinkAddress, View};
use crate::evidence::Evidence;
use crate::flow::{Flow, FlowTable, Flows, Limits};
use crate::surroundings::Surroundings;
use crate::tcp::{Segment, Timestamp};
use crate::timeline::{Depth, Gathering, Timelines};
use crate::trace::{self, Packet};

/// What a trace makes of the rooms below this one.
pub(crate) struct Scene {
    pub flows: Flows,
    pub timelines: Timelines,
    pub surroundings: Surroundings,
}

impl Scene {
    /// The scene of a trace in the language of [`crate::trace`].
    pub fn of(text: &str) -> Self {
        Self::seen(text, |_, _| {})
    }

    /// The same; `see` may change what the language has no words for.
    pub fn seen(text: &str, see: impl Fn(&mut Segment, &mut View)) -> Self {
        let events = trace::parse(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"));
        let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
        let mut keyer = table.keyer();
        let mut packets = Vec::new();
        for event in events {
            match event.packet {
                Packet::Icmp(error) => table.icmp_error(&error),
                Packet::Segment(mut segment) => {
                    let device = event.device.and_then(|device| LinkAddress::new(&[2, 0, 0, 0, 0, device]));
                    let data = Some(0..event.payload.len());
                    let mut view = View { link_source: device, payload: data, ..View::default() };
                    see(&mut segment, &mut view);
                    segment.device = view.device();
                    table.segments(&[segment], &[keyer.key(&segment)]);
                    packets.push((segment, view, event.payload));
                }
            }
        }
        let flows = table.finish();
        let mut gathering = Gathering::new(1 << 24);
        for flow in flows.iter() {
            gathering.want(flow, Depth::Whole);
        }
        for (segment, view, payload) in packets {
            gathering.take(segment, &view, &payload);
        }
        let timelines = gathering.finish();
        let surroundings = Surroundings::of(&flows, &timelines, 1);
        Self { flows, timelines, surroundings }
    }

    /// The same in a capture that missed packets all the time.
    pub fn lossy(mut self) -> Self {
        let end = self.flows.end.expect("a time");
        self.surroundings.losses.add(Timestamp::from_nanos(0), end);
        self
    }

    /// The flow that began first, second and so on, from 0.
    pub fn flow(&self, index: usize) -> &Flow {
        let mut flows: Vec<&Flow> = self.flows.iter().collect();
        flows.sort_by_key(|flow| flow.first_frame);
        flows[index]
    }

    /// The case of a flow.
    pub fn case(&self, index: usize) -> Case<'_> {
        let flow = self.flow(index);
        let timeline = self.timelines.get(flow.id).expect("all flows are gathered");
        Case::new(flow, timeline, &self.surroundings, self.flows.end)
    }

    /// The verdicts on the first flow's resets.
    pub fn judged(&self) -> Vec<Judged> {
        self.judged_of(0)
    }

    /// The verdicts on a flow's resets.
    pub fn judged_of(&self, index: usize) -> Vec<Judged> {
        judge(&self.case(index))
    }
}

/// The verdict on the first flow's last reset.
pub(crate) fn verdict(text: &str) -> Judged {
    Scene::of(text).judged().pop().unwrap_or_else(|| panic!("no reset in:\n{text}"))
}

/// What a clue says of a reset.
pub(crate) fn clue<'a>(judged: &'a Judged, name: &str) -> Option<&'a Evidence<Party>> {
    judged.evidence.iter().find(|piece| piece.clue == name)
}
