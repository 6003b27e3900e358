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
    assert!(number(&capture["tcp_segments"]) <= number(&capture["frames"]), "segments without frames");
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

/// A block of pcapng.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = (body.len().next_multiple_of(4) as u32 + 12).to_le_bytes();
    let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
    [&kind.to_le_bytes(), &length, body, &padding, &length].concat()
}

/// pcapng in nanoseconds of a few connections whose segments say anything at any time.
fn wild(random: &mut Random, frames: usize) -> Vec<u8> {
    const SYN: u8 = 2;
    const FLAGS: [u8; 9] = [SYN, SYN | 16, 16, 16, 24, 17, 4, 20, 0];
    let mut capture = block(0x0a0d_0d0a, b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
    capture.extend(block(1, b"\x65\0\0\0\0\0\0\0\x09\0\x01\0\x09\0\0\0\0\0\0\0"));
    for _ in 0..frames {
        let port = (40_000 + random.below(8) as u16).to_be_bytes();
        let mut packet = vec![0x45, 0, 0, 43, 0, random.below(256) as u8, 0, 0, random.below(256) as u8, 6, 0, 0];
        let ends = [([192, 0, 2, 1], port), ([198, 51, 100, 5], [0x01, 0xbb])];
        let from = random.below(2);
        let (source, destination) = (ends[from], ends[1 - from]);
        packet.extend([source.0, destination.0].concat());
        packet.extend([source.1, destination.1].concat());
        for _ in 0..2 {
            let near = random.below(4) as u32;
            let number = if random.below(4) > 0 { near } else { LIES[random.below(LIES.len())].wrapping_add(near) };
            packet.extend(number.to_be_bytes());
        }
        packet.extend([0x50, FLAGS[random.below(FLAGS.len())], 1, 0, 0, 0, 0, 0, b'a', b'b', b'c']);
        // Around the beginning, the end and the middle of what a time can say, or anywhere.
        let time = match random.below(5) {
            0 => random.below(1000) as u64,
            1 => i64::MAX as u64 - random.below(1000) as u64,
            2 => u64::MAX - random.below(1000) as u64,
            3 => 1 << 62 | random.below(1 << 30) as u64,
            _ => random.below(usize::MAX) as u64,
        };
        let length = packet.len() as u32;
        let words = [0, (time >> 32) as u32, time as u32, length, length].map(u32::to_le_bytes).concat();
        capture.extend(block(6, &[words, packet].concat()));
    }
    capture
}

#[test]
fn times_and_numbers_over_their_whole_range_overflow_nowhere() {
    let folder = scratch("robust-wild");
    let mut random = Random(7);
    for frames in [10, 30, 100, 300, 1000, 4000].into_iter().cycle().take(60) {
        let input = folder.join("wild.pcapng");
        std::fs::write(&input, wild(&mut random, frames)).expect("a file in the target directory");
        let report = analyzed(&[input], &folder, "1").expect("a capture");
        adds_up(&report);
        assert_eq!(number(&report["capture"]["tcp_segments"]), frames as u64);
    }
}
