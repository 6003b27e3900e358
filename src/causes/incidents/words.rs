//! Numbers and addresses in sentences.

use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};

use foldhash::fast::RandomState;

use super::Fate;
use crate::tcp::{Duration, Endpoint, Timestamp};

/// Names that are spelled out in a list; the others are counted.
const SPELLED_OUT: usize = 3;

/// `10.0.0.5:443` or `[2001:db8::5]:443`.
pub(super) fn endpoint(end: Endpoint, ipv6: bool) -> String {
    SocketAddr::from((end.ip(ipv6), end.port)).to_string()
}

/// `1 connection`, `2 connections`.
pub(super) fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// A length of time with as many digits as matter.
pub(super) fn span(length: Duration) -> String {
    let seconds = length.as_secs_f64();
    match seconds {
        ..0.000_1 => "no time".to_owned(),
        0.000_1..0.001 => format!("{seconds:.4} s"),
        0.001..1.0 => format!("{:.0} ms", seconds * 1e3),
        1.0..120.0 => format!("{seconds:.1} s"),
        120.0..7200.0 => format!("{:.0} min {:.0} s", (seconds / 60.0).floor(), (seconds % 60.0).floor()),
        _ => format!("{:.0} h {:.0} min", (seconds / 3600.0).floor(), (seconds % 3600.0 / 60.0).floor()),
    }
}

/// The one value that all share, or the smallest and the largest.
pub(super) fn range<T: PartialEq>(least: T, most: T, say: impl Fn(T) -> String) -> String {
    if least == most { say(least) } else { format!("{} to {}", say(least), say(most)) }
}

/// `a, b and c`, and behind the first few only how many more there are.
pub(super) fn list<I: IntoIterator<Item = String, IntoIter: ExactSizeIterator>>(names: I) -> String {
    let names = names.into_iter();
    let more = names.len().saturating_sub(SPELLED_OUT);
    let shown: Vec<String> = names.take(SPELLED_OUT).collect();
    match shown.as_slice() {
        [] => String::new(),
        all if more > 0 => format!("{} and {more} more", all.join(", ")),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// The different values of something, in order.
pub(super) fn different<T: Ord + Hash>(fates: &[&Fate], of: impl Fn(&Fate) -> T) -> BTreeSet<T> {
    // Mostly few of many: not each of them is to be put in order.
    fates.iter().map(|fate| of(fate)).collect::<HashSet<T, RandomState>>().into_iter().collect()
}

/// The clients' addresses.
pub(super) fn clients(fates: &[&Fate]) -> BTreeSet<IpAddr> {
    different(fates, |fate| fate.client.ip(fate.ipv6))
}

/// The servers' addresses.
pub(super) fn servers(fates: &[&Fate]) -> BTreeSet<IpAddr> {
    different(fates, |fate| fate.server.ip(fate.ipv6))
}

/// The servers with their ports, as text in its order.
pub(super) fn services(fates: &[&Fate]) -> BTreeSet<String> {
    pairs(fates).into_iter().map(|(server, ipv6)| endpoint(server, ipv6)).collect()
}

/// The servers with their ports.
fn pairs(fates: &[&Fate]) -> BTreeSet<(Endpoint, bool)> {
    different(fates, |fate| (fate.server, fate.ipv6))
}

/// The servers with their ports where these are few, else how many there are on which hosts.
pub(super) fn targets(fates: &[&Fate]) -> String {
    let pairs = pairs(fates);
    if pairs.len() <= SPELLED_OUT {
        return list(services(fates));
    }
    let hosts = servers(fates);
    let what = if hosts.len() == pairs.len() { "servers:" } else { "ports of" };
    format!("{} {what} {}", pairs.len(), list(hosts.into_iter().map(|address| address.to_string())))
}

/// The server, where all have the same.
pub(super) fn shared_server(fates: &[&Fate]) -> Option<String> {
    let first = fates.first()?;
    let same = fates.iter().all(|fate| fate.server == first.server && fate.ipv6 == first.ipv6);
    same.then(|| endpoint(first.server, first.ipv6))
}

/// From the first end to the last.
pub(super) fn lasted(fates: &[&Fate]) -> Duration {
    let times = || fates.iter().filter_map(|fate| fate.ended);
    between(times().min(), times().max())
}

/// From the one moment to the other; nothing where one is unknown.
pub(super) fn between(first: Option<Timestamp>, last: Option<Timestamp>) -> Duration {
    first.zip(last).map_or(Duration(0), |(first, last)| last.since(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_lists_read_well() {
        for (millis, text) in
            [(0, "no time"), (250, "250 ms"), (3_200, "3.2 s"), (350_100, "5 min 50 s"), (7_260_000, "2 h 1 min")]
        {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
        let names = |n: usize| list(["a", "b", "c", "d", "e"].iter().take(n).map(|name| (*name).to_owned()));
        assert_eq!(
            [0, 1, 2, 3, 4, 5].map(names),
            ["", "a", "a and b", "a, b and c", "a, b, c and 1 more", "a, b, c and 2 more"]
        );
        assert_eq!(range(2, 2, |n| n.to_string()), "2");
        assert_eq!(range(2, 3, |n| n.to_string()), "2 to 3");
    }
}
