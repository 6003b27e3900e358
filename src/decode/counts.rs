//! What became of the frames.

use std::collections::BTreeMap;

use crate::capture::LinkType;

/// Why a frame gave neither a segment nor an ICMP error about one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Undecoded {
    /// It carries no IP: ARP, spanning tree, wireless management and the like.
    NotIp,
    /// It carries IP without TCP: UDP, ICMP about something else, encrypted payload.
    NotTcp,
    /// A fragment of an IP packet whose rest has yet to come, or never does.
    Fragment,
    /// The link type is not one that is known to carry IP.
    LinkType,
    /// Encrypted below IP (protected 802.11 frames, MACsec).
    Encrypted,
    /// The snap length left too little of it.
    Cut,
    /// A header contradicts itself or the length of the frame.
    Malformed,
    /// More headers within headers than the bound allows.
    TooDeep,
}

/// What became of all frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecodeCounts {
    /// Frames that gave a TCP segment.
    pub segments: u64,
    /// Frames that gave an ICMP error about a TCP segment.
    pub icmp_errors: u64,
    /// Frames that gave neither, by reason. Reasons without a frame are absent.
    pub undecoded: BTreeMap<Undecoded, u64>,
    /// Frames of link types that are not known to carry IP.
    pub link_types: BTreeMap<LinkType, u64>,
    /// Fragments of IP packets seen, at any depth of tunnels.
    pub fragments: u64,
    /// IP packets of which a fragment was seen.
    pub datagrams: u64,
    /// Those of them that were put together.
    pub reassembled: u64,
    /// Those of them given up because the rest did not come in time.
    pub expired: u64,
    /// Those of them given up, and single fragments ignored, because of the bound on memory.
    pub crowded_out: u64,
    /// Frames whose layers were new when [`super::Paths`] was full, so that they share one path.
    pub path_overflow: u64,
    /// Frames in which more than one packet was aggregated (802.11 A-MSDU) and of which only the first TCP segment was read.
    pub aggregated: u64,
}

impl Undecoded {
    /// The reason as an identifier in snake_case that never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::LinkType => "link_type",
            Self::NotIp => "not_ip",
            Self::NotTcp => "not_tcp",
            Self::Fragment => "fragment",
            Self::Encrypted => "encrypted",
            Self::Cut => "cut",
            Self::Malformed => "malformed",
            Self::TooDeep => "too_deep",
        }
    }
}

impl std::ops::AddAssign<&Self> for DecodeCounts {
    fn add_assign(&mut self, other: &Self) {
        self.segments += other.segments;
        self.icmp_errors += other.icmp_errors;
        for (&reason, frames) in &other.undecoded {
            *self.undecoded.entry(reason).or_default() += frames;
        }
        for (&link_type, frames) in &other.link_types {
            *self.link_types.entry(link_type).or_default() += frames;
        }
        self.fragments += other.fragments;
        self.datagrams += other.datagrams;
        self.reassembled += other.reassembled;
        self.expired += other.expired;
        self.crowded_out += other.crowded_out;
        self.path_overflow += other.path_overflow;
        self.aggregated += other.aggregated;
    }
}

impl DecodeCounts {
    /// Frames that may have held TCP that could not be read, by reason: encrypted, cut, malformed, too deep, or of an
    /// unknown link type.
    pub fn unreadable_by_reason(&self) -> impl Iterator<Item = (Undecoded, u64)> {
        self.undecoded.iter().map(|(&reason, &frames)| (reason, frames)).filter(|(reason, _)| match reason {
            Undecoded::NotIp | Undecoded::NotTcp | Undecoded::Fragment => false,
            Undecoded::LinkType | Undecoded::Encrypted | Undecoded::Cut | Undecoded::Malformed | Undecoded::TooDeep => {
                true
            }
        })
    }

    /// Frames that may have held TCP that could not be read, whatever the reason.
    pub fn unreadable(&self) -> u64 {
        self.unreadable_by_reason().map(|(_, frames)| frames).sum()
    }

    /// IP packets whose fragments were never all seen.
    pub fn incomplete_datagrams(&self) -> u64 {
        self.datagrams.saturating_sub(self.reassembled)
    }
}
