//! What a file is, by its first octets; its name is never looked at.

use super::error::Reason;
use super::{Compression, pcap, pcapng};

/// As much of a file as is ever looked at to tell what it is.
pub(super) const HEAD: usize = 4096;

/// What to do with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Pcap,
    Pcapng,
    Packed(Compression),
}

/// Tells what starts with `head`. Four octets tell the good kinds; more of them name more of the others.
pub(super) fn identify(head: &[u8]) -> Result<Content, Reason> {
    let Some(magic) = head.first_chunk::<4>() else {
        return Err(if head.is_empty() { Reason::Empty } else { Reason::CutHeader { octets: head.len(), of: 24 } });
    };
    if pcap::detect(*magic).is_some() {
        return Ok(Content::Pcap);
    }
    if *magic == pcapng::SECTION_HEADER.to_le_bytes() {
        return Ok(Content::Pcapng);
    }
    if let Some(compression) = packed(head) {
        return Ok(Content::Packed(compression));
    }
    let known = FOREIGN.iter().find(|f| head.get(f.at..).is_some_and(|rest| rest.starts_with(f.magic)));
    Err(match known {
        Some(foreign) => Reason::Foreign { what: foreign.what, way_out: foreign.way_out },
        None if is_erf(head) => Reason::Foreign { what: "an Endace ERF capture", way_out: CONVERT },
        None => Reason::Unknown(head.iter().take(4).copied().collect()),
    })
}

fn packed(mut head: &[u8]) -> Option<Compression> {
    loop {
        match head.first_chunk::<4>()? {
            [0x1f, 0x8b, ..] => return Some(Compression::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd] => return Some(Compression::Zstd),
            [0x04, 0x22, 0x4d, 0x18] => return Some(Compression::Lz4),
            // A skippable frame may open a file of zstd as well as of lz4; what follows it decides.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                let length = u32::from_le_bytes(*head.get(4..)?.first_chunk()?);
                match usize::try_from(length).ok().and_then(|length| head.get(8 + length..)) {
                    Some(next) if next.len() >= 4 => head = next,
                    // Beyond what we can see; pzstd and seekable zstd write such frames, lz4's own tools do not.
                    _ => return Some(Compression::Zstd),
                }
            }
            _ => return None,
        }
    }
}

struct Foreign {
    at: usize,
    magic: &'static [u8],
    what: &'static str,
    way_out: &'static str,
}

const fn foreign(at: usize, magic: &'static [u8], what: &'static str, way_out: &'static str) -> Foreign {
    Foreign { at, magic, what, way_out }
}

const CONVERT: &str = "convert it with `editcap -F pcapng FILE OUT.pcapng`";

/// What people hand to readers of captures instead of pcap, by its magic number.
const FOREIGN: &[Foreign] = &[
    foreign(0, b"GMBU", "a Microsoft Network Monitor capture", CONVERT),
    foreign(0, b"RTSS", "a Microsoft Network Monitor 1 capture", CONVERT),
    foreign(0, b"snoop\0\0\0", "a Solaris snoop capture", CONVERT),
    foreign(0, b"btsnoop\0", "a Bluetooth snoop capture, which holds no TCP", "name a network capture"),
    foreign(0, b"TRSNIFF data", "a Sniffer capture", CONVERT),
    foreign(0, b"XCP\0", "a NetXRay or Sniffer capture", CONVERT),
    foreign(0, b"iptrace ", "an AIX iptrace capture", CONVERT),
    foreign(0, b"\x7fver", "an OmniPeek capture", CONVERT),
    foreign(0, b"ObserverPktBuffer", "a Network Instruments Observer capture", CONVERT),
    foreign(0, b"\x54\x52\x00\x64", "an Acterna or Visual Networks capture", CONVERT),
    foreign(0, b"\0\0\x02\0\x12\x05\0\x10", "a Tektronix K12 capture", CONVERT),
    foreign(0, b"\xfd7zXZ\0", "packed in xz", "unpack it: `xz -dc FILE | tcpautopsy -`"),
    foreign(0, b"BZh", "packed in bzip2", "unpack it: `bzip2 -dc FILE | tcpautopsy -`"),
    foreign(0, b"LZIP", "packed in lzip", "unpack it: `lzip -dc FILE | tcpautopsy -`"),
    foreign(0, b"\x1f\x9d", "packed by compress", "unpack it: `gzip -dc FILE | tcpautopsy -`"),
    foreign(0, b"\x02\x21\x4c\x18", "packed in the old format of lz4", "unpack it: `lz4 -dc FILE | tcpautopsy -`"),
    foreign(0, b"PK\x03\x04", "a zip archive", "unpack it with `unzip FILE` and name the captures in it"),
    foreign(0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it with `7z x FILE` and name the captures in it"),
    foreign(0, b"Rar!\x1a\x07", "a RAR archive", "unpack it and name the captures in it"),
    foreign(257, b"ustar", "a tar archive", "unpack it with `tar -xf FILE` and name the captures in it"),
];

/// ERF has no magic number: a run of records whose types and lengths make sense must do
/// ([format](https://www.endace.com/erf-extensible-record-format-types.pdf)).
fn is_erf(head: &[u8]) -> bool {
    const RECORD_HEADER: usize = 16;
    /// As many records as make a chance hit on other data improbable.
    const RECORDS: usize = 3;
    /// The highest type number assigned; 0 is reserved, 48 pads.
    const LAST_TYPE: u8 = 48;
    let mut rest = head;
    for seen in 0..RECORDS {
        let Some(&[_, _, _, _, _, _, _, _, kind, _, l0, l1, ..]) = rest.first_chunk::<RECORD_HEADER>() else {
            return seen > 0 && (rest.is_empty() || head.len() >= HEAD);
        };
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        if !(1..=LAST_TYPE).contains(&(kind & 0x7f)) || length < RECORD_HEADER {
            return false;
        }
        let Some(next) = rest.get(length..) else { return seen > 0 && head.len() >= HEAD };
        rest = next;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[u8], expected: &str) {
        let said = identify(head).unwrap_err().at("f");
        assert!(said.contains(expected), "{said}");
    }

    #[test]
    fn what_we_read_is_told_by_four_octets() {
        assert_eq!(identify(b"\xd4\xc3\xb2\xa1"), Ok(Content::Pcap));
        assert_eq!(identify(b"\xa1\xb2\x3c\x4d"), Ok(Content::Pcap));
        assert_eq!(identify(b"\x0a\x0d\x0d\x0a"), Ok(Content::Pcapng));
        assert_eq!(identify(b"\x1f\x8b\x08\x00"), Ok(Content::Packed(Compression::Gzip)));
        assert_eq!(identify(b"\x28\xb5\x2f\xfd"), Ok(Content::Packed(Compression::Zstd)));
        assert_eq!(identify(b"\x04\x22\x4d\x18"), Ok(Content::Packed(Compression::Lz4)));
    }

    #[test]
    fn a_skippable_frame_is_what_follows_it() {
        assert_eq!(identify(b"\x50\x2a\x4d\x18\x01\0\0\0x\x04\x22\x4d\x18"), Ok(Content::Packed(Compression::Lz4)));
        assert_eq!(identify(b"\x5f\x2a\x4d\x18\x01\0\0\0x\x28\xb5\x2f\xfd"), Ok(Content::Packed(Compression::Zstd)));
        assert_eq!(identify(b"\x50\x2a\x4d\x18\xff\xff\xff\xff"), Ok(Content::Packed(Compression::Zstd)));
    }

    #[test]
    fn what_we_do_not_read_is_named_with_the_way_out() {
        check(
            b"GMBU\0\x02",
            "f is a Microsoft Network Monitor capture; convert it with `editcap -F pcapng f OUT.pcapng`",
        );
        check(b"snoop\0\0\0\0\0\0\x02", "f is a Solaris snoop capture; convert");
        check(b"\xfd7zXZ\0\0", "f is packed in xz; unpack it: `xz -dc f | tcpautopsy -`");
        check(b"PK\x03\x04", "f is a zip archive; unpack");
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        check(&tar, "f is a tar archive; unpack");
    }

    #[test]
    fn the_rest_is_shown_as_it_starts() {
        check(b"Hello", "f is not a capture: it starts with 'Hell', which is neither pcap nor pcapng");
        check(b"\x00\x01\x02\x03\x04", "it starts with 00 01 02 03,");
        check(b"", "f is empty");
        check(b"\xd4\xc3", "f ends within its file header, after 2 of 24 bytes");
    }

    #[test]
    fn erf_is_told_by_a_run_of_records() {
        let record = |kind: u8, length: u16| {
            let mut record = vec![0; usize::from(length)];
            record[8] = kind;
            record[10..12].copy_from_slice(&length.to_be_bytes());
            record
        };
        check(&[record(2, 72), record(2, 80), record(0x9b, 64)].concat(), "an Endace ERF capture");
        check(&[record(2, 72), record(77, 80), record(2, 64)].concat(), "it starts with 00 00 00 00");
        check(&record(2, 72)[..60], "it starts with 00 00 00 00");
    }
}
