//! Flows by state and event.

use super::testing::{segment, trace};
use super::*;
use crate::tcp::{Duration, Endpoint, IcmpError, PathId, QuotedSegment, Segment, SeqNum, TcpFlags, Timestamp};

const HANDSHAKE: &str = "
    0  c S  0 wscale 7
    10 s SA 0 ack 1 wscale 7
    11 c A  1 ack 1
";

fn take(table: &mut FlowTable, segments: &[Segment]) {
    let mut keyer = table.keyer();
    let keys: Vec<Key> = segments.iter().map(|segment| keyer.key(segment)).collect();
    table.segments(segments, &keys);
}

fn follow(segments: &[Segment]) -> Flows {
    let mut table = FlowTable::new(Limits::within(1 << 24, true, 0));
    take(&mut table, segments);
    table.finish()
}

/// The flows of a handshake and what follows it.
fn established(rest: &str) -> Flows {
    follow(&trace(&format!("{HANDSHAKE}{rest}")))
}

fn only(flows: &Flows) -> &Flow {
    let mut all = flows.iter();
    let flow = all.next().expect("a flow");
    assert!(all.next().is_none(), "more than one flow");
    flow
}

fn teardown(flows: &Flows) -> Teardown {
    Teardown::of(only(flows), flows.end)
}

fn teardowns(flows: &Flows) -> Vec<Teardown> {
    flows.iter().map(|flow| Teardown::of(flow, flows.end)).collect()
}

/// Way, phase, exact and in the window of each reset.
fn resets(flows: &Flows) -> Vec<(Way, Phase, Option<bool>, Option<bool>)> {
    only(flows).resets().iter().map(|reset| (reset.way, reset.phase, reset.exact, reset.in_window)).collect()
}

// Teardown

#[test]
fn fin_from_both_sides_is_fin() {
    let flows = established(
        "20 c A 1 len 10 ack 1
         30 s A 1 len 20 ack 11
         40 c FA 11 ack 21
         50 s FA 21 ack 12
         60 c A 12 ack 22",
    );
    assert_eq!(teardown(&flows), Teardown::Fin);
    assert_eq!(only(&flows).phase(), Phase::Closed);
    assert_eq!((only(&flows).ends.forward.octets, only(&flows).ends.back.octets), (10, 20));
}

#[test]
fn one_fin_is_half_closed() {
    let flows = established("20 c FA 1 ack 1\n 30 s A 1 ack 2\n 40 s A 1 len 5 ack 2\n 50 c A 2 ack 6");
    assert_eq!(teardown(&flows), Teardown::HalfClosed);
    assert_eq!(only(&flows).phase(), Phase::Closing);
}

#[test]
fn nothing_at_the_end_is_open() {
    assert_eq!(teardown(&established("20 c A 1 len 10 ack 1\n 30 s A 1 ack 11")), Teardown::Open);
}

#[test]
fn reset_of_an_established_connection() {
    let flows = established("20 c A 1 len 2 ack 1\n 30 s RA 1 ack 3");
    assert_eq!(teardown(&flows), Teardown::Reset);
    assert_eq!(resets(&flows), [(Way::Back, Phase::Data, Some(true), Some(true))]);
    assert_eq!(only(&flows).resets()[0].after, Some(Duration::from_millis(10)));
}

#[test]
fn refused_connection() {
    let flows = follow(&trace("0 c S 0\n 5 s RA 0 ack 1"));
    assert_eq!(teardown(&flows), Teardown::Refused);
    assert_eq!(resets(&flows), [(Way::Back, Phase::Syn, Some(true), Some(true))]);
}

#[test]
fn a_reset_that_does_not_acknowledge_the_syn_is_not_acceptable() {
    let flows = follow(&trace("0 c S 0\n 5 s RA 0 ack 77\n 9 s SA 0 ack 1\n 9 c A 1 ack 1"));
    assert_eq!(resets(&flows), [(Way::Back, Phase::Syn, Some(false), Some(false))]);
}

#[test]
fn refused_seen_from_the_server_side_only() {
    let mut segments = trace("0 c S 0\n 5 s RA 0 ack 1");
    segments.remove(0);
    segments[0].seq = SeqNum(0);
    let flows = follow(&segments);
    assert_eq!(teardown(&flows), Teardown::Refused);
    assert_eq!(Roles::of(only(&flows)), Roles { from_client: Way::Back, source: RoleSource::Refusal });
}

#[test]
fn the_client_giving_up_its_request_is_a_reset() {
    let flows = follow(&trace("0 c S 0\n 5 s SA 0 ack 1\n 6 c R 1"));
    assert_eq!(teardown(&flows), Teardown::Reset);
    assert_eq!(resets(&flows)[0].1, Phase::Handshake);
}

#[test]
fn reset_after_both_fins_changes_nothing() {
    let flows = established("20 c FA 1 ack 1\n 30 s FA 1 ack 2\n 40 c A 2 ack 2\n 50 s R 2");
    assert_eq!(teardown(&flows), Teardown::ResetAfterFin);
    assert_eq!(resets(&flows)[0].1, Phase::Closed);
}

#[test]
fn reset_of_a_side_that_had_closed_and_the_other_fin_after_it() {
    let flows = established("20 c FA 1 ack 1\n 30 c RA 2 ack 1\n 31 s FA 1 ack 2");
    assert_eq!(teardown(&flows), Teardown::ResetAfterFin);
}

#[test]
fn reset_by_the_side_that_had_not_closed() {
    let flows = established("20 c FA 1 ack 1\n 30 s RA 1 ack 2");
    assert_eq!(teardown(&flows), Teardown::Reset);
    assert_eq!(resets(&flows)[0].1, Phase::Closing);
}

#[test]
fn a_late_segment_answered_below_the_fin_is_still_a_reset() {
    let flows = established("20 s FA 1 ack 1\n 21 c A 1 len 5 ack 1\n 31 s R 1");
    assert_eq!(teardown(&flows), Teardown::Reset);
}

#[test]
fn a_reset_outside_the_window_is_ignored() {
    let flows = established("20 s R 900000000\n 30 c FA 1 ack 1\n 40 s FA 1 ack 2\n 50 c A 2 ack 2");
    assert_eq!(teardown(&flows), Teardown::Fin);
    assert_eq!(resets(&flows), [(Way::Back, Phase::Data, Some(false), Some(false))]);
}

#[test]
fn a_reset_in_the_window_but_not_exact() {
    // The window is 500 << 7.
    let flows = established("20 s R 64000");
    assert_eq!(resets(&flows), [(Way::Back, Phase::Data, Some(false), Some(true))]);
    let flows = established("20 s R 64001");
    assert_eq!(resets(&flows), [(Way::Back, Phase::Data, Some(false), Some(false))]);
}

#[test]
fn the_window_of_a_syn_is_not_scaled() {
    // The server has said 500 in its SYN alone; later 500 << 7.
    for rest in ["20 c R 501", "11.5 s A 1 ack 1\n20 c R 64001"] {
        assert_eq!(resets(&established(rest)), [(Way::Forward, Phase::Data, Some(false), Some(false))], "{rest}");
    }
    for rest in
        ["20 c R 500", "11.5 s A 1 ack 1\n20 c R 64000", "11.5 c PA 1 ack 1 len 5\n12 s PA 1 ack 6 len 5\n20 c R 64005"]
    {
        assert_eq!(resets(&established(rest)), [(Way::Forward, Phase::Data, Some(false), Some(true))], "{rest}");
    }
}

#[test]
fn what_is_repeated_is_no_more_of_a_turn() {
    let octets = |rest: &str| only(&established(rest)).stream.turn().map(|turn| (turn.way, turn.octets));
    assert_eq!(
        octets("20 c PA 1 len 6 ack 1\n220 c PA 1 len 6 ack 1\n620 c PA 1 len 6 ack 1"),
        Some((Way::Forward, 6))
    );
    assert_eq!(octets("20 c PA 1 len 6 ack 1\n220 c PA 1 len 9 ack 1"), Some((Way::Forward, 9)));
    let repeated = "20 c PA 1 len 6 ack 1\n40 s PA 1 len 8 ack 1\n220 c PA 1 len 6 ack 9";
    assert_eq!(octets(repeated), Some((Way::Forward, 6)));
}

#[test]
fn a_connection_that_lives_on_was_not_reset() {
    let lives = established("20 s R 1\n 30 c A 1 len 5 ack 1\n 40 s A 1 len 7 ack 6\n 50 c A 6 ack 8");
    assert_eq!(teardown(&lives), Teardown::Open);
    assert!(only(&lives).lived_on());
}

#[test]
fn segments_under_way_do_not_mean_that_it_lives_on() {
    let flows = established("20 s A 1 len 7 ack 1\n 30 s R 8\n 31 c A 1 len 5 ack 1\n 32 s A 1 len 7 ack 1");
    assert_eq!(teardown(&flows), Teardown::Reset);
}

#[test]
fn a_reset_below_data_that_was_lost_behind_the_capture_point() {
    let lost =
        "20 s A 1 len 50 ack 1\n 220 s A 1 len 50 ack 1\n 620 s A 1 len 50 ack 1\n 900 c A 1 len 9 ack 1\n 901 s R 1";
    assert_eq!(resets(&established(lost)), [(Way::Back, Phase::Data, Some(true), Some(true))]);
    // Acknowledged since, it cannot have been lost.
    let arrived = lost.replace("900 c A 1 len 9 ack 1", "900 c A 1 len 9 ack 51");
    assert_eq!(resets(&established(&arrived)), [(Way::Back, Phase::Data, Some(false), Some(false))]);
}

#[test]
fn without_the_scale_the_window_is_known_within_bounds() {
    // In mid-stream 500 is the least window and 500 << 14 the most.
    let mid = |seq: u32| {
        let text = format!("0 c A 1 len 5 ack 1\n 1 s A 1 ack 6\n 2 s R {seq}");
        resets(&follow(&trace(&text)))[0].3
    };
    assert_eq!(mid(1), Some(true));
    assert_eq!(mid(500), Some(true));
    assert_eq!(mid(501), None);
    assert_eq!(mid(1 + (500 << 14)), Some(false));
}

#[test]
fn a_lone_reset_says_nothing_of_its_position() {
    let flows = follow(&trace("0 s R 5"));
    assert_eq!(resets(&flows), [(Way::Forward, Phase::Data, None, None)]);
    assert_eq!(teardown(&flows), Teardown::Reset);
    assert_eq!(only(&flows).resets()[0].after, None);
}

#[test]
fn a_repeated_syn_without_answer() {
    let flows = follow(&trace("0 c S 0\n 1000 c S 0\n 3000 c S 0"));
    assert_eq!(teardown(&flows), Teardown::Unanswered);
    assert_eq!(only(&flows).rare(Way::Forward).map(|rare| rare.retransmitted), Some(2));
}

#[test]
fn a_single_syn_is_unanswered_only_after_a_while() {
    let mut segments = trace("0 c S 0");
    assert_eq!(teardowns(&follow(&segments)), [Teardown::Open]);
    let other = Segment { source: Endpoint::v4([203, 0, 113, 9], 1), ..segment(2, 3_000_000) };
    segments.push(other);
    assert_eq!(teardowns(&follow(&segments))[0], Teardown::Unanswered);
}

#[test]
fn data_into_silence() {
    let flows = established("20 c A 1 len 5 ack 1\n 220 c A 1 len 5 ack 1\n 620 c A 1 len 5 ack 1");
    assert_eq!(teardown(&flows), Teardown::Unanswered);
    let flows = established("20 c A 1 len 5 ack 1\n 220 c A 1 len 5 ack 1\n 620 c A 1 len 5 ack 1\n 621 s A 1 ack 6");
    assert_eq!(teardown(&flows), Teardown::Open);
}

#[test]
fn data_repeated_once_is_unanswered_only_after_a_while() {
    let text = "20 c A 1 len 5 ack 1\n 220 c A 1 len 5 ack 1";
    assert_eq!(teardown(&established(text)), Teardown::Open);
    let mut segments = trace(&format!("{HANDSHAKE}{text}"));
    segments.push(Segment { source: Endpoint::v4([203, 0, 113, 9], 1), ..segment(9, 1_220_000) });
    assert_eq!(teardowns(&follow(&segments))[0], Teardown::Unanswered);
}

#[test]
fn a_syn_repeated_once_is_unanswered() {
    assert_eq!(teardown(&follow(&trace("0 c S 0\n 1000 c S 0"))), Teardown::Unanswered);
}

#[test]
fn keepalive_probes_into_silence() {
    let flows = established("20 c A 1 len 5 ack 1\n 30 s A 1 ack 6\n 5000 c A 5 ack 1\n 6000 c A 5 ack 1");
    assert_eq!(teardown(&flows), Teardown::Unanswered);
    let rare = only(&flows).rare(Way::Forward).expect("probes");
    assert_eq!((rare.keepalive_probes, rare.retransmitted), (2, 0));
}

#[test]
fn a_request_answered_by_icmp_is_refused() {
    let request = trace("0 c S 0");
    let error = |icmp_type, code| IcmpError {
        frame: request[0].frame.next(),
        time: request[0].time,
        reporter: [203, 0, 113, 1].into(),
        icmpv6: false,
        icmp_type,
        code,
        quoted: QuotedSegment {
            source: request[0].source,
            destination: request[0].destination,
            ipv6: false,
            seq: Some(request[0].seq),
        },
    };
    for (icmp_type, code, expected) in [(3, 13, Teardown::Refused), (3, 4, Teardown::Open), (11, 0, Teardown::Open)] {
        let mut table = FlowTable::new(Limits::within(1 << 24, true, 0));
        take(&mut table, &request);
        table.icmp_error(&error(icmp_type, code));
        let flows = table.finish();
        assert_eq!(teardown(&flows), expected, "type {icmp_type} code {code}");
    }
    let mut table = FlowTable::new(Limits::within(1 << 24, true, 0));
    table.icmp_error(&error(3, 3));
    assert_eq!(table.finish().totals.icmp_without_flow, 1);
}

// Coverage

#[test]
fn late_data_fills_the_hole() {
    let flows = established("20 c A 1 len 5 ack 1\n 21 c A 11 len 5 ack 1\n 22 c A 6 len 5 ack 1");
    let flow = only(&flows);
    let rare = flow.rare(Way::Forward).expect("a hole");
    assert_eq!((flow.ends.forward.octets, rare.out_of_order, rare.retransmitted, rare.holes.missing()), (15, 1, 0, 0));
}

#[test]
fn acknowledged_but_never_seen_is_missing() {
    let flows = established("20 c A 1 len 5 ack 1\n 21 s A 1 ack 100");
    assert_eq!(only(&flows).rare(Way::Forward).map(|rare| rare.holes.missing()), Some(94));
}

#[test]
fn retransmission_with_more_behind_it() {
    let flows = established("20 c A 1 len 5 ack 1\n 300 c A 1 len 9 ack 1");
    assert_eq!(only(&flows).ends.forward.octets, 9);
    assert_eq!(only(&flows).rare(Way::Forward).map_or(0, |rare| rare.retransmitted), 0);
}

#[test]
fn super_frames_count_what_they_carry() {
    let flows = established("20 c A 1 len 65160 ack 1\n 21 s A 1 ack 65161");
    assert_eq!(only(&flows).ends.forward.octets, 65160);
}

#[test]
fn zero_windows_are_counted_once_each() {
    let flows =
        established("20 s A 1 ack 1 win 0\n 21 s A 1 ack 1 win 0\n 22 s A 1 ack 1 win 9\n 23 s A 1 ack 1 win 0");
    assert_eq!(only(&flows).rare(Way::Back).map(|rare| rare.zero_windows), Some(2));
}

#[test]
fn round_trip_time_of_the_handshake() {
    assert_eq!(only(&established("")).rtt(), Some(Duration::from_millis(11)));
    let repeated = follow(&trace("0 c S 0\n 1000 c S 0\n 1010 s SA 0 ack 1\n 1011 c A 1 ack 1"));
    assert_eq!(only(&repeated).rtt(), None);
}

// Copies

#[test]
fn a_packet_captured_twice_is_one_packet() {
    let flows = established(
        "20 c A 1 len 5 ack 1\n 20.1 c A 1 len 5 ack 1 copy ttl 63\n 30 s RA 1 ack 6\n 30.1 s RA 1 ack 6 copy ttl 63",
    );
    let flow = only(&flows);
    let rare = flow.rare(Way::Forward).expect("copies");
    assert_eq!((rare.retransmitted, rare.duplicates), (0, 1));
    assert_eq!(flow.ends.forward.segments, 4);
    assert_eq!(flow.resets().iter().map(|reset| reset.duplicate).collect::<Vec<_>>(), [false, true]);
    assert_eq!(flows.totals.duplicates, 2);
}

// Port reuse

#[test]
fn a_new_syn_begins_another_flow() {
    let flows = established("20 s RA 1 ack 1\n 900 c S 0 reuse 1\n 910 s RA 0 ack 1 reuse 1");
    assert_eq!(teardowns(&flows), [Teardown::Reset, Teardown::Refused]);
}

#[test]
fn a_repeated_syn_does_not() {
    let flows = follow(&trace("0 c S 0\n 5 s RA 0 ack 1\n 500 c S 0\n 505 s RA 0 ack 1"));
    assert_eq!(teardowns(&flows), [Teardown::Refused]);
    assert_eq!(only(&flows).resets().len(), 2);
}

#[test]
fn segments_after_the_close_belong_to_the_closed_flow() {
    let flows = established("20 c FA 1 ack 1\n 30 s FA 1 ack 2\n 31 c A 2 ack 2\n 9000 c A 2 ack 2");
    assert_eq!(only(&flows).ends.forward.segments, 5);
}

#[test]
fn simultaneous_open_is_one_flow() {
    let flows = follow(&trace("0 c S 0\n 1 s S 0\n 2 c SA 0 ack 1\n 3 s SA 0 ack 1\n 4 c A 1 ack 1"));
    assert_eq!(teardown(&flows), Teardown::Open);
    assert_eq!(Roles::of(only(&flows)).from_client, Way::Forward);
}

#[test]
fn the_server_calling_back_on_the_same_ports_is_another_flow() {
    let flows = established(
        "20 c FA 1 ack 1\n 30 s FA 1 ack 2\n 31 c A 2 ack 2\n 500 s S 0 reuse 1\n 510 c SA 0 ack 1 reuse 1",
    );
    let clients: Vec<_> = flows.iter().map(|flow| flow.stream.endpoints[Roles::of(flow).from_client]).collect();
    assert_eq!(clients.len(), 2);
    assert_ne!(clients[0], clients[1]);
}

// VLANs and tunnels

#[test]
fn both_sides_of_a_router_are_one_flow() {
    let flows = follow(&trace(
        "0 c S 0 vlan 1
         0.1 c S 0 vlan 2 copy
         10 s SA 0 ack 1 vlan 2
         10.1 s SA 0 ack 1 vlan 1 copy
         11 c A 1 ack 1 vlan 1
         11.1 c A 1 ack 1 vlan 2 copy
         12 s RA 1 ack 1 vlan 2
         12.1 s RA 1 ack 1 vlan 1 copy",
    ));
    assert_eq!(only(&flows).resets().len(), 2);
    assert_eq!(flows.totals.duplicates, 4);
}

#[test]
fn directions_in_different_vlans_are_one_flow() {
    let flows = follow(&trace("0 c A 1 len 5 ack 1 vlan 1\n 1 s A 1 len 3 ack 6 vlan 2\n 2 c A 6 ack 4 vlan 1"));
    assert_eq!(only(&flows).stream.paths, Pair { forward: PathId(1), back: PathId(2) });
}

#[test]
fn the_same_addresses_in_two_networks_are_two_flows() {
    let flows = follow(&trace(
        "0 c S 0 vlan 1
         1 c S 0 vlan 2 reuse 1
         2 s SA 0 ack 1 vlan 1
         3 s SA 0 ack 1 vlan 2 reuse 1
         4 c A 1 ack 1 vlan 1
         5 c A 1 ack 1 vlan 2 reuse 1
         6 s RA 1 ack 1 vlan 1
         7 c A 1 len 9 ack 1 vlan 2 reuse 1
         8 s A 1 ack 10 vlan 2 reuse 1",
    ));
    assert_eq!(teardowns(&flows), [Teardown::Reset, Teardown::Open]);
    assert_eq!(flows.iter().map(|flow| flow.ends.forward.segments).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn reuse_in_one_of_two_networks_leaves_the_other_alone() {
    let flows = follow(&trace(
        "0 c S 0 vlan 1
         1 c S 0 vlan 2 reuse 1
         2 s RA 0 ack 1 vlan 1
         3 c S 0 vlan 1 reuse 2
         4 s SA 0 ack 1 vlan 2 reuse 1
         5 s SA 0 ack 1 vlan 1 reuse 2
         6 c A 1 ack 1 vlan 2 reuse 1",
    ));
    assert_eq!(teardowns(&flows), [Teardown::Refused, Teardown::Open, Teardown::Open]);
    assert_eq!(flows.iter().map(|flow| flow.ends.forward.segments).collect::<Vec<_>>(), [1, 2, 1]);
}

// Roles

#[test]
fn roles_in_mid_stream_are_inferred() {
    let flows = follow(&trace("0 s A 1 len 5 ack 1\n 1 c A 1 ack 6"));
    assert_eq!(Roles::of(only(&flows)), Roles { from_client: Way::Back, source: RoleSource::Ports });
    let mut unclear = trace("0 s A 1 len 5 ack 1");
    unclear[0].source.port = 50_000;
    unclear[0].destination.port = 50_001;
    assert_eq!(Roles::of(only(&follow(&unclear))).source, RoleSource::FirstSegment);
}

#[test]
fn a_syn_ack_alone_tells_who_is_server() {
    let flows = follow(&trace("0 s SA 0 ack 1\n 1 c A 1 ack 1"));
    assert_eq!(Roles::of(only(&flows)), Roles { from_client: Way::Back, source: RoleSource::SynAck });
}

// Bounds

#[test]
fn the_table_stays_within_its_limit_and_counts_what_left() {
    let mut table = FlowTable::new(Limits { flows: 64, resets: 1000, zeek: true });
    let syn = trace("0 c S 0")[0];
    for number in 0..1000u16 {
        let client = Endpoint::v4([10, 0, (number >> 8) as u8, number as u8], 1000 + number);
        let request = Segment { source: client, ..syn };
        take(&mut table, &[request]);
        if number % 10 == 0 {
            let answer = trace("0 c S 0\n 1 s RA 0 ack 1")[1];
            take(&mut table, &[Segment { destination: client, ..answer }]);
        }
    }
    let flows = table.finish();
    let left: u64 = flows.totals.evicted.iter().map(|(_, count)| count).sum();
    assert!(flows.iter().count() <= 64);
    assert_eq!(flows.iter().count() as u64 + left, 1000);
    assert_eq!(flows.totals.flows, 1000);
    assert_eq!(flows.totals.resets, 100);
    // Flows with a reset are the last to go.
    let kept = flows.iter().filter(|flow| !flow.resets().is_empty()).count();
    assert!(kept >= 40, "{kept} of 100 resets are still known");
}

#[test]
fn a_flood_of_resets_is_counted() {
    let mut table = FlowTable::new(Limits { flows: 64, resets: 10, zeek: false });
    let resets: Vec<Segment> = (0..50u64)
        .map(|number| Segment {
            time: Some(Timestamp::from_nanos(number as i64 * 1_000_000_000)),
            ..trace("0 s R 5")[0]
        })
        .collect();
    take(&mut table, &resets);
    let flows = table.finish();
    let flow = only(&flows);
    assert_eq!(flow.resets().len(), 10);
    assert_eq!(flow.detail.as_ref().map(|detail| detail.resets_not_kept), Some(40));
}

#[test]
fn hostile_numbers_do_not_panic() {
    let mut table = FlowTable::new(Limits { flows: 256, resets: 100, zeek: true });
    let mut random = 1u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random >> 33
    };
    for frame in 1..20_000 {
        let mut hostile = segment(frame, next() as i64 % 10_000_000 - 5_000_000);
        if next() % 2 == 0 {
            std::mem::swap(&mut hostile.source, &mut hostile.destination);
        }
        hostile.source.port = hostile.source.port.wrapping_add((next() % 3) as u16);
        hostile.flags = crate::tcp::TcpFlags::from_bits(next() as u16);
        hostile.seq = SeqNum((next() as u32) << (next() % 3));
        hostile.ack = SeqNum((next() as u32) << (next() % 3));
        hostile.payload_len = next() as u32;
        hostile.window = (next() % 4 != 0).then_some(next() as u16);
        hostile.options.set_window_scale(next() as u8);
        hostile.path = PathId((next() % 5) as u32);
        hostile.time = hostile.time.filter(|_| frame % 7 != 0);
        take(&mut table, &[hostile]);
    }
    let flows = table.finish();
    assert!(flows.iter().all(|flow| flow.id > 0));
    assert_eq!(flows.totals.segments, 19_999);
    teardowns(&flows);
}

// Found by attack

#[test]
fn a_request_repeated_after_a_refusal_and_then_answered_is_one_flow() {
    // Windows repeats a refused SYN with the same number.
    let flows = follow(&trace(
        "0 c S 0\n 1 s RA 0 ack 1\n 500 c S 0\n 501 s SA 0 ack 1\n 502 c A 1 ack 1\n 503 c A 1 len 9 ack 1\n 504 s A 1 len 9 ack 10",
    ));
    assert_eq!(teardown(&flows), Teardown::Open);
}

#[test]
fn an_answer_captured_before_the_request_is_one_flow() {
    let flows = follow(&trace("1 s SA 0 ack 1 wscale 7\n 0 c S 0 wscale 7\n 2 c A 1 ack 1"));
    assert_eq!(Roles::of(only(&flows)), Roles { from_client: Way::Back, source: RoleSource::Syn });
}

#[test]
fn a_reset_that_answers_a_segment_sent_before_data_that_never_arrived() {
    // A filter reset the client and swallows its data; the server repeats itself, and the client knows no connection.
    let flows = established(
        "20 c A 1 len 50 ack 1
         31 s R 1
         60 s A 1 len 20 ack 1
         61 c R 1",
    );
    assert_eq!(resets(&flows)[1], (Way::Forward, Phase::Closed, Some(true), Some(true)));
}

#[test]
fn data_in_order_just_before_a_reset_puts_it_out_of_the_window() {
    let flows = established("20 c A 1 len 50 ack 1\n 21 s A 1 len 20 ack 1\n 22 c R 1");
    assert_eq!(resets(&flows), [(Way::Forward, Phase::Data, Some(false), Some(false))]);
}

#[test]
fn the_reset_that_answers_a_challenge_acknowledgement_is_exact_for_the_older_connection() {
    let mut segments = trace(&format!(
        "{HANDSHAKE} 20 c A 1 len 100 ack 1\n 30 s A 1 ack 101\n 500 c S 0 reuse 1\n 510 s A 1 ack 101\n 511 c R 101"
    ));
    let last = segments.len() - 1;
    segments[last].ack = SeqNum(0);
    let flows = follow(&segments);
    let flow = flows.iter().nth(1).expect("a second flow");
    let reset = &flow.resets()[0];
    assert_eq!((reset.exact, reset.in_window), (Some(true), Some(true)));
}

#[test]
fn resets_without_identification_are_not_copies_of_one_another() {
    // A stack answers every segment that comes in for a connection it has lost by the same reset, without identification.
    let flows = established(
        "20 c A 1 len 10 ack 1
         21 c A 11 len 10 ack 1
         31 s R 1 id 0
         31.1 s R 1 id 0",
    );
    assert!(only(&flows).resets().iter().all(|reset| !reset.duplicate));
}

#[test]
fn copies_of_a_refusal_are_known_by_the_copies_of_the_request() {
    let flows = follow(&trace("0 c S 0\n 0.1 c S 0 copy\n 1 s RA 0 ack 1 id 0\n 1.1 s RA 0 ack 1 id 0"));
    assert_eq!(only(&flows).resets().iter().map(|reset| reset.duplicate).collect::<Vec<_>>(), [false, true]);
}

// Identifiers

#[test]
fn days_of_a_flood_do_not_use_up_identifiers() {
    let before = u64::from(u32::MAX) - 1;
    let mut table = FlowTable::after(Limits::within(1 << 24, false, 0), before);
    table.watch_resets();
    let ends = |port| Endpoint::v4([192, 0, 2, 1], port);
    let flags = TcpFlags::RST;
    let segments: Vec<Segment> =
        (1..=4).map(|at| Segment { source: ends(at as u16), flags, ..segment(at, at as i64) }).collect();
    take(&mut table, &segments);
    let ids: Vec<u64> = (1..=4).map(|nth| before + nth).collect();
    assert_eq!(table.take_reset(), ids);
    for (&id, segment) in ids.iter().zip(&segments) {
        assert_eq!(table.get(id).expect("it is held").stream.endpoints.forward, segment.source);
    }
    assert_eq!(table.copy(ids.clone()).iter().map(|flow| flow.id).collect::<Vec<_>>(), ids);
    assert!(size_of::<Flow>() <= 288, "every flow of a flood takes {} octets", size_of::<Flow>());
}

/// So many connections, of which every other one is refused and the others are aborted.
fn reset_connections(count: u64) -> Vec<Segment> {
    let mut all = Vec::new();
    for at in 0..count {
        let source = Endpoint::v4([10, 0, (at >> 8) as u8, at as u8], 1000);
        let one = |step: u64, flags: TcpFlags, seq: u32, ack: u32| Segment {
            source,
            flags,
            seq: SeqNum(seq),
            ack: SeqNum(ack),
            ..segment(4 * at + step, (4 * at + step) as i64 * 1000)
        };
        let back = |step, flags, seq, ack| {
            let mut one = one(step, flags, seq, ack);
            std::mem::swap(&mut one.source, &mut one.destination);
            one
        };
        all.push(one(1, TcpFlags::SYN, 100, 0));
        if at % 2 == 0 {
            all.push(back(2, TcpFlags::RST.union(TcpFlags::ACK), 0, 101));
        } else {
            all.push(back(2, TcpFlags::SYN.union(TcpFlags::ACK), 500, 101));
            all.push(one(3, TcpFlags::ACK, 101, 501));
            all.push(one(4, TcpFlags::RST, 101, 0));
        }
    }
    all
}

#[test]
fn places_of_flows_that_nobody_took_are_for_resets() {
    let follow = |limits: Limits| {
        let mut table = FlowTable::new(limits);
        let mut keyer = table.keyer();
        reset_connections(200).iter().for_each(|one| table.segments(&[*one], &[keyer.key(one)]));
        table.finish()
    };
    let kept = |flows: &Flows| flows.iter().map(|flow| flow.resets().len()).sum::<usize>();
    let roomy = follow(Limits { flows: 1000, resets: 50, zeek: false });
    assert_eq!((kept(&roomy), roomy.places()), (200, 200 + 150));
    // Where flows need their places themselves, further resets are only counted; how connections ended stays known.
    let narrow = follow(Limits { flows: 300, resets: 50, zeek: false });
    assert!(kept(&narrow) < 200 && narrow.places() <= 300, "{} {}", kept(&narrow), narrow.places());
    for flows in [&roomy, &narrow] {
        let ends = |wanted| flows.iter().filter(|flow| Teardown::of(flow, flows.end) == wanted).count();
        assert_eq!((ends(Teardown::Refused), ends(Teardown::Reset)), (100, 100));
    }
}

#[test]
fn every_flow_is_found_again_when_the_table_has_grown() {
    // Tables differ in their hashes: in some, what belongs at the end goes on at the beginning.
    for _ in 0..30 {
        let mut table = FlowTable::new(Limits::within(1 << 30, false, 0));
        let one = |flow: u16, frame| Segment { source: Endpoint::v4([10, 0, 0, 1], flow), ..segment(frame, 0) };
        let mut frame = 0;
        let mut next = |flow| {
            frame += 1;
            one(flow, frame)
        };
        for flows in (1..=2500u16).filter(|flow| flow % 500 == 0) {
            let new: Vec<Segment> = (flows - 499..=flows).map(&mut next).collect();
            take(&mut table, &new);
            let again: Vec<Segment> = (1..=flows).map(&mut next).collect();
            take(&mut table, &again);
            assert_eq!(table.len(), usize::from(flows));
        }
    }
}

#[test]
fn hints_right_or_wrong_change_nothing() {
    // Few addresses, so that ports are used again and again, some of them in two VLANs at a time; few places, so that flows move.
    let mut random = 1u64;
    let mut below = |bound: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % bound
    };
    let ends = |port| Endpoint::v4([192, 0, 2, 1], port);
    let segments: Vec<Segment> = (1..=60_000)
        .map(|at| {
            let flags = match below(30) {
                0 => TcpFlags::SYN,
                1 => TcpFlags::FIN,
                2 => TcpFlags::RST,
                _ => TcpFlags::ACK,
            };
            let port = below(3_000) as u16;
            let mut one =
                Segment { source: ends(port), flags, seq: SeqNum(below(1 << 32) as u32), ..segment(at, at as i64) };
            one.path = PathId(if port < 500 { below(2) as u32 } else { 0 });
            if below(2) == 0 {
                std::mem::swap(&mut one.source, &mut one.destination);
            }
            one
        })
        .collect();
    let table = || FlowTable::new(Limits { flows: 4_096, resets: 4_096, zeek: true });
    let told = |flows: Flows| (flows.iter().map(|flow| format!("{flow:?}")).collect::<Vec<_>>(), flows.totals);
    let mut plain = table();
    take(&mut plain, &segments);
    let mut hinted = table();
    let (mut keyer, mut hints) = (hinted.keyer(), Hints::default());
    let (mut right, mut late) = (0, Vec::new());
    for (nth, some) in segments.chunks(512).enumerate() {
        let mut keys: Vec<Key> = some.iter().map(|segment| keyer.key(segment)).collect();
        hints.tell(&mut keys);
        if nth % 3 == 0 {
            // Any flow may be told, also one that there is not.
            keys.iter_mut().step_by(2).for_each(|key| key.flow = std::num::NonZeroU32::new(below(9_000) as u32));
        }
        let mut news = Vec::new();
        hinted.segments_for_news(some, &keys, &mut news);
        right += some.len() - news.len();
        // What is learnt comes late, as where batches wait.
        late.push(news);
        if let Some(news) = nth.checked_sub(4).and_then(|nth| late.get_mut(nth)) {
            hints.learn(news);
        }
    }
    assert!(right > 10_000, "only {right} hints were right");
    let (plain, hinted) = (told(plain.finish()), told(hinted.finish()));
    assert!(plain.1.evicted.len() > 1 && plain.1.flows > 6_000);
    assert_eq!(plain.1, hinted.1);
    assert!(plain.0 == hinted.0);
}
