//! The octets of a frame, renamed where they are understood and cut where they are not.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::checksum::checksum;
use super::key::Key;
use crate::capture::LinkType;

const TCP: u8 = 6;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
const IPV6_HEADER: usize = 40;
/// The header of ICMP and ICMPv6 errors, in front of what they quote.
const ICMP_HEADER: usize = 8;
const TCP_HEADER: usize = 20;
const CHECKSUM_OF_IPV4: Range<usize> = 10..12;
const CHECKSUM_OF_TCP: Range<usize> = 16..18;
const CHECKSUM_OF_ICMP: Range<usize> = 2..4;

impl Key {
    /// A frame in which addresses are others, data is zeros, and checksums fit. What is neither known to be harmless nor can
    /// be renamed is cut off: of a tunnel there is the outer header, of an unknown link type nothing.
    pub fn frame(&self, link_type: LinkType, octets: &[u8]) -> Vec<u8> {
        let mut octets = octets.to_vec();
        let kept = self.link(link_type, &mut octets).unwrap_or(0);
        octets.truncate(kept);
        octets
    }

    /// Renames a frame in place; how much of it may stay.
    fn link(&self, link_type: LinkType, octets: &mut [u8]) -> Option<usize> {
        let header = match link_type.0 {
            1 => return self.ethernet(octets),
            0 | 108 => 4,
            12 | 14 | 101 | 228 | 229 => 0,
            113 => {
                self.cooked(octets, octets.get(4..6).map(|len| u16::from_be_bytes([len[0], len[1]]).into())?, 6);
                16
            }
            276 => {
                self.cooked(octets, octets.get(11).copied()?.into(), 12);
                20
            }
            _ => return None,
        };
        let packet = octets.get_mut(header..)?;
        Some(header + self.packet(packet, false).unwrap_or(0))
    }

    fn ethernet(&self, octets: &mut [u8]) -> Option<usize> {
        const TAGS: [[u8; 2]; 3] = [[0x81, 0x00], [0x88, 0xa8], [0x91, 0x00]];
        const IPV4: [u8; 2] = [0x08, 0x00];
        const IPV6: [u8; 2] = [0x86, 0xdd];
        self.mac(octets.get_mut(0..6)?);
        self.mac(octets.get_mut(6..12)?);
        let mut at = 12;
        loop {
            let kind: [u8; 2] = octets.get(at..at + 2)?.try_into().ok()?;
            if TAGS.contains(&kind) {
                at += 4;
                continue;
            }
            at += 2;
            if kind != IPV4 && kind != IPV6 {
                return Some(at);
            }
            let packet = octets.get_mut(at..)?;
            return Some(at + self.packet(packet, false).unwrap_or(0));
        }
    }

    /// The address of a Linux cooked header: `len` octets of the eight at `at`, and nothing in the others.
    fn cooked(&self, octets: &mut [u8], len: usize, at: usize) {
        let Some(field) = octets.get_mut(at..at + 8) else { return };
        let (address, rest) = field.split_at_mut(len.min(8));
        self.mac(address);
        rest.fill(0);
    }

    /// Renames a packet, or the quotation of one; how much of it may stay.
    fn packet(&self, packet: &mut [u8], is_quoted: bool) -> Option<usize> {
        match packet.first()? >> 4 {
            4 => self.ipv4(packet, is_quoted),
            6 => self.ipv6(packet, is_quoted),
            _ => None,
        }
    }

    fn ipv4(&self, packet: &mut [u8], is_quoted: bool) -> Option<usize> {
        let header_len = usize::from(packet.first()? & 0xf) * 4;
        let header = packet.get_mut(..header_len).filter(|header| header.len() >= 20)?;
        let total = usize::from(u16::from_be_bytes([*header.get(2)?, *header.get(3)?]));
        let fragment = u16::from_be_bytes([*header.get(6)?, *header.get(7)?]) & 0x3fff != 0;
        let protocol = *header.get(9)?;
        for at in [12, 16] {
            let field: &mut [u8; 4] = header.get_mut(at..at + 4)?.try_into().ok()?;
            *field = self.v4(Ipv4Addr::from(*field)).octets();
        }
        // Options may record the way; no-operation says nothing.
        header.get_mut(20..)?.fill(1);
        header.get_mut(CHECKSUM_OF_IPV4)?.fill(0);
        let sum = checksum(&[header]);
        header.get_mut(CHECKSUM_OF_IPV4)?.copy_from_slice(&sum);
        let mut pseudo = header.get(12..20)?.to_vec();
        // Segmentation offload leaves a length of none: then the frame's own counts.
        let length = if total == 0 { packet.len() } else { total }.checked_sub(header_len)?;
        pseudo.extend([0, protocol]);
        pseudo.extend(u16::try_from(length).ok()?.to_be_bytes());
        if fragment {
            return Some(header_len);
        }
        let data = packet.get_mut(header_len..)?;
        Some(header_len + self.transport(protocol, ICMP, data, length, &pseudo, is_quoted))
    }

    fn ipv6(&self, packet: &mut [u8], is_quoted: bool) -> Option<usize> {
        let header = packet.get_mut(..IPV6_HEADER)?;
        let length = usize::from(u16::from_be_bytes([*header.get(4)?, *header.get(5)?]));
        let protocol = *header.get(6)?;
        for at in [8, 24] {
            let field: &mut [u8; 16] = header.get_mut(at..at + 16)?.try_into().ok()?;
            *field = self.v6(Ipv6Addr::from(*field)).octets();
        }
        let mut pseudo = header.get(8..IPV6_HEADER)?.to_vec();
        let data = packet.get_mut(IPV6_HEADER..)?;
        let length = if length == 0 { data.len() } else { length };
        pseudo.extend(u32::try_from(length).ok()?.to_be_bytes());
        pseudo.extend([0, 0, 0, protocol]);
        // Extension headers may hold addresses, too: behind the header only what is known goes on.
        Some(IPV6_HEADER + self.transport(protocol, ICMPV6, data, length, &pseudo, is_quoted))
    }

    /// Renames what an IP header leads to; how much of it may stay.
    fn transport(&self, protocol: u8, icmp: u8, data: &mut [u8], len: usize, pseudo: &[u8], is_quoted: bool) -> usize {
        let kept = match protocol {
            TCP => tcp(data, len, pseudo, is_quoted),
            // An error about an error is none.
            _ if protocol == icmp && !is_quoted => self.icmp(data, len, pseudo, icmp),
            _ => None,
        };
        kept.unwrap_or(0)
    }

    /// An error with its quotation, behind which all is zeros.
    fn icmp(&self, data: &mut [u8], len: usize, pseudo: &[u8], protocol: u8) -> Option<usize> {
        const REDIRECT: u8 = 5;
        let kind = *data.first()?;
        let quotes = if protocol == ICMP { matches!(kind, 3 | 4 | 5 | 11 | 12) } else { matches!(kind, 1..=4) };
        if !quotes {
            return None;
        }
        if protocol == ICMP && kind == REDIRECT {
            let field: &mut [u8; 4] = data.get_mut(4..ICMP_HEADER)?.try_into().ok()?;
            *field = self.v4(Ipv4Addr::from(*field)).octets();
        }
        let quoted = data.get_mut(ICMP_HEADER..)?;
        let known = self.packet(quoted, true).unwrap_or(0);
        quoted.get_mut(known..)?.fill(0);
        data.get_mut(CHECKSUM_OF_ICMP)?.fill(0);
        let message = data.get(..len).unwrap_or(data);
        // Only ICMPv6 counts the addresses in (RFC 4443 section 2.3).
        let sum = if protocol == ICMP { checksum(&[message]) } else { checksum(&[pseudo, message]) };
        // Of a message that was cut the checksum of the whole is not known.
        if message.len() == len {
            data.get_mut(CHECKSUM_OF_ICMP)?.copy_from_slice(&sum);
        }
        data.get_mut(len.min(data.len())..)?.fill(0);
        Some(data.len())
    }
}

/// A segment whose data becomes zeros, and so does whatever follows it; `len` octets of it were on the line.
fn tcp(data: &mut [u8], len: usize, pseudo: &[u8], is_quoted: bool) -> Option<usize> {
    if data.len() < TCP_HEADER {
        // Ports and sequence numbers, as much as there is of them; a quotation has eight octets.
        data.get_mut(CHECKSUM_OF_TCP.start.min(data.len())..)?.fill(0);
        return Some(data.len());
    }
    let header_len = (usize::from(*data.get(12)? >> 4) * 4).max(TCP_HEADER);
    let captured = header_len.min(data.len());
    let (header, rest) = data.split_at_mut(captured);
    rest.fill(0);
    options(header.get_mut(TCP_HEADER..)?);
    header.get_mut(CHECKSUM_OF_TCP)?.fill(0);
    // Zeros add nothing, so data that was not captured is no hindrance; options would be.
    if captured == header_len && len >= header_len {
        let sum = checksum(&[pseudo, header]);
        header.get_mut(CHECKSUM_OF_TCP)?.copy_from_slice(&sum);
    }
    let kept = if is_quoted { captured } else { data.len() };
    Some(kept)
}

/// Leaves the options that say nothing of who speaks: cookies, keys and addresses of others become no-operations.
fn options(mut octets: &mut [u8]) {
    const END: u8 = 0;
    const NO_OPERATION: u8 = 1;
    /// MSS, window scale, SACK permitted, SACK, timestamps.
    const HARMLESS: [u8; 5] = [2, 3, 4, 5, 8];
    loop {
        match octets {
            [] => return,
            [END, rest @ ..] => return rest.fill(END),
            [NO_OPERATION, rest @ ..] => octets = rest,
            whole => {
                let length = whole.get(1).map_or(0, |&length| usize::from(length));
                let is_harmless = whole.first().is_some_and(|kind| HARMLESS.contains(kind));
                if length < 2 || length > whole.len() {
                    return whole.fill(NO_OPERATION);
                }
                let (option, rest) = whole.split_at_mut(length);
                if !is_harmless {
                    option.fill(NO_OPERATION);
                }
                octets = rest;
            }
        }
    }
}
