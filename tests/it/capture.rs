//! Reading captures that others made: as many frames as tshark finds, and the same ones however they are stored.

use std::path::{Path, PathBuf};

use tcpautopsy::capture::{Capture, OpenOptions};

/// Beside the project, captures of others with tshark's word on each; `None`, said aloud, where they are absent.
fn third_party() -> Option<PathBuf> {
    let shared = std::env::var_os("TCPAUTOPSY_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = shared.join("captures/third_party");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is no {}", folder.display());
    None
}

/// Why tshark's count may differ from ours, by what tshark said.
#[derive(Debug, PartialEq, Eq)]
enum Difference {
    /// It refuses whole files of link types that it does not know; we read the frames and leave them to the decoder.
    UnknownLinkType,
    /// It reads containers that we name and leave to `editcap`.
    OtherContainer,
    /// It counts this many custom blocks of pcapng as frames.
    CustomBlocks(u64),
}

fn difference(oracle: &serde_json::Value) -> Option<Difference> {
    let message = oracle["tshark_message"].as_str().unwrap_or_default();
    let container = oracle["container"].as_str().unwrap_or_default();
    if message.contains("network type") && message.contains("unknown or unsupported") {
        Some(Difference::UnknownLinkType)
    } else if container == "not pcap/pcapng" && oracle["tshark_exit"] == 0 {
        Some(Difference::OtherContainer)
    } else if container.contains("0xbad=") {
        let counts = container.split([' ', ',']).filter_map(|part| part.split_once("bad=")?.1.parse::<u64>().ok());
        Some(Difference::CustomBlocks(counts.sum()))
    } else {
        None
    }
}

#[test]
fn as_many_frames_as_tshark() {
    let Some(folder) = third_party() else { return };
    let (mut checked, mut wrong) = (0, Vec::new());
    for entry in std::fs::read_dir(folder.join("oracle/tshark")).unwrap() {
        let oracle: serde_json::Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let file = oracle["file"].as_str().unwrap();
        let (mut capture, errors) = Capture::open(&[folder.join("captures").join(file)], OpenOptions::default());
        let mut frames = 0u64;
        while let Some(frame) = capture.next() {
            frames += 1;
            assert!(frame.number.get() >= frames && frame.number == frame.input_frame);
        }
        let inputs = capture.finish();
        let expected = oracle["frames"].as_u64().unwrap();
        let as_expected = match difference(&oracle) {
            None => frames == expected,
            Some(Difference::UnknownLinkType) => expected == 0 && frames > 0,
            Some(Difference::CustomBlocks(blocks)) => frames + blocks == expected,
            Some(Difference::OtherContainer) => expected > 0 && errors.len() == 1,
        };
        // What tshark calls damaged we must not call complete, and the other way round.
        let whole = inputs.first().is_some_and(|input| input.complete && input.problems.is_empty());
        let tshark_whole = oracle["tshark_exit"] == 0;
        if !as_expected || (whole != tshark_whole && difference(&oracle).is_none()) {
            wrong.push(format!("{file}: {frames} frames for {expected}; {inputs:?} {errors:?}"));
        }
        checked += 1;
    }
    assert!(checked > 300, "only {checked} captures checked");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
