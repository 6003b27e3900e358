//! The DSCP bits of the type of service (IPv6: traffic class), beside the habits of stacks.
//!
//! An abort goes out with the setting of its socket. An answer to a stray segment copies what that segment had where Linux
//! makes it (`tcp_v4_send_reset`), and has 0 where its packet filter does (`nf_send_reset`). Networks rewrite these bits.

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::tcp::Segment;

/// The upper six bits; the lower two are ECN's, which change from packet to packet (RFC 2474, RFC 3168).
fn dscp(segment: &Segment) -> u8 {
    segment.tos >> 2
}

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    let own = dscp(segment);
    let name = suspect.case.name(suspect.own());
    let known = suspect.comparable().find(|one| dscp(&one.segment) == own);
    let Some(trigger) = question.trigger() else {
        let usual = suspect.comparable().next().filter(|_| known.is_none() && segment.flags.ack())?;
        return Some(suspect.forged("tos", Aspect::Device, Weight::Moderate, [segment.frame, usual.frame()], || {
            format!("DSCP {own} where all of {name}'s packets have others, such as {}", dscp(&usual.segment))
        }));
    };
    let copied = dscp(&trigger.segment);
    let frames = [trigger.frame(), segment.frame];
    if copied == 0 {
        return None;
    }
    if own == copied && known.is_none() {
        let text = || format!("DSCP {own} is copied from frame {}, which it answers, as Linux does", trigger.frame());
        return Some(suspect.genuine("tos", Aspect::Device, Weight::Moderate, frames, text));
    }
    (own == 0).then(|| {
        let text = || {
            format!(
                "DSCP 0 where frame {}, which it answers, has {copied}: Linux copies it, packet filters do not",
                trigger.frame()
            )
        };
        suspect.forged("tos", Aspect::Device, Weight::Weak, frames, text)
    })
}
