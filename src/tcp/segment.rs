use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{FrameNumber, SeqNum, TcpFlags, TcpOptions, Timestamp};

/// An IP address and a port.
///
/// IPv4 addresses are held as their IPv4-mapped IPv6 form (RFC 4291 section 2.5.5.2), so that one comparison serves both;
/// [`Segment::ipv6`] keeps apart the rare IPv6 packet that carries such addresses itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The address, IPv4 as mapped.
    pub address: [u8; 16],
    /// The TCP port.
    pub port: u16,
}

impl Endpoint {
    /// An IPv4 endpoint.
    #[inline]
    pub fn v4(address: [u8; 4], port: u16) -> Self {
        // Written as one number, so that the hash that reads it right away as two need not wait for several writes.
        const MAPPED: u128 = 0xffff << 32;
        Self { address: (MAPPED | u128::from(u32::from_be_bytes(address))).to_be_bytes(), port }
    }

    /// An IPv6 endpoint.
    #[inline]
    pub fn v6(address: [u8; 16], port: u16) -> Self {
        Self { address, port }
    }

    /// Whether both are the same: what `==` says, without a jump between the address and the port.
    #[inline]
    pub fn is(&self, other: &Self) -> bool {
        let address = |end: &Self| u128::from_ne_bytes(end.address);
        (address(self) ^ address(other)) | u128::from(self.port ^ other.port) == 0
    }

    /// The address in the family that `ipv6` names.
    pub fn ip(self, ipv6: bool) -> IpAddr {
        let v6 = Ipv6Addr::from(self.address);
        match v6.to_ipv4_mapped() {
            Some(v4) if !ipv6 => IpAddr::V4(v4),
            _ => IpAddr::V6(v6),
        }
    }
}

impl From<(IpAddr, u16)> for Endpoint {
    fn from((ip, port): (IpAddr, u16)) -> Self {
        match ip {
            IpAddr::V4(v4) => Self::v4(Ipv4Addr::octets(&v4), port),
            IpAddr::V6(v6) => Self::v6(v6.octets(), port),
        }
    }
}

/// The layers around a packet's innermost IP header (VLAN tags, MPLS labels, tunnels), as a handle into the paths of the decoder.
///
/// Two packets have the same handle exactly if they had the same layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PathId(pub u32);

impl PathId {
    /// No VLAN, no label, no tunnel.
    pub const PLAIN: Self = Self(0);
}

/// The source link address of a frame as a number of 23 bits: two frames with the same address have the same one, two with
/// different addresses hardly ever (one pair in eight million).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkTag(u32);

impl LinkTag {
    /// There is no address.
    pub const NONE: Self = Self(0);

    /// Whether there is an address.
    #[inline]
    pub fn is_some(self) -> bool {
        self != Self::NONE
    }
}

/// The device that a frame came from, as far as its link header tells. In three octets, which a segment has to spare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device([u8; 3]);

impl Device {
    /// The link header tells nothing.
    pub const UNKNOWN: Self = Self([0; 3]);

    /// The bit for what the capturing host itself sent.
    const OUTGOING: u32 = 1 << 23;

    /// One with an address of these octets, of which eight count; only zeros stand for no address. `outgoing`: the capturing host
    /// itself sent the frame.
    #[inline]
    pub fn new(address: &[u8], outgoing: bool) -> Self {
        Self::numbered(address.iter().take(8).fold(0, |number, &octet| number << 8 | u64::from(octet)), outgoing)
    }

    /// The same with the address as a number.
    #[inline]
    pub fn numbered(address: u64, outgoing: bool) -> Self {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15; // 2⁶⁴ divided by the golden ratio, the usual multiplicative hash
        let tag = ((address.wrapping_mul(ODD) >> 41) as u32).max(u32::from(address != 0));
        let [a, b, c, _] = (tag | if outgoing { Self::OUTGOING } else { 0 }).to_le_bytes();
        Self([a, b, c])
    }

    #[inline]
    fn bits(self) -> u32 {
        let Self([a, b, c]) = self;
        u32::from_le_bytes([a, b, c, 0])
    }

    /// Its link address.
    #[inline]
    pub fn link(self) -> LinkTag {
        LinkTag(self.bits() & !Self::OUTGOING)
    }

    /// Whether it is the capturing host itself (Linux cooked captures tell).
    #[inline]
    pub fn is_capturing(self) -> bool {
        self.bits() & Self::OUTGOING != 0
    }
}

/// One TCP segment as it was captured: what the headers say, nothing concluded from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The frame that carried it; for a fragmented packet the frame that completed it.
    pub frame: FrameNumber,
    /// When it was captured.
    pub time: Option<Timestamp>,
    /// Source of the innermost IP and TCP headers.
    pub source: Endpoint,
    /// Destination of the innermost IP and TCP headers.
    pub destination: Endpoint,
    /// Whether the innermost IP header is version 6.
    pub ipv6: bool,
    /// Sequence number of the first octet (or of the SYN).
    pub seq: SeqNum,
    /// The acknowledgement field, whether or not the ACK bit makes it significant.
    pub ack: SeqNum,
    /// The control bits.
    pub flags: TcpFlags,
    /// The window field, unscaled; `None` where the snap length cut it off.
    pub window: Option<u16>,
    /// Octets of data, from the IP length and not from what was captured.
    pub payload_len: u32,
    /// Octets of data that were captured, at most `payload_len`.
    pub captured_payload: u32,
    /// The options.
    pub options: TcpOptions,
    /// Whether all options were captured and well-formed.
    pub options_complete: bool,
    /// Time to live or hop limit of the innermost IP header.
    pub ttl: u8,
    /// Type of service (DSCP and ECN) or traffic class of the innermost IP header.
    pub tos: u8,
    /// Identification field of an IPv4 header; for IPv6 only where a fragment header carried one (its low 16 bits).
    pub ip_id: Option<u16>,
    /// The Don't Fragment bit of an IPv4 header.
    pub dont_fragment: bool,
    /// The layers around the packet.
    pub path: PathId,
    /// What its innermost link header says of where it came from.
    pub device: Device,
    /// Which input of the capture it came from, from 0 in the order of the command line.
    pub input: u16,
    /// The place of the frame in that input, from 1; equal to `frame` where there is one input.
    pub input_frame: FrameNumber,
}

impl Segment {
    /// Octets of sequence space it occupies: its data, one for SYN, one for FIN (RFC 9293 section 3.4).
    ///
    /// Data of a reset explains the reset and is no part of the stream (RFC 9293 section 3.5.3).
    #[inline]
    pub fn seq_len(&self) -> u32 {
        let data = if self.flags.rst() { 0 } else { self.payload_len };
        data.wrapping_add(u32::from(self.flags.syn())).wrapping_add(u32::from(self.flags.fin()))
    }

    /// The sequence number after its last octet.
    #[inline]
    pub fn seq_end(&self) -> SeqNum {
        self.seq.add(self.seq_len())
    }
}

/// The TCP header that an ICMP error quotes (RFC 792, RFC 4443): evidence about a flow, never a segment of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotedSegment {
    /// Source of the quoted packet.
    pub source: Endpoint,
    /// Destination of the quoted packet.
    pub destination: Endpoint,
    /// Whether the quoted packet is IPv6.
    pub ipv6: bool,
    /// Sequence number of the quoted header; `None` where the quotation ends before it.
    pub seq: Option<SeqNum>,
}

/// An ICMP or ICMPv6 error about a TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// The frame that carried it.
    pub frame: FrameNumber,
    /// When it was captured.
    pub time: Option<Timestamp>,
    /// Who reports the error: the source of the packet that carries the ICMP message.
    pub reporter: IpAddr,
    /// Whether it is ICMPv6.
    pub icmpv6: bool,
    /// ICMP type.
    pub icmp_type: u8,
    /// ICMP code.
    pub code: u8,
    /// The segment it is about.
    pub quoted: QuotedSegment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_their_family() {
        let mapped = Endpoint::v4([10, 0, 0, 1], 80);
        assert_eq!(mapped.ip(false).to_string(), "10.0.0.1");
        assert_eq!(mapped.ip(true).to_string(), "::ffff:10.0.0.1");
        assert_eq!(Endpoint::from((mapped.ip(false), 80)), mapped);
    }

    #[test]
    fn a_segment_takes_no_more_octets_than_batches_and_limits_reckon_with() {
        assert_eq!(size_of::<Segment>(), 128);
    }

    #[test]
    fn devices_are_told_apart_by_their_addresses() {
        let one = Device::new(&[2, 0, 0, 0, 0, 1], false);
        let same = Device::new(&[2, 0, 0, 0, 0, 1], true);
        assert_eq!(one.link(), same.link());
        assert_eq!((one.is_capturing(), same.is_capturing()), (false, true));
        let tags: std::collections::HashSet<u32> = (0..1000u16)
            .map(|host| Device::new(&[&[2, 0, 0, 0][..], &host.to_be_bytes()].concat(), false).bits())
            .collect();
        assert_eq!(tags.len(), 1000);
        assert_eq!(Device::new(&[], true).link(), LinkTag::NONE);
    }
}
