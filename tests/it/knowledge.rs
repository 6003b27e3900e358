//! The file of `--knowledge`: the one that the page shows, names and limits in every format, and nothing of it where
//! names are to be others.

use std::fs;

use tcpautopsy::knowledge::site;

use crate::support::program::{program, report, run, scratch};

const PAGE: &str = include_str!("../../docs/knowledge.md");
const FILE: &str = include_str!("../../docs/site.toml");
const FILTER: &str = "samples/forged_reset/capture.pcap";
const IDLE: &str = "samples/idle_then_reset/capture.pcapng";

#[test]
fn the_page_shows_a_file_that_is_read() {
    let shown = PAGE.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    assert_eq!(shown, Some(FILE));
    let site = site::read(FILE).expect("a file without flaws");
    assert_eq!((site.limits.len(), site.fingerprints.len(), site.names.len()), (1, 1, 3));
}

#[test]
fn names_limits_and_devices_are_in_every_format() {
    for format in ["table", "markdown", "html", "json", "ndjson"] {
        let print = |capture| {
            let output = run([capture, "--knowledge", "docs/site.toml", "--format", format]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).expect("a text").replace(['\\', '`'], "")
        };
        let (idle, filter) = (print(IDLE), print(FILTER));
        for part in ["orders database", "branch office", "perhaps fw-2", "limit of fw-2", "set by NET-1234"] {
            assert!(idle.contains(part), "{format}: no `{part}` in\n{idle}");
        }
        assert!(filter.contains("guest wifi filter"), "{format}: {filter}");
    }
    let csv = run([IDLE, "--knowledge", "docs/site.toml", "--format", "csv"]);
    let csv = String::from_utf8_lossy(&csv.stdout).into_owned();
    assert!(csv.contains("client_name,server_name") && csv.contains(",branch office,orders database"), "{csv}");
    let show = run(["show", FILTER, "--flow", "1", "--knowledge", "docs/site.toml"]);
    let show = String::from_utf8_lossy(&show.stdout).into_owned();
    assert!(show.contains("(branch office)") && show.contains("looks like the resets of guest wifi filter"), "{show}");
}

#[test]
fn who_reports_an_error_and_whose_incident_it_is_are_named() {
    let folder = scratch("knowledge-names");
    let file = folder.join("site.toml");
    fs::write(
        &file,
        "[names]\n\"198.51.100.0/24\" = \"lab 7\"\n\"10.0.0.0/8\" = \"core\"\n\"192.0.2.0/24\" = \"desk\"\n",
    )
    .expect("a file");
    let site = file.to_string_lossy();
    for format in ["table", "markdown", "html", "json"] {
        let print = |capture| {
            let output = run([capture, "--knowledge", &site, "--format", format]);
            String::from_utf8(output.stdout).expect("a text")
        };
        let (icmp, incident) =
            (print("samples/icmp_refused/capture.pcap"), print("samples/server_killed/capture.pcap"));
        let reporter = match format {
            "json" => "\"reporter_name\": \"",
            "html" => "\"reporter_name\":\"",
            _ => "ICMP from ",
        };
        let (_, said) = icmp.split_once(reporter).expect("an ICMP error");
        let said: String = said.chars().take(40).collect();
        assert!(["lab 7", "core", "desk"].iter().any(|name| said.contains(name)), "{format}: {said}");
        assert!(incident.contains("lab 7"), "{format}: {incident}");
    }
}

#[test]
fn a_file_changes_names_and_no_sender() {
    let json = |arguments: &[&str]| report(&run(["--format", "json", "--quiet"].iter().chain(arguments)));
    let (without, with) = (json(&[FILTER]), json(&[FILTER, "--knowledge", "docs/site.toml"]));
    let resets = |report: &serde_json::Value| {
        let mut resets = report["flows"][0]["resets"].clone();
        for reset in resets.as_array_mut().expect("resets") {
            reset["product"].take();
        }
        resets
    };
    assert_eq!(resets(&with), resets(&without));
    assert_eq!(with["flows"][0]["resets"][0]["product"], "guest wifi filter");
    assert!(with["flows"][0]["resets"][1]["product"].is_null(), "another device's reset");
    assert_eq!(
        (&with["flows"][0]["client_name"], &without["flows"][0]["client_name"]),
        (&"branch office".into(), &serde_json::Value::Null)
    );
}

#[test]
fn nothing_of_the_file_leaves_the_house() {
    for format in ["table", "markdown", "html", "json"] {
        for capture in [IDLE, FILTER] {
            let output =
                run([capture, "--knowledge", "docs/site.toml", "--anonymize", "--all-flows", "--format", format]);
            let text = String::from_utf8(output.stdout).expect("a text").to_lowercase();
            assert!(text.contains("name-"), "{format}: other names are shown\n{text}");
            for secret in ["orders", "branch", "fw-2", "established timeout", "net-1234", "guest", "wifi", "site.toml"]
            {
                assert!(!text.contains(secret), "{format}: `{secret}` in\n{text}");
            }
        }
    }
}

#[test]
fn a_flaw_stops_the_program_before_it_reads() {
    let folder = scratch("knowledge");
    let file = folder.join("site.toml");
    for (octets, part) in [
        (&b"[names]\n\"10.0.0.300\" = \"a\"\n"[..], "line 2: `10.0.0.300` is no IP address: write"),
        (b"[[idle_timeout]]\nproduct = \"a\"\n", "line 1: missing field `seconds`"),
        (b"\xd4\xc3\xb2\xa1\x02\0", "it is no text"),
    ] {
        fs::write(&file, octets).expect("a file");
        let output = program().arg("no-such.pcap").arg("--knowledge").arg(&file).output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(part) && text.contains("site.toml") && !text.contains("no-such"), "{text}");
    }
    let output = run([FILTER, "--knowledge", "no-such.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be read"));
}
