//! Headers of one Ethernet frame, checksums included; the payload stays in the pool.

use super::payload::{Payload, Slice};

/// Ethernet, two tags, IPv6, TCP with full options.
const LARGEST_HEADERS: usize = 14 + 8 + 40 + 60;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const ETHERTYPE_VLAN: u16 = 0x8100;
const ETHERTYPE_QINQ: u16 = 0x88a8;

/// An IP address.
#[derive(Clone, Copy)]
pub enum Address {
    /// IPv4.
    V4([u8; 4]),
    /// IPv6.
    V6([u8; 16]),
}

/// Everything below TCP or UDP that a frame needs.
#[derive(Clone, Copy)]
pub struct Link {
    /// Who sent it.
    pub from: Address,
    /// To whom; of the same family.
    pub to: Address,
    /// The last byte of the sender's and the receiver's Ethernet address.
    pub stations: [u8; 2],
    /// Outer and inner VLAN; with one tag only the second.
    pub vlans: [Option<u16>; 2],
    /// TTL or hop limit.
    pub ttl: u8,
    /// IPv4 identification.
    pub ip_id: u16,
}

/// A frame under construction.
#[derive(Default)]
pub struct Frame {
    /// The bytes before the payload.
    pub headers: Vec<u8>,
    /// What follows them.
    pub payload: Slice,
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.chunks(2).map(|word| u64::from(word[0]) << 8 | word.get(1).map_or(0, |&low| u64::from(low))).sum()
}

impl Frame {
    /// All bytes of the frame, headers and payload.
    pub fn length(&self) -> usize {
        self.headers.len() + self.payload.length
    }

    fn ethernet(&mut self, stations: [u8; 2], vlans: [Option<u16>; 2], ethertype: u16) {
        self.headers.clear();
        self.headers.reserve(LARGEST_HEADERS);
        // 00-00-5E-00-53-xx is for documentation: RFC 7042, section 2.1.2.
        for station in [stations[1], stations[0]] {
            self.headers.extend([0x00, 0x00, 0x5e, 0x00, 0x53, station]);
        }
        for (vlan, tag) in vlans.into_iter().zip([ETHERTYPE_QINQ, ETHERTYPE_VLAN]) {
            if let Some(vlan) = vlan {
                self.headers.extend(tag.to_be_bytes());
                self.headers.extend(vlan.to_be_bytes());
            }
        }
        self.headers.extend(ethertype.to_be_bytes());
    }

    /// Ethernet, tags and IP around a transport header whose checksum field is zero and lies at `checksum_at`.
    pub fn transport(
        &mut self,
        link: &Link,
        protocol: u8,
        header: &[u8],
        checksum_at: usize,
        payload: Slice,
        pool: &Payload,
    ) {
        self.payload = payload;
        let length = header.len() + payload.length;
        let addresses = match (link.from, link.to) {
            (Address::V4(from), Address::V4(to)) => {
                self.ethernet(link.stations, link.vlans, ETHERTYPE_IPV4);
                let start = self.headers.len();
                self.headers.extend([0x45, 0]);
                self.headers.extend((20 + length as u16).to_be_bytes());
                self.headers.extend(link.ip_id.to_be_bytes());
                // Don't fragment.
                self.headers.extend([0x40, 0, link.ttl, protocol, 0, 0]);
                self.headers.extend(from);
                self.headers.extend(to);
                let checksum = !fold(sum(&self.headers[start..]));
                self.headers[start + 10..start + 12].copy_from_slice(&checksum.to_be_bytes());
                sum(&from) + sum(&to)
            }
            (Address::V6(from), Address::V6(to)) => {
                self.ethernet(link.stations, link.vlans, ETHERTYPE_IPV6);
                self.headers.extend([0x60, 0, 0, 0]);
                self.headers.extend((length as u16).to_be_bytes());
                self.headers.extend([protocol, link.ttl]);
                self.headers.extend(from);
                self.headers.extend(to);
                sum(&from) + sum(&to)
            }
            _ => unreachable!("both ends of a link are of one family"),
        };
        let start = self.headers.len();
        self.headers.extend(header);
        let pseudo = addresses + u64::from(protocol) + length as u64;
        let checksum = !fold(pseudo + sum(header) + pool.sum(payload));
        self.headers[start + checksum_at..start + checksum_at + 2].copy_from_slice(&checksum.to_be_bytes());
    }

    /// An ARP request (RFC 826).
    pub fn arp(&mut self, from: [u8; 4], to: [u8; 4], station: u8) {
        self.ethernet([station, 0xff], [None, None], 0x0806);
        self.headers.extend([0, 1, 0x08, 0, 6, 4, 0, 1]);
        self.headers.extend([0x00, 0x00, 0x5e, 0x00, 0x53, station]);
        self.headers.extend(from);
        self.headers.extend([0; 6]);
        self.headers.extend(to);
        self.payload = Slice::default();
    }
}
