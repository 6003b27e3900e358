//! ICMP errors in words.

use std::borrow::Cow;

/// What a type and code of ICMP (RFC 792, RFC 1122 section 3.2.2, RFC 1812 section 5.2.7) or ICMPv6 (RFC 4443) say.
pub(super) fn text(icmpv6: bool, icmp_type: u8, code: u8) -> Cow<'static, str> {
    let known = if icmpv6 {
        match (icmp_type, code) {
            (1, 0) => "no route to destination",
            (1, 1) => "administratively prohibited",
            (1, 2) => "beyond scope of source address",
            (1, 3) => "address unreachable",
            (1, 4) => "port unreachable",
            (1, 5) => "source address failed ingress or egress policy",
            (1, 6) => "reject route to destination",
            (2, _) => "packet too big",
            (3, 0) => "hop limit exceeded in transit",
            (3, 1) => "fragment reassembly time exceeded",
            (4, _) => "parameter problem",
            _ => "",
        }
    } else {
        match (icmp_type, code) {
            (3, 0) => "network unreachable",
            (3, 1) => "host unreachable",
            (3, 2) => "protocol unreachable",
            (3, 3) => "port unreachable",
            (3, 4) => "fragmentation needed",
            (3, 5) => "source route failed",
            (3, 6) => "destination network unknown",
            (3, 7) => "destination host unknown",
            (3, 8) => "source host isolated",
            (3, 9) => "network administratively prohibited",
            (3, 10) => "host administratively prohibited",
            (3, 11) => "network unreachable for type of service",
            (3, 12) => "host unreachable for type of service",
            (3, 13) => "communication administratively prohibited",
            (3, 14) => "host precedence violation",
            (3, 15) => "precedence cutoff in effect",
            (4, _) => "source quench",
            (5, _) => "redirect",
            (11, 0) => "time to live exceeded in transit",
            (11, 1) => "fragment reassembly time exceeded",
            (12, _) => "parameter problem",
            _ => "",
        }
    };
    if known.is_empty() {
        let protocol = if icmpv6 { "ICMPv6" } else { "ICMP" };
        Cow::Owned(format!("{protocol} type {icmp_type} code {code}"))
    } else {
        Cow::Borrowed(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_decides() {
        assert_eq!(text(false, 3, 3), "port unreachable");
        assert_eq!(text(true, 1, 4), "port unreachable");
        assert_eq!(text(true, 3, 3), "ICMPv6 type 3 code 3");
    }
}
