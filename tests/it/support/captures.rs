//! The same frames in other files: read with the library, written as pcap or pcapng, packed.

use std::io::Write;
use std::path::Path;

use tcpautopsy::capture::{Capture, OpenOptions};

/// A frame as every container can hold it.
#[derive(Clone)]
pub struct Frame {
    pub nanos: u64,
    pub link_type: u16,
    pub original_len: u32,
    pub bytes: Vec<u8>,
}

/// The frames of a capture, all of which must have a time.
pub fn frames(path: &Path) -> Vec<Frame> {
    let (mut capture, errors) = Capture::open(&[path.to_owned()], OpenOptions::default());
    assert!(errors.is_empty(), "{errors:?}");
    let mut frames = Vec::new();
    while let Some(frame) = capture.next() {
        frames.push(Frame {
            nanos: u64::try_from(frame.time.expect("a time").nanos()).expect("a time since 1970"),
            link_type: frame.link_type.0,
            original_len: frame.original_len,
            bytes: frame.bytes.to_vec(),
        });
    }
    frames
}

/// A pcapng file with an interface of nanoseconds for each link type.
pub fn pcapng(frames: &[Frame]) -> Vec<u8> {
    const NANOSECONDS: [u8; 8] = [9, 0, 1, 0, 9, 0, 0, 0];
    let mut file = block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes(), &[1, 0, 0, 0], &[0xff; 8]]);
    let mut interfaces = Vec::new();
    for frame in frames {
        let interface = interfaces.iter().position(|&known| known == frame.link_type).unwrap_or_else(|| {
            interfaces.push(frame.link_type);
            file.extend(block(1, &[&frame.link_type.to_le_bytes(), &[0; 6], &NANOSECONDS, &[0; 4]]));
            interfaces.len() - 1
        });
        let numbers = [
            interface as u32,
            (frame.nanos >> 32) as u32,
            frame.nanos as u32,
            frame.bytes.len() as u32,
            frame.original_len,
        ];
        file.extend(block(6, &[numbers.map(u32::to_le_bytes).as_flattened(), &frame.bytes]));
    }
    file
}

fn block(kind: u32, parts: &[&[u8]]) -> Vec<u8> {
    let mut body = parts.concat();
    body.resize(body.len().next_multiple_of(4), 0);
    let length = (body.len() as u32 + 12).to_le_bytes();
    [kind.to_le_bytes().as_slice(), &length, &body, &length].concat()
}

/// A pcap file of nanoseconds; all frames must have one link type.
pub fn pcap(frames: &[Frame]) -> Vec<u8> {
    let link_type = frames.first().map_or(1, |frame| frame.link_type);
    let header = [0xa1b2_3c4d, 0x0004_0002, 0, 0, 0x0004_0000, u32::from(link_type)];
    let mut file = header.map(u32::to_le_bytes).as_flattened().to_vec();
    for frame in frames {
        assert_eq!(frame.link_type, link_type, "pcap holds one link type");
        let (seconds, nanos) = (frame.nanos / 1_000_000_000, frame.nanos % 1_000_000_000);
        let numbers = [seconds as u32, nanos as u32, frame.bytes.len() as u32, frame.original_len];
        file.extend(numbers.map(u32::to_le_bytes).as_flattened());
        file.extend(&frame.bytes);
    }
    file
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).expect("writing to memory");
    packer.finish().expect("writing to memory")
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 0).expect("writing to memory")
}

pub fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut packer = lz4_flex::frame::FrameEncoder::new(Vec::new());
    packer.write_all(bytes).expect("writing to memory");
    packer.finish().expect("writing to memory")
}
