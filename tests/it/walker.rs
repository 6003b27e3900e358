//! Frames of a capture file for the tests of `decode`, until the reader of `capture` stands. Believes the file.

use tcpautopsy::capture::{Frame, LinkType};
use tcpautopsy::tcp::{FrameNumber, Timestamp};

/// Calls `visit` for each frame of a pcap or pcapng file that can be read.
pub fn walk(file: &[u8], mut visit: impl FnMut(&Frame<'_>)) {
    let _ = match file.first_chunk::<4>() {
        Some([0x0a, 0x0d, 0x0d, 0x0a]) => pcapng(file, &mut visit),
        Some([0x1f, 0x8b, ..]) => {
            let mut plain = Vec::new();
            let _ = std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(file), &mut plain);
            walk(&plain, visit);
            Some(())
        }
        Some(_) => pcap(file, &mut visit),
        None => None,
    };
}

fn give(visit: &mut impl FnMut(&Frame<'_>), number: &mut u64, link: u16, time: Option<i64>, len: u32, bytes: &[u8]) {
    *number += 1;
    let number = FrameNumber::new(*number).unwrap();
    visit(&Frame {
        number,
        input: 0,
        input_frame: number,
        time: time.map(Timestamp::from_nanos),
        link_type: LinkType(link),
        original_len: len.max(bytes.len() as u32),
        bytes,
    });
}

fn pcap(file: &[u8], visit: &mut impl FnMut(&Frame<'_>)) -> Option<()> {
    let magic = u32::from_le_bytes(*file.first_chunk()?);
    let (big, unit, extra) = match magic {
        0xa1b2c3d4 => (false, 1000, 0),
        0xd4c3b2a1 => (true, 1000, 0),
        0xa1b23c4d => (false, 1, 0),
        0x4d3cb2a1 => (true, 1, 0),
        0xa1b2cd34 => (false, 1000, 8),
        _ => return None,
    };
    let word = |at: usize| -> Option<u32> {
        let bytes = file.get(at..at + 4)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    let link = word(20)? as u16;
    let (mut at, mut number) = (24, 0);
    loop {
        let (seconds, fraction, captured, len) = (word(at)?, word(at + 4)?, word(at + 8)? as usize, word(at + 12)?);
        if captured > 262_144 {
            return None;
        }
        at += 16 + extra;
        let time = i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * unit;
        give(visit, &mut number, link, Some(time), len, file.get(at..at + captured)?);
        at += captured;
    }
}

fn pcapng(file: &[u8], visit: &mut impl FnMut(&Frame<'_>)) -> Option<()> {
    let (mut at, mut number, mut big) = (0, 0, false);
    let mut links: Vec<u16> = Vec::new();
    loop {
        let raw: [u8; 4] = file.get(at..at + 4)?.try_into().ok()?;
        if raw == [0x0a, 0x0d, 0x0d, 0x0a] {
            big = file.get(at + 8)? == &0x1a;
            links.clear();
        }
        let word = |at: usize| -> Option<u32> {
            let bytes = file.get(at..at + 4)?.try_into().ok()?;
            Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
        };
        let (kind, len) = (word(at)?, word(at + 4)? as usize);
        match kind {
            1 => {
                let both = word(at + 8)?;
                links.push(if big { (both >> 16) as u16 } else { both as u16 });
            }
            6 => {
                let link = *links.get(word(at + 8)? as usize)?;
                let time = (i64::from(word(at + 12)?) << 32 | i64::from(word(at + 16)?)).wrapping_mul(1000);
                let captured = word(at + 20)? as usize;
                give(visit, &mut number, link, Some(time), word(at + 24)?, file.get(at + 28..at + 28 + captured)?);
            }
            3 => {
                let captured = (word(at + 8)? as usize).min(len - 16);
                give(visit, &mut number, *links.first()?, None, word(at + 8)?, file.get(at + 12..at + 12 + captured)?);
            }
            2 => {
                let both = word(at + 8)?;
                let interface = if big { both >> 16 } else { both & 0xffff };
                let captured = word(at + 20)? as usize;
                let link = *links.get(interface as usize)?;
                give(visit, &mut number, link, None, word(at + 24)?, file.get(at + 28..at + 28 + captured)?);
            }
            _ => {}
        }
        at += len.max(12).next_multiple_of(4);
    }
}
