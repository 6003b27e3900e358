//! What looks like a forgery and is none, and what looks genuine and is not.

use super::*;
use crate::decode::Direction;
use crate::tcp::FrameNumber;

const REQUEST: &str = "30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20\n 51 c A 11 ack 21\n";

#[track_caller]
fn said(judged: &Judged, sender: Sender) {
    assert_eq!(judged.sender, sender, "{:?} {:#?}", judged.log_odds, judged.evidence);
}

#[test]
fn a_load_balancer_answers_for_what_its_servers_closed() {
    let closed = format!("{REQUEST} 60 s FA 21 ack 11\n 61 c A 11 ack 22\n 62 c PA 11 ack 22 len 5\n");
    // From the same place by another stack.
    said(&established(&format!("{closed} 82 s R 22 win 0 id 0 ttl 121")), Sender::Server);
    // From another place it is another device, yet nothing alarming.
    let nearer = established(&format!("{closed} 82 s R 22 win 0 id 0 ttl 250"));
    said(&nearer, Sender::Middlebox);
    assert!(nearer.confidence < Some(Confidence::Certain), "{nearer:?}");
    // Of a connection that nobody closed it is.
    let open = established(&format!("{REQUEST} 62 c PA 11 ack 21 len 5\n 82 s RA 21 ack 11 ttl 250 id 0"));
    assert_eq!((open.sender, open.confidence), (Sender::Middlebox, Some(Confidence::Certain)));
}

#[test]
fn paths_that_differ_by_a_router_or_two() {
    let varied = "30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20 ttl 56\n 51 s PA 21 ack 11 len 20 ttl 57\n
                  52 c A 11 ack 41\n 80 c PA 11 ack 41 len 5\n";
    for ttl in [55, 56, 57, 58] {
        let judged = established(&format!("{varied} 100 s R 41 win 0 id 0 ttl {ttl}"));
        assert_eq!(against_host(&judged, "ttl"), None, "{ttl}");
        assert_ne!(judged.sender, Sender::Middlebox, "{ttl}");
    }
    said(&established(&format!("{varied} 100 s R 41 win 0 id 0 ttl 63")), Sender::Middlebox);
    // No device between is further away: the way has become longer, or the address has moved.
    let further = established(&format!("{varied} 100 s R 41 win 0 id 0 ttl 50"));
    assert_eq!((against_host(&further, "ttl"), further.confidence), (Some(Weight::Moderate), None));
    // Nor is it another device where connections of later on come from there.
    let later = "500 c S 0 flow 1\n 520 s SA 0 ack 1 flow 1 ttl 50\n 521 c A 1 ack 1 flow 1";
    let moved =
        Scene::of(&format!("{SYN}{HANDSHAKE}{varied} 100 s R 41 win 0 id 0 ttl 50\n{later}")).judged().remove(0);
    assert_eq!(clue(&moved, "ttl"), None);
    // A device that is nearer does not clear itself by speaking in another connection, too.
    let page = later.replace("ttl 50", "ttl 62");
    let nearer =
        Scene::of(&format!("{SYN}{HANDSHAKE}{REQUEST} 100 s R 21 win 0 id 0 ttl 62\n{page}")).judged().remove(0);
    assert_eq!(against_host(&nearer, "ttl"), Some(Weight::Decisive));
}

#[test]
fn a_reset_that_overtakes_data_lies_not_beyond_it() {
    // The identification says that the data was sent before; in IPv6 only that nothing is missing between.
    let reset = |id: u16| format!("{REQUEST} 60 s RA 121 ack 11 id {id}\n");
    let data = |at: u32, id: u16| format!("{at} s PA 21 ack 11 len 100 id {id}");
    let forged = |at: u32, own: u16, other: u16| {
        let judged = established(&format!("{}{}", reset(own), data(at, other)));
        (against_host(&judged, "form").is_some(), against_host(&judged, "aftermath").is_some())
    };
    assert_eq!(forged(63, 900, 899), (false, false));
    assert_eq!(forged(63, 900, 901), (true, false), "sent behind it");
    assert_eq!(forged(75, 900, 899), (true, false), "too late for that");
    // Later than a round trip it was held back, or overtaken on a way that mixes packets: its number was left out before the reset.
    let late = |at: u32, before: u16, other: u16| {
        let text = format!("{REQUEST} 55 s A 21 ack 11 id {before}\n 60 s RA 121 ack 11 id 900\n {}", data(at, other));
        against_host(&established(&text), "aftermath")
    };
    assert_eq!(late(105, 898, 899), Some(Weight::Moderate));
    assert_eq!(late(105, 899, 899), Some(Weight::Decisive), "nothing was left out");
    assert_eq!(late(105, 898, 901), Some(Weight::Decisive), "sent behind it");
    assert_eq!(late(200, 898, 899), Some(Weight::Decisive), "too late for that");
}

#[test]
fn a_bare_reset_that_passes_two_points_is_one() {
    // With the copy of the request that says so, and without; what differs is another one.
    let senders = |copy: &str, other: &str| {
        let text =
            format!("{REQUEST} 60 c PA 11 ack 21 len 5\n {copy}\n 80 s R 21 win 0 id 0\n 87 s R 21 win 0 id 0 {other}");
        Scene::of(&format!("{SYN}{HANDSHAKE}{text}")).judged().iter().map(|judged| judged.sender).collect::<Vec<_>>()
    };
    let copy = "60.1 c PA 11 ack 21 len 5 ttl 57 copy";
    assert_eq!(senders(copy, "ttl 61"), [Sender::Server; 2]);
    assert_eq!(senders("", "ttl 61"), [Sender::Server, Sender::Middlebox]);
    assert_eq!(senders(copy, "ttl 61 tos 8 len 3"), [Sender::Server, Sender::Middlebox]);
}

#[test]
fn a_clock_that_was_set_back_measures_nothing() {
    let text = format!("{REQUEST} 60 c PA 11 ack 21 len 5");
    let scene = Scene::seen(&format!("{SYN}{HANDSHAKE}{text}\n 80 s RA 21 ack 16"), |segment, _| {
        if segment.flags.rst() {
            segment.time = segment.time.map(|time| time.plus(crate::tcp::Duration::from_secs(-7)));
        }
    });
    assert_eq!(clue(&scene.judged().remove(0), "too_fast"), None);
}

#[test]
fn a_router_rejects_one_hop_away() {
    let judged = established(&format!("{REQUEST} 60 c PA 11 ack 21 len 5 tos 72\n 80 s R 21 win 0 id 0 ttl 58"));
    said(&judged, Sender::Middlebox);
    assert_eq!(
        (against_host(&judged, "ttl"), against_host(&judged, "tos")),
        (Some(Weight::Strong), Some(Weight::Weak))
    );
    // The same of a request: other connections of the server tell where it is, if there are several.
    let other =
        |flow| format!("1{flow} c S 0 flow {flow}\n 3{flow} s SA 0 ack 1 flow {flow}\n 4{flow} c R 1 flow {flow}\n");
    let refused = |others: &str, ttl| {
        let scene = Scene::of(&format!("{SYN} 20 s RA 3001 ack 1 win 0 id 0 ttl {ttl}\n{others}"));
        scene.judged().pop().expect("judged")
    };
    said(&refused(&format!("{}{}", other(1), other(2)), 58), Sender::Middlebox);
    said(&refused(&format!("{}{}", other(1), other(2)), 57), Sender::Server);
    // One other connection may have gone another way.
    assert_ne!(refused(&other(1), 58).sender, Sender::Middlebox);
    // But no way to it has no router, if that one has.
    let near = other(1).replace("ack 1 flow 1\n 4", "ack 1 flow 1 ttl 63\n 4");
    assert_ne!(refused(&near, 64).sender, Sender::Server);
    said(&refused(&near, 63), Sender::Server);
}

#[test]
fn the_server_itself_rejects() {
    let judged = established(&format!("{REQUEST} 60 c PA 11 ack 21 len 5 tos 72\n 80 s R 21 win 0 id 0"));
    said(&judged, Sender::Server);
    // Captured there, even though the connection lives on: what its packet filter sends is the server's.
    let judged = verdict(
        "c ttl 57\n s ttl 64\n 0 c S 0 wscale 7 sackok\n 0.1 s SA 0 ack 1 wscale 7 sackok\n 20 c A 1 ack 1
         30 c PA 1 ack 1 len 10\n 31 s PA 1 ack 11 len 20\n 50 c PA 11 ack 21 len 5\n 50.1 s R 21 win 0 id 0
         90 s PA 21 ack 16 len 20",
    );
    said(&judged, Sender::Server);
    assert_eq!(judged.confidence, Some(Confidence::Certain));
}

#[test]
fn a_bridge_keeps_the_link_address() {
    let same = established(&format!("s mac 2\n{REQUEST} 60 c PA 11 ack 21 len 5\n 80 s R 21 win 0 id 0 ttl 58"));
    assert_eq!(clue(&same, "mac"), None, "the same address proves nothing");
    let from = |mac| {
        let scene = format!(
            "c ttl 60\n s ttl 57 mac 2\n 0 c S 0 wscale 7 sackok\n 20 s SA 0 ack 1 wscale 7\n 21 c A 1 ack 1\n
             {REQUEST} 60 c PA 11 ack 21 len 5\n 80 s R 21 win 0 id 0 mac {mac}"
        );
        verdict(&scene)
    };
    assert_eq!(clue(&from(2), "mac"), None);
    assert_eq!(against_host(&from(3), "mac"), Some(Weight::Strong));
}

#[test]
fn a_scanner_is_reset_by_its_own_kernel() {
    let scan = "0 c S 0 win 1024 ttl 240 id 54321 nodf\n 20 s SA 0 ack 1 ttl 57 id 0\n";
    let judged = verdict(&format!("{scan} 21 c R 1 win 0 id 0 ttl 60"));
    assert_ne!(judged.sender, Sender::Middlebox);
    assert!(judged.evidence.iter().all(|piece| piece.about == Party::Host), "{judged:?}");
    // What goes on with data is no scanner.
    let judged = verdict(&format!("{scan} 21 c A 1 ack 1 ttl 240 nodf\n 22 c R 1 win 0 id 0 ttl 60"));
    assert_eq!(against_host(&judged, "dont_fragment"), Some(Weight::Moderate));
}

#[test]
fn captures_on_the_host_itself() {
    let on = |ttl: u8, answers_after: f64, words: &str| {
        let time = |at: f64| at + answers_after;
        verdict(&format!(
            "c ttl {ttl} mac 1\n s ttl 52 mac 2\n 0 c S 0 wscale 7 sackok\n 20 s SA 0 ack 1 wscale 7\n {} c A 1 ack 1
             30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20\n 90 c RA 11 ack 21 {words}",
            time(20.0)
        ))
    };
    for ttl in [64, 128] {
        let judged = on(ttl, 0.1, "");
        assert_eq!((judged.sender, judged.confidence), (Sender::Client, Some(Confidence::Certain)));
        assert_eq!(for_host(&judged, "local_ttl"), Some(Weight::Decisive));
        // From another card of the same link, or of a host that is not here, no TTL proves anything.
        assert_eq!(clue(&on(ttl, 0.1, "mac 9"), "local_ttl"), None);
        assert_eq!(clue(&on(ttl, 5.0, ""), "local_ttl"), None);
    }
    assert_eq!(clue(&on(63, 0.1, ""), "local_ttl"), None);
    assert_eq!(against_host(&on(64, 0.1, "mac 9"), "mac"), Some(Weight::Strong));
}

#[test]
fn a_reset_that_came_in_is_not_of_this_host() {
    let text = "0 c S 0 wscale 7 sackok\n 20 s SA 0 ack 1 ttl 52\n 20.1 c A 1 ack 1\n 30 c PA 1 ack 1 len 10
                50 s PA 1 ack 11 len 20 ttl 52\n 90 c RA 11 ack 21";
    let directed = |of_reset| {
        let scene = Scene::seen(text, |segment, view| {
            let from_client = segment.destination.port == 443;
            let usual = if from_client { Direction::Out } else { Direction::In };
            view.direction = Some(if segment.flags.rst() { of_reset } else { usual });
        });
        scene.judged().remove(0)
    };
    assert_eq!(clue(&directed(Direction::Out), "direction"), None);
    said(&directed(Direction::Out), Sender::Client);
    assert_eq!(against_host(&directed(Direction::In), "direction"), Some(Weight::Strong));
    assert_eq!(clue(&directed(Direction::In), "local_ttl"), None);
}

#[test]
fn a_reset_that_only_left_a_router_was_made_there() {
    let text = "0 c S 0 wscale 7 sackok ttl 60\n 20 s SA 0 ack 1 ttl 64\n 20.1 s SA 0 ack 1 ttl 63 copy\n 21 c A 1 ack 1 ttl 60
                30 c PA 1 ack 1 len 10 ttl 60\n 50 s PA 1 ack 11 len 20 ttl 64\n 50.1 s PA 1 ack 11 len 20 ttl 63 copy
                60 c PA 11 ack 21 len 5 ttl 60\n";
    let judged = |reset: &str| {
        let scene = Scene::seen(&format!("{text}{reset}"), |segment, view| {
            let leaves = segment.ttl == 63 || segment.flags.rst() && segment.window == Some(0);
            view.direction = Some(if leaves { Direction::Out } else { Direction::In });
        });
        against_host(&scene.judged().remove(0), "direction")
    };
    assert_eq!(judged("60.1 s R 21 win 0 id 0 ttl 64"), Some(Weight::Strong));
    // The server's own comes in before.
    assert_eq!(judged("60.1 s R 21 win 1 id 9 ttl 64\n 60.2 s R 21 win 0 id 9 ttl 63"), None);
}

#[test]
fn what_is_sent_again_may_meet_a_dead_socket() {
    // The acknowledgement came sooner than an answer to the repetition can, so that was not what it acknowledges.
    let text = |acked: &str| {
        format!("60 c PA 11 ack 21 len 100\n 75 c PA 11 ack 21 len 100\n {acked} s PA 21 ack 111 len 9\n")
    };
    let form = |acked: &str, reset: &str| {
        against_host(&established(&format!("{REQUEST}{} {reset} s R 21 win 0 id 0", text(acked))), "form")
    };
    assert_eq!(form("80", "96"), None);
    assert_eq!(form("97", "99"), Some(Weight::Strong));
}

#[test]
fn a_router_that_translates_addresses_passes_a_reset_on() {
    // The client's other packets are captured under these addresses only as they go out.
    let text = "c ttl 59\n 0 c S 0 wscale 7 sackok\n 20 s SA 0 ack 1 ttl 52\n 20.1 c A 1 ack 1\n 30 c PA 1 ack 1 len 10
                50 s PA 1 ack 11 len 20 ttl 52\n 90 c RA 11 ack 21 ttl 60 id 77";
    let judged = |text: &str| {
        let scene = Scene::seen(text, |segment, view| {
            let comes_in = segment.source.port == 443 || segment.flags.rst() && segment.ttl == 60;
            view.direction = Some(if comes_in { Direction::In } else { Direction::Out });
        });
        scene.judged().remove(0)
    };
    let passed_on = judged(&format!("{text}\n 90.1 c RA 11 ack 21 id 77"));
    assert_eq!([clue(&passed_on, "ttl"), clue(&passed_on, "direction")], [None; 2]);
    // Where the others come in and go out, too, it can be compared: another device's.
    let routed = "0 c S 0 wscale 7 sackok ttl 57\n 20 s SA 0 ack 1 ttl 52\n 20.1 c A 1 ack 1 ttl 57\n 30 c PA 1 ack 1 len 10 ttl 57
                  50 s PA 1 ack 11 len 20 ttl 52\n 90 c RA 11 ack 21 ttl 60 id 77\n 90.1 c RA 11 ack 21 id 77";
    let scene = Scene::seen(routed, |segment, view| {
        view.direction = Some(if segment.ttl == 64 { Direction::Out } else { Direction::In });
    });
    assert_eq!(against_host(&scene.judged().remove(0), "ttl"), Some(Weight::Decisive));
    // One that only came in is not of the host that the others went out for.
    assert_eq!(against_host(&judged(text), "direction"), Some(Weight::Strong));
}

#[test]
fn a_reset_that_its_receivers_host_made_by_a_rule_is_not_a_devices_on_the_path() {
    // A rule rejects what the server's host sends, in the client's name; the capture is of all interfaces of that host.
    let text = "0 c S 0 ttl 61\n 0.1 s SA 0 ack 1\n 20 c A 1 ack 1 ttl 61\n 30 c PA 1 ack 1 len 10 ttl 61
                30.2 c R 11 ttl 64 win 0 id 0";
    let over = |of_reset, of_client| {
        let scene = Scene::seen(text, |segment, view| {
            let usual = if segment.destination.port == 443 { of_client } else { Direction::Out };
            view.direction = Some(if segment.flags.rst() { of_reset } else { usual });
        });
        scene.judged().remove(0)
    };
    let turned_back = over(Direction::Within, Direction::In);
    assert_eq!((turned_back.sender, turned_back.confidence), (Sender::Unknown, None));
    assert!(turned_back.would_decide.is_some_and(|what| what.contains("loopback")));
    // By an injector on the path, and in a connection that never left the host.
    assert_eq!(over(Direction::In, Direction::In).sender, Sender::Middlebox);
    assert!(over(Direction::Within, Direction::Within).would_decide.is_none_or(|what| !what.contains("loopback")));
}

#[test]
fn several_hosts_behind_one_address() {
    let other = |flow: u8, ttl| {
        format!(
            "1{flow} c S 0 flow {flow} ttl {ttl}\n 3{flow} s SA 0 ack 1 flow {flow}\n 3{flow} c A 1 ack 1 flow {flow} ttl {ttl}\n"
        )
    };
    // Its own connection says where a host is.
    let judged = Scene::of(&format!("{SYN}{HANDSHAKE}{REQUEST} 90 c RA 11 ack 21\n{}{}", other(1, 124), other(2, 124)));
    said(&judged.judged()[0], Sender::Client);
    // With nothing but other connections to go by, several hosts are no evidence against one more,
    // and little for one of them.
    let stray = |ttl| {
        let others = format!("{}{}", other(1, 124), other(2, 60));
        Scene::of(&format!("5 s A 1 ack 1 ttl 57\n 6 c R 1 win 0 id 0 ttl {ttl}\n{others}")).judged().remove(0)
    };
    assert_eq!(for_host(&stray(124), "ttl"), Some(Weight::Weak));
    // 252 is of a third stack, as many routers away as neither: 3 where the others have 4.
    assert_eq!(against_host(&stray(252), "ttl"), Some(Weight::Moderate));
    assert_ne!(stray(61).sender, Sender::Middlebox);
}

#[test]
fn an_identification_from_a_shared_counter_proves_nothing() {
    let stray = format!("{REQUEST} 60 c PA 11 ack 21 len 5\n");
    let judged = established(&format!("{stray} 80 s R 21 win 0 id 4660"));
    said(&judged, Sender::Server);
    assert_eq!(clue(&established(&format!("{stray} 80 s R 21 win 0 id 0")), "ip_id"), None);
}

#[test]
fn ipv6_has_a_hop_limit_a_flow_label_and_a_traffic_class() {
    let with = |label: u32, rest: &str| {
        let text = format!("c ttl 60 v6\n s ttl 57 v6\n 0 c S 0 wscale 7 sackok\n{HANDSHAKE}{REQUEST}{rest}");
        let scene = Scene::seen(&text, |segment, view| {
            view.flow_label = Some(if segment.flags.rst() { label } else { 0xabcde });
        });
        scene.judged().pop().expect("judged")
    };
    let more = "52 s A 21 ack 11\n 53 s A 21 ack 11\n";
    let abort = format!("{more} 90 s RA 21 ack 11");
    assert_eq!(for_host(&with(0xabcde, &abort), "flow_label"), Some(Weight::Moderate));
    assert_eq!(against_host(&with(0x12345, &abort), "flow_label"), Some(Weight::Moderate));
    said(&with(0xabcde, &abort), Sender::Server);
    // An answer to a stray segment has no socket to take a label from.
    let answer = format!("{more} 60 c PA 11 ack 21 len 5 tos 72\n 80 s R 21 win 0 tos 72");
    let judged = with(0, &answer);
    assert_eq!((clue(&judged, "flow_label"), for_host(&judged, "tos")), (None, Some(Weight::Moderate)));
    said(&judged, Sender::Server);
    said(&with(0, &format!("{answer} ttl 63")), Sender::Middlebox);
}

/// Every packet as it comes to a router and as it leaves it.
fn twice(text: &str) -> String {
    let mut both = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let sides = |ttl| if line.contains(" s ") { 57 - ttl } else { 60 - ttl };
        let (time, rest) = line.split_once(' ').expect("a time");
        both += &format!("{line} ttl {} mac {}\n", sides(0), if line.contains(" s ") { 2 } else { 1 });
        both += &format!("{time}01 {rest} copy ttl {} mac {}\n", sides(1), if line.contains(" s ") { 4 } else { 3 });
    }
    both
}

#[test]
fn a_router_that_shows_every_packet_twice() {
    let base = twice(
        "0.0 c S 0 wscale 7 sackok\n 20.0 s SA 0 ack 1 wscale 7\n 21.0 c A 1 ack 1\n 30.0 c PA 1 ack 1 len 10
        50.0 s PA 1 ack 11 len 20\n 51.0 c A 11 ack 21\n 60.0 c PA 11 ack 21 len 5",
    );
    let genuine = Scene::of(&format!("{base}{}", twice("80.0 s R 21 win 0 id 9"))).judged();
    assert_eq!(genuine.iter().map(|judged| judged.sender).collect::<Vec<_>>(), [Sender::Server; 2]);
    // What the router makes itself it only sends: with the TTL of one that is here, where forwarded ones have crossed it.
    said(&verdict(&format!("{base} 80.0 s R 21 win 0 id 0 ttl 64 mac 4")), Sender::Middlebox);
}

#[test]
fn segments_that_the_capture_lost() {
    // The reset stands behind what was lost.
    let judged = established(
        "30 s PA 1 ack 1 len 100\n 31 s PA 301 ack 1 len 100\n 40 c A 1 ack 101\n 90 s RA 501 ack 1 id 28999",
    );
    assert_ne!(judged.sender, Sender::Middlebox, "{judged:#?}");
    let judged = established(
        "30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20\n 51 c PA 90 ack 21 len 10\n 80 s RA 21 ack 200 id 29001",
    );
    assert_ne!(judged.sender, Sender::Middlebox, "{judged:#?}");
}

#[test]
fn forgers_that_copy_ttl_identification_and_window() {
    let copied = "30 c PA 1 ack 1 len 10\n 31 s RA 1 ack 11 win 509 id 28930\n";
    // No server 20 ms away answers within 1 ms.
    let quick = established(copied);
    said(&quick, Sender::Middlebox);
    assert_eq!(against_host(&quick, "too_fast"), Some(Weight::Decisive));
    // Nor does it answer after it has reset the connection.
    let lived = Scene::of(&format!("{SYN}{HANDSHAKE}{copied} 50 s PA 1 ack 11 len 20")).judged().remove(0);
    assert_eq!((lived.sender, lived.confidence), (Sender::Middlebox, Some(Confidence::Certain)));
    assert_eq!(against_host(&lived, "aftermath"), Some(Weight::Decisive));
    // One that also waits is not told from the host; nothing may be certain of it.
    let patient = established("30 c PA 1 ack 1 len 10\n 51 s RA 1 ack 11 win 509 id 28930\n");
    assert!(patient.confidence < Some(Confidence::Certain), "{patient:#?}");
}

#[test]
fn a_reset_that_the_timeline_could_not_keep_is_unknown() {
    let scene = Scene::of(&format!("{SYN}{HANDSHAKE}{REQUEST} 90 s RA 21 ack 11"));
    let mut case = scene.case(0);
    let empty = crate::timeline::Timeline::default();
    case.timeline = &empty;
    let judged = crate::attribution::judge(&case);
    assert_eq!((judged[0].sender, judged[0].confidence), (Sender::Unknown, None));
    assert!(judged[0].would_decide.is_some_and(|what| what.contains("this connection alone")));
    assert_eq!(judged[0].frame, FrameNumber::new(7).expect("a frame"));
}

#[test]
fn unknown_says_which_capture_would_tell() {
    for (text, what) in [("0 s R 1 ttl 50", "both directions"), ("0 s R 1 ttl 50 nowin", "snap length")] {
        let judged = verdict(text);
        assert_eq!(judged.sender, Sender::Unknown, "{judged:?}");
        assert!(judged.would_decide.is_some_and(|said| said.contains(what)), "{judged:?}");
    }
}
