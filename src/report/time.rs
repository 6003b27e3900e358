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

const NANOS: i64 = 1_000_000_000;
const SECONDS_OF_A_DAY: i64 = 86_400;

impl Time {
    /// By hand, since a report has several of them for each flow.
    fn octets(self) -> [u8; 30] {
        let (seconds, nanos) = (self.0.nanos().div_euclid(NANOS), self.0.nanos().rem_euclid(NANOS));
        let (days, second) = (seconds.div_euclid(SECONDS_OF_A_DAY), seconds.rem_euclid(SECONDS_OF_A_DAY));
        let (year, month, day) = date(days);
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        let mut rest = text.as_mut_slice();
        for (digits, mut value) in
            [(4, year), (2, month), (2, day), (2, second / 3600), (2, second / 60 % 60), (2, second % 60), (9, nanos)]
        {
            let (number, behind) = rest.split_at_mut(digits);
            for digit in number.iter_mut().rev() {
                *digit += (value % 10) as u8;
                value /= 10;
            }
            rest = behind.get_mut(1..).unwrap_or_default();
        }
        text
    }
}

/// Year, month and day of the Gregorian calendar, so many days after 1970-01-01: days are counted from a 1st of March, so
/// that leap days end years, in eras of 400 years (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `civil_from_days`).
fn date(days: i64) -> (i64, i64, i64) {
    const DAYS_OF_AN_ERA: i64 = 146_097;
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(DAYS_OF_AN_ERA), days.rem_euclid(DAYS_OF_AN_ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.octets()).unwrap_or_default())
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(str::from_utf8(&self.octets()).unwrap_or_default())
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

    proptest::proptest! {
        #[test]
        fn times_are_those_of_the_calendar(nanos: i64) {
            let moment = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
            assert_eq!(Time(Timestamp::from_nanos(nanos)).to_string(), format!("{moment:.9}"));
        }
    }

    #[test]
    fn every_day_has_its_date() {
        let mut day = jiff::civil::date(1677, 9, 21);
        for days in -106_752..=106_751 {
            let (year, month, of_month) = date(days);
            assert_eq!((year, month, of_month), (day.year().into(), day.month().into(), day.day().into()), "{days}");
            day = day.tomorrow().unwrap();
        }
    }

    #[test]
    fn every_moment_can_be_written() {
        let text = |nanos| Time(Timestamp::from_nanos(nanos)).to_string();
        assert_eq!(text(i64::MIN), "1677-09-21T00:12:43.145224193Z");
        assert_eq!(text(i64::MAX), "2262-04-11T23:47:16.854775807Z");
    }
}
