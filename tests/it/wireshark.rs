//! The display filter of a flow, tried on TShark itself. Skipped where there is none.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Command;

use tcpautopsy::report::{Endpoint, Flow, Teardown};

use crate::support::has;
use crate::support::reports::{at, endpoint, flow};

/// A packet of the capture below: second, VLAN, source, destination.
struct Packet(i64, Option<u16>, Endpoint, Endpoint);

/// A classic pcap file of Ethernet frames, each with a bare ACK.
fn capture(packets: &[Packet]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 65535, 1] {
        file.extend(word.to_le_bytes());
    }
    for &Packet(second, vlan, source, destination) in packets {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        if let Some(vlan) = vlan {
            frame.extend([0x81, 0x00]);
            frame.extend(vlan.to_be_bytes());
        }
        match (source.ip, destination.ip) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                frame.extend([0x08, 0x00, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0]);
                frame.extend(from.octets());
                frame.extend(to.octets());
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                frame.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64]);
                frame.extend(from.octets());
                frame.extend(to.octets());
            }
            _ => unreachable!("both ends have one family"),
        }
        frame.extend(source.port.to_be_bytes());
        frame.extend(destination.port.to_be_bytes());
        frame.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 0]);
        let time = at(second, 123_456_789).expect("a time").0.nanos();
        let length = frame.len() as u32;
        for word in [(time / 1_000_000_000) as u32, (time % 1_000_000_000) as u32, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(frame);
    }
    file
}

/// The frames that TShark shows of a capture; `None` where there is no TShark.
fn shown(name: &str, packets: &[Packet], filter: &str) -> Option<Vec<u64>> {
    if !has("tshark") {
        return None;
    }
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, capture(packets)).expect("a file in the target directory");
    let tshark =
        Command::new("tshark").arg("-r").arg(&path).args(["-Y", filter, "-T", "fields", "-e", "frame.number"]).output();
    let done = tshark.expect("tshark");
    assert!(done.status.success(), "{filter}: {}", String::from_utf8_lossy(&done.stderr));
    Some(String::from_utf8(done.stdout).expect("numbers").lines().map(|line| line.parse().expect("a number")).collect())
}

fn between(client: Endpoint, server: Endpoint) -> Flow {
    Flow { first_frame: 1, last_frame: 2, ..flow(1, client, server, Teardown::Open, "") }
}

#[test]
fn a_filter_finds_both_directions_and_no_neighbour() {
    for (name, a, b, neighbour) in [
        ("v4.pcap", "10.0.0.1", "10.0.0.2", "10.0.0.3"),
        ("v6.pcap", "2001:db8::1", "2001:db8:0:1:ffff:ffff:ffff:fffe", "::ffff:10.0.0.3"),
        ("self.pcap", "127.0.0.1", "127.0.0.1", "127.0.0.2"),
    ] {
        let (client, server) = (endpoint(a, 51812), endpoint(b, 443));
        let packets = [
            Packet(0, None, client, server),
            Packet(1, None, server, client),
            Packet(2, None, endpoint(a, 51813), server),
            Packet(3, None, endpoint(neighbour, 51812), server),
            Packet(4, None, endpoint(a, 443), endpoint(b, 444)),
        ];
        let filter = between(client, server).wireshark_filter();
        if let Some(frames) = shown(name, &packets, &filter) {
            assert_eq!(frames, [1, 2], "{filter}");
        }
    }
}

#[test]
fn a_filter_of_equal_ports_leaves_out_other_ports() {
    let (client, server) = (endpoint("10.0.0.1", 179), endpoint("10.0.0.2", 179));
    let packets = [
        Packet(0, None, client, server),
        Packet(1, None, server, client),
        Packet(2, None, endpoint("10.0.0.1", 40000), server),
    ];
    let filter = between(client, server).wireshark_filter();
    if let Some(frames) = shown("bgp.pcap", &packets, &filter) {
        assert_eq!(frames, [1, 2], "{filter}");
    }
}

#[test]
fn reused_ports_are_told_apart_by_frames_times_and_vlans() {
    let (client, server) = (endpoint("10.0.0.1", 51812), endpoint("10.0.0.2", 443));
    let packets = [
        Packet(0, Some(7), client, server),
        Packet(1, Some(7), server, client),
        Packet(2, Some(7), client, server),
        Packet(3, Some(8), client, server),
        Packet(4, Some(7), server, client),
        Packet(5, Some(7), client, server),
    ];
    let second = Flow {
        ports_reused: true,
        vlan: vec![7],
        first_frame: 3,
        last_frame: 5,
        first_time: at(2, 123_456_789),
        last_time: at(4, 123_456_789),
        ..between(client, server)
    };
    for flow in [second.clone(), Flow { inputs: vec![0, 1], ..second }] {
        let filter = flow.wireshark_filter();
        if let Some(frames) = shown(&format!("reuse-{}.pcap", flow.inputs.len()), &packets, &filter) {
            assert_eq!(frames, [3, 5], "{filter}");
        }
    }
}
