//! How the claimed host's own stack could have come to send a reset.
//!
//! Follows the state that the host's socket must have had: what it had sent, what had been acknowledged to it, what reached it
//! last (RFC 9293 section 3.5.2; Linux `tcp_v4_send_reset`, `tcp_send_active_reset`, `tcp_rcv_state_process`,
//! `tcp_timewait_state_process`).

use std::borrow::Cow;

use super::case::{ANSWERED_WITHIN, Suspect, answered_until};
use super::stack;
use super::{Judged, Mechanism, Party};
use crate::evidence::{Text, Weight};
use crate::flow::{Form, REORDERED};
use crate::tcp::{Duration, FrameNumber, SeqNum};
use crate::timeline::Sighting;

/// A way in which the claimed host can have made a reset.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What its stack did.
    pub mechanism: Mechanism,
    /// The segment that the reset answers.
    pub trigger: Option<FrameNumber>,
    /// The frames that show it, where it is told.
    pub frames: Vec<FrameNumber>,
    /// One clause, where it is told: why the host's stack sends just this.
    pub text: Cow<'static, str>,
    /// What it may be as well: only hidden state decides between the two.
    pub or_else: Option<Mechanism>,
}

/// Why the claimed host's stack would not have made it.
#[derive(Clone, Debug)]
pub struct Misfit {
    /// How strongly it contradicts.
    pub weight: Weight,
    /// The frames that show it, where it is told.
    pub frames: Vec<FrameNumber>,
    /// One clause, where it is told.
    pub text: Cow<'static, str>,
}

impl Suspect<'_> {
    /// It answers `trigger`.
    fn answer(&self, trigger: &Sighting, mechanism: Mechanism, text: impl Text) -> Option<Result<Origin, Misfit>> {
        self.answer_by(trigger, mechanism, [trigger.frame(), self.segment().frame], text)
    }

    /// The same, as these frames show.
    fn answer_by(
        &self,
        trigger: &Sighting,
        mechanism: Mechanism,
        frames: impl IntoIterator<Item = FrameNumber>,
        text: impl Text,
    ) -> Option<Result<Origin, Misfit>> {
        let words = self.case.words;
        let (frames, text) = (words.frames(frames), words.text(text));
        Some(Ok(Origin { mechanism, trigger: Some(trigger.frame()), frames, text, or_else: None }))
    }

    /// Its claimed sender would not have made it.
    fn misfit(
        &self,
        weight: Weight,
        frames: impl IntoIterator<Item = FrameNumber>,
        text: impl Text,
    ) -> Option<Result<Origin, Misfit>> {
        let words = self.case.words;
        Some(Err(Misfit { weight, frames: words.frames(frames), text: words.text(text) }))
    }
}

/// The same, if it was one of two ways that only hidden state tells apart.
fn or_else(found: Option<Result<Origin, Misfit>>, other: Mechanism) -> Option<Result<Origin, Misfit>> {
    found.map(|found| found.map(|origin| Origin { or_else: Some(other), ..origin }))
}

/// A kernel answers within this, and some round trips for queues on the way.
const KERNEL_ANSWERS_WITHIN: Duration = Duration::from_millis(100);

/// How long a stack that kept a closed connection's state may have kept it: Linux keeps FIN-WAIT-2 and TIME-WAIT for 60 s
/// (`TCP_TIMEWAIT_LEN`, `tcp_fin_timeout`); longer settings exist, shorter ones are common only for FIN-WAIT-2.
const STATE_KEPT: Duration = Duration::from_secs(60);

/// By how much an answer may take longer than half as long again as the quickest.
const ANSWER_JITTER: Duration = Duration::from_millis(10);

/// A host answers what is captured on it within less; a packet that has crossed no router may still come from another host of the
/// same link.
pub(super) const ON_THE_HOST: Duration = Duration::from_millis(1);

/// A trigger's answer may be so much quicker than the quickest seen before.
pub(super) const QUICKER: f64 = 0.7;

/// How the claimed host can have made it, or why it cannot; `before`: the verdicts on the flow's earlier resets.
pub fn of(suspect: &Suspect<'_>, before: &[Judged]) -> Option<Result<Origin, Misfit>> {
    let segment = suspect.segment();
    match suspect.reset.form() {
        Form::RstAck if segment.seq.0 == 0 || answers_syn(suspect) => refusal(suspect),
        Form::RstAck => active(suspect, before),
        Form::Rst => passive(suspect, before),
    }
}

/// Its receiver has sent a SYN, and its claimed sender nothing yet.
fn answers_syn(suspect: &Suspect<'_>) -> bool {
    suspect.earlier(suspect.own()).next().is_none() && suspect.earlier(suspect.peer()).any(is_syn)
}

fn is_syn(one: &Sighting) -> bool {
    one.segment.flags.syn() && !one.segment.flags.ack()
}

/// RST with ACK in answer to a SYN: no listener (RFC 9293 section 3.5.2, group 1).
fn refusal(suspect: &Suspect<'_>) -> Option<Result<Origin, Misfit>> {
    let segment = suspect.segment();
    let syn = suspect.earlier(suspect.peer()).find(|one| is_syn(one) && one.segment.seq_end() == segment.ack);
    let Some(syn) = syn else {
        if suspect.earlier(suspect.peer()).next().is_none() {
            // Its SYN may have passed all the same: no other segment is answered so.
            let words = suspect.case.words;
            let text = words.text("it has the form of an answer to a SYN, which is not in the capture");
            let frames = words.frames([segment.frame]);
            return Some(Ok(Origin { mechanism: Mechanism::NoListener, trigger: None, frames, text, or_else: None }));
        }
        let text = "it has the form of an answer to a SYN, but acknowledges none that passed here";
        return suspect.misfit(Weight::Moderate, [segment.frame], text);
    };
    if segment.seq.0 != 0 {
        let text = || format!("it answers a SYN with sequence number {}, where hosts send 0", segment.seq);
        return suspect.misfit(Weight::Weak, [syn.frame(), segment.frame], text);
    }
    let text = "it answers a SYN as a host without a listener does: sequence number 0, the SYN acknowledged";
    suspect.answer(syn, Mechanism::NoListener, text)
}

/// A bare RST: a stack answers a segment that belongs to no connection of its own.
fn passive(suspect: &Suspect<'_>, before: &[Judged]) -> Option<Result<Origin, Misfit>> {
    let segment = suspect.segment();
    let (own, peer) = (suspect.own(), suspect.peer());
    // With the receiver's direction not captured, what it answers cannot be seen.
    suspect.case.timeline.sightings.iter().find(|one| one.way == peer && one.is_ordinary())?;
    if let Some(abort) = bare_abort(suspect) {
        return Some(Ok(abort));
    }
    let Some(trigger) = trigger(suspect) else {
        let is_behind = |one: &Sighting| suspect.since_of(one).is_none_or(|since| since > REORDERED);
        if suspect.later(peer).any(|one| fits(suspect, one) && !is_behind(one)) {
            // It may have passed before, though it was captured behind.
            return None;
        }
        // A number that was never acknowledged is one that no segment can have carried here as its acknowledgement.
        let lost = suspect.case.flow.rare(peer).is_some_and(|rare| !rare.holes.is_empty());
        if let Some(taken) = suspect.earlier(peer).find(|one| fits(suspect, one)) {
            // Other stacks than Linux abort by such a reset at their next number.
            let may_abort = suspect.sent() == Some(segment.seq) && stack::is_linux(suspect) != Some(true);
            let weight = if lost || may_abort { Weight::Weak } else { Weight::Strong };
            return suspect.misfit(weight, [taken.frame(), segment.frame], || {
                format!(
                    "it has the form of an answer, and {} had taken all that it would answer into a live connection",
                    suspect.case.name(own)
                )
            });
        }
        return suspect.misfit(
            if lost { Weight::Weak } else { Weight::Strong },
            [segment.frame],
            "a stack that knows no connection answers a segment by the number it acknowledges, and none that passed here \
             acknowledges this one's",
        );
    };
    // Of a connection that never was, the answer to its first segment is all that times the way.
    let round_trip = suspect.case.round_trip_to(own).or_else(|| first_answer(suspect));
    if let Some(since) = suspect.since(trigger).filter(|&since| since > answered_until(round_trip)) {
        let at_end = suspect.sent() == Some(segment.seq);
        let weight = if at_end && stack::is_linux(suspect) == Some(false) { Weight::Weak } else { Weight::Strong };
        return suspect.misfit(weight, [trigger.frame(), segment.frame], || {
            format!("it has the form of an answer, and what it would answer passed {:.1} s before", since.as_secs_f64())
        });
    }
    let name = suspect.case.name(own);
    // Only what its own stack sent says that its connection is gone.
    if before.iter().any(|judged| judged.way == own && judged.party == Some(Party::Host)) {
        let text = || format!("{name} had reset the connection before, and answers what still comes");
        return suspect.answer(trigger, Mechanism::NoConnection, text);
    }
    if before.iter().any(|judged| judged.way == peer && judged.frame < trigger.frame() && judged.has_ended_it()) {
        let text = || format!("a reset had ended {name}'s connection, and it answers what still comes");
        return suspect.answer(trigger, Mechanism::NoConnection, text);
    }
    let last = suspect.earlier(own).next();
    let only = |is: fn(&Sighting) -> bool| last.is_some() && suspect.earlier(own).all(is);
    if only(is_syn) {
        if last.map(|one| one.segment.seq_end()) != Some(trigger.segment.ack) {
            return suspect.answer(trigger, Mechanism::UnacceptableAck, || {
                format!(
                    "{name} had asked for a connection and was answered with an acknowledgement that it cannot accept"
                )
            });
        }
        let text = || format!("{name} no longer wants the connection that is granted");
        return suspect.answer(trigger, Mechanism::NoConnection, text);
    }
    let has_only_granted = only(|one| one.segment.flags.syn() && one.segment.flags.ack());
    if has_only_granted && before.iter().any(|judged| judged.way == own && judged.party == Some(Party::Middlebox)) {
        // Devices mostly reset both sides, and what they send to this one does not pass on the other side of them.
        let text =
            || format!("a forged reset came before in {name}'s name, and one to {name} will have ended its connection");
        return suspect.answer(trigger, Mechanism::NoConnection, text);
    }
    if has_only_granted && ends_handshake(suspect, trigger) {
        return suspect.answer(trigger, Mechanism::BacklogOverflow, || {
            format!("{name} resets the very segment that completes the handshake, as with a full accept queue")
        });
    }
    let fin = suspect.earlier(own).find(|one| one.segment.flags.fin());
    let Some(fin) = fin.or_else(|| suspect.case.overtaken_fin(suspect.place, own)) else {
        if has_data_waiting(suspect, trigger) {
            let closed = suspect.answer(trigger, Mechanism::DataAfterClose, || {
                format!("{name} had data left to send: closed then, it keeps its FIN behind that, and resets what still comes")
            });
            return or_else(closed, Mechanism::NoConnection);
        }
        return suspect.answer(trigger, Mechanism::NoConnection, || {
            match suspect.case.earlier().filter(|earlier| earlier.changed == peer) {
                Some(_) => format!("{name} knows the connection by another address of {}", suspect.case.name(peer)),
                None => format!("{name} had not closed, and no longer knows the connection"),
            }
        });
    };
    let fin_end = fin.segment.seq_end();
    // A closed socket swallows acknowledgements; it is new data that it resets, and the first that came.
    let data = first_new_data(suspect).unwrap_or(trigger);
    let peer_fin = suspect.earlier(peer).filter(|one| one.segment.flags.fin()).last();
    // Who closes second has no TIME-WAIT: once its FIN is acknowledged, nothing is left.
    let second = peer_fin
        .is_some_and(|peer_fin| !fin.segment.ack.before(peer_fin.segment.seq_end()) && peer_fin.frame() < fin.frame());
    let acknowledged = suspect
        .earlier(peer)
        .filter(|one| one.frame() < data.frame() && one.segment.flags.ack())
        .filter(|one| !one.segment.ack.before(fin_end))
        .last();
    match acknowledged {
        Some(_) if second => {
            let text = || format!("{name} had closed, as the second side to do so");
            suspect.answer(trigger, Mechanism::NoConnection, text)
        }
        Some(acknowledged) if suspect.since(acknowledged).is_none_or(|since| since <= STATE_KEPT) => suspect.answer_by(
            trigger,
            Mechanism::TimeWait,
            [fin.frame(), acknowledged.frame(), data.frame(), segment.frame],
            || format!("{name}'s FIN had been acknowledged, so that only a time-wait socket was left to answer"),
        ),
        Some(_) => {
            let text = || format!("{name} had closed too long ago to know the connection");
            suspect.answer(trigger, Mechanism::NoConnection, text)
        }
        None if data.segment.payload_len > 0 => {
            suspect.answer_by(trigger, Mechanism::DataAfterClose, [fin.frame(), data.frame(), segment.frame], || {
                format!(
                    "{name} had closed both directions, and what came then was more than an acknowledgement of its FIN"
                )
            })
        }
        // A socket that is closing takes that, unless it was told to wait for nothing (TCP_LINGER2).
        None => {
            let frames = [fin.frame(), trigger.frame(), segment.frame];
            let text = || format!("{name} had closed, and would not wait for the other side's end");
            let closed = suspect.answer_by(trigger, Mechanism::DataAfterClose, frames, text);
            or_else(closed, Mechanism::PacketFilter)
        }
    }
}

/// Whether a segment is part of the handshake's end: sent within the time of an answer after its first ACK, and refused at once. A full
/// queue refuses that ACK (`tcp_check_req`), and the listener each segment behind it: where fewer resets than segments came, what was
/// refused is what came behind, and the connection had been taken.
fn ends_handshake(suspect: &Suspect<'_>, trigger: &Sighting) -> bool {
    let mut acks = suspect.earlier(suspect.peer()).filter(|one| one.segment.flags.ack());
    let resets = 1 + suspect.other_resets(suspect.own()).count();
    let first = acks.clone().last();
    if acks.nth(resets).is_some() {
        return false;
    }
    let longest = answered_until(suspect.case.flow.rtt());
    let passed = first.and_then(|first| Some(trigger.time()?.since(first.time()?)));
    let at_once = suspect
        .case
        .round_trip_to(suspect.own())
        .map_or(0, |least| least.0.saturating_mul(2))
        .saturating_add(KERNEL_ANSWERS_WITHIN.0);
    passed.is_none_or(|passed| passed <= longest) && suspect.since(trigger).is_none_or(|since| since.0 <= at_once)
}

/// Whether it answers data while its claimed sender, a moment after it last spoke, still had sent what was not acknowledged: a socket that
/// is closed then keeps its FIN behind what is left to send, so that none passes before the reset (`tcp_send_fin`).
fn has_data_waiting(suspect: &Suspect<'_>, trigger: &Sighting) -> bool {
    let spoke = suspect.earlier(suspect.own()).next().and_then(|last| suspect.since(last));
    trigger.segment.payload_len > 0
        && suspect.sent().zip(suspect.confirmed()).is_some_and(|(sent, confirmed)| sent.after(confirmed))
        && spoke.is_some_and(|since| since <= ANSWERED_WITHIN)
}

/// A live socket aborted by a bare RST at its next number, as RFC 9293 section 3.10.5 has it: the RST has that socket's window,
/// or comes after the host has acknowledged what it could have answered. Linux does not abort so.
fn bare_abort(suspect: &Suspect<'_>) -> Option<Origin> {
    let segment = suspect.segment();
    let last = suspect.earlier(suspect.own()).next()?;
    if suspect.sent() != Some(segment.seq)
        || last.segment.flags.syn()
        || last.segment.flags.fin()
        || suspect.earlier(suspect.own()).any(|one| one.segment.flags.fin())
    {
        return None;
    }
    let linux = stack::is_linux(suspect);
    if linux == Some(true) {
        return None;
    }
    let heard =
        suspect.received().is_some_and(|received| suspect.acknowledged().is_some_and(|had| !had.before(received)));
    let answered_before =
        linux == Some(false) && heard && suspect.earlier(suspect.peer()).next()?.frame() < last.frame();
    let has_window = segment.window.is_some_and(|window| window != 0) && segment.window == last.segment.window;
    let words = suspect.case.words;
    (has_window || answered_before).then(|| Origin {
        mechanism: Mechanism::Abort,
        trigger: None,
        frames: words.frames([last.frame(), segment.frame]),
        text: words.text(|| {
            format!(
                "a bare RST at the next number of {}'s socket, {}: an abort as RFC 9293 words it",
                suspect.case.name(suspect.own()),
                if has_window { "with its window" } else { "which had just acknowledged all that came" }
            )
        }),
        or_else: Some(Mechanism::AbortUnreadData),
    })
}

/// Of the segments that acknowledge just the number that the RST has, the first with data that its sender had not acknowledged
/// and that is no older than an answer can be; or else the first with such data.
fn first_new_data<'a>(suspect: &Suspect<'a>) -> Option<&'a Sighting> {
    let number = suspect.segment().seq;
    let acknowledged = suspect.acknowledged()?;
    let mut fresh: Vec<&Sighting> = suspect
        .earlier(suspect.peer())
        .filter(|one| one.segment.flags.ack() && one.segment.ack == number)
        .filter(|one| one.segment.payload_len > 0 && one.segment.seq_end().after(acknowledged))
        .collect();
    fresh.reverse();
    let least = suspect.case.round_trip_to(suspect.own()).map_or(0, |least| least.0);
    let longest = least.saturating_add(least / 2).saturating_add(ANSWER_JITTER.0);
    let young = |one: &&&Sighting| suspect.since(one).is_some_and(|since| since.0 <= longest);
    fresh.iter().find(young).or(fresh.first()).copied()
}

/// How long the first reset in the same name came after the first segment that it can answer, where that was granting a connection.
fn first_answer(suspect: &Suspect<'_>) -> Option<Duration> {
    let own = suspect.own();
    let (_, first) = suspect.other_resets(own).find(|(at, _)| *at < suspect.place)?;
    let granted = suspect.earlier(suspect.peer()).filter(|one| one.segment.flags.syn() && fits(suspect, one)).last()?;
    Some(first.time()?.since(granted.time()?)).map(|nanos| Duration(nanos.0.max(0)))
}

/// Whether a bare RST can answer a segment by its number: the segment acknowledges just that.
fn fits(suspect: &Suspect<'_>, one: &Sighting) -> bool {
    one.segment.flags.ack() && one.segment.ack == suspect.segment().seq
}

/// Whether the claimed sender's connection was alive when a segment reached it: what it acknowledged since covers new data that came with
/// that segment, or well behind it. A stack resets no segment that it has taken.
fn was_taken(suspect: &Suspect<'_>, one: &Sighting) -> bool {
    let (own, peer) = (suspect.own(), suspect.peer());
    // What came sooner than an answer to it can, acknowledges what was sent before.
    let least = suspect.case.round_trip_to(own).map_or(0.0, |least| least.0 as f64 * QUICKER);
    let can_answer = |ack: &&Sighting| match (ack.time(), one.time()) {
        (Some(ack), Some(one)) => ack.since(one).0 as f64 >= least,
        _ => true,
    };
    let answers = suspect.earlier(own).take_while(|ack| ack.frame() > one.frame()).filter(can_answer);
    let taken = answers.filter(|ack| ack.segment.flags.ack()).map(|ack| ack.segment.ack).reduce(SeqNum::max);
    let Some(acknowledged) = taken else { return false };
    let acks = suspect.earlier(own).filter(|ack| ack.segment.flags.ack() && ack.frame() < one.frame());
    let Some(before) = acks.map(|ack| ack.segment.ack).reduce(SeqNum::max) else { return false };
    let is_new = |data: &Sighting| {
        let end = data.segment.seq_end();
        data.segment.payload_len > 0 && end.after(before) && !end.after(acknowledged)
    };
    let well_behind = |data: &Sighting| {
        let apart = one.time().zip(data.time()).map(|(one, data)| data.since(one));
        apart.is_some_and(|apart| apart > REORDERED)
    };
    is_new(one)
        || suspect
            .earlier(peer)
            .take_while(|data| data.frame() > one.frame())
            .any(|data| is_new(data) && well_behind(data))
}

/// The segment that a bare RST answers: it acknowledges just the number that the RST has, and did not reach a live connection. Of several
/// the latest that the host can have received by then, or else the latest.
fn trigger<'a>(suspect: &Suspect<'a>) -> Option<&'a Sighting> {
    let mut fitting =
        suspect.earlier(suspect.peer()).filter(|one| fits(suspect, one) && !was_taken(suspect, one)).peekable();
    let latest = fitting.peek().copied()?;
    let round_trip = suspect.case.round_trip_to(suspect.own());
    let longest = answered_until(round_trip);
    let can_be_it = |one: &&Sighting| match (suspect.since(one), round_trip) {
        // On the host itself answers differ by more than that.
        (Some(since), Some(least)) if least < ON_THE_HOST => since <= longest,
        (Some(since), Some(least)) => since.0 as f64 >= least.0 as f64 * QUICKER && since <= longest,
        _ => true,
    };
    Some(fitting.find(can_be_it).unwrap_or(latest))
}

/// Whether the receiver's window has no room for all that was sent: then a stack aborts at the window's end
/// (`tcp_acceptable_seq`).
fn window_was_full(suspect: &Suspect<'_>, sent: SeqNum) -> bool {
    let scale = suspect.case.flow.scale(suspect.peer()).unwrap_or(0);
    let last = suspect.earlier(suspect.peer()).find(|one| one.segment.flags.ack());
    last.is_some_and(|last| {
        // That of a SYN is never scaled (RFC 7323 section 2.2).
        let shift = if last.segment.flags.syn() { 0 } else { scale };
        let window = u32::from(last.segment.window.unwrap_or(u16::MAX)) << shift;
        last.segment.ack.add(window).before(sent)
    })
}

/// Whether it stands just behind data that its sender had sent before it and that it overtook on the way.
fn overtook_its_data(suspect: &Suspect<'_>) -> bool {
    let mut data = suspect.later(suspect.own()).filter(|one| one.segment.payload_len > 0);
    data.any(|one| one.segment.seq_end() == suspect.segment().seq && suspect.was_overtaken(one))
}

/// Whether all that was captured of its sender may be probes, whose number lies just below what was sent (RFC 9293 section 3.8.4).
fn stands_behind_probes(suspect: &Suspect<'_>, sent: SeqNum) -> bool {
    let mut own = suspect.earlier(suspect.own());
    suspect.case.flow.is_midstream()
        && suspect.sent() == Some(sent)
        && suspect.segment().seq == sent.add(1)
        && own.all(|one| one.segment.seq_len() == 0 && one.segment.seq == sent)
}

/// RST with ACK: a live socket was aborted.
fn active(suspect: &Suspect<'_>, before: &[Judged]) -> Option<Result<Origin, Misfit>> {
    let segment = suspect.segment();
    let (own, peer) = (suspect.own(), suspect.peer());
    let name = suspect.case.name(own);
    // What the other side acknowledges tells, too, where it stands: it may have sent that before the capture began.
    let sent = suspect.sent().into_iter().chain(suspect.confirmed()).reduce(SeqNum::max)?;
    if before.iter().any(|judged| judged.way == own && judged.party == Some(Party::Host) && judged.is_active) {
        return suspect
            .misfit(Weight::Moderate, [segment.frame], || format!("{name} had aborted the connection before"));
    }
    let lost = suspect.case.flow.rare(own).is_some_and(|rare| !rare.holes.is_empty());
    let sent =
        if overtook_its_data(suspect) || stands_behind_probes(suspect, sent) { sent.max(segment.seq) } else { sent };
    if segment.seq.after(sent) && !lost {
        return suspect.misfit(Weight::Strong, [segment.frame], || {
            format!("its sequence number lies {} beyond all that {name} had sent", segment.seq.since(sent))
        });
    }
    if suspect.confirmed().is_some_and(|confirmed| segment.seq.before(confirmed)) {
        return suspect.misfit(Weight::Strong, [segment.frame], || {
            format!("its sequence number lies below what {} had already acknowledged", suspect.case.name(peer))
        });
    }
    if segment.seq.before(sent) && !window_was_full(suspect, sent) {
        // DATA_SEQ_RST of Weaver, Sommer and Paxson (NDSS 2009).
        return suspect.misfit(Weight::Moderate, [segment.frame], || {
            format!(
                "its sequence number lies {} below what {name} had already sent (DATA_SEQ_RST)",
                sent.since(segment.seq)
            )
        });
    }
    if let Some(acknowledged) = suspect.acknowledged()
        && segment.ack.before(acknowledged)
    {
        return suspect.misfit(Weight::Strong, [segment.frame], || {
            format!("it acknowledges less than {name} had acknowledged before")
        });
    }
    if let Some(received) = suspect.received()
        && segment.ack.after(received)
        && suspect.case.flow.rare(peer).is_none_or(|rare| rare.holes.is_empty())
    {
        return suspect.misfit(Weight::Strong, [segment.frame], || {
            format!("it acknowledges {} more than had passed here", segment.ack.since(received))
        });
    }
    // A SYN only offers them.
    let mut established = suspect.of_claimed_sender().filter(|one| !one.segment.flags.syn());
    let mut uses_timestamps = || established.any(|one| one.segment.options.timestamps().is_some());
    let has_lost_them = segment.options.timestamps().is_none() && uses_timestamps();
    let linux = if has_lost_them { stack::is_linux(suspect) } else { None };
    if has_lost_them && linux != Some(false) {
        // RFC 7323 section 3.2 only recommends the option on a reset, and Linux always has it on an abort.
        let weight = if linux.is_some() || segment.ipv6 { Weight::Strong } else { Weight::Moderate };
        let text = || format!("an abort by {name}'s stack would carry its timestamps, and this has none");
        return suspect.misfit(weight, [segment.frame], text);
    }
    let abort = super::abort::kind(suspect, sent);
    Some(Ok(Origin {
        mechanism: abort.mechanism,
        trigger: None,
        frames: abort.frames,
        text: abort.text,
        or_else: abort.or_else,
    }))
}
