//! Amounts of memory as people write them.

use std::ops::RangeInclusive;

/// The least that `--memory` takes, octets: what the reader and its buffers need before any flow is held.
pub const MIN_MEMORY: u64 = 64 << 20;

/// What is used where `--memory` is not given, octets: room for some two million flows, and present on any machine with a browser.
pub const DEFAULT_MEMORY: u64 = 1 << 30;

/// Reads an amount for `--memory`.
pub fn parse_memory(text: &str) -> Result<u64, String> {
    parse_size(text, MIN_MEMORY..=u64::MAX)
}

/// Reads `1G`, `512MiB`, `800MB` or octets; K, M, G and T count in 1024, KB, MB, GB and TB in 1000.
pub fn parse_size(text: &str, within: RangeInclusive<u64>) -> Result<u64, String> {
    const HOW: &str = "write 512M, 1G or 2GiB";
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| format!("`{text}` is no amount of memory: {HOW}"))?;
    let unit = unit.trim_start().to_ascii_lowercase();
    let factor: u64 = match unit.as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return Err(format!("`{unit}` in `{text}` is no unit of memory: {HOW}")),
    };
    let octets = number.checked_mul(factor).ok_or_else(|| format!("`{text}` is more memory than there is: {HOW}"))?;
    if octets < *within.start() {
        return Err(format!("`{text}` is too little: the least is {}M", within.start() >> 20));
    }
    if octets > *within.end() {
        return Err(format!("`{text}` is too much: the most is {}M", within.end() >> 20));
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_their_units() {
        for (text, octets) in [
            ("1G", 1 << 30),
            ("512MiB", 512 << 20),
            ("512 mib", 512 << 20),
            ("800MB", 800_000_000),
            ("64M", MIN_MEMORY),
            ("67108864", MIN_MEMORY),
            ("2t", 2 << 40),
        ] {
            assert_eq!(parse_memory(text), Ok(octets), "{text}");
        }
    }

    #[test]
    fn other_amounts_are_refused_with_a_way_out() {
        for (text, part) in [
            ("", "write 512M"),
            ("lots", "write 512M"),
            ("-1G", "write 512M"),
            ("1.5G", "no unit of memory"),
            ("1 horse", "`horse`"),
            ("63M", "the least is 64M"),
            ("0", "the least is 64M"),
            ("99999999999T", "more memory than there is"),
            ("99999999999999999999999", "no amount"),
        ] {
            let error = parse_memory(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
