//! Every sample is reported as its `expected.json` says, which was written by hand.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tcpautopsy::causes::Cause;

use crate::support::program::{analyze, samples};

/// A report's flow in the words of `expected.json`.
fn told(flow: &Value) -> Value {
    let end = |side: &str| {
        let (ip, port) = (flow[side]["ip"].as_str().expect("an address"), flow[side]["port"].as_u64().expect("a port"));
        if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
    };
    let resets: Vec<Value> = flow["resets"]
        .as_array()
        .expect("resets")
        .iter()
        .map(|reset| json!({"claimed_sender": reset["claimed_sender"], "frames": reset["frames"], "form": reset["form"]}))
        .collect();
    json!({"client": end("client"), "server": end("server"), "teardown": flow["teardown"], "resets": resets})
}

/// What people read about how it came to the end.
#[test]
fn activities_say_no_more_than_the_capture_shows() {
    let expected = [
        ("abort_linger0", "server sent 27 B, reset 57.3 ms later"),
        ("broken_pipe", "server had sent FIN; last data: client's 2 B, 13.2 ms before the reset"),
        ("half_closed", "server closed, client did not; client sent 6 B, server 6 B"),
        ("icmp_refused", "SYN answered by an ICMP error"),
        ("keepalive_timeout", "server sent 6 B, reset 3.1 s later; client had sent 2 keepalive probes"),
        ("one_sided", "server sent 8 B, reset 56.7 ms later; client's packets not captured"),
        ("refused", "SYN refused after 12.8 ms"),
        ("reset_after_fin", "both sides had sent FIN; last data: client's 6 B, 13.0 ms before the reset"),
        ("reset_unread_data", "client sent 2 B, reset 63.0 ms later"),
        ("silent_loss", "client's 6 B sent 5 times, no answer for 1.8 s"),
        ("unanswered_syn", "SYN sent 3 times, no answer for 2.0 s"),
    ];
    let samples = samples();
    for (sample, activity) in expected {
        let (_, capture) = samples.iter().find(|(name, _)| name == sample).expect("a sample of this name");
        assert_eq!(analyze([capture])["flows"][0]["activity"], activity, "{sample}");
    }
}

/// What the capture shows of a flow, without what is known of it.
fn facts(expected: &Value) -> Value {
    let mut facts = expected.clone();
    let known = |value: &mut Value, keys: &[&str]| {
        keys.iter().for_each(|key| drop(value.as_object_mut().expect("an object").remove(*key)));
    };
    known(&mut facts, &["causes"]);
    for reset in facts["resets"].as_array_mut().expect("resets") {
        known(reset, &["senders", "kernel", "mechanisms"]);
    }
    facts
}

fn sorted(mut flows: Vec<Value>) -> Vec<Value> {
    flows.sort_by_key(ToString::to_string);
    flows
}

/// Name, flows as they are expected, report.
fn analyzed() -> Vec<(String, Vec<Value>, Value)> {
    let told = |(name, capture): (String, std::path::PathBuf)| {
        let expected = std::fs::read_to_string(capture.with_file_name("expected.json")).expect("expected.json");
        let expected: Value = serde_json::from_str(&expected).expect("JSON");
        (name, expected["flows"].as_array().expect("flows").clone(), analyze([&capture]))
    };
    samples().into_iter().map(told).collect()
}

#[test]
fn samples_are_reported_as_expected() {
    let samples = analyzed();
    assert!(samples.len() >= 8, "only {} samples", samples.len());
    for (name, expected, report) in samples {
        let flows: Vec<Value> = report["flows"].as_array().expect("flows").iter().map(told).collect();
        assert_eq!(sorted(flows), sorted(expected.iter().map(facts).collect()), "{name}");
        assert_eq!(report["capture"]["inputs"][0]["complete"], true, "{name}");
    }
}

/// Any sender, mechanism and cause is right that the packets allow.
#[test]
fn samples_are_judged_by_what_is_known_of_them() {
    let mut faults = Vec::new();
    let lists = |list: &Value, found: &Value| list.as_array().is_some_and(|list| list.contains(found));
    for (name, expected, report) in analyzed() {
        for flow in report["flows"].as_array().expect("flows") {
            let facts_of = told(flow);
            let Some(known) = expected.iter().find(|known| facts(known) == facts_of) else { continue };
            let cause = &flow["diagnosis"]["cause"];
            if !(lists(&known["causes"], cause) || known["causes"].is_null() && cause.is_null()) {
                faults.push(format!("{name}, {}: {cause} and not {}", known["client"], known["causes"]));
            }
            for (reset, known) in
                flow["resets"].as_array().into_iter().flatten().zip(known["resets"].as_array().unwrap())
            {
                let (sender, mechanism) = (&reset["sender"], &reset["mechanism"]);
                if !lists(&known["senders"], sender) || !lists(&known["mechanisms"], mechanism) {
                    faults.push(format!("{name}, frames {}: {mechanism} of {sender} and not {known}", known["frames"]));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_cause_has_a_sample() {
    let shown = |expected: &[Value]| -> Vec<String> {
        expected.iter().filter_map(|flow| flow["causes"][0].as_str()).map(str::to_owned).collect()
    };
    let shown: BTreeSet<String> = analyzed().iter().flat_map(|(_, expected, _)| shown(expected)).collect();
    let all: BTreeSet<String> = Cause::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(shown, all);
}
