//! The ladder of a flow: its numbers are Wireshark's, and it stays short.

use std::collections::HashMap;
use std::process::Command;

use serde_json::Value;

use crate::support::has;
use crate::support::program::{analyze, run, samples};

/// Frame to relative sequence and acknowledgement number, as TShark sees them; `None` where there is no TShark.
fn numbers(capture: &std::path::Path) -> Option<HashMap<u64, (u64, u64)>> {
    let fields = ["-T", "fields", "-e", "frame.number", "-e", "tcp.seq", "-e", "tcp.ack"];
    if !has("tshark") {
        return None;
    }
    let done = Command::new("tshark").arg("-r").arg(capture).args(["-Y", "tcp && !icmp"]).args(fields).output();
    let done = done.expect("tshark");
    let text = String::from_utf8(done.stdout).expect("numbers");
    let row = |line: &str| {
        let mut numbers = line.split('\t').map(str::parse);
        Some((numbers.next()?.ok()?, (numbers.next()?.ok()?, numbers.next()?.ok()?)))
    };
    Some(text.lines().filter_map(row).collect())
}

#[test]
fn its_numbers_are_those_of_wireshark() {
    let mut compared = 0;
    for (name, capture) in samples() {
        let Some(expected) = numbers(&capture) else { return };
        let report = analyze([&capture]);
        for flow in report["flows"].as_array().expect("flows") {
            if flow["roles"] != "handshake" || flow["ports_reused"] == true {
                continue;
            }
            for rung in flow["ladder"].as_array().into_iter().flatten() {
                let number = |field: &str| rung[field].as_u64();
                let frame = number("frame").expect("a frame");
                let (seq, ack) = expected[&frame];
                assert_eq!(number("seq"), Some(seq), "{name}, frame {frame}");
                assert!(number("ack").is_none_or(|found| found == ack), "{name}, frame {frame}: {rung}, not {ack}");
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn it_has_every_reset_and_every_frame_of_evidence_within_its_bound() {
    let mut ladders = 0;
    for (name, capture) in samples() {
        for flow in analyze([&capture])["flows"].as_array().expect("flows") {
            let Some(ladder) = flow["ladder"].as_array() else {
                assert_eq!(flow["resets"], Value::Array(Vec::new()), "{name}");
                continue;
            };
            ladders += 1;
            assert!((1..=40).contains(&ladder.len()), "{name}: {}", ladder.len());
            let frames: Vec<_> = ladder.iter().map(|rung| rung["frame"].as_u64()).collect();
            assert!(frames.is_sorted_by(|one, next| one < next), "{name}: {frames:?}");
            let resets = flow["resets"].as_array().into_iter().flatten();
            for frame in resets.flat_map(|reset| reset["frames"].as_array().expect("frames")) {
                assert!(frames.contains(&frame.as_u64()), "{name}: {frame} in {frames:?}");
            }
        }
    }
    assert!(ladders > 20, "{ladders}");
}

#[test]
fn what_is_left_out_is_marked() {
    let report = analyze(["samples/midstream/capture.pcapng.zst"]);
    for flow in report["flows"].as_array().expect("flows") {
        let ladder = flow["ladder"].as_array().into_iter().flatten();
        let shown = ladder.clone().count() as u64;
        let packets =
            flow["client_packets"].as_u64().expect("a count") + flow["server_packets"].as_u64().expect("a count");
        assert_eq!(ladder.clone().any(|rung| rung["gap"] == true), flow["ladder"].is_array() && shown < packets);
    }
}

#[test]
fn odd_segments_say_what_is_odd() {
    for (sample, note) in [
        ("forged_reset/capture.pcap", "TTL "),
        ("keepalive_timeout/capture.pcap", "keepalive probe"),
        ("silent_loss/capture.pcap", "sent before"),
        ("both_sides_of_router/capture.pcap", "second copy"),
    ] {
        let output = run([&format!("samples/{sample}"), "--format", "markdown"].map(AsRef::<str>::as_ref));
        let ticket = String::from_utf8(output.stdout).expect("UTF-8");
        let ladder = ticket.split("**Decisive segments**").nth(1).and_then(|rest| rest.split("```").nth(1));
        assert!(ladder.is_some_and(|ladder| ladder.contains(note)), "{sample}: {ticket}");
    }
}
