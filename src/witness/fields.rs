//! What an event says of a reset: `name=value` pairs, in the shapes that kernels since 4.16 have given them.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::format::Formats;
use crate::knowledge::kernel_reasons;
use crate::tcp::Endpoint;

/// Octets of a reason's name that are kept: the longest known has 24.
const MOST_REASON: usize = 40;

/// Both ends as the kernel's socket has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ends {
    /// On this host.
    pub local: Endpoint,
    /// The other one; `None` where a listening socket spoke, which has none.
    pub peer: Option<Endpoint>,
    /// Whether packets go by IPv6.
    pub ipv6: bool,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    /// Who speaks with whom.
    pub ends: Ends,
    /// The state of the socket, if there was one.
    pub state: Option<&'static str>,
    /// Why, where the kernel says: letters, digits and underscores only.
    pub reason: Option<Cow<'static, str>>,
    /// Whether a segment provoked it; `None` where that is not said.
    pub is_answer: Option<bool>,
}

/// Reads what an event says; `None` where it does not say who speaks with whom.
pub(super) fn read(text: &str, formats: &Formats) -> Option<Fields> {
    let value = |name: &str| {
        let mut pairs = text.split([' ', ',', '\t']).filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let ends = match (value("src"), value("dest")) {
        (Some(source), Some(destination)) => ends(socket(source)?, socket(destination)?),
        _ => {
            let port = |name| value(name)?.parse::<u16>().ok();
            let v4 = || Some((value("saddr")?.parse().ok()?, value("daddr")?.parse().ok()?));
            let v6 = || {
                let (local, peer): (Ipv6Addr, Ipv6Addr) =
                    (value("saddrv6")?.parse().ok()?, value("daddrv6")?.parse().ok()?);
                Some((IpAddr::V6(local), IpAddr::V6(peer)))
            };
            // The family came with Linux 5.14; without it, IPv4 addresses stand in the others as mapped ones.
            let (local, peer): (IpAddr, IpAddr) = match value("family") {
                Some("AF_INET" | "2") => v4()?,
                Some(_) => v6()?,
                None => v6().or_else(v4)?,
            };
            ends((local, port("sport")?), (peer, port("dport")?))
        }
    };
    let is_answer = value("skbaddr").map(|pointer| !is_null(pointer));
    let reason = value("reason").and_then(|reason| name_of(reason, formats));
    Some(Fields { ends, state: value("state").and_then(kernel_reasons::state), reason, is_answer })
}

fn ends(local: (IpAddr, u16), peer: (IpAddr, u16)) -> Ends {
    let is_v4 = |ip: IpAddr| match ip {
        IpAddr::V4(_) => true,
        IpAddr::V6(ip) => ip.to_ipv4_mapped().is_some(),
    };
    let has_peer = peer.1 != 0 && !peer.0.is_unspecified();
    Ends {
        local: local.into(),
        peer: has_peer.then(|| peer.into()),
        // A socket of IPv6 may speak IPv4; the addresses are mapped ones then.
        ipv6: !is_v4(local.0) || !is_v4(peer.0),
    }
}

/// `192.0.2.1:80` or `[2001:db8::1]:80`.
fn socket(text: &str) -> Option<(IpAddr, u16)> {
    let address: SocketAddr = text.parse().ok()?;
    Some((address.ip(), address.port()))
}

/// A null pointer as kernels print it, hashed or not.
fn is_null(pointer: &str) -> bool {
    pointer == "(null)" || pointer.trim_start_matches("0x").bytes().all(|c| c == b'0')
}

/// A reason's name; a number where the log says what it stands for.
fn name_of(text: &str, formats: &Formats) -> Option<Cow<'static, str>> {
    let number = text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
    let name = match number {
        Some(number) => formats.reason(number)?,
        None => text,
    };
    if let Some(known) = kernel_reasons::reason(name) {
        return Some(Cow::Borrowed(known.name));
    }
    let is_name = name.len() <= MOST_REASON && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
    is_name.then(|| Cow::Owned(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<String> {
        let mut formats = Formats::default();
        formats.take("name: tcp_send_reset");
        formats.take("print fmt: __print_symbolic(REC->reason, { 1, \"NO_SOCKET\" }, { 2, \"</b>\" })");
        let fields = read(text, &formats)?;
        let Ends { local, peer, ipv6 } = fields.ends;
        let end = |end: Endpoint| format!("{} {}", end.ip(ipv6), end.port);
        Some(format!(
            "{} to {}, {}, {}, {:?}",
            end(local),
            peer.map_or_else(|| "nobody".to_owned(), end),
            fields.state.unwrap_or("no state"),
            fields.reason.as_deref().unwrap_or("no reason"),
            fields.is_answer
        ))
    }

    #[test]
    fn every_kernel_is_understood() {
        for (text, expected) in [
            // Linux 6.10 and later.
            (
                "skbaddr=00000000ccf2a4a2 skaddr=0000000000000000 src=127.0.0.1:99 dest=127.0.0.1:44232 state=UNKNOWN reason=NO_SOCKET",
                "127.0.0.1 99 to 127.0.0.1 44232, no state, NO_SOCKET, Some(true)",
            ),
            (
                "skbaddr=0000000000000000 skaddr=0 src=[2001:db8::1]:80 dest=[2001:db8::2]:9 state=TCP_CLOSE reason=TCP_STATE",
                "2001:db8::1 80 to 2001:db8::2 9, TCP_CLOSE, TCP_STATE, Some(false)",
            ),
            (
                "src=0.0.0.0:80 dest=0.0.0.0:0 state=TCP_LISTEN reason=TCP_FLAGS",
                "0.0.0.0 80 to nobody, TCP_LISTEN, TCP_FLAGS, None",
            ),
            ("src=[::]:80 dest=[::]:0 state=TCP_LISTEN", ":: 80 to nobody, TCP_LISTEN, no reason, None"),
            // A socket of IPv6 that speaks IPv4.
            (
                "src=[::ffff:192.0.2.1]:80 dest=[::ffff:192.0.2.2]:9",
                "192.0.2.1 80 to 192.0.2.2 9, no state, no reason, None",
            ),
            // Linux 5.14 to 6.9, and what has no reason still.
            (
                "skbaddr=(null) skaddr=1 family=AF_INET sport=80 dport=9 saddr=192.0.2.1 daddr=192.0.2.2 saddrv6=::ffff:192.0.2.1 daddrv6=::ffff:192.0.2.2 state=TCP_CLOSE",
                "192.0.2.1 80 to 192.0.2.2 9, TCP_CLOSE, no reason, Some(false)",
            ),
            (
                "family=AF_INET6 sport=80 dport=9 saddr=0.0.0.0 daddr=0.0.0.0 saddrv6=2001:db8::1 daddrv6=2001:db8::2 sock_cookie=16",
                "2001:db8::1 80 to 2001:db8::2 9, no state, no reason, None",
            ),
            // Linux 4.16 to 5.13.
            (
                "sport=80 dport=9 saddr=192.0.2.1 daddr=192.0.2.2 saddrv6=::ffff:192.0.2.1 daddrv6=::ffff:192.0.2.2",
                "192.0.2.1 80 to 192.0.2.2 9, no state, no reason, None",
            ),
            (
                "sport=80 dport=9 saddr=0.0.0.0 daddr=0.0.0.0 saddrv6=2001:db8::1 daddrv6=2001:db8::2",
                "2001:db8::1 80 to 2001:db8::2 9, no state, no reason, None",
            ),
            // Numbers, as tools print them that read the fields themselves.
            (
                "src=192.0.2.1:80, dest=192.0.2.2:9, reason=0x1",
                "192.0.2.1 80 to 192.0.2.2 9, no state, NO_SOCKET, None",
            ),
            // A reason of a kernel to come, and ones that no kernel gives.
            (
                "src=192.0.2.1:80 dest=192.0.2.2:9 reason=TCP_NEW",
                "192.0.2.1 80 to 192.0.2.2 9, no state, TCP_NEW, None",
            ),
            ("src=192.0.2.1:80 dest=192.0.2.2:9 reason=77", "192.0.2.1 80 to 192.0.2.2 9, no state, no reason, None"),
            ("src=192.0.2.1:80 dest=192.0.2.2:9 reason=2", "192.0.2.1 80 to 192.0.2.2 9, no state, no reason, None"),
            ("src=192.0.2.1:80 dest=192.0.2.2:9 reason=<b>", "192.0.2.1 80 to 192.0.2.2 9, no state, no reason, None"),
            ("src=192.0.2.1:80 dest=192.0.2.2:9 state=x", "192.0.2.1 80 to 192.0.2.2 9, no state, no reason, None"),
        ] {
            assert_eq!(told(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_ends_is_nothing() {
        for text in [
            "",
            "=",
            "src=192.0.2.1:80",
            "src=192.0.2.1:99999 dest=192.0.2.2:9",
            "src=192.0.2.1 dest=192.0.2.2",
            "family=AF_INET sport=80 dport=9 saddr=x daddr=192.0.2.2",
            "family=AF_INET6 sport=80 dport=9 saddr=192.0.2.1 daddr=192.0.2.2",
            "saddr=192.0.2.1 daddr=192.0.2.2",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
