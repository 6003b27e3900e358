use super::gather::MOST_PAYLOAD;
use super::members::{Depth, Members};
use crate::capture::Frame;
use crate::decode::{Decoder, View};
use crate::tcp::Segment;

/// Segments handed over at a time, as in the first look.
const SEGMENTS: usize = 1024;

/// Octets of data handed over at a time: what a second-level cache holds beside the rest.
const OCTETS: usize = 256 << 10;

/// Segments of wanted flows as they were found, on their way from the thread that reads to the one that keeps.
#[derive(Default)]
pub struct Found {
    pub(super) segments: Vec<One>,
    /// Their data, one behind the other.
    pub(super) octets: Vec<u8>,
}

pub(super) struct One {
    /// The place of its flow.
    pub(super) place: usize,
    pub(super) segment: Segment,
    /// Its payload lies in the octets.
    pub(super) view: View,
}

impl Found {
    /// Forgets all, and keeps the memory.
    pub fn clear(&mut self) {
        self.segments.clear();
        self.octets.clear();
    }

    /// Whether there is nothing to hand over.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Whether it is time to hand over.
    pub fn is_full(&self) -> bool {
        self.segments.len() >= SEGMENTS || self.octets.len() >= OCTETS
    }

    /// Looks at the next frame.
    #[inline]
    pub fn look(&mut self, members: &Members, decoder: &mut Decoder, frame: &Frame<'_>) {
        let mut place = None;
        let seen = decoder.view(frame, |segment| {
            place = members.place_of(segment);
            place.is_some()
        });
        let (Some((segment, view)), Some(place)) = (seen, place) else { return };
        let start = self.octets.len();
        if members.depth(place) >= Depth::Opening {
            let data = view.payload.clone().and_then(|range| frame.bytes.get(range)).unwrap_or_default();
            self.octets.extend_from_slice(data.get(..MOST_PAYLOAD).unwrap_or(data));
        }
        let view = View { payload: Some(start..self.octets.len()), ..view };
        self.segments.push(One { place, segment, view });
    }
}
