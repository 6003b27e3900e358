use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::{Flow, Time};

/// The display filter of a flow, written straight from its fields.
pub(super) struct WiresharkFilter<'a>(pub &'a Flow);

impl Display for WiresharkFilter<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Flow { client, server, .. } = self.0;
        let (ip_version, other) = match client.ip {
            IpAddr::V4(_) => ("ip", server.ip),
            IpAddr::V6(_) => ("ipv6", server.ip),
        };
        // `ip.addr == x` holds if either end is x, so two such terms say little when both ends are the same.
        if client.ip == other {
            write!(f, "{ip_version}.src == {0} && {ip_version}.dst == {0}", client.ip)?;
        } else {
            write!(f, "{ip_version}.addr == {} && {ip_version}.addr == {other}", client.ip)?;
        }
        if client.port == server.port {
            write!(f, " && tcp.srcport == {0} && tcp.dstport == {0}", client.port)?;
        } else {
            write!(f, " && tcp.port == {} && tcp.port == {}", client.port, server.port)?;
        }
        if self.0.ports_reused { self.tell_apart(f) } else { Ok(()) }
    }
}

impl WiresharkFilter<'_> {
    /// The terms that leave out other flows with the same addresses and ports.
    fn tell_apart(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Flow { first_frame, last_frame, first_time, last_time, inputs, vlan, .. } = self.0;
        if let Some((first, rest)) = vlan.split_first() {
            write!(f, " && vlan.id in {{{first}")?;
            rest.iter().try_for_each(|id| write!(f, ", {id}"))?;
            f.write_str("}")?;
        }
        match (inputs.as_slice(), first_time, last_time) {
            ([_, _, ..], Some(first), Some(last)) => {
                write!(f, " && frame.time_epoch >= {} && frame.time_epoch <= {}", Epoch(*first), Epoch(*last))
            }
            _ => write!(f, " && frame.number >= {first_frame} && frame.number <= {last_frame}"),
        }
    }
}

/// Seconds since 1970 with all nanoseconds, which a floating-point number would lose.
struct Epoch(Time);

impl Display for Epoch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let nanos = self.0.0.nanos();
        let (sign, size) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
        write!(f, "{sign}{}.{:09}", size / 1_000_000_000, size % 1_000_000_000)
    }
}

impl Serialize for WiresharkFilter<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
