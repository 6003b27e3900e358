//! Text of packets, bounded and otherwise as it came: whoever shows it must escape it.

/// Octets of a name, a path or a reply that are kept.
pub(super) const MOST_TEXT: usize = 200;

/// The first octets as text, with replacement characters where they are not UTF-8.
pub(super) fn bounded(octets: &[u8]) -> String {
    let cut = octets.get(..MOST_TEXT).unwrap_or(octets);
    String::from_utf8_lossy(cut).into_owned()
}

/// The octets before the first CR or LF, or all.
pub(super) fn first_line(octets: &[u8]) -> &[u8] {
    octets.split(|&octet| octet == b'\r' || octet == b'\n').next().unwrap_or_default()
}

/// The lines, and whether the last one was ended.
pub(super) fn lines(octets: &[u8]) -> impl Iterator<Item = (&[u8], bool)> {
    octets.split_inclusive(|&octet| octet == b'\n').map(|line| match line {
        [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] => (line, true),
        line => (line, false),
    })
}
