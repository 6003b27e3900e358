//! `decode` against TShark, frame by frame, on captures that nobody of this project made.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use crate::support::shared;
use serde_json::Value;
use tcpautopsy::capture::{Capture, OpenOptions};
use tcpautopsy::decode::{DecodeLimits, Decoded, Decoder};
use tcpautopsy::tcp::Endpoint;

type Frames = BTreeSet<u64>;
type End = (IpAddr, u16);

/// Packets and octets of payload, retransmissions included, by source and destination.
type Traffic = BTreeMap<(End, End), (u64, u64)>;

/// What one capture holds, in our words or in TShark's.
#[derive(Default)]
struct Seen {
    rst: Frames,
    fin: Frames,
    icmp: Frames,
    traffic: Traffic,
}

/// Where TShark's answer cannot be ours, in its own words about the capture.
struct Excused {
    /// Frames with several TCP headers (aggregated 802.11 frames, sFlow samples). A frame is one segment here, and a sample
    /// was never captured as a frame.
    several: Frames,
    /// Frames whose header length is below the least, so that TShark shows ports and no flags; no segment here.
    without_flags: Frames,
    /// Whether some frames came over FabricPath: TShark takes their last four octets for a checksum that is not there.
    fabric_path: bool,
}

impl Excused {
    /// TShark gives streams, not frames, so that what is excused cannot be taken out of its sums.
    fn sums_compare(&self) -> bool {
        self.several.is_empty() && self.without_flags.is_empty() && !self.fabric_path
    }
}

/// Whether TShark may have missed a stream: it knows Teredo by the port of its servers alone, where Zeek and we look at the addresses.
fn is_teredo((from, to): &(End, End)) -> bool {
    [from, to].iter().any(|end| matches!(end.0, IpAddr::V6(address) if address.segments()[..2] == [0x2001, 0]))
}

fn frames(value: &Value) -> Frames {
    value.as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
}

fn ours(path: &Path) -> Option<Seen> {
    let (mut capture, errors) = Capture::open(&[path.to_owned()], OpenOptions::default());
    if !errors.is_empty() {
        return None;
    }
    let mut decoder = Decoder::new(DecodeLimits::default());
    let mut seen = Seen::default();
    while let Some(frame) = capture.next() {
        match decoder.decode(&frame) {
            Decoded::Segment(segment) => {
                if segment.flags.rst() {
                    seen.rst.insert(segment.frame.get());
                }
                if segment.flags.fin() {
                    seen.fin.insert(segment.frame.get());
                }
                let end = |end: Endpoint| (end.ip(segment.ipv6), end.port);
                let traffic = seen.traffic.entry((end(segment.source), end(segment.destination))).or_default();
                traffic.0 += 1;
                traffic.1 += u64::from(segment.payload_len);
            }
            Decoded::IcmpError(error) => {
                seen.icmp.insert(error.frame.get());
            }
            Decoded::Other => {}
        }
    }
    Some(seen)
}

fn tsharks(oracle: &Value) -> (Seen, Excused) {
    let mut traffic = Traffic::new();
    for stream in oracle["streams"].as_array().expect("streams") {
        let end = |side: &str| -> End {
            let port = stream[side][1].as_u64().and_then(|port| port.try_into().ok());
            (stream[side][0].as_str().expect("address").parse().expect("address"), port.expect("port"))
        };
        for (index, from, to) in [(0, "a", "b"), (1, "b", "a")] {
            let number = |field: &str| stream[field][index].as_u64().expect("number");
            if number("packets") > 0 {
                let sum = traffic.entry((end(from), end(to))).or_default();
                *sum = (sum.0 + number("packets"), sum.1 + number("payload"));
            }
        }
    }
    let [rst, fin, icmp] = ["rst_frames", "fin_frames", "icmp_quoted_tcp_frames"].map(|field| frames(&oracle[field]));
    let [several, without_flags] = ["several_tcp_in_frame", "tcp_without_flags"].map(|field| frames(&oracle[field]));
    let fabric_path = oracle["layers"].as_object().expect("layers").keys().any(|layers| layers.starts_with("eth>eth>"));
    (Seen { rst, fin, icmp, traffic }, Excused { several, without_flags, fabric_path })
}

#[test]
fn every_frame_says_what_tshark_says() {
    let Some(folder) = shared("third_party") else { return };
    let mut differences = Vec::new();
    let (mut captures, mut resets) = (0, 0);
    for entry in std::fs::read_dir(folder.join("oracle/tshark")).expect("oracle") {
        let oracle = std::fs::read(entry.expect("entry").path()).expect("oracle");
        let oracle: Value = serde_json::from_slice(&oracle).expect("json");
        let name = oracle["file"].as_str().expect("file");
        let Some(mut ours) = ours(&folder.join("captures").join(name)) else {
            // Other containers, and files that TShark finds no frame in either.
            assert!(oracle["container"] == "not pcap/pcapng" || oracle["frames"] == 0, "{name} cannot be read");
            continue;
        };
        captures += 1;
        let (theirs, excused) = tsharks(&oracle);
        resets += theirs.rst.len();
        for (what, ours, theirs) in
            [("RST", &ours.rst, &theirs.rst), ("FIN", &ours.fin, &theirs.fin), ("ICMP", &ours.icmp, &theirs.icmp)]
        {
            let more: Vec<_> = ours.difference(theirs).collect();
            let missed: Vec<_> = theirs.difference(ours).filter(|frame| !excused.several.contains(frame)).collect();
            if !more.is_empty() || !missed.is_empty() {
                differences.push(format!("{name}: {what} in frames {more:?} beyond tshark's, {missed:?} missed"));
            }
        }
        ours.traffic.retain(|ends, _| theirs.traffic.contains_key(ends) || !is_teredo(ends));
        if excused.sums_compare() && ours.traffic != theirs.traffic {
            differences.push(format!("{name}: {:?}, tshark {:?}", ours.traffic, theirs.traffic));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences in {captures} captures:\n{}",
        differences.len(),
        differences.join("\n")
    );
    assert!(captures > 300 && resets > 1000, "only {captures} captures with {resets} RST were compared");
}
