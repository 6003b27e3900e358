use std::num::NonZeroI64;

/// A length of capture time in nanoseconds; negative where a capture's clock went backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub i64);

impl Duration {
    /// From whole milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * 1_000_000)
    }

    /// From whole seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1_000_000_000)
    }

    /// In seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

/// A moment of capture time: nanoseconds since 1970-01-01 00:00:00 UTC, from the year 1677 to 2262.
///
/// Only captures give the time; nothing here reads a clock. Arithmetic saturates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
// Stored exclusive-or'ed with `i64::MIN`, so that `Option<Timestamp>` has eight bytes; the one moment given up is the very first.
pub struct Timestamp(NonZeroI64);

impl Timestamp {
    /// The moment `nanos` nanoseconds after the epoch; the value −2⁶³ is moved by one nanosecond.
    #[inline]
    pub fn from_nanos(nanos: i64) -> Self {
        const ONE: NonZeroI64 = NonZeroI64::new(1).unwrap();
        Self(NonZeroI64::new(nanos ^ i64::MIN).unwrap_or(ONE))
    }

    /// Nanoseconds since the epoch.
    #[inline]
    pub fn nanos(self) -> i64 {
        self.0.get() ^ i64::MIN
    }

    /// The time from `earlier` to this moment.
    #[inline]
    pub fn since(self, earlier: Self) -> Duration {
        Duration(self.nanos().saturating_sub(earlier.nanos()))
    }

    /// This moment moved by `by`.
    #[inline]
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self::from_nanos(self.nanos().saturating_add(by.0))
    }
}

impl PartialOrd for Timestamp {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    #[inline]
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.nanos().cmp(&other.nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_time_costs_nothing() {
        assert_eq!(size_of::<Option<Timestamp>>(), 8);
    }

    #[test]
    fn every_moment_survives() {
        for nanos in [0, 1, -1, i64::MAX, i64::MIN + 1] {
            assert_eq!(Timestamp::from_nanos(nanos).nanos(), nanos);
        }
        assert_eq!(Timestamp::from_nanos(i64::MIN).nanos(), i64::MIN + 1);
    }

    #[test]
    fn order_and_arithmetic_saturate() {
        let (past, future) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
        assert!(past < Timestamp::from_nanos(0) && Timestamp::from_nanos(0) < future);
        assert_eq!(future.since(past), Duration(i64::MAX));
        assert_eq!(future.plus(Duration::from_secs(1)), future);
    }
}
