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

/// Frames of Ethernet and IPv4, each packet with data in two parts, and behind them an ICMP error about the last of these packets.
pub fn in_parts_and_with_an_error(frames: &[Frame]) -> Vec<Frame> {
    /// Octets of Ethernet, of IPv4, and of the first part: a whole header of TCP, and a multiple of eight.
    const ETHERNET: usize = 14;
    const IPV4: usize = 20;
    const FIRST: usize = 40;
    const MORE: u8 = 0x20;
    let mut all = Vec::new();
    let mut last = None;
    let frame = |nanos, bytes: Vec<u8>| Frame { nanos, link_type: 1, original_len: bytes.len() as u32, bytes };
    let packet = |link: &[u8], header: &[u8], data: &[u8], fragment: [u8; 2]| {
        let mut bytes = [link, header, data].concat();
        bytes[ETHERNET + 2..ETHERNET + 4].copy_from_slice(&((IPV4 + data.len()) as u16).to_be_bytes());
        bytes[ETHERNET + 6..ETHERNET + 8].copy_from_slice(&fragment);
        bytes
    };
    for one in frames {
        let (link, ip) = one.bytes.split_at(ETHERNET);
        let (header, data) = ip.split_at(IPV4);
        if data.len() <= FIRST {
            all.push(one.clone());
            continue;
        }
        last = Some(one);
        all.push(frame(one.nanos - 1000, packet(link, header, &data[..FIRST], [MORE, 0])));
        all.push(frame(one.nanos, packet(link, header, &data[FIRST..], [0, FIRST as u8 / 8])));
    }
    let about = last.expect("a packet with data");
    let (link, quoted) = about.bytes.split_at(ETHERNET);
    let mut header = quoted[..IPV4].to_vec();
    header[9] = 1;
    let (from, to) = (quoted[16..20].to_vec(), quoted[12..16].to_vec());
    header[12..IPV4].copy_from_slice(&[from, to].concat());
    let end = all.last().expect("a frame").nanos + 1000;
    let administratively_prohibited = [&[3, 13, 0, 0, 0, 0, 0, 0], quoted].concat();
    all.push(frame(end, packet(link, &header, &administratively_prohibited, [0, 0])));
    all
}
