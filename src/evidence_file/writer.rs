//! pcapng as [draft-ietf-opsawg-pcapng](https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html) has it, as much
//! of it as evidence needs.

use std::collections::HashMap;
use std::io::{self, Write};

use crate::capture::{Frame, LinkType};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;

const END_OF_OPTIONS: u16 = 0;
const COMMENT: u16 = 1;
const SECTION_APPLICATION: u16 = 4;
const INTERFACE_DESCRIPTION_TEXT: u16 = 3;
const INTERFACE_RESOLUTION: u16 = 9;

/// The exponent of a resolution of nanoseconds.
const NANOSECONDS: u8 = 9;

/// Octets of one comment: an option's length has 16 bits, and a reader's window less room than that.
const LONGEST_COMMENT: usize = 8000;

/// Writes frames with comments.
pub struct Writer<W> {
    out: W,
    /// The interface of each link type of each input.
    interfaces: HashMap<(u16, LinkType), u32>,
}

impl<W: Write> Writer<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Those of `out`, here and below.
    pub fn new(mut out: W) -> io::Result<Self> {
        let mut body = BYTE_ORDER.to_le_bytes().to_vec();
        // Version 1.0 and a section of unknown length.
        body.extend([1, 0, 0, 0]);
        body.extend(u64::MAX.to_le_bytes());
        let application = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
        option(&mut body, SECTION_APPLICATION, application.as_bytes());
        option(&mut body, END_OF_OPTIONS, &[]);
        block(&mut out, SECTION_HEADER, &body)?;
        Ok(Self { out, interfaces: HashMap::new() })
    }

    /// Writes `octets` of a frame, which may be fewer than were captured; `input` names the interface of its input.
    ///
    /// # Errors
    /// Those of the file.
    pub fn frame(&mut self, frame: &Frame<'_>, octets: &[u8], input: &str, comment: Option<&str>) -> io::Result<()> {
        let interface = self.interface(frame, input)?;
        // What has no time gets none that could be taken for one: 1970.
        let nanos = frame.time.map_or(0, |time| u64::try_from(time.nanos()).unwrap_or(0));
        let mut body = Vec::with_capacity(octets.len() + 64);
        for word in [interface, (nanos >> 32) as u32, nanos as u32, length(octets.len()), frame.original_len] {
            body.extend(word.to_le_bytes());
        }
        body.extend(octets);
        pad(&mut body);
        if let Some(comment) = comment.filter(|comment| !comment.is_empty()) {
            let end =
                (0..=LONGEST_COMMENT.min(comment.len())).rev().find(|&end| comment.is_char_boundary(end)).unwrap_or(0);
            option(&mut body, COMMENT, comment.get(..end).unwrap_or_default().as_bytes());
            option(&mut body, END_OF_OPTIONS, &[]);
        }
        block(&mut self.out, ENHANCED_PACKET, &body)
    }

    /// Gives back where it wrote to, with everything written.
    ///
    /// # Errors
    /// Those of the file.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn interface(&mut self, frame: &Frame<'_>, input: &str) -> io::Result<u32> {
        let key = (frame.input, frame.link_type);
        if let Some(&known) = self.interfaces.get(&key) {
            return Ok(known);
        }
        let number = length(self.interfaces.len());
        let mut body = frame.link_type.0.to_le_bytes().to_vec();
        // Reserved, and a snap length of none.
        body.extend([0; 6]);
        option(&mut body, INTERFACE_DESCRIPTION_TEXT, input.as_bytes());
        option(&mut body, INTERFACE_RESOLUTION, &[NANOSECONDS]);
        option(&mut body, END_OF_OPTIONS, &[]);
        block(&mut self.out, INTERFACE_DESCRIPTION, &body)?;
        self.interfaces.insert(key, number);
        Ok(number)
    }
}

/// Lengths are far below four gibibytes: of a frame at most 128 MiB.
fn length(octets: usize) -> u32 {
    u32::try_from(octets).unwrap_or(u32::MAX)
}

fn block(out: &mut impl Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let total = length(body.len() + 12).to_le_bytes();
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&total)?;
    out.write_all(body)?;
    out.write_all(&total)
}

/// A value beyond what an option takes is cut.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    body.extend(value);
    pad(body);
}

/// Blocks and options are made of words of 32 bits.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::capture::{Capture, OpenOptions};
    use crate::tcp::{FrameNumber, Timestamp};

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            frames in prop::collection::vec(
                (
                    prop::option::weighted(0.9, proptest::num::i64::ANY),
                    0..300u16,
                    0..3u16,
                    prop::collection::vec(proptest::num::u8::ANY, 0..90),
                    0..2000u32,
                    prop::option::of(".{0,40}"),
                ),
                0..12,
            ),
        ) {
            let mut writer = Writer::new(Vec::new()).expect("memory");
            for (number, (nanos, link_type, input, bytes, more, comment)) in (1..).zip(&frames) {
                let number = FrameNumber::new(number).expect("from 1");
                let frame = Frame {
                    number,
                    input: *input,
                    input_frame: number,
                    time: nanos.map(Timestamp::from_nanos),
                    link_type: LinkType(*link_type),
                    original_len: bytes.len() as u32 + more,
                    bytes,
                };
                writer.frame(&frame, bytes, "eth0", comment.as_deref()).expect("memory");
            }
            let file = writer.finish().expect("memory");
            let mut capture = Capture::of(std::io::Cursor::new(file), OpenOptions::default()).expect("a capture");
            for (nanos, link_type, _, bytes, more, _) in &frames {
                let frame = capture.next().expect("as many as were written");
                // The format knows no time before 1970, and of what has no time it says 1970.
                let time = Timestamp::from_nanos(nanos.unwrap_or(0).max(0));
                assert_eq!((frame.time, frame.link_type.0), (Some(time), *link_type));
                assert_eq!((frame.bytes, frame.original_len), (bytes.as_slice(), bytes.len() as u32 + more));
            }
            assert!(capture.next().is_none());
            assert!(capture.finish().iter().all(|input| input.complete && input.problems.is_empty()));
        }
    }
}
