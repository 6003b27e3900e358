//! How many routers it crossed, beside those that the claimed host's other packets crossed.

use super::{Question, forged, genuine};
use crate::attribution::Party;
use crate::attribution::case::Suspect;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::tcp::FrameNumber;

/// Where in the capture the host's other packets are.
pub(in crate::attribution) struct Baseline {
    /// Their times to live, each once.
    pub ttls: Vec<u8>,
    /// One of them.
    pub frame: FrameNumber,
    /// How many there are.
    pub count: usize,
    /// They are of other flows.
    pub elsewhere: bool,
}

/// The initial value that a time to live on arrival descends from: stacks begin with 64, 128 or 255 (`resets.md` 2.2); 32
/// is of the past, and paths are shorter than 32 routers.
pub fn initial_ttl(ttl: u8) -> u8 {
    match ttl {
        0..=64 => 64,
        65..=128 => 128,
        _ => 255,
    }
}

/// The host's other packets: those of this flow, or else those of its other flows.
pub(in crate::attribution) fn baseline(suspect: &Suspect<'_>) -> Option<Baseline> {
    let mut ttls = Vec::new();
    let (mut frame, mut count) = (None, 0);
    for one in suspect.comparable() {
        count += 1;
        if !ttls.contains(&one.segment.ttl) {
            ttls.push(one.segment.ttl);
        }
        frame.get_or_insert(one.frame());
    }
    if let Some(frame) = frame {
        return Some(Baseline { ttls, frame, count, elsewhere: false });
    }
    let host = suspect.case.host(suspect.own())?;
    let first = host.ttls.first()?;
    Some(Baseline {
        ttls: host.ttls.iter().map(|seen| seen.value).collect(),
        frame: first.frame,
        count: host.ttls.iter().map(|seen| seen.count as usize).sum(),
        elsewhere: true,
    })
}

/// The clue's name where the capture was taken on the sender's own host: what is sent there in the host's name is the host's,
/// be it by its stack or by its packet filter.
pub(in crate::attribution) const LOCAL: &str = "local_ttl";

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let ttl = suspect.segment().ttl;
    if suspect.is_scanner() {
        return None;
    }
    let baseline = baseline(suspect)?;
    let name = suspect.case.name(suspect.own());
    let frames = vec![suspect.segment().frame, baseline.frame];
    let whose =
        if baseline.elsewhere { format!("{name}'s packets in other flows") } else { format!("{name}'s packets") };
    let usual = baseline.ttls.iter().map(u8::to_string).collect::<Vec<_>>().join(" or ");
    if baseline.ttls == [ttl] && initial_ttl(ttl) == ttl && !baseline.elsewhere {
        return Some(genuine(
            LOCAL,
            Aspect::Device,
            Weight::Decisive,
            frames,
            format!("TTL {ttl} is what a packet begins with, as {whose} have here: it was sent on the same host"),
        ));
    }
    if baseline.ttls.contains(&ttl) {
        return Some(genuine("ttl", Aspect::Device, Weight::Moderate, frames, format!("TTL {ttl}, as {whose} have")));
    }
    let hops = initial_ttl(ttl) - ttl;
    if baseline.ttls.iter().all(|&other| initial_ttl(other) - other == hops) {
        // A load balancer answers for connections that the servers behind it have closed: from the same place, with another
        // initial TTL.
        let closed = suspect.reset.fin_before[suspect.own()];
        let weight = if closed { Weight::Weak } else { Weight::Strong };
        let text = format!("TTL {ttl} where {whose} have {usual}: another stack, as many routers away");
        return Some(forged("ttl", Aspect::Device, weight, frames, text));
    }
    let apart = baseline.ttls.iter().map(|&other| other.abs_diff(ttl)).min()?;
    let steady = baseline.ttls.len() == 1 && baseline.count > 1;
    let weight = match (apart, steady) {
        (1, false) => return None,
        (1, true) => Weight::Strong,
        (_, true) => Weight::Decisive,
        (_, false) => Weight::Strong,
    };
    Some(forged("ttl", Aspect::Device, weight, frames, format!("TTL {ttl} where {whose} have {usual}")))
}
