use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::gather::{BEHIND, FIRST, Gathered, LAST, Room};
use super::log::{Place, Places, Selection};
use super::members::Depth;
use super::sighting::{Sighting, Timeline};
use crate::capture::{Holder, Lookup};
use crate::decode::{Decoder, View};
use crate::flow::Flow;

/// Frames asked for together, so that their cache misses overlap.
const TOGETHER: usize = 32;

/// The same where the first data is enough: it mostly comes right behind the handshake.
const TOGETHER_AT_FIRST: usize = 6;

/// Segments of a list that is used again.
const MOST_REUSED: usize = 512;

/// Looks at the segments of a flow again whenever somebody asks, by where they lie in a mapped file.
///
/// Nothing of a flow is kept between two questions, so that a capture of any size is judged in little memory, and what is
/// judged at the time lies in the cache.
pub struct Again {
    places: LazyLock<Places, Box<dyn FnOnce() -> Places + Send>>,
    /// How much is wanted of the flow with each id.
    depths: Vec<Option<Depth>>,
    /// What threads that are not at work read with.
    idle: Mutex<Idle>,
    /// What a further thread reads with.
    lookup: Lookup,
    decoder: Decoder,
}

/// It is large, and taken out and put back for each flow.
#[allow(clippy::vec_box)]
type Idle = Vec<Box<Reading>>;

/// What a thread reads flows with, one after the other.
struct Reading {
    lookup: Lookup,
    holder: Holder,
    decoder: Decoder,
    /// An empty list with room for the segments of the next flow.
    list: Vec<Sighting>,
}

impl Again {
    /// `decoder` has read the whole capture.
    pub fn new(lookup: Lookup, decoder: &Decoder, selection: Selection, depths: Vec<Option<Depth>>) -> Self {
        let places: Box<dyn FnOnce() -> Places + Send> = Box::new(|| selection.places());
        Self { places: LazyLock::new(places), depths, idle: Mutex::default(), lookup, decoder: decoder.again() }
    }

    /// Finds where all segments lie, as the first question does otherwise.
    pub fn prepare(&self) {
        LazyLock::force(&self.places);
    }

    /// How much is wanted of a flow.
    pub fn depth(&self, flow: &Flow) -> Option<Depth> {
        self.depths.get(flow.id as usize).copied().flatten()
    }

    /// Its segments.
    pub fn whole(&self, flow: &Flow) -> Option<Timeline> {
        (self.depth(flow)? == Depth::Whole).then(|| self.replay(flow, Depth::Whole).finish().timeline)?
    }

    /// Its first data.
    pub fn opening(&self, flow: &Flow) -> Option<Timeline> {
        (self.depth(flow)? >= Depth::Opening)
            .then(|| self.replay(flow, Depth::Opening).opening.map(|opening| *opening))?
    }

    /// Asks for the segments of a flow that will soon be wanted, without waiting for them.
    pub fn ask_ahead(&self, flow: &Flow) {
        self.places.of(flow.id).iter().take(TOGETHER).for_each(|place| self.lookup.prefetch(place.octets()));
    }

    /// Lets go of what lies in front of these flows, so that it does not count as resident memory.
    pub fn release_before(&self, flows: &[&Flow]) {
        if let Some(first) = flows.iter().find_map(|flow| self.places.of(flow.id).first()) {
            self.lookup.release(first.octets());
        }
    }

    /// Lets go of one of so many equal parts of the capture.
    pub fn release_part(&self, part: usize, parts: usize) {
        self.lookup.release_part(part, parts);
    }

    /// Takes the segments of a flow back when they are done with.
    pub fn give_back(&self, mut timeline: Timeline) {
        timeline.sightings.clear();
        // That of a long flow would only lie about.
        if timeline.sightings.capacity() <= MOST_REUSED
            && let Some(reading) = self.idle().last_mut()
        {
            reading.list = timeline.sightings;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replay(&self, flow: &Flow, depth: Depth) -> Gathered {
        let reading = self.idle().pop();
        let mut reading = reading.unwrap_or_else(|| {
            let (lookup, decoder) = (self.lookup.clone(), self.decoder.again());
            Box::new(Reading { holder: lookup.holder(), lookup, decoder, list: Vec::new() })
        });
        let Reading { lookup, holder, decoder, list } = &mut *reading;
        let places = self.places.of(flow.id);
        let mut gathered = Gathered::new(flow, depth);
        gathered.expect(places.len(), list);
        let mut room = Room::endless();
        let mut skips = Skips::new(flow, depth, places);
        let mut at = 0;
        let together = if depth == Depth::Opening { TOGETHER_AT_FIRST } else { TOGETHER };
        'all: for some in places.chunks(together) {
            let touched = some.iter().fold(0, |touched, place| touched ^ lookup.touch(place.octets()));
            std::hint::black_box(touched);
            for place in some {
                let is_left_out = skips.skips(at);
                at += 1;
                if is_left_out {
                    gathered.leave_out();
                    continue;
                }
                let Some(frame) = lookup.frame(place.frame(), place.octets()) else { continue };
                let take = |segment: &_, view: &View| {
                    let data = view.payload.clone().and_then(|range| frame.bytes.get(range)).unwrap_or_default();
                    gathered.take(segment, view, data, |data| holder.hold(data), &mut room);
                };
                decoder.show(&frame, |_| true, take);
                if gathered.has_opening() {
                    break 'all;
                }
            }
        }
        self.idle().push(reading);
        gathered
    }
}

/// Which segments of a long flow would be taken in only to be given up later.
struct Skips {
    /// The places of its resets among its segments, and of its end.
    stops: Vec<usize>,
    /// How many of them have been passed.
    passed: usize,
    /// Segments kept at the beginning, in front of each stop, and behind it.
    kept: (usize, usize, usize),
}

impl Skips {
    fn new(flow: &Flow, depth: Depth, places: &[Place]) -> Self {
        let kept = match depth {
            Depth::Profile => (0, 0, 0),
            Depth::Opening => (usize::MAX, 0, 0),
            Depth::Whole => (FIRST, LAST, BEHIND),
        };
        let all_resets_are_known = flow.detail.as_ref().is_none_or(|detail| detail.resets_not_kept == 0);
        let mut stops = Vec::new();
        if places.len() > kept.0 && all_resets_are_known && !flow.has_copies() {
            let frames = flow.resets().iter().map(|reset| reset.segment.frame);
            stops.extend(frames.filter_map(|frame| places.binary_search_by_key(&frame, Place::frame).ok()));
            stops.push(places.len());
        }
        Self { stops, passed: 0, kept }
    }

    /// Whether the segment in this place, the next one in order, is given up.
    #[inline]
    fn skips(&mut self, at: usize) -> bool {
        let Some(&stop) = self.stops.get(self.passed) else { return false };
        if at == stop {
            self.passed += 1;
            return false;
        }
        let (first, before, behind) = self.kept;
        let latest = self.passed.checked_sub(1).and_then(|latest| self.stops.get(latest));
        at >= first && at + before < stop && latest.is_none_or(|latest| at - latest > behind)
    }
}
