//! IP headers, whatever stands between them and the transport header, and what the protocol number leads to.

use etherparse::{
    IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice, err,
};
use std::net::{IpAddr, Ipv6Addr};

use super::fragments::{DatagramKey, Place};
use super::paths::Tunnel;
use super::walk::{Read, Walk};
use super::{Decoded, Octets, Undecoded, tcp};
use crate::tcp::{Endpoint, PathId, Segment};

/// Assigned [protocol numbers](https://www.iana.org/assignments/protocol-numbers) that lead to TCP.
pub(super) mod protocol {
    pub const HOP_BY_HOP: u8 = 0;
    pub const ICMP: u8 = 1;
    pub const IPV4: u8 = 4;
    pub const TCP: u8 = 6;
    pub const UDP: u8 = 17;
    pub const IPV6: u8 = 41;
    pub const ROUTING: u8 = 43;
    pub const FRAGMENT: u8 = 44;
    pub const GRE: u8 = 47;
    pub const AUTHENTICATION: u8 = 51;
    pub const ICMPV6: u8 = 58;
    pub const DESTINATION_OPTIONS: u8 = 60;
    /// IP within IP, the number that KA9Q took (also "IPIP").
    pub const IPIP: u8 = 94;
    pub const ETHER_IP: u8 = 97;
    pub const L2TP: u8 = 115;
    pub const MOBILITY: u8 = 135;
    pub const UDP_LITE: u8 = 136;
    pub const MPLS: u8 = 137;
    pub const HIP: u8 = 139;
    pub const SHIM6: u8 = 140;
}

/// What a segment takes from its IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IpHeader {
    /// As in [`Endpoint`].
    pub source: [u8; 16],
    pub destination: [u8; 16],
    pub ipv6: bool,
    pub ttl: u8,
    pub tos: u8,
    pub ip_id: Option<u16>,
    pub dont_fragment: bool,
}

impl IpHeader {
    pub fn source(&self) -> IpAddr {
        Endpoint { address: self.source, port: 0 }.ip(self.ipv6)
    }

    pub fn destination(&self) -> IpAddr {
        Endpoint { address: self.destination, port: 0 }.ip(self.ipv6)
    }
}

/// IPv4's Don't Fragment bit and fields of its header come from etherparse; its fragment offset counts units of eight octets.
impl From<&Ipv4HeaderSlice<'_>> for IpHeader {
    fn from(header: &Ipv4HeaderSlice<'_>) -> Self {
        Self {
            source: Endpoint::v4(header.source(), 0).address,
            destination: Endpoint::v4(header.destination(), 0).address,
            ipv6: false,
            ttl: header.ttl(),
            tos: header.dcp().value() << 2 | header.ecn().value(),
            ip_id: Some(header.identification()),
            dont_fragment: header.dont_fragment(),
        }
    }
}

impl From<&Ipv6HeaderSlice<'_>> for IpHeader {
    fn from(header: &Ipv6HeaderSlice<'_>) -> Self {
        Self {
            source: header.source(),
            destination: header.destination(),
            ipv6: true,
            ttl: header.hop_limit(),
            tos: header.traffic_class(),
            ip_id: None,
            dont_fragment: false,
        }
    }
}

/// The octets an IP header claims, out of those that there are. Zero is what segmentation offload leaves in the field, and
/// then the frame says how long the packet is. A claim beyond the frame is not believed either, as in Wireshark: the
/// frame's length is the network card's word.
pub(super) fn claimed(data: Octets<'_>, header_len: usize, total_len: usize) -> Result<Octets<'_>, Undecoded> {
    match total_len {
        0 => Ok(data),
        _ if total_len < header_len => Err(Undecoded::Malformed),
        _ => Ok(data.limit(total_len)),
    }
}

impl Walk<'_> {
    /// IP of the version that its first four bits name.
    pub fn ip(&mut self, data: Octets<'_>) -> Read {
        match data.u8(0)? >> 4 {
            4 => self.ipv4(data),
            6 => self.ipv6(data),
            _ => Err(Undecoded::Malformed),
        }
    }

    /// [RFC 791](https://www.rfc-editor.org/rfc/rfc791).
    pub fn ipv4(&mut self, data: Octets<'_>) -> Read {
        self.enter()?;
        let header = Ipv4HeaderSlice::from_slice(data.bytes()).map_err(|error| match error {
            err::ipv4::HeaderSliceError::Len(error) => data.missing(error.required_len),
            err::ipv4::HeaderSliceError::Content(_) => Undecoded::Malformed,
        })?;
        let header_len = header.slice().len();
        let payload = claimed(data, header_len, header.total_len().into())?.skip(header_len)?;
        let ip = IpHeader::from(&header);
        let protocol = header.protocol().0;
        if !header.is_fragmenting_payload() {
            return self.transport(&ip, protocol, payload);
        }
        let place = Place { offset: usize::from(header.fragments_offset().value()) * 8, more: header.more_fragments() };
        self.fragment(&ip, header.identification().into(), place, protocol, payload)
    }

    /// [RFC 8200](https://www.rfc-editor.org/rfc/rfc8200).
    pub fn ipv6(&mut self, data: Octets<'_>) -> Read {
        self.enter()?;
        let header = Ipv6HeaderSlice::from_slice(data.bytes()).map_err(|error| match error {
            err::ipv6::HeaderSliceError::Len(error) => data.missing(error.required_len),
            err::ipv6::HeaderSliceError::Content(_) => Undecoded::Malformed,
        })?;
        let header_len = header.slice().len();
        let payload = match header.payload_length() {
            0 => {
                let payload = data.skip(header_len)?;
                let jumbo = jumbo_payload_len(header.next_header().0, payload);
                jumbo.map_or(payload, |len| payload.limit(len))
            }
            len => data.limit(header_len + usize::from(len)).skip(header_len)?,
        };
        self.transport(&IpHeader::from(&header), header.next_header().0, payload)
    }

    /// What the protocol number or next header leads to, through any extension headers, in any order.
    pub fn transport(&mut self, ip: &IpHeader, mut protocol: u8, mut data: Octets<'_>) -> Read {
        loop {
            match protocol {
                protocol::TCP => {
                    let segment = tcp::segment(self.frame, ip, PathId::PLAIN, data)?;
                    return Ok(Decoded::Segment(Segment { path: self.state.path(), ..segment }));
                }
                protocol::UDP | protocol::UDP_LITE => return self.udp(ip, data),
                protocol::ICMP if !ip.ipv6 => return self.icmp(ip, data),
                protocol::ICMPV6 if ip.ipv6 => return self.icmpv6(ip, data),
                protocol::IPV4 | protocol::IPIP | protocol::IPV6 => return self.ip_in_ip(ip, protocol, data),
                protocol::GRE => return self.gre(ip, data),
                protocol::ETHER_IP => return self.ether_ip(ip, data),
                protocol::L2TP => return self.l2tp_over_ip(ip, data),
                protocol::MPLS => {
                    self.push_tunnel(Tunnel::MplsInIp, ip)?;
                    return self.mpls(data);
                }
                protocol::FRAGMENT if ip.ipv6 => match fragment_header(data)? {
                    (next, Place { offset: 0, more: false }, _, len) => {
                        // An atomic fragment is a whole packet (RFC 6946).
                        (protocol, data) = (next, data.skip(len)?);
                    }
                    (next, place, identification, len) => {
                        let ip = IpHeader { ip_id: Some(identification as u16), ..*ip };
                        return self.fragment(&ip, identification, place, next, data.skip(len)?);
                    }
                },
                _ => match extension_header(ip.ipv6, protocol, data)? {
                    Some((next, len)) => (protocol, data) = (next, data.skip(len)?),
                    None => return Err(Undecoded::NotTcp),
                },
            }
        }
    }

    /// One IP header directly within another (RFC 2003, RFC 4213, RFC 2473).
    fn ip_in_ip(&mut self, outer: &IpHeader, protocol: u8, data: Octets<'_>) -> Read {
        let kind = match (outer.ipv6, protocol == protocol::IPV6) {
            (false, false) | (true, true) => Tunnel::IpInIp,
            (false, true) => Tunnel::SixInFour,
            (true, false) => Tunnel::FourInSix,
        };
        self.push_tunnel(kind, outer)?;
        if protocol == protocol::IPV6 { self.ipv6(data) } else { self.ipv4(data) }
    }

    /// A fragment; the one that completes a packet leads on, from that packet's own header.
    fn fragment(&mut self, ip: &IpHeader, identification: u32, place: Place, protocol: u8, data: Octets<'_>) -> Read {
        let key = DatagramKey {
            source: ip.source,
            destination: ip.destination,
            ipv6: ip.ipv6,
            identification,
            protocol,
            path: self.state.path(),
        };
        match self.state.fragments.add(key, place, *ip, data, self.frame.time, &mut self.state.counts) {
            Some(whole) => {
                self.enter()?;
                self.transport(&whole.header, protocol, Octets::new(&whole.captured, whole.len))
            }
            None => Err(Undecoded::Fragment),
        }
    }
}

/// The next header and the length of an extension header; `None` where `protocol` is not one that can be stepped over.
///
/// IPv4 knows only the Authentication Header, but the numbers mean the same there.
pub(super) fn extension_header(ipv6: bool, protocol: u8, data: Octets<'_>) -> Result<Option<(u8, usize)>, Undecoded> {
    match protocol {
        // RFC 8200 section 4; RFC 6275, RFC 7401 and RFC 5533 give theirs the same shape.
        protocol::HOP_BY_HOP
        | protocol::ROUTING
        | protocol::DESTINATION_OPTIONS
        | protocol::MOBILITY
        | protocol::HIP
        | protocol::SHIM6
            if ipv6 =>
        {
            let header =
                Ipv6RawExtHeaderSlice::from_slice(data.bytes()).map_err(|error| data.missing(error.required_len))?;
            Ok(Some((header.next_header().0, header.slice().len())))
        }
        // RFC 4302.
        protocol::AUTHENTICATION => {
            let header = IpAuthHeaderSlice::from_slice(data.bytes()).map_err(|error| match error {
                err::ip_auth::HeaderSliceError::Len(error) => data.missing(error.required_len),
                err::ip_auth::HeaderSliceError::Content(_) => Undecoded::Malformed,
            })?;
            Ok(Some((header.next_header().0, header.slice().len())))
        }
        _ => Ok(None),
    }
}

/// The next header, the place, the identification and the length of an IPv6 fragment header (RFC 8200 section 4.5).
pub(super) fn fragment_header(data: Octets<'_>) -> Result<(u8, Place, u32, usize), Undecoded> {
    let header = Ipv6FragmentHeaderSlice::from_slice(data.bytes()).map_err(|error| data.missing(error.required_len))?;
    let place = Place { offset: usize::from(header.fragment_offset().value()) * 8, more: header.more_fragments() };
    Ok((header.next_header().0, place, header.identification(), header.slice().len()))
}

/// The length in a Jumbo Payload option, which stands in a hop-by-hop header right behind the IPv6 header (RFC 2675).
fn jumbo_payload_len(next_header: u8, payload: Octets<'_>) -> Option<usize> {
    const PAD1: u8 = 0;
    const JUMBO: u8 = 0xc2;
    if next_header != protocol::HOP_BY_HOP {
        return None;
    }
    let header = Ipv6RawExtHeaderSlice::from_slice(payload.bytes()).ok()?;
    let mut options = header.payload();
    while let Some((&kind, rest)) = options.split_first() {
        if kind == PAD1 {
            options = rest;
            continue;
        }
        let (&len, rest) = rest.split_first()?;
        let value = rest.get(..usize::from(len))?;
        if kind == JUMBO {
            return Some(u32::from_be_bytes(value.try_into().ok()?) as usize);
        }
        options = rest.get(usize::from(len)..)?;
    }
    None
}

/// An IPv6 address, for tunnels that name one by its octets.
pub(super) fn is_teredo(address: [u8; 16]) -> bool {
    Ipv6Addr::from(address).segments().starts_with(&[0x2001, 0])
}
