use bytes::Bytes;

use crate::decode::{Direction, LinkAddress, View};
use crate::flow::Way;
use crate::tcp::{FrameNumber, Segment, Timestamp};

/// One segment of a flow as it was captured.
#[derive(Clone, Debug, PartialEq)]
pub struct Sighting {
    /// Its headers.
    pub segment: Segment,
    /// Which way it went.
    pub way: Way,
    /// It is a further copy of a packet captured before.
    pub copy: bool,
    /// Segments between the one before and this one were left out.
    pub after_gap: bool,
    /// Source address of its link header.
    pub link_source: Option<LinkAddress>,
    /// Which way it went at the capturing host.
    pub direction: Option<Direction>,
    /// IPv6 flow label.
    pub flow_label: Option<u32>,
    /// The first octets of its data, as far as they were captured and kept; of a mapped file they stay where they are.
    pub payload: Bytes,
}

impl Sighting {
    /// A sighting of `segment` with these octets of data.
    #[inline]
    pub(super) fn new(segment: &Segment, way: Way, view: &View, payload: Bytes) -> Self {
        Self {
            segment: *segment,
            way,
            copy: false,
            after_gap: false,
            link_source: view.link_source,
            direction: view.direction,
            flow_label: view.flow_label,
            payload,
        }
    }

    /// Its frame.
    pub fn frame(&self) -> FrameNumber {
        self.segment.frame
    }

    /// When it was captured.
    pub fn time(&self) -> Option<Timestamp> {
        self.segment.time
    }

    /// Whether it is neither a reset nor a copy of another packet.
    pub fn is_ordinary(&self) -> bool {
        !self.copy && !self.segment.flags.rst()
    }
}

/// The segments of one flow in capture order: its first ones, those around its resets, and its last ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// The segments.
    pub sightings: Vec<Sighting>,
    /// How many were left out.
    pub left_out: u64,
}

impl Timeline {
    /// The place of the segment in this frame.
    pub fn place_of(&self, frame: FrameNumber) -> Option<usize> {
        self.sightings.binary_search_by_key(&frame, Sighting::frame).ok()
    }

    /// Octets that its segments take.
    pub(super) fn octets(&self) -> usize {
        self.sightings.iter().map(Sighting::octets).sum::<usize>()
    }

    /// The segments before a place, latest first.
    pub fn before(&self, place: usize) -> impl Iterator<Item = &Sighting> + Clone {
        self.sightings.get(..place).unwrap_or_default().iter().rev()
    }

    /// The segments after a place.
    pub fn after(&self, place: usize) -> impl Iterator<Item = &Sighting> {
        self.sightings.get(place + 1..).unwrap_or_default().iter()
    }
}
