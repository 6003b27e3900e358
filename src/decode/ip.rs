//! IP headers, whatever stands between them and the transport header, and what the protocol number leads to.

use etherparse::{
    IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice, err,
};
use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;

use super::fragments::{DatagramKey, Place};
use super::paths::Tunnel;
use super::view::Fragment;
use super::walk::{Read, Walk};
use super::{Decoded, Octets, Undecoded, icmp, tcp};
use crate::capture::Frame;
use crate::tcp::{Endpoint, Segment};

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
    /// A frame in IP, as segment routing carries it (RFC 8986).
    pub const ETHERNET: u8 = 143;
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
fn claimed(data: Octets<'_>, header_len: usize, total_len: usize) -> Result<Octets<'_>, Undecoded> {
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

    /// [RFC 791](https://www.rfc-editor.org/rfc/rfc791). Some senders have one number for both versions; as in Wireshark and Zeek,
    /// the version in the packet decides.
    pub fn ipv4(&mut self, data: Octets<'_>) -> Read {
        const VERSION_6: u8 = 6;
        if data.u8(0)? >> 4 == VERSION_6 {
            return self.ipv6(data);
        }
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
        self.state.view.flow_label = Some(header.flow_label().value());
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
                    let segment = tcp::segment(self.frame, ip, data)?;
                    self.state.view.payload = payload(self.frame, data, segment.captured_payload);
                    let view = &self.state.view;
                    let device = view.device();
                    return Ok(Decoded::Segment(Segment { path: self.state.path(), device, ..segment }));
                }
                protocol::UDP | protocol::UDP_LITE => return self.udp(ip, data),
                protocol::ICMP if !ip.ipv6 => return self.icmp(ip, data),
                protocol::ICMPV6 if ip.ipv6 => return self.icmpv6(ip, data),
                protocol::IPV4 | protocol::IPIP | protocol::IPV6 => return self.ip_in_ip(ip, protocol, data),
                protocol::GRE => return self.gre(ip, data),
                protocol::ETHER_IP => return self.ether_ip(ip, data),
                protocol::L2TP => return self.l2tp_over_ip(ip, data),
                protocol::ETHERNET => {
                    self.push_tunnel(Tunnel::EtherIp, ip)?;
                    return self.ethernet(data);
                }
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
        let whole = self.state.fragments.add(key, place, *ip, data, self.frame.time, &mut self.state.counts);
        if self.state.fragment.is_none() && data.len() > 0 {
            let header = if place.offset == 0 && protocol == protocol::TCP { icmp::header_len(data) } else { 0 };
            let captured = data.bytes().len().saturating_sub(header);
            let data = u32::try_from(captured).ok().and_then(|len| payload(self.frame, data, len));
            let packet = self.state.fragments.latest;
            self.state.fragment = data.map(|data| Fragment { packet, data: data.start });
        }
        match whole {
            Some(whole) => {
                self.enter()?;
                self.transport(&whole.header, protocol, Octets::new(&whole.captured, whole.len))
            }
            None => Err(Undecoded::Fragment),
        }
    }
}

/// Where in the frame the last `len` octets of `data` lie.
pub(super) fn payload(frame: &Frame<'_>, data: Octets<'_>, len: u32) -> Option<Range<usize>> {
    // Addresses only, to tell whether the octets are the frame's own or those of a packet put together from fragments.
    let start = (data.bytes().as_ptr() as usize).checked_sub(frame.bytes.as_ptr() as usize)?;
    let end = start.checked_add(data.bytes().len()).filter(|&end| end <= frame.bytes.len())?;
    Some(end.checked_sub(len as usize)?..end)
}

/// Whether an IP header claims exactly the octets that there are: proof enough that it is one, where nothing else says so.
pub(super) fn fits(data: Octets<'_>) -> bool {
    match data.u8(0).map(|first| first >> 4) {
        Ok(4) => data.u16(2).is_ok_and(|total| usize::from(total) == data.len()),
        Ok(6) => data.u16(4).is_ok_and(|payload| usize::from(payload) + 40 == data.len()),
        _ => false,
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

/// Whether an address is one of Teredo's, 2001::/32 (RFC 4380 section 2.6).
pub(super) fn is_teredo(address: [u8; 16]) -> bool {
    Ipv6Addr::from(address).segments().starts_with(&[0x2001, 0])
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        ETHERNET, carries, ethernet, frame, inner, ipv4, ipv6, join, outer, refused, segment, tcp,
    };
    use super::super::{DecodeLimits, Decoder};
    use super::*;

    #[test]
    fn the_segment_takes_its_facts_from_the_innermost_header() {
        let frame4 = outer(4, &inner());
        let found = segment(&frame(ETHERNET, &frame4));
        assert_eq!(found.source.ip(found.ipv6).to_string(), "10.1.1.1");
        assert_eq!((found.ttl, found.tos, found.ip_id, found.dont_fragment), (64, 0x10, Some(0x1234), true));
        let frame6 = ethernet(0x86dd, &ipv6(6, &tcp()));
        let found = segment(&frame(ETHERNET, &frame6));
        assert_eq!(found.destination.ip(found.ipv6).to_string(), "2001:db8::2");
        assert_eq!((found.ttl, found.tos, found.ip_id, found.dont_fragment), (63, 0x12, None, false));
    }

    #[test]
    fn ip_in_ip_of_every_pair() {
        let outer6 = |next, payload: &[u8]| ethernet(0x86dd, &ipv6(next, payload));
        carries(ETHERNET, &outer(4, &inner()), "ip-in-ip (192.0.2.1 > 192.0.2.2)");
        carries(ETHERNET, &outer(94, &inner()), "ip-in-ip (192.0.2.1 > 192.0.2.2)");
        carries(ETHERNET, &outer(41, &ipv6(6, &tcp())), "6in4 (192.0.2.1 > 192.0.2.2)");
        carries(ETHERNET, &outer6(4, &inner()), "4in6 (2001:db8::1 > 2001:db8::2)");
        carries(ETHERNET, &outer6(41, &ipv6(6, &tcp())), "ip-in-ip (2001:db8::1 > 2001:db8::2)");
        carries(ETHERNET, &outer(143, &ethernet(0x800, &inner())), "etherip (192.0.2.1 > 192.0.2.2)");
        carries(
            ETHERNET,
            &outer(137, &join(&[&[0, 1, 1, 64], &inner()])),
            "mpls-in-ip (192.0.2.1 > 192.0.2.2), mpls 16",
        );
    }

    #[test]
    fn nesting_has_an_end() {
        let mut packet = inner();
        for _ in 0..40 {
            packet = ipv4(4, &packet);
        }
        refused(228, &packet, Undecoded::TooDeep);
    }

    #[test]
    fn extension_headers_in_any_order() {
        let raw = |next: u8| join(&[&[next, 1], &[1, 12], &[0; 12]]);
        for order in [[0, 43, 60], [60, 43, 0], [135, 139, 140]] {
            let [first, second, third] = order;
            let payload = join(&[&raw(second), &raw(third), &raw(6), &tcp()]);
            carries(ETHERNET, &ethernet(0x86dd, &ipv6(first, &payload)), "");
        }
        let authentication = |next: u8| join(&[&[next, 4], &[0; 22]]);
        carries(ETHERNET, &ethernet(0x86dd, &ipv6(51, &join(&[&authentication(6), &tcp()]))), "");
        carries(ETHERNET, &outer(51, &join(&[&authentication(4), &inner()])), "ip-in-ip (192.0.2.1 > 192.0.2.2)");
        refused(ETHERNET, &outer(50, &tcp()), Undecoded::NotTcp);
        refused(ETHERNET, &outer(60, &join(&[&raw(6), &tcp()])), Undecoded::NotTcp);
    }

    #[test]
    fn an_atomic_fragment_is_whole() {
        let packet = ipv6(44, &join(&[&[6, 0, 0, 0, 0, 0, 0, 9], &tcp()]));
        carries(229, &packet, "");
    }

    #[test]
    fn a_length_of_zero_means_the_frame() {
        let mut offloaded = inner();
        offloaded[2..4].fill(0);
        let found = segment(&Frame { original_len: 5000, ..frame(228, &offloaded) });
        assert_eq!((found.payload_len, found.captured_payload), (5000 - 20 - 32, 4));
        let mut offloaded = ipv6(6, &tcp());
        offloaded[4..6].fill(0);
        assert_eq!(segment(&Frame { original_len: 5000, ..frame(229, &offloaded) }).payload_len, 5000 - 40 - 32);
    }

    #[test]
    fn a_jumbogram_names_its_own_length() {
        let len = tcp().len() as u32 + 8;
        let jumbo = join(&[&[6, 0, 0xc2, 4], &len.to_be_bytes(), &tcp()]);
        let mut packet = ipv6(0, &jumbo);
        packet[4..6].fill(0);
        carries(229, &packet, "");
    }

    #[test]
    fn a_length_beyond_the_frame_is_not_believed() {
        let mut packet = inner();
        packet[2..4].fill(0xff);
        assert_eq!(segment(&frame(228, &packet)).payload_len, 4);
        packet[2..4].copy_from_slice(&[0, 19]);
        refused(228, &packet, Undecoded::Malformed);
    }

    #[test]
    fn fragments_meet_within_their_path() {
        let payload = tcp();
        let piece = |offset: usize, data: &[u8]| {
            let mut packet = ipv4(6, data);
            let more = if offset + data.len() < payload.len() { 0x2000 } else { 0 };
            packet[6..8].copy_from_slice(&(more + offset as u16 / 8).to_be_bytes());
            packet
        };
        let pieces = [piece(0, &payload[..16]), piece(16, &payload[16..])];
        let mut decoder = Decoder::new(DecodeLimits::default());
        assert_eq!(decoder.decode(&frame(228, &pieces[1])), Decoded::Other);
        let Decoded::Segment(found) = decoder.decode(&frame(228, &pieces[0])) else { panic!("incomplete") };
        assert_eq!((found.payload_len, found.captured_payload, found.options_complete), (4, 4, true));

        let tagged = |id: u8, packet: &[u8]| ethernet(0x8100, &join(&[&[0, id, 8, 0], packet]));
        let [first, second] = [tagged(1, &pieces[0]), tagged(2, &pieces[1])];
        assert_eq!(decoder.decode(&frame(ETHERNET, &first)), Decoded::Other);
        assert_eq!(decoder.decode(&frame(ETHERNET, &second)), Decoded::Other);
        assert_eq!(decoder.counts().incomplete_datagrams(), 2);
    }

    #[test]
    fn ipv6_fragments_meet() {
        let payload = tcp();
        let piece = |place: u8, data: &[u8]| ipv6(44, &join(&[&[6, 0, 0, place, 0, 0, 0x56, 0x78], data]));
        let mut decoder = Decoder::new(DecodeLimits::default());
        assert_eq!(decoder.decode(&frame(229, &piece(1, &payload[..16]))), Decoded::Other);
        let last = piece(16, &payload[16..]);
        let Decoded::Segment(found) = decoder.decode(&frame(229, &last)) else { panic!("incomplete") };
        assert_eq!((found.payload_len, found.ip_id), (4, Some(0x5678)));
    }
}
