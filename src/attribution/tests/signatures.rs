//! The signatures of Sundara Raman et al. by what the client's packets look like.

use super::super::signature;
use super::*;
use crate::knowledge::signatures::Signature;

fn of(rest: &str) -> Option<Signature> {
    let scene = Scene::of(&format!("0 c S 0 wscale 7\n{rest}"));
    signature::of(&scene.case(0))
}

#[test]
fn each_by_its_stage_and_kinds_of_reset() {
    use Signature::*;
    let ack = "20 s SA 0 ack 1 wscale 7\n 21 c A 1 ack 1\n";
    let psh = &*format!("{ack} 22 c PA 1 ack 1 len 9\n");
    let data = &*format!("{psh} 23 c PA 10 ack 1 len 9\n");
    for (before, resets, signature) in [
        ("", "30 c R 1", Some(SynRst)),
        ("", "30 c RA 1 ack 1", Some(SynRstAck)),
        ("", "30 c R 1\n 31 c RA 1 ack 1", Some(SynRstRstAck)),
        (ack, "30 c R 1", Some(AckRst)),
        (ack, "30 c R 1\n 31 c R 5", Some(AckRstRst)),
        (ack, "30 c RA 1 ack 1", Some(AckRstAck)),
        (ack, "30 c RA 1 ack 1\n 31 c RA 5 ack 1", Some(AckRstAckRstAck)),
        (ack, "30 c RA 1 ack 1\n 31 c R 5", None),
        (psh, "30 c R 10", Some(PshRst)),
        (psh, "30 c RA 10 ack 1", Some(PshRstAck)),
        (psh, "30 c R 10\n 31 c RA 10 ack 1", Some(PshRstRstAck)),
        (psh, "30 c RA 10 ack 1\n 31 c RA 99 ack 1", Some(PshRstAckRstAck)),
        (psh, "30 c R 10 ackfield 7\n 31 c R 99 ackfield 7", Some(PshRstSameRst)),
        (psh, "30 c R 10 ackfield 7\n 31 c R 99 ackfield 8", Some(PshRstOtherRst)),
        (psh, "30 c R 10 ackfield 7\n 31 c R 99", Some(PshRstZeroRst)),
        (data, "30 c R 19", Some(DataRst)),
        (data, "30 c RA 19 ack 1", Some(DataRstAck)),
        (data, "30 c RA 19 ack 1\n 31 c R 19", None),
        // A regular close, a repeated request, a reset by the server, and one after the first ten packets.
        (ack, "30 c FA 1 ack 1\n 31 c R 2", None),
        ("", "10 c S 0\n 30 c R 1", None),
        (psh, "30 s R 1", None),
    ] {
        assert_eq!(of(&format!("{before}{resets}")), signature, "{before}{resets}");
    }
    let late: String = (0..9).map(|at| format!("{} c A 10 ack {at}\n", 23 + at)).collect();
    assert_eq!(of(&format!("{psh}{late} 90 c R 10")), None);
}

#[test]
fn it_is_told_beside_a_forgery_and_moves_nothing() {
    let data = "30 c PA 1 ack 1 len 9\n 50 s A 1 ack 10\n";
    let forged = established(&format!("{data} 51 c R 10 ttl 240"));
    let piece = clue(&forged, "signature").expect("a match");
    assert!(piece.text.contains("⟨PSH+ACK → RST⟩") && forged.sender == Sender::Middlebox, "{piece:?}");
    let genuine = established(&format!("{data} 51 c RA 10 ack 1"));
    assert_eq!((genuine.sender, clue(&genuine, "signature")), (Sender::Client, None));
}
