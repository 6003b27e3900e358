//! GRE and what is put into it.

use super::ip::IpHeader;
use super::paths::Tunnel;
use super::walk::{Read, Walk};
use super::{Octets, Undecoded};

/// Flags of the first two octets ([RFC 2784](https://www.rfc-editor.org/rfc/rfc2784), [RFC 2890](https://www.rfc-editor.org/rfc/rfc2890)).
mod flag {
    pub const CHECKSUM: u16 = 0x8000;
    /// Of RFC 1701, which RFC 2784 replaces.
    pub const ROUTING: u16 = 0x4000;
    pub const KEY: u16 = 0x2000;
    pub const SEQUENCE: u16 = 0x1000;
    /// Of PPTP (RFC 2637).
    pub const ACKNOWLEDGEMENT: u16 = 0x0080;
    pub const VERSION: u16 = 0x0007;
}

/// EtherTypes that have a meaning in GRE only.
mod protocol {
    /// WCCP version 2: a redirect header may stand in front of IP.
    pub const WCCP: u16 = 0x883e;
    pub const ERSPAN: u16 = 0x88be;
    pub const ERSPAN_III: u16 = 0x22eb;
    pub const FRAME_RELAY: u16 = 0x6559;
    /// 802.11 frames of Aruba's access points, one number for each of their queues.
    pub const ARUBA: std::ops::RangeInclusive<u16> = 0x8200..=0x837f;
}

impl Walk<'_> {
    /// [RFC 2784](https://www.rfc-editor.org/rfc/rfc2784) with key and sequence number, RFC 1701's routing stepped over, and
    /// version 1, which is [PPTP's](https://www.rfc-editor.org/rfc/rfc2637).
    pub fn gre(&mut self, outer: &IpHeader, data: Octets<'_>) -> Read {
        let flags = data.u16(0)?;
        let protocol = data.u16(2)?;
        let mut at = 4;
        if flags & (flag::CHECKSUM | flag::ROUTING) != 0 {
            at += 4;
        }
        let key = if flags & flag::KEY != 0 { Some(data.u32(at)?) } else { None };
        at += 4 * usize::from(key.is_some());
        let sequence = flags & flag::SEQUENCE != 0;
        at += 4 * usize::from(sequence);
        match flags & flag::VERSION {
            0 => {}
            1 => {
                // The key's lower half is the call, its upper half the length.
                self.push_tunnel(Tunnel::Pptp { call: key.unwrap_or(0) as u16 }, outer)?;
                at += 4 * usize::from(flags & flag::ACKNOWLEDGEMENT != 0);
                return if sequence { self.ppp(data.skip(at)?) } else { Err(Undecoded::NotIp) };
            }
            _ => return Err(Undecoded::Malformed),
        }
        if flags & flag::ROUTING != 0 {
            at = skip_routes(data, at)?;
        }
        let data = data.skip(at)?;
        match protocol {
            protocol::ERSPAN | protocol::ERSPAN_III => self.erspan(outer, protocol, sequence, data),
            _ => {
                self.push_tunnel(Tunnel::Gre { key }, outer)?;
                match protocol {
                    protocol::WCCP => self.first_of(&[&|walk| walk.ipv4(data), &|walk| walk.ipv4(data.skip(4)?)]),
                    protocol::FRAME_RELAY => self.frame_relay(data),
                    aruba if protocol::ARUBA.contains(&aruba) => self.wifi(data, false),
                    // A keep-alive has protocol 0 and nothing behind it.
                    _ => self.ether_type(protocol, data),
                }
            }
        }
    }

    /// [ERSPAN](https://datatracker.ietf.org/doc/html/draft-foschiano-erspan-03): type I has no header and no sequence number, types II
    /// and III say which they are.
    fn erspan(&mut self, outer: &IpHeader, protocol: u16, sequence: bool, data: Octets<'_>) -> Read {
        const SUBHEADER_FOLLOWS: u8 = 0x01;
        if protocol == protocol::ERSPAN && !sequence {
            self.push_tunnel(Tunnel::Erspan { session: None }, outer)?;
            return self.ethernet(data);
        }
        let version = data.u8(0)? >> 4;
        let kind = Tunnel::Erspan { session: Some(data.u16(2)? & 0x3ff) };
        self.push_tunnel(kind, outer)?;
        match version {
            1 => self.ethernet(data.skip(8)?),
            2 => {
                let len = if data.u8(11)? & SUBHEADER_FOLLOWS != 0 { 20 } else { 12 };
                self.first_of(&[&|walk| walk.ethernet(data.skip(len)?), &|walk| walk.ip(data.skip(len)?)])
            }
            _ => Err(Undecoded::Malformed),
        }
    }

    /// [RFC 3378](https://www.rfc-editor.org/rfc/rfc3378): version 3 and twelve bits of zero.
    pub fn ether_ip(&mut self, outer: &IpHeader, data: Octets<'_>) -> Read {
        self.push_tunnel(Tunnel::EtherIp, outer)?;
        match data.u16(0)? {
            0x3000 => self.ethernet(data.skip(2)?),
            _ => Err(Undecoded::Malformed),
        }
    }
}

/// Where the source route entries of RFC 1701 end: at one without length and family.
fn skip_routes(data: Octets<'_>, mut at: usize) -> Result<usize, Undecoded> {
    loop {
        let [f0, f1, _, len] = data.read(at)?;
        at += 4 + usize::from(len);
        if [f0, f1, len] == [0; 3] {
            return Ok(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ETHERNET, carries, ethernet, inner, ipv6, join, outer, refused, tcp};
    use super::*;

    #[test]
    fn every_field_of_the_header_is_stepped_over() {
        let gre = |flags: u16, fields: &[u8]| outer(47, &join(&[&flags.to_be_bytes(), &[8, 0], fields, &inner()]));
        carries(ETHERNET, &gre(0, &[]), "gre (192.0.2.1 > 192.0.2.2)");
        carries(ETHERNET, &gre(0x8000, &[0; 4]), "gre (192.0.2.1 > 192.0.2.2)");
        carries(ETHERNET, &gre(0x3000, &[0, 0, 0, 5, 0, 0, 0, 1]), "gre 5 (192.0.2.1 > 192.0.2.2)");
        let routes = join(&[&[0; 4], &[8, 0, 0, 4, 1, 2, 3, 4], &[0; 4]]);
        carries(ETHERNET, &gre(0x4000, &routes), "gre (192.0.2.1 > 192.0.2.2)");
        refused(ETHERNET, &gre(0x0002, &[]), Undecoded::Malformed);
    }

    #[test]
    fn gre_carries_frames_labels_and_keep_alives() {
        let gre = |protocol: u16, data: &[u8]| outer(47, &join(&[&[0, 0], &protocol.to_be_bytes(), data]));
        carries(ETHERNET, &gre(0x6558, &ethernet(0x800, &inner())), "gre (192.0.2.1 > 192.0.2.2)");
        carries(ETHERNET, &gre(0x86dd, &ipv6(6, &tcp())), "gre (192.0.2.1 > 192.0.2.2)");
        carries(ETHERNET, &gre(0x6559, &join(&[&[0x18, 0x41, 3, 0xcc], &inner()])), "gre (192.0.2.1 > 192.0.2.2)");
        let label = [0, 1, 1, 64];
        carries(ETHERNET, &gre(0x8847, &join(&[&label, &inner()])), "gre (192.0.2.1 > 192.0.2.2), mpls 16");
        carries(ETHERNET, &gre(0x883e, &join(&[&[0; 4], &inner()])), "gre (192.0.2.1 > 192.0.2.2)");
        refused(ETHERNET, &gre(0, &[]), Undecoded::NotIp);
    }

    #[test]
    fn pptp_carries_ppp() {
        let len = inner().len() as u8 + 4;
        let pptp = join(&[&[0x30, 0x81, 0x88, 0x0b, 0, len, 0, 9], &[0; 8], &[0xff, 3, 0, 0x21], &inner()]);
        carries(ETHERNET, &outer(47, &pptp), "pptp 9 (192.0.2.1 > 192.0.2.2)");
        let acknowledgement = [0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 9, 0, 0, 0, 1];
        refused(ETHERNET, &outer(47, &acknowledgement), Undecoded::NotIp);
    }

    #[test]
    fn erspan_of_three_types() {
        let tagged = ethernet(0x8100, &join(&[&[0, 5, 8, 0], &inner()]));
        let erspan = |header: &[u8]| outer(47, &join(&[header, &tagged]));
        carries(ETHERNET, &erspan(&[0, 0, 0x88, 0xbe]), "erspan (192.0.2.1 > 192.0.2.2), vlan 5");
        let two = [0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 5, 0, 77, 0, 0, 0, 0];
        carries(ETHERNET, &erspan(&two), "erspan 77 (192.0.2.1 > 192.0.2.2), vlan 5");
        let three = [0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5, 0, 77, 0, 0, 0, 0, 0, 0, 0, 0];
        carries(ETHERNET, &erspan(&three), "erspan 77 (192.0.2.1 > 192.0.2.2), vlan 5");
        let mut with_subheader = join(&[&three, &[0; 8]]);
        with_subheader[19] = 1;
        carries(ETHERNET, &erspan(&with_subheader), "erspan 77 (192.0.2.1 > 192.0.2.2), vlan 5");
    }

    #[test]
    fn ether_ip() {
        let frame = join(&[&[0x30, 0], &ethernet(0x800, &inner())]);
        carries(ETHERNET, &outer(97, &frame), "etherip (192.0.2.1 > 192.0.2.2)");
        refused(ETHERNET, &outer(97, &[0x40, 0, 0, 0]), Undecoded::Malformed);
    }
}
