//! What written times mean in a capture, and what is no time.

use jiff::tz::{Offset, TimeZone};

use super::shapes::SECOND;
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
