//! Frames of every link type: the short way and the long one agree, and what is said to lie in a frame lies in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tcpautopsy::decode::{DecodeLimits, Decoded, Decoder};
use tcpautopsy_fuzz::show;

fuzz_target!(|data: &[u8]| {
    let [mut short, mut long, mut seen] = [0; 3].map(|_| Decoder::new(DecodeLimits::default()));
    show(data, |frame| {
        let decoded = short.decode(frame);
        let (looked, view) = long.look(frame);
        assert_eq!(decoded, looked);
        if let Some(payload) = &view.payload {
            assert!(payload.start <= payload.end && payload.end <= frame.bytes.len());
        }
        if let Decoded::Segment(segment) = decoded {
            assert!(segment.captured_payload <= segment.payload_len);
            let (again, other) = seen.view(frame, |_| true).expect("what was a segment is one");
            assert_eq!((again, other.payload), (segment, view.payload));
        } else {
            assert!(seen.view(frame, |_| true).is_none());
        }
    });
    assert_eq!(short.counts(), long.counts());
});
