//! Each clue where it speaks, and its near miss.

use super::*;
use Weight::{Decisive, Moderate, Strong, Weak};

const REQUEST: &str = "30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20\n 51 c A 11 ack 21\n";

/// What a clue says of the first reset of each trace: for forgery and for the host.
#[track_caller]
fn says(name: &str, rows: &[(&str, Option<Weight>, Option<Weight>)]) {
    for (rest, forged, genuine) in rows {
        let judged = Scene::of(&format!("{SYN}{HANDSHAKE}{REQUEST}{rest}")).judged().remove(0);
        assert_eq!((against_host(&judged, name), for_host(&judged, name)), (*forged, *genuine), "{rest}\n{judged:#?}");
        if let Some(piece) = clue(&judged, name) {
            assert!(piece.frames.contains(&judged.frame) && !piece.text.ends_with('.'), "{piece:?}");
        }
    }
}

#[test]
fn aftermath() {
    says(
        "aftermath",
        &[
            ("90 s RA 21 ack 11\n 96 s PA 21 ack 11 len 5", Some(Decisive), None),
            // As close behind as packets overtake each other, unless more follows.
            ("90 s RA 21 ack 11\n 94 s PA 21 ack 11 len 5", Some(Moderate), None),
            ("90 s RA 21 ack 11\n 94 s PA 21 ack 11 len 5\n 99 s PA 26 ack 11 len 5", Some(Decisive), None),
            // An abort in the same name has acknowledged as much.
            ("60 c PA 11 ack 21 len 5\n 80 s R 21\n 80.1 s RA 21 ack 16\n 89 s A 21 ack 16", None, None),
            ("60 c PA 11 ack 21 len 5\n 80 s R 21\n 80.1 s RA 21 ack 11\n 89 s A 21 ack 16", Some(Decisive), None),
            ("60 c PA 11 ack 21 len 5\n 80 s R 21\n 89 s A 21 ack 16\n 89.1 s RA 21 ack 16", Some(Decisive), None),
            ("90 s RA 21 ack 11\n 91 c PA 11 ack 21 len 5\n 111 s A 21 ack 16", Some(Decisive), None),
            // What is sent once more, a socket is there for, and so does close what lives.
            ("90 s RA 21 ack 11\n 300 s PA 1 ack 11 len 20", Some(Decisive), None),
            ("90 s RA 21 ack 11\n 300 s FA 21 ack 11", Some(Decisive), None),
            // Nothing new, or nothing at all, or another connection of the same ports.
            ("90 s RA 21 ack 11\n 95 s PA 1 ack 11 len 20", None, None),
            ("90 s RA 21 ack 11", None, None),
            ("90 s RA 21 ack 11\n 91 s R 21", None, None),
        ],
    );
    // A request is refused and granted nevertheless; or granted when asked again.
    let granted = "20 s RA 3001 ack 1 win 0\n 25 s SA 0 ack 1";
    assert_eq!(against_host(&asked(granted), "aftermath"), Some(Decisive));
    let again = "20 s RA 3001 ack 1 win 0\n 24 c S 0\n 44 s SA 0 ack 1";
    assert_eq!(clue(&asked(again), "aftermath"), None);
}

#[test]
fn what_was_on_the_way_by_then_is_no_life() {
    // The host's clock says when a segment left, and its quickest one how that shows here.
    let after = |value: u32| {
        let text = format!(
            "c ttl 60 clock 1000\n s ttl 57 clock 5000\n 0 c S 0 wscale 7\n{HANDSHAKE}{REQUEST}
             60 c PA 11 ack 21 len 5\n 90 s R 21 nots\n 130 s PA 21 ack 16 len 5 ts {value} 1060"
        );
        against_host(&verdict(&text), "aftermath")
    };
    assert_eq!([after(5088), after(5091)], [None; 2]);
    assert_eq!([after(5093), after(5130)], [Some(Decisive); 2]);
    // A clock that hardly moves does not tell.
    assert_eq!(after(5051), Some(Decisive));
}

#[test]
fn a_listener_that_keeps_nothing_refuses_what_overtakes_the_handshake() {
    let end = "21.9 c A 1 ack 1\n 22 c PA 1 ack 1 len 55\n 60 s A 1 ack 56";
    let early = asked(&format!("20 s SA 0 ack 1\n 21 c A 56 ack 1\n 21.1 s R 1 win 0 id 0\n {end}"));
    assert_eq!(clue(&early, "aftermath"), None);
    // Refused with the end of the handshake, and granted all the same.
    let late = asked(&format!("20 s SA 0 ack 1\n 21 c A 1 ack 1\n 21.1 s R 1 win 0 id 0\n {end}"));
    assert_eq!(against_host(&late, "aftermath"), Some(Decisive));
}

#[test]
fn a_filter_on_the_host_rejects_what_the_host_then_never_got() {
    // In the middle of a download, acknowledgements are rejected, and what they acknowledge is sent again.
    let download = |again: &str| {
        let data = "60 s PA 21 ack 11 len 100\n 61 c A 11 ack 121\n 81 s R 121 win 0 id 0\n";
        established(&format!("{REQUEST}{data} {again}"))
    };
    assert_eq!(against_host(&download("400 s PA 21 ack 11 len 100"), "aftermath"), Some(Moderate));
    // What it answers may have passed before the capture began.
    let older = |begin: &str| {
        verdict(&format!(
            "c ttl 60\n s ttl 57\n {begin} 20 s PA 1 ack 1 len 9\n 30 c A 1 ack 10\n 31 s R 30 win 0 id 0\n 400 s PA 1 ack 1 len 9"
        ))
    };
    assert_eq!(against_host(&older(""), "aftermath"), Some(Moderate));
    assert_eq!(against_host(&older("0 c S 0\n 10 s SA 0 ack 1\n"), "aftermath"), Some(Decisive));
    // It never got the latest acknowledgement, whichever the reset answers.
    let two = "60 s PA 21 ack 11 len 100\n 60.2 s PA 121 ack 11 len 100\n 61 c A 11 ack 121\n 61.2 c A 11 ack 221\n";
    let first = established(&format!("{REQUEST}{two} 81 s R 121 win 0 id 0\n 400 s PA 121 ack 11 len 100"));
    assert_eq!(against_host(&first, "aftermath"), Some(Moderate));
    // What was acknowledged arrived: somebody else answered.
    assert_eq!(against_host(&download("400 s PA 121 ack 11 len 100"), "aftermath"), Some(Decisive));
}

#[test]
fn burst() {
    says(
        "burst",
        &[
            ("60 s R 21\n 60.1 s R 1481\n 60.2 s R 4401", Some(Decisive), None),
            // The same number again, a step that a stray segment explains, and two that lie far apart in time.
            ("60 s R 21\n 60.1 s R 21\n 60.2 s R 21", None, None),
            ("60 s R 21\n 60.1 c PA 11 ack 4401 len 1\n 60.2 s R 4401", None, None),
            ("60 s R 21\n 9000 s R 4401", None, None),
            ("60 s R 21\n 60.1 s RA 4401 ack 11", None, None),
        ],
    );
}

#[test]
fn ack_change() {
    says(
        "ack_change",
        &[
            ("60 s RA 21 ack 300\n 60.1 s RA 21 ack 700", Some(Strong), None),
            // Each acknowledges a segment that passed.
            ("59 c PA 11 ack 21 len 5\n 60 s RA 21 ack 11\n 60.1 s RA 21 ack 16", None, None),
            ("60 s RA 21 ack 300\n 60.1 s RA 21 ack 300", None, None),
            ("60 s RA 21 ack 300\n 9000 s RA 21 ack 700", None, None),
        ],
    );
}

#[test]
fn ack_field() {
    says("ack_field", &[("60 s R 21 ackfield 77", None, None), ("60 s R 21", None, None)]);
    let with = |ttl, field: u32| {
        let clock = "c clock 7\n s clock 9\n";
        let text = format!(
            "{clock} c ttl 60\n s ttl {ttl}\n 0 c S 0 wscale 7\n{HANDSHAKE}{REQUEST} 60 s R 21 win 0 nots ackfield {field}"
        );
        verdict(&text)
    };
    // The field that repeats the number of the RST itself.
    let own = crate::trace::parse("0 s R 21").expect("a trace")[0].segment().expect("a segment").seq.0;
    assert_eq!(against_host(&with(57, 77), "ack_field"), Some(Moderate));
    assert_eq!(against_host(&with(57, own), "ack_field"), Some(Moderate));
    assert_eq!(for_host(&with(121, own), "ack_field"), Some(Weak));
    assert_eq!(clue(&with(121, 77), "ack_field"), None);
    assert_eq!(clue(&with(57, 0), "ack_field"), None);
}

#[test]
fn dont_fragment() {
    says("dont_fragment", &[("60 s RA 21 ack 11 nodf", Some(Moderate), None), ("60 s RA 21 ack 11", None, None)]);
    let varied = "52 s A 21 ack 11 nodf\n 60 s RA 21 ack 11 nodf";
    assert_eq!(clue(&established(&format!("{REQUEST}{varied}")), "dont_fragment"), None);
}

#[test]
fn hops() {
    says(
        "ttl",
        &[
            ("60 s RA 21 ack 11", None, Some(Moderate)),
            ("60 s RA 21 ack 11 ttl 58", Some(Strong), None),
            ("60 s RA 21 ack 11 ttl 59", Some(Strong), None),
            ("60 s RA 21 ack 11 ttl 60", Some(Decisive), None),
            ("60 s RA 21 ack 11 ttl 121", Some(Strong), None),
        ],
    );
}

#[test]
fn identification() {
    // The server's counter goes on from 0x7102 at its data.
    says(
        "ip_id",
        &[
            ("60 s RA 21 ack 11", None, Some(Moderate)),
            ("60 s RA 21 ack 11 id 4660", None, None),
            ("52 s A 21 ack 11\n 60 s RA 21 ack 11 id 4660", Some(Strong), None),
            ("52 s A 21 ack 11\n 60 s RA 21 ack 11 id 28950", Some(Strong), None),
            ("52 s A 21 ack 11\n 60 s R 21 id 4660", Some(Weak), None),
            ("52 s A 21 ack 11\n 60 s R 21 id 0", None, None),
            // The host takes the same number itself afterwards.
            ("52 s A 21 ack 11\n 60 s RA 21 ack 11 id 28935\n 70 s A 21 ack 11 id 28935", Some(Decisive), None),
        ],
    );
}

#[test]
fn mirrored_fields() {
    says(
        "mirrored_window",
        &[
            ("60 c PA 11 ack 21 len 5 win 777\n 60.5 s RA 21 ack 16 win 777", Some(Strong), None),
            ("60 c PA 11 ack 21 len 5 win 777\n 60.5 s RA 21 ack 16 win 778", None, None),
            ("60 c PA 11 ack 21 len 5 win 500\n 60.5 s RA 21 ack 16 win 500", None, None),
            ("60 c PA 11 ack 21 len 5 win 0\n 60.5 s RA 21 ack 16 win 0", None, None),
        ],
    );
    says(
        "mirrored_ip_id",
        &[
            ("60 c PA 11 ack 21 len 5 id 4242\n 60.5 s RA 21 ack 16 copy", Some(Strong), None),
            ("60 c PA 11 ack 21 len 5 id 4242\n 60.5 s RA 21 ack 16 id 4243", None, None),
            ("60 c PA 11 ack 21 len 5 id 0\n 60.5 s R 21 id 0", None, None),
        ],
    );
}

#[test]
fn odd_bits() {
    says(
        "odd_bits",
        &[
            ("60 s RAE 21 ack 11", Some(Moderate), None),
            ("60 s RX 21", Some(Moderate), None),
            ("60 s RA 21 ack 11", None, None),
            ("55 s AE 21 ack 11\n 60 s RAE 21 ack 11", None, None),
        ],
    );
}

#[test]
fn pair() {
    says(
        "both_sides",
        &[
            ("60 s RA 21 ack 11\n 60.1 c RA 11 ack 21", Some(Strong), None),
            // The hosts' own: apart, or one answering the other, or of different kinds.
            ("60 s RA 21 ack 11\n 75 c RA 11 ack 21", None, None),
            ("60 s RA 21 ack 11\n 60.1 c R 11", None, None),
        ],
    );
}

#[test]
fn after_a_reset_hosts_answer_each_for_itself() {
    let crossing = |before: &str| {
        let text = format!("{REQUEST}{before} 80 s RA 21 ack 11\n 80.1 c RA 11 ack 21");
        against_host(&established(&text), "both_sides")
    };
    assert_eq!(crossing("70 s RA 21 ack 11\n"), None);
    assert_eq!(crossing("79 s RA 21 ack 11\n"), Some(Strong));
}

#[test]
fn payload() {
    says(
        "payload",
        &[
            // RFC 9293 section 3.5.3 lets a reset carry data.
            ("60 s RA 21 ack 11 data \"\\xff\\xfe\\x00\"", Some(Weak), None),
            ("60 s RA 21 ack 11 data \"No local listener\"", Some(Moderate), None),
            ("60 s R 21 data \"No TCP/No listener\"", None, Some(Weak)),
            ("60 s RA 21 ack 11 data \"\\x33\\xaa\\x00\\x04\"", None, Some(Weak)),
            ("60 s RA 21 ack 11 data \"\\x33\\xaa\\x00\\x09\"", Some(Moderate), None),
            ("60 s RA 21 ack 11 mprst 3", None, Some(Weak)),
            ("60 s RA 21 ack 11", None, None),
        ],
    );
}

#[test]
fn timestamps() {
    let with = |reset: &str| {
        let text = format!(
            "c ttl 60 clock 1000\n s ttl 57 clock 5000\n 0 c S 0 wscale 7\n{HANDSHAKE}{REQUEST}
             300 s A 21 ack 11\n 500 s {reset}"
        );
        verdict(&text)
    };
    assert_eq!(for_host(&with("RA 21 ack 11"), "timestamps"), Some(Weak));
    assert_eq!(against_host(&with("RA 21 ack 11 ts 4000 0"), "timestamps"), Some(Strong));
    assert_eq!(against_host(&with("RA 21 ack 11 ts 900000 0"), "timestamps"), Some(Moderate));
    // Without a connection to take a clock from, some stacks write 0.
    assert_eq!(clue(&with("RA 21 ack 11 ts 0 0"), "timestamps"), None);
    says("timestamps", &[("60 s RA 21 ack 11 ts 77 0", Some(Strong), None), ("60 s RA 21 ack 11", None, None)]);
}

#[test]
fn too_fast() {
    says(
        "too_fast",
        &[
            ("60 c PA 11 ack 21 len 5\n 61 s RA 21 ack 16", Some(Decisive), None),
            ("60 c PA 11 ack 21 len 5\n 70 s RA 21 ack 16", Some(Moderate), None),
            ("60 c PA 11 ack 21 len 5\n 80 s RA 21 ack 16", None, None),
            // It tells nothing that the server had not known before.
            ("60 c PA 11 ack 21 len 5\n 61 s RA 21 ack 11", None, None),
        ],
    );
    // One handshake may have waited on the way: another flow shows the host nearer.
    let near = "5 c S 0 flow 1\n 10 s SA 0 ack 1 flow 1\n 10.5 c A 1 ack 1 flow 1\n";
    let scene = Scene::of(&format!("{SYN}{near}{HANDSHAKE}{REQUEST}60 c PA 11 ack 21 len 5\n 65 s RA 21 ack 16"));
    assert_eq!(clue(&scene.judged().remove(0), "too_fast"), None);
    // From delayed acknowledgements alone the distance is not known so well.
    let late = "0 c PA 1 ack 1 len 5\n 40 s A 1 ack 6\n 50 c PA 6 ack 1 len 5\n 51 s RA 1 ack 11";
    assert_eq!(against_host(&verdict(late), "too_fast"), Some(Strong));
}

#[test]
fn tos() {
    says(
        "tos",
        &[
            // An answer copies what it answers, on Linux.
            ("60 c PA 11 ack 21 len 5 tos 72\n 80 s R 21 win 0 tos 72", None, Some(Moderate)),
            ("60 c PA 11 ack 21 len 5 tos 72\n 80 s R 21 win 0 tos 0", Some(Weak), None),
            ("60 c PA 11 ack 21 len 5 tos 72\n 80 s R 21 win 0 tos 8", None, None),
            ("60 c PA 11 ack 21 len 5\n 80 s R 21 win 0", None, None),
            // An abort has what its socket has; ECN bits are another matter.
            ("60 s RA 21 ack 11 tos 72", Some(Moderate), None),
            ("60 s RA 21 ack 11 tos 2", None, None),
            ("55 s A 21 ack 11 tos 72\n 60 s RA 21 ack 11 tos 72", None, None),
        ],
    );
}

#[test]
fn an_address_that_moved_answers_from_elsewhere() {
    let talk = "c ttl 60\ns ttl 57\n0 c S 0 flow 1\n20 s SA 0 ack 1 flow 1\n21 c A 1 ack 1 flow 1\n22 c PA 1 ack 1 len 9 flow 1\n42 s A 1 ack 10 flow 1
        5000 c PA 10 ack 1 len 9 flow 1\n5020 s R 1 win 0 id 0 ttl 121 flow 1\n";
    let judged = |text: &str| Scene::of(&format!("{talk}{text}")).judged_of(0).remove(0);
    assert_eq!(against_host(&judged(""), "ttl"), Some(Strong));
    let moved = "6000 c S 0 flow 2\n6020 s SA 0 ack 1 ttl 121 flow 2";
    assert_eq!(clue(&judged(moved), "ttl"), None);
    let elsewhere = "6000 c S 0 flow 2 server 7\n6020 s SA 0 ack 1 ttl 121 flow 2 server 7";
    assert_eq!(against_host(&judged(elsewhere), "ttl"), Some(Strong));
}

#[test]
fn one_packet_to_compare_with_tells_two_routers_and_not_one() {
    let refused = |ttl: u8| {
        let other = "c ttl 60\n0 c S 0 flow 1\n20 s SA 0 ack 1 ttl 57 flow 1\n";
        let text = format!("{other}90 c S 0 flow 2\n110 s RA 3001 ack 1 win 0 id 0 ttl {ttl} flow 2");
        clue(&Scene::of(&text).judged_of(1).remove(0), "ttl").map(|piece| (piece.about, piece.weight))
    };
    assert_eq!(refused(59), Some((Party::Middlebox, Moderate)));
    assert_eq!((refused(58), refused(55)), (None, None));
}

#[test]
fn two_resets_from_two_distances_are_not_both_the_hosts() {
    // Other flows know packets of the server from two distances.
    let others = "0 c S 0 flow 1\n20 s SA 0 ack 1 flow 1 ttl 248\n30 c S 0 flow 2\n50 s SA 0 ack 1 flow 2 ttl 142\n";
    let alone = "90 s RA 21 ack 11 flow 3 ttl 248";
    let judged = |text: &str| Scene::of(&format!("{others}{text}")).judged_of(2).remove(0);
    assert_eq!(for_host(&judged(alone), "ttl"), Some(Weak));
    let both = format!("{alone}\n90.2 s RA 21 ack 11 flow 3 ttl 142");
    assert_eq!(clue(&judged(&both), "ttl"), None);
    let near = format!("{alone}\n90.2 s RA 21 ack 11 flow 3 ttl 247");
    assert_eq!(for_host(&judged(&near), "ttl"), Some(Weak));
}

#[test]
fn what_passed_before_the_capture_may_be_what_a_reset_answers() {
    // Nothing that passed acknowledges the reset's number, or nothing reaches so far.
    for rest in ["R 500", "RA 500 ack 6"] {
        let weight = |at: u32| {
            let text = format!("c ttl 60\n s ttl 57\n 0 c PA 1 ack 1 len 5\n 20 s A 1 ack 6\n {at} s {rest}");
            against_host(&verdict(&text), "form")
        };
        assert_eq!((weight(500), weight(1500)), (Some(Weak), Some(Strong)), "{rest}");
    }
    // With the connection's beginning in the capture all of it is.
    let text = format!("{SYN}{HANDSHAKE}90 s R 500");
    assert_eq!(against_host(&verdict(&text), "form"), Some(Strong));
}

#[test]
fn with_only_syn_fin_and_rst_captured_no_number_lies_beyond() {
    let edges = format!("{SYN} 20 s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0\n");
    for rest in ["90 s RA 500 ack 11", "90 s R 500 win 0", "90 s RA 500 ack 11\n 91 s RA 900 ack 11"] {
        let judged = verdict(&format!("{edges}{rest}"));
        let form = clue(&judged, "form").filter(|piece| piece.about == Party::Middlebox);
        assert!(form.is_none_or(|form| form.weight == Weak && form.text.contains("SYN, FIN and RST")), "{judged:?}");
        assert_ne!(judged.party, Some(Party::Middlebox), "{rest}");
    }
    // A FIN far behind the handshake says nothing of the round trip.
    let fin = format!("{edges} 20.2 s FA 500 ack 36\n 900 c FA 36 ack 501\n 901 c R 501");
    assert_eq!(clue(&verdict(&fin), "too_fast"), None);
}

#[test]
fn where_packets_were_missed_what_did_not_pass_counts_less() {
    for (rest, name, seen, missed) in [
        // It answers nothing that passed; it lies beyond all that passed.
        ("90 s R 500", "form", Some(Strong), Some(Moderate)),
        ("90 s RA 500 ack 11", "form", Some(Strong), Some(Moderate)),
        // What did pass counts as before.
        ("90 s RA 21 ack 11\n 96 s PA 21 ack 11 len 5", "aftermath", Some(Decisive), Some(Decisive)),
    ] {
        let scene = || Scene::of(&format!("{SYN}{HANDSHAKE}{REQUEST}{rest}"));
        let weight = |scene: Scene| against_host(&scene.judged().remove(0), name);
        assert_eq!((weight(scene()), weight(scene().lossy())), (seen, missed), "{rest}");
    }
    let judged = Scene::of(&format!("{SYN}{HANDSHAKE}{REQUEST}90 s R 500")).lossy().judged().remove(0);
    let text = &clue(&judged, "form").expect("a clue").text;
    assert!(text.ends_with("the kernel dropped packets meanwhile"), "{text}");
}
