//! What the two sides of a connection say to each other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tcpautopsy::application::{self, End};
use tcpautopsy::flow::{RoleSource, Roles, Way};
use tcpautopsy::tcp::{FrameNumber, Segment, TcpFlags, Timestamp};
use tcpautopsy::timeline::{Sighting, Timeline};
use tcpautopsy::trace;
use tcpautopsy_fuzz::messages;

/// Octets of one segment's data that a timeline keeps at most.
const MOST: usize = 16_384;

fuzz_target!(|data: &[u8]| {
    let Some((port, messages)) = messages(data) else { return };
    let model = trace::parse("0 c A 1 ack 1").expect("a trace");
    let model: Segment = *model[0].segment().expect("a segment");
    let mut timeline = Timeline::default();
    let mut next = [model.seq, model.ack];
    for (number, message) in (1..).zip(messages) {
        let frame = FrameNumber::new(number).expect("from 1");
        let own = usize::from(!message.from_client);
        let seq = next[own].add(message.skipped);
        next[own] = seq.add(message.octets.len() as u32);
        let mut segment = Segment {
            frame,
            input_frame: frame,
            time: Some(Timestamp::from_nanos(number as i64 * 1_000_000)),
            seq,
            ack: next[1 - own],
            flags: TcpFlags::ACK,
            payload_len: message.octets.len() as u32,
            captured_payload: message.octets.len() as u32,
            ..model
        };
        segment.destination.port = port;
        if !message.from_client {
            std::mem::swap(&mut segment.source, &mut segment.destination);
        }
        timeline.sightings.push(Sighting {
            segment,
            way: if message.from_client { Way::Forward } else { Way::Back },
            copy: false,
            after_gap: message.skipped > 0,
            link_source: None,
            direction: None,
            flow_label: None,
            payload: message.octets[..message.octets.len().min(MOST)].to_vec().into(),
        });
    }
    let roles = Roles { from_client: Way::Forward, source: RoleSource::Syn };
    for place in [timeline.sightings.len(), timeline.sightings.len() / 2] {
        let time = timeline.sightings.last().and_then(Sighting::time);
        let found = application::read(&timeline, roles, End { place, time });
        // No text from a packet is kept long: 200 octets of it stand in a sentence, escaped at most fourfold.
        for text in [&found.progress, &found.detail, &found.name].into_iter().flatten() {
            assert!(text.len() < 4000, "{} octets: {text}", text.len());
        }
    }
});
