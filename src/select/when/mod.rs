//! Times as people and programs write them.
//!
//! A written time stands for every moment it could mean: `10:26` for a whole minute, `2026-11-21` for a day.
//! One without a date or a year means nothing until a moment of the capture is held against it; no clock is asked.

mod shapes;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};

use crate::tcp::{Duration, Timestamp};
pub(super) use shapes::read;

/// How far from the time of `--around` or of a log line a flow may lie when nothing else is said.
///
/// One minute: log lines that only show the minute, clocks that are set by hand, and errors logged after a few retries still find their flow.
pub const DEFAULT_TOLERANCE: Duration = Duration::from_secs(60);

/// From one moment to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first moment.
    pub first: Timestamp,
    /// The last moment, not before the first.
    pub last: Timestamp,
}

impl Span {
    /// Whether the two have a moment in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// The time between the two; zero where they overlap.
    pub fn gap(self, other: Self) -> Duration {
        self.first.since(other.last).max(other.first.since(self.last)).max(Duration(0))
    }
}

impl From<Timestamp> for Span {
    fn from(moment: Timestamp) -> Self {
        Self { first: moment, last: moment }
    }
}

/// A time as it was written, with as much of it as was written.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenTime {
    day: Day,
    clock: Time,
    /// How much time it names, nanoseconds: the value of its last digit.
    width: i64,
    zone: TimeZone,
    zone_written: bool,
    clock_written: bool,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    Date(Date),
    /// A month and a day of an unknown year, as in syslog.
    Yearless(i8, i8),
    /// A time of day.
    Unknown,
}

impl WrittenTime {
    /// Reads the argument of `--from` and `--to`. A time without a zone is meant in `zone`.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, String> {
        let text = text.trim();
        match read(text, zone) {
            Some((time, length)) if length == text.len() => Ok(time),
            _ => Err(format!(
                "`{text}` is no time: write 2026-11-21T10:26:00Z, \"2026-11-21 10:26:00.123\", 10:26:05 (on the day of the capture) or 1795256760.5 (seconds since 1970)"
            )),
        }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text named its zone, or its offset from UTC.
    pub fn names_zone(&self) -> bool {
        self.zone_written
    }

    /// Whether there is a time of day in it and not just a date.
    pub(super) fn names_clock(&self) -> bool {
        self.clock_written
    }

    /// Whether it says the day, with or without the year.
    pub(super) fn names_day(&self) -> bool {
        self.day != Day::Unknown
    }

    /// What it means in a capture of this length: where only a part of the date was written, the first such time
    /// within the capture, else the one nearest to it. `None` where the capture has no time to complete it from.
    pub fn within(&self, capture: Option<Span>) -> Option<Span> {
        if let Day::Date(date) = self.day {
            return self.on(date);
        }
        let capture = capture?;
        let candidates = || self.near(capture.first).into_iter().chain(self.near(capture.last)).flatten();
        candidates().find(|span| span.overlaps(capture)).or_else(|| candidates().min_by_key(|span| span.gap(capture)))
    }

    /// What it means to someone who has just said `from`: where only a part of the date was written, the next such time.
    pub fn after(&self, from: Span) -> Option<Span> {
        self.near(from.first).into_iter().flatten().find(|span| span.last >= from.first)
    }

    /// The meaning that lies nearest to `other`.
    pub fn nearest(&self, other: Span) -> Option<Span> {
        let candidates = self.near(other.first).into_iter().chain(self.near(other.last)).flatten();
        candidates.min_by_key(|span| span.gap(other))
    }

    /// Its meanings around a moment, in order: the day or year before, the same, the next; or the only one.
    fn near(&self, moment: Timestamp) -> [Option<Span>; 3] {
        let here = jiff::Timestamp::from_nanosecond(moment.nanos().into())
            .map_or(Date::MIN, |moment| moment.to_zoned(self.zone.clone()).date());
        [-1, 0, 1].map(|step| match self.day {
            Day::Date(date) => (step == 0).then(|| self.on(date)).flatten(),
            Day::Yearless(month, day) => self.on(Date::new(here.year().checked_add(step)?, month, day).ok()?),
            Day::Unknown => self.on(here.checked_add(step.days()).ok()?),
        })
    }

    fn on(&self, date: Date) -> Option<Span> {
        let start = DateTime::from_parts(date, self.clock);
        let first = self.zone.to_ambiguous_timestamp(start).compatible().ok()?;
        let last = first.checked_add(SignedDuration::from_nanos(self.width - 1)).ok()?;
        let convert = |moment: jiff::Timestamp| i64::try_from(moment.as_nanosecond()).ok().map(Timestamp::from_nanos);
        Some(Span { first: convert(first)?, last: convert(last)? })
    }
}

/// A written time and how far around it to look.
#[derive(Clone, Debug, PartialEq)]
pub struct Around {
    /// The middle.
    pub time: WrittenTime,
    /// How far to both sides.
    pub tolerance: Duration,
}

impl Around {
    /// Reads `TIME`, `TIME±SECONDS`, `TIME+-SECONDS` or `TIME+/-SECONDS`. A time without a zone is meant in `zone`.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, String> {
        let split = ["±", "+/-", "+-"].into_iter().find_map(|sign| text.split_once(sign));
        let (time, tolerance) = match split {
            Some((time, seconds)) => (time, parse_seconds(seconds)?),
            None => (text, DEFAULT_TOLERANCE),
        };
        Ok(Self { time: WrittenTime::parse(time, zone)?, tolerance })
    }
}

/// The longest tolerance, in seconds: a year, beyond which "around" means nothing.
const MAX_TOLERANCE: f64 = 366.0 * 86_400.0;

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let number = text.trim();
    let number = number.strip_suffix('s').unwrap_or(number);
    match number.trim_end().parse::<f64>() {
        Ok(seconds) if (0.0..=MAX_TOLERANCE).contains(&seconds) => Ok(Duration((seconds * 1e9).round() as i64)),
        _ => Err(format!("`{text}` is no number of seconds: write 10:26:00±30")),
    }
}

#[cfg(test)]
mod tests;
