//! The ports of a log line: written behind an address, in columns of their own, or behind a host name.

use std::net::IpAddr;

use super::super::scan::Scan;
use super::mentions::Place;

/// What follows an address has turned it into a network, as in `10.0.0.0/8`.
pub(super) struct IsNetwork;

/// The port at the start of what follows an address, and how many octets it takes.
pub(super) fn after(rest: &str, ip: IpAddr) -> (Result<Option<u16>, IsNetwork>, usize) {
    let mut scan = Scan::new(rest);
    let longest_prefix = if ip.is_ipv4() { 32 } else { 128 };
    // `10.0.0.0/8` in a routing table, `10.0.0.5/443` in a Cisco ASA's log.
    let slash = scan.attempt(|scan| {
        scan.one_of(b"/")?;
        Some(scan.number(1, 5)?.0)
    });
    if slash.is_some_and(|number| number <= longest_prefix) {
        return (Err(IsNetwork), rest.len() - scan.remaining());
    }
    let port = slash.and_then(valid).or_else(|| {
        [joined, in_parentheses, named, tuple]
            .into_iter()
            .find_map(|shape: fn(&mut Scan<'_>) -> Option<u16>| scan.attempt(shape))
    });
    (Ok(port), if port.is_some() { rest.len() - scan.remaining() } else { 0 })
}

fn valid(number: i64) -> Option<u16> {
    u16::try_from(number).ok().filter(|&port| port > 0)
}

fn port(scan: &mut Scan<'_>) -> Option<u16> {
    let port = valid(scan.number(1, 5)?.0)?;
    scan.peek().is_none_or(|next| !next.is_ascii_alphanumeric() && next != b'_').then_some(port)
}

/// `:443`, `#53`.
fn joined(scan: &mut Scan<'_>) -> Option<u16> {
    scan.one_of(b":#")?;
    port(scan)
}

/// `(443)`: PostgreSQL, Cisco IOS.
fn in_parentheses(scan: &mut Scan<'_>) -> Option<u16> {
    scan.one_of(b"(")?;
    let port = port(scan)?;
    scan.one_of(b")")?;
    Some(port)
}

/// ` port 443`, `', port: 443`, `","port":443`, ` client_port=443`. Ports said to be of the source or destination are left to [`complete`].
fn named(scan: &mut Scan<'_>) -> Option<u16> {
    const OWNERS: [&str; 7] = ["client", "server", "remote", "local", "peer", "upstream", "tcp"];
    scan.skip(b" \t'\",;:)]}(", 5);
    let _ = scan.attempt(|scan| {
        OWNERS.into_iter().find_map(|owner| scan.literal(owner))?;
        scan.skip(b"_", 1);
        Some(())
    });
    scan.literal("port")?;
    (scan.skip(b" :='\"", 4) > 0).then_some(())?;
    port(scan)
}

/// `('10.0.0.5', 443)` of Python.
fn tuple(scan: &mut Scan<'_>) -> Option<u16> {
    scan.one_of(b"'\"")?;
    scan.one_of(b",")?;
    scan.skip(b" ", 1);
    let port = port(scan)?;
    scan.one_of(b")")?;
    Some(port)
}

/// `.https` behind an address, as tcpdump writes a port that has a name; the port and the octets it takes.
///
/// The names are those of the IANA registry and of /etc/services that a capture of TCP is likely to have.
pub(super) fn service(behind: &str) -> Option<(u16, usize)> {
    const NAMES: [(&str, u16); 20] = [
        ("ftp", 21),
        ("ssh", 22),
        ("telnet", 23),
        ("smtp", 25),
        ("domain", 53),
        ("http", 80),
        ("pop3", 110),
        ("bgp", 179),
        ("imap2", 143),
        ("ldap", 389),
        ("https", 443),
        ("microsoft-ds", 445),
        ("submission", 587),
        ("ldaps", 636),
        ("imaps", 993),
        ("ms-sql-s", 1433),
        ("mysql", 3306),
        ("ms-wbt-server", 3389),
        ("postgresql", 5432),
        ("http-alt", 8080),
    ];
    let name = behind.strip_prefix('.')?;
    let length = name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    let name = name.get(..length)?;
    NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, port)| (port, length + 1))
}

/// Gives addresses the ports that stand apart from them: `SRC= DST= SPT= DPT=`, `10.0.0.1 10.0.0.5 51812 443`,
/// `10.0.0.1 51812 10.0.0.5 443`, `10.0.0.1 → 10.0.0.5 TCP 54 51812 → 443`.
pub(super) fn complete(text: &str, places: &mut [Place<'_>]) {
    for index in 0..places.len() {
        let next = places.get(index + 1).map(|place| place.start);
        let (before, rest) = places.split_at_mut(index);
        let Some(here) = rest.first_mut() else { return };
        if here.mention.port.is_some() {
            continue;
        }
        let Some(gap) = text.get(here.end..next.unwrap_or(text.len())) else { continue };
        let previous = before.last_mut();
        let (source, destination) = keyed(gap);
        let two = match (source, destination) {
            (Some(source), Some(destination)) => Some((source, destination)),
            _ => columns(gap).or_else(|| around_arrow(gap)),
        };
        match (two, previous) {
            (Some((first, second)), Some(previous)) if previous.mention.port.is_none() => {
                (previous.port_apart, here.port_apart) = (true, true);
                let swapped = is_destination(previous.key);
                (previous.mention.port, here.mention.port) =
                    if swapped { (Some(second), Some(first)) } else { (Some(first), Some(second)) };
            }
            (_, previous) => {
                // A column of its own behind each address, as in Zeek's logs.
                let alternating = next.is_some()
                    || previous.is_some_and(|previous| text.get(previous.end..here.start).is_some_and(is_blank));
                let column = || alternating.then(|| column(gap, next.is_some())).flatten();
                if let Some(port) = source.xor(destination) {
                    here.mention.port = Some(port);
                } else if let Some((port, length)) = column() {
                    here.mention.port = Some(port);
                    here.port_apart = true;
                    here.end += length;
                }
            }
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c == ',')
}

fn is_destination(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.starts_with("dst") || key.starts_with("dest") || key == "daddr"
}

/// The first port that the text says is the source's, and the first that it says is the destination's.
fn keyed(text: &str) -> (Option<u16>, Option<u16>) {
    const SOURCE: [&str; 7] = ["spt=", "sport=", "src_port", "srcport", "source_port", "sourceport", "s_port"];
    const DESTINATION: [&str; 8] =
        ["dpt=", "dport=", "dst_port", "dstport", "dest_port", "destination_port", "destinationport", "d_port"];
    let lower = text.to_ascii_lowercase();
    let find = |keys: &[&str]| {
        keys.iter().find_map(|key| {
            let (_, behind) = lower.split_once(key)?;
            let mut scan = Scan::new(behind);
            scan.skip(b" :='\"", 4);
            port(&mut scan)
        })
    };
    (find(&SOURCE), find(&DESTINATION))
}

/// Two numbers in the columns right behind.
fn columns(gap: &str) -> Option<(u16, u16)> {
    let (first, length) = column(gap, false)?;
    let (second, _) = column(gap.get(length..)?, false)?;
    Some((first, second))
}

/// A number in the column right behind, the whole of the text if `whole`; and the octets up to its end.
fn column(gap: &str, whole: bool) -> Option<(u16, usize)> {
    let mut scan = Scan::new(gap);
    (scan.skip(b" \t,", 4) > 0).then_some(())?;
    let port = port(&mut scan)?;
    let length = gap.len() - scan.remaining();
    let rest = gap.get(length..)?;
    let ends = if whole { is_blank(rest) } else { rest.chars().next().is_none_or(|c| c.is_whitespace() || c == ',') };
    ends.then_some((port, length))
}

/// `51812 → 443`, as Wireshark's packet list has it.
fn around_arrow(gap: &str) -> Option<(u16, u16)> {
    ["→", "->", ">"].into_iter().find_map(|arrow| {
        let (before, behind) = gap.split_once(arrow)?;
        let before = before.trim_end();
        let digits = before.bytes().rev().take_while(u8::is_ascii_digit).count();
        let first = valid(before.get(before.len() - digits..)?.parse().ok()?)?;
        Some((first, port(&mut Scan::new(behind.trim_start()))?))
    })
}

/// Host names of the text, and ports that stand behind a name or alone: `shop.example:443`, `localhost port 8080`.
pub(super) fn of_names(text: &str) -> (Vec<String>, Vec<u16>) {
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    let separator = |c: char| c.is_whitespace() || "\"'`,;()[]{}<>=|".contains(c);
    let mut previous = "";
    let mut previous_was_port = false;
    for token in text.split(separator).filter(|token| !token.is_empty()) {
        let (scheme, rest) = token.split_once("://").map_or((false, token), |(_, rest)| (true, rest));
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let authority = authority.rsplit('@').next().unwrap_or_default().trim_end_matches([':', '.']);
        let (host, written) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        let written = written.and_then(|port| valid(port.parse().ok()?));
        let introduced = ["host", "hostname", "lookup", "to"]
            .iter()
            .any(|word| previous.trim_end_matches(':').eq_ignore_ascii_case(word));
        let named = is_name(host)
            || (scheme && host.parse::<IpAddr>().is_err() && host.bytes().any(|byte| byte.is_ascii_alphabetic()));
        if named && (scheme || written.is_some() || introduced) {
            push_new(&mut names, host.to_owned());
            if let Some(port) = written {
                push_new(&mut ports, port);
            }
        }
        // Behind an address the port belongs to it, and has been read with it.
        if previous_was_port && let Some(port) = token.trim_end_matches([':', '.', '?']).parse().ok().and_then(valid) {
            push_new(&mut ports, port);
        }
        previous_was_port = token.trim_end_matches(':').eq_ignore_ascii_case("port")
            && previous.trim_end_matches(':').parse::<IpAddr>().is_err();
        previous = token;
    }
    (names, ports)
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
    }
}

/// Whether this is the name of a host rather than of a source file, a class or a number.
fn is_name(text: &str) -> bool {
    const FILES: [&str; 20] = [
        "go", "java", "py", "js", "mjs", "ts", "c", "cc", "cpp", "h", "rs", "rb", "php", "cs", "kt", "scala", "ex",
        "erl", "log", "txt",
    ];
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let Some((_, top)) = text.rsplit_once('.') else { return text == "localhost" };
    text.split('.').all(is_label)
        && top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_lowercase())
        && !FILES.contains(&top)
}
