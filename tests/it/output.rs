//! Every renderer, shown the same reports.

use serde_json::Value;
use tcpautopsy::output::{Zone, json, table};
use tcpautopsy::report::{Report, Side, Teardown};

use crate::support::{reports, validate};

fn render(report: &Report, options: &table::TableOptions) -> String {
    let mut out = Vec::new();
    table::write(report, options, &mut out).expect("writing to memory");
    String::from_utf8(out).expect("UTF-8")
}

fn terminal(width: u16) -> table::TableOptions {
    table::TableOptions { is_terminal: true, width: Some(width), color: false, zone: Zone::UTC, summary_only: false }
}

/// As for a file or a pipe; the width is that of a window that must not matter.
fn script() -> table::TableOptions {
    table::TableOptions { is_terminal: false, width: Some(40), ..terminal(0) }
}

fn all() -> [(&'static str, Report); 11] {
    [
        ("empty", reports::empty()),
        ("no_tcp", reports::no_tcp()),
        ("nothing_reset", reports::nothing_reset()),
        ("only_silence", reports::only_silence()),
        ("one_reset", reports::one_reset()),
        ("everything", reports::everything()),
        ("ipv6", reports::ipv6()),
        ("two_days", reports::two_days()),
        ("nothing_chosen", reports::nothing_chosen()),
        ("hostile", reports::hostile()),
        ("maximal", reports::maximal()),
    ]
}

#[test]
fn tables_read_well() {
    for (name, report) in all() {
        let mut shown = String::new();
        for width in [40, 80, 120, 200] {
            shown += &format!("=== {width} columns\n{}\n", render(&report, &terminal(width)));
        }
        shown += &format!("=== not a terminal\n{}", render(&report, &script()));
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("table_{name}"), shown);
        });
    }
}

#[test]
fn eighty_columns_hold_every_table() {
    for (name, report) in all() {
        for width in 80..=220 {
            for line in render(&report, &terminal(width)).lines() {
                assert!(line.chars().count() <= usize::from(width), "{name} at {width}: {line}");
                assert_eq!(line.trim_end(), line, "{name} at {width}");
            }
        }
    }
}

#[test]
fn addresses_and_numbers_stay_whole_in_any_window() {
    for (name, report) in all() {
        for width in 0..=220 {
            let shown = render(&report, &terminal(width));
            let words: Vec<_> = shown.split_whitespace().collect();
            for flow in &report.flows {
                for word in [flow.client.to_string(), flow.server.to_string()] {
                    assert!(words.contains(&word.as_str()), "{name} at {width}: {word}\n{shown}");
                }
                for reset in &flow.resets {
                    // The frames at a run's ends are spelled out as long as the list is short.
                    let first = reset.frames[0].to_string();
                    let is_there = words.iter().any(|word| word.split(['-', ',']).any(|number| number == first));
                    assert!(is_there, "{name} at {width}: frame {first}\n{shown}");
                }
            }
        }
    }
}

#[test]
fn a_file_gets_one_line_a_flow_of_plain_ascii() {
    for (name, report) in all() {
        let shown = render(&report, &script());
        assert!(shown.is_ascii(), "{name}: {shown}");
        assert_eq!(shown, render(&report, &table::TableOptions { width: None, ..script() }), "{name}");
        let rows = shown.lines().skip_while(|line| !line.starts_with("Flow ")).take_while(|line| !line.is_empty());
        for row in rows {
            let cells: Vec<_> = row.split("  ").filter(|cell| !cell.is_empty()).collect();
            assert_eq!(cells.len(), 9, "{name}: {row}");
        }
    }
}

#[test]
fn nothing_from_a_packet_reaches_the_terminal_raw() {
    for options in [terminal(80), terminal(200), script()] {
        for report in [reports::hostile(), reports::with_text("\u{1b}]0;owned\u{7}\u{202e}gnp.exe")] {
            let shown = render(&report, &options);
            assert!(!shown.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{shown:?}");
            assert!(shown.contains("\\u{1b}"), "{shown}");
        }
    }
}

#[test]
fn colours_change_nothing_but_colour() {
    for (name, report) in all() {
        let plain = render(&report, &terminal(80));
        let colored = render(&report, &table::TableOptions { color: true, ..terminal(80) });
        assert!(colored.contains("\x1b["), "{name}");
        let mut stripped = String::new();
        for (nth, piece) in colored.split('\x1b').enumerate() {
            stripped += if nth == 0 { piece } else { piece.split_once('m').expect("an SGR sequence").1 };
        }
        assert_eq!(stripped, plain, "{name}");
    }
}

#[test]
fn local_time_says_so() {
    let zone = Zone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
    let shown = render(&reports::one_reset(), &table::TableOptions { zone: zone.clone(), ..terminal(80) });
    assert!(shown.contains("from 11:26:00 to 11:31:12 CET"), "{shown}");
    assert!(shown.contains("\n11:26:11.373 "), "{shown}");
    let shown = render(&reports::one_reset(), &table::TableOptions { zone, ..script() });
    assert!(shown.contains(" 2026-11-21T11:26:11.373+01:00 "), "{shown}");
}

#[test]
fn resets_stand_above_refusals_and_refusals_above_silence() {
    let (client, server) = (reports::endpoint("10.0.0.1", 5000), reports::endpoint("10.0.0.2", 80));
    let flow = |id, teardown| reports::flow(id, client, server, teardown, "");
    let reset = |id, teardown, seconds| {
        let reset = reports::reset(&[id * 10 + 5], reports::at(seconds, 0), Side::Server);
        tcpautopsy::report::Flow { resets: vec![reset], ..flow(id, teardown) }
    };
    let flows = vec![
        flow(1, Teardown::Fin),
        flow(2, Teardown::Open),
        flow(3, Teardown::Unanswered),
        reset(4, Teardown::Refused, 1),
        reset(5, Teardown::Reset, 90),
        reset(6, Teardown::ResetAfterFin, 80),
        reset(7, Teardown::Fin, 70), // ignored by its receiver, yet a reset
        flow(8, Teardown::HalfClosed),
    ];
    let shown = render(&reports::report("order.pcap", flows, 0), &script());
    let ids: Vec<_> = shown.lines().filter_map(|line| line.split(' ').next()?.parse::<u64>().ok()).collect();
    // The first number is that of the summary line.
    assert_eq!(ids[2..], [7, 6, 5, 4, 3, 8, 2, 1], "{shown}");
}

#[test]
fn the_order_of_flows_in_the_report_does_not_matter() {
    let report = reports::everything();
    let mut reversed = report.clone();
    reversed.flows.reverse();
    assert_eq!(render(&report, &terminal(80)), render(&reversed, &terminal(80)));
}

#[test]
fn a_summary_has_no_rows_and_says_so() {
    let shown = render(&reports::everything(), &table::TableOptions { summary_only: true, ..terminal(80) });
    assert!(!shown.contains("192.168."), "{shown}");
    assert!(shown.contains("The 6 rows of flows are left out"), "{shown}");

    let mut out = Vec::new();
    json::write(&reports::maximal().summary_only(), &mut out).expect("writing to memory");
    let report: Value = serde_json::from_slice(&out).expect("JSON");
    validate(&report).expect("a valid report");
    assert_eq!(report["flows"], Value::Array(Vec::new()));
    assert_eq!(report["incidents"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_crowd_of_flows_keeps_one_table() {
    let (client, server) = (reports::endpoint("10.0.0.1", 5000), reports::endpoint("10.0.0.2", 80));
    let flows = (1..=1500).map(|id| reports::flow(id, client, server, Teardown::Unanswered, "1 SYN, no answer"));
    let report = reports::report("scan.pcap", flows.collect(), 0);
    let shown = render(&report, &terminal(80));
    assert_eq!(shown.matches("How it ended").count(), 1);
    assert_eq!(shown.matches("10.0.0.1:5000 → 10.0.0.2:80").count(), 1500);
    assert!(!shown.contains("\n\n\n"));
    assert_eq!(render(&report, &script()).lines().filter(|line| line.contains("1 SYN, no answer")).count(), 1500);
}
