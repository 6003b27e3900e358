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
}
