//! `compare`: what captures at two points of the path prove together.

use serde_json::{Value, json};

use crate::support::program::{run, scratch};
use crate::support::validate;

const CLIENT: &str = "samples/two_captures/capture.pcap";
const SERVER: &str = "samples/two_captures/server.pcap";

fn text(arguments: &[&str]) -> String {
    let output = run([&["compare"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn report(arguments: &[&str]) -> Value {
    let report = serde_json::from_str(&text(&[arguments, &["--format", "json"]].concat())).expect("JSON");
    validate(&report).expect("a valid report");
    report
}

fn resets(report: &Value) -> Vec<&Value> {
    let flows = report["flows"].as_array().expect("flows").iter();
    flows.flat_map(|flow| flow["resets"].as_array().expect("resets")).collect()
}

#[test]
fn two_captures_prove_what_one_cannot() {
    let expected = std::fs::read_to_string("samples/two_captures/expected.json").expect("expected.json");
    let expected: Value = serde_json::from_str(&expected).expect("JSON");
    let found = report(&[CLIENT, SERVER]);
    let told: Vec<Value> = resets(&found)
        .iter()
        .map(|reset| {
            assert_eq!((&reset["confidence"], &reset["comparison"]["decided"]), (&json!("certain"), &json!(true)));
            let points = reset["comparison"]["points"].as_array().expect("points").iter();
            let frames: Vec<&Value> = points.map(|point| &point["frames"]).collect();
            json!({"sender": reset["sender"], "made_between": reset["comparison"]["made_between"], "frames": frames})
        })
        .collect();
    assert_eq!(Value::Array(told), expected["compared"]["resets"]);
    assert_eq!(found["comparison"]["resets"], json!({"decided": 3, "undecided": 0}));
    assert_eq!(found["comparison"]["matched"], 2, "found through address translation");
    let alone = run([CLIENT, "--format", "json"]);
    let alone: Value = serde_json::from_slice(&alone.stdout).expect("JSON");
    assert_eq!(resets(&alone)[0]["confidence"], "likely", "one capture alone infers");
    assert!(alone.get("comparison").is_none() && resets(&alone)[0].get("comparison").is_none());
    // Whoever has the other capture is not told to take it.
    let advice = |report: &Value| report["flows"][0]["diagnosis"]["remedies"].to_string();
    assert!(advice(&alone).contains("a capture on the server's side") && advice(&found).len() > 20, "{alone}");
    assert!(!advice(&found).contains("capture on"), "{}", advice(&found));
}

#[test]
fn files_in_the_other_order_prove_the_same() {
    let senders = |report: &Value| -> Vec<Value> {
        resets(report).iter().map(|reset| json!([reset["sender"], reset["confidence"], reset["mechanism"]])).collect()
    };
    assert_eq!(senders(&report(&[SERVER, CLIENT])), senders(&report(&[CLIENT, SERVER])));
}

#[test]
fn captures_of_different_traffic_decide_nothing() {
    let report = report(&["samples/forged_reset/capture.pcap", "samples/abort_linger0/capture.pcap"]);
    assert_eq!(report["comparison"]["matched"], 0);
    assert_eq!(report["comparison"]["points"][1]["clock"]["offset_s"], Value::Null);
    for reset in resets(&report) {
        let comparison = &reset["comparison"];
        let seen =
            comparison["points"].as_array().expect("points").iter().filter(|point| point["seen"] == true).count();
        assert_eq!(seen, 1, "{comparison}");
        // What was sent on the capturing host needs no other capture.
        assert!(reset["sender"] != "middlebox" || comparison["decided"] == false, "{comparison}");
    }
}

#[test]
fn every_format_tells_of_the_points() {
    for (format, part) in [
        ("table", "not at 2; it was made between captures 1 and 2"),
        ("markdown", "## Where it was captured"),
        ("html", "Where it was captured"),
        ("csv", "1-2,true"),
        ("ndjson", "\"made_between\":[1,2]"),
        ("json", "\"made_between\""),
    ] {
        let told = text(&[CLIENT, SERVER, "--format", format]);
        assert!(told.contains(part), "{format}: {told}");
    }
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("compare_table", text(&[CLIENT, SERVER]));
        insta::assert_snapshot!("compare_markdown", text(&[CLIENT, SERVER, "--format", "markdown"]));
    });
}

#[test]
fn selections_speak_of_any_point() {
    let numbers = |arguments: &[&str]| -> Vec<Value> {
        let report = report(&[&[CLIENT, SERVER], arguments].concat());
        report["flows"].as_array().expect("flows").iter().map(|flow| flow["id"].clone()).collect()
    };
    for (arguments, expected) in [
        (&["--flow", "2"][..], json!([2])),
        (&["--endpoint", "192.0.2.10:40101"], json!([1])),
        // The translated name, which only the server's capture has.
        (&["--endpoint", "198.51.100.1:40102"], json!([2])),
        (&["--log-line", "read tcp 198.51.100.1:40101->198.51.100.20:8080: connection reset by peer"], json!([1])),
        (&["--frame", "25"], json!([2])),
        (&["--frame", "9999"], json!([])),
        #[cfg(feature = "live")]
        (&["--bpf", "port 40102"], json!([1])),
        (&["--flow", "3"], json!([])),
    ] {
        assert_eq!(Value::Array(numbers(arguments)), expected, "{arguments:?}");
    }
    assert_eq!(report(&[CLIENT, SERVER, "--summary"])["flows"], json!([]));
}

#[test]
fn names_are_changed_at_every_point() {
    let told = text(&[CLIENT, SERVER, "--anonymize", "--format", "json"]);
    for name in ["192.0.2.10", "198.51.100.1", "198.51.100.20", "shop.example", "capture.pcap", "server.pcap"] {
        assert!(!told.contains(name), "{name}");
    }
    let hashed = report(&[CLIENT, SERVER, "--hash"]);
    let inputs = hashed["capture"]["inputs"].as_array().expect("inputs");
    assert!(inputs.iter().all(|input| input["sha256"].as_str().is_some_and(|hash| hash.len() == 64)));
}

#[test]
fn what_cannot_be_compared_is_refused_with_a_way_out() {
    for (arguments, code, part) in [
        (&[CLIENT][..], 2, "two captures or more"),
        (&[CLIENT, "-"], 2, "save it to a file first"),
        (&[CLIENT, SERVER, "--write-evidence", "x.pcapng"], 2, "leave out compare"),
        (&[CLIENT, "samples/README.md"], 1, "compare needs two captures"),
        (&["nowhere.pcap", "elsewhere.pcap"], 1, "nowhere.pcap"),
    ] {
        let output = run([&["compare"], arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(part), "{arguments:?}: {said}");
    }
    assert_eq!(run(["compare", CLIENT, SERVER, "--fail-on", "any"]).status.code(), Some(4));
    // What is refused leaves no file behind, so that the next try is not refused for it.
    let report = scratch("compare-refused").join("report.json");
    let refused = run([
        "compare".as_ref(),
        CLIENT.as_ref(),
        "samples/README.md".as_ref(),
        "--output".as_ref(),
        report.as_os_str(),
    ]);
    assert_eq!((refused.status.code(), report.exists()), (Some(1), false));
}
