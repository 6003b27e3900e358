//! Incidents and harmless resets in the recorded captures. Skipped with a message where these are absent.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::program::{analyze, run};
use crate::support::shared;

/// What one incident of a capture must say.
struct Expected {
    capture: &'static str,
    cause: &'static str,
    title: &'static str,
    least_flows: usize,
}

const fn expect(capture: &'static str, cause: &'static str, title: &'static str, least_flows: usize) -> Expected {
    Expected { capture, cause, title, least_flows }
}

const LAB: [Expected; 9] = [
    expect("10_incidents/kill_under_load/client.pcap.zst", "server_restart", "went down for 1.3 s", 45),
    expect("10_incidents/restart_loop/client.pcap", "server_restart", "went down 4 times", 20),
    expect("10_incidents/syn_scan_v4/client.pcap", "half_open_scan", "scans 40 ports of", 40),
    expect("10_incidents/connect_scan/client.pcap", "half_open_scan", "scans 30 ports of", 30),
    expect("10_incidents/health_checks_ack/client.pcap", "health_check", "checks the health of", 12),
    expect("10_incidents/client_aborts/client.pcap.zst", "client_abort", "gave up 8 connections", 8),
    expect("02_refused/backlog_overflow/client.pcap", "backlog_overflow", "accept queue", 4),
    expect("05_abort/sigkill/client.pcap.zst", "process_killed", "ended 5 connections at once", 5),
    expect("07_idle/middlebox_rst_client/client.pcap", "idle_timeout_middlebox", "idle for 1.0 to 1.1 s", 6),
];

fn list<'a>(of: &'a Value, field: &str) -> &'a [Value] {
    of[field].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn what_happened_to_many_is_told_once() {
    let Some(lab) = shared("lab") else { return };
    for Expected { capture, cause, title, least_flows } in LAB {
        let report = analyze([lab.join(capture)]);
        let incidents = list(&report, "incidents");
        let found = incidents.iter().find(|incident| {
            incident["cause"] == cause
                && incident["title"].as_str().is_some_and(|text| text.contains(title))
                && list(incident, "flows").len() >= least_flows
        });
        assert!(found.is_some(), "{capture}: {incidents:#?}");
    }
}

#[test]
fn incidents_are_numbered_and_share_no_flow() {
    let Some(lab) = shared("lab") else { return };
    for Expected { capture, .. } in LAB {
        let report = analyze([lab.join(capture)]);
        let mut seen = BTreeSet::new();
        for (nth, incident) in list(&report, "incidents").iter().enumerate() {
            assert_eq!(incident["id"], nth + 1, "{capture}");
            for flow in list(incident, "flows") {
                assert!(seen.insert(flow.as_u64()), "{capture}: flow {flow} is in two incidents");
                assert!(list(&report, "flows").iter().any(|listed| listed["id"] == *flow), "{capture}: flow {flow}");
            }
        }
    }
}

#[test]
fn what_harmed_nobody_stands_last_and_fails_nothing() {
    let Some(lab) = shared("lab") else { return };
    for (capture, code, harmful, benign) in [
        ("10_incidents/health_checks_noack/client.pcap", 0, 0, 12),
        ("10_incidents/syn_scan_v4/client.pcap", 0, 0, 40),
        ("10_incidents/kill_under_load/client.pcap.zst", 4, 50, 0),
        ("01_graceful/fin_orders/client.pcap.zst", 0, 0, 0),
    ] {
        let path = lab.join(capture);
        let report = analyze([&path]);
        assert_eq!(
            (&report["summary"]["harmful"], &report["summary"]["benign"]),
            (&harmful.into(), &benign.into()),
            "{capture}"
        );
        let flows = list(&report, "flows");
        let order: Vec<_> = flows.iter().map(|flow| (!flow["benign"].is_null(), flow["id"].as_u64())).collect();
        assert!(order.is_sorted(), "{capture}");
        let failed = run([path.as_os_str(), "--fail-on".as_ref(), "any".as_ref(), "--quiet".as_ref()]);
        assert_eq!(failed.status.code(), Some(code), "{capture}");
    }
}

#[test]
fn gaps_that_ended_connections_are_counted() {
    let Some(lab) = shared("lab") else { return };
    let report = analyze([lab.join("07_idle/middlebox_rst_client/client.pcap")]);
    let gaps = list(&report["summary"], "idle_gaps");
    assert_eq!((gaps.len(), &gaps[0]["flows"]), (1, &6.into()));
    assert!(gaps[0]["seconds"].as_f64().is_some_and(|seconds| (1.0..1.2).contains(&seconds)), "{gaps:?}");
}

#[test]
fn a_content_filter_is_told_with_what_it_lets_through() {
    let Some(lab) = shared("lab") else { return };
    for capture in ["08_injection/sni_both_sides_plain/client.pcap", "08_injection/http_host_both/client.pcap"] {
        let report = analyze([lab.join(capture)]);
        let told = list(&report, "incidents").iter().find(|incident| incident["cause"] == "injected_content_filter");
        let told = told.and_then(|incident| incident["explanation"].as_str()).unwrap_or_default();
        assert!(told.contains("The clients had asked for \"") && told.contains("\" through."), "{capture}: {told}");
    }
}
