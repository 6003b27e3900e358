//! Captures made in memory, and a walk over them, for the tests of this room.

use std::io::{self, Read};

use super::LinkType;
use super::bytes::Order;
use super::error::Reason;
use super::reader::Reader;

pub(super) const ETHERNET: u16 = 1;
pub(super) const MICROSECONDS: u32 = 0xa1b2_c3d4;

/// Writes numbers in one byte order.
#[derive(Clone)]
pub(super) struct Writer {
    pub(super) order: Order,
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn new(order: Order) -> Self {
        Self { order, bytes: Vec::new() }
    }

    pub(super) fn u16(mut self, value: u16) -> Self {
        self.bytes.extend(if self.order == Order::Little { value.to_le_bytes() } else { value.to_be_bytes() });
        self
    }

    pub(super) fn u32(mut self, value: u32) -> Self {
        self.bytes.extend(if self.order == Order::Little { value.to_le_bytes() } else { value.to_be_bytes() });
        self
    }

    pub(super) fn u64(mut self, value: u64) -> Self {
        self.bytes.extend(if self.order == Order::Little { value.to_le_bytes() } else { value.to_be_bytes() });
        self
    }

    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(bytes);
        self
    }

    fn pad(mut self) -> Self {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// The file header of pcap 2.4.
    pub(super) fn pcap(self) -> Self {
        self.pcap_header(MICROSECONDS, (2, 4), ETHERNET.into())
    }

    pub(super) fn pcap_header(self, magic: u32, (major, minor): (u16, u16), network: u32) -> Self {
        self.u32(magic).u16(major).u16(minor).u64(0).u32(65535).u32(network)
    }

    pub(super) fn record(self, seconds: u32, fraction: u32, bytes: &[u8], original: u32) -> Self {
        self.u32(seconds).u32(fraction).u32(bytes.len() as u32).u32(original).raw(bytes)
    }

    pub(super) fn block(self, kind: u32, body: &[u8]) -> Self {
        let length = body.len().next_multiple_of(4) as u32 + 12;
        self.u32(kind).u32(length).raw(body).pad().u32(length)
    }

    pub(super) fn section(self) -> Self {
        let body = self.part().u32(0x1a2b_3c4d).u16(1).u16(0).u64(u64::MAX).bytes;
        self.block(0x0a0d_0d0a, &body)
    }

    pub(super) fn interface(self, link_type: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Self {
        let body = self.part().u16(link_type).u16(0).u32(snaplen).options(options).bytes;
        self.block(1, &body)
    }

    pub(super) fn enhanced(self, interface: u32, time: u64, bytes: &[u8], original: u32) -> Self {
        self.enhanced_with(interface, time, bytes, original, &[])
    }

    pub(super) fn enhanced_with(
        self,
        interface: u32,
        time: u64,
        bytes: &[u8],
        original: u32,
        options: &[(u16, &[u8])],
    ) -> Self {
        let fixed = self.part().u32(interface).u32((time >> 32) as u32).u32(time as u32);
        let body = fixed.u32(bytes.len() as u32).u32(original).raw(bytes).pad().options(options).bytes;
        self.block(6, &body)
    }

    pub(super) fn simple(self, bytes: &[u8], original: u32) -> Self {
        let body = self.part().u32(original).raw(bytes).bytes;
        self.block(3, &body)
    }

    pub(super) fn obsolete(self, interface: u16, drops: u16, time: u64, bytes: &[u8], original: u32) -> Self {
        let fixed = self.part().u16(interface).u16(drops).u32((time >> 32) as u32).u32(time as u32);
        let body = fixed.u32(bytes.len() as u32).u32(original).raw(bytes).bytes;
        self.block(2, &body)
    }

    pub(super) fn statistics(self, interface: u32, options: &[(u16, &[u8])]) -> Self {
        let body = self.part().u32(interface).u64(0).options(options).bytes;
        self.block(5, &body)
    }

    /// Nothing yet, in the same byte order.
    pub(super) fn part(&self) -> Self {
        Self::new(self.order)
    }

    fn options(mut self, options: &[(u16, &[u8])]) -> Self {
        for (code, value) in options {
            self = self.u16(*code).u16(value.len() as u16).raw(value).pad();
        }
        if options.is_empty() { self } else { self.u32(0) }
    }
}

/// A frame, taken out of its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) nanos: Option<i64>,
    pub(super) link_type: LinkType,
    pub(super) original: u32,
    pub(super) cut: bool,
    pub(super) bytes: Vec<u8>,
}

/// An Ethernet frame captured whole.
pub(super) fn whole(nanos: i64, bytes: &[u8]) -> Taken {
    Taken {
        nanos: Some(nanos),
        link_type: LinkType(ETHERNET),
        original: bytes.len() as u32,
        cut: false,
        bytes: bytes.into(),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Walked {
    pub(super) frames: Vec<Taken>,
    pub(super) dropped: Option<u64>,
    /// Offset and reason of the damage, if any.
    pub(super) damage: Option<(u64, String)>,
}

/// Reads a capture that arrives in pieces of at most `piece` octets.
pub(super) fn walk_in_pieces(bytes: &[u8], piece: usize) -> Result<Walked, Reason> {
    let mut reader = Reader::stream(Trickle { bytes: bytes.to_vec(), at: 0, piece }, None)?;
    let mut frames = Vec::new();
    let damage = loop {
        match reader.next() {
            Ok(Some(record)) => frames.push(Taken {
                nanos: record.time.map(|time| time.nanos()),
                link_type: record.link_type,
                original: record.original_len,
                cut: record.cut,
                bytes: reader.source.slice(record.at, record.len as usize).to_vec(),
            }),
            Ok(None) => break None,
            Err(damage) => break Some((damage.offset, damage.reason)),
        }
    };
    Ok(Walked { frames, dropped: reader.dropped(), damage })
}

/// Reads a capture that must open, at once and octet by octet, with the same result.
#[track_caller]
pub(super) fn walk(bytes: &[u8]) -> Walked {
    let walked = walk_in_pieces(bytes, usize::MAX).unwrap();
    assert_eq!(walk_in_pieces(bytes, 1), Ok(walked.clone()), "octet by octet");
    walked
}

/// What must be read whole and nothing else.
#[track_caller]
pub(super) fn check(bytes: &[u8], frames: &[Taken]) {
    let walked = walk(bytes);
    assert_eq!((walked.frames.as_slice(), walked.damage), (frames, None));
}

/// Cuts `bytes` at every octet: what is read must be a prefix of `frames`, and complete only where `ends` says that a
/// record ends. Flips every octet: nothing may panic.
#[track_caller]
pub(super) fn check_cut_and_flipped(bytes: &[u8], ends: &[usize]) {
    let frames = walk(bytes).frames;
    for cut in 0..bytes.len() {
        let Ok(walked) = walk_in_pieces(&bytes[..cut], usize::MAX) else { continue };
        assert!(frames.starts_with(&walked.frames), "cut at {cut}: {walked:?}");
        assert_eq!(walked.damage.is_none(), ends.contains(&cut), "cut at {cut}: {:?}", walked.damage);
    }
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut flipped = bytes.to_vec();
            flipped[at] ^= flip;
            let whole = walk_in_pieces(&flipped, usize::MAX);
            assert_eq!(whole, walk_in_pieces(&flipped, 7), "flipped at {at}");
        }
    }
}

/// A pipe that gives a little at a time.
pub(super) struct Trickle {
    pub(super) bytes: Vec<u8>,
    pub(super) at: usize,
    pub(super) piece: usize,
}

impl Read for Trickle {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let read = rest.take(self.piece.min(rest.len()) as u64).read(into)?;
        self.at += read;
        Ok(read)
    }
}
