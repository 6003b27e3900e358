//! What interfaces there are, by libpcap.

use std::net::IpAddr;

use pcap::{Address, Device};

use super::{CaptureDirection, Interface, InterfaceOptions};
use crate::capture::LinkType;

/// Octets of the buffer that asking for a link type takes: none of it is used.
const BUFFER: i32 = 1 << 16;

/// Something that can be listened on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedInterface {
    /// Its name for `live`.
    pub name: String,
    /// What libpcap says of it.
    pub description: Option<String>,
    /// Whether it is switched on.
    pub up: bool,
    /// Whether it is connected to something.
    pub running: bool,
    /// Whether its packets stay on this host.
    pub loopback: bool,
    /// How its frames begin; `None` where it cannot be opened, for want of rights as a rule.
    pub link_type: Option<LinkType>,
    /// Its addresses, each with the length of its prefix where that is known.
    pub addresses: Vec<(IpAddr, Option<u8>)>,
}

/// All interfaces, in libpcap's order: the likeliest first.
///
/// # Errors
/// In libpcap's words.
pub fn interfaces() -> Result<Vec<ListedInterface>, String> {
    let all = Device::list().map_err(|error| error.to_string())?;
    Ok(all.into_iter().map(listed).collect())
}

fn listed(device: Device) -> ListedInterface {
    ListedInterface {
        link_type: link_type(&device.name),
        up: device.flags.is_up(),
        running: device.flags.is_running(),
        loopback: device.flags.is_loopback(),
        addresses: device.addresses.iter().map(|address| (address.addr, prefix(address))).collect(),
        description: device.desc,
        name: device.name,
    }
}

fn link_type(name: &str) -> Option<LinkType> {
    let options = InterfaceOptions {
        snaplen: 64,
        buffer: BUFFER,
        promiscuous: false,
        direction: CaptureDirection::Both,
        bpf: None,
    };
    Interface::open(name, &options).ok().map(|open| open.link_type())
}

/// The length of an address's prefix; `None` where its mask is none, or of another kind.
fn prefix(address: &Address) -> Option<u8> {
    let bits = match (address.addr, address.netmask?) {
        (IpAddr::V4(_), IpAddr::V4(mask)) => u128::from(u32::from(mask)) << 96,
        (IpAddr::V6(_), IpAddr::V6(mask)) => u128::from(mask),
        _ => return None,
    };
    let ones = bits.leading_ones();
    // A mask with holes has no length.
    (bits.count_ones() == ones).then(|| u8::try_from(ones).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_those_of_masks_without_holes() {
        for (addr, netmask, expected) in [
            ("192.0.2.1", Some("255.255.255.0"), Some(24)),
            ("192.0.2.1", Some("255.255.255.255"), Some(32)),
            ("192.0.2.1", Some("0.0.0.0"), Some(0)),
            ("192.0.2.1", Some("255.0.255.0"), None),
            ("192.0.2.1", None, None),
            ("192.0.2.1", Some("ffff::"), None),
            ("2001:db8::1", Some("ffff:ffff:ffff:ffff::"), Some(64)),
            ("2001:db8::1", Some("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), Some(128)),
        ] {
            let parse = |text: &str| text.parse::<IpAddr>().expect("an address");
            let address =
                Address { addr: parse(addr), netmask: netmask.map(parse), broadcast_addr: None, dst_addr: None };
            assert_eq!(prefix(&address), expected, "{addr} {netmask:?}");
        }
    }
}
