//! IP addresses in free text, each with the port that is written to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ports;

/// An address that a line mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The address; an IPv4-mapped one as IPv4.
    pub ip: IpAddr,
    /// The port written to it.
    pub port: Option<u16>,
    /// Which end the words in front of it say it is.
    pub role: Option<Role>,
}

/// An end of a connection as a log line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Who connected.
    Client,
    /// Who was connected to.
    Server,
}

/// A mention and where it stands.
pub(super) struct Place<'a> {
    pub(super) mention: Mention,
    /// Whether it may well be a version number or the like.
    weak: bool,
    /// The word in front of it.
    pub(super) key: &'a str,
    /// Whether the port stands in a column of its own.
    pub(super) port_apart: bool,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// All mentions, and which of them the line writes as the two ends of one connection.
pub(super) fn find(text: &str) -> (Vec<Mention>, Vec<(usize, usize)>) {
    let mut places = places(text);
    prefer_the_subject(text, &mut places);
    if places.iter().any(|place| !place.weak) {
        places.retain(|place| !place.weak);
    }
    ports::complete(text, &mut places);
    let only_two = places.len() == 2;
    let pairs: Vec<_> = places
        .iter()
        .zip(places.iter().skip(1))
        .enumerate()
        .filter(|(_, (left, right))| is_pair(text, left, right, only_two))
        .map(|(index, _)| (index, index + 1))
        .collect();
    let mut mentions: Vec<Mention> = places.into_iter().map(|place| place.mention).collect();
    if pairs.is_empty() {
        // Said twice is not two ends.
        let mut seen = Vec::new();
        mentions.retain(|mention| {
            let is_new = !seen.contains(&(mention.ip, mention.port));
            seen.push((mention.ip, mention.port));
            is_new
        });
    }
    (mentions, pairs)
}

fn places(text: &str) -> Vec<Place<'_>> {
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(first) = rest.chars().next() else { break };
        let found = starts_address(text, at).then(|| address(rest)).flatten();
        let Some(Found { ip, port, length }) = found else {
            at += first.len_utf8();
            continue;
        };
        let (port, end) = match port {
            Some(port) => (Ok(Some(port)), at + length),
            None => {
                let (port, length_of_port) = ports::after(text.get(at + length..).unwrap_or_default(), ip);
                (port, at + length + length_of_port)
            }
        };
        // A network is no endpoint, and the unspecified address is everyone's.
        if let Ok(port) = port
            && !ip.is_unspecified()
        {
            let key = key(text, at);
            let weak = port.is_none() && looks_like_version(text, at);
            places.push(Place {
                mention: Mention { ip, port, role: role(key) },
                weak,
                key,
                port_apart: false,
                start: at,
                end,
            });
        }
        at = end;
    }
    places
}

struct Found {
    ip: IpAddr,
    port: Option<u16>,
    length: usize,
}

/// Whether an address may start here, by what stands before.
fn starts_address(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    match before.bytes().next_back() {
        Some(b':') => {
            // Behind `client:`, not inside 00:11:22 or std::net.
            let word = before.get(..at.saturating_sub(1)).unwrap_or_default();
            let start = word.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |place| place + 1);
            let word = word.get(start..).unwrap_or_default();
            word.bytes().any(|byte| !byte.is_ascii_hexdigit())
                && !text.get(at..).is_some_and(|rest| rest.starts_with(':'))
        }
        Some(byte) => !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'_' | b'%'),
        None => true,
    }
}

/// An address at the start of the text, with the port where the two cannot be told apart otherwise.
fn address(text: &str) -> Option<Found> {
    bracketed(text).or_else(|| ipv6(text)).or_else(|| ipv4(text))
}

/// `[2001:db8::1]`; the port follows as for any address.
fn bracketed(text: &str) -> Option<Found> {
    /// Octets of the longest address with the name of an interface (RFC 4007; Linux has 15 for the name).
    const LONGEST: usize = 64;
    let inside = text.strip_prefix('[')?;
    let inside = inside.get(..inside.bytes().take(LONGEST).position(|byte| byte == b']')?)?;
    let bare = inside.split_once('%').map_or(inside, |(address, _)| address);
    let ip: Ipv6Addr = bare.parse().ok()?;
    Some(Found { ip: ip.to_canonical(), port: None, length: inside.len() + 2 })
}

fn ipv6(text: &str) -> Option<Found> {
    let length = text.bytes().take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')).count();
    let run = text.get(..length)?;
    if let Some(address) = run.strip_suffix('.')
        && let (Some(ip), Some((port, length))) = (parse_ipv6(address), ports::service(text.get(address.len()..)?))
    {
        return Some(Found { ip, port: Some(port), length: address.len() + length });
    }
    let next = text.get(length..)?.bytes().next();
    if next.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        || run.bytes().filter(|&byte| byte == b':').count() < 2
    {
        return None;
    }
    let scope = |end: usize| match text.get(end..).and_then(|rest| rest.strip_prefix('%')) {
        Some(zone) => 1 + zone.bytes().take_while(u8::is_ascii_alphanumeric).count(),
        None => 0,
    };
    // A colon or full stop at the end may belong to the sentence.
    for run in [run, run.trim_end_matches('.'), run.strip_suffix(':').unwrap_or(run)] {
        if let Some(ip) = parse_ipv6(run) {
            return Some(Found { ip, port: None, length: run.len() + scope(run.len()) });
        }
        // `2001:db8::1.443` as tcpdump writes it, `::ffff:10.0.0.1:443` as Node does.
        let split = run.rsplit_once('.').filter(|(ip, _)| !ip.contains('.'));
        let split = split.or_else(|| run.rsplit_once(':').filter(|(ip, _)| ip.contains('.')));
        if let Some((ip, port)) = split
            && let (Some(ip), Ok(port)) = (parse_ipv6(ip), port.parse())
        {
            return Some(Found { ip, port: Some(port), length: run.len() });
        }
    }
    None
}

fn parse_ipv6(text: &str) -> Option<IpAddr> {
    let ip: Ipv6Addr = text.parse().ok()?;
    // Eight groups of two digits are a long hardware address; no digit at all is rather a name, as in `dead::beef`.
    let hardware = text.len() == 23 && text.split(':').all(|group| group.len() == 2);
    (!hardware && text.bytes().any(|byte| byte.is_ascii_digit())).then(|| ip.to_canonical())
}

fn ipv4(text: &str) -> Option<Found> {
    let length = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let run = text.get(..length)?.trim_end_matches('.');
    let behind = text.get(run.len()..)?;
    if behind.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    if let (Ok(ip), Some((port, length))) = (run.parse::<Ipv4Addr>(), ports::service(behind)) {
        return Some(Found { ip: ip.into(), port: Some(port), length: run.len() + length });
    }
    if let Ok(ip) = run.parse::<Ipv4Addr>() {
        return Some(Found { ip: ip.into(), port: None, length: run.len() });
    }
    // `10.0.0.1.443` as tcpdump and BSD's netstat write it.
    let (ip, port) = run.rsplit_once('.')?;
    Some(Found { ip: ip.parse::<Ipv4Addr>().ok()?.into(), port: Some(port.parse().ok()?), length: run.len() })
}

/// The word in front of an address, past quotes, brackets and the scheme of a URL.
fn key(text: &str, at: usize) -> &str {
    const SCHEMES: [&str; 10] =
        ["http", "https", "tcp", "tcp4", "tcp6", "grpc", "fastcgi", "uwsgi", "redis", "postgres"];
    let mut before = text.get(..at).unwrap_or_default();
    loop {
        before = before.trim_end_matches(|c: char| !c.is_alphanumeric());
        let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |place| {
            place + before.get(place..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        let word = before.get(start..).unwrap_or_default();
        if !SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme)) {
            return word;
        }
        before = before.get(..start).unwrap_or_default();
    }
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}

fn role(key: &str) -> Option<Role> {
    const CLIENT: [&str; 4] = ["client", "remote_addr", "client_ip", "clientip"];
    const SERVER: [&str; 9] = [
        "server",
        "upstream",
        "connect",
        "dial",
        "econnrefused",
        "upstream_host",
        "backend",
        "upstream_addr",
        "server_ip",
    ];
    match key {
        key if is_one_of(key, &CLIENT) => Some(Role::Client),
        key if is_one_of(key, &SERVER) => Some(Role::Server),
        _ => None,
    }
}

/// `Chrome/120.0.0.0`, `nginx-1.2.3.4`, `version 1.2.3.4`: a name or the word before four numbers without a port.
fn looks_like_version(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let mut back = before.chars().rev();
    match (back.next(), back.next()) {
        (Some('/' | '-'), Some(name)) => name.is_ascii_alphanumeric(),
        _ => is_one_of(key(text, at), &["version", "ver", "release", "v"]),
    }
}

/// A proxy's error line names the client's connection and the one to the upstream; only one of them broke.
fn prefer_the_subject(text: &str, places: &mut [Place<'_>]) {
    let is_upstream = |place: &Place<'_>| is_one_of(place.key, &["upstream"]);
    if !places.iter().any(is_upstream) {
        return;
    }
    let lower = text.to_ascii_lowercase();
    let client_broke = ["client prematurely", "to client", "from client"].iter().any(|words| lower.contains(words));
    for place in places {
        place.weak |= is_upstream(place) == client_broke;
    }
}

/// Whether two neighbours are written as the ends of one connection: with an arrow between them, as source and destination,
/// as local and remote, or as the two columns of a line that has no other address and ports in columns of their own (Zeek, VPC flow logs)
/// or a state of TCP (`ss`, `netstat`). Other columns may be of two connections, as in the log of a load balancer.
fn is_pair(text: &str, left: &Place<'_>, right: &Place<'_>, only_two: bool) -> bool {
    const NEAR: [&str; 10] =
        ["src", "source", "saddr", "local", "laddr", "l", "src_ip", "srcip", "local_addr", "orig_h"];
    const FAR: [&str; 10] =
        ["dst", "dest", "daddr", "remote", "raddr", "r", "dst_ip", "dstip", "remote_addr", "resp_h"];
    if is_one_of(left.key, &NEAR) && is_one_of(right.key, &FAR) {
        return true;
    }
    let Some(between) = text.get(left.end..right.start) else { return false };
    if between.chars().all(|c| c.is_whitespace() || c == ',') {
        let by_ports = left.port_apart && right.port_apart;
        return only_two
            && left.mention.port.is_some()
            && right.mention.port.is_some()
            && (by_ports || names_state(text));
    }
    is_arrow(between)
}

/// Whether a word of the text is a state of TCP as `ss` or `netstat` spell it.
fn names_state(text: &str) -> bool {
    const STATES: [&str; 9] =
        ["ESTAB", "ESTABLISHED", "CLOSEWAIT", "TIMEWAIT", "FINWAIT1", "FINWAIT2", "LASTACK", "SYNSENT", "CLOSING"];
    text.split_whitespace().any(|word| {
        let word = word.replace(['-', '_'], "").to_ascii_uppercase();
        // `ss` writes SYN-RECV, netstat SYN_RECV and SYN_RECEIVED.
        STATES.contains(&word.as_str()) || word.starts_with("SYNREC")
    })
}

/// An arrow or `to`, inside quotes and brackets or not, and perhaps the name of an interface or host behind it.
fn is_arrow(between: &str) -> bool {
    const ARROWS: [&str; 9] = ["-->", "<->", "<=>", "->", "=>", ">", "→", "⇒", "↔"];
    let between = between.trim_start_matches(|c: char| c.is_whitespace() || "'\")]".contains(c));
    let arrow = ARROWS.into_iter().find_map(|arrow| between.strip_prefix(arrow));
    let word = || between.strip_prefix("to").filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
    arrow.or_else(word).is_some_and(|behind| !behind.trim().contains(char::is_whitespace))
}
