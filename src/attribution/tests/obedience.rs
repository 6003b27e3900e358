//! Whether the receiver obeyed.

use super::*;

#[test]
fn by_position_and_by_what_it_did_afterwards() {
    let spoke = "30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20\n 51 c A 11 ack 21\n";
    for (rest, obeyed, why) in [
        ("90 s RA 21 ack 11", Some(true), "next one its receiver expects"),
        ("90 s RA 22 ack 11", Some(false), "challenge ACK"),
        ("90 s RA 900000 ack 11", Some(false), "outside the receiver's window"),
        // It goes on after a round trip, so it did not; what was under way proves nothing.
        ("90 s RA 22 ack 11\n 400 c PA 11 ack 21 len 5", Some(false), "sent new data"),
        ("90 s RA 22 ack 11\n 90.2 c PA 11 ack 21 len 5", Some(false), "challenge ACK"),
        ("60 s FA 21 ack 11\n 61 c A 11 ack 22\n 90 s RA 21 ack 11", Some(true), "its sender's FIN"),
        ("60 s FA 21 ack 11\n 61 c FA 11 ack 22\n 80 s A 22 ack 12\n 90 s R 22 win 0", Some(false), "had ended before"),
    ] {
        let judged = established(&format!("{spoke}{rest}"));
        let obedience = judged.obedience.expect("judged");
        assert_eq!(obedience.obeyed, obeyed, "{rest}: {obedience:?}");
        assert!(obedience.why.contains(why), "{rest}: {obedience:?}");
    }
}

#[test]
fn unknown_where_the_capture_does_not_show_what_was_expected() {
    let obedience = verdict("0 s R 1").obedience.expect("judged");
    assert_eq!(obedience.obeyed, None);
}
