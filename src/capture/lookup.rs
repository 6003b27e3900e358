use std::sync::Arc;

use bytes::Bytes;

use super::Frame;
use super::map::Map;
use super::reader::Container;
use crate::prefetch;
use crate::tcp::FrameNumber;

/// From the start of a record's own header, and to the end of those of TCP: two cache lines or three.
const BEFORE: usize = 16;
const BEHIND: usize = 64;

/// Frames of a capture that has been read to its end, by their places.
#[derive(Clone)]
pub struct Lookup {
    map: Arc<Map>,
    container: Container,
}

/// Holds octets of frames where they are.
pub struct Holder {
    memory: Bytes,
}

/// A map, for whoever holds some of its memory.
struct Mapped(Arc<Map>);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl Holder {
    /// Octets of a frame, without a copy.
    #[inline]
    pub fn hold(&self, octets: &[u8]) -> Bytes {
        if octets.is_empty() {
            return Bytes::new();
        }
        let at = octets.as_ptr().addr().wrapping_sub(self.memory.as_ptr().addr());
        let range = at..at.saturating_add(octets.len());
        match self.memory.get(range.clone()) {
            Some(_) => self.memory.slice(range),
            _ => Bytes::copy_from_slice(octets),
        }
    }
}

impl Lookup {
    pub(super) fn new(map: Map, container: Container) -> Self {
        Self { map: Arc::new(map), container }
    }

    /// What holds octets of its frames for one thread. Each counts by itself what it holds, so that none waits for another.
    pub fn holder(&self) -> Holder {
        Holder { memory: Bytes::from_owner(Mapped(Arc::clone(&self.map))) }
    }

    /// The frame of this number at this place; both were told when it was read.
    #[inline]
    pub fn frame(&mut self, number: FrameNumber, place: u64) -> Option<Frame<'_>> {
        let memory = self.map.bytes();
        let record = self.container.again(memory, usize::try_from(place).ok()?)?;
        let bytes = memory.get(record.at..)?.get(..record.len as usize)?;
        Some(Frame {
            number,
            input: 0,
            input_frame: number,
            time: record.time,
            link_type: record.link_type,
            original_len: record.original_len,
            bytes,
        })
    }

    /// Asks for the memory of a record's headers before they are needed, without waiting for it.
    #[inline]
    pub fn prefetch(&self, place: u64) {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        prefetch::octet(self.map.bytes(), place.saturating_sub(BEFORE));
        prefetch::octet(self.map.bytes(), place.saturating_add(BEHIND));
    }

    /// The same by a look at it; the value means nothing.
    #[inline]
    pub fn touch(&self, place: u64) -> u8 {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let at = |place: usize| self.map.bytes().get(place).copied().unwrap_or_default();
        at(place.saturating_sub(BEFORE)) ^ at(place.saturating_add(BEHIND))
    }

    /// Lets go of the octets in front of a place, so that a long file does not count as resident memory.
    pub fn release(&self, place: u64) {
        self.map.release(usize::try_from(place).unwrap_or(usize::MAX));
    }

    /// Lets go of the octets of one of so many equal parts of the capture.
    pub fn release_part(&self, part: usize, parts: usize) {
        self.map.release_part(part, parts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_of_the_map_stay_where_they_are_and_others_are_copied() {
        let path = std::env::temp_dir().join(format!("tcpautopsy-hold-{}", std::process::id()));
        std::fs::write(&path, [7; 1000]).expect("a file");
        let map = Map::new(std::fs::File::open(&path).expect("the file")).expect("it maps");
        let holder = Holder { memory: Bytes::from_owner(Mapped(Arc::new(map))) };
        std::fs::remove_file(path).expect("the file");
        let inside = holder.memory.clone();
        for range in [0..1000, 0..1, 999..1000, 300..700] {
            let held = holder.hold(&inside[range.clone()]);
            assert_eq!((held.as_ptr(), held.len()), (inside[range.clone()].as_ptr(), range.len()));
        }
        let elsewhere = vec![7; 10];
        let held = holder.hold(&elsewhere);
        assert_eq!(held, elsewhere);
        assert_ne!(held.as_ptr(), elsewhere.as_ptr());
        assert!(holder.hold(&inside[5..5]).is_empty() && holder.hold(&[]).is_empty());
        // What is held keeps the map alive.
        let held = holder.hold(&inside[10..20]);
        drop((holder, inside));
        assert_eq!(held, [7; 10].as_slice());
    }
}
