use std::net::IpAddr;
use std::str::FromStr;

/// The addresses whose first bits are the same: `10.0.0.0/8`; of all bits, one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// One of them; never IPv4 in the form of IPv6.
    pub address: IpAddr,
    /// How many bits they share, at most the width of the address.
    pub bits: u8,
}

impl Network {
    /// Whether the address is one of them. An IPv4 address and its IPv4-mapped IPv6 form are the same.
    pub fn contains(self, ip: IpAddr) -> bool {
        match (self.address, ip.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => same_start(net.to_bits().into(), ip.to_bits().into(), self.bits, 32),
            (IpAddr::V6(net), IpAddr::V6(ip)) => same_start(net.to_bits(), ip.to_bits(), self.bits, 128),
            _ => false,
        }
    }
}

/// Whether two numbers of `width` bits agree in their first `bits`.
fn same_start(a: u128, b: u128, bits: u8, width: u8) -> bool {
    // A shift by the whole width would overflow; nothing is left to compare then.
    (a ^ b).checked_shr(u32::from(width.saturating_sub(bits))).unwrap_or(0) == 0
}

/// `10.0.0.5`, `10.0.0.0/8`, `2001:db8::/32`.
impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let Ok(address) = address.parse::<IpAddr>() else {
            return Err(format!("`{address}` is no IP address: write 10.0.0.5, 2001:db8::1 or 10.0.0.0/8"));
        };
        let address = address.to_canonical();
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => width,
            Some(bits) => bits
                .parse()
                .ok()
                .filter(|&bits| bits <= width)
                .ok_or_else(|| format!("`{bits}` is no prefix length of {address}: it goes from 0 to {width}"))?,
        };
        Ok(Self { address, bits })
    }
}
