//! IEEE 802.11 and the pseudo-headers that capture tools put in front of it.

use super::walk::{Read, Walk};
use super::{Octets, Undecoded};

impl Walk<'_> {
    /// [LINKTYPE_IEEE802_11](https://www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11.html): unencrypted data frames.
    ///
    /// `padded` says that the header is filled up to a multiple of four octets, as some cards do.
    pub fn wifi(&mut self, data: Octets<'_>, padded: bool) -> Read {
        self.wifi_with_control(data.read(0)?, data, padded)
    }

    /// As [`Self::wifi`], the frame control field given apart.
    ///
    /// Fragments are not put together: the first shows the headers, and the others do not begin with LLC.
    pub fn wifi_with_control(&mut self, [kind, flags]: [u8; 2], data: Octets<'_>, padded: bool) -> Read {
        const DATA: u8 = 0x08;
        const WITHOUT_DATA: u8 = 0x40;
        const QOS: u8 = 0x80;
        const BOTH_DISTRIBUTION_SYSTEMS: u8 = 0x03;
        const PROTECTED: u8 = 0x40;
        const ORDER: u8 = 0x80;
        const AGGREGATE: u8 = 0x80;
        const MESH_CONTROL: u8 = 0x01;
        const THREE_ADDRESSES: usize = 24;
        self.enter()?;
        // Version, type and the bit for frames without a body.
        if kind & 0x0f != DATA || kind & WITHOUT_DATA != 0 {
            return Err(Undecoded::NotIp);
        }
        if flags & PROTECTED != 0 {
            return Err(Undecoded::Encrypted);
        }
        let mut len = THREE_ADDRESSES;
        if flags & BOTH_DISTRIBUTION_SYSTEMS == BOTH_DISTRIBUTION_SYSTEMS {
            len += 6;
        }
        let (mut aggregate, mut mesh) = (false, false);
        if kind & QOS != 0 {
            aggregate = data.u8(len)? & AGGREGATE != 0;
            mesh = data.u8(len + 1)? & MESH_CONTROL != 0 && len > THREE_ADDRESSES;
            len += 2;
            if flags & ORDER != 0 {
                // HT Control.
                len += 4;
            }
        }
        if padded {
            len = len.next_multiple_of(4);
        }
        let body = data.skip(len)?;
        match (aggregate, mesh) {
            (true, _) => self.aggregate(body),
            // Outside of a mesh the same bit is a part of a number.
            (false, true) => self.first_of(&[&|walk| walk.llc(body), &|walk| walk.mesh(body)]),
            (false, false) => self.llc(body),
        }
    }

    /// Mesh Control (IEEE 802.11-2020 section 9.2.4.7.3): flags, hops and a number, with up to two more addresses.
    fn mesh(&mut self, data: Octets<'_>) -> Read {
        let more_addresses = match data.u8(0)? & 0x03 {
            3 => return Err(Undecoded::Malformed),
            count => usize::from(count),
        };
        self.llc(data.skip(6 + 6 * more_addresses)?)
    }

    /// An A-MSDU (IEEE 802.11-2020 section 9.3.2.2): frames one after the other, of which the first with TCP counts.
    fn aggregate(&mut self, mut data: Octets<'_>) -> Read {
        const ADDRESSES: usize = 12;
        let mut first = None;
        while data.len() > ADDRESSES {
            self.enter()?;
            let len = usize::from(data.u16(ADDRESSES)?);
            let body = data.skip(ADDRESSES + 2)?.limit(len);
            let read = self.first_of(&[&|walk| walk.llc(body)]);
            let next = (ADDRESSES + 2 + len).next_multiple_of(4);
            if read.is_ok() {
                self.state.counts.aggregated += u64::from(data.len() > next + ADDRESSES);
                return read;
            }
            first.get_or_insert(read);
            match data.skip(next) {
                Ok(rest) => data = rest,
                Err(_) => break,
            }
        }
        first.unwrap_or(Err(Undecoded::Malformed))
    }

    /// [Radiotap](https://www.radiotap.org/).
    pub fn radiotap(&mut self, data: Octets<'_>) -> Read {
        const TIMER: u32 = 1 << 0;
        const FLAGS: u32 = 1 << 1;
        const MORE_WORDS: u32 = 1 << 31;
        const PADDED: u8 = 0x20;
        let word = |at| data.read(at).map(u32::from_le_bytes);
        let len = usize::from(data.read(2).map(u16::from_le_bytes)?);
        let present = word(4)?;
        let mut at = 8;
        let mut more = present;
        while more & MORE_WORDS != 0 {
            more = word(at)?;
            at += 4;
        }
        if present & TIMER != 0 {
            at = at.next_multiple_of(8) + 8;
        }
        let padded = present & FLAGS != 0 && at < len && data.u8(at)? & PADDED != 0;
        self.wifi(data.skip(len)?, padded)
    }

    /// [AVS](https://www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11_AVS.html): the length is in the second word.
    pub fn avs(&mut self, data: Octets<'_>) -> Read {
        self.wifi(data.skip(data.u32(4)? as usize)?, false)
    }

    /// [Prism](https://www.tcpdump.org/linktypes/LINKTYPE_IEEE802_11_PRISM.html), or AVS in its place, as many drivers had it.
    pub fn prism(&mut self, data: Octets<'_>) -> Read {
        const AVS_MAGIC: u32 = 0x8021_1000;
        if data.u32(0)? & 0xffff_f000 == AVS_MAGIC {
            return self.avs(data);
        }
        // In the byte order of the capturing machine; the length is far below 65,536.
        let [a, b, c, d] = data.read(4)?;
        let len = u32::from_le_bytes([a, b, c, d]).min(u32::from_be_bytes([a, b, c, d]));
        self.wifi(data.skip(len as usize)?, false)
    }

    /// [PPI](https://www.tcpdump.org/linktypes/LINKTYPE_PPI.html): a link type behind fields that do not matter here.
    pub fn ppi(&mut self, data: Octets<'_>) -> Read {
        self.enter()?;
        let len = data.read(2).map(u16::from_le_bytes)?;
        let link_type = data.read(4).map(u32::from_le_bytes)?;
        self.link(link_type, data.skip(len.into())?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{carries, inner, join, refused};
    use super::*;

    const WIFI: u16 = 105;

    fn llc() -> Vec<u8> {
        join(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &inner()])
    }

    #[test]
    fn data_frames_of_every_shape() {
        carries(WIFI, &join(&[&[0x08, 0x01], &[0; 22], &llc()]), "");
        carries(WIFI, &join(&[&[0x08, 0x03], &[0; 28], &llc()]), "");
        carries(WIFI, &join(&[&[0x88, 0x02], &[0; 24], &llc()]), "");
        for (kind, len) in [(0, 6), (1, 12), (2, 18)] {
            let mesh = join(&[&[kind, 31, 0, 0, 0, 1], &[2; 12]]);
            carries(WIFI, &join(&[&[0x88, 0x03], &[0; 28], &[0, 1], &mesh[..len], &llc()]), "");
        }
        // Not a mesh, in spite of the bit.
        carries(WIFI, &join(&[&[0x88, 0x03], &[0; 28], &[0, 1], &llc()]), "");
        carries(WIFI, &join(&[&[0x88, 0x02], &[0; 22], &[0, 1], &llc()]), "");
        carries(WIFI, &join(&[&[0x88, 0x83], &[0; 34], &llc()]), "");
    }

    #[test]
    fn other_frames_have_nothing_to_read() {
        refused(WIFI, &join(&[&[0x80, 0x00], &[0; 40]]), Undecoded::NotIp);
        refused(WIFI, &join(&[&[0x48, 0x01], &[0; 22]]), Undecoded::NotIp);
        refused(WIFI, &join(&[&[0x08, 0x41], &[0; 22], &llc()]), Undecoded::Encrypted);
    }

    #[test]
    fn of_aggregated_frames_the_first_with_tcp_counts() {
        let subframe = |body: &[u8]| join(&[&[0; 12], &(body.len() as u16).to_be_bytes(), body]);
        let arp = subframe(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 6, 0, 1, 0, 0]);
        carries(WIFI, &join(&[&[0x88, 0x02], &[0; 22], &[0x80, 0], &arp, &[0; 2], &subframe(&llc())]), "");
        refused(WIFI, &join(&[&[0x88, 0x02], &[0; 22], &[0x80, 0], &arp, &[0; 2]]), Undecoded::NotIp);
    }

    #[test]
    fn pseudo_headers_in_front() {
        let frame = join(&[&[0x08, 0x01], &[0; 22], &llc()]);
        let padded = join(&[&[0x88, 0x01], &[0; 24], &[0; 2], &llc()]);
        carries(127, &join(&[&[0, 0, 9, 0, 2, 0, 0, 0, 0], &frame]), "");
        // Timer and flags, the presence word extended by another.
        let radiotap = join(&[&[0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0], &[0; 4], &[0; 8], &[0x20]]);
        carries(127, &join(&[&radiotap, &padded]), "");
        carries(163, &join(&[&[0x80, 0x21, 0x10, 1, 0, 0, 0, 64], &[0; 56], &frame]), "");
        carries(119, &join(&[&[0x80, 0x21, 0x10, 1, 0, 0, 0, 64], &[0; 56], &frame]), "");
        carries(119, &join(&[&[0x44, 0, 0, 0, 144, 0, 0, 0], &[0; 136], &frame]), "");
        carries(192, &join(&[&[0, 0, 8, 0, 105, 0, 0, 0], &frame]), "");
    }
}
