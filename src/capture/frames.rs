use super::{Frame, LinkType};
use crate::tcp::{FrameNumber, Timestamp};

/// Frames with memory of their own, so that one thread can hand them to another.
#[derive(Default)]
pub struct Frames {
    octets: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    label: Label,
    /// Where its octets end; they begin where those before it end.
    end: usize,
}

/// All of a frame but its octets.
#[derive(Clone, Copy)]
pub(crate) struct Label {
    /// Its place in the whole capture.
    pub(crate) number: FrameNumber,
    input: u16,
    input_frame: FrameNumber,
    time: Option<Timestamp>,
    link_type: LinkType,
    original_len: u32,
}

impl Label {
    /// That of a frame.
    pub(crate) fn of(frame: &Frame<'_>) -> Self {
        let &Frame { number, input, input_frame, time, link_type, original_len, bytes: _ } = frame;
        Self { number, input, input_frame, time, link_type, original_len }
    }

    /// The frame with these octets.
    pub(crate) fn on(self, bytes: &[u8]) -> Frame<'_> {
        let Self { number, input, input_frame, time, link_type, original_len } = self;
        Frame { number, input, input_frame, time, link_type, original_len, bytes }
    }
}

impl Frames {
    /// Takes in a frame.
    pub fn push(&mut self, frame: &Frame<'_>) {
        self.octets.extend_from_slice(frame.bytes);
        self.entries.push(Entry { label: Label::of(frame), end: self.octets.len() });
    }

    /// The frames in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Frame<'_>> {
        let mut start = 0;
        self.entries.iter().map(move |entry| {
            let bytes = self.octets.get(start..entry.end).unwrap_or_default();
            start = entry.end;
            entry.label.on(bytes)
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Octets that they take.
    pub fn octets(&self) -> usize {
        self.octets.len() + self.entries.len() * size_of::<Entry>()
    }

    /// Lets go of them; their memory stays for the next ones.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.entries.clear();
    }
}
