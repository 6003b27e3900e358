//! PPP and the lines that look like it.

use super::paths::Layer;
use super::walk::{Read, Walk};
use super::{Octets, Undecoded};

impl Walk<'_> {
    /// [RFC 1661](https://www.rfc-editor.org/rfc/rfc1661), with or without the address and control octets of
    /// [RFC 1662](https://www.rfc-editor.org/rfc/rfc1662), the protocol in one octet or two.
    pub fn ppp(&mut self, data: Octets<'_>) -> Read {
        const ADDRESS_AND_CONTROL: [u8; 2] = [0xff, 0x03];
        self.enter()?;
        let data = if data.read(0)? == ADDRESS_AND_CONTROL { data.skip(2)? } else { data };
        let first = data.u8(0)?;
        // The last bit of the last octet of a protocol is set (RFC 1661 section 2).
        let (protocol, data) =
            if first & 1 == 1 { (first.into(), data.skip(1)?) } else { (data.u16(0)?, data.skip(2)?) };
        match protocol {
            0x0021 => self.ipv4(data),
            0x0057 => self.ipv6(data),
            0x0031 => self.bridged(data),
            0x003d => self.multilink(data),
            0x0281 | 0x0283 => self.mpls(data),
            0x0053 => Err(Undecoded::Encrypted),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// [RFC 3518](https://www.rfc-editor.org/rfc/rfc3518) section 4.2: flags and the kind of the frame, of which 1 is Ethernet.
    fn bridged(&mut self, data: Octets<'_>) -> Read {
        const TAG_PRESENT: u8 = 0x10;
        match data.read(0)? {
            [flags, 1] if flags & TAG_PRESENT == 0 => self.ethernet(data.skip(2)?),
            _ => Err(Undecoded::NotIp),
        }
    }

    /// [RFC 1990](https://www.rfc-editor.org/rfc/rfc1990): a packet with the long sequence number that was not cut in pieces.
    fn multilink(&mut self, data: Octets<'_>) -> Read {
        const BEGINNING_AND_END: u8 = 0xc0;
        match data.u8(0)? & BEGINNING_AND_END {
            BEGINNING_AND_END => self.ppp(data.skip(4)?),
            _ => Err(Undecoded::Fragment),
        }
    }

    /// A line in HDLC framing: PPP, or Cisco's own if the address is one of Cisco's.
    pub fn hdlc(&mut self, data: Octets<'_>) -> Read {
        match data.u8(0)? {
            0x0f | 0x8f => self.cisco_hdlc(data),
            _ => self.ppp(data),
        }
    }

    /// [LINKTYPE_C_HDLC](https://www.tcpdump.org/linktypes/LINKTYPE_C_HDLC.html): address, control and an EtherType.
    pub fn cisco_hdlc(&mut self, data: Octets<'_>) -> Read {
        self.ether_type(data.u16(2)?, data.skip(4)?)
    }

    /// [RFC 2516](https://www.rfc-editor.org/rfc/rfc2516): a session's packet.
    pub fn pppoe(&mut self, data: Octets<'_>) -> Read {
        const VERSION_AND_TYPE: u8 = 0x11;
        const SESSION_DATA: u8 = 0;
        let [version_and_type, code, s0, s1, l0, l1] = data.read(0)?;
        match (version_and_type, code) {
            (VERSION_AND_TYPE, SESSION_DATA) => {}
            (VERSION_AND_TYPE, _) => return Err(Undecoded::NotIp),
            _ => return Err(Undecoded::Malformed),
        }
        self.push(Layer::Pppoe { session: u16::from_be_bytes([s0, s1]) })?;
        // Segmentation offload leaves the length of the first packet, or none, for all of them.
        self.ppp(data.skip(6)?.limit(match u16::from_be_bytes([l0, l1]) {
            0 => usize::MAX,
            len => len.into(),
        }))
    }

    /// Frame Relay ([RFC 2427](https://www.rfc-editor.org/rfc/rfc2427)), or Cisco's, which has an EtherType instead.
    pub fn frame_relay(&mut self, data: Octets<'_>) -> Read {
        const UNNUMBERED: u8 = 0x03;
        const PADDING: u8 = 0;
        self.enter()?;
        // The address ends with the octet whose last bit is set (Q.922 section 3.3.1).
        let mut at = 0;
        while data.u8(at)? & 1 == 0 {
            at += 1;
        }
        let data = data.skip(at + 1)?;
        if data.u8(0)? != UNNUMBERED {
            return self.ether_type(data.u16(0)?, data.skip(2)?);
        }
        let at = if data.u8(1)? == PADDING { 2 } else { 1 };
        let network = data.u8(at)?;
        let data = data.skip(at + 1)?;
        match network {
            0xcc => self.ipv4(data),
            0x8e => self.ipv6(data),
            0x80 => self.snap(data),
            0xcf => self.ppp(data),
            _ => Err(Undecoded::NotIp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ETHERNET, carries, ethernet, inner, ipv6, join, refused, tcp};
    use super::*;

    #[test]
    fn ppp_with_and_without_its_framing() {
        for link_type in [9, 50] {
            carries(link_type, &join(&[&[0xff, 3, 0, 0x21], &inner()]), "");
            carries(link_type, &join(&[&[0, 0x57], &ipv6(6, &tcp())]), "");
            carries(link_type, &join(&[&[0x21], &inner()]), "");
            carries(link_type, &join(&[&[0x0f, 0, 8, 0], &inner()]), "");
            refused(link_type, &[0xff, 3, 0xc0, 0x21, 1, 1, 0, 4], Undecoded::NotIp);
        }
        carries(9, &join(&[&[0xff, 3, 0, 0x31, 0, 1], &ethernet(0x800, &inner())]), "");
        refused(9, &join(&[&[0xff, 3, 0, 0x31, 0, 2], &ethernet(0x800, &inner())]), Undecoded::NotIp);
        carries(9, &join(&[&[0xff, 3, 0, 0x3d, 0xc0, 0, 0, 7, 0x21], &inner()]), "");
        refused(9, &join(&[&[0xff, 3, 0, 0x3d, 0x80, 0, 0, 7, 0x21], &inner()]), Undecoded::Fragment);
        carries(166, &join(&[&[1, 3, 0, 0x21], &inner()]), "");
        carries(204, &join(&[&[1, 0xff, 3, 0, 0x21], &inner()]), "");
        carries(104, &join(&[&[0x8f, 0, 0x86, 0xdd], &ipv6(6, &tcp())]), "");
    }

    #[test]
    fn pppoe_names_its_session() {
        let len = inner().len() as u8 + 2;
        let session = join(&[&[0x11, 0, 0, 5, 0, len, 0, 0x21], &inner()]);
        carries(ETHERNET, &ethernet(0x8864, &session), "pppoe 5");
        carries(51, &session, "pppoe 5");
        refused(51, &[0x11, 9, 0, 0, 0, 4, 1, 1, 0, 0], Undecoded::NotIp);
        refused(51, &[0x21, 0, 0, 0, 0, 4, 0, 0x21, 0, 0], Undecoded::Malformed);
        refused(ETHERNET, &ethernet(0x8863, &[0x11, 9, 0, 0, 0, 0]), Undecoded::NotIp);
    }

    #[test]
    fn frame_relay_of_the_rfc_and_of_cisco() {
        carries(107, &join(&[&[0x18, 0x41, 3, 0xcc], &inner()]), "");
        carries(107, &join(&[&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0], &inner()]), "");
        carries(107, &join(&[&[0x18, 0x41, 8, 0], &inner()]), "");
        refused(107, &[0; 4], Undecoded::Malformed);
    }
}
