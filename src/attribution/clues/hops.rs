//! How many routers it crossed, beside those that the claimed host's other packets crossed.

use super::Question;
use crate::attribution::Party;
use crate::attribution::case::Suspect;
use crate::attribution::origin::ON_THE_HOST;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::knowledge::ttl;
use crate::tcp::FrameNumber;
use crate::timeline::Sighting;

/// By how much paths of one host differ that are used side by side (ECMP, anycast): of 19 in 20 connections all packets
/// are within 1 (Sundara Raman et al., SIGCOMM 2023), and 2 is no more than two such places on the way.
const PATHS_DIFFER: u8 = 2;

/// Where in the capture the host's other packets are.
pub(in crate::attribution) struct Baseline {
    /// Their times to live, each once.
    pub ttls: Vec<u8>,
    /// One of them.
    pub frame: FrameNumber,
    /// All alike, and more than one packet of this flow, or those of more than one other flow.
    pub steady: bool,
    /// They are of other flows.
    pub elsewhere: bool,
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
        let steady = ttls.len() == 1 && count > 1;
        return Some(Baseline { ttls, frame, steady, elsewhere: false });
    }
    let host = suspect.case.host(suspect.own())?;
    let first = host.ttls.first()?;
    Some(Baseline {
        ttls: host.ttls.iter().map(|seen| seen.value).collect(),
        frame: first.frame,
        // One flow is enough where it is the same connection.
        steady: host.ttls.len() == 1 && (first.flows > 1 || suspect.case.earlier().is_some()),
        elsewhere: true,
    })
}

/// The clue's name where the capture was taken on the sender's own host: what is sent there in the host's name is the host's,
/// be it by its stack or by its packet filter.
pub const LOCAL: &str = "local_ttl";

/// Whether what the claimed host sends is captured where it is made: no router crossed, from the same network card, and
/// nothing in this flow takes a way to it and back.
fn is_local(suspect: &Suspect<'_>, baseline: &Baseline) -> bool {
    let Some(reset) = suspect.sighting() else { return false };
    let ttl = reset.segment.ttl;
    let same_device = |one: &Sighting| one.link_source == reset.link_source && one.direction == reset.direction;
    ttl::hops(ttl) == 0
        && baseline.ttls == [ttl]
        && !baseline.elsewhere
        && suspect.comparable().any(same_device)
        && suspect.case.round_trip_to(suspect.own()).is_none_or(|least| least < ON_THE_HOST)
        && !is_as_near(suspect, reset)
}

/// Whether the other side is as near by its TTL, and no direction tells the two apart: a capture is taken on one host only. Both may be on
/// one link with the capture point beside them, or behind a device that sets the TTL anew; and one program may play the other (a VPN on a
/// telephone answers for all servers).
fn is_as_near(suspect: &Suspect<'_>, reset: &Sighting) -> bool {
    let peer = suspect.peer();
    let mut others =
        suspect.case.timeline.sightings.iter().filter(|one| one.way == peer && one.is_ordinary()).peekable();
    let is_told = |one: &Sighting| one.direction.is_some() && one.direction != reset.direction;
    others.peek().is_some() && others.all(|one| ttl::hops(one.segment.ttl) == 0 && !is_told(one))
}

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let ttl = suspect.segment().ttl;
    if suspect.is_scanner() || suspect.was_translated() {
        return None;
    }
    let name = suspect.case.name(suspect.own());
    let ends = &suspect.case.flow.stream.endpoints;
    if ends.forward.address == ends.back.address {
        let text = "both ends have one address, so that it never left the host";
        return Some(suspect.genuine(LOCAL, Aspect::Device, Weight::Decisive, [suspect.segment().frame], text));
    }
    let baseline = question.baseline?;
    let frames = [suspect.segment().frame, baseline.frame];
    let whose = || format!("{name}'s packets{}", if baseline.elsewhere { " in other flows" } else { "" });
    let usual = || baseline.ttls.iter().map(u8::to_string).collect::<Vec<_>>().join(" or ");
    if is_local(suspect, baseline) {
        return Some(suspect.genuine(LOCAL, Aspect::Device, Weight::Decisive, frames, || {
            format!("TTL {ttl} is what a packet begins with, as {} have here: it was sent on the same host", whose())
        }));
    }
    if baseline.ttls.contains(&ttl) {
        // Behind one address there may be several devices, and other flows may have gone to another one.
        let differs = |other: u8| other.abs_diff(ttl) > PATHS_DIFFER;
        let apart = baseline.ttls.iter().any(|&other| differs(other));
        if apart
            && baseline.elsewhere
            && suspect.other_resets(suspect.own()).any(|(_, other)| differs(other.segment.ttl))
        {
            // Two devices of this address reset one connection, and other flows know both: which of them is the host?
            return None;
        }
        let weight = if apart || baseline.elsewhere && !baseline.steady { Weight::Weak } else { Weight::Moderate };
        let text = || match apart {
            true => format!("TTL {ttl}, as some of {} have (they have {})", whose(), usual()),
            false => format!("TTL {ttl}, as {} have", whose()),
        };
        return Some(suspect.genuine("ttl", Aspect::Device, weight, frames, text));
    }
    // A load balancer answers for connections that the servers behind it have closed.
    let closed = suspect.reset.fin_before[suspect.own()];
    let hops = ttl::hops(ttl);
    let answers_from_there =
        || suspect.case.host(suspect.own()).is_some_and(|host| host.ttls.iter().any(|seen| seen.value == ttl));
    if baseline.ttls.iter().all(|&other| ttl::hops(other) == hops) {
        if answers_from_there() {
            // The address has moved to another host, or stands for several.
            return None;
        }
        // Behind one address there may be several hosts, too.
        let weight = if closed || baseline.elsewhere { Weight::Weak } else { Weight::Strong };
        let text = || format!("TTL {ttl} where {} have {}: another stack, as many routers away", whose(), usual());
        return Some(suspect.forged("ttl", Aspect::Device, weight, frames, text));
    }
    let apart = baseline.ttls.iter().map(|&other| other.abs_diff(ttl)).min()?;
    // A device between is no further than the host: a way has become longer, the address has moved, or the number is made up.
    let is_further = baseline.ttls.iter().all(|&other| ttl::initial(other) == ttl::initial(ttl) && other > ttl);
    if is_further && answers_from_there() {
        return None;
    }
    let weight = match (apart, baseline.steady) {
        // No way of several has no router at all.
        (..=PATHS_DIFFER, false) if hops == 0 => Weight::Moderate,
        // One packet or one flow to compare with: by so much few paths differ, and a device between is nearer.
        (PATHS_DIFFER, false) if baseline.ttls.len() == 1 && !is_further => Weight::Moderate,
        (..=PATHS_DIFFER, false) => return None,
        (..=PATHS_DIFFER, true) => Weight::Strong,
        _ if is_further => Weight::Moderate,
        (_, true) if !closed => Weight::Decisive,
        // One address may stand for several hosts (NAT), at several distances.
        (_, false) if baseline.elsewhere && baseline.ttls.len() > 1 => Weight::Moderate,
        _ => Weight::Strong,
    };
    let text = || format!("TTL {ttl} where {} have {}", whose(), usual());
    Some(suspect.forged("ttl", Aspect::Device, weight, frames, text))
}
