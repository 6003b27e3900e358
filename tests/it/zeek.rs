//! `flow::zeek` against Zeek's own conn.log baselines, connection by connection.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use crate::support::shared;
use serde_json::Value;
use tcpautopsy::capture::{Capture, OpenOptions};
use tcpautopsy::decode::{DecodeLimits, Decoded, Decoder};
use tcpautopsy::flow::Way;
use tcpautopsy::flow::zeek::ZeekConn;
use tcpautopsy::tcp::{Endpoint, Segment};

type Tuple = (Endpoint, Endpoint);

fn tuple(a: Endpoint, b: Endpoint) -> Tuple {
    (a.min(b), a.max(b))
}

/// The connections between two endpoints, one after the other.
struct Conns {
    first_sender: Endpoint,
    conns: Vec<ZeekConn>,
    /// Whether every header was cut, so that Zeek looked into none.
    all_headers_cut: bool,
}

impl Conns {
    fn new(first: &Segment) -> Self {
        let conns = vec![ZeekConn::start(first)];
        Self { first_sender: first.source, conns, all_headers_cut: !first.options_complete }
    }

    fn segment(&mut self, segment: &Segment) {
        self.all_headers_cut &= !segment.options_complete;
        let way = if segment.source == self.first_sender { Way::Forward } else { Way::Back };
        let Some(current) = self.conns.last_mut() else { return };
        current.segment(way, segment);
        if current.ended() {
            self.first_sender = segment.source;
            self.conns.push(ZeekConn::start(segment));
        }
    }
}

fn follow(path: &Path) -> BTreeMap<Tuple, Conns> {
    let (mut capture, errors) = Capture::open(&[path.to_owned()], OpenOptions::default());
    assert!(errors.is_empty(), "{errors:?}");
    let mut decoder = Decoder::new(DecodeLimits::default());
    let mut found = BTreeMap::<Tuple, Conns>::new();
    while let Some(frame) = capture.next() {
        if let Decoded::Segment(segment) = decoder.decode(&frame) {
            found
                .entry(tuple(segment.source, segment.destination))
                .and_modify(|conns| conns.segment(&segment))
                .or_insert_with(|| Conns::new(&segment));
        }
    }
    found
}

/// Why Zeek's line may differ from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Excuse {
    /// Zeek verified checksums and dropped packets.
    BadChecksum,
    /// An analyser of a protocol gave up (`x`), which is nothing of TCP.
    AnalysisPartial,
    /// A run with few scripts knows few servers' ports, and saw no reason to turn the connection round.
    FewPortsKnown,
    /// Inside a tunnel that TShark does not look into either (Teredo, recognised by port alone).
    TunnelNotDecoded,
    /// Zeek skips segments whose header was cut; their flags count here.
    HeaderCut,
}

fn endpoint(row: &Value, host: &str, port: &str) -> Endpoint {
    let address: IpAddr = row[host].as_str().unwrap().parse().unwrap();
    (address, row[port].as_u64().unwrap() as u16).into()
}

/// The history with the roles exchanged.
fn turned_round(history: &str) -> String {
    let exchange = |letter: char| {
        if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
    };
    history.trim_start_matches('^').chars().map(exchange).collect()
}

/// Compares one line; the error is what was expected and what was found.
fn compare(row: &Value, conns: &Conns) -> Result<Option<Excuse>, String> {
    let (history, state) = (row["history"].as_str().unwrap_or_default(), row["conn_state"].as_str());
    let single = row["conns_with_this_tuple"] == 1;
    let ours: Vec<_> = conns.conns.iter().map(|conn| (conn.conn_state().to_string(), conn.history())).collect();
    let is_ours = |history: &str, state: Option<&str>| {
        let equal = ours.iter().any(|our| our.1 == history && state.is_none_or(|state| our.0 == state));
        equal && (!single || ours.len() == 1)
    };
    if is_ours(history, state) {
        return Ok(None);
    }
    let excuses = [
        (row["zeek_saw_bad_checksum"] == true, Excuse::BadChecksum),
        (is_ours(&history.replace(['x', 'X'], ""), state), Excuse::AnalysisPartial),
        (row["mode"] == "bare" && ours.iter().any(|our| turned_round(&our.1) == history), Excuse::FewPortsKnown),
        (history.is_empty() && conns.all_headers_cut, Excuse::HeaderCut),
    ];
    let excuse = excuses.into_iter().find_map(|(applies, excuse)| applies.then_some(excuse));
    excuse.map(Some).ok_or_else(|| format!("{row}\n  ours: {ours:?}"))
}

#[test]
fn lines_equal_zeeks() {
    let Some(third_party) = shared("third_party") else { return };
    let oracle = std::fs::read_to_string(third_party.join("oracle/zeek.jsonl")).unwrap();
    let rows: Vec<Value> = oracle.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut files = BTreeMap::<&str, Vec<&Value>>::new();
    for row in &rows {
        files.entry(row["file"].as_str().unwrap()).or_default().push(row);
    }
    let (mut equal, mut excused, mut wrong) = (0, Vec::new(), Vec::new());
    for (file, rows) in files {
        let found = follow(&third_party.join("captures").join(file));
        for row in rows {
            let tuple = tuple(endpoint(row, "orig_h", "orig_p"), endpoint(row, "resp_h", "resp_p"));
            match found.get(&tuple).map(|conns| compare(row, conns)) {
                Some(Ok(None)) => equal += 1,
                Some(Ok(Some(excuse))) => excused.push(excuse),
                Some(Err(report)) => wrong.push(report),
                None if row["tshark_streams"].as_array().is_some_and(Vec::is_empty) => {
                    excused.push(Excuse::TunnelNotDecoded)
                }
                None => wrong.push(format!("{row}\n  not found")),
            }
        }
    }
    excused.sort_unstable();
    println!("{equal} equal, excused: {excused:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(equal > 0 && excused.len() * 20 <= equal, "too many excuses: {excused:?}");
}
