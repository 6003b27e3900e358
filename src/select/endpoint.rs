//! `ADDR`, `ADDR:PORT`, `:PORT` and `NET/BITS` as the command line takes them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::tcp::Network;

/// Which addresses and ports an option asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointFilter {
    network: Option<Network>,
    port: Option<u16>,
}

impl EndpointFilter {
    /// Whether this endpoint is asked for. An IPv4 address and its IPv4-mapped IPv6 form are the same.
    pub fn matches(&self, ip: IpAddr, port: u16) -> bool {
        self.port.is_none_or(|wanted| wanted == port) && self.network.is_none_or(|network| network.contains(ip))
    }

    /// Whether the address is asked for, whatever its port.
    pub fn matches_address(&self, ip: IpAddr) -> bool {
        self.network.is_some_and(|network| network.contains(ip))
    }
}

impl FromStr for EndpointFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest
                .split_once(']')
                .ok_or_else(|| format!("`{text}` has a `[` without its `]`: write [2001:db8::1]:443"))?;
            let port = match port.strip_prefix(':') {
                Some(port) => Some(parse_port(port)?),
                None if port.is_empty() => None,
                None => return Err(format!("`{port}` after the `]` is not a port: write [2001:db8::1]:443")),
            };
            return Ok(Self { network: Some(parse_network(address)?), port });
        }
        match text.split_once(':') {
            // More than one colon: an IPv6 address, whose port would have to stand behind brackets.
            Some((_, rest)) if rest.contains(':') => Ok(Self { network: Some(parse_network(text)?), port: None }),
            Some(("" | "*", port)) => Ok(Self { network: None, port: Some(parse_port(port)?) }),
            Some((address, port)) => Ok(Self { network: Some(parse_network(address)?), port: Some(parse_port(port)?) }),
            None if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(format!("`{text}` is no address: for a port of any address write :{text}"))
            }
            None => Ok(Self { network: Some(parse_network(text)?), port: None }),
        }
    }
}

fn parse_port(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!("`{text}` is no port: ports are numbers from 1 to 65535")),
    }
}

fn parse_network(text: &str) -> Result<Network, String> {
    let address = text.split('/').next().unwrap_or_default();
    if address.parse::<IpAddr>().is_err() {
        return Err(format!(
            "`{address}` is no IP address: write 10.0.0.5, 10.0.0.5:443, [2001:db8::1]:443, 10.0.0.0/8 or :443 (names are not looked up)"
        ));
    }
    text.parse()
}

/// As it could be typed.
impl fmt::Display for EndpointFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let network = match self.network {
            None => String::new(),
            Some(Network { address, bits }) if bits == if address.is_ipv4() { 32 } else { 128 } => address.to_string(),
            Some(Network { address, bits }) => format!("{address}/{bits}"),
        };
        match (self.network, self.port) {
            (Some(Network { address: IpAddr::V6(_), .. }), Some(port)) => write!(f, "[{network}]:{port}"),
            (_, Some(port)) => write!(f, "{network}:{port}"),
            (_, None) => f.write_str(&network),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filter: &str, endpoint: &str) -> bool {
        let (ip, port) = endpoint.rsplit_once(' ').unwrap();
        filter.parse::<EndpointFilter>().unwrap().matches(ip.parse().unwrap(), port.parse().unwrap())
    }

    #[test]
    fn filters_match_what_they_say() {
        for (filter, endpoint, expected) in [
            ("10.0.0.5", "10.0.0.5 443", true),
            ("10.0.0.5", "10.0.0.6 443", false),
            ("10.0.0.5:443", "10.0.0.5 443", true),
            ("10.0.0.5:443", "10.0.0.5 80", false),
            ("10.0.0.5", "::ffff:10.0.0.5 1", true),
            ("::ffff:10.0.0.5", "10.0.0.5 1", true),
            ("2001:db8::1", "2001:db8::1 80", true),
            ("2001:db8::1", "2001:db8::2 80", false),
            ("[2001:db8::1]", "2001:db8::1 80", true),
            ("[2001:db8::1]:443", "2001:db8::1 80", false),
            (":443", "10.9.9.9 443", true),
            ("*:443", "2001:db8::1 444", false),
            ("10.0.0.0/8", "10.200.0.1 1", true),
            ("10.0.0.0/8:443", "11.0.0.1 443", false),
            ("0.0.0.0/0", "255.1.1.1 1", true),
            ("::/0", "2001:db8::1 1", true),
            ("::/0", "10.0.0.1 1", false),
            ("[2001:db8::/32]:80", "2001:db8:9::1 80", true),
        ] {
            assert_eq!(check(filter, endpoint), expected, "{filter} on {endpoint}");
        }
    }

    #[test]
    fn bad_filters_are_refused_with_a_way_out() {
        for (filter, part) in [
            ("shop.example", "names are not looked up"),
            ("10.0.0.5:70000", "from 1 to 65535"),
            ("10.0.0.5:0", "from 1 to 65535"),
            ("10.0.0.5:", "is no port"),
            ("443", "write :443"),
            ("", "is no IP address"),
            ("10.0.0.0/33", "from 0 to 32"),
            ("[2001:db8::1", "without its `]`"),
            ("[2001:db8::1]443", "after the `]`"),
            ("1:2:3", "is no IP address"),
        ] {
            let error = filter.parse::<EndpointFilter>().unwrap_err();
            assert!(error.contains(part), "{filter}: {error}");
        }
    }

    #[test]
    fn filters_print_as_typed() {
        for text in
            ["10.0.0.5", "10.0.0.5:443", "[2001:db8::1]:443", "2001:db8::1", ":443", "10.0.0.0/8", "[2001:db8::/32]:80"]
        {
            assert_eq!(text.parse::<EndpointFilter>().unwrap().to_string(), text);
        }
    }
}
