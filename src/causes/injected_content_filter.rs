//! A device on the path reset the connection because of what was asked for.

use super::around::{Connection, Named};
use super::others::Others;
use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::{LOCAL, Mechanism, Party, Sender};
use crate::evidence::{Aspect, Weight};
use crate::flow::{Phase, Way};
use crate::tcp::{Duration, SeqNum};

/// Until then no stack repeats a request (the least retransmission timeout of Linux, `TCP_RTO_MIN`; RFC 6298 has a second), so that a
/// reset may be the first answer to it, though a late one.
const UNREPEATED: Duration = Duration::from_millis(200);

/// So long devices block two hosts after a forbidden word: mostly one to three minutes, as the tools that measure it wait for its end
/// (residual censorship; Bock and others, WOOT 2021).
const RESIDUAL: Duration = Duration::from_secs(180);

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.decisive?;
    let forged = decisive.verdict.sender == Sender::Middlebox || decisive.verdict.mechanism == Mechanism::PacketFilter;
    if decisive.reset.phase < Phase::Data {
        return residual(question);
    }
    if !forged {
        return out_of_sight(question);
    }
    // The words that it answers: the client's, not answered yet, and not long ago.
    let client = story.client();
    let answer = &decisive.reset.segment;
    let is_answered = |end: SeqNum| !answer.flags.ack() || !answer.ack.before(end);
    if story.fin(client).is_some_and(|fin| fin.segment.payload_len == 0 && is_answered(fin.segment.seq_end())) {
        // Then it answers that end.
        return None;
    }
    let asked = story.last_turn().filter(|turn| turn.way == client)?;
    let since = decisive.reset.segment.time?.since(asked.ended?);
    let round_trip = story.case.flow.rtt()?;
    let at_once = since.0 <= round_trip.0.saturating_mul(2);
    if !at_once && since > UNREPEATED {
        return None;
    }
    let first = story.turns.len() == 1;
    // What has the form of an answer by a stack that does not know the connection may be just that.
    let plain = decisive.verdict.evidence.iter().any(|piece| piece.clue == "form" && piece.about == Party::Host);
    let by_device = decisive.verdict.sender == Sender::Middlebox;
    // What asked and was answered before had been let through; and a host's own filter mostly goes by ports.
    let is_telling = first && by_device;
    let weight = match (plain && !decisive.reset.segment.flags.ack(), story.alive_after()) {
        (true, None) => Weight::Weak,
        _ if !at_once => Weight::Weak,
        _ if is_telling => Weight::Strong,
        _ if by_device => Weight::Moderate,
        _ => Weight::Weak,
    };
    let candidate = question.candidate(
        Cause::InjectedContentFilter,
        || if by_device {
            "a device on the path reset the connection right after it saw the client's request: a filter on its content"
        } else {
            "a packet filter on the host itself reset the connection right after it saw the client's request: a filter on its content"
        },
    )
    .because(
        Aspect::Timing,
        weight,
        [asked.first, decisive.reset.segment.frame],
        || format!("the forged reset came {:.1} ms after the client's request, and no answer had come", since.0 as f64 / 1e6),
    )
    .advise("ask the owner of the network which names or words its filter blocks; compare with another name to the same address")
    .advise_if(!story.is_compared(), "compare with a capture on the server's side: does the request reach the server, does the server see a reset too?");
    let alive = story.alive_after().filter(|_| decisive.reset.way != client);
    let frame = decisive.reset.segment.frame;
    let is_without_effect = decisive.reset.exact == Some(false) && decisive.reset.in_window == Some(false);
    let finish = move |candidate: Candidate| {
        let candidate = match alive {
            Some(alive) => candidate.because(
                Aspect::Aftermath,
                if is_telling { Weight::Moderate } else { Weight::Weak },
                [alive],
                "the server's own connection lived on: it had not reset anything",
            ),
            None => candidate,
        };
        Some(if is_without_effect {
            candidate.although(Aspect::Sequence, Weight::Weak, [frame], "its number was of no effect")
        } else {
            candidate
        })
    };
    let Some(name) = story.application.name.clone() else { return finish(candidate) };
    let candidate =
        candidate.because(Aspect::Declared, Weight::Weak, [asked.first], || format!("the request names {name}"));
    question.of_named_others(move |others| {
        let candidate = candidate.clone();
        finish(match other_name(others, &name) {
            Some(other) => candidate.because(Aspect::Company, Weight::Moderate, [other.frame], || {
                format!("a connection to the same address that asked for \"{}\" was answered", other.name)
            }),
            None => candidate,
        })
    })
}

/// A filter goes on to reset what one client asks one server for, whatever that is, for a while after it saw a forbidden word.
fn residual(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_middlebox()?;
    if decisive.reset.way == story.client() {
        return None;
    }
    let began = story.case.flow.first_time?;
    let frame = decisive.reset.segment.frame;
    question.of_others(move |others| {
        let same = || others.near_client().filter(|other| other.server == others.server() && other.began < began);
        let by_device = |other: &&Connection| other.sender == Some(Sender::Middlebox);
        let asked = same().filter(|other| other.has_data && by_device(other)).last()?;
        let since = began.since(asked.ended?);
        if since > RESIDUAL {
            return None;
        }
        // What it let pass meanwhile, it does not hold back for that.
        if same().any(|other| other.began > asked.began && other.accepted && !by_device(&other)) {
            return None;
        }
        Some(
            others
                .candidate(
                    Cause::InjectedContentFilter,
                    "a device on the path that had reset a request between the two reset what came next as well: a filter on content blocks them for a while",
                )
                .because(Aspect::Company, Weight::Strong, asked.reset.into_iter().chain([frame]), || {
                    format!(
                        "a request of this client to this server was reset by a device {:.1} s before",
                        since.as_secs_f64()
                    )
                })
                .because(Aspect::Device, Weight::Moderate, [frame], "another device than the server made the reset")
                .advise("wait some minutes, and try again with a request that is known to pass"),
        )
    })
}

/// A connection to the same address whose client asked for another name and was answered, if none that asked for this one was.
fn other_name<'a>(others: &Others<'a>, name: &str) -> Option<&'a Named> {
    let mut same = others.named();
    if same.clone().any(|other| other.name.eq_ignore_ascii_case(name)) {
        return None;
    }
    same.next()
}

/// The forged reset itself did not pass here; its victim's answers to the other side did.
fn out_of_sight(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host()?;
    let way = decisive.reset.way;
    let closed = story.fin(way).or(story.fin(way.reverse())).is_some();
    // It may have closed, too, with its FIN behind what it had left to send.
    let may_have_closed = story.judged.iter().any(|one| one.way == way && one.or_else == Some(Mechanism::NoConnection));
    if decisive.verdict.mechanism != Mechanism::NoConnection || closed || may_have_closed {
        return None;
    }
    // On its own host only that host's packet filter can end it out of sight.
    let local = decisive.verdict.evidence.iter().any(|piece| piece.clue == LOCAL);
    let suspected = if local { "a packet filter on that host" } else { "a forged reset" };
    let (last, since) = story.last_heard().filter(|(_, since)| story.is_moment(*since))?;
    // Where nothing was seen to be forged, the server's connection ends right behind the request alone; the client's may in the middle
    // of the answer.
    let client = story.client();
    let asked = story.turns.iter().rfind(|turn| turn.way == client)?;
    let is_forged = story.judged.iter().any(|verdict| verdict.sender == Sender::Middlebox);
    // What has been answered for long was let through: unless something was forged, nothing points at a filter then.
    let since_asked = decisive.reset.segment.time?.since(asked.ended?);
    // Where packets are lost or late, a FIN may be among them, and the host had closed.
    let is_late =
        |way: Way| story.case.flow.rare(way).is_some_and(|rare| rare.retransmitted > 0 || rare.out_of_order > 0);
    let is_lossy = story.case.has_gaps() || Way::BOTH.into_iter().any(is_late);
    // A server that answers request after request is mostly lost by other means: its FIN, or its place in a balancer's table.
    let was_answered = way != client && story.turns.iter().filter(|turn| turn.way == client).count() > 1;
    if !is_forged && (is_lossy || was_answered || !story.is_moment(since_asked)) {
        return None;
    }
    let fits = is_forged || way == client || story.last_turn().is_some_and(|turn| turn.way == client);
    if !fits {
        return None;
    }
    let name = story.name(way);
    Some(
        question.candidate(
            Cause::InjectedContentFilter,
            || format!("{name}'s connection was ended by something that did not pass here, right after the request, as of {suspected}"),
        )
        .because(
            Aspect::Timing,
            Weight::Moderate,
            [last, decisive.reset.segment.frame],
            || format!(
                "{name} spoke, and {:.1} ms later its host no longer knew the connection",
                since.0 as f64 / 1e6
            ),
        )
        .advise_if(!story.is_compared(), || format!("capture on {name}'s side: a forged reset towards {name} passes only there")),
    )
}
