//! Captures that lack packets, have them in another order, or were taken where a device has changed them: what they cannot have seen, they
//! do not say.

use super::*;
use crate::decode::Direction;

const REQUEST: &str = "30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20\n 51 c A 11 ack 21\n";

/// Data of another connection, of which so much was acknowledged and never captured.
fn missing(octets: u32) -> String {
    format!(
        "200 c S 0 flow 9\n 220 s SA 0 ack 1 flow 9\n 221 c A 1 ack 1 flow 9\n 230 c PA 1 ack 1 len 100 flow 9\n
         250 s A 1 ack {} flow 9\n 260 s R 1 flow 9",
        101 + octets
    )
}

/// Another connection, in which an acknowledgement lies before what it acknowledges.
const DISORDER: &str =
    "200 c S 0 flow 9\n 220 s SA 0 ack 1 flow 9\n 221 c A 1 ack 1 flow 9\n 230 s A 1 ack 101 flow 9\n
    230.1 c PA 1 ack 1 len 100 flow 9\n 260 s R 1 flow 9";

/// The verdict on the first reset of the first flow.
fn first(rest: &str) -> Judged {
    Scene::of(&format!("{SYN}{HANDSHAKE}{REQUEST}{rest}")).judged().remove(0)
}

#[test]
fn an_absence_is_worth_no_more_than_what_is_missing_allows() {
    for (octets, weight) in [(0, Weight::Strong), (1, Weight::Strong), (4, Weight::Strong), (20, Weight::Moderate)] {
        let judged = first(&format!("90 s R 500\n{}", missing(octets)));
        assert_eq!(against_host(&judged, "form"), Some(weight), "{octets}");
        let text = &clue(&judged, "form").expect("a clue").text;
        assert_eq!(text.contains("packets that others acknowledge"), octets > 1, "{octets}: {text}");
    }
    // One packet that was missed makes both, and the host's own distance outweighs it.
    let burst = "90 s R 21 win 0 id 0\n 90.1 s R 1481 win 0 id 0\n";
    let (whole, lossy) = (first(burst), first(&format!("{burst}{}", missing(20))));
    assert_eq!((whole.sender, whole.confidence), (Sender::Middlebox, Some(Confidence::Likely)));
    assert_ne!(lossy.sender, Sender::Middlebox, "{lossy:?}");
    // What was there counts as before.
    let device = first(&format!("90 s R 21 win 0 id 0 ttl 62\n{}", missing(20)));
    assert_eq!(against_host(&device, "ttl"), Some(Weight::Decisive));
}

#[test]
fn an_order_that_the_capture_lost_proves_nothing() {
    // It answers what was captured behind it; it lies behind its own data, and acknowledges what is still to come.
    for (rest, name) in [
        ("90 s RA 41 ack 11\n 90.2 s PA 21 ack 11 len 20", "form"),
        ("90 s RA 21 ack 21\n 90.2 c PA 11 ack 21 len 10", "form"),
        ("90 s RA 21 ack 11\n 90.2 s PA 21 ack 11 len 20", "aftermath"),
    ] {
        let order = first(rest);
        // Without timestamps to say when it was sent, what comes so soon may have been overtaken in any capture.
        let usual = if name == "aftermath" { Weight::Moderate } else { Weight::Strong };
        assert!(against_host(&order, name) >= Some(usual), "{rest}: {order:?}");
        let disorder = first(&format!("{rest}\n{DISORDER}"));
        assert!(against_host(&disorder, name) <= Some(Weight::Weak), "{rest}: {disorder:?}");
        // By that much nothing is out of order.
        let later = first(&format!("{}\n{DISORDER}", rest.replace("90.2", "99")));
        assert!(against_host(&later, name) >= Some(Weight::Strong), "{rest}: {later:?}");
    }
}

#[test]
fn an_answer_a_moment_before_its_question() {
    // Whether in the whole capture or just here: it may have passed behind.
    let form = |at: &str| against_host(&asked(&format!("20 c R 1 win 0 id 0\n {at} s SA 0 ack 1")), "form");
    assert_eq!((form("20.3"), form("29")), (None, Some(Weight::Strong)));
}

#[test]
fn where_neither_side_has_crossed_a_router_it_may_be_any_device_of_the_link() {
    let text = |client: u8| {
        format!(
            "c ttl {client}\n s ttl 64\n 0 c S 0\n 0.1 s SA 0 ack 1\n 20 c A 1 ack 1\n 30 c PA 1 ack 1 len 10\n
             30.1 s A 1 ack 11\n 90 c PA 11 ack 1 len 5\n 90.1 s R 1 win 0"
        )
    };
    let is_local = |scene: Scene| clue(&scene.judged()[0], crate::attribution::LOCAL).is_some();
    assert!(is_local(Scene::of(&text(57))));
    assert!(!is_local(Scene::of(&text(64))));
    // The capturing host says itself what it sent.
    let sent = Scene::seen(&text(64), |segment, view| {
        let is_server = segment.source.port == 443;
        view.direction = Some(if is_server { Direction::Out } else { Direction::In });
    });
    assert!(is_local(sent));
}

#[test]
fn what_a_coarse_clock_rounds_is_not_too_fast() {
    let at = |clock: &str| {
        let text = "0 c S 0\n 1T s SA 0 ack 1\n 3T c A 1 ack 1\n 30T c PA 1 ack 1 len 10\n 31T s A 1 ack 11\n
            40T c PA 11 ack 1 len 5\n 40T s RA 1 ack 16";
        against_host(&verdict(&text.replace('T', clock)), "too_fast")
    };
    // All of 1 ms away and back, in whole milliseconds, and by a clock that could tell.
    assert_eq!((at(""), at(".1")), (None, Some(Weight::Decisive)));
}

#[test]
fn behind_probes_alone_the_next_number_is_one_further() {
    let probes = "0 c A 1 ack 1\n 1000 c A 1 ack 1\n 2000 c A 1 ack 1\n";
    let form = |seq: u32| against_host(&verdict(&format!("{probes} 3000 c RA {seq} ack 1")), "form");
    assert_eq!((form(2), form(3)), (None, Some(Weight::Strong)));
}

#[test]
fn what_is_overtaken_is_not_repeated_in_vain() {
    let data = |at: &str, again: &str| {
        let text = format!(
            "60 s PA 21 ack 11 len 10\n 60.1 s PA 41 ack 11 len 10\n {at} s PA 31 ack 11 len 10\n
             {again} s PA 21 ack 11 len 10\n 900 s RA 51 ack 11"
        );
        established(&format!("{REQUEST}{text}")).mechanism
    };
    assert_eq!((data("260.2", "660"), data("60.2", "60.3")), (Mechanism::KeepaliveTimeout, Mechanism::Abort));
}

#[test]
fn who_asked_anew_before_its_reset_goes_on_with_that() {
    let aftermath = |rest: &str| {
        let scene = Scene::of(&format!("{SYN}{HANDSHAKE}{REQUEST}{rest}"));
        let judged = (0..scene.flows.len()).flat_map(|flow| scene.judged_of(flow)).next().expect("a reset");
        against_host(&judged, "aftermath")
    };
    // The server still holds the old connection, and challenges the new one's SYN; the client resets the old one.
    let anew = "100 c S 5000 win 64240 mss 1460 sackok wscale 7\n 120 s A 21 ack 11\n 121 c R 11 win 0 id 0\n
        140 s SA 9000 ack 5001\n 141 c A 5001 ack 9001\n 150 c PA 5001 ack 9001 len 10";
    assert_eq!(aftermath(anew), None);
    // Nobody asked anew: it goes on with what it had.
    assert_eq!(aftermath("121 c R 11 win 0 id 0\n 150 c PA 11 ack 21 len 10"), Some(Weight::Decisive));
    // Nor where somebody guessed a number below all of it (relative to 0).
    assert_eq!(aftermath("100 c RA 4294960000 ack 21 id 0\n 150 c PA 11 ack 21 len 10"), Some(Weight::Decisive));
}

#[test]
fn a_refusal_whose_question_was_not_captured() {
    let refusal = "0 s RA 0 raw ack 1 win 0";
    assert_eq!(verdict(refusal).mechanism, Mechanism::NoListener);
    // What was captured of the other side was no SYN.
    assert_eq!(against_host(&verdict("0 c A 500 ack 1\n 20 s RA 0 raw ack 1 win 0"), "form"), Some(Weight::Weak));
}
