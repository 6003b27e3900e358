//! ICMP errors, for the TCP header they quote.

use std::net::IpAddr;

use etherparse::{Ipv6HeaderSlice, err};

use super::ip::{self, IpHeader, protocol};
use super::walk::{Read, Walk};
use super::{Decoded, Octets, Undecoded};
use crate::tcp::{Endpoint, IcmpError, QuotedSegment, SeqNum};

/// Type, code, checksum and four octets that depend on the type; then the quotation.
const HEADER: usize = 8;

impl Walk<'_> {
    /// [RFC 792](https://www.rfc-editor.org/rfc/rfc792): the messages that quote a packet.
    pub fn icmp(&mut self, ip: &IpHeader, data: Octets<'_>) -> Read {
        const DESTINATION_UNREACHABLE: u8 = 3;
        const SOURCE_QUENCH: u8 = 4;
        const REDIRECT: u8 = 5;
        const TIME_EXCEEDED: u8 = 11;
        const PARAMETER_PROBLEM: u8 = 12;
        match data.u8(0)? {
            DESTINATION_UNREACHABLE | SOURCE_QUENCH | REDIRECT | TIME_EXCEEDED | PARAMETER_PROBLEM => {
                self.icmp_error(ip.source(), data, quoted_v4(data.skip(HEADER)?)?)
            }
            _ => Err(Undecoded::NotTcp),
        }
    }

    /// [RFC 4443](https://www.rfc-editor.org/rfc/rfc4443) section 2.1: errors are the types below 128.
    pub fn icmpv6(&mut self, ip: &IpHeader, data: Octets<'_>) -> Read {
        match data.u8(0)? {
            1..128 => self.icmp_error(ip.source(), data, quoted_v6(data.skip(HEADER)?)?),
            _ => Err(Undecoded::NotTcp),
        }
    }

    fn icmp_error(&mut self, reporter: IpAddr, data: Octets<'_>, (quoted, tcp): Quoted<'_>) -> Read {
        let data_len = tcp.bytes().len().saturating_sub(header_len(tcp));
        self.state.view.payload = u32::try_from(data_len).ok().and_then(|len| ip::payload(self.frame, tcp, len));
        Ok(Decoded::IcmpError(IcmpError {
            frame: self.frame.number,
            time: self.frame.time,
            reporter,
            icmpv6: quoted.ipv6,
            icmp_type: data.u8(0)?,
            code: data.u8(1)?,
            quoted,
        }))
    }
}

/// What is quoted, and its octets from the TCP header on.
type Quoted<'a> = (QuotedSegment, Octets<'a>);

/// Octets of the TCP header; those of one without options where its length is cut off.
pub(super) fn header_len(tcp: Octets<'_>) -> usize {
    const LEAST: usize = 20;
    tcp.u8(12).map_or(LEAST, |octet| usize::from(octet >> 4) * 4).max(LEAST)
}

/// The start of an IPv4 packet with TCP, of which RFC 792 promises eight octets behind the IP header.
fn quoted_v4(data: Octets<'_>) -> Result<Quoted<'_>, Undecoded> {
    let header = etherparse::Ipv4HeaderSlice::from_slice(data.bytes()).map_err(|error| match error {
        err::ipv4::HeaderSliceError::Len(error) => data.missing(error.required_len),
        err::ipv4::HeaderSliceError::Content(_) => Undecoded::Malformed,
    })?;
    if header.fragments_offset().value() != 0 {
        return Err(Undecoded::NotTcp);
    }
    quoted(&IpHeader::from(&header), header.protocol().0, data.skip(header.slice().len())?)
}

fn quoted_v6(data: Octets<'_>) -> Result<Quoted<'_>, Undecoded> {
    let header = Ipv6HeaderSlice::from_slice(data.bytes()).map_err(|error| match error {
        err::ipv6::HeaderSliceError::Len(error) => data.missing(error.required_len),
        err::ipv6::HeaderSliceError::Content(_) => Undecoded::Malformed,
    })?;
    quoted(&IpHeader::from(&header), header.next_header().0, data.skip(header.slice().len())?)
}

/// Steps over extension headers to the ports; the sequence number may be cut off.
fn quoted<'a>(ip: &IpHeader, mut protocol: u8, mut data: Octets<'a>) -> Result<Quoted<'a>, Undecoded> {
    while protocol != protocol::TCP {
        let (next, len) = if protocol == protocol::FRAGMENT && ip.ipv6 {
            match ip::fragment_header(data)? {
                (next, place, _, len) if place.offset == 0 => (next, len),
                _ => return Err(Undecoded::NotTcp),
            }
        } else {
            ip::extension_header(ip.ipv6, protocol, data)?.ok_or(Undecoded::NotTcp)?
        };
        (protocol, data) = (next, data.skip(len)?);
    }
    let segment = QuotedSegment {
        source: Endpoint { address: ip.source, port: data.u16(0)? },
        destination: Endpoint { address: ip.destination, port: data.u16(2)? },
        ipv6: ip.ipv6,
        seq: data.u32(4).ok().map(SeqNum),
    };
    Ok((segment, data))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ETHERNET, decode, ethernet, frame, inner, ipv6, join, outer, refused, tcp};
    use super::*;

    #[track_caller]
    fn error(bytes: &[u8]) -> IcmpError {
        match decode(&frame(ETHERNET, bytes)) {
            (Decoded::IcmpError(error), ..) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn eight_octets_of_tcp_are_enough() {
        let quotation = &inner()[..28];
        let found = error(&outer(1, &join(&[&[3, 3, 0, 0, 0, 0, 0, 0], quotation])));
        assert_eq!((found.icmp_type, found.code, found.icmpv6), (3, 3, false));
        assert_eq!(found.reporter.to_string(), "192.0.2.1");
        assert_eq!((found.quoted.source.port, found.quoted.destination.port), (1111, 2222));
        assert_eq!(found.quoted.source.ip(false).to_string(), "10.1.1.1");
        assert_eq!(found.quoted.seq, Some(SeqNum(7)));
    }

    #[test]
    fn four_octets_give_the_ports() {
        let found = error(&outer(1, &join(&[&[11, 0, 0, 0, 0, 0, 0, 0], &inner()[..24]])));
        assert_eq!((found.quoted.source.port, found.quoted.seq), (1111, None));
        refused(ETHERNET, &outer(1, &join(&[&[11, 0, 0, 0, 0, 0, 0, 0], &inner()[..23]])), Undecoded::Malformed);
    }

    #[test]
    fn icmpv6_quotes_through_extension_headers() {
        let packet = ipv6(0, &join(&[&[44, 0, 1, 4, 0, 0, 0, 0], &[6, 0, 0, 1, 0, 0, 0, 5], &tcp()]));
        let found = error(&ethernet(0x86dd, &ipv6(58, &join(&[&[2, 0, 0, 0, 0, 0, 5, 0], &packet]))));
        assert!(found.icmpv6 && found.quoted.ipv6);
        assert_eq!((found.icmp_type, found.quoted.seq), (2, Some(SeqNum(7))));
    }

    #[test]
    fn other_messages_and_other_quotations_are_nothing() {
        refused(ETHERNET, &outer(1, &join(&[&[8, 0, 0, 0, 0, 0, 0, 0], &inner()])), Undecoded::NotTcp);
        let mut later_fragment = inner();
        later_fragment[7] = 9;
        refused(ETHERNET, &outer(1, &join(&[&[3, 3, 0, 0, 0, 0, 0, 0], &later_fragment])), Undecoded::NotTcp);
        let mut other = inner();
        other[9] = 17;
        refused(ETHERNET, &outer(1, &join(&[&[3, 3, 0, 0, 0, 0, 0, 0], &other])), Undecoded::NotTcp);
        refused(ETHERNET, &ethernet(0x86dd, &ipv6(58, &join(&[&[128; 8], &ipv6(6, &tcp())]))), Undecoded::NotTcp);
        refused(ETHERNET, &outer(58, &join(&[&[1; 8], &ipv6(6, &tcp())])), Undecoded::NotTcp);
    }
}
