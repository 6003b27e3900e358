//! Every sample is reported as its `expected.json` says, which was written by hand.

use serde_json::{Value, json};

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

fn sorted(flows: &Value) -> Vec<Value> {
    let mut flows = flows.as_array().expect("flows").clone();
    flows.sort_by_key(ToString::to_string);
    flows
}

#[test]
fn samples_are_reported_as_expected() {
    let samples = samples();
    assert!(samples.len() >= 8, "only {} samples", samples.len());
    for (name, capture) in samples {
        let expected = std::fs::read_to_string(capture.with_file_name("expected.json")).expect("expected.json");
        let expected: Value = serde_json::from_str(&expected).expect("JSON");
        let report = analyze([&capture]);
        let flows: Vec<Value> = report["flows"].as_array().expect("flows").iter().map(told).collect();
        assert_eq!(sorted(&Value::from(flows)), sorted(&expected["flows"]), "{name}");
        assert_eq!(report["capture"]["inputs"][0]["complete"], true, "{name}");
    }
}
