//! Why a live socket was aborted, rule by rule with its near miss.

use super::*;

/// A rule by what its text says; what it may be as well.
#[track_caller]
fn by(judged: &Judged, mechanism: Mechanism, text: &str, or_else: Option<Mechanism>) {
    let form = clue(judged, "form").unwrap_or_else(|| panic!("no origin: {judged:?}"));
    assert!(form.text.contains(text), "{}", form.text);
    assert_eq!((judged.mechanism, judged.or_else), (mechanism, or_else), "{}", form.text);
    assert!(form.frames.contains(&judged.frame));
}

#[test]
fn what_was_received_and_answered_decides() {
    use Mechanism::{Abort, AbortUnreadData as Unread};
    let request = "30 c PA 1 ack 1 len 10\n";
    let reply = "30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20\n";
    for (rest, mechanism, text, or_else) in [
        // Nothing to leave unread.
        ("30 s PA 1 ack 1 len 5\n 31 c A 1 ack 6\n 60 s RA 6 ack 1", Abort, "received nothing", None),
        // The reset is the first to acknowledge what came.
        (&*format!("{request} 50 s RA 1 ack 11"), Unread, "first to acknowledge 10 bytes", Some(Abort)),
        // The window jumps by more than its rounding once the queue is emptied; by reading Linux tells of one twice as wide.
        (&*format!("{request} 50 s A 1 ack 11 win 400\n 80 s RA 1 ack 11 win 402"), Unread, "is wider", Some(Abort)),
        (&*format!("{request} 50 s A 1 ack 11 win 400\n 80 s RA 1 ack 11 win 799"), Unread, "is wider", Some(Abort)),
        (&*format!("{request} 50 s A 1 ack 11 win 400\n 80 s RA 1 ack 11 win 800"), Unread, "is wider", None),
        (
            &*format!("{request} 50 s A 1 ack 11 win 400\n 80 s RA 1 ack 11 win 401"),
            Unread,
            "not answered",
            Some(Abort),
        ),
        // One message, an acknowledgement, and the end in the same turn: it was read.
        (&*format!("{request} 50 s A 1 ack 11\n 51 s RA 1 ack 11"), Abort, "woke it", Some(Unread)),
        (&*format!("{request} 50 s A 1 ack 11\n 53 s RA 1 ack 11"), Unread, "without reading", Some(Abort)),
        // The peer was still sending.
        (
            "30 c PA 1 ack 1 len 10\n 31 c PA 11 ack 1 len 900\n 50 s A 1 ack 11\n 51 s RA 1 ack 11",
            Unread,
            "in the middle of sending",
            Some(Abort),
        ),
        // It had closed its side.
        (
            "30 s FA 1 ack 1\n 31 c PA 1 ack 2 len 10\n 51 s A 2 ack 11\n 90 s RA 2 ack 11",
            Unread,
            "was still sending",
            Some(Abort),
        ),
        (
            &*format!("{reply} 51 s FA 21 ack 11\n 52 c A 11 ack 22\n 90 s RA 22 ack 11"),
            Abort,
            "had closed its side before",
            Some(Unread),
        ),
        // What was under way when it closed comes within a round trip.
        (
            &*format!("{reply} 51 s FA 21 ack 11\n 52 c A 11 ack 22\n 90 s RA 22 ack 11\n 95 c PA 11 ack 22 len 7"),
            Unread,
            "was still sending",
            Some(Abort),
        ),
        // An answer and the end in one turn.
        (&*format!("{reply} 50.5 s RA 21 ack 11"), Unread, "in one turn", Some(Abort)),
        (&*format!("{reply} 90 s RA 21 ack 11"), Abort, "answered everything", None),
        // What it was sending anyway, or what answers the beginning of more, says not that all was read.
        (
            "30 s PA 1 ack 1 len 10\n 31 c PA 1 ack 1 len 5\n 50 s PA 11 ack 6 len 5\n 90 s RA 16 ack 6",
            Abort,
            "answered everything",
            Some(Unread),
        ),
        (
            "30 s PA 1 ack 1 len 10\n 41 c PA 1 ack 11 len 5\n 42 s PA 11 ack 1 len 5\n 61 s PA 16 ack 6 len 5\n 90 s RA 21 ack 6",
            Abort,
            "answered everything",
            Some(Unread),
        ),
        (
            "30 c PA 1 ack 1 len 10\n 31 c PA 11 ack 1 len 10\n 50 s PA 1 ack 21 len 5\n 90 s RA 6 ack 21",
            Abort,
            "answered everything",
            Some(Unread),
        ),
        (
            "30 s PA 1 ack 1 len 5\n 41 c A 1 ack 6\n 300 s PA 6 ack 1 len 5\n 311 c A 1 ack 11\n 320 c PA 1 ack 11 len 5\n \
             500 s PA 11 ack 6 len 5\n 700 s RA 16 ack 6",
            Abort,
            "answered everything",
            Some(Unread),
        ),
        // One more message after its last words, or several: a server would have answered, a client has no more to say.
        (
            &*format!("{reply} 60 c PA 11 ack 21 len 7\n 80 s A 21 ack 18\n 150 s RA 21 ack 18"),
            Unread,
            "without reading them all",
            Some(Abort),
        ),
        (&*format!("{reply} 51 c A 11 ack 21\n 150 c RA 11 ack 21"), Abort, "one more message", Some(Unread)),
        (
            &*format!(
                "{reply} 60 c PA 11 ack 21 len 7\n 70 c PA 18 ack 21 len 7\n 90 s A 21 ack 25\n 150 s RA 21 ack 25"
            ),
            Unread,
            "without reading them all",
            Some(Abort),
        ),
        // It spoke without having read what had come, and closed.
        (
            &*format!("{request} 50 s PA 1 ack 1 len 5\n 50.5 s A 6 ack 11\n 51 s RA 6 ack 11"),
            Unread,
            "right after it spoke",
            Some(Abort),
        ),
    ] {
        by(&established(rest), mechanism, text, or_else);
    }
}

#[test]
fn a_fin_is_no_data_that_could_lie_unread() {
    let judged = established("30 c FA 1 ack 1\n 50 s A 1 ack 2\n 90 s RA 1 ack 2");
    by(&judged, Mechanism::Abort, "received nothing", None);
}

#[test]
fn what_came_before_the_capture_may_lie_unread() {
    let judged =
        verdict("c ttl 60\n s ttl 57\n 0 c A 1 ack 1\n 20 s PA 1 ack 1 len 5\n 21 c A 1 ack 6\n 60 s RA 6 ack 1");
    by(&judged, Mechanism::Abort, "received nothing", Some(Mechanism::AbortUnreadData));
}

#[test]
fn probes_and_repetitions_without_an_answer() {
    let repeats = "30 s PA 1 ack 1 len 10\n 240 s PA 1 ack 1 len 10\n 700 s PA 1 ack 1 len 10\n";
    by(
        &established(&format!("{repeats} 1500 s RA 11 ack 1")),
        Mechanism::KeepaliveTimeout,
        "asked 2 times without an answer",
        // Of data Linux itself gives up without a word.
        Some(Mechanism::Abort),
    );
    let answered = established(&format!("{repeats} 1499 c A 1 ack 11\n 1500 s RA 11 ack 1"));
    by(&answered, Mechanism::Abort, "received nothing", None);
    let probe = "30 s A 1 ack 1\n 7000 s A 0 ack 1\n";
    by(
        &established(&format!("{probe} 8000 s RA 1 ack 1")),
        Mechanism::KeepaliveTimeout,
        "asked once without an answer",
        None,
    );
    // What had not been sent before is no probe, nor is what grants the connection.
    by(&established("30 s PA 1 ack 1 len 1\n 1500 s RA 2 ack 1"), Mechanism::Abort, "received nothing", None);
    by(&verdict(&format!("{SYN}20 s SA 0 ack 1\n 9000 s RA 1 ack 1")), Mechanism::Abort, "received nothing", None);
    let answered = established(&format!("{probe} 7001 c A 1 ack 1\n 8000 s RA 1 ack 1"));
    by(&answered, Mechanism::Abort, "received nothing", None);
    // In mid-stream, what the other side acknowledged tells them.
    let older =
        verdict("c ttl 60\n s ttl 57\n 0 c A 1 ack 11\n 5000 s A 10 ack 1\n 6000 s A 10 ack 1\n 7000 s RA 11 ack 1");
    by(&older, Mechanism::KeepaliveTimeout, "asked 2 times without an answer", None);
    // Linux answers probes no more often than every 500 ms, and the one before a closed window may have an answer that was held back.
    let before_closed_window = |second: u32| {
        let window = "30 c A 1 ack 1 win 0\n 31 s A 1 ack 1\n 2000 s A 0 ack 1\n 2001 c A 1 ack 1 win 0\n";
        established(&format!("{window} {second} s A 0 ack 1\n {} s RA 1 ack 1", second + 900))
    };
    by(&before_closed_window(2400), Mechanism::Abort, "received nothing", None);
    let kept = before_closed_window(2600);
    by(&kept, Mechanism::KeepaliveTimeout, "asked once without an answer", Some(Mechanism::Abort));
}

/// Connections of one server program: the first is aborted at 100 ms with everything answered.
fn siblings(others: &str) -> Judged {
    let mut text = format!(
        "{SYN}{HANDSHAKE} 30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20\n 51 c A 11 ack 21\n 100 s RA 21 ack 11\n"
    );
    text += others;
    Scene::of(&text).judged().remove(0)
}

#[test]
fn a_process_that_dies_takes_its_connections_along() {
    let setup = |flow| format!("60 c S 0 flow {flow}\n 61 s SA 0 ack 1 flow {flow}\n 62 c A 1 ack 1 flow {flow}\n");
    // Frames need not come in order of time here: each flow is told by its ports.
    let (one, two) = (setup(1), setup(2));
    let exit = "those with nothing unread by FIN";
    let died = siblings(&format!("{one}{two} 101 s FA 1 ack 1 flow 1\n 102 s RA 1 ack 1 flow 2"));
    // Or it dropped them all by one call for each.
    by(&died, Mechanism::AbortUnreadData, exit, Some(Mechanism::Abort));
    let refused_next =
        siblings(&format!("{one} 101 s FA 1 ack 1 flow 1\n 150 c S 0 flow 3\n 151 s RA {} ack 1 flow 3", {
            // The number that makes the field 0, whatever the initial one of this connection is.
            let isn = crate::trace::parse("0 s S 0 flow 3").expect("a trace");
            let isn = isn.first().and_then(|event| event.segment()).expect("a segment").seq;
            0u32.wrapping_sub(isn.0)
        }));
    by(&refused_next, Mechanism::AbortUnreadData, exit, None);
    for others in [
        // It took a connection after the first of them had ended.
        format!(
            "{one} 80 s FA 1 ack 1 flow 1\n{} 102 s RA 1 ack 1 flow 2",
            two.replace("60 c", "84 c").replace("61 s", "85 s")
        ),
        // Alone, or too late, or another service of the host.
        format!("{one} 101 s FA 1 ack 1 flow 1"),
        format!("{one}{two} 401 s FA 1 ack 1 flow 1\n 402 s RA 1 ack 1 flow 2"),
        format!("{one}{two} 141 s FA 1 ack 1 flow 1\n 142 s RA 1 ack 1 flow 2").replace("flow", "port 80 flow"),
    ] {
        by(&siblings(&others), Mechanism::Abort, "answered everything", None);
    }
}
