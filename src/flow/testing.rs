//! Segments for tests: a template, to be varied by struct update.

use crate::tcp::{Endpoint, FrameNumber, PathId, Segment, SeqNum, TcpFlags, TcpOptions, Timestamp};

/// The client of the tests.
pub(crate) const CLIENT: [u8; 4] = [192, 0, 2, 1];
/// The server of the tests.
pub(crate) const SERVER: [u8; 4] = [198, 51, 100, 5];

/// An empty ACK from the client, in this frame and at this microsecond.
pub(crate) fn segment(frame: u64, micros: i64) -> Segment {
    Segment {
        frame: FrameNumber::new(frame).expect("frames count from 1"),
        time: Some(Timestamp::from_nanos(micros * 1000)),
        source: Endpoint::v4(CLIENT, 40_000),
        destination: Endpoint::v4(SERVER, 443),
        ipv6: false,
        seq: SeqNum(1000),
        ack: SeqNum(5000),
        flags: TcpFlags::ACK,
        window: Some(500),
        payload_len: 0,
        captured_payload: 0,
        options: TcpOptions::default(),
        options_complete: true,
        ttl: 64,
        tos: 0,
        ip_id: Some(frame as u16),
        dont_fragment: true,
        path: PathId::PLAIN,
        input: 0,
        input_frame: FrameNumber::new(frame).expect("frames count from 1"),
    }
}

/// Initial sequence numbers of the traces, near the wrap so that every test crosses it.
const CLIENT_ISN: SeqNum = SeqNum(u32::MAX - 100);
const SERVER_ISN: SeqNum = SeqNum(u32::MAX - 3000);

/// Reads a flow as text, a segment a line: `MILLISECONDS c|s FLAGS SEQ [len N] [ack N] [win N] [and so on]`.
///
/// `c` is sent by the client, `s` by the server; flags are letters of `FSRPA`; numbers are relative to the sender's own and
/// the peer's initial sequence number. Further words: `ttl N`, `id N` (else counted up), `wscale N`, `vlan N` (a path),
/// `reuse N` (moves the client's initial sequence number), `copy` (identification of the line before).
pub(crate) fn trace(text: &str) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.split_whitespace();
        let mut word = || words.next();
        let millis: f64 = word().and_then(|word| word.parse().ok()).expect("a time");
        let from_client = word().expect("c or s") == "c";
        let flags = word().expect("flags").chars().fold(TcpFlags::default(), |flags, letter| {
            flags.union(match letter {
                'F' => TcpFlags::FIN,
                'S' => TcpFlags::SYN,
                'R' => TcpFlags::RST,
                'P' => TcpFlags::PSH,
                'A' => TcpFlags::ACK,
                other => panic!("no flag {other}"),
            })
        });
        let number = segments.len() as u64 + 1;
        let mut segment = Segment { flags, ..segment(number, (millis * 1000.0) as i64) };
        let seq: i64 = word().and_then(|word| word.parse().ok()).expect("a sequence number");
        let (mut ack, mut reuse) = (0i64, 0);
        while let Some(name) = word() {
            let mut value = || word().and_then(|word| word.parse::<i64>().ok()).expect("a number");
            match name {
                "len" => segment.payload_len = value() as u32,
                "ack" => ack = value(),
                "win" => segment.window = Some(value() as u16),
                "ttl" => segment.ttl = value() as u8,
                "id" => segment.ip_id = Some(value() as u16),
                "wscale" => segment.options.window_scale = Some(value() as u8),
                "vlan" => segment.path = PathId(value() as u32),
                "reuse" => reuse = value() as u32,
                "copy" => segment.ip_id = segments.last().and_then(|before| before.ip_id),
                other => panic!("no word {other}"),
            }
        }
        let client = CLIENT_ISN.add(reuse.wrapping_mul(1 << 28));
        let server = SERVER_ISN.add(reuse.wrapping_mul(1 << 28));
        let (own, peer) = if from_client { (client, server) } else { (server, client) };
        segment.seq = own.add(seq as u32);
        segment.ack = if flags.ack() { peer.add(ack as u32) } else { SeqNum(0) };
        segment.captured_payload = segment.payload_len;
        if !from_client {
            std::mem::swap(&mut segment.source, &mut segment.destination);
        }
        segments.push(segment);
    }
    segments
}
