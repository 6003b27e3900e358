//! The link types that can carry IP. Those that cannot, or that nobody has described, are for the caller to count.

use super::walk::{Read, Walk};
use super::{Direction, LinkAddress, Octets, Undecoded};

/// The address families that mean IPv6: NetBSD and OpenBSD, FreeBSD, Darwin, Linux, Windows, Solaris.
const AF_INET6: [u32; 6] = [24, 28, 30, 10, 23, 26];

/// The address family that means IPv4 everywhere.
const AF_INET: u32 = 2;

/// ARPHRD values of Linux that say of a cooked frame how to read it in place of its protocol field, or where it went.
mod arphrd {
    pub const LOOPBACK: u16 = 772;
    pub const WIFI: u16 = 801;
    pub const WIFI_PRISM: u16 = 802;
    pub const WIFI_RADIOTAP: u16 = 803;
    pub const FRAME_RELAY: u16 = 770;
    pub const NETLINK: u16 = 824;
}

impl Walk<'_> {
    /// What the first octet belongs to, by the [registry of link types](https://www.tcpdump.org/linktypes.html).
    pub fn link(&mut self, link_type: u32, data: Octets<'_>) -> Read {
        match link_type {
            0 | 108 => self.bsd_loopback(data),
            1 => self.ethernet(data),
            6 => self.token_ring(data),
            7 => self.arcnet(3, 2, data),
            8 => self.slip(data),
            9 | 50 => self.hdlc(data),
            10 => self.fddi(data),
            // RFC 2684: LLC in ATM's AAL5. The registry moved it to 100.
            11 | 100 => self.llc(data),
            // OpenBSD writes 12 for its loopback, other systems for IP.
            12 => self.first_of(&[&|walk| walk.ip(data), &|walk| walk.bsd_loopback(data)]),
            14 | 101 => self.ip(data),
            // Linux's classical IP over ATM, before and after libpcap moved it.
            19 | 106 => self.ip(data),
            51 => self.pppoe(data),
            104 => self.cisco_hdlc(data),
            105 => self.wifi(data, false),
            107 => self.frame_relay(data),
            109 => self.openbsd_enc(data),
            113 => self.linux_cooked(data),
            117 => self.pflog(data),
            119 => self.prism(data),
            // RFC 2625: two eight-octet addresses, then LLC.
            122 => self.llc(data.skip(16)?),
            123 => self.sun_atm(data),
            127 => self.radiotap(data),
            129 => self.arcnet(5, 4, data),
            // RFC 2734 as Apple captures it: two eight-octet addresses and an EtherType.
            138 => self.tag(16, data),
            // Apple's tools write a number that is anybody's for it.
            149 => self.first_of(&[&|walk| walk.pktap(data), &|_| Err(Undecoded::LinkType)]),
            258 => self.pktap(data),
            163 => self.avs(data),
            // The direction stands in the place of the address.
            166 => self.ppp(data.skip(2)?),
            178..=181 => self.juniper(link_type, data),
            192 => self.ppi(data),
            197 => self.erf(data),
            // One octet of direction, then as without.
            204 => self.hdlc(data.skip(1)?),
            205 => self.cisco_hdlc(data.skip(1)?),
            206 => self.frame_relay(data.skip(1)?),
            226 => self.solaris_ipnet(data),
            228 => self.ipv4(data),
            229 => self.ipv6(data),
            239 => self.nflog(data),
            // IP over InfiniBand: a global routing header, an EtherType and two octets of nothing (RFC 4391 section 6).
            242 => self.ether_type(data.u16(40)?, data.skip(44)?),
            // Four octets of the analyser, with preamble or without.
            240 => self.ethernet(data.skip(4)?),
            241 => self.ethernet(data.skip(4 + 8)?),
            // Preamble or its replacement.
            259 | 274 => self.ethernet(data.skip(8)?),
            276 => self.linux_cooked_v2(data),
            // Tags of switch chips: behind the addresses, or in front of them.
            281 | 284 => self.tag(16, data),
            282 => self.ethernet(data.skip(4)?),
            285 => self.tag(20, data),
            _ => Err(Undecoded::LinkType),
        }
    }

    /// [LINKTYPE_NULL](https://www.tcpdump.org/linktypes/LINKTYPE_NULL.html) and LINKTYPE_LOOP: an address family, in the
    /// byte order of the capturing machine or of the network. Some drivers put a PPP header there, some an EtherType, which is
    /// beyond all families, as Wireshark knows (epan/dissectors/packet-null.c).
    fn bsd_loopback(&mut self, data: Octets<'_>) -> Read {
        const LAST_FAMILY: u32 = 1500;
        let family: [u8; 4] = data.read(0)?;
        if let [0xff, 0x03, ..] = family {
            return self.ppp(data);
        }
        // A family fits in 16 bits; read in the wrong order it does not.
        let (family, data) = (u32::from_le_bytes(family).min(u32::from_be_bytes(family)), data.skip(4)?);
        match u16::try_from(family) {
            Ok(ether_type) if family > LAST_FAMILY => self.ether_type(ether_type, data),
            _ => self.family(family, data),
        }
    }

    fn family(&mut self, family: u32, data: Octets<'_>) -> Read {
        match family {
            AF_INET => self.ipv4(data),
            six if AF_INET6.contains(&six) => self.ipv6(data),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// [LINKTYPE_LINUX_SLL](https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html).
    fn linux_cooked(&mut self, data: Octets<'_>) -> Read {
        self.cooked_address(data.u16(2)?, data.u16(0)?, data.u16(4)?, data.read(6)?);
        self.cooked(data.u16(2)?, data.u16(14)?, data.skip(16)?)
    }

    /// [LINKTYPE_LINUX_SLL2](https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html).
    fn linux_cooked_v2(&mut self, data: Octets<'_>) -> Read {
        self.cooked_address(data.u16(8)?, data.u8(10)?.into(), data.u8(11)?.into(), data.read(12)?);
        self.cooked(data.u16(8)?, data.u16(0)?, data.skip(20)?)
    }

    /// Packet type, length of the sender's address and that address.
    fn cooked_address(&mut self, hardware: u16, packet_type: u16, length: u16, address: [u8; 8]) {
        const TO_US: u16 = 0;
        const BY_US: u16 = 4;
        let view = &mut self.state.view;
        view.direction = match (hardware, packet_type) {
            (arphrd::LOOPBACK, _) => Some(Direction::Within),
            (_, TO_US) => Some(Direction::In),
            (_, BY_US) => Some(Direction::Out),
            _ => None,
        };
        view.link_source = address.get(..length.into()).and_then(LinkAddress::new);
    }

    fn cooked(&mut self, hardware: u16, protocol: u16, data: Octets<'_>) -> Read {
        /// Values of the protocol field that are no EtherType (if_ether.h).
        const ETHERNET: u16 = 3;
        const LLC: u16 = 4;
        const PPP: u16 = 7;
        self.enter()?;
        match (hardware, protocol) {
            (arphrd::NETLINK, _) => Err(Undecoded::NotIp),
            (arphrd::WIFI, _) => self.wifi(data, false),
            (arphrd::WIFI_PRISM, _) => self.prism(data),
            (arphrd::WIFI_RADIOTAP, _) => self.radiotap(data),
            (arphrd::FRAME_RELAY, _) => self.frame_relay(data),
            (_, ETHERNET) => self.ethernet(data),
            (_, LLC) => self.llc(data),
            (_, PPP) => self.hdlc(data),
            (_, ether_type) => self.ether_type(ether_type, data),
        }
    }

    /// [LINKTYPE_SLIP](https://www.tcpdump.org/linktypes/LINKTYPE_SLIP.html): direction and fifteen octets of header
    /// compression, whose first tells an unchanged packet by the version of IP.
    fn slip(&mut self, data: Octets<'_>) -> Read {
        match data.u8(1)? >> 4 {
            0 | 4 | 6 => self.ip(data.skip(16)?),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// FDDI (ISO 9314-2): frame control and two addresses; LLC in frames of its class.
    fn fddi(&mut self, data: Octets<'_>) -> Read {
        match data.u8(0)? & 0xf0 {
            0x50 | 0xd0 => self.llc(data.skip(13)?),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// Token Ring (IEEE 802.5): a route stands behind the addresses if the source is marked as a group.
    fn token_ring(&mut self, data: Octets<'_>) -> Read {
        const ADDRESSES_END: usize = 14;
        let route = if data.u8(8)? & 0x80 != 0 { usize::from(data.u8(ADDRESSES_END)? & 0x1f) } else { 0 };
        match data.u8(1)? >> 6 {
            1 => self.llc(data.skip(ADDRESSES_END + route)?),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// ARCNET: `header` octets, in which that at `system` names the protocol
    /// ([RFC 1201](https://www.rfc-editor.org/rfc/rfc1201), [RFC 1051](https://www.rfc-editor.org/rfc/rfc1051)).
    fn arcnet(&mut self, header: usize, system: usize, data: Octets<'_>) -> Read {
        const IP: u8 = 0xd4;
        const IP_RFC_1051: u8 = 0xf0;
        const UNFRAGMENTED: u8 = 0;
        /// A frame that would have had a length ARCNET cannot send is filled up with another header.
        const EXCEPTION: u8 = 0xff;
        match data.u8(system)? {
            IP_RFC_1051 => self.ip(data.skip(header)?),
            IP => match data.u8(header)? {
                UNFRAGMENTED => self.ip(data.skip(header + 3)?),
                EXCEPTION => self.ip(data.skip(header + 3 + 4)?),
                _ => Err(Undecoded::Fragment),
            },
            _ => Err(Undecoded::NotIp),
        }
    }

    /// [LINKTYPE_SUNATM](https://www.tcpdump.org/linktypes/LINKTYPE_SUNATM.html).
    fn sun_atm(&mut self, data: Octets<'_>) -> Read {
        let kind = data.u8(0)? & 0x0f;
        let data = data.skip(4)?;
        match kind {
            1 => self.ethernet(data.skip(2)?),
            2 => self.llc(data),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// [LINKTYPE_ENC](https://www.tcpdump.org/linktypes/LINKTYPE_ENC.html): OpenBSD's inside of IPsec.
    fn openbsd_enc(&mut self, data: Octets<'_>) -> Read {
        self.ip(data.skip(12)?)
    }

    /// [LINKTYPE_PFLOG](https://www.tcpdump.org/linktypes/LINKTYPE_PFLOG.html): the length comes first, without padding.
    fn pflog(&mut self, data: Octets<'_>) -> Read {
        let len = usize::from(data.u8(0)?).next_multiple_of(4);
        self.family(data.u8(1)?.into(), data.skip(len)?)
    }

    /// Apple's [PKTAP](https://www.tcpdump.org/linktypes/LINKTYPE_PKTAP.html): its length, its kind and a link type.
    fn pktap(&mut self, data: Octets<'_>) -> Read {
        self.enter()?;
        let len = data.read(0).map(u32::from_le_bytes)?;
        let link_type = data.read(8).map(u32::from_le_bytes)?;
        self.link(link_type, data.skip(len as usize)?)
    }

    /// Records of Endace's cards ([LINKTYPE_ERF](https://www.tcpdump.org/linktypes/LINKTYPE_ERF.html); the types by
    /// wiretap/erf_record.h of Wireshark): a header of sixteen octets, extensions each of which says whether one more follows.
    fn erf(&mut self, data: Octets<'_>) -> Read {
        const MORE: u8 = 0x80;
        self.enter()?;
        let kind = data.u8(8)?;
        let mut more = kind;
        let mut data = data.skip(16)?;
        while more & MORE != 0 {
            more = data.u8(0)?;
            data = data.skip(8)?;
        }
        match kind & !MORE {
            // HDLC, by colour or by hash, and of several channels.
            1 | 10 | 15 | 19 => self.hdlc(data),
            5 | 17 => self.hdlc(data.skip(4)?),
            // Ethernet, likewise, behind an offset and padding.
            2 | 11 | 16 | 20 => self.ethernet(data.skip(2)?),
            22 => self.ipv4(data),
            23 => self.ipv6(data),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// [Juniper's](https://www.tcpdump.org/linktypes.html) link types of Ethernet, PPP, Frame Relay and Cisco's HDLC: a magic number, flags,
    /// maybe an extension with its length (print-juniper.c of tcpdump). Without the link header a number says what follows.
    fn juniper(&mut self, link_type: u32, data: Octets<'_>) -> Read {
        const EXTENDED: u8 = 0x80;
        const WITHOUT_LINK_HEADER: u8 = 0x02;
        self.enter()?;
        let [b'M', b'G', b'C', flags] = data.read(0)? else { return Err(Undecoded::Malformed) };
        let extension = if flags & EXTENDED != 0 { 2 + usize::from(data.u16(4)?) } else { 0 };
        let data = data.skip(4 + extension)?;
        if flags & WITHOUT_LINK_HEADER != 0 {
            let rest = data.skip(4)?;
            return match data.read(0).map(u32::from_le_bytes)? {
                2 | 3 => self.ipv4(rest),
                4 | 5 | 8 => self.mpls(rest),
                6 | 7 => self.ipv6(rest),
                _ => Err(Undecoded::NotIp),
            };
        }
        match link_type {
            178 => self.ethernet(data),
            // Two octets stand in the place of address and control.
            179 => self.ppp(data.skip(2)?),
            180 => self.frame_relay(data),
            _ => self.cisco_hdlc(data),
        }
    }

    /// [LINKTYPE_IPNET](https://www.tcpdump.org/linktypes/LINKTYPE_IPNET.html).
    fn solaris_ipnet(&mut self, data: Octets<'_>) -> Read {
        self.family(data.u8(1)?.into(), data.skip(24)?)
    }

    /// [LINKTYPE_NFLOG](https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html): a family, then attributes with length and
    /// type in the byte order of the capturing machine, one of which is the packet.
    fn nflog(&mut self, data: Octets<'_>) -> Read {
        const PAYLOAD: u16 = 9;
        let family = data.u8(0)?.into();
        let mut data = data.skip(4)?;
        loop {
            let [l0, l1, t0, t1] = data.read(0)?;
            // Type numbers and the header's own length are small; read in the wrong order they are not.
            let big = u16::from_le_bytes([t0, t1]) > u16::from_be_bytes([t0, t1]);
            let number = if big { u16::from_be_bytes } else { u16::from_le_bytes };
            let len = usize::from(number([l0, l1]));
            if len < 4 {
                return Err(Undecoded::Malformed);
            }
            // The highest bits of a type are flags of netlink.
            if number([t0, t1]) & 0x3fff == PAYLOAD {
                return self.family(family, data.skip(4)?.limit(len - 4));
            }
            data = data.skip(len.next_multiple_of(4))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{carries, ethernet, inner, ipv6, join, refused, tcp};
    use super::*;

    #[test]
    fn raw_ip_of_either_version() {
        for link_type in [12, 14, 101] {
            carries(link_type, &inner(), "");
            carries(link_type, &ipv6(6, &tcp()), "");
        }
        carries(228, &inner(), "");
        carries(229, &ipv6(6, &tcp()), "");
        carries(228, &ipv6(6, &tcp()), "");
        refused(229, &inner(), Undecoded::Malformed);
    }

    #[test]
    fn loopback_with_the_header_of_another_link() {
        for link_type in [0, 108] {
            carries(link_type, &join(&[&[0xff, 3, 0, 0x21], &inner()]), "");
            carries(link_type, &join(&[&[0, 8, 0, 0], &inner()]), "");
            carries(link_type, &join(&[&[0, 0, 0x86, 0xdd], &ipv6(6, &tcp())]), "");
            refused(link_type, &join(&[&[0, 0, 5, 0xdc], &inner()]), Undecoded::NotIp);
            refused(link_type, &join(&[&[0, 0, 8, 6], &inner()]), Undecoded::NotIp);
        }
    }

    #[test]
    fn records_of_cards() {
        let record = |kind: u8, rest: &[u8]| join(&[&[0; 8], &[kind, 4, 0, 0, 0, 0, 0, 0], rest]);
        let frame = ethernet(0x800, &inner());
        for kind in [2, 11, 16, 20] {
            carries(197, &record(kind, &join(&[&[0, 0], &frame])), "");
            carries(197, &record(kind | 0x80, &join(&[&[0x84, 0, 0, 0, 0, 0, 0, 0], &[4; 8], &[0, 0], &frame])), "");
        }
        for kind in [1, 10, 15, 19] {
            carries(197, &record(kind, &join(&[&[0x0f, 0, 8, 0], &inner()])), "");
            carries(197, &record(kind, &join(&[&[0xff, 3, 0, 0x21], &inner()])), "");
        }
        carries(197, &record(5, &join(&[&[0; 4], &[0x0f, 0, 8, 0], &inner()])), "");
        carries(197, &record(22, &inner()), "");
        carries(197, &record(23, &ipv6(6, &tcp())), "");
        refused(197, &record(27, &inner()), Undecoded::NotIp);
        // Extensions without end.
        refused(197, &record(0x82, &[0x80; 80]), Undecoded::Malformed);
    }

    #[test]
    fn juniper_with_and_without_the_link_header() {
        let frame = ethernet(0x800, &inner());
        carries(178, &join(&[b"MGC\x01", &frame]), "");
        carries(178, &join(&[b"MGC\x81", &[0, 6, 1, 1, 0, 2, 1, 1], &frame]), "");
        carries(178, &join(&[b"MGC\x02", &[2, 0, 0, 0], &inner()]), "");
        carries(179, &join(&[b"MGC\x00", &[0, 0, 0, 0x21], &inner()]), "");
        carries(180, &join(&[b"MGC\x00", &[0x18, 0x41, 3, 0xcc], &inner()]), "");
        carries(181, &join(&[b"MGC\x00", &[0x0f, 0, 8, 0], &inner()]), "");
        refused(178, &join(&[b"MGD\x01", &frame]), Undecoded::Malformed);
        refused(178, &join(&[b"MGC\x02", &[10, 0, 0, 0], &inner()]), Undecoded::NotIp);
    }

    #[test]
    fn bsd_loopback_in_both_byte_orders() {
        for link_type in [0, 108, 12] {
            carries(link_type, &join(&[&[2, 0, 0, 0], &inner()]), "");
            carries(link_type, &join(&[&[0, 0, 0, 2], &inner()]), "");
            for family in [24, 28, 30, 10, 23] {
                carries(link_type, &join(&[&[family, 0, 0, 0], &ipv6(6, &tcp())]), "");
                carries(link_type, &join(&[&[0, 0, 0, family], &ipv6(6, &tcp())]), "");
            }
            refused(link_type, &join(&[&[7, 0, 0, 0], &inner()]), Undecoded::NotIp);
        }
    }

    #[test]
    fn linux_cooked() {
        let v1 = |hardware: u16, protocol: u16, data: &[u8]| {
            join(&[&[0, 0], &hardware.to_be_bytes(), &[0, 6, 1, 2, 3, 4, 5, 6, 0, 0], &protocol.to_be_bytes(), data])
        };
        carries(113, &v1(1, 0x800, &inner()), "");
        carries(113, &v1(772, 0x86dd, &ipv6(6, &tcp())), "");
        carries(113, &v1(1, 0x8100, &join(&[&[0, 9, 8, 0], &inner()])), "vlan 9");
        carries(113, &v1(512, 7, &join(&[&[0xff, 3, 0, 0x21], &inner()])), "");
        carries(113, &v1(1, 3, &ethernet(0x800, &inner())), "");
        // A wireless interface in monitor mode: the protocol field says nothing.
        refused(113, &v1(arphrd::WIFI, 0x800, &inner()), Undecoded::NotIp);
        refused(113, &v1(arphrd::NETLINK, 0x800, &inner()), Undecoded::NotIp);
        let v2 = join(&[&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6], &[0; 8], &inner()]);
        carries(276, &v2, "");
    }

    #[test]
    fn linux_cooked_tells_which_way_a_frame_went() {
        use super::super::{DecodeLimits, Decoder};
        let went = |link_type, octets: &[u8]| {
            let mut decoder = Decoder::new(DecodeLimits::default());
            let (_, view) = decoder.look(&super::super::testing::frame(link_type, octets));
            view.direction
        };
        for (hardware, packet_type, wanted) in [
            (1, 0, Some(Direction::In)),
            (1, 4, Some(Direction::Out)),
            (1, 3, None),
            (arphrd::LOOPBACK, 0, Some(Direction::Within)),
            (arphrd::LOOPBACK, 4, Some(Direction::Within)),
        ] {
            let [high, low] = hardware.to_be_bytes();
            let v1 = join(&[&[0, packet_type, high, low, 0, 6], &[0; 8], &[8, 0], &inner()]);
            let v2 = join(&[&[8, 0, 0, 0, 0, 0, 0, 2, high, low, packet_type, 6], &[0; 8], &inner()]);
            assert_eq!([went(113, &v1), went(276, &v2)], [wanted; 2]);
        }
    }

    #[test]
    fn token_ring_fddi_and_arcnet() {
        let llc = join(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &inner()]);
        carries(6, &join(&[&[0x10, 0x40], &[0; 12], &llc]), "");
        carries(6, &join(&[&[0x10, 0x40], &[0; 6], &[0x80, 0, 0, 0, 0, 0], &[6, 0, 1, 1, 2, 2], &llc]), "");
        refused(6, &join(&[&[0x10, 0x00], &[0; 12], &llc]), Undecoded::NotIp);
        carries(10, &join(&[&[0x57], &[0; 12], &llc]), "");
        refused(10, &join(&[&[0x41], &[0; 12], &llc]), Undecoded::NotIp);
        carries(7, &join(&[&[1, 2, 0xd4, 0, 0, 7], &inner()]), "");
        carries(129, &join(&[&[1, 2, 0, 0, 0xd4, 0, 0, 7], &inner()]), "");
        carries(129, &join(&[&[1, 2, 0, 0, 0xd4, 0xff, 0xff, 0xff, 0xd4, 0, 0, 7], &inner()]), "");
        carries(129, &join(&[&[1, 2, 0, 0, 0xf0], &inner()]), "");
    }

    #[test]
    fn nflog_in_both_byte_orders() {
        let len = inner().len() as u16 + 4;
        let attributes = |number: fn(u16) -> [u8; 2]| {
            join(&[&[2, 0, 0, 0], &number(5), &number(10), b"x", &[0, 0, 0], &number(len), &number(9), &inner()])
        };
        carries(239, &attributes(u16::to_le_bytes), "");
        carries(239, &attributes(u16::to_be_bytes), "");
        refused(239, &[2, 0, 0, 0, 3, 0, 9, 0], Undecoded::Malformed);
    }

    #[test]
    fn headers_of_fixed_length() {
        let frame = ethernet(0x800, &inner());
        let (addresses, rest) = frame.split_at(12);
        for (link_type, octets) in [
            (109, join(&[&[2, 0, 0, 0], &[0; 8], &inner()])),
            (117, join(&[&[61, 2], &[0; 62], &inner()])),
            (123, join(&[&[2, 0, 0, 5, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &inner()])),
            (123, join(&[&[1, 0, 0, 5, 0, 1], &frame])),
            (138, join(&[&[0; 16], &[8, 0], &inner()])),
            (226, join(&[&[1, 2], &[0; 22], &inner()])),
            (240, join(&[&[0; 4], &frame])),
            (274, join(&[&[0x55; 7], &[0xd5], &frame])),
            (281, join(&[addresses, &[0; 4], rest])),
            (282, join(&[&[0; 4], &frame])),
            (8, join(&[&[0, 0x45], &[0; 14], &inner()])),
            (100, join(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &inner()])),
            (19, inner()),
            (106, inner()),
            (242, join(&[&[0; 40], &[8, 0, 0, 0], &inner()])),
            (149, join(&[&[12, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], &frame])),
            (258, join(&[&[12, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], &frame])),
        ] {
            carries(link_type, &octets, "");
        }
    }

    #[test]
    fn what_cannot_carry_ip_is_counted_by_number() {
        use super::super::{DecodeLimits, Decoder};
        use crate::capture::LinkType;
        let mut decoder = Decoder::new(DecodeLimits::default());
        for link_type in [230, 230, 195] {
            decoder.decode(&super::super::testing::frame(link_type, &inner()));
        }
        let counted: Vec<_> = decoder.counts().link_types.iter().collect();
        assert_eq!(counted, [(&LinkType(195), &1), (&LinkType(230), &2)]);
        assert_eq!(decoder.counts().unreadable(), 3);
    }

    #[test]
    fn a_link_type_within_itself_ends() {
        let pktap = [12, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 0].repeat(100);
        refused(258, &pktap, Undecoded::TooDeep);
    }
}
