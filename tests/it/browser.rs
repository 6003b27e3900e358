//! The HTML report: what stands in the file, and how it behaves in a real browser.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tcpautopsy::output::html;
use tcpautopsy::report::{Flow, Incident, Report, Teardown};

use crate::support::program::{self, scratch};
use crate::support::reports::{self, ATTACKS};
use crate::support::{has, skip, validate};

fn page(report: &Report) -> String {
    let mut out = Vec::new();
    html::write(report, &mut out).expect("writing to memory");
    String::from_utf8(out).expect("UTF-8")
}

/// The JSON report within a page.
fn data(page: &str) -> Value {
    let data = page.split("<script type=\"application/json\" id=\"report\">").nth(1).expect("data");
    data.split("</script>").next().expect("its end").parse().expect("JSON")
}

#[test]
fn a_page_holds_the_json_report() {
    for report in [reports::maximal(), reports::everything(), Report::default(), reports::hostile()] {
        let data = data(&page(&report));
        validate(&data).expect("a valid report");
        assert_eq!(data["flows"].as_array().map(Vec::len), Some(report.flows.len()));
    }
}

#[test]
fn the_page_of_a_capture_holds_the_same_report_as_json() {
    let run = |format| {
        let output = program::run(["samples/forged_reset/capture.pcap", "--format", format]);
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let data = data(&run("html"));
    validate(&data).expect("a valid report");
    assert_eq!(data, run("json").parse::<Value>().expect("JSON"));
}

#[test]
fn no_text_becomes_markup() {
    let tags = |page: &str| {
        let names =
            page.split('<').skip(1).map(|rest| rest.split([' ', '>', '\n']).next().unwrap_or_default().to_owned());
        names.collect::<Vec<_>>()
    };
    let harmless = tags(&page(&reports::with_text("harmless")));
    for attack in ATTACKS {
        let report = reports::with_text(attack);
        let page = page(&report);
        assert_eq!(tags(&page), harmless, "{attack:?}");
        let text = page.split("<script").next().expect("the page before its data");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{attack:?}");
        assert_eq!(data(&page)["flows"][3]["activity"], *attack);
    }
}

#[test]
fn what_is_read_first_needs_no_script() {
    let page = page(&reports::maximal());
    let text = page.split("<script").next().expect("the page before its data");
    for words in ["203.0.113.200:8443 restarted", "The capturing kernel dropped 17 packets", "edge-2.pcap", "1 reset"] {
        assert!(text.contains(words), "{words}");
    }
}

#[test]
fn nothing_points_elsewhere() {
    let page = page(&reports::maximal());
    let own = page.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!own.contains(outside), "{outside}");
    }
}

/// So many resets, of all kinds, over an hour.
fn crowd(flows: u64) -> Report {
    let causes =
        ["closed_with_unread_data", "server_restart", "idle_timeout_middlebox", "client_abort", "refused_no_listener"];
    let template = reports::maximal().flows.into_iter().find(|flow| flow.id == 7).expect("flow 7");
    let flows = (1..=flows).map(|id| {
        let teardown = Teardown::ALL[(id % 5) as usize + 1];
        let (client, server) = (
            reports::endpoint(&format!("10.0.{}.{}", id / 250 % 250, id % 250), 1024 + (id * 7 % 60_000) as u16),
            reports::endpoint(&format!("203.0.113.{}", id % 9), 443),
        );
        let mut flow = reports::flow(id, client, server, teardown, "client sent 23 B, reset 57.3 ms later");
        flow.last_time = reports::at((id * 37 % 3600) as i64, id as i64);
        if id % 5 != 3 {
            let reset = template.resets[(id % 2) as usize].clone();
            let time = reports::at((id * 37 % 3600) as i64, id as i64);
            let after = tcpautopsy::tcp::Duration(1_000_000 << (id % 22));
            flow.resets = vec![tcpautopsy::report::Reset { time, after_s: Some(after.into()), ..reset }];
        }
        flow.diagnosis = template.diagnosis.clone();
        if let Some(diagnosis) = &mut flow.diagnosis {
            diagnosis.cause = causes[(id / 5 % 5) as usize];
        }
        flow
    });
    let mut report = reports::report("crowd.pcap", flows.collect(), 100);
    report.incidents = reports::maximal().incidents;
    report.incidents[0].flows = (1..=40).collect();
    report
}

/// The flows and incidents of all attacks in one report.
fn attacks() -> Report {
    let mut all = reports::with_text("harmless");
    let (word, words) = ("W".repeat(5_000), "\u{5e9}\u{5dc}\u{5d5}\u{5dd} ".repeat(1_000));
    for (nth, attack) in (1..).zip(ATTACKS.iter().copied().chain([word.as_str(), words.as_str()])) {
        let report = reports::with_text(attack);
        all.flows.extend(report.flows.into_iter().map(|flow| Flow { id: nth * 100 + flow.id, ..flow }));
        all.incidents.extend(report.incidents.into_iter().map(|incident| Incident { id: nth + 1, ..incident }));
        all.capture.inputs.extend(report.capture.inputs);
        all.summary.causes.extend(report.summary.causes);
    }
    all
}

#[test]
fn a_crowd_beyond_reason_is_cut_and_said_to_be() {
    let flows = (0..20_005).map(|id| {
        let end = reports::endpoint("10.0.0.1", 80);
        reports::flow(id + 1, end, end, Teardown::Unanswered, "")
    });
    let page = page(&reports::report("crowd.pcap", flows.collect(), 0));
    assert_eq!(data(&page)["flows"].as_array().map(Vec::len), Some(20_000));
    assert!(page.contains("5 flows less urgent are left out of this page"));
}

#[test]
fn a_browser_shows_it() {
    let folder = scratch("browser");
    let write = |name: &str, report: &Report| fs::write(folder.join(name), page(report)).expect("a page");
    write("rich.html", &reports::maximal());
    write("crowd.html", &crowd(5000));
    write("empty.html", &Report::default());
    write("attacks.html", &attacks());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/check");
    if !has("python3") {
        return;
    }
    let output = Command::new("python3").arg(script).arg(&folder).output().expect("python3");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    match said.strip_prefix("skipped: ") {
        Some(why) => skip(why),
        None => println!("{said}"),
    }
    assert!(output.status.success(), "{said}");
}
