//! Resets of other stacks than Linux, of damaged packets and of several devices behind one address.

use super::*;
use crate::attribution::is_contradictory;

/// A server of Windows: TTL 128, one counter for all connections.
const WINDOWS: &str = "
    c ttl 60
    s ttl 121
    0  c S  0 win 64240 mss 1460 sackok wscale 7 ts 900 0
    20 s SA 0 ack 1 win 65535 mss 1460 sackok wscale 8 id 700 ts 50 900
    21 c A  1 ack 1 ts 921 50
    30 c PA 1 ack 1 len 10 ts 930 50
    50 s PA 1 ack 11 len 20 id 701 ts 80 930
    51 c FA 11 ack 21 ts 951 80
    71 s A 21 ack 12 id 702 ts 101 951
";

/// A host of Apple: identifications are 0.
const APPLE: &str = "
    c ttl 60
    s ttl 57
    0  c S  0 win 65535 mss 1460 sackok wscale 6 id 0
    20 s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0
    21 c A  1 ack 1 id 0
    30 c PA 1 ack 1 len 10 id 0
    50 s PA 1 ack 11 len 20
    51 c A 11 ack 21 id 0
";

#[test]
fn windows_aborts_without_timestamps_and_window() {
    let judged = verdict(&format!("{WINDOWS} 71.2 s RA 21 ack 12 win 0 id 703"));
    assert_eq!((judged.sender, judged.mechanism), (Sender::Server, Mechanism::Abort));
    // Whether something lay unread does not show.
    assert_eq!(judged.or_else, Some(Mechanism::AbortUnreadData));
    assert_eq!(against_host(&judged, "form"), None);
    // From a stack like Linux that had used them, they are missed.
    let linux = WINDOWS.replace("ttl 121", "ttl 57");
    let judged = verdict(&format!("{linux} 71.2 s RA 21 ack 12 win 0 id 703"));
    assert_eq!(against_host(&judged, "form"), Some(Weight::Strong));
}

#[test]
fn timestamps_that_were_only_offered_are_not_missed() {
    let declined = "0 c S 0 win 14600 mss 1460 sackok wscale 7 ts 900 0\n 2 s SA 0 ack 1 win 29200 mss 1460 wscale 7\n
                    21 c A 1 ack 1\n 30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20\n 51 c A 11 ack 21\n";
    let judged = verdict(&format!("c ttl 60\n s ttl 57\n {declined} 80 c RA 11 ack 21"));
    assert_eq!((judged.sender, against_host(&judged, "form")), (Sender::Client, None));
}

#[test]
fn a_socket_may_be_aborted_by_a_bare_reset() {
    // Long after anything that it could answer.
    let judged = verdict(&format!("{APPLE} 9000 c R 11 win 0 id 0"));
    assert_eq!((judged.sender, judged.mechanism), (Sender::Client, Mechanism::Abort));
    // Linux does not do that.
    let judged = verdict(&format!("{} 9000 c R 11 win 0 id 0", APPLE.replace(" id 0\n", "\n")));
    assert_eq!(against_host(&judged, "form"), Some(Weight::Strong));
    // Not at its next number it is no abort.
    let judged = verdict(&format!("{APPLE} 9000 c R 5 win 0 id 0"));
    assert_ne!(judged.mechanism, Mechanism::Abort);
}

#[test]
fn a_reset_that_contradicts_itself_is_nobodys() {
    for flags in ["RF", "RSA", "RU"] {
        let text =
            format!("{SYN}{HANDSHAKE} 30 c PA 1 ack 1 len 10\n 60 s {flags} 1 ack 11 len 5\n 90 s PA 6 ack 11 len 5");
        let scene = Scene::of(&text);
        assert!(scene.case(0).flow.resets().iter().all(is_contradictory), "{flags}");
        let judged = scene.judged().pop().expect("judged");
        assert_eq!((judged.sender, judged.mechanism), (Sender::Unknown, Mechanism::Unknown), "{flags}");
        assert!(judged.would_decide.is_some_and(|what| what.contains("contradict")), "{flags}");
    }
}

#[test]
fn a_closing_socket_takes_the_acknowledgement_of_its_fin() {
    let closed = |rest: &str| {
        let judged = established(&format!("30 s FA 1 ack 1\n {rest}"));
        (judged.mechanism, judged.or_else)
    };
    let filter = Some(Mechanism::PacketFilter);
    assert_eq!(closed("41 c A 1 ack 2\n 61 s R 2 win 0 id 0"), (Mechanism::DataAfterClose, filter));
    assert_eq!(closed("41 c PA 1 ack 2 len 9\n 61 s R 2 win 0 id 0"), (Mechanism::DataAfterClose, None));
}

#[test]
fn a_full_queue_refuses_at_once_and_not_after_a_rest() {
    let late = established("900000 c PA 1 ack 1 len 5\n 900020 s R 1 win 0 id 0");
    assert_eq!(late.mechanism, Mechanism::NoConnection);
    let soon = |resets: &str| {
        Scene::of(&format!("{SYN}{HANDSHAKE} 22 c PA 1 ack 1 len 5\n {resets}")).judged().remove(0).mechanism
    };
    assert_eq!(soon("41 s R 1 win 0 id 0\n 42 s R 1 win 0 id 0"), Mechanism::BacklogOverflow);
    // The acknowledgement was taken, and only what came behind it refused.
    assert_eq!(soon("42 s R 1 win 0 id 0"), Mechanism::NoConnection);
}

#[test]
fn a_counter_of_the_whole_host_runs_on_while_the_connection_rests() {
    let asked = "20 s SA 0 ack 1\n 21 c A 1 ack 1 id 99\n 30 c PA 1 ack 1 len 10 id 100\n 50 s PA 1 ack 11 len 20\n 51 c A 11 ack 21 id 102\n";
    let after = |time: u32, id: u32| verdict(&format!("{SYN}{asked} {time} c RA 11 ack 21 id {id}"));
    assert_eq!(against_host(&after(10_000, 1100), "ip_id"), None);
    // Without a rest, or as far away as chance puts it.
    assert_eq!(against_host(&after(60, 1100), "ip_id"), Some(Weight::Strong));
    assert_eq!(against_host(&after(10_000, 42_000), "ip_id"), Some(Weight::Strong));
}

#[test]
fn two_devices_behind_one_address_prove_little_for_each_other() {
    let two = "c ttl 251\n s ttl 57\n 0 c S 0 win 8190\n 20 s SA 0 ack 1\n 21 c A 1 ack 1 ttl 52\n 30 c PA 1 ack 1 len 9 ttl 52\n";
    let judged = verdict(&format!("{two} 50 s A 1 ack 10\n 60 c RA 10 ack 1 win 9300"));
    assert_eq!(for_host(&judged, "ttl"), Some(Weight::Weak));
}
