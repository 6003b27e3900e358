//! The shapes in which times are written, each a function over a [`Scan`] that reads one or nothing.

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};

use super::super::scan::Scan;
use super::{Day, WrittenTime};

/// Nanoseconds of a second.
pub(super) const SECOND: i64 = 1_000_000_000;

/// Reads a time at the start of `text`; the second value is its length in octets.
pub(in crate::select) fn read(text: &str, zone: &TimeZone) -> Option<(WrittenTime, usize)> {
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
