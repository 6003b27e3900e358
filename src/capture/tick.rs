//! From a pcapng interface's clock to nanoseconds: every resolution and offset, without overflow.

use crate::tcp::Timestamp;

/// How an interface counts time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    unit: Unit,
    /// What is added, in nanoseconds; wider than a time, as the option holds any number of seconds.
    offset: i128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// A unit is this many nanoseconds.
    Nanos(u64),
    /// A nanosecond is this many units.
    PerNano(u128),
    /// A unit is 2 to the minus this many seconds.
    Binary(u32),
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;

impl Default for Tick {
    /// Microseconds, as where if_tsresol is absent.
    fn default() -> Self {
        Self::new(6)
    }
}

impl Tick {
    /// By if_tsresol: the highest bit chooses powers of 2 over powers of 10, the others are the negative exponent.
    pub(super) fn new(resolution: u8) -> Self {
        let exponent = u32::from(resolution & 0x7f);
        let unit = match exponent {
            _ if resolution & 0x80 != 0 => Unit::Binary(exponent),
            0..=9 => Unit::Nanos(10u64.pow(9 - exponent)),
            // From 10^20 units a nanosecond on, no count of 64 bits reaches one nanosecond.
            _ => Unit::PerNano(10u128.saturating_pow(exponent - 9)),
        };
        Self { unit, offset: 0 }
    }

    /// With if_tsoffset, in seconds.
    pub(super) fn from(self, seconds: i64) -> Self {
        Self { offset: i128::from(seconds) * i128::from(NANOS_PER_SECOND), ..self }
    }

    /// The moment that `count` stands for, rounded down to the nanosecond; what lies outside the range of
    /// [`Timestamp`] becomes its end.
    #[inline]
    pub(super) fn time(self, count: u64) -> Timestamp {
        if let (Unit::Nanos(nanos), 0) = (self.unit, self.offset)
            && let Some(nanos) = count.checked_mul(nanos).and_then(|nanos| i64::try_from(nanos).ok())
        {
            return Timestamp::from_nanos(nanos);
        }
        self.wide(count)
    }

    fn wide(self, count: u64) -> Timestamp {
        let count = u128::from(count);
        let nanos = match self.unit {
            Unit::Nanos(nanos) => count * u128::from(nanos),
            Unit::PerNano(units) => count / units,
            Unit::Binary(exponent) => (count * u128::from(NANOS_PER_SECOND)) >> exponent,
        };
        // Below 2^94 by the factors above, and the offset below 2^93: the sum cannot overflow.
        let nanos = nanos.cast_signed() + self.offset;
        Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(resolution: u8, offset: i64, count: u64, nanos: i64) {
        assert_eq!(Tick::new(resolution).from(offset).time(count).nanos(), nanos);
    }

    #[test]
    fn powers_of_ten() {
        check(0, 0, 3, 3_000_000_000);
        check(6, 0, 1_500_000, 1_500_000_000);
        check(9, 0, 7, 7);
        check(12, 0, 7_999, 7);
        check(19, 0, u64::MAX, 1_844_674_407);
        check(28, 0, u64::MAX, 1);
        check(29, 0, u64::MAX, 0);
        check(127, 0, u64::MAX, 0);
    }

    #[test]
    fn powers_of_two() {
        check(0x80, 0, 2, 2_000_000_000);
        check(0x80 | 1, 0, 3, 1_500_000_000);
        check(0x80 | 32, 0, 1 << 31, 500_000_000);
        check(0x80 | 127, 0, u64::MAX, 0);
    }

    #[test]
    fn the_default_is_microseconds() {
        assert_eq!(Tick::default().time(1).nanos(), 1_000);
    }

    #[test]
    fn offsets_go_both_ways_and_saturate() {
        check(6, 10, 1, 10_000_001_000);
        check(6, -10, 1, -9_999_999_000);
        check(9, i64::MAX, 0, i64::MAX);
        check(9, i64::MIN, u64::MAX, i64::MIN + 1);
    }

    #[test]
    fn no_resolution_overflows() {
        for resolution in 0..=u8::MAX {
            for offset in [i64::MIN, 0, i64::MAX] {
                for count in [0, 1, u64::MAX] {
                    Tick::new(resolution).from(offset).time(count);
                }
            }
        }
        check(0, 0, u64::MAX, i64::MAX);
    }
}
