//! Damaged captures through the whole program: every sample with bits flipped, cut, spliced and with lies in its lengths.
//! It must not panic (overflow checks are on), must say the same with one thread as with two, and what it counts must add up.
//!
//! Seeded, so that a failure comes back.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tcpautopsy::{cli, run};

use crate::support::program::{samples, scratch};
use crate::support::validate;

/// Damaged captures tried; some seconds unoptimised.
const CASES: u32 = 1200;

/// Damaged captures analysed together, as several inputs.
const TOGETHER: usize = 3;

/// Words that lengths, counts and offsets take when they lie.
const LIES: [u32; 8] = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0000_ffff, 0xffff_0000, 0x0001_0000];

/// SplitMix64, for repeatable damage.
struct Random(u64);

impl Random {
    /// Below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % bound as u64) as usize
    }
}

fn damage(capture: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(3) {
        if capture.len() < 32 {
            return;
        }
        let place = random.below(capture.len() - 4);
        let length = 1 + random.below(200);
        let end = capture.len().min(place + length);
        match random.below(6) {
            0 => (0..=capture.len() / 200).for_each(|_| {
                let place = random.below(capture.len());
                capture[place] ^= 1 << random.below(8);
            }),
            1 => capture.truncate(place.max(24)),
            2 => {
                let from = random.below(other.len());
                let piece = &other[from..other.len().min(from + length)];
                capture.splice(place..end, piece.iter().copied());
            }
            3 => capture[place..place + 4].copy_from_slice(&LIES[random.below(LIES.len())].to_le_bytes()),
            4 => {
                let again = capture[place..end].to_vec();
                capture.splice(place..place, again);
            }
            _ => drop(capture.drain(place..end)),
        }
    }
}

/// The report that the program writes, by these threads; `None` if it says that there is nothing to analyse.
fn analyzed(inputs: &[PathBuf], folder: &Path, threads: &str) -> Option<Value> {
    let output = folder.join("report.json");
    let _ = std::fs::remove_file(&output);
    let options = ["tcpautopsy", "--quiet", "--all-flows", "--threads", threads, "--output"].map(Into::into);
    let arguments = options.into_iter().chain([output.clone().into()]).chain(inputs.iter().map(Into::into));
    let options = cli::parse(arguments).unwrap_or_else(|answer| panic!("{}", answer.text));
    run::analyze(&options).ok()?;
    Some(serde_json::from_slice(&std::fs::read(output).expect("a report")).expect("JSON"))
}

fn sum(values: &Value, of: impl Fn(&Value) -> u64) -> u64 {
    values.as_array().expect("a list").iter().map(of).sum()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a count")
}

/// What is counted over the capture must be what is counted over its flows.
fn adds_up(report: &Value) {
    let (capture, flows) = (&report["capture"], &report["flows"]);
    let packets = sum(flows, |flow| number(&flow["client_packets"]) + number(&flow["server_packets"]));
    assert_eq!(packets, number(&capture["tcp_segments"]), "packets");
    let resets =
        sum(flows, |flow| sum(&flow["resets"], |reset| reset["frames"].as_array().expect("frames").len() as u64));
    assert_eq!(resets, number(&capture["rst_segments"]), "resets");
    let copies = sum(flows, |flow| {
        let analysis = &flow["analysis"];
        number(&analysis["client"]["duplicates"]) + number(&analysis["server"]["duplicates"])
    });
    assert_eq!(copies, number(&capture["duplicate_frames"]), "copies");
    assert_eq!(flows.as_array().expect("flows").len() as u64, number(&capture["flows"]), "flows");
    let teardowns: u64 = report["summary"]["teardown"].as_object().expect("counts").values().map(number).sum();
    assert_eq!(teardowns, number(&capture["flows"]), "teardowns");
    assert!(number(&capture["tcp_segments"]) <= number(&capture["frames"]) * 2, "segments without frames");
}

#[test]
fn damaged_captures_are_analysed_as_far_as_they_go() {
    let folder = scratch("robust");
    let samples: Vec<Vec<u8>> =
        samples().iter().map(|(_, capture)| std::fs::read(capture).expect("a sample")).collect();
    let mut random = Random(2026);
    let mut reports = 0;
    for case in 0..CASES / TOGETHER as u32 {
        let inputs: Vec<PathBuf> = (0..TOGETHER).map(|nth| folder.join(format!("{nth}"))).collect();
        for input in &inputs {
            let mut capture = samples[random.below(samples.len())].clone();
            let other = &samples[random.below(samples.len())];
            damage(&mut capture, other, &mut random);
            std::fs::write(input, capture).expect("a file in the target directory");
        }
        let Some(one) = analyzed(&inputs, &folder, "1") else { continue };
        reports += 1;
        adds_up(&one);
        assert_eq!(analyzed(&inputs, &folder, "2").as_ref(), Some(&one), "case {case}: threads differ");
        if case % 16 == 0
            && let Err(error) = validate(&one)
        {
            panic!("case {case}: against the schema: {error}");
        }
    }
    assert!(reports > CASES / TOGETHER as u32 / 2, "only {reports} reports");
}
