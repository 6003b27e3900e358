use std::collections::BTreeMap;

use super::gather::Timelines;
use super::profile::Profile;
use super::sighting::Timeline;

/// What was gathered of flows that were judged while the capture went on, in bounded memory: of the flows that began last.
#[derive(Default)]
pub struct Archive {
    by_id: BTreeMap<u64, (Profile, Timeline)>,
    octets: usize,
    limit: usize,
}

impl Archive {
    /// Keeps at most so many octets.
    pub fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Keeps what was gathered of a flow in place of what was gathered earlier.
    pub fn keep(&mut self, id: u64, timelines: &Timelines) {
        let Some((profile, timeline)) = timelines.profile(id).zip(timelines.get(id)) else { return };
        self.octets += octets(timeline);
        if let Some((_, before)) = self.by_id.insert(id, (profile.clone(), timeline.clone())) {
            self.octets -= octets(&before);
        }
        while self.octets > self.limit
            && let Some((_, (_, oldest))) = self.by_id.pop_first()
        {
            self.octets -= octets(&oldest);
        }
    }

    /// Puts each in place of one with fewer segments, since what it was made of is not recorded any more.
    pub fn complete(self, timelines: &mut Timelines) {
        for (id, (profile, timeline)) in self.by_id {
            if let Some(entry) = timelines.entry(id)
                && entry.1.as_ref().is_some_and(|other| other.sightings.len() < timeline.sightings.len())
            {
                *entry = (profile, Some(timeline));
            }
        }
    }
}

fn octets(timeline: &Timeline) -> usize {
    size_of::<(u64, Profile, Timeline)>() + timeline.octets()
}
