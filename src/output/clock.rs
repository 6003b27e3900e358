use std::fmt::{self, Debug, Formatter};
use std::ops::Range;

use jiff::tz::TimeZone;

use crate::report::Time;

/// The time zone in which people read times.
#[derive(Clone, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone of a POSIX TZ string such as `CET-1CEST,M3.5.0,M10.5.0/3`; `None` where it is none.
    pub fn posix(rule: &str) -> Option<Self> {
        TimeZone::posix(rule).ok().map(Self)
    }

    /// `2026-11-21`.
    pub(super) fn date(&self, time: Time) -> String {
        self.utc(time, 0..10).unwrap_or_else(|| self.format(time, "%Y-%m-%d"))
    }

    /// `10:26:00`, cut to the second.
    pub(super) fn clock(&self, time: Time) -> String {
        self.utc(time, 11..19).unwrap_or_else(|| self.format(time, "%H:%M:%S"))
    }

    /// `10:26:00.123`, cut to the millisecond.
    pub(super) fn clock_millis(&self, time: Time) -> String {
        self.utc(time, 11..23).unwrap_or_else(|| self.format(time, "%H:%M:%S%.3f"))
    }

    /// `10:26:00.123456`, cut to the microsecond.
    pub(super) fn clock_micros(&self, time: Time) -> String {
        self.utc(time, 11..26).unwrap_or_else(|| self.format(time, "%H:%M:%S%.6f"))
    }

    /// `2026-11-21T10:26:00.123Z`, or with an offset as `+01:00` in another zone.
    pub(super) fn rfc3339_millis(&self, time: Time) -> String {
        match self.utc(time, 0..23) {
            Some(text) => text + "Z",
            None => self.format(time, "%Y-%m-%dT%H:%M:%S%.3f%:z"),
        }
    }

    /// `UTC` or `CET`.
    pub(super) fn name(&self, time: Time) -> String {
        self.format(time, "%Z")
    }

    /// Where this is UTC, a part of a time as reports write it, which takes a tenth of what general formatting does.
    fn utc(&self, time: Time, part: Range<usize>) -> Option<String> {
        if *self == Self::UTC { time.to_string().get(part).map(str::to_owned) } else { None }
    }

    fn format(&self, time: Time, form: &str) -> String {
        // Neither can fail: jiff's years reach beyond ours on both sides, and the forms are those above.
        jiff::Timestamp::from_nanosecond(i128::from(time.0.nanos()))
            .and_then(|moment| jiff::fmt::strtime::format(form, &moment.to_zoned(self.0.clone())))
            .unwrap_or_default()
    }
}

impl From<TimeZone> for Zone {
    fn from(zone: TimeZone) -> Self {
        Self(zone)
    }
}

impl Debug for Zone {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::Timestamp;

    #[test]
    fn summer_and_winter_have_their_own_name() {
        let zone = Zone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let (winter, summer) =
            (Timestamp::from_nanos(1_795_256_760_123_999_999), Timestamp::from_nanos(1_780_000_000_000_000_000));
        assert_eq!(zone.rfc3339_millis(winter.into()), "2026-11-21T11:26:00.123+01:00");
        assert_eq!(zone.name(winter.into()), "CET");
        assert_eq!(zone.name(summer.into()), "CEST");
        assert_eq!(Zone::UTC.rfc3339_millis(winter.into()), "2026-11-21T10:26:00.123Z");
        assert_eq!(Zone::UTC.name(winter.into()), "UTC");
    }

    #[test]
    fn every_moment_can_be_shown() {
        for nanos in [i64::MIN, -1, 0, i64::MAX] {
            assert_eq!(Zone::UTC.clock_millis(Timestamp::from_nanos(nanos).into()).len(), 12, "{nanos}");
        }
    }
}
