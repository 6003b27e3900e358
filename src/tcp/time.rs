use std::num::NonZeroU64;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
// Counted from −2⁶³ nanoseconds on, so that `Option<Timestamp>` has eight bytes; the one moment given up is the very first.
pub struct Timestamp(NonZeroU64);

impl Timestamp {
    /// The moment `nanos` nanoseconds after the epoch; the value −2⁶³ is moved by one nanosecond.
    #[inline]
    pub fn from_nanos(nanos: i64) -> Self {
        Self(NonZeroU64::new(nanos.wrapping_sub(i64::MIN) as u64).unwrap_or(NonZeroU64::MIN))
    }

    /// Nanoseconds since the epoch.
    #[inline]
    pub fn nanos(self) -> i64 {
        (self.0.get() as i64).wrapping_add(i64::MIN)
    }

    /// The later of two moments as far as they are known: what comparing them gives, without asking whether each is.
    #[inline]
    #[must_use]
    pub fn later(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        let count = |moment: Option<Self>| moment.map_or(0, |moment| moment.0.get());
        NonZeroU64::new(count(one).max(count(other))).map(Self)
    }

    /// Nanoseconds from `earlier` to this moment, none where that is later.
    #[inline]
    pub fn nanos_since(self, earlier: Self) -> u64 {
        self.0.get().saturating_sub(earlier.0.get())
    }

    /// Whether this moment is not before `earlier`, and less than `bound` after it.
    #[inline]
    pub fn follows_within(self, earlier: Self, bound: Duration) -> bool {
        let elapsed = self.0.get().checked_sub(earlier.0.get());
        elapsed.is_some_and(|elapsed| elapsed < bound.0.max(0).unsigned_abs())
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

    #[test]
    fn the_later_one_is_the_one_that_compares_greater() {
        let moments = [i64::MIN, -5, 0, 7, i64::MAX].map(|nanos| Some(Timestamp::from_nanos(nanos)));
        for one in moments.into_iter().chain([None]) {
            for other in moments.into_iter().chain([None]) {
                assert_eq!(Timestamp::later(one, other), one.max(other));
            }
        }
    }

    #[test]
    fn nanoseconds_since_a_later_moment_are_none() {
        let at = Timestamp::from_nanos;
        assert_eq!([at(7).nanos_since(at(-3)), at(-3).nanos_since(at(7))], [10, 0]);
        assert_eq!(at(i64::MAX).nanos_since(at(i64::MIN)), u64::MAX - 1);
    }

    #[test]
    fn what_follows_within_a_bound_is_neither_earlier_nor_as_late() {
        let at = Timestamp::from_nanos;
        let within = |later, earlier| at(later).follows_within(at(earlier), Duration(10));
        assert_eq!([-1, 0, 9, 10].map(|later| within(later, 0)), [false, true, true, false]);
        assert!(within(4, -4) && !within(i64::MIN, i64::MAX) && !within(i64::MAX, i64::MIN));
    }
}
