//! What the fuzz targets share: how a fuzzer's octets become frames, messages and captures, and back for the seeds.

use std::io::{self, Read};

use tcpautopsy::capture::{Capture, Frame, LinkType, OpenOptions};
use tcpautopsy::tcp::{FrameNumber, Timestamp};

/// Link types that the decoder has a way for, and two that it has none for.
pub const LINK_TYPES: [u16; 24] =
    [1, 0, 12, 14, 101, 108, 113, 276, 228, 229, 9, 50, 51, 104, 105, 127, 119, 163, 192, 166, 204, 6, 147, 65535];

/// Octets as frames: a link type, then frames, each with two octets for its length and one for what happens before it.
pub fn frames(data: &[u8]) -> Option<(LinkType, Vec<(Timestamp, &[u8])>)> {
    let (&first, mut rest) = data.split_first()?;
    let link_type = LinkType(LINK_TYPES[usize::from(first) % LINK_TYPES.len()]);
    let mut frames = Vec::new();
    let mut nanos = 0i64;
    while let [low, high, wait, behind @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(behind.len());
        nanos += i64::from(*wait) * i64::from(*wait) * 1_000_000;
        let (frame, behind) = behind.split_at(length);
        frames.push((Timestamp::from_nanos(nanos), frame));
        rest = behind;
    }
    Some((link_type, frames))
}

/// The octets that [`frames`] reads as these frames.
pub fn of_frames<'a>(link_type: LinkType, frames: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let place = LINK_TYPES.iter().position(|&known| known == link_type.0).unwrap_or(LINK_TYPES.len() - 1);
    let mut data = vec![place as u8];
    for frame in frames {
        let frame = &frame[..frame.len().min(u16::MAX.into())];
        data.extend((frame.len() as u16).to_le_bytes());
        data.push(1);
        data.extend(frame);
    }
    data
}

/// Shows the frames of [`frames`] as a capture would.
pub fn show<'a>(data: &'a [u8], mut to: impl FnMut(&Frame<'a>)) {
    let Some((link_type, frames)) = frames(data) else { return };
    for (number, (time, bytes)) in (1..).zip(frames) {
        let number = FrameNumber::new(number).expect("from 1");
        to(&Frame {
            number,
            input: 0,
            input_frame: number,
            time: Some(time),
            link_type,
            original_len: bytes.len() as u32,
            bytes,
        });
    }
}

/// A message: who sends it (the low bit of the first octet), what happens before it (the rest), and its octets.
pub struct Message<'a> {
    /// From the client.
    pub from_client: bool,
    /// Sequence numbers that are skipped before it.
    pub skipped: u32,
    /// What is said.
    pub octets: &'a [u8],
}

/// Octets as a port and messages.
pub fn messages(data: &[u8]) -> Option<(u16, Vec<Message<'_>>)> {
    let [high, low, rest @ ..] = data else { return None };
    let mut rest = rest;
    let mut messages = Vec::new();
    while let [head, length, more, behind @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*length, *more])).min(behind.len());
        let (octets, behind) = behind.split_at(length);
        messages.push(Message { from_client: head & 1 == 1, skipped: u32::from(head >> 4), octets });
        rest = behind;
    }
    Some((u16::from_be_bytes([*high, *low]), messages))
}

/// The octets that [`messages`] reads as these.
pub fn of_messages<'a>(port: u16, messages: impl IntoIterator<Item = (bool, &'a [u8])>) -> Vec<u8> {
    let mut data = port.to_be_bytes().to_vec();
    for (from_client, octets) in messages {
        let octets = &octets[..octets.len().min(u16::MAX.into())];
        data.push(u8::from(from_client));
        data.extend((octets.len() as u16).to_le_bytes());
        data.extend(octets);
    }
    data
}

/// Octets that come a few at a time.
pub struct Trickle {
    octets: io::Cursor<Vec<u8>>,
    piece: u64,
}

impl Trickle {
    /// At most `piece` at a time.
    pub fn new(octets: &[u8], piece: usize) -> Self {
        Self { octets: io::Cursor::new(octets.to_vec()), piece: piece as u64 }
    }
}

impl Read for Trickle {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.octets.by_ref().take(self.piece).read(into)
    }
}

/// A frame that owns its octets.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its number.
    pub number: u64,
    /// Its time.
    pub time: Option<Timestamp>,
    /// Its link type.
    pub link_type: LinkType,
    /// Its length on the line.
    pub original_len: u32,
    /// What was captured.
    pub bytes: Vec<u8>,
}

/// Every frame of a capture and what was wrong with it; `None` where it is none.
pub fn walk(octets: &[u8], piece: usize) -> Option<(Vec<Taken>, Vec<String>)> {
    let mut capture = Capture::of(Trickle::new(octets, piece), OpenOptions::default()).ok()?;
    let mut frames = Vec::new();
    while let Some(frame) = capture.next() {
        assert!(frame.original_len as usize >= frame.bytes.len());
        frames.push(Taken {
            number: frame.number.get(),
            time: frame.time,
            link_type: frame.link_type,
            original_len: frame.original_len,
            bytes: frame.bytes.to_vec(),
        });
    }
    let problems = capture.finish().into_iter().flat_map(|input| input.problems);
    Some((frames, problems.map(|problem| format!("{} {}", problem.offset, problem.reason)).collect()))
}
