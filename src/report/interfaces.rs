use std::net::IpAddr;

use serde::Serialize;

/// What `tcpautopsy interfaces` lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interfaces {
    /// Always [`INTERFACES_SCHEMA`].
    pub schema: &'static str,
    /// The interfaces, the likeliest first.
    pub interfaces: Vec<Interface>,
}

/// Name and version of that document.
pub const INTERFACES_SCHEMA: &str = "tcpautopsy.interfaces/1";

/// Something that `live` can listen on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// What libpcap says of it.
    pub description: Option<String>,
    /// Whether it is switched on.
    pub up: bool,
    /// Whether it is connected to something.
    pub running: bool,
    /// Whether its packets stay on this host.
    pub loopback: bool,
    /// How its frames begin, as libpcap names it, a number where there is no name; `None` where it cannot be opened.
    pub link_type: Option<String>,
    /// Its addresses.
    pub addresses: Vec<Address>,
}

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// The length of its prefix, bits.
    pub prefix_length: Option<u8>,
}
