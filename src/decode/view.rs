//! What the headers around a segment say beside the segment itself.

use std::ops::Range;

use crate::tcp::Device;

/// A link address (MAC) of up to eight octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkAddress {
    octets: [u8; 8],
    len: u8,
}

impl LinkAddress {
    /// An address of these octets; `None` where there are none, more than eight, or only zeros, which stand for no address.
    pub fn new(octets: &[u8]) -> Option<Self> {
        let mut address = Self { octets: [0; 8], len: u8::try_from(octets.len()).ok()? };
        address.octets.get_mut(..octets.len())?.copy_from_slice(octets);
        octets.iter().any(|&octet| octet != 0).then_some(address)
    }

    /// Its octets.
    pub fn octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl std::fmt::Display for LinkAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, octet) in self.octets().iter().enumerate() {
            write!(f, "{}{octet:02x}", if place > 0 { ":" } else { "" })?;
        }
        Ok(())
    }
}

/// Which way a frame went at the capturing host, where the link type tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Addressed to the capturing host.
    In,
    /// Sent by the capturing host.
    Out,
    /// Over its loopback interface, so that it never left the host.
    Within,
}

/// What the headers around a segment say beside the segment itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Source address of the innermost link header.
    pub link_source: Option<LinkAddress>,
    /// Which way it went at the capturing host (Linux cooked captures).
    pub direction: Option<Direction>,
    /// Flow label of the innermost IPv6 header (RFC 6437).
    pub flow_label: Option<u32>,
    /// Where in the frame the captured part of the segment's data lies, of an ICMP error that of the quoted one; `None` for
    /// a packet put together from fragments.
    pub payload: Option<Range<usize>>,
}

impl View {
    /// The device that the frame came from.
    pub fn device(&self) -> Device {
        let address = self.link_source.as_ref().map_or(&[][..], LinkAddress::octets);
        Device::new(address, self.direction == Some(Direction::Out))
    }
}

/// A frame that has only a part of an IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Which packet: a number that all its parts have, and no other packet.
    pub packet: u64,
    /// Where in the frame the data of the part begins, behind the headers that it has.
    pub data: usize,
}
