//! The host that is said to have reset the connection goes on with it.
//!
//! RST_SEQ_DATA of Weaver, Sommer and Paxson (NDSS 2009), and its counterpart for acknowledgements.

use super::Question;
use crate::attribution::Party;
use crate::attribution::abort::USUAL_ROUND_TRIP;
use crate::attribution::case::{Clock, Suspect};
use crate::evidence::{Aspect, Evidence, Weight};
use crate::flow::{Form, REORDERED};
use crate::tcp::{Segment, SeqNum};
use crate::timeline::Sighting;

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    // A scanner's kernel resets what the scanner itself goes on with.
    if suspect.is_scanner() || is_too_early(question) {
        return None;
    }
    let segment = suspect.segment();
    let sent = suspect.sent();
    let known = suspect.acknowledged();
    // An abort acknowledges what its sender has; a bare RST leaves what was acknowledged before.
    let acknowledged = if segment.flags.ack() { Some(segment.ack) } else { known };
    // What lies behind an abort in the same name and acknowledges no more was overtaken by that.
    let was_aborted = |one: &Sighting| {
        let mut aborts = suspect.other_resets(suspect.own()).filter(|(_, abort)| abort.segment.flags.ack());
        aborts.any(|(_, abort)| abort.frame() < one.frame() && !one.segment.ack.after(abort.segment.ack))
    };
    let name = suspect.case.name(suspect.own());
    let longest = Some(suspect.case.flow.rtt().unwrap_or(USUAL_ROUND_TRIP));
    let (mut doubtful, mut clock) = (None, None::<Option<Clock>>);
    let mut was_on_the_way = |one: &Sighting| {
        let clock = clock.get_or_insert_with(|| suspect.clock());
        clock.as_ref().is_some_and(|clock| suspect.was_on_the_way(one, clock))
    };
    for one in suspect.later(suspect.own()) {
        let later = &one.segment;
        if suspect.was_overtaken(one) {
            continue;
        }
        if later.flags.syn() {
            // Asks anew, or answers a request that was repeated.
            return granted(question, one);
        }
        if is_of_newer(suspect, later) {
            continue;
        }
        // What ends below the reset's own number was sent before it, unless it comes too late for that.
        let is_late = suspect.since_of(one) > longest;
        let beyond = |sent: SeqNum| {
            let is_behind = segment.seq.0 == 0 || later.seq_end().after(segment.seq);
            later.seq_end().after(sent) && (is_behind || is_late)
        };
        let new_data = later.payload_len > 0 && sent.is_some_and(beyond);
        // What it sends once more, it still has a socket for, and so does who closes.
        let (old_data, fin) = (later.payload_len > 0 && is_late, later.flags.fin() && is_late);
        let new_ack = later.flags.ack()
            && acknowledged.is_some_and(|acknowledged| later.ack.after(acknowledged))
            && !was_aborted(one);
        if (new_data || new_ack || old_data || fin) && !was_on_the_way(one) {
            let what = match (new_data, new_ack, old_data) {
                (true, ..) => "new data",
                (_, true, _) => "new acknowledgements",
                (.., true) => "repetitions of its data",
                _ => "a FIN",
            };
            // Held back by whoever forged the reset, or overtaken by it.
            let is_close = suspect.since_of(one).is_some_and(|since| since <= REORDERED);
            let is_overtaken = suspect.fills_gap(one) || is_close && later.options.timestamps().is_none();
            let is_rejected = is_rejected(question);
            let weight = if is_rejected || is_overtaken { Weight::Moderate } else { Weight::Decisive };
            let found = suspect.forged("aftermath", Aspect::Aftermath, weight, [segment.frame, one.frame()], || {
                format!("{name} went on with {what} after it (RST_SEQ_DATA), so its connection lived")
            });
            if is_rejected || !is_overtaken {
                return Some(found);
            }
            doubtful.get_or_insert(found);
        }
    }
    doubtful.or_else(|| moved(question))
}

/// Whether it answers what overtook the end of the handshake: a listener that keeps nothing of a request (SYN cookies) knows no
/// connection before that comes.
fn is_too_early(question: &Question<'_>) -> bool {
    let suspect = question.suspect;
    let Some(trigger) = question.trigger() else { return false };
    if suspect.earlier(suspect.own()).any(|one| !one.segment.flags.syn()) {
        return false;
    }
    let syn = suspect.earlier(suspect.peer()).find(|one| one.segment.flags.syn());
    let ends_handshake = |one: &Sighting| syn.is_some_and(|syn| one.segment.seq == syn.segment.seq_end());
    !ends_handshake(trigger) && suspect.later(suspect.peer()).any(ends_handshake)
}

/// Whether a segment belongs to a connection that was asked for anew between the same ports, before the reset where the capture has it so:
/// its sender goes on with that one.
fn is_of_newer(suspect: &Suspect<'_>, later: &Segment) -> bool {
    let number = suspect.segment().seq;
    let ordinary = || suspect.case.timeline.sightings.iter().filter(|one| one.is_ordinary());
    // What its claimed sender says of its numbers, and what the other side does.
    let says = |one: &Sighting| match one.way == suspect.own() {
        true => Some(one.segment.seq),
        false => one.segment.flags.ack().then_some(one.segment.ack),
    };
    // A number made up may lie below all of them; of an older connection somebody has spoken.
    let is_begin = |begun: SeqNum| {
        begun.after(number) && !later.seq.before(begun) && ordinary().filter_map(says).any(|one| one.before(begun))
    };
    let begun = |one: &Sighting| Some(if one.way == suspect.own() { says(one)? } else { says(one)?.add(u32::MAX) });
    number.0 != 0 && ordinary().filter(|one| one.segment.flags.syn()).filter_map(begun).any(is_begin)
}

/// Whether a packet filter on the host itself may have answered in the place of its stack, as REJECT does: the reset has the time to
/// live of the host's packets and the form of an answer, and the host never got what it answers: acknowledges no data of it, or sends
/// again what it acknowledges.
fn is_rejected(question: &Question<'_>) -> bool {
    let suspect = question.suspect;
    let trigger = question.trigger().map(|trigger| &trigger.segment);
    // Where every packet was captured twice, at two points of the way, they have two.
    let is_host_like = question.baseline.is_none_or(|baseline| baseline.ttls.contains(&suspect.segment().ttl));
    let mut later = suspect.later(suspect.own()).map(|one| &one.segment);
    let never_got = match trigger {
        // It may have passed before the capture began.
        None => suspect.case.flow.is_midstream(),
        Some(trigger) if trigger.seq_len() == 0 => {
            // What answered here had been told of more; the host sends that again.
            let told = suspect.confirmed().map_or(trigger.ack, |told| told.max(trigger.ack));
            later.any(|one| (one.payload_len > 0 || one.flags.fin()) && one.seq.before(told))
        }
        Some(trigger) => later.all(|one| !one.flags.ack() || one.ack.before(trigger.seq_end())),
    };
    suspect.reset.form() == Form::Rst && is_host_like && never_got
}

/// Its connection goes on under another address: a router translates that no longer, and spoke in its name.
fn moved(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    let later = suspect.case.later()?;
    (later.changed == suspect.own() && later.frame > segment.frame).then(|| {
        suspect.forged("aftermath", Aspect::Aftermath, Weight::Strong, [segment.frame, later.frame], || {
            format!(
                "{} went on with the connection after it, under another address (flow {})",
                suspect.case.name(suspect.own()),
                later.flow
            )
        })
    })
}

/// A host that refused a request does not grant the same one afterwards.
fn granted(question: &Question<'_>, grant: &Sighting) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    let grants = grant.segment.flags.ack() && segment.flags.ack() && segment.ack == grant.segment.ack;
    let refused = suspect.earlier(suspect.own()).next().is_none();
    let repeated = suspect.later(suspect.peer()).any(|one| one.frame() < grant.frame() && one.segment.flags.syn());
    (grants && refused && !repeated).then(|| {
        suspect.forged("aftermath", Aspect::Aftermath, Weight::Decisive, [segment.frame, grant.frame()], || {
            format!(
                "{} granted the connection after it, and had not been asked again",
                suspect.case.name(suspect.own())
            )
        })
    })
}
