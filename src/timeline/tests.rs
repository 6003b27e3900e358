//! What is kept of a flow, and whose a segment is.

use super::*;
use crate::decode::View;
use crate::flow::testing::segment;
use crate::flow::{Flow, FlowTable, Flows, Limits};
use crate::tcp::{Endpoint, PathId, Segment, SeqNum, TcpFlags};

fn syn_ack() -> TcpFlags {
    TcpFlags::from_bits(TcpFlags::SYN.bits() | TcpFlags::ACK.bits())
}

fn follow(segments: &[Segment]) -> Flows {
    let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
    let mut keyer = table.keyer();
    for segment in segments {
        table.segments(&[*segment], &[keyer.key(segment)]);
    }
    table.finish()
}

/// Gathers these segments, all flows to this depth, within so many octets.
fn gather(segments: &[Segment], depth: Depth, limit: usize) -> (Flows, Timelines) {
    let flows = follow(segments);
    let mut gathering = Gathering::new(limit);
    for flow in flows.iter() {
        gathering.want(flow, depth);
    }
    for segment in segments {
        gathering.take(*segment, &View::default(), &[]);
    }
    (flows, gathering.finish())
}

/// The answer to a segment like [`segment`].
fn back(frame: u64, micros: i64) -> Segment {
    let one = segment(frame, micros);
    Segment { source: one.destination, destination: one.source, ..one }
}

/// So many segments of one connection, in order.
fn stream(count: u32) -> Vec<Segment> {
    let one = |at: u32| Segment {
        seq: SeqNum(at * 10),
        payload_len: 10,
        ip_id: Some(at as u16 + 1),
        ..segment(u64::from(at) + 1, i64::from(at) * 1000)
    };
    (0..count).map(one).collect()
}

fn only(flows: &Flows) -> &Flow {
    flows.iter().next().expect("one flow")
}

#[test]
fn a_short_flow_is_kept_whole() {
    let (flows, timelines) = gather(&stream(20), Depth::Whole, 1 << 20);
    let timeline = timelines.get(only(&flows).id).expect("it was wanted");
    assert_eq!((timeline.sightings.len(), timeline.left_out), (20, 0));
    assert!(timeline.sightings.iter().all(|one| !one.after_gap && !one.copy));
}

#[test]
fn of_a_long_flow_the_beginning_and_the_end_are_kept_with_a_mark_between() {
    let (flows, timelines) = gather(&stream(1000), Depth::Whole, 1 << 20);
    let timeline = timelines.get(only(&flows).id).expect("it was wanted");
    let gaps: Vec<_> = timeline.sightings.iter().filter(|one| one.after_gap).map(|one| one.frame().get()).collect();
    let kept = timeline.sightings.len() as u64;
    assert_eq!(kept + timeline.left_out, 1000);
    assert_eq!(gaps, [1000 - (kept - 64) + 1], "64 from the beginning, the rest from the end");
}

#[test]
fn what_surrounds_a_reset_is_kept_wherever_it_stands() {
    let mut segments = stream(1500);
    segments[700].flags = TcpFlags::RST;
    let (flows, timelines) = gather(&segments, Depth::Whole, 1 << 20);
    let timeline = timelines.get(only(&flows).id).expect("it was wanted");
    let has = |frame: u64| timeline.sightings.iter().any(|one| one.frame().get() == frame);
    assert!(has(701) && has(600) && has(780) && has(1500));
    assert!(!has(200) && !has(1000));
}

#[test]
fn a_limit_leaves_segments_out_and_says_so() {
    let limit = 20 * size_of::<Sighting>();
    let (flows, timelines) = gather(&stream(300), Depth::Whole, limit);
    let timeline = timelines.get(only(&flows).id).expect("it was wanted");
    let kept = timeline.sightings.len();
    assert!((5..20).contains(&kept), "{kept} beside what the flow itself takes");
    assert_eq!((timeline.left_out, timelines.incomplete), (300 - kept as u64, 1));
}

#[test]
fn a_flow_for_which_there_is_no_room_is_counted() {
    for (depth, incomplete) in [(Depth::Whole, 1), (Depth::Profile, 0)] {
        let (flows, timelines) = gather(&stream(3), depth, 500);
        assert!(timelines.get(only(&flows).id).is_none() && !timelines.knows(only(&flows)));
        assert_eq!(timelines.incomplete, incomplete);
    }
}

#[test]
fn copies_are_marked() {
    let segments = [
        Segment { ip_id: Some(7), flags: TcpFlags::SYN, ..segment(1, 0) },
        Segment { ip_id: Some(7), flags: TcpFlags::SYN, ttl: 3, ..segment(2, 50) },
        Segment { ip_id: Some(8), flags: syn_ack(), ttl: 57, ..back(3, 90) },
    ];
    let (flows, timelines) = gather(&segments, Depth::Whole, 1 << 20);
    let id = only(&flows).id;
    let copies: Vec<_> = timelines.get(id).expect("wanted").sightings.iter().map(|one| one.copy).collect();
    assert_eq!(copies, [false, true, false]);
}

#[test]
fn a_flow_that_is_only_known_by_takes_no_segments() {
    let (flows, timelines) = gather(&stream(3), Depth::Profile, 1 << 20);
    assert!(timelines.get(only(&flows).id).is_none() && timelines.knows(only(&flows)));
}

#[test]
fn a_port_used_again_is_another_flow_for_its_own_frames() {
    let mut segments = Vec::new();
    for connection in 0..200u64 {
        let at = |place: u64| segment(connection * 2 + place, (connection * 2 + place) as i64 * 1000);
        let seq = SeqNum(connection as u32 * 1_000_000);
        segments.push(Segment { flags: TcpFlags::SYN, seq, ..at(1) });
        segments.push(Segment { flags: TcpFlags::RST, seq: seq.add(1), ..at(2) });
    }
    let flows = follow(&segments);
    let mut members = Members::default();
    // In any order.
    let mut all: Vec<_> = flows.iter().collect();
    all.reverse();
    all.iter().for_each(|flow| members.add(flow, Depth::Whole));
    assert_eq!(all.len(), 200);
    for segment in &segments {
        let id = members.flow_of(segment).expect("it belongs to one");
        let flow = all.iter().find(|flow| flow.id == id).expect("a flow");
        assert!((flow.first_frame..=flow.stream.last_frame).contains(&segment.frame));
    }
}

#[test]
fn of_flows_told_apart_by_their_path_a_segment_belongs_to_the_one_on_its_own() {
    let here = |frame, seq, path| Segment {
        flags: TcpFlags::SYN,
        seq: SeqNum(seq),
        path: PathId(path),
        ..segment(frame, frame as i64 * 1000)
    };
    let segments = [here(1, 1, 1), here(2, 900_000_000, 2), here(3, 1, 1), here(4, 900_000_000, 2)];
    let flows = follow(&segments);
    let mut members = Members::default();
    flows.iter().for_each(|flow| members.add(flow, Depth::Whole));
    let ids: Vec<_> = segments.iter().map(|segment| members.flow_of(segment)).collect();
    assert_eq!((ids[0], ids[1]), (ids[2], ids[3]));
    assert_ne!(ids[2], ids[3]);
}

#[test]
fn strangers_belong_to_no_flow() {
    let flows = follow(&stream(3));
    let mut members = Members::default();
    assert!(members.is_empty());
    assert_eq!(members.flow_of(&segment(1, 0)), None, "nobody was added");
    flows.iter().for_each(|flow| members.add(flow, Depth::Whole));
    assert!(members.flow_of(&segment(2, 0)).is_some());
    assert_eq!(members.flow_of(&segment(4, 0)), None, "a later frame");
    let elsewhere = Endpoint::v4([192, 0, 2, 99], 1);
    assert_eq!(members.flow_of(&Segment { source: elsewhere, ..segment(2, 0) }), None);
    assert_eq!(members.flow_of(&Segment { ipv6: true, ..segment(2, 0) }), None);
}

#[test]
fn many_members_are_all_found() {
    let one = |at: u32| {
        let source = Endpoint::v4([10, 0, (at >> 8) as u8, at as u8], 1000);
        Segment { source, ..segment(u64::from(at) + 1, i64::from(at)) }
    };
    let segments: Vec<_> = (0..5000).map(one).collect();
    let flows = follow(&segments);
    let mut members = Members::default();
    flows.iter().filter(|flow| flow.id % 2 == 0).for_each(|flow| members.add(flow, Depth::Whole));
    let found: Vec<_> = segments.iter().filter_map(|segment| members.flow_of(segment)).collect();
    assert_eq!(found.len(), 2500);
    assert!(found.iter().all(|id| id % 2 == 0) && found.is_sorted());
}

#[test]
fn the_opening_of_a_flow_has_the_first_data_of_who_began_it() {
    let data =
        |frame: u64, seq: u32| Segment { seq: SeqNum(seq), ip_id: Some(frame as u16), ..segment(frame, frame as i64) };
    let said =
        |frame, seq, words: &'static [u8]| (Segment { payload_len: words.len() as u32, ..data(frame, seq) }, words);
    let answer = Segment { payload_len: 6, ip_id: Some(2), ..back(2, 2) };
    let packets = [said(1, 1, b"one"), (answer, &b"answer"[..]), said(3, 4, b"two"), said(4, 7, b"three")];
    let flows = follow(&packets.map(|(segment, _)| segment));
    for (depth, expected) in
        [(Depth::Profile, &[][..]), (Depth::Opening, &["one", "two"]), (Depth::Whole, &["one", "two"])]
    {
        let mut gathering = Gathering::new(1 << 20);
        for flow in flows.iter() {
            gathering.want(flow, depth);
        }
        for (segment, words) in packets {
            let view = View { payload: Some(0..words.len()), ..View::default() };
            gathering.take(segment, &view, words);
        }
        let timelines = gathering.finish();
        let opening = timelines.opening(only(&flows).id).unwrap_or_default();
        let words: Vec<_> = opening.sightings.iter().map(|one| String::from_utf8_lossy(&one.payload)).collect();
        assert_eq!(words, expected, "{depth:?}");
        assert_eq!(timelines.get(only(&flows).id).is_some(), depth == Depth::Whole);
    }
}
