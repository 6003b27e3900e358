//! Tunnels in UDP. A port is only a hint: what does not read as the tunnel from its header down to IP is ordinary UDP.

use etherparse::UdpHeaderSlice;

use super::ip::{IpHeader, fits, is_teredo};
use super::paths::Tunnel;
use super::walk::{Read, Walk};
use super::{Octets, Undecoded};

/// [Registered ports](https://www.iana.org/assignments/service-names-port-numbers), and those that products took.
mod port {
    pub const L2TP: u16 = 1701;
    pub const GTP_C: u16 = 2123;
    pub const GTP_U: u16 = 2152;
    pub const TEREDO: u16 = 3544;
    pub const LISP: u16 = 4341;
    pub const GRE: u16 = 4754;
    pub const VXLAN: u16 = 4789;
    pub const VXLAN_GPE: u16 = 4790;
    pub const AYIYA: u16 = 5072;
    pub const CAPWAP: u16 = 5247;
    pub const GENEVE: u16 = 6081;
    pub const MPLS: u16 = 6635;
    /// Linux's VXLAN from before the registration.
    pub const OLD_VXLAN: u16 = 8472;
    /// MikroTik's and Aruba's default for mirrored frames.
    pub const TZSP: u16 = 37008;
}

impl Walk<'_> {
    /// [RFC 768](https://www.rfc-editor.org/rfc/rfc768), for the tunnel that one of its ports may mean.
    pub fn udp(&mut self, ip: &IpHeader, data: Octets<'_>) -> Read {
        let header = UdpHeaderSlice::from_slice(data.bytes()).map_err(|error| data.missing(error.required_len))?;
        let ports = [header.destination_port(), header.source_port()];
        let data = match header.length() {
            // Segmentation offload, or a jumbogram.
            0 => data,
            len => data.limit(len.into()),
        };
        let data = data.skip(header.slice().len())?;
        for (place, port) in ports.into_iter().enumerate() {
            let read = match port {
                port::L2TP => self.l2tp(ip, data),
                // User packets on the port of control messages, as Wireshark and Zeek take them.
                port::GTP_U | port::GTP_C => self.gtp_u(ip, data),
                port::TEREDO => self.teredo(ip, data),
                port::LISP => self.lisp(ip, data),
                port::GRE => self.gre(ip, data),
                port::VXLAN | port::OLD_VXLAN | port::VXLAN_GPE => self.vxlan(ip, port, data),
                port::AYIYA => self.ayiya(ip, data),
                port::CAPWAP => self.capwap(ip, data),
                port::GENEVE => self.geneve(ip, data),
                // The source port is chosen by the flow, so that only the destination says anything (RFC 7510 section 3).
                port::MPLS if place == 0 => {
                    self.push_tunnel(Tunnel::MplsInUdp, ip)?;
                    self.mpls(data)
                }
                port::TZSP => self.tzsp(ip, data),
                _ => continue,
            };
            return read.map_err(|reason| match reason {
                Undecoded::NotIp | Undecoded::Malformed | Undecoded::LinkType => Undecoded::NotTcp,
                reason => reason,
            });
        }
        if is_teredo_packet(data) { self.teredo(ip, data) } else { Err(Undecoded::NotTcp) }
    }

    /// [RFC 7348](https://www.rfc-editor.org/rfc/rfc7348), and the generic protocol extension with its next protocol.
    fn vxlan(&mut self, outer: &IpHeader, port: u16, data: Octets<'_>) -> Read {
        const IDENTIFIER_PRESENT: u8 = 0x08;
        const NEXT_PROTOCOL_PRESENT: u8 = 0x04;
        let [flags, _, _, next, v0, v1, v2, _] = data.read(0)?;
        if flags & IDENTIFIER_PRESENT == 0 {
            return Err(Undecoded::NotIp);
        }
        self.push_tunnel(Tunnel::Vxlan { vni: u32::from_be_bytes([0, v0, v1, v2]) }, outer)?;
        let data = data.skip(8)?;
        match next {
            _ if port != port::VXLAN_GPE || flags & NEXT_PROTOCOL_PRESENT == 0 => self.ethernet(data),
            1 => self.ipv4(data),
            2 => self.ipv6(data),
            3 => self.ethernet(data),
            4 => self.nsh(data),
            5 => self.mpls(data),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// [RFC 8926](https://www.rfc-editor.org/rfc/rfc8926).
    fn geneve(&mut self, outer: &IpHeader, data: Octets<'_>) -> Read {
        let [version_and_len, _, p0, p1, v0, v1, v2, _] = data.read(0)?;
        if version_and_len >> 6 != 0 {
            return Err(Undecoded::NotIp);
        }
        self.push_tunnel(Tunnel::Geneve { vni: u32::from_be_bytes([0, v0, v1, v2]) }, outer)?;
        let options = usize::from(version_and_len & 0x3f) * 4;
        self.ether_type(u16::from_be_bytes([p0, p1]), data.skip(8 + options)?)
    }

    /// [3GPP TS 29.281](https://www.3gpp.org/dynareport/29281.htm) section 5: a G-PDU of version 1.
    fn gtp_u(&mut self, outer: &IpHeader, data: Octets<'_>) -> Read {
        const VERSION_1: u8 = 0x30;
        const G_PDU: u8 = 255;
        const EXTENSION: u8 = 0x04;
        const OPTIONAL_FIELDS: u8 = 0x07;
        const OPTIONAL_LEN: usize = 4;
        let [flags, message, l0, l1, t0, t1, t2, t3] = data.read(0)?;
        if flags & 0xf0 != VERSION_1 || message != G_PDU {
            return Err(Undecoded::NotIp);
        }
        self.push_tunnel(Tunnel::GtpU { teid: u32::from_be_bytes([t0, t1, t2, t3]) }, outer)?;
        let mut data = data.skip(8)?.limit(u16::from_be_bytes([l0, l1]).into());
        if flags & OPTIONAL_FIELDS != 0 {
            let mut next = if flags & EXTENSION != 0 { data.u8(3)? } else { 0 };
            data = data.skip(OPTIONAL_LEN)?;
            while next != 0 {
                // Length in units of four octets; the last octet says what follows.
                let len = usize::from(data.u8(0)?) * 4;
                if len == 0 {
                    return Err(Undecoded::Malformed);
                }
                next = data.u8(len - 1)?;
                data = data.skip(len)?;
            }
        }
        self.ip(data)
    }

    /// [RFC 4380](https://www.rfc-editor.org/rfc/rfc4380) section 5.1.1: indications may stand in front of the IPv6 header.
    ///
    /// One end of the inner packet has a Teredo address, or the length fits exactly.
    fn teredo(&mut self, outer: &IpHeader, mut data: Octets<'_>) -> Read {
        const AUTHENTICATION: u16 = 0x0001;
        const ORIGIN: u16 = 0x0000;
        loop {
            data = match data.u16(0)? {
                AUTHENTICATION => data.skip(13 + usize::from(data.u8(2)?) + usize::from(data.u8(3)?))?,
                ORIGIN => data.skip(8)?,
                _ => break,
            };
        }
        if !fits(data) && !is_teredo(data.read(8)?) && !is_teredo(data.read(24)?) {
            return Err(Undecoded::NotIp);
        }
        self.push_tunnel(Tunnel::Teredo, outer)?;
        self.ipv6(data)
    }

    /// [RFC 2661](https://www.rfc-editor.org/rfc/rfc2661) data messages, and [RFC 3931](https://www.rfc-editor.org/rfc/rfc3931) ones in UDP.
    fn l2tp(&mut self, outer: &IpHeader, data: Octets<'_>) -> Read {
        const CONTROL: u16 = 0x8000;
        const LENGTH: u16 = 0x4000;
        const SEQUENCE: u16 = 0x0800;
        const OFFSET: u16 = 0x0200;
        let flags = data.u16(0)?;
        if flags & CONTROL != 0 {
            return Err(Undecoded::NotIp);
        }
        match flags & 0x000f {
            2 => {}
            3 => return self.l2tp_v3(outer, data.skip(4)?),
            _ => return Err(Undecoded::NotIp),
        }
        let mut at = 2;
        if flags & LENGTH != 0 {
            at += 2;
        }
        let (tunnel, session) = (data.u16(at)?, data.u16(at + 2)?);
        at += 4;
        if flags & SEQUENCE != 0 {
            at += 4;
        }
        if flags & OFFSET != 0 {
            at += 2 + usize::from(data.u16(at)?);
        }
        self.push_tunnel(Tunnel::L2tp { tunnel, session }, outer)?;
        self.ppp(data.skip(at)?)
    }

    /// [RFC 3931](https://www.rfc-editor.org/rfc/rfc3931) directly over IP.
    pub fn l2tp_over_ip(&mut self, outer: &IpHeader, data: Octets<'_>) -> Read {
        self.l2tp_v3(outer, data).map_err(|reason| match reason {
            Undecoded::NotIp | Undecoded::Malformed => Undecoded::NotTcp,
            reason => reason,
        })
    }

    /// Behind the session identifier the control connection decides on a cookie of 0, 4 or 8 octets, a sublayer and the
    /// kind of frame; the reading that makes sense is taken. Session 0 is the control connection.
    fn l2tp_v3(&mut self, outer: &IpHeader, data: Octets<'_>) -> Read {
        let session = data.u32(0)?;
        if session == 0 {
            return Err(Undecoded::NotIp);
        }
        self.push_tunnel(Tunnel::L2tpV3 { session }, outer)?;
        self.first_of(&[
            &|walk| walk.ethernet(data.skip(4)?),
            &|walk| walk.ethernet(data.skip(8)?),
            &|walk| walk.ethernet(data.skip(12)?),
            &|walk| walk.ethernet(data.skip(16)?),
        ])
    }

    /// [AYIYA](https://datatracker.ietf.org/doc/html/draft-massar-v6ops-ayiya-02) section 3: lengths in fours of octets as powers of two and as counts.
    fn ayiya(&mut self, outer: &IpHeader, data: Octets<'_>) -> Read {
        const FORWARD: u8 = 1;
        let [identity, signature, operation, next] = data.read(0)?;
        if operation & 0x0f != FORWARD {
            return Err(Undecoded::NotIp);
        }
        let identity_len = 1usize << (identity >> 4);
        let signature_len = usize::from(signature >> 4) * 4;
        self.push_tunnel(Tunnel::Ayiya, outer)?;
        let data = data.skip(8 + identity_len + signature_len)?;
        match next {
            super::ip::protocol::IPV4 => self.ipv4(data),
            super::ip::protocol::IPV6 => self.ipv6(data),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// [RFC 9300](https://www.rfc-editor.org/rfc/rfc9300) section 5: eight octets that may be anything, then IP.
    fn lisp(&mut self, outer: &IpHeader, data: Octets<'_>) -> Read {
        let data = data.skip(8)?;
        if !fits(data) {
            return Err(Undecoded::NotIp);
        }
        self.push_tunnel(Tunnel::Lisp, outer)?;
        self.ip(data)
    }

    /// [RFC 5415](https://www.rfc-editor.org/rfc/rfc5415) section 4.3: 802.3 or 802.11 frames without encryption.
    fn capwap(&mut self, outer: &IpHeader, data: Octets<'_>) -> Read {
        const NATIVE: u8 = 0x01;
        const FRAGMENT: u8 = 0x80;
        const DTLS: u8 = 1;
        let [preamble, len, kind, flags] = data.read(0)?;
        if preamble == DTLS {
            return Err(Undecoded::NotTcp);
        }
        if preamble != 0 {
            return Err(Undecoded::NotIp);
        }
        if flags & FRAGMENT != 0 {
            return Err(Undecoded::Fragment);
        }
        let data = data.skip(usize::from(len >> 3) * 4)?;
        self.push_tunnel(Tunnel::Capwap, outer)?;
        if kind & NATIVE == 0 {
            return self.ethernet(data);
        }
        // Cisco's access points swap the octets of the frame control field.
        let [first, second] = data.read(0)?;
        let control = if first & 0x0f == 0x08 { [first, second] } else { [second, first] };
        self.wifi_with_control(control, data, false)
    }

    /// [TZSP](https://web.archive.org/web/20050404125022/http://www.networkchemistry.com/support/appnotes/an001_tzsp.html): tags up to an
    /// end mark, then the frame.
    fn tzsp(&mut self, outer: &IpHeader, data: Octets<'_>) -> Read {
        const VERSION: u8 = 1;
        const RECEIVED: u8 = 0;
        const TRANSMITTED: u8 = 1;
        const PADDING: u8 = 0;
        const END: u8 = 1;
        let [VERSION, RECEIVED | TRANSMITTED, e0, e1] = data.read(0)? else { return Err(Undecoded::NotIp) };
        let mut data = data.skip(4)?;
        loop {
            let tag = data.u8(0)?;
            data = match tag {
                END => data.skip(1)?,
                PADDING => data.skip(1)?,
                _ => data.skip(2 + usize::from(data.u8(1)?))?,
            };
            if tag == END {
                break;
            }
        }
        self.push_tunnel(Tunnel::Tzsp, outer)?;
        match u16::from_be_bytes([e0, e1]) {
            1 => self.ethernet(data),
            18 => self.wifi(data, false),
            119 => self.prism(data),
            127 => self.avs(data),
            _ => Err(Undecoded::NotIp),
        }
    }
}

/// Whether this is a whole IPv6 packet of a Teredo client: those have their port from a router that translates addresses, and talk
/// to each other without the server (RFC 4380 section 5.4). Zeek looks at every port, too.
fn is_teredo_packet(data: Octets<'_>) -> bool {
    let is_client = |at| data.read(at).is_ok_and(is_teredo);
    data.u8(0).is_ok_and(|first| first >> 4 == 6) && fits(data) && (is_client(8) || is_client(24))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ETHERNET, carries, ethernet, inner, ipv6, join, refused, tcp, udp};
    use super::*;

    const ENDS: &str = "(192.0.2.1 > 192.0.2.2)";

    #[track_caller]
    fn tunnels(port: u16, parts: &[&[u8]], layer: &str) {
        carries(ETHERNET, &udp(port, &join(parts)), &format!("{layer} {ENDS}"));
    }

    /// Asserts that it stays ordinary UDP.
    #[track_caller]
    fn does_not(port: u16, parts: &[&[u8]]) {
        refused(ETHERNET, &udp(port, &join(parts)), Undecoded::NotTcp);
    }

    #[test]
    fn vxlan() {
        let header = [8, 0, 0, 0, 0, 0, 100, 0];
        tunnels(4789, &[&header, &ethernet(0x800, &inner())], "vxlan 100");
        tunnels(8472, &[&header, &ethernet(0x800, &inner())], "vxlan 100");
        does_not(4789, &[&[0; 8], &ethernet(0x800, &inner())]);
        does_not(4789, &[&header, &ethernet(0x800, &[0x99; 40])]);
        does_not(53, &[&header, &ethernet(0x800, &inner())]);
        let tagged = ethernet(0x8100, &join(&[&[0, 5, 8, 0], &inner()]));
        carries(ETHERNET, &udp(4789, &join(&[&header, &tagged])), &format!("vxlan 100 {ENDS}, vlan 5"));
        tunnels(4790, &[&[0x0c, 0, 0, 1, 0, 0, 100, 0], &inner()], "vxlan 100");
    }

    #[test]
    fn a_tunnel_in_a_tunnel() {
        let inside = super::super::testing::udp(6081, &join(&[&[0, 0, 8, 0, 0, 0, 7, 0], &inner()]));
        let frame = udp(4789, &join(&[&[8, 0, 0, 0, 0, 0, 100, 0], &inside]));
        carries(ETHERNET, &frame, &format!("vxlan 100 {ENDS}, geneve 7 {ENDS}"));
    }

    #[test]
    fn geneve() {
        tunnels(6081, &[&[0x01, 0, 0x65, 0x58, 0, 0, 7, 0], &[0; 4], &ethernet(0x800, &inner())], "geneve 7");
        does_not(6081, &[&[0x40, 0, 0x65, 0x58, 0, 0, 7, 0], &ethernet(0x800, &inner())]);
    }

    #[test]
    fn gtp_u() {
        let header = |flags: u8, extra: u8| {
            let len = inner().len() as u8 + extra;
            [flags, 255, 0, len, 0, 0, 1, 2]
        };
        tunnels(2152, &[&header(0x30, 0), &inner()], "gtp-u 258");
        tunnels(2152, &[&header(0x32, 4), &[0, 1, 0, 0], &inner()], "gtp-u 258");
        tunnels(2152, &[&header(0x34, 8), &[0, 1, 0, 0x85], &[1, 0, 0, 0], &inner()], "gtp-u 258");
        does_not(2152, &[&header(0x34, 8), &[0, 1, 0, 0x85], &[0, 0, 0, 0], &inner()]);
        does_not(2152, &[&[0x30, 1, 0, 40, 0, 0, 0, 0], &inner()]);
        tunnels(2123, &[&header(0x30, 0), &inner()], "gtp-u 258");
        does_not(2123, &[&[0x48, 32, 0, 40, 0, 0, 0, 0], &inner()]);
    }

    #[test]
    fn teredo() {
        tunnels(3544, &[&ipv6(6, &tcp())], "teredo");
        let authentication = [0, 1, 2, 3, 9, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        tunnels(3544, &[&authentication, &[0; 8], &ipv6(6, &tcp())], "teredo");
        does_not(3544, &[&ipv6(6, &tcp()), &[0; 5]]);
    }

    #[test]
    fn teredo_between_clients_has_any_port() {
        let mut packet = ipv6(6, &tcp());
        does_not(32_900, &[&packet]);
        for address in [8, 24] {
            packet = ipv6(6, &tcp());
            packet[address..address + 4].copy_from_slice(&[0x20, 1, 0, 0]);
            tunnels(32_900, &[&packet], "teredo");
            does_not(32_900, &[&packet, &[0]]);
        }
    }

    #[test]
    fn l2tp() {
        let ppp = join(&[&[0xff, 3, 0, 0x21], &inner()]);
        tunnels(1701, &[&[0, 2, 0, 5, 0, 6], &ppp], "l2tp 5/6");
        tunnels(1701, &[&[0x4a, 2, 0, 9, 0, 5, 0, 6, 0, 0, 0, 0, 0, 2, 0, 0], &ppp], "l2tp 5/6");
        does_not(1701, &[&[0xc8, 2, 0, 12, 0, 5, 0, 6], &ppp]);
        tunnels(1701, &[&[0, 3, 0, 0, 0, 0, 0, 8], &[0; 4], &ethernet(0x800, &inner())], "l2tpv3 8");
    }

    #[test]
    fn l2tp_over_ip() {
        let frame = join(&[&[0, 0, 0, 8], &ethernet(0x800, &inner())]);
        carries(ETHERNET, &super::super::testing::outer(115, &frame), &format!("l2tpv3 8 {ENDS}"));
    }

    #[test]
    fn mirrored_frames_and_others() {
        let frame = ethernet(0x800, &inner());
        tunnels(37008, &[&[1, 0, 0, 1, 0, 10, 1, 9, 1], &frame], "tzsp");
        tunnels(4341, &[&[0; 8], &inner()], "lisp");
        does_not(4341, &[&[0; 8], &inner(), &[0]]);
        tunnels(4754, &[&[0, 0, 8, 0], &inner()], "gre");
        tunnels(5072, &[&[0x42, 0x52, 0x11, 41, 0, 0, 0, 0], &[0; 16], &[0; 20], &ipv6(6, &tcp())], "ayiya");
        tunnels(5247, &[&[0, 0x10, 2, 0, 0, 0, 0, 0], &frame], "capwap");
        let wifi = join(&[&[0x01, 0x08], &[0; 22], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &inner()]);
        tunnels(5247, &[&[0, 0x10, 3, 0, 0, 0, 0, 0], &wifi], "capwap");
        carries(ETHERNET, &udp(6635, &join(&[&[0, 1, 1, 64], &inner()])), &format!("mpls-in-udp {ENDS}, mpls 16"));
    }
}
