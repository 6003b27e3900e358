use crate::flow::{EndsHasher, Flow};
use crate::tcp::{Endpoint, FrameNumber, PathId, Segment};

/// How much of a flow is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Nothing beyond what following it told: its hosts are known by it.
    Profile,
    /// The first data of who began it, for the name that it asks for.
    Opening,
    /// All that may explain how it ended, too.
    Whole,
}

/// Finds the flow of a segment on another look at a capture, when the flow table is no longer at work.
///
/// Most segments that are asked for have none. Their question must end at a place of the table that is free or bears
/// another tag, without a look at any flow.
#[derive(Default)]
pub struct Members {
    hasher: EndsHasher,
    /// Open addressing; a power of two, at most half of them taken.
    slots: Vec<Slot>,
    flows: Vec<Member>,
    /// Places of flows with the same ends, in the order of their first frames.
    several: Vec<Vec<u32>>,
}

/// Flows with the same ends that may be under way at once, told apart by VLAN or tunnel: more than the flow table tells apart.
const MOST_AT_ONCE: usize = 128;

#[derive(Clone, Copy)]
struct Slot {
    tag: u32,
    /// The place of the flow with these ends, or [`SEVERAL`] and an index; [`NONE`] where the slot is free.
    flow: u32,
}

const NONE: u32 = u32::MAX;
const SEVERAL: u32 = 1 << 31;
const FREE: Slot = Slot { tag: 0, flow: NONE };

struct Member {
    ends: (Endpoint, Endpoint),
    first: FrameNumber,
    last: FrameNumber,
    paths: (PathId, PathId),
    id: u64,
    ipv6: bool,
    depth: Depth,
    other_paths: Box<[PathId]>,
}

impl Members {
    /// Takes in a flow; its place is the number of those before.
    pub fn add(&mut self, flow: &Flow, depth: Depth) {
        let stream = &flow.stream;
        let ends = ends(stream.endpoints.forward, stream.endpoints.back);
        let place = u32::try_from(self.flows.len()).unwrap_or(NONE);
        if (self.flows.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let other_paths = flow.detail.iter().flat_map(|detail| &detail.other_paths).copied().collect();
        let first = flow.first_frame;
        self.flows.push(Member {
            ends,
            first,
            last: stream.last_frame,
            paths: (stream.paths.forward, stream.paths.back),
            id: flow.id,
            ipv6: stream.ipv6,
            depth,
            other_paths,
        });
        let hash = self.hasher.hash(ends.0, ends.1);
        let slot = self.slot_of(hash, ends);
        let Some(slot) = self.slots.get_mut(slot) else { return };
        if slot.flow == NONE {
            *slot = Slot { tag: tag(hash), flow: place };
            return;
        }
        if slot.flow & SEVERAL == 0 {
            self.several.push(vec![slot.flow]);
            slot.flow = SEVERAL | u32::try_from(self.several.len() - 1).unwrap_or(NONE);
        }
        if let Some(several) = self.several.get_mut((slot.flow ^ SEVERAL) as usize) {
            let flows = &self.flows;
            let at = several.partition_point(|&other| flows.get(other as usize).is_some_and(|one| one.first <= first));
            several.insert(at, place);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// How much is wanted of the flow in this place.
    pub fn depth(&self, place: usize) -> Depth {
        self.flows.get(place).map_or(Depth::Profile, |flow| flow.depth)
    }

    /// The place of the flow that has this segment.
    #[inline]
    pub fn place_of(&self, segment: &Segment) -> Option<usize> {
        let ends = ends(segment.source, segment.destination);
        let slot = self.slots.get(self.slot_of(self.hasher.hash(ends.0, ends.1), ends))?;
        if slot.flow & SEVERAL == 0 {
            let place = slot.flow as usize;
            return self.flows.get(place).is_some_and(|member| member.may_have(segment)).then_some(place);
        }
        self.place_among(self.several.get((slot.flow ^ SEVERAL) as usize)?, segment)
    }

    /// That of several flows with the same ends: one that took this path, before others the oldest.
    #[cold]
    fn place_among(&self, several: &[u32], segment: &Segment) -> Option<usize> {
        let member = |place: u32| self.flows.get(place as usize);
        let begun = several.partition_point(|&place| member(place).is_some_and(|one| one.first <= segment.frame));
        let latest = several.get(begun.saturating_sub(MOST_AT_ONCE)..begun)?;
        let mut fitting =
            latest.iter().copied().filter(|&place| member(place).is_some_and(|one| one.may_have(segment)));
        let on_path = |&place: &u32| member(place).is_some_and(|one| one.knows_path(segment.path));
        let place = fitting.clone().find(on_path).or_else(|| fitting.next())?;
        Some(place as usize)
    }

    /// The identifier of the flow that has this segment.
    pub fn flow_of(&self, segment: &Segment) -> Option<u64> {
        self.place_of(segment).and_then(|place| self.flows.get(place)).map(|flow| flow.id)
    }

    /// The slot of the flows with these ends, or the free one where the search for them stops.
    #[inline]
    fn slot_of(&self, hash: u64, ends: (Endpoint, Endpoint)) -> usize {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        while let Some(slot) = self.slots.get(at) {
            if slot.flow == NONE || (slot.tag == tag(hash) && self.ends_of(*slot) == Some(ends)) {
                break;
            }
            at = (at + 1) & mask;
        }
        at
    }

    fn ends_of(&self, slot: Slot) -> Option<(Endpoint, Endpoint)> {
        let place = match slot.flow {
            NONE => return None,
            flow if flow & SEVERAL == 0 => flow,
            several => *self.several.get((several ^ SEVERAL) as usize)?.first()?,
        };
        Some(self.flows.get(place as usize)?.ends)
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        let old = std::mem::replace(&mut self.slots, vec![FREE; size]);
        for slot in old {
            let Some(ends) = self.ends_of(slot) else { continue };
            let place = self.slot_of(self.hasher.hash(ends.0, ends.1), ends);
            if let Some(free) = self.slots.get_mut(place) {
                *free = slot;
            }
        }
    }
}

impl Member {
    #[inline]
    fn may_have(&self, segment: &Segment) -> bool {
        self.ipv6 == segment.ipv6 && (self.first..=self.last).contains(&segment.frame)
    }

    fn knows_path(&self, path: PathId) -> bool {
        self.paths.0 == path || self.paths.1 == path || self.other_paths.contains(&path)
    }
}

fn ends(one: Endpoint, other: Endpoint) -> (Endpoint, Endpoint) {
    (one.min(other), one.max(other))
}

/// The half of a hash that its place in the table says least about.
#[inline]
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}
