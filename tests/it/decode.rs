//! `decode` against TShark, on captures that nobody of this project made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;
use tcpautopsy::decode::{DecodeLimits, Decoded, Decoder};

use crate::walker;

/// The folder of the captures and of TShark's words on them; `None`, with a message, where it is absent.
fn third_party() -> Option<PathBuf> {
    let shared = std::env::var_os("TCPAUTOPSY_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = shared.join("captures/third_party");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: there are no captures at {}", folder.display());
    None
}

#[test]
fn probe() {
    let Some(folder) = third_party() else { return };
    let mut names: Vec<_> = std::fs::read_dir(folder.join("captures"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let numbers =
        |value: &Value| value.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect::<BTreeSet<_>>();
    for name in names {
        let file = std::fs::read(folder.join("captures").join(&name)).unwrap();
        let oracle: Value =
            serde_json::from_slice(&std::fs::read(folder.join("oracle/tshark").join(format!("{name}.json"))).unwrap())
                .unwrap();
        let mut decoder = Decoder::new(DecodeLimits::default());
        let (mut rst, mut fin, mut icmp) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut payload: BTreeMap<_, (u64, u64)> = BTreeMap::new();
        let mut frames = 0;
        walker::walk(&file, |frame| {
            frames += 1;
            match decoder.decode(frame) {
                Decoded::Segment(s) => {
                    if s.flags.rst() {
                        rst.insert(s.frame.get());
                    }
                    if s.flags.fin() {
                        fin.insert(s.frame.get());
                    }
                    let p = payload
                        .entry((
                            (s.source.ip(s.ipv6).to_string(), s.source.port),
                            (s.destination.ip(s.ipv6).to_string(), s.destination.port),
                        ))
                        .or_default();
                    p.0 += 1;
                    p.1 += u64::from(s.payload_len);
                }
                Decoded::IcmpError(e) => {
                    icmp.insert(e.frame.get());
                }
                Decoded::Other => {}
            }
        });
        let diff = |what: &str, mine: &BTreeSet<u64>, theirs: &BTreeSet<u64>| {
            if mine != theirs {
                println!(
                    "{name}: {what} missed {:?} more {:?}",
                    theirs.difference(mine).take(9).collect::<Vec<_>>(),
                    mine.difference(theirs).take(9).collect::<Vec<_>>()
                );
            }
        };
        diff("RST", &rst, &numbers(&oracle["rst_frames"]));
        diff("FIN", &fin, &numbers(&oracle["fin_frames"]));
        diff("ICMP", &icmp, &numbers(&oracle["icmp_quoted_tcp_frames"]));
        let mut theirs: BTreeMap<_, (u64, u64)> = BTreeMap::new();
        for stream in oracle["streams"].as_array().unwrap() {
            let end =
                |side: &str| (stream[side][0].as_str().unwrap().to_string(), stream[side][1].as_u64().unwrap() as u16);
            for (from, to, i) in [("a", "b", 0), ("b", "a", 1)] {
                let packets = stream["packets"][i].as_u64().unwrap();
                if packets == 0 {
                    continue;
                }
                let p = theirs.entry((end(from), end(to))).or_default();
                p.0 += packets;
                p.1 += stream["payload"][i].as_u64().unwrap();
            }
        }
        if payload != theirs {
            let keys: BTreeSet<_> = payload.keys().chain(theirs.keys()).collect();
            for key in keys.into_iter().filter(|k| payload.get(k) != theirs.get(k)).take(4) {
                println!("{name}: payload {key:?} mine {:?} theirs {:?}", payload.get(key), theirs.get(key));
            }
        }
        if frames != oracle["frames"].as_u64().unwrap() {
            println!("{name}: frames {frames} theirs {}", oracle["frames"]);
        }
        let c = decoder.counts();
        if c.unreadable() > 0 {
            println!("{name}: {:?}", c);
        }
    }
}
