use std::fmt;

/// A TCP sequence or acknowledgement number, modulo 2³² (RFC 9293 section 3.4).
///
/// All arithmetic on sequence numbers lives here. It is total: an observer meets hostile numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SeqNum(pub u32);

impl SeqNum {
    /// This number advanced by `octets`, wrapping.
    #[inline]
    #[must_use]
    #[allow(clippy::should_implement_trait)] // modular, and with another right-hand type than the trait suggests
    pub fn add(self, octets: u32) -> Self {
        Self(self.0.wrapping_add(octets))
    }

    /// How far this number lies beyond `other`: −2³¹ to 2³¹−1, negative when it lies before.
    #[inline]
    pub fn since(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0) as i32
    }

    /// Whether this number lies before `other` (RFC 9293's modular `<`).
    #[inline]
    pub fn before(self, other: Self) -> bool {
        self.since(other) < 0
    }

    /// Whether this number lies after `other` (RFC 9293's modular `>`).
    #[inline]
    pub fn after(self, other: Self) -> bool {
        self.since(other) > 0
    }

    /// The later of the two.
    #[inline]
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if self.before(other) { other } else { self }
    }

    /// Whether this number lies in `[start, start + size)`.
    #[inline]
    pub fn is_within(self, start: Self, size: u32) -> bool {
        self.0.wrapping_sub(start.0) < size
    }
}

impl fmt::Display for SeqNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_holds_across_the_wrap() {
        let (last, first) = (SeqNum(u32::MAX), SeqNum(0));
        assert!(last.before(first) && first.after(last));
        assert_eq!(first.since(last), 1);
        assert_eq!(last.add(1), first);
        assert_eq!(last.max(first), first);
    }

    #[test]
    fn window_may_span_the_wrap() {
        let start = SeqNum(u32::MAX - 9);
        assert!(SeqNum(9).is_within(start, 20));
        assert!(!SeqNum(10).is_within(start, 20));
        assert!(!SeqNum(u32::MAX - 10).is_within(start, 20));
        assert!(!start.is_within(start, 0));
    }

    #[test]
    fn the_antipode_does_not_panic() {
        assert_eq!(SeqNum(1 << 31).since(SeqNum(0)), i32::MIN);
    }

    proptest::proptest! {
        /// Numbers as what they stand for: places in a stream that does not wrap, less than half the space apart.
        #[test]
        fn arithmetic_agrees_with_places_in_a_stream(
            place in (1u64 << 32)..(1 << 40),
            apart in -(1i64 << 31)..(1 << 31),
            size in proptest::num::u32::ANY,
        ) {
            let other = place.wrapping_add_signed(apart);
            let seq = |place: u64| SeqNum((place & u64::from(u32::MAX)) as u32);
            assert_eq!(seq(other).since(seq(place)), apart as i32);
            assert_eq!(seq(other).before(seq(place)), apart < 0);
            assert_eq!(seq(other).after(seq(place)), apart > 0);
            assert_eq!(seq(other).is_within(seq(place), size), (apart.rem_euclid(1 << 32) as u64) < u64::from(size));
            assert_eq!(seq(place).add(size), seq(place + u64::from(size)));
            if apart != -(1 << 31) {
                assert_eq!(seq(place).max(seq(other)), seq(place.max(other)));
            }
        }
    }
}
