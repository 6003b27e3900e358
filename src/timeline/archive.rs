use std::collections::BTreeMap;

use super::gather::Timelines;
use super::sighting::Timeline;

/// What was gathered of flows that were judged while the capture went on, in bounded memory: of the flows that began last.
///
/// In a flood the recent past is short, and what a first verdict rested on is not recorded any more at the second one.
#[derive(Default)]
pub struct Archive {
    by_id: BTreeMap<u64, Timeline>,
    octets: usize,
    limit: usize,
}

impl Archive {
    /// Keeps at most so many octets.
    pub fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Keeps what was gathered of a flow, and [completes](Self::complete) it by what was gathered earlier.
    pub fn keep(&mut self, id: u64, timelines: &mut Timelines) {
        let before = self.by_id.remove(&id);
        self.octets -= before.as_ref().map_or(0, octets);
        let Some(timeline) = timelines.entry(id) else { return };
        if let Some(before) = before {
            complete(timeline, before);
        }
        self.octets += octets(timeline);
        self.by_id.insert(id, timeline.clone());
        while self.octets > self.limit
            && let Some((_, oldest)) = self.by_id.pop_first()
        {
            self.octets -= octets(&oldest);
        }
    }

    /// Adds to each what was gathered earlier and is not recorded any more.
    pub fn complete(self, timelines: &mut Timelines) {
        for (id, before) in self.by_id {
            if let Some(timeline) = timelines.entry(id) {
                complete(timeline, before);
            }
        }
    }
}

/// Puts what was gathered earlier in front of what came since, where the beginning of it is not recorded any more.
fn complete(timeline: &mut Timeline, mut before: Timeline) {
    let first = |timeline: &Timeline| timeline.sightings.first().map(|sighting| sighting.frame());
    let Some(begun) = first(&before) else { return };
    if first(timeline).is_some_and(|first| first <= begun) {
        return;
    }
    let last = before.sightings.last().map(|sighting| sighting.frame());
    let since = timeline.sightings.partition_point(|sighting| Some(sighting.frame()) <= last);
    let mut added = timeline.sightings.split_off(since);
    // Without a segment that both have, nobody knows what passed between.
    if let Some(next) = added.first_mut().filter(|_| since == 0) {
        next.after_gap = true;
    }
    before.sightings.append(&mut added);
    before.left_out = before.left_out.max(timeline.left_out);
    *timeline = before;
}

fn octets(timeline: &Timeline) -> usize {
    size_of::<(u64, Timeline)>() + timeline.octets()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::testing::trace;
    use crate::flow::{FlowTable, Flows, Limits};
    use crate::tcp::Segment;
    use crate::timeline::{Depth, Gathering};

    fn flows(segments: &[Segment]) -> Flows {
        let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
        let mut keyer = table.keyer();
        segments.iter().for_each(|segment| table.segments(&[*segment], &[keyer.key(segment)]));
        table.finish()
    }

    /// What is gathered of these segments where others are not recorded any more.
    fn gathered(flows: &Flows, segments: &[Segment]) -> Timelines {
        let mut gathering = Gathering::new(1 << 20);
        flows.iter().for_each(|flow| {
            gathering.want(flow, Depth::Whole);
        });
        segments.iter().for_each(|segment| gathering.take(*segment, &crate::decode::View::default(), &[]));
        gathering.finish()
    }

    fn frames(timelines: &Timelines) -> Vec<(u64, bool)> {
        let timeline = timelines.get(1).expect("it was wanted");
        timeline.sightings.iter().map(|one| (one.frame().get(), one.after_gap)).collect()
    }

    #[test]
    fn what_left_the_past_is_kept_and_what_came_since_is_added() {
        let text = "0 c S 0\n1 s SA 0 ack 1\n2 c A 1 ack 1\n3 s RA 1 ack 1\n4 c A 1 ack 1\n5 s R 1\n";
        let segments = trace(text);
        let flows = flows(&segments);
        let whole: Vec<(u64, bool)> = (1..=6).map(|frame| (frame, false)).collect();
        for (at_first, at_last, gap) in
            [(0..4, 0..6, None), (0..4, 2..6, None), (0..4, 5..6, Some(6)), (0..4, 6..6, None)]
        {
            let mut archive = Archive::new(1 << 20);
            let mut first = gathered(&flows, &segments[at_first.clone()]);
            archive.keep(1, &mut first);
            assert_eq!(frames(&first), whole[at_first]);
            let mut last = gathered(&flows, &segments[at_last.clone()]);
            archive.keep(1, &mut last);
            let told = |frame: u64| frame <= 4 || at_last.contains(&(frame as usize - 1));
            let expected: Vec<(u64, bool)> =
                (1..=6).filter(|&frame| told(frame)).map(|frame| (frame, gap == Some(frame))).collect();
            assert_eq!(frames(&last), expected, "{at_last:?}");
            let mut end = gathered(&flows, &[]);
            archive.complete(&mut end);
            assert_eq!(frames(&end), expected, "{at_last:?}, at the end");
        }
    }

    #[test]
    fn memory_is_bounded_and_the_flows_that_began_first_leave() {
        let text: String =
            (0..100).map(|flow| format!("{flow} c S 0 flow {flow}\n{flow}.5 s RA 0 ack 1 flow {flow}\n")).collect();
        let segments = trace(&text);
        let flows = flows(&segments);
        let mut archive = Archive::new(20_000);
        let mut timelines = gathered(&flows, &segments);
        for id in 1..=100 {
            archive.keep(id, &mut timelines);
            archive.keep(id, &mut timelines);
            assert!(archive.octets <= archive.limit);
        }
        let kept: Vec<u64> = archive.by_id.keys().copied().collect();
        assert_eq!(kept, (101 - kept.len() as u64..=100).collect::<Vec<_>>());
        assert_eq!(archive.octets, archive.by_id.values().map(octets).sum::<usize>());
    }
}
