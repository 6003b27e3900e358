use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::flow::Flow;
use crate::tcp::{Endpoint, FrameNumber, PathId, Segment};

/// Finds the flow of a segment on another look at a capture, when the flow table is no longer at work.
#[derive(Default)]
pub struct Members {
    by_ends: HashMap<(Endpoint, Endpoint), Vec<u32>, RandomState>,
    flows: Vec<Member>,
}

struct Member {
    id: u32,
    ipv6: bool,
    paths: Vec<PathId>,
    first: FrameNumber,
    last: FrameNumber,
}

impl Members {
    /// Takes in a flow; its place is the number of those before.
    pub fn add(&mut self, flow: &Flow) {
        let (forward, back) = (flow.stream.endpoints.forward, flow.stream.endpoints.back);
        let mut paths = vec![flow.stream.paths.forward, flow.stream.paths.back];
        paths.extend(flow.detail.iter().flat_map(|detail| &detail.other_paths));
        let place = u32::try_from(self.flows.len()).unwrap_or(u32::MAX);
        self.by_ends.entry((forward.min(back), forward.max(back))).or_default().push(place);
        let (first, last) = (flow.first_frame, flow.stream.last_frame);
        self.flows.push(Member { id: flow.id, ipv6: flow.stream.ipv6, paths, first, last });
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// The place of the flow that has this segment.
    pub fn place_of(&self, segment: &Segment) -> Option<usize> {
        let (one, other) = (segment.source, segment.destination);
        let candidates = self.by_ends.get(&(one.min(other), one.max(other)))?;
        let fits = |&&index: &&u32| {
            self.flows
                .get(index as usize)
                .is_some_and(|flow| flow.ipv6 == segment.ipv6 && (flow.first..=flow.last).contains(&segment.frame))
        };
        let on_path =
            |&&index: &&u32| self.flows.get(index as usize).is_some_and(|flow| flow.paths.contains(&segment.path));
        let mut fitting = candidates.iter().filter(fits);
        let index = fitting.clone().find(on_path).or_else(|| fitting.next())?;
        Some(*index as usize)
    }

    /// The identifier of the flow that has this segment.
    pub fn flow_of(&self, segment: &Segment) -> Option<u32> {
        self.place_of(segment).and_then(|place| self.flows.get(place)).map(|flow| flow.id)
    }
}
