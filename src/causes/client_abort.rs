//! The client gave up while it was connecting, or while the answer was outstanding or still coming.

use super::question::Question;
use super::{Candidate, Cause, benign};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};
use crate::flow::Phase;
use crate::tcp::SeqNum;

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host().filter(|_| story.from_client())?;
    let (client, server) = (story.client(), story.client().reverse());
    let frame = decisive.reset.segment.frame;
    // Who was told that it is over does not cancel.
    if story.application.declared.iter().any(|said| said.by == server && said.frame < frame) {
        return None;
    }
    let advice = "look on the client: a time limit of its own, a user who went on, a process that ended";
    let candidate = |sentence: &'static str| question.candidate(Cause::ClientAbort, sentence).advise(advice);
    if decisive.reset.phase <= Phase::Handshake {
        // A scanner wanted no connection in the first place.
        if story.raw_syn().is_some() {
            return None;
        }
        // Who is not seen to have asked may never have: what is granted may be meant for another address.
        story.before(client).next()?;
        return Some(candidate("the client gave the connection up before it was established").because(
            Aspect::Form,
            Weight::Moderate,
            [frame],
            "the client's host answered the server's SYN-ACK by a reset",
        ));
    }
    if let Some(fin) = story.fin(client)
        && story.octets(client) > 0
    {
        // Who leaves when the sides have agreed on a secret has seen what it wanted.
        if story.application.has_only_greeted() {
            return None;
        }
        // It closed without waiting for the answer to what it had asked.
        let asked = story.turns.iter().rfind(|turn| turn.way == client && turn.first < fin.frame())?;
        let answered =
            story.turns.iter().any(|turn| turn.way == server && (asked.first..fin.frame()).contains(&turn.first));
        let mut behind = story.case.timeline.sightings.iter().filter(|one| one.frame() > fin.frame());
        let is_cut = match decisive.verdict.mechanism {
            Mechanism::DataAfterClose | Mechanism::TimeWait | Mechanism::NoConnection => true,
            Mechanism::Abort | Mechanism::AbortUnreadData => {
                behind.any(|one| one.way == server && one.is_ordinary() && one.segment.payload_len > 0)
            }
            _ => false,
        };
        if !is_cut {
            return None;
        }
        // Nobody cancels who has all, or who has said goodbye.
        if benign::lost(story).is_some() || story.application.said_goodbye() {
            return None;
        }
        let candidate =
            candidate("the client closed while the server was still sending, and its host met the rest with resets");
        return Some(if answered {
            candidate.because(
                Aspect::Company,
                Weight::Moderate,
                [fin.frame(), frame],
                "the client closed in the middle of the answer",
            )
        } else {
            candidate.because(
                Aspect::Company,
                Weight::Decisive,
                [asked.first, fin.frame(), frame],
                "the client closed while it waited for an answer",
            )
        });
    }
    let last = story.last_turn()?;
    match decisive.verdict.mechanism {
        Mechanism::AbortUnreadData | Mechanism::Abort if last.way == server => {
            // A bare RST acknowledges nothing; what it had before does.
            let had = if decisive.reset.segment.flags.ack() {
                decisive.reset.segment.ack
            } else {
                let acks = story.before(client).filter(|one| one.segment.flags.ack()).map(|one| one.segment.ack);
                acks.reduce(SeqNum::max)?
            };
            let more = story.case.timeline.after(decisive.place).find(|one| {
                one.way == server
                    && one.is_ordinary()
                    && one.segment.payload_len > 0
                    && one.segment.seq_end().after(had)
            });
            let before =
                story.before(server).find(|one| one.segment.payload_len > 0 && one.segment.seq_end().after(had));
            let rest = story.pause.filter(|pause| pause.by_reset);
            Some(match more.or(before) {
                Some(more) => candidate("the client cancelled while the server was answering").because(
                    Aspect::Company,
                    Weight::Decisive,
                    [frame, more.frame()],
                    "the server was in the middle of sending when the client reset",
                ),
                // The server itself had said that nothing more would come.
                None if story.fin(server).is_some() => return None,
                None => {
                    let why = "the last to speak was the server; whether that was its whole answer does not show";
                    let rested = rest.map(|rest| rest.length.as_secs_f64());
                    let weight = if rested.is_some() { Weight::Weak } else { Weight::Moderate };
                    let candidate = match rested {
                        Some(seconds) => question.candidate(Cause::ClientAbort, move || {
                            format!("the client reset the connection {seconds:.1} s after the server spoke")
                        }),
                        None => question.candidate(
                            Cause::ClientAbort,
                            "the client reset the connection while or right after the server answered",
                        ),
                    };
                    candidate.advise(advice).because(Aspect::Company, weight, [last.first, frame], why)
                }
            })
        }
        Mechanism::AbortUnreadData | Mechanism::Abort => {
            // Who aborts as soon as it has asked, wanted no answer; nor does who has said goodbye, or that it did not understand.
            let waited = last.ended.zip(decisive.reset.segment.time).map(|(asked, reset)| reset.since(asked));
            let has_waited = waited.is_some_and(|waited| story.case.flow.rtt().is_some() && !story.is_moment(waited))
                && story.application.mismatch.is_none()
                && !story.application.said_goodbye();
            Some(candidate("the client gave up while it waited for the server's answer").because(
                Aspect::Company,
                if has_waited { Weight::Strong } else { Weight::Moderate },
                [last.first, frame],
                "the client had asked and not been answered yet",
            ))
        }
        _ => None,
    }
}
