use super::{Frame, LinkType};
use crate::tcp::{FrameNumber, Timestamp};

/// Frames with memory of their own, so that one thread can hand them to another.
#[derive(Default)]
pub struct Frames {
    octets: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    number: FrameNumber,
    input: u16,
    input_frame: FrameNumber,
    time: Option<Timestamp>,
    link_type: LinkType,
    original_len: u32,
    /// Where its octets end; they begin where those before it end.
    end: usize,
}

impl Frames {
    /// Takes in a frame.
    pub fn push(&mut self, frame: &Frame<'_>) {
        self.octets.extend_from_slice(frame.bytes);
        self.entries.push(Entry {
            number: frame.number,
            input: frame.input,
            input_frame: frame.input_frame,
            time: frame.time,
            link_type: frame.link_type,
            original_len: frame.original_len,
            end: self.octets.len(),
        });
    }

    /// The frames in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Frame<'_>> {
        let mut start = 0;
        self.entries.iter().map(move |entry| {
            let bytes = self.octets.get(start..entry.end).unwrap_or_default();
            start = entry.end;
            Frame {
                number: entry.number,
                input: entry.input,
                input_frame: entry.input_frame,
                time: entry.time,
                link_type: entry.link_type,
                original_len: entry.original_len,
                bytes,
            }
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
