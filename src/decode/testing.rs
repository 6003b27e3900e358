//! Packets as the tests of this module write them: from the inside out, one function a header.

use std::fmt::Write as _;

use super::{DecodeLimits, Decoded, Decoder, Undecoded};
use crate::capture::{Frame, LinkType};
use crate::tcp::{FrameNumber, Segment};

pub const ETHERNET: u16 = 1;

/// A frame of which everything was captured.
pub fn frame(link_type: u16, bytes: &[u8]) -> Frame<'_> {
    Frame {
        number: FrameNumber::FIRST,
        input: 0,
        input_frame: FrameNumber::FIRST,
        time: None,
        link_type: LinkType(link_type),
        original_len: bytes.len() as u32,
        bytes,
    }
}

pub fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// RST and ACK from port 1111 to 2222, sequence number 7, with a timestamps option and four octets of data.
pub fn tcp() -> Vec<u8> {
    let mut octets = vec![0x04, 0x57, 0x08, 0xae, 0, 0, 0, 7, 0, 0, 0, 9, 0x80, 0x14, 1, 0, 0, 0, 0, 0];
    octets.extend([1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6]);
    octets.extend(b"bye!");
    octets
}

pub fn ipv4_between(source: [u8; 4], destination: [u8; 4], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let [l0, l1] = (payload.len() as u16 + 20).to_be_bytes();
    let mut octets = vec![0x45, 0x10, l0, l1, 0x12, 0x34, 0x40, 0, 64, protocol, 0, 0];
    octets.extend(source);
    octets.extend(destination);
    octets.extend(payload);
    octets
}

/// Between the ends of all inner packets.
pub fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_between([10, 1, 1, 1], [10, 2, 2, 2], protocol, payload)
}

pub fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let [l0, l1] = (payload.len() as u16).to_be_bytes();
    let mut octets = vec![0x61, 0x20, 0, 0, l0, l1, next, 63];
    octets.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    octets.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    octets.extend(payload);
    octets
}

/// What every tunnel of the tests carries in the end.
pub fn inner() -> Vec<u8> {
    ipv4(6, &tcp())
}

pub fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], &ether_type.to_be_bytes(), payload])
}

/// The frame between 192.0.2.1 and 192.0.2.2.
pub fn outer(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(0x800, &ipv4_between([192, 0, 2, 1], [192, 0, 2, 2], protocol, payload))
}

pub fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u16 + 8;
    outer(17, &join(&[&50_000u16.to_be_bytes(), &port.to_be_bytes(), &len.to_be_bytes(), &[0, 0], payload]))
}

/// What a decoder that has seen nothing makes of it, and the layers as text.
pub fn decode(frame: &Frame<'_>) -> (Decoded, String, Option<Undecoded>) {
    let mut decoder = Decoder::new(DecodeLimits::default());
    let decoded = decoder.decode(frame);
    let mut layers = String::new();
    if let Decoded::Segment(segment) = decoded {
        for layer in decoder.paths().layers(segment.path) {
            write!(layers, "{}{layer}", if layers.is_empty() { "" } else { ", " }).unwrap();
        }
    }
    (decoded, layers, decoder.counts().undecoded.keys().next().copied())
}

/// The segment in a frame that has one.
#[track_caller]
pub fn segment(frame: &Frame<'_>) -> Segment {
    match decode(frame) {
        (Decoded::Segment(segment), ..) => segment,
        (_, _, reason) => panic!("no segment: {reason:?}"),
    }
}

/// Asserts that the frame leads to the segment of [`tcp`], whole, and through which layers; that it does so whatever padding follows;
/// and that no cut makes another segment of it.
#[track_caller]
pub fn carries(link_type: u16, bytes: &[u8], layers: &str) {
    let check = |frame: &Frame<'_>| {
        let (Decoded::Segment(found), path, _) = decode(frame) else { panic!("{:?}", decode(frame).2) };
        assert_eq!(path, layers);
        assert_eq!((found.source.port, found.destination.port, found.seq.0), (1111, 2222, 7));
        assert!(found.flags.rst() && found.flags.ack());
        assert_eq!(found.payload_len, 4);
    };
    check(&frame(link_type, bytes));
    check(&frame(link_type, &join(&[bytes, &[0; 6]])));
    for cut in 0..bytes.len() {
        let cut = Frame { bytes: &bytes[..cut], ..frame(link_type, bytes) };
        match decode(&cut) {
            (Decoded::Segment(_), ..) => check(&cut),
            (Decoded::IcmpError(error), ..) => panic!("{error:?}"),
            (Decoded::Other, _, reason) => assert!(reason.is_some()),
        }
    }
}

/// Asserts that the frame has no segment, and why.
#[track_caller]
pub fn refused(link_type: u16, bytes: &[u8], why: Undecoded) {
    assert_eq!(decode(&frame(link_type, bytes)), (Decoded::Other, String::new(), Some(why)));
}
