use std::fmt;

use serde::{Serialize, Serializer};

use crate::tcp::{Duration, Timestamp};

/// A moment as the report writes it: RFC 3339 in UTC with nanoseconds, `2026-11-21T10:26:00.123456789Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub Timestamp);

/// A length of time as the report writes it: a number of seconds, exact to the nanosecond up to 104 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub Duration);

impl From<Timestamp> for Time {
    fn from(moment: Timestamp) -> Self {
        Self(moment)
    }
}

impl From<Duration> for Seconds {
    fn from(length: Duration) -> Self {
        Self(length)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // jiff's years reach from -9999 to 9999, ours from 1677 to 2262, so the other arm is unreachable.
        match jiff::Timestamp::from_nanosecond(i128::from(self.0.nanos())) {
            Ok(moment) => write!(f, "{moment:.9}"),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_nine_decimals_and_a_z() {
        let text = |nanos| Time(Timestamp::from_nanos(nanos)).to_string();
        assert_eq!(text(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(text(1_795_256_760_123_456_789), "2026-11-21T10:26:00.123456789Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999999999Z");
    }

    #[test]
    fn every_moment_can_be_written() {
        let text = |nanos| Time(Timestamp::from_nanos(nanos)).to_string();
        assert_eq!(text(i64::MIN), "1677-09-21T00:12:43.145224193Z");
        assert_eq!(text(i64::MAX), "2262-04-11T23:47:16.854775807Z");
    }
}
