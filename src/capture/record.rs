//! What both containers make of one packet record, and how they fail.

use super::LinkType;
use crate::tcp::Timestamp;

/// A packet record whose octets lie in its [`Source`](super::source::Source).
#[derive(Clone, Copy)]
pub(super) struct Record {
    pub(super) time: Option<Timestamp>,
    pub(super) link_type: LinkType,
    pub(super) original_len: u32,
    pub(super) cut: bool,
    /// Where the octets start, for [`Source::slice`](super::source::Source::slice).
    pub(super) at: usize,
    pub(super) len: u32,
    /// Blocks in front of it that hold no frame but that Wireshark numbers like one.
    pub(super) numbers_skipped: u32,
}

/// Why the walk through an input cannot go on.
#[derive(Debug)]
pub(super) struct Damage {
    pub(super) offset: u64,
    pub(super) reason: String,
}

impl Record {
    /// A record of `captured` octets at `at` whose line had `original`, the last `fcs` of them a frame check sequence.
    ///
    /// A captured length above the original one contradicts itself; like libpcap and Wireshark we believe the octets.
    #[inline]
    pub(super) fn new(
        time: Option<Timestamp>,
        link_type: LinkType,
        at: usize,
        captured: u32,
        original: u32,
        fcs: u32,
    ) -> Self {
        let cut = captured < original;
        let original_len = original.max(captured).saturating_sub(fcs);
        Self { time, link_type, original_len, cut, at, len: captured.min(original_len), numbers_skipped: 0 }
    }
}

/// The most octets one packet record may claim: 256 KiB for all link types (libpcap's MAXIMUM_SNAPLEN), 128 MiB where
/// one "packet" may be a whole D-Bus message or USB transfer (libpcap's and Wireshark's exceptions).
pub(super) fn max_captured(link_type: LinkType) -> u32 {
    const DBUS: u16 = 231;
    const USBPCAP: u16 = 249;
    const EBHSCR: u16 = 279;
    match link_type.0 {
        DBUS | USBPCAP => 128 << 20,
        EBHSCR => 32 << 20,
        _ => 256 << 10,
    }
}
