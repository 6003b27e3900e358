//! Ethernet, its types, its tags, and LLC, which other local networks share with it.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::paths::Layer;
use super::walk::{Read, Walk};
use super::{LinkAddress, Octets, Undecoded};

/// [EtherTypes](https://www.iana.org/assignments/ieee-802-numbers) that lead to IP.
pub(super) mod ether_type {
    pub const IPV4: u16 = 0x0800;
    pub const TRANSPARENT_ETHERNET: u16 = 0x6558;
    pub const VLAN: u16 = 0x8100;
    pub const IPV6: u16 = 0x86dd;
    pub const PPP: u16 = 0x880b;
    pub const MPLS: u16 = 0x8847;
    pub const MPLS_UPSTREAM: u16 = 0x8848;
    pub const PPPOE_SESSION: u16 = 0x8864;
    /// LLC in frames longer than a length field allows.
    pub const JUMBO_LLC: u16 = 0x8870;
    /// A mesh of B.A.T.M.A.N. advanced.
    pub const BATMAN: u16 = 0x4305;
    /// TRILL (RFC 6325).
    pub const TRILL: u16 = 0x22f3;
    pub const PROVIDER_VLAN: u16 = 0x88a8;
    pub const MACSEC: u16 = 0x88e5;
    /// The I-TAG of provider backbone bridges (IEEE 802.1ah).
    pub const BACKBONE: u16 = 0x88e7;
    /// High-availability Seamless Redundancy (IEC 62439-3).
    pub const HSR: u16 = 0x892f;
    /// R-TAG of IEEE 802.1CB.
    pub const R_TAG: u16 = 0xf1c1;
    pub const CISCO_METADATA: u16 = 0x8909;
    /// Cisco's FabricPath: a header like Ethernet's, a tag, and the frame.
    pub const FABRIC_PATH: u16 = 0x8903;
    /// Cisco's VN-Tag.
    pub const VN_TAG: u16 = 0x8926;
    /// E-TAG of IEEE 802.1BR.
    pub const E_TAG: u16 = 0x893f;
    /// Network Service Header.
    pub const NSH: u16 = 0x894f;
    /// Numbers for QinQ from before 802.1ad.
    pub const OLD_QINQ: [u16; 3] = [0x9100, 0x9200, 0x9300];
}

/// Below this the field is a length (IEEE 802.3 section 3.2.6).
const FIRST_ETHER_TYPE: u16 = 0x600;

impl Walk<'_> {
    /// [Ethernet](https://www.tcpdump.org/linktypes/LINKTYPE_ETHERNET.html), without preamble.
    pub fn ethernet(&mut self, data: Octets<'_>) -> Read {
        self.enter()?;
        let header =
            Ethernet2HeaderSlice::from_slice(data.bytes()).map_err(|error| data.missing(error.required_len))?;
        if let [0x01 | 0x0c, 0x00, 0x0c, 0x00, 0x00, _] = header.destination() {
            return self.inter_switch_link(data);
        }
        self.state.view.link_source = LinkAddress::new(&header.source());
        self.type_or_length(header.ether_type().0, data.skip(header.slice().len())?)
    }

    /// What follows the field that is an EtherType or the length of an LLC frame.
    pub fn type_or_length(&mut self, value: u16, data: Octets<'_>) -> Read {
        if value < FIRST_ETHER_TYPE { self.llc(data.limit(value.into())) } else { self.ether_type(value, data) }
    }

    /// What an EtherType leads to.
    pub fn ether_type(&mut self, ether_type: u16, data: Octets<'_>) -> Read {
        match ether_type {
            ether_type::IPV4 => self.ipv4(data),
            ether_type::IPV6 => self.ipv6(data),
            ether_type::VLAN | ether_type::PROVIDER_VLAN => self.vlan(data),
            old if ether_type::OLD_QINQ.contains(&old) => self.vlan(data),
            ether_type::MPLS | ether_type::MPLS_UPSTREAM => self.mpls(data),
            ether_type::PPPOE_SESSION => self.pppoe(data),
            ether_type::PPP => self.ppp(data),
            ether_type::TRANSPARENT_ETHERNET => self.ethernet(data),
            ether_type::JUMBO_LLC => self.llc(data),
            ether_type::MACSEC => self.macsec(data),
            // The frame follows as the customer sent it, behind what names its service.
            ether_type::BACKBONE => self.ethernet(data.skip(4)?),
            ether_type::TRILL => self.trill(data),
            ether_type::BATMAN => self.batman(data),
            ether_type::HSR | ether_type::R_TAG => self.tag(4, data),
            ether_type::NSH => self.nsh(data),
            ether_type::FABRIC_PATH => self.ethernet(data.skip(2)?),
            ether_type::CISCO_METADATA => self.tag(6, data),
            ether_type::VN_TAG => self.tag(4, data),
            ether_type::E_TAG => self.tag(6, data),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// IEEE 802.1Q. The identifier 0 marks a frame with a priority and no VLAN.
    fn vlan(&mut self, data: Octets<'_>) -> Read {
        let tag = SingleVlanHeaderSlice::from_slice(data.bytes()).map_err(|error| data.missing(error.required_len))?;
        match tag.vlan_identifier().value() {
            0 => self.enter()?,
            id => self.push(Layer::Vlan { id })?,
        }
        self.type_or_length(tag.ether_type().0, data.skip(tag.slice().len())?)
    }

    /// A tag that says nothing of the packet's place: an EtherType follows `len` octets.
    pub fn tag(&mut self, len: usize, data: Octets<'_>) -> Read {
        self.enter()?;
        self.type_or_length(data.u16(len)?, data.skip(len + 2)?)
    }

    /// [RFC 3032](https://www.rfc-editor.org/rfc/rfc3032): labels to the bottom of the stack, and what only their assignment
    /// would tell is told by the first four bits, which differ in IP and in a pseudowire's control word (RFC 4385, RFC 4928).
    pub fn mpls(&mut self, mut data: Octets<'_>) -> Read {
        loop {
            let entry = data.u32(0)?;
            self.push(Layer::Mpls { label: entry >> 12 })?;
            data = data.skip(4)?;
            if entry & 0x100 != 0 {
                break;
            }
        }
        match data.u8(0)? >> 4 {
            4 | 6 => self.first_of(&[&|walk| walk.ip(data), &|walk| walk.ethernet(data)]),
            0 => self.first_of(&[&|walk| walk.ethernet(data.skip(4)?), &|walk| walk.ethernet(data)]),
            _ => self.ethernet(data),
        }
    }

    /// MACsec (IEEE 802.1AE section 9): plain where it only vouches for the frame, whose check follows the data.
    fn macsec(&mut self, data: Octets<'_>) -> Read {
        const ENCRYPTED_OR_CHANGED: u8 = 0x0c;
        const CHANNEL_PRESENT: u8 = 0x20;
        let control = data.u8(0)?;
        if control & ENCRYPTED_OR_CHANGED != 0 {
            return Err(Undecoded::Encrypted);
        }
        self.tag(if control & CHANNEL_PRESENT != 0 { 14 } else { 6 }, data)
    }

    /// [RFC 6325](https://www.rfc-editor.org/rfc/rfc6325) section 3: options counted in words, then a frame.
    fn trill(&mut self, data: Octets<'_>) -> Read {
        let options = usize::from(data.u16(0)? >> 6 & 0x1f) * 4;
        self.ethernet(data.skip(6 + options)?)
    }

    /// [B.A.T.M.A.N. advanced](https://www.kernel.org/doc/html/latest/networking/batman-adv.html) of version 15
    /// (include/uapi/linux/batadv_packet.h): frames to one receiver.
    fn batman(&mut self, data: Octets<'_>) -> Read {
        const VERSION: u8 = 15;
        const UNICAST: u8 = 0x40;
        const UNICAST_FOUR_ADDRESSES: u8 = 0x42;
        match data.read(0)? {
            [UNICAST, VERSION] => self.ethernet(data.skip(10)?),
            [UNICAST_FOUR_ADDRESSES, VERSION] => self.ethernet(data.skip(18)?),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// Cisco's [Inter-Switch Link](https://www.cisco.com/c/en/us/support/docs/lan-switching/8021q/17056-741-4.html): a header with a group
    /// address of its own, the VLAN in it, around a whole frame. Of its kinds 0 is Ethernet.
    fn inter_switch_link(&mut self, data: Octets<'_>) -> Read {
        if data.u8(5)? >> 4 != 0 {
            return Err(Undecoded::NotIp);
        }
        self.push(Layer::Vlan { id: data.u16(20)? >> 1 & 0xfff })?;
        self.ethernet(data.skip(26)?)
    }

    /// [RFC 8300](https://www.rfc-editor.org/rfc/rfc8300).
    pub fn nsh(&mut self, data: Octets<'_>) -> Read {
        self.enter()?;
        let words = usize::from(data.u8(1)? & 0x3f);
        let next = data.u8(3)?;
        let data = data.skip(words * 4)?;
        match next {
            1 => self.ipv4(data),
            2 => self.ipv6(data),
            3 => self.ethernet(data),
            4 => self.nsh(data),
            5 => self.mpls(data),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// IEEE 802.2, with SNAP ([RFC 1042](https://www.rfc-editor.org/rfc/rfc1042)).
    pub fn llc(&mut self, data: Octets<'_>) -> Read {
        const SNAP: u8 = 0xaa;
        /// IP without SNAP, before RFC 1042 ([RFC 948](https://www.rfc-editor.org/rfc/rfc948)).
        const IP: u8 = 0x06;
        const UNNUMBERED: u8 = 0x03;
        match data.read(0)? {
            [SNAP, SNAP, UNNUMBERED] => self.snap(data.skip(3)?),
            [IP, IP, UNNUMBERED] => self.ip(data.skip(3)?),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// The five octets behind LLC that name an organisation and its protocol.
    pub fn snap(&mut self, data: Octets<'_>) -> Read {
        /// Organisations whose numbers are EtherTypes: IEEE 802.1H's and RFC 1042's.
        const ETHER_TYPES: [[u8; 3]; 2] = [[0, 0, 0xf8], [0, 0, 0]];
        /// Bridged frames (RFC 2684 section 5.2, RFC 2427 section 4.2).
        const BRIDGED: [u8; 3] = [0, 0x80, 0xc2];
        const ETHERNET_WITH_FCS: u16 = 1;
        const ETHERNET: u16 = 7;
        let organisation = data.read(0)?;
        let number = data.u16(3)?;
        let data = data.skip(5)?;
        match organisation {
            BRIDGED if matches!(number, ETHERNET | ETHERNET_WITH_FCS) => {
                // ATM pads the frame to a multiple of four, Frame Relay does not.
                self.first_of(&[&|walk| walk.ethernet(data.skip(2)?), &|walk| walk.ethernet(data)])
            }
            _ if ETHER_TYPES.contains(&organisation) => self.ether_type(number, data),
            _ => Err(Undecoded::NotIp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ETHERNET, carries, ethernet, inner, ipv6, join, refused, tcp};
    use super::*;

    fn tagged(id: u16, ether_type: u16, payload: &[u8]) -> Vec<u8> {
        join(&[&id.to_be_bytes(), &ether_type.to_be_bytes(), payload])
    }

    #[test]
    fn tags_are_listed_from_the_outside() {
        for ether_type in [0x8100, 0x88a8, 0x9100, 0x9200, 0x9300] {
            carries(ETHERNET, &ethernet(ether_type, &tagged(0xe005, 0x800, &inner())), "vlan 5");
            let double = tagged(5, 0x8100, &tagged(6, 0x86dd, &ipv6(6, &tcp())));
            carries(ETHERNET, &ethernet(ether_type, &double), "vlan 5, vlan 6");
        }
    }

    #[test]
    fn a_priority_tag_is_no_vlan() {
        carries(ETHERNET, &ethernet(0x8100, &tagged(0xe000, 0x800, &inner())), "");
    }

    #[test]
    fn tags_without_end_are_given_up() {
        refused(ETHERNET, &ethernet(0x8100, &[0, 1, 0x81, 0].repeat(100)), Undecoded::TooDeep);
    }

    #[test]
    fn mpls_carries_what_its_first_bits_say() {
        let label = |label: u32, bottom: u32| (label << 12 | bottom << 8 | 64).to_be_bytes();
        let (outer, bottom) = (label(16, 0), label(17, 1));
        let frame = ethernet(0x800, &inner());
        carries(ETHERNET, &ethernet(0x8847, &join(&[&bottom, &inner()])), "mpls 17");
        carries(ETHERNET, &ethernet(0x8847, &join(&[&outer, &bottom, &ipv6(6, &tcp())])), "mpls 16, mpls 17");
        carries(ETHERNET, &ethernet(0x8847, &join(&[&bottom, &[0; 4], &frame])), "mpls 17");
        carries(ETHERNET, &ethernet(0x8847, &join(&[&bottom, &frame])), "mpls 17");
        let mut like_ip = frame.clone();
        like_ip[0] = 0x40;
        carries(ETHERNET, &ethernet(0x8847, &join(&[&bottom, &like_ip])), "mpls 17");
        refused(ETHERNET, &ethernet(0x8847, &outer.repeat(100)), Undecoded::TooDeep);
    }

    #[test]
    fn llc_and_snap() {
        let length = |payload: &[u8]| ethernet(payload.len() as u16, payload);
        carries(ETHERNET, &length(&join(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &inner()])), "");
        carries(ETHERNET, &length(&join(&[&[6, 6, 3], &inner()])), "");
        refused(ETHERNET, &length(&[0x42, 0x42, 3, 0, 0, 0, 0, 0]), Undecoded::NotIp);
        let bridged = join(&[&[0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0], &ethernet(0x800, &inner())]);
        carries(11, &bridged, "");
    }

    #[test]
    fn other_tags_are_stepped_over() {
        carries(ETHERNET, &ethernet(0x8909, &join(&[&[1, 1, 0, 1, 0, 9, 8, 0], &inner()])), "");
        carries(ETHERNET, &ethernet(0x8926, &join(&[&[0; 4], &[8, 0], &inner()])), "");
        carries(ETHERNET, &ethernet(0x894f, &join(&[&[0, 2, 1, 1], &[0; 4], &inner()])), "");
        carries(ETHERNET, &ethernet(0x8903, &join(&[&[0, 1], &ethernet(0x800, &inner())])), "");
    }

    #[test]
    fn other_protocols_are_no_ip() {
        refused(ETHERNET, &ethernet(0x806, &[0; 28]), Undecoded::NotIp);
        refused(ETHERNET, &ethernet(0x88e5, &[8; 28]), Undecoded::Encrypted);
    }

    #[test]
    fn either_version_of_ip_under_the_number_of_the_fourth() {
        carries(ETHERNET, &ethernet(0x800, &ipv6(6, &tcp())), "");
        refused(ETHERNET, &ethernet(0x86dd, &inner()), Undecoded::Malformed);
        refused(ETHERNET, &ethernet(0x800, &[0x50; 40]), Undecoded::Malformed);
    }

    #[test]
    fn macsec_that_only_vouches() {
        let check = [0xcc; 16];
        let frame = |control: u8, channel: &[u8]| {
            ethernet(0x88e5, &join(&[&[control, 0, 0, 0, 0, 1], channel, &[8, 0], &inner(), &check]))
        };
        carries(ETHERNET, &frame(0, &[]), "");
        carries(ETHERNET, &frame(0x21, &[0; 8]), "");
        for secret in [0x04, 0x08, 0x0c, 0x2c] {
            refused(ETHERNET, &frame(secret, &[0; 8]), Undecoded::Encrypted);
        }
    }

    #[test]
    fn frames_within_frames() {
        let frame = ethernet(0x800, &inner());
        carries(ETHERNET, &ethernet(0x88e7, &join(&[&[0, 0, 0, 5], &frame])), "");
        carries(ETHERNET, &ethernet(0x22f3, &join(&[&[0, 32, 0, 1, 0, 2], &frame])), "");
        carries(ETHERNET, &ethernet(0x22f3, &join(&[&[0, 0x60, 0, 1, 0, 2], &[0; 4], &frame])), "");
        carries(ETHERNET, &ethernet(0x892f, &join(&[&[0, 0x60, 0, 1, 8, 0], &inner()])), "");
        carries(ETHERNET, &ethernet(0xf1c1, &join(&[&[0, 0, 0, 1, 8, 0], &inner()])), "");
        carries(ETHERNET, &ethernet(0x4305, &join(&[&[0x40, 15, 50, 1], &[2; 6], &frame])), "");
        carries(ETHERNET, &ethernet(0x4305, &join(&[&[0x42, 15, 50, 1], &[2; 14], &frame])), "");
        for other in [[0x40, 14], [0x01, 15], [0, 15]] {
            refused(ETHERNET, &ethernet(0x4305, &join(&[&other, &[2; 16], &frame])), Undecoded::NotIp);
        }
    }

    #[test]
    fn inter_switch_link_names_a_vlan() {
        let isl = |kind: u8| {
            let head =
                [1, 0, 0x0c, 0, 0, kind << 4, 2, 0, 0, 0, 0, 1, 0, 60, 0xaa, 0xaa, 3, 2, 0, 0, 0, 10, 0, 0, 0, 0];
            join(&[&head, &ethernet(0x800, &inner())])
        };
        carries(ETHERNET, &isl(0), "vlan 5");
        refused(ETHERNET, &isl(1), Undecoded::NotIp);
    }
}
