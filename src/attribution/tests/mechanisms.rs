//! How the claimed host's stack came to send a reset, by the state of its socket.

use super::*;

#[track_caller]
fn made(judged: &Judged, mechanism: Mechanism, text: &str) {
    let form = clue(judged, "form").unwrap_or_else(|| panic!("no origin: {judged:?}"));
    assert_eq!((judged.mechanism, form.about), (mechanism, Party::Host), "{form:?}");
    assert!(form.text.contains(text), "{}", form.text);
}

/// The host's stack would not have made it.
#[track_caller]
fn not_made(judged: &Judged, weight: Weight, text: &str) {
    let form = clue(judged, "form").unwrap_or_else(|| panic!("no origin: {judged:?}"));
    assert_eq!((form.about, form.weight), (Party::Middlebox, weight), "{form:?}");
    assert!(form.text.contains(text), "{}", form.text);
}

#[test]
fn a_syn_without_a_listener() {
    made(&asked("20 s RA 3001 ack 1 win 0 id 0"), Mechanism::NoListener, "without a listener");
    not_made(&asked("20 s RA 77 ack 1 win 0 id 0"), Weight::Weak, "where hosts send 0");
    not_made(&asked("20 s RA 3001 ack 9 win 0 id 0"), Weight::Moderate, "acknowledges none that passed");
}

#[test]
fn a_connection_that_is_gone() {
    let spoke = "30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 10\n";
    let stray = "90 c PA 11 ack 11 len 5\n 110 s R 11 win 0 id 0\n";
    made(&established(&format!("{spoke}{stray}")), Mechanism::NoConnection, "no longer knows the connection");
    let again = format!("{spoke}{stray} 111 c PA 16 ack 11 len 5\n 131 s R 11 win 0 id 0");
    made(&established(&again), Mechanism::NoConnection, "had reset the connection before");
    let ended = format!("{spoke} 60 c RA 11 ack 11\n 61 c A 11 ack 11\n 81 s R 11 win 0 id 0");
    made(&established(&ended), Mechanism::NoConnection, "a reset had ended the server's connection");
}

#[test]
fn a_request_given_up_or_answered_wrongly() {
    made(&asked("20 s SA 0 ack 1\n 21 c R 1 win 0 id 0"), Mechanism::NoConnection, "no longer wants");
    // Granted once more, and refused as late as the first time; and one much later.
    let far = "1200 s SA 0 ack 1\n 2200 s SA 0 ack 1\n 2500 c R 1 win 0 id 0\n";
    made(&asked(&format!("{far} 3500 c R 1 win 0 id 0")), Mechanism::NoConnection, "had reset the connection before");
    not_made(&asked(&format!("{far} 6500 c R 1 win 0 id 0")), Weight::Strong, "passed 4.3 s before");
    made(&asked("20 s A 70 ack 500\n 21 c R 500 win 0 id 0"), Mechanism::UnacceptableAck, "cannot accept");
}

#[test]
fn a_handshake_that_the_server_cannot_take_in() {
    made(&established("41 s R 1 win 0 id 0"), Mechanism::BacklogOverflow, "full accept queue");
    let spoke = "41 s A 1 ack 1\n 60 c PA 1 ack 1 len 5\n 80 s R 1 win 0 id 0";
    made(&established(spoke), Mechanism::NoConnection, "no longer knows");
    // What a device had reset, no queue refused.
    let forged = "22 c PA 1 ack 1 len 5\n 22.5 s R 1 win 0 id 0 ttl 61\n 42 s R 1 win 0 id 0";
    made(&established(forged), Mechanism::NoConnection, "a forged reset came before");
}

#[test]
fn data_for_a_side_that_has_closed() {
    for (rest, mechanism, text) in [
        // Crosses the FIN, or is the first to acknowledge it.
        ("30 s FA 1 ack 1\n 31 c PA 1 ack 1 len 5\n 51 s R 1", Mechanism::DataAfterClose, "closed both directions"),
        ("30 s FA 1 ack 1\n 31 c PA 1 ack 2 len 5\n 51 s R 2", Mechanism::DataAfterClose, "closed both directions"),
        // The FIN had been acknowledged.
        ("30 s FA 1 ack 1\n 31 c A 1 ack 2\n 40 c PA 1 ack 2 len 5\n 60 s R 2", Mechanism::TimeWait, "time-wait"),
        // Too long ago.
        (
            "30 s FA 1 ack 1\n 31 c A 1 ack 2\n 70000 c PA 1 ack 2 len 5\n 70020 s R 2",
            Mechanism::NoConnection,
            "too long ago",
        ),
        // It closed second.
        (
            "30 c FA 1 ack 1\n 50 s FA 1 ack 2\n 51 c A 2 ack 2\n 60 c PA 2 ack 2 len 5\n 80 s R 2",
            Mechanism::NoConnection,
            "second side",
        ),
    ] {
        let judged = established(&format!("{rest} win 0 id 0"));
        made(&judged, mechanism, text);
        assert_eq!((judged.sender, judged.is_active), (Sender::Server, false), "{rest}");
    }
}

#[test]
fn the_segment_that_an_old_socket_swallowed_is_not_the_one_it_answers() {
    // The first data came too long before the reset; the FIN had been acknowledged before the second.
    let judged =
        established("30 s FA 1 ack 1\n 31 c PA 1 ack 2 len 5\n 120 c FPA 6 ack 2 len 5\n 140.5 s R 2 win 0 id 0");
    made(&judged, Mechanism::TimeWait, "time-wait");
}

#[test]
fn an_answer_needs_a_question() {
    let spoke = "30 s PA 1 ack 1 len 10\n 31 c A 1 ack 11\n";
    let none = established(&format!("{spoke} 60 s R 500 win 0 id 0"));
    not_made(&none, Weight::Strong, "none that passed here");
    let old = established(&format!("{spoke} 3000 s R 11 win 0 id 0"));
    not_made(&old, Weight::Strong, "passed 3.0 s before");
    // The capture lost segments that may have been the question.
    let lost = established(&format!("{spoke} 40 c A 1 ack 11\n 41 c PA 300 ack 11 len 5\n 60 s R 500 win 0 id 0"));
    not_made(&lost, Weight::Weak, "none that passed here");
}

#[test]
fn what_a_live_connection_took_was_not_answered_by_a_reset() {
    let talk = "30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 10\n 51 c A 11 ack 11\n 100 c PA 11 ack 11 len 10\n";
    // The server took the data with the number of the reset, and spoke behind it.
    let answered = "120 s PA 11 ack 21 len 10\n 121 c A 21 ack 21\n";
    not_made(
        &established(&format!("{talk}{answered} 160 s R 11 win 0 id 0")),
        Weight::Strong,
        "into a live connection",
    );
    // Nothing says that it did.
    made(&established(&format!("{talk} 120 s R 11 win 0 id 0")), Mechanism::NoConnection, "no longer knows");
    // It may be the same data once more.
    let again = "300 c PA 11 ack 11 len 10\n 320 s R 11 win 0 id 0";
    made(&established(&format!("{talk}{answered}{again}")), Mechanism::NoConnection, "no longer knows");
    // An acknowledgement alone may have been overtaken by the data close behind it.
    let close = "98 c A 11 ack 11\n 100 c PA 11 ack 12 len 10\n 120 s PA 11 ack 21 len 10\n 121 s R 11 win 0 id 0";
    let before = "30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 10\n";
    made(&established(&format!("{before}{close}")), Mechanism::NoConnection, "no longer knows");
    not_made(
        &established(&format!("{before}{}", close.replace("98 c", "60 c"))),
        Weight::Strong,
        "into a live connection",
    );
}

#[test]
fn one_direction_alone_does_not_tell_what_was_answered() {
    let judged = verdict("0 s A 1 ack 1 ttl 57\n 5 s A 1 ack 9 ttl 57\n 10 s R 1 win 0 id 0 ttl 57");
    assert!(clue(&judged, "form").is_none(), "{judged:?}");
}

#[test]
fn an_abort_stands_where_its_socket_stood() {
    let spoke = "30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20\n 51 c A 11 ack 21\n";
    let made = |reset: &str| established(&format!("{spoke} 90 s {reset}"));
    assert_eq!(made("RA 21 ack 11").mechanism, Mechanism::Abort);
    for (reset, text) in [
        ("RA 26 ack 11", "lies 5 beyond all that the server had sent"),
        ("RA 15 ack 11", "below what the client had already acknowledged"),
        ("RA 21 ack 5", "acknowledges less than the server had acknowledged before"),
        ("RA 21 ack 12", "acknowledges 1 more than had passed here"),
    ] {
        not_made(&made(reset), Weight::Strong, text);
    }
    let again = established(&format!("{spoke} 90 s RA 21 ack 11\n 91 s RA 21 ack 11"));
    not_made(&again, Weight::Moderate, "had aborted the connection before");
}

#[test]
fn an_abort_below_what_was_sent_fits_badly() {
    // DATA_SEQ_RST: a forger knows what was acknowledged, a host what it has sent.
    let spoke = "30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20\n 51 s PA 21 ack 11 len 20\n 52 c A 11 ack 21\n";
    not_made(&established(&format!("{spoke} 53 s RA 21 ack 11")), Weight::Moderate, "DATA_SEQ_RST");
    // What the receiver's window had no room for is not counted (tcp_acceptable_seq).
    let full = spoke.replace("52 c A 11 ack 21", "52 c A 11 ack 21 win 0");
    let judged = established(&format!("{full} 53 s RA 21 ack 11"));
    assert_eq!(clue(&judged, "form").map(|form| form.about), Some(Party::Host));
}

#[test]
fn an_abort_has_the_timestamps_of_its_connection() {
    let spoke = "c clock 1000\n s clock 5000\n 30 c PA 1 ack 1 len 10\n 49 s A 1 ack 11\n 50 s PA 1 ack 11 len 20\n 51 c A 11 ack 21\n";
    not_made(&established(&format!("{spoke} 90 s RA 21 ack 11 nots")), Weight::Strong, "would carry its timestamps");
    assert_eq!(established(&format!("{spoke} 90 s RA 21 ack 11")).mechanism, Mechanism::Abort);
}

#[test]
fn a_packet_filter_on_the_host_lets_its_connection_live() {
    let judged = verdict(
        "c ttl 64\n s ttl 57
         0 c S 0 wscale 7 sackok\n 20 s SA 0 ack 1 wscale 7 sackok id 0\n 20.1 c A 1 ack 1\n 30 c PA 1 ack 1 len 10
         50 s PA 1 ack 11 len 10\n 50.1 c R 11 win 0 id 0\n 60 c PA 11 ack 11 len 10",
    );
    assert_eq!((judged.sender, judged.mechanism), (Sender::Client, Mechanism::PacketFilter));
}
