//! Times as people and programs write them.
//!
//! A written time stands for every moment it could mean: `10:26` for a whole minute, `2026-11-21` for a day.
//! One without a date or a year means nothing until a moment of the capture is held against it; no clock is asked.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, ToSpan};

use super::scan::Scan;
use crate::tcp::{Duration, Timestamp};

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

    /// The same, longer by `by` at both ends.
    #[must_use]
    pub fn widened(self, by: Duration) -> Self {
        Self { first: self.first.plus(Duration(by.0.saturating_neg())), last: self.last.plus(by) }
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

const SECOND: i64 = 1_000_000_000;

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

/// Reads a time at the start of `text`; the second value is its length in octets.
pub(super) fn read(text: &str, zone: &TimeZone) -> Option<(WrittenTime, usize)> {
    type Shape = fn(&mut Scan<'_>) -> Option<Parts>;
    const SHAPES: [Shape; 7] = [year_first, day_first, month_name_first, klog, numeric, epoch, time_of_day];
    SHAPES.into_iter().find_map(|shape| {
        let mut scan = Scan::new(text);
        let parts = shape(&mut scan)?;
        // Part of something longer, such as a hardware address, is no time.
        let mut next = scan;
        let colon = next.one_of(b":").is_some();
        let ends = next.peek().is_none_or(|byte| {
            if colon { !byte.is_ascii_hexdigit() && byte != b':' } else { !byte.is_ascii_alphanumeric() }
        });
        let length = text.len() - scan.remaining();
        ends.then(|| (parts.into_time(zone, text.get(..length).unwrap_or(text)), length))
    })
}

/// What a shape has found.
struct Parts {
    day: Day,
    clock: Option<Clock>,
    offset: Option<Offset>,
}

/// A time of day and the value of its last digit in nanoseconds.
#[derive(Clone, Copy)]
struct Clock {
    time: Time,
    width: i64,
}

impl Parts {
    fn into_time(self, zone: &TimeZone, text: &str) -> WrittenTime {
        let clock = self.clock.unwrap_or(Clock { time: Time::midnight(), width: 86_400 * SECOND });
        WrittenTime {
            day: self.day,
            clock: clock.time,
            width: clock.width,
            zone: self.offset.map_or_else(|| zone.clone(), TimeZone::fixed),
            zone_written: self.offset.is_some(),
            clock_written: self.clock.is_some(),
            text: text.to_owned(),
        }
    }
}

fn date(year: i64, month: i8, day: i8) -> Option<Day> {
    Date::new(i16::try_from(year).ok()?, month, day).ok().map(Day::Date)
}

/// `2026-11-21`, `2026/11/21`, followed or not by `T10:26:00.123+01:00` in any of its spellings (RFC 3339, ISO 8601, nginx, Go, Python).
fn year_first(scan: &mut Scan<'_>) -> Option<Parts> {
    let (year, _) = scan.number(4, 4)?;
    let separator = scan.one_of(b"-/.")?;
    let month = scan.small(2, 2)?;
    scan.one_of(&[separator])?;
    let day = date(year, month, scan.small(1, 2)?)?;
    let time = scan.attempt(|scan| {
        scan.one_of(b"Tt _,:")?;
        scan.skip(b" ", 2);
        Some((clock(scan)?, zone_offset(scan)))
    });
    let (clock, offset) = time.map_or((None, None), |(clock, offset)| (Some(clock), offset));
    Some(Parts { day, clock, offset })
}

/// `21/Nov/2026:10:26:00 +0100` (Common Log Format), `21-Nov-2026 10:26:00.123` (Tomcat, BIND), `21 Nov 2026 10:26:00` (RFC 5322, Redis).
fn day_first(scan: &mut Scan<'_>) -> Option<Parts> {
    weekday(scan);
    let day = scan.small(1, 2)?;
    let separator = scan.one_of(b"/- .")?;
    let month = month_name(scan)?;
    scan.one_of(&[separator])?;
    let day = date(scan.number(4, 4)?.0, month, day)?;
    scan.one_of(b": T,")?;
    scan.skip(b" ", 2);
    Some(Parts { day, clock: Some(clock(scan)?), offset: zone_offset(scan) })
}

/// `Nov 21 10:26:00` (RFC 3164), `Sat Nov 21 10:26:00.123456 2026` (ctime, Apache), `Nov 21 2026 10:26:00` (Cisco), `Nov 21, 2026 10:26:00 PM` (Java).
fn month_name_first(scan: &mut Scan<'_>) -> Option<Parts> {
    weekday(scan);
    let month = month_name(scan)?;
    (scan.skip(b" ", 2) > 0).then_some(())?;
    let day = scan.small(1, 2)?;
    let mut year = scan.attempt(|scan| {
        scan.skip(b",", 1);
        scan.one_of(b" ")?;
        let (year, _) = scan.number(4, 4)?;
        Some(year)
    });
    scan.skip(b",", 1);
    (scan.skip(b" :", 2) > 0).then_some(())?;
    let clock = clock(scan)?;
    let offset = zone_offset(scan);
    let trailing_year = |scan: &mut Scan<'_>| {
        scan.one_of(b" ")?;
        scan.number(4, 4).map(|(year, _)| year).filter(|year| (1970..2262).contains(year))
    };
    year = year.or_else(|| scan.attempt(trailing_year));
    let day = match year {
        Some(year) => date(year, month, day)?,
        // A leap year takes every day that any year has.
        None => Date::new(2000, month, day).ok().map(|_| Day::Yearless(month, day))?,
    };
    Some(Parts { day, clock: Some(clock), offset })
}

/// `E1121 10:26:00.123456` (the log format of Kubernetes and glog).
fn klog(scan: &mut Scan<'_>) -> Option<Parts> {
    scan.one_of(b"IWEF")?;
    let (month_day, _) = scan.number(4, 4)?;
    let (month, day) = (i8::try_from(month_day / 100).ok()?, i8::try_from(month_day % 100).ok()?);
    Date::new(2000, month, day).ok()?;
    scan.one_of(b" ")?;
    Some(Parts { day: Day::Yearless(month, day), clock: Some(clock(scan)?), offset: None })
}

/// `11/21/2026 10:26:00 AM` (Windows) and `21.11.2026 10:26:00`.
///
/// Where a slash leaves open which number is the month, only the time of day is kept: the capture tells the day better than a guess.
fn numeric(scan: &mut Scan<'_>) -> Option<Parts> {
    let first = scan.small(1, 2)?;
    let separator = scan.one_of(b"/.")?;
    let second = scan.small(1, 2)?;
    scan.one_of(&[separator])?;
    let (year, _) = scan.number(4, 4)?;
    let day = match (separator, first > 12, second > 12) {
        (b'.', ..) | (_, true, false) => date(year, second, first)?,
        (_, false, true) => date(year, first, second)?,
        (_, true, true) => return None,
        (_, false, false) => Day::Unknown,
    };
    scan.skip(b",", 1);
    (scan.skip(b" ", 2) > 0).then_some(())?;
    Some(Parts { day, clock: Some(clock(scan)?), offset: zone_offset(scan) })
}

/// Seconds since 1970 with or without a fraction, or milli-, micro- or nanoseconds, told apart by the number of digits:
/// right from the year 2001 to 2286.
fn epoch(scan: &mut Scan<'_>) -> Option<Parts> {
    let (number, digits) = scan.number(10, 19)?;
    let width = match digits {
        10 => SECOND,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        _ => return None,
    };
    let mut nanos = number.checked_mul(width)?;
    let mut precision = width;
    if digits == 10
        && let Some((fraction, width)) = scan.attempt(fraction)
    {
        nanos = nanos.checked_add(fraction)?;
        precision = width;
    }
    let moment = jiff::Timestamp::from_nanosecond(nanos.into()).ok()?;
    let moment = Offset::UTC.to_datetime(moment);
    let clock = Clock { time: moment.time(), width: precision };
    Some(Parts { day: Day::Date(moment.date()), clock: Some(clock), offset: Some(Offset::UTC) })
}

fn time_of_day(scan: &mut Scan<'_>) -> Option<Parts> {
    Some(Parts { day: Day::Unknown, clock: Some(clock(scan)?), offset: zone_offset(scan) })
}

/// `10:26`, `10:26:00`, `10:26:00.123`, `10:26:00,123`, each with or without `AM` or `PM`.
fn clock(scan: &mut Scan<'_>) -> Option<Clock> {
    let hour = scan.small(1, 2)?;
    scan.one_of(b":")?;
    let minute = scan.small(2, 2)?;
    let second = scan.attempt(|scan| {
        scan.one_of(b":")?;
        scan.small(2, 2)
    });
    let fraction = second.and_then(|_| scan.attempt(fraction));
    let half = scan.attempt(|scan| {
        scan.skip(b" ", 1);
        let half = scan.one_of(b"AaPp")?;
        scan.one_of(b"Mm")?;
        scan.peek().is_none_or(|next| !next.is_ascii_alphanumeric()).then_some(half)
    });
    let hour = match (half, hour) {
        (None, hour) => hour,
        (Some(_), 13.. | ..=0) => return None,
        (Some(b'A' | b'a'), hour) => hour % 12,
        (Some(_), hour) => hour % 12 + 12,
    };
    let (nanos, width) = fraction.unwrap_or((0, if second.is_some() { SECOND } else { 60 * SECOND }));
    // A leap second is written 60; captures have none, so it is the moment before.
    let second = second.map_or(0, |second| if second == 60 { 59 } else { second });
    let time = Time::new(hour, minute, second, i32::try_from(nanos).ok()?).ok()?;
    Some(Clock { time, width })
}

/// `.123456` or `,123` as nanoseconds, and the value of its last digit; digits beyond nanoseconds are dropped.
fn fraction(scan: &mut Scan<'_>) -> Option<(i64, i64)> {
    scan.one_of(b".,")?;
    let (mut nanos, mut width) = (0, SECOND);
    let mut any = false;
    while let Some(digit) = scan.one_of(b"0123456789") {
        any = true;
        if width > 1 {
            width /= 10;
            nanos += i64::from(digit - b'0') * width;
        }
    }
    any.then_some((nanos, width))
}

/// A zone after a time, behind a space or not.
fn zone_offset(scan: &mut Scan<'_>) -> Option<Offset> {
    scan.attempt(|scan| {
        scan.skip(b" ", 1);
        let offset = named_offset(scan).or_else(|| numeric_offset(scan))?;
        scan.peek().is_none_or(|next| !next.is_ascii_alphanumeric()).then_some(offset)
    })
}

/// Abbreviations that nearly everyone reads alike, in hours east of UTC; others (`CST`, `IST`) are left unknown.
const ZONES: [(&str, i8); 18] = [
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("WET", 0),
    ("WEST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("EET", 2),
    ("EEST", 3),
    ("MSK", 3),
    ("JST", 9),
    ("AEST", 10),
    ("EST", -5),
    ("EDT", -4),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
];

fn named_offset(scan: &mut Scan<'_>) -> Option<Offset> {
    ZONES.into_iter().find_map(|(name, hours)| {
        scan.attempt(|scan| {
            scan.literal(name)?;
            scan.peek().is_none_or(|next| !next.is_ascii_alphanumeric()).then_some(Offset::constant(hours))
        })
    })
}

/// `+01:00`, `+0100`, `-05`.
fn numeric_offset(scan: &mut Scan<'_>) -> Option<Offset> {
    let sign = if scan.one_of(b"+-")? == b'-' { -1 } else { 1 };
    let (number, digits) = scan.number(2, 4)?;
    let (hours, minutes) = match digits {
        2 => (
            number,
            scan.attempt(|scan| {
                scan.one_of(b":")?;
                Some(scan.number(2, 2)?.0)
            })
            .unwrap_or(0),
        ),
        4 => (number / 100, number % 100),
        _ => return None,
    };
    // No zone lies farther from UTC than Kiribati's +14:00.
    (hours <= 14 && minutes < 60).then_some(())?;
    Offset::from_seconds(i32::try_from(sign * (hours * 3600 + minutes * 60)).ok()?).ok()
}

/// Steps over `Sat ` or `Sat, `.
fn weekday(scan: &mut Scan<'_>) {
    let _ = scan.attempt(|scan| {
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].into_iter().find_map(|name| scan.literal(name))?;
        scan.skip(b",", 1);
        (scan.skip(b" ", 2) > 0).then_some(())
    });
}

fn month_name(scan: &mut Scan<'_>) -> Option<i8> {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    (1..).zip(NAMES).find_map(|(number, name)| scan.literal(name).map(|()| number))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 10:26:00 UTC, in seconds.
    const MORNING: i64 = 1_795_256_760;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_nanos(MORNING * SECOND).plus(Duration((seconds * 1e9).round() as i64))
    }

    /// A capture of ten minutes around 10:26.
    fn capture() -> Option<Span> {
        Some(Span { first: at(-300.0), last: at(300.0) })
    }

    #[test]
    fn times_mean_every_moment_they_could_stand_for() {
        // Start and length in seconds; the start counts from 10:26:00 UTC.
        for (text, start, length) in [
            ("2026-11-21T10:26:00Z", 0.0, 1.0),
            ("2026-11-21T11:26:00+01:00", 0.0, 1.0),
            ("2026-11-21T05:26:00.5-0500", 0.5, 0.1),
            ("2026-11-21 10:26:00.123", 0.123, 0.001),
            ("2026-11-21 10:26:00,123 CET", 0.123 - 3600.0, 0.001),
            ("2026-11-21T10:26", 0.0, 60.0),
            ("2026/11/21 10:26:01", 1.0, 1.0),
            ("2026-11-21", -37_560.0, 86_400.0),
            ("21/Nov/2026:10:26:00 +0000", 0.0, 1.0),
            ("21-Nov-2026 10:26:00.25", 0.25, 0.01),
            ("Sat, 21 Nov 2026 10:26:00 GMT", 0.0, 1.0),
            ("Nov 21 10:26:00", 0.0, 1.0),
            ("Sat Nov 21 10:26:00.000001 2026", 0.000_001, 0.000_001),
            ("Sat Nov 21 10:26:00 UTC 2026", 0.0, 1.0),
            ("Nov 21, 2026 10:26:00 AM", 0.0, 1.0),
            ("Nov 21 2026 10:26:00", 0.0, 1.0),
            ("E1121 10:26:00.5", 0.5, 0.1),
            ("11/21/2026 10:26:00 AM", 0.0, 1.0),
            ("21.11.2026 10:26:00", 0.0, 1.0),
            ("10:26:05", 5.0, 1.0),
            ("10:26", 0.0, 60.0),
            ("11:26:05+01:00", 5.0, 1.0),
            ("1795256760", 0.0, 1.0),
            ("1795256760.25", 0.25, 0.01),
            ("1795256760250", 0.25, 0.001),
            ("1795256760250000", 0.25, 0.000_001),
            ("1795256760250000000", 0.25, 0.000_000_001),
        ] {
            let span = WrittenTime::parse(text, &TimeZone::UTC).unwrap().within(capture()).unwrap();
            assert_eq!(span.first, at(start), "{text}");
            assert_eq!(span.last.since(span.first).0 + 1, (length * 1e9_f64).round() as i64, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now",
            "10",
            "25:00:00",
            "10:26:61",
            "2026-13-01",
            "2026-11-21T",
            "10:26:00 x",
            "13:00 PM",
            "00:11:22:33:44:55",
            "123456",
            "99999999999999999999",
        ] {
            let error = WrittenTime::parse(text, &TimeZone::UTC).unwrap_err();
            assert!(error.contains(&format!("`{text}` is no time")), "{error}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_meant_in_the_one_given() {
        let berlin = TimeZone::fixed(Offset::constant(1));
        let time = WrittenTime::parse("2026-11-21 11:26:00", &berlin).unwrap();
        assert_eq!(time.within(None).unwrap().first, at(0.0));
        assert!(!time.names_zone());
        assert!(WrittenTime::parse("2026-11-21 11:26:00Z", &berlin).unwrap().names_zone());
    }

    #[test]
    fn a_time_of_day_falls_into_the_capture_or_next_to_it() {
        let time = |text| WrittenTime::parse(text, &TimeZone::UTC).unwrap();
        assert_eq!(time("10:26:00").within(None), None);
        // Over midnight: 23:55 on the first day, 00:05 on the second.
        let midnight = 13.0 * 3600.0 + 34.0 * 60.0;
        let night = Some(Span { first: at(midnight - 600.0), last: at(midnight + 600.0) });
        assert_eq!(time("23:55:00").within(night).unwrap().first, at(midnight - 300.0));
        assert_eq!(time("00:05:00").within(night).unwrap().first, at(midnight + 300.0));
        // Outside of it: the nearest.
        assert_eq!(time("00:20:00").within(night).unwrap().first, at(midnight + 1200.0));
        assert_eq!(time("23:00:00").within(night).unwrap().first, at(midnight - 3600.0));
        // Three days: the first on which it lies within.
        let long = Some(Span { first: at(1.0), last: at(3.0 * 86_400.0) });
        assert_eq!(time("10:26:00").within(long).unwrap().first, at(86_400.0));
        // --to follows --from.
        let from = time("23:55:00").within(night).unwrap();
        assert_eq!(time("00:05:00").after(from).unwrap().first, at(midnight + 300.0));
    }

    #[test]
    fn a_date_without_a_year_finds_its_year() {
        let time = WrittenTime::parse("Dec 31 23:59:59", &TimeZone::UTC).unwrap();
        // 2027-01-01 00:00:10 UTC.
        let new_year = Span::from(Timestamp::from_nanos(1_798_761_610 * SECOND));
        assert_eq!(time.nearest(new_year).unwrap().gap(new_year).0 / SECOND, 10);
    }

    #[test]
    fn around_takes_every_spelling_of_plus_minus() {
        let around = |text| Around::parse(text, &TimeZone::UTC);
        for text in ["10:26:00±30", "10:26:00 ± 30s", "10:26:00+-30", "10:26:00+/-30"] {
            assert_eq!(around(text).unwrap().tolerance, Duration::from_secs(30), "{text}");
        }
        assert_eq!(around("10:26:00").unwrap().tolerance, DEFAULT_TOLERANCE);
        assert_eq!(around("2026-11-21T11:26:00+01:00±0.5").unwrap().tolerance, Duration::from_millis(500));
        for text in ["10:26:00±", "10:26:00±-1", "10:26:00±NaN", "10:26:00±1e300", "±5"] {
            assert!(around(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for text in
            ["9999-12-31", "0001-01-01", "9999-12-31T23:59:59.9-14", "Feb 29 00:00:00", "00:00", "9223372036854775807"]
        {
            let Ok(time) = WrittenTime::parse(text, &TimeZone::UTC) else { continue };
            for nanos in [i64::MIN, 0, i64::MAX] {
                let moment = Span::from(Timestamp::from_nanos(nanos));
                let _ = (time.within(Some(moment)), time.nearest(moment), time.after(moment));
            }
        }
    }
}
