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

/// What people read about how it came to the end.
#[test]
fn activities_say_no_more_than_the_capture_shows() {
    let expected = [
        ("abort_linger0", "server sent 27 B, reset 57.2 ms later"),
        ("broken_pipe", "server had sent FIN; last data: client's 2 B, 13.2 ms before the reset"),
        ("half_closed", "server closed, client did not; client sent 6 B, server 6 B"),
        ("icmp_refused", "SYN answered by an ICMP error"),
        ("keepalive_timeout", "server sent 6 B, reset 3.0 s later; client had sent 2 keepalive probes"),
        ("one_sided", "server sent 8 B, reset 56.6 ms later; client's packets not captured"),
        ("refused", "SYN refused after 12.7 ms"),
        ("reset_after_fin", "both sides had sent FIN; last data: client's 6 B, 12.9 ms before the reset"),
        ("reset_unread_data", "client sent 2 B, reset 63.0 ms later"),
        ("silent_loss", "client's 30 B sent 5 times, no answer for 1.7 s"),
        ("unanswered_syn", "SYN sent 3 times, no answer for 2.0 s"),
    ];
    let samples = samples();
    for (sample, activity) in expected {
        let (_, capture) = samples.iter().find(|(name, _)| name == sample).expect("a sample of this name");
        assert_eq!(analyze([capture])["flows"][0]["activity"], activity, "{sample}");
    }
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
