//! A connection whose addresses change in the middle: two flows, linked both ways.

use std::path::Path;

use serde_json::Value;

use crate::support::captures::{frames, pcap};
use crate::support::program::{report, run, scratch};

/// A recorded connection whose server forgot it; from the request on that this draws a reset with, the client's port is another.
fn moved() -> Vec<u8> {
    const OLD: [u8; 2] = 40010_u16.to_be_bytes();
    const NEW: [u8; 2] = 51234_u16.to_be_bytes();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/half_open_peer_lost/capture.pcap");
    let mut frames = frames(&sample);
    let count = frames.len();
    for frame in &mut frames[count - 2..] {
        // Ethernet and IPv4 without options: the ports follow 34 octets.
        for port in [34..36, 36..38] {
            if frame.bytes[port.clone()] == OLD {
                frame.bytes[port].copy_from_slice(&NEW);
            }
        }
    }
    pcap(&frames)
}

#[test]
fn both_flows_are_listed_and_name_each_other() {
    let folder = scratch("continuations");
    let capture = folder.join("moved.pcap");
    std::fs::write(&capture, moved()).expect("a file");
    let capture = capture.to_str().expect("a path");
    let evidence = folder.join("evidence.pcapng");
    let output = run(["analyze", "--format", "json", "--write-evidence", evidence.to_str().expect("a path"), capture]);
    let report = report(&output);
    let flows = report["flows"].as_array().expect("flows");
    let [old, new] = [&flows[0], &flows[1]];
    assert_eq!((&old["continues"], &old["continued_as"]), (&Value::Null, &new["id"]));
    assert_eq!((&new["continues"], &new["continued_as"]), (&old["id"], &Value::Null));
    assert_eq!((&old["teardown"], &new["teardown"]), (&"open".into(), &"reset".into()));
    assert!(old["activity"].as_str().is_some_and(|activity| activity.contains("went on as flow 2")));
    // The reset is counted once, under the addresses that it has.
    assert_eq!(report["summary"]["senders"]["server"], 1);
    assert_eq!(new["diagnosis"]["cause"], "peer_lost_state");
    let sentence = new["diagnosis"]["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("192.0.2.10:40010") && sentence.contains("192.0.2.10:51234"), "{sentence}");
    assert_eq!(frames(&evidence).len(), frames(Path::new(capture)).len(), "the frames of both");

    let shown = run(["show", capture, "--flow", "1"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("went on as flow 2"), "{shown}");
}
