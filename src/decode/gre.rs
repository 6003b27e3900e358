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
    /// 802.11 frames of Aruba's access points, one number for each of their queues.
    pub const ARUBA: std::ops::RangeInclusive<u16> = 0x8200..=0x82ff;
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
