use std::collections::BTreeMap;

use super::gather::Timelines;
use super::sighting::Timeline;

/// The timelines of flows that were judged while the capture went on, in bounded memory: those of the flows that began last.
#[derive(Default)]
pub struct Kept {
    by_id: BTreeMap<u32, Timeline>,
    octets: usize,
    limit: usize,
}

impl Kept {
    /// Keeps at most so many octets.
    pub fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Keeps the timeline of a flow in place of an earlier one.
    pub fn keep(&mut self, id: u32, timeline: &Timeline) {
        self.octets += timeline.octets();
        if let Some(before) = self.by_id.insert(id, timeline.clone()) {
            self.octets -= before.octets();
        }
        while self.octets > self.limit
            && let Some((_, oldest)) = self.by_id.pop_first()
        {
            self.octets -= oldest.octets();
        }
    }

    /// Puts each in place of one that has fewer segments, since what it was made of is not recorded any more.
    pub fn complete(self, timelines: &mut Timelines) {
        for (id, timeline) in self.by_id {
            if timelines.get(id).is_some_and(|other| other.sightings.len() < timeline.sightings.len()) {
                timelines.insert(id, timeline);
            }
        }
    }
}
