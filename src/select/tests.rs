//! Which flows are chosen, and what is said where none is.

use jiff::tz::TimeZone;

use super::*;
use crate::tcp::Duration;

/// 2026-11-21 10:26:00 UTC, in seconds.
const MORNING: i64 = 1_795_256_760;

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_nanos(MORNING * 1_000_000_000).plus(Duration((seconds * 1e9).round() as i64))
}

/// Reads `CLIENT SERVER FIRST LAST [RESET...]`, times in seconds from 10:26:00; a flow without a reset ended well, one with `!` did not.
fn flow(text: &str) -> FlowView {
    let mut words = text.split_whitespace();
    let endpoint = |word: Option<&str>| {
        let endpoint: std::net::SocketAddr = word.unwrap().parse().unwrap();
        (endpoint.ip(), endpoint.port())
    };
    let (client, server) = (endpoint(words.next()), endpoint(words.next()));
    let time = |word: Option<&str>| word.unwrap().parse().ok().map(at);
    let (first_time, last_time) = (time(words.next()), time(words.next()));
    let rest: Vec<&str> = words.collect();
    let resets = rest.iter().filter_map(|word| word.parse().ok().map(at)).collect();
    FlowView { client, server, first_time, last_time, resets, ended_well: rest.is_empty() }
}

/// A capture of ten minutes around 10:26:00.
const FLOWS: [&str; 9] = [
    "10.0.0.1:51812 10.0.0.5:443 -10 0.2 0.2",
    "10.0.0.1:51813 10.0.0.5:443 -10 20 20",
    "10.0.0.1:51814 10.0.0.5:443 -10 0.1",
    "10.0.0.2:40000 10.0.0.5:443 -10 250 250",
    "10.0.0.2:40001 10.0.0.6:8080 -20 -2 !",
    "10.0.0.2:40002 10.0.0.6:8443 -300 300",
    "[2001:db8::1]:50000 [2001:db8::5]:443 100 110 110",
    "192.0.2.7:60000 10.0.0.2:80 -5 5",
    "10.0.0.1:51812 10.0.0.5:443 200 230 230",
];

fn choose(selection: &Selection) -> Result<Found, String> {
    let capture = Span { first: at(-300.0), last: at(300.0) };
    selection.choose(&FLOWS.map(flow), Some(capture), &TimeZone::UTC)
}

/// The places of the flows that fit the line, with the remark behind them; or why there are none.
fn find(line: &str) -> String {
    let log_line = Some(LogLine::parse(line, &TimeZone::UTC).unwrap());
    match choose(&Selection { log_line, ..Selection::default() }) {
        Ok(found) => format!("{:?} {}", found.flows, found.remark.unwrap_or_default()).trim_end().to_owned(),
        Err(why) => why,
    }
}

#[track_caller]
fn check(line: &str, expected: &str) {
    assert_eq!(find(line), expected, "{line}");
}

#[test]
fn nothing_asked_for_is_everything() {
    let all = Selection::default();
    assert!(all.is_everything());
    assert_eq!(choose(&all).unwrap().flows, (0..FLOWS.len()).collect::<Vec<_>>());
    assert_eq!(all.choose(&[], None, &TimeZone::UTC).unwrap().flows, [0; 0]);
}

#[test]
fn both_endpoints_name_one_connection_and_time_tells_its_lives_apart() {
    check("read tcp 10.0.0.1:51813->10.0.0.5:443: read: connection reset by peer", "[1]");
    check("10:26:00 read tcp 10.0.0.1:51812->10.0.0.5:443: read: connection reset by peer", "[0]");
    check("10:29:50 read tcp 10.0.0.1:51812->10.0.0.5:443: read: connection reset by peer", "[8]");
    // The server logs, seeing itself as local.
    check("read tcp 10.0.0.5:443->10.0.0.1:51813: read: connection reset by peer", "[1]");
    // No time in the line: all that had these ends, in the order of the capture.
    check("10.0.0.1:51812 > 10.0.0.5:443", "[0, 8]");
    check("[2001:db8::1]:50000 -> [2001:db8::5]:443 reset", "[6]");
}

#[test]
fn one_endpoint_is_narrowed_by_trouble_and_time() {
    // Flow 2 ended well and flow 3 and 8 are far off.
    check("10:26:00 connect ECONNRESET 10.0.0.5:443", "[0, 1, 3]");
    check("10:26:19.9 ECONNRESET 10.0.0.5:443", "[1, 0, 3]");
    // An address and an endpoint.
    check("10:26:00 client: 10.0.0.2, server 10.0.0.6:8080 timed out", "[4]");
    // Only addresses.
    check("10.0.0.2 to 10.0.0.6", "[4]");
    // 10.0.0.2 is a client in most flows, a server in one.
    check("error: client 10.0.0.2", "[3, 4]");
    // The port stands apart from its address.
    check("10.0.0.2 got an error on port 443", "[3]");
    check("server: 10.0.0.2", "[7]");
    // A server that is only known by its name.
    check(
        "connect to shop.example:8443 failed",
        "[5] a capture has no names, so these are the flows of the port that stands with shop.example",
    );
}

#[test]
fn a_time_alone_finds_what_went_wrong_then() {
    check("10:26:00 Error: read ECONNRESET", "[0, 4, 1]");
    check("2026-11-21T10:27:50Z Error: socket hang up", "[6]");
    check(
        "10:24:00 Error: read ECONNRESET",
        "the line has no address, and within 60 s of 10:24:00 no flow was reset or ended badly",
    );
}

#[test]
fn a_missing_flow_is_explained_by_what_there_is() {
    check(
        "read tcp 10.0.0.1:50001->10.0.0.5:443: read: connection reset by peer",
        "no flow between 10.0.0.1:50001 and 10.0.0.5:443 in this capture; between the two addresses it has \
         10.0.0.1:51812 -> 10.0.0.5:443, 10.0.0.1:51813 -> 10.0.0.5:443, 10.0.0.1:51814 -> 10.0.0.5:443 \
         (is there address translation in between?)",
    );
    check(
        "10:30:10 read tcp 172.16.0.9:50001->10.0.0.5:443: read: connection reset by peer",
        "no flow between 172.16.0.9:50001 and 10.0.0.5:443 in this capture; of 10.0.0.5:443 it has \
         10.0.0.2:40000 -> 10.0.0.5:443, 10.0.0.1:51812 -> 10.0.0.5:443, 10.0.0.1:51813 -> 10.0.0.5:443 and 1 more \
         (is there address translation or a proxy in between?)",
    );
    check(
        "dial tcp 10.0.0.6:443: connection refused",
        "no flow of 10.0.0.6:443 in this capture; it has 10.0.0.6:8080, 10.0.0.6:8443",
    );
    check(
        "dial tcp 10.9.9.9:443: connection refused",
        "no flow of 10.9.9.9:443 in this capture; it has flows of 10.0.0.5:443, 10.0.0.6:8080, 10.0.0.6:8443 and 2 more",
    );
    check(
        "connect to shop.example:9999 failed",
        "no flow of a server with port 9999 in this capture; \
         it has flows of 10.0.0.5:443, 10.0.0.6:8080, 10.0.0.6:8443 and 2 more",
    );
}

#[test]
fn a_time_outside_the_capture_is_said_to_be() {
    check(
        "2026-11-21T10:32:30Z dial tcp 10.0.0.5:443: connection refused",
        "the nearest flow that fits the line, 10.0.0.2:40000 -> 10.0.0.5:443, ended 2 min from 2026-11-21T10:32:30Z; \
         the capture ends 90 s before 2026-11-21T10:32:30Z",
    );
    // An hour and a few minutes off, and no zone: rather a clock in another zone.
    check(
        "2026-11-21 11:26:00 read tcp 10.0.0.1:51813->10.0.0.5:443: connection reset by peer",
        "[1] the nearest flow that fits the line, 10.0.0.1:51813 -> 10.0.0.5:443, ended 60 min from 2026-11-21 11:26:00; \
         the capture ends 55 min before 2026-11-21 11:26:00 \
         (it would lie in it if its zone is UTC+1: write the zone behind it, or say --local-time)",
    );
    check(
        "2026-11-21 05:26:00 ECONNRESET",
        "the line has no address, and within 60 s of 2026-11-21 05:26:00 no flow was reset or ended badly; \
         the capture starts 4.9 h after 2026-11-21 05:26:00 \
         (it would lie in it if its zone is UTC-5: write the zone behind it, or say --local-time)",
    );
}

#[test]
fn a_half_that_fits_is_not_passed_off_as_the_whole() {
    check(
        "client=172.16.0.9:50001 backend=10.0.0.6:8080 closed",
        "[4] no flow between 172.16.0.9:50001 and 10.0.0.6:8080 in this capture; these are the nearest to it",
    );
}

#[test]
fn filters_narrow_and_say_what_they_left_nothing_of() {
    let select = |server: Option<&str>, endpoints: &[&str]| {
        choose(&Selection {
            server: server.map(|text| text.parse().unwrap()),
            endpoints: endpoints.iter().map(|text| text.parse().unwrap()).collect(),
            ..Selection::default()
        })
        .map(|found| found.flows)
    };
    assert_eq!(select(Some("10.0.0.6"), &[]), Ok(vec![4, 5]));
    assert_eq!(select(Some("10.0.0.2"), &[]), Ok(vec![7]));
    assert_eq!(select(None, &["10.0.0.2"]), Ok(vec![3, 4, 5, 7]));
    assert_eq!(select(None, &["10.0.0.2", "10.0.0.6"]), Ok(vec![4, 5]));
    assert_eq!(
        select(Some("10.0.0.6:443"), &[]),
        Err("no flow of the server 10.0.0.6:443 in this capture; it has 10.0.0.6:8080, 10.0.0.6:8443".to_owned())
    );
    assert_eq!(
        select(Some("192.0.2.7"), &[]),
        Err("no flow of the server 192.0.2.7 in this capture; there it is a client: say --endpoint instead".to_owned())
    );
    assert_eq!(
        select(None, &["10.0.0.6", "192.0.2.7"]),
        Err("no flow that has 192.0.2.7 is left by the other options".to_owned())
    );
}

#[test]
fn windows_take_the_flows_that_lived_in_them() {
    let time = |text: &str| Some(WrittenTime::parse(text, &TimeZone::UTC).unwrap());
    let select = |from: Option<&str>, to: Option<&str>, around: Option<&str>| {
        choose(&Selection {
            from: from.and_then(time),
            to: to.and_then(time),
            around: around.map(|text| Around::parse(text, &TimeZone::UTC).unwrap()),
            ..Selection::default()
        })
        .map(|found| found.flows)
    };
    assert_eq!(select(Some("10:27:30"), None, None), Ok(vec![3, 5, 6, 8]));
    assert_eq!(select(None, Some("10:25:45"), None), Ok(vec![4, 5]));
    assert_eq!(select(Some("10:27:00"), Some("10:27"), None), Ok(vec![3, 5, 6]));
    assert_eq!(select(None, None, Some("10:27:45±5")), Ok(vec![3, 5, 6]));
    assert_eq!(
        select(Some("2026-11-22"), None, None),
        Err("no flow at the time that was asked for; the capture ends 13.5 h before 2026-11-22".to_owned())
    );
    assert_eq!(
        select(Some("10:30:00"), Some("2026-11-21 10:29:00Z"), None),
        Err("2026-11-21 10:29:00Z of --to lies before 10:30:00 of --from".to_owned())
    );
}

#[test]
fn a_capture_without_times_is_searched_by_address_alone() {
    let flows = ["10.0.0.1:51812 10.0.0.5:443 - - !", "10.0.0.1:51813 10.0.0.5:443 - -"].map(flow);
    let choose = |line| {
        let log_line = Some(LogLine::parse(line, &TimeZone::UTC).unwrap());
        Selection { log_line, ..Selection::default() }.choose(&flows, None, &TimeZone::UTC)
    };
    assert_eq!(choose("10:26:00 ECONNRESET 10.0.0.5:443").unwrap().flows, [0]);
    assert!(choose("10:26:00 ECONNRESET").is_err());
}
