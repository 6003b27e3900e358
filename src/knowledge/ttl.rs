//! What stacks begin a packet's time to live (IPv6: hop limit) with.

/// The value that a time to live on arrival descends from.
///
/// Linux and the BSDs begin with 64 (the default that RFC 1700 recommends), Windows with 128, many routers with 255. 32 is of
/// the past, and paths are shorter than 32 routers.
pub fn initial(ttl: u8) -> u8 {
    match ttl {
        0..=64 => 64,
        65..=128 => 128,
        _ => 255,
    }
}

/// The routers that a packet with this time to live on arrival has crossed.
pub fn hops(ttl: u8) -> u8 {
    initial(ttl) - ttl
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_descends_from_a_usual_one() {
        for (ttl, from) in [(0, 64), (1, 64), (63, 64), (64, 64), (65, 128), (128, 128), (129, 255), (255, 255)] {
            assert_eq!((initial(ttl), hops(ttl)), (from, from - ttl), "{ttl}");
        }
    }
}
