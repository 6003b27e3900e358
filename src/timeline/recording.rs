use std::collections::VecDeque;

use super::gather::{Gathering, MOST_PAYLOAD};
use crate::capture::Frame;
use crate::decode::{DecodeLimits, Decoder, View};
use crate::tcp::{FrameNumber, Segment};

/// The recent past of a capture that cannot be read again, in bounded memory.
pub struct Recording {
    decoder: Decoder,
    kept: VecDeque<Recorded>,
    octets: usize,
    limit: usize,
    /// Segments that had to leave.
    pub left_out: u64,
}

struct Recorded {
    segment: Segment,
    view: View,
    payload: Box<[u8]>,
}

impl Recorded {
    fn octets(&self) -> usize {
        size_of::<Self>() + self.payload.len()
    }
}

impl Recording {
    /// Keeps at most so many octets.
    pub fn new(limit: usize) -> Self {
        Self { decoder: Decoder::new(DecodeLimits::default()), kept: VecDeque::new(), octets: 0, limit, left_out: 0 }
    }

    /// Takes in the next frame.
    pub fn take(&mut self, frame: &Frame<'_>) {
        let Some((segment, mut view)) = self.decoder.view(frame, |_| true) else { return };
        let data = view.payload.clone().and_then(|range| frame.bytes.get(range)).unwrap_or_default();
        let payload: Box<[u8]> = data.get(..MOST_PAYLOAD).unwrap_or(data).into();
        view.payload = Some(0..payload.len());
        let recorded = Recorded { segment, view, payload };
        self.octets += recorded.octets();
        self.kept.push_back(recorded);
        while self.octets > self.limit
            && let Some(oldest) = self.kept.pop_front()
        {
            self.octets -= oldest.octets();
            self.left_out += 1;
        }
    }

    /// The segment in this frame, if it is kept.
    pub fn segment(&self, frame: FrameNumber) -> Option<&Segment> {
        self.kept.iter().map(|one| &one.segment).find(|segment| segment.frame == frame)
    }

    /// Gives all that is kept to `gathering`.
    pub fn replay(self, gathering: &mut Gathering) {
        for Recorded { segment, view, payload } in self.kept {
            gathering.take(segment, &view, &payload);
        }
    }
}
