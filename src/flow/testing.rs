//! Segments for tests: a template, to be varied by struct update.

use crate::tcp::{Device, Endpoint, FrameNumber, PathId, Segment, SeqNum, TcpFlags, TcpOptions, Timestamp};

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
        device: Device::UNKNOWN,
        input: 0,
        input_frame: FrameNumber::new(frame).expect("frames count from 1"),
    }
}

/// The segments of a trace, in the language of [`crate::trace`].
pub(crate) fn trace(text: &str) -> Vec<Segment> {
    let events = crate::trace::parse(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"));
    events.iter().filter_map(|event| event.segment().copied()).collect()
}
