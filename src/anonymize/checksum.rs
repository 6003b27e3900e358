//! The Internet checksum (RFC 1071).

/// The checksum over these pieces, each of which but the last must have an even number of octets.
pub(super) fn checksum(pieces: &[&[u8]]) -> [u8; 2] {
    let mut sum: u64 = 0;
    for piece in pieces {
        for pair in piece.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            sum += u64::from(pair.first().copied().unwrap_or(0)) << 8 | u64::from(low);
        }
    }
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    (!(sum as u16)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_header_has_its_checksum() {
        // The example of RFC 1071 section 3: the sum is ddf2.
        assert_eq!(checksum(&[&[0, 1, 0xf2, 3], &[0xf4, 0xf5, 0xf6, 0xf7]]), (!0xddf2_u16).to_be_bytes());
        assert_eq!(checksum(&[&[1]]), (!0x0100_u16).to_be_bytes());
    }
}
