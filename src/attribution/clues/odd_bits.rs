//! Header bits that no stack sets in a reset.

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::tcp::TcpFlags;

/// Congestion signals (RFC 3168, RFC 7560) and the reserved bits.
const ODD: TcpFlags = TcpFlags::ECE.union(TcpFlags::CWR).union(TcpFlags::AE).union(TcpFlags::RESERVED);

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    if !segment.flags.intersects(ODD) {
        return None;
    }
    // A host that counts congestion in every packet (Accurate ECN) may do so in a reset.
    let mut own = suspect.of_claimed_sender().filter(|one| !one.segment.flags.syn());
    if own.any(|one| one.segment.flags.intersects(ODD)) {
        return None;
    }
    Some(suspect.forged(
        "odd_bits",
        Aspect::Form,
        Weight::Moderate,
        [segment.frame],
        "it has congestion or reserved bits set, which stacks leave clear in a reset",
    ))
}
