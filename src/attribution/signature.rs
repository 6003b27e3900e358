//! Which tampering signature of Sundara Raman et al. the beginning of a flow matches.
//!
//! They are defined on the first ten packets that a server gets from a client. A match says that resets ended the connection
//! early in the client's name; who sent them is for the clues. The signatures of silence are no business of a reset.

use super::case::Case;
use crate::knowledge::signatures::Signature;
use crate::tcp::SeqNum;
use crate::timeline::Sighting;

/// Packets of the client that are looked at.
const PACKETS: usize = 10;

/// The signature, where the resets in the client's name make one.
pub(super) fn of(case: &Case<'_>) -> Option<Signature> {
    let client = case.roles.from_client;
    let mut packets = case.timeline.sightings.iter().filter(|one| one.way == client && !one.copy).take(PACKETS);
    let mut before: Vec<&Sighting> = Vec::new();
    let first = loop {
        let one = packets.next()?;
        if one.segment.flags.rst() {
            break one;
        }
        before.push(one);
    };
    let resets: Vec<&Sighting> = std::iter::once(first).chain(packets.filter(|one| one.segment.flags.rst())).collect();
    let syns = before.iter().filter(|one| one.segment.flags.syn()).count();
    if syns != 1 || before.iter().any(|one| one.segment.flags.fin()) {
        return None;
    }
    let data = before.iter().filter(|one| one.segment.payload_len > 0).count();
    let after_data = before.last().is_some_and(|last| last.segment.payload_len > 0);
    let with_ack = resets.iter().filter(|one| one.segment.flags.ack()).count();
    let bare = resets.len() - with_ack;
    Some(match (data, before.len()) {
        (0, 1) => match (bare, with_ack) {
            (_, 0) => Signature::SynRst,
            (0, _) => Signature::SynRstAck,
            _ => Signature::SynRstRstAck,
        },
        (0, _) => match (bare, with_ack) {
            (1, 0) => Signature::AckRst,
            (_, 0) => Signature::AckRstRst,
            (0, 1) => Signature::AckRstAck,
            (0, _) => Signature::AckRstAckRstAck,
            _ => return None,
        },
        (1, _) if after_data => match (bare, with_ack) {
            (1, 0) => Signature::PshRst,
            (0, 1) => Signature::PshRstAck,
            (0, _) => Signature::PshRstAckRstAck,
            (_, 0) => several(resets.iter().map(|one| one.segment.ack)),
            _ => Signature::PshRstRstAck,
        },
        _ => match (bare, with_ack) {
            (_, 0) => Signature::DataRst,
            (0, _) => Signature::DataRstAck,
            _ => return None,
        },
    })
}

/// Of several bare resets their acknowledgement fields tell.
fn several(mut fields: impl Iterator<Item = SeqNum> + Clone) -> Signature {
    let Some(first) = fields.clone().next() else { return Signature::PshRst };
    if fields.clone().all(|field| field == first) {
        Signature::PshRstSameRst
    } else if fields.any(|field| field.0 == 0) {
        Signature::PshRstZeroRst
    } else {
        Signature::PshRstOtherRst
    }
}
