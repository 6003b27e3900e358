//! Whether asking again can do harm.

use super::delivery::Delivery;
use crate::attribution::{Judged, Party, Sender, Unseen};
use crate::causes::{Story, all_arrived};
use crate::flow::Phase;
use crate::timeline::Sighting;

/// Whether asking again can do harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SafeToRetry {
    /// It cannot.
    Yes,
    /// It can.
    No,
    /// The capture does not tell.
    Unknown,
}

/// Methods that do no more harm twice than once (RFC 9110 section 9.2.2).
const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/// The answer, with its reason in a sentence.
pub(super) fn judge(story: &Story<'_>, delivery: &Delivery) -> (SafeToRetry, String) {
    let flow = story.case.flow;
    let (client, server) = (story.client(), story.client().reverse());
    let unknown = |why: String| (SafeToRetry::Unknown, why);
    let safe = |why: String| (SafeToRetry::Yes, why);
    let asked_all = flow.ends[client].octets;
    let is_made_up = |one: &Sighting| {
        let forged = |judged: &Judged| judged.frame == one.frame() && judged.party != Some(Party::Host);
        one.segment.flags.rst() && story.judged.iter().any(forged)
    };
    let unseen = || Unseen::of(story.case.timeline, |one| !is_made_up(one));
    if asked_all == 0 && (story.case.has_only_edges() || unseen().has(client)) {
        return unknown("what the client asked is not in the capture".to_owned());
    }
    if !flow.established() && asked_all == 0 && flow.phase() <= Phase::Handshake {
        return safe("the connection never came up: the server has seen no request".to_owned());
    }
    if !flow.ends[client].is_seen() {
        return unknown("the client's packets are not in the capture".to_owned());
    }
    if asked_all == 0 {
        return if flow.ends[client].sent_syn() {
            safe("the client had asked nothing yet".to_owned())
        } else {
            unknown("what the client asked was before the capture began".to_owned())
        };
    }
    let application = &story.application;
    if application.tls.as_ref().is_some_and(|tls| tls.finished == Some(false)) {
        return safe("the TLS handshake was not finished: no request had been sent".to_owned());
    }
    let request = bytes(delivery.request);
    let Some(arrived) = delivery.request_arrived else {
        return unknown("the capture does not show what the server acknowledged".to_owned());
    };
    if delivery.request == 0 {
        return unknown("the server spoke last".to_owned());
    }
    if arrived == 0 {
        if let Some(earlier) = story.case.earlier().filter(|earlier| earlier.spoke == Some(client)) {
            return unknown(format!(
                "the last request began before an address changed, as flow {}, and some of it may have arrived then",
                earlier.flow
            ));
        }
        // Of a connection older than the capture, what is seen of the request may be its end.
        let answered_before = story.turns.iter().rposition(|turn| turn.way == client).is_some_and(|at| at > 0);
        if !flow.ends[client].sent_syn() && !answered_before && story.case.earlier().is_none() {
            return unknown(format!(
                "nothing of these {request} was acknowledged, but the last request may have begun before the capture did"
            ));
        }
        if goes_on(story) {
            return unknown(format!(
                "nothing of the last {request} was acknowledged, but they may go on with a request of which more had arrived"
            ));
        }
        let refused = story.decisive.is_some_and(|end| end.reset.way == server && end.verdict.sender == Sender::Server);
        return if refused {
            safe(format!("the server's host acknowledged nothing of the last request ({request}), and reset"))
        } else {
            unknown(format!(
                "nothing of the last request ({request}) was acknowledged, but it may have arrived all the same"
            ))
        };
    }
    let method = application.http.as_ref().and_then(|http| http.method.as_deref());
    if let Some(method) = method.filter(|method| IDEMPOTENT.contains(method)) {
        return safe(format!("{method} may be repeated (RFC 9110 section 9.2.2){}", progress(story, delivery)));
    }
    if let Some(method) = method.filter(|method| ["POST", "PATCH"].contains(method))
        && delivery.response > 0
    {
        return (SafeToRetry::No, format!("the server had begun to answer a {method}: asking again would do it twice"));
    }
    if arrived < delivery.request {
        return unknown(format!(
            "the server's host acknowledged {arrived} of the {request} of the last request: it may have begun to act on them"
        ));
    }
    match (delivery.response, delivery.response_arrived) {
        (0, _) => unknown(format!(
            "the last request ({request}) arrived and had no answer: it may have been carried out; asking again is safe only \
             if twice does no harm (GET, HEAD, PUT, DELETE)"
        )),
        (sent, None) => unknown(format!(
            "the server had sent {} in answer; the capture does not show how much arrived",
            bytes(sent)
        )),
        (sent, Some(had)) if had < sent && !all_arrived(story) => unknown(format!(
            "the answer was cut: the client has {had} of the {} that were sent; asking again is safe only if twice does no \
             harm (GET, HEAD, PUT, DELETE)",
            bytes(sent)
        )),
        (sent, _) => unknown(format!(
            "the last request had an answer of {}, which arrived; whether that was the whole answer does not show",
            bytes(sent)
        )),
    }
}

/// Whether the client's last turn may be the rest of a request that was under way when the server spoke, where the protocol does not tell
/// where one begins.
fn goes_on(story: &Story<'_>) -> bool {
    let (client, server) = (story.client(), story.client().reverse());
    let Some(turn) = story.turns.iter().rfind(|turn| turn.way == client) else { return false };
    let data = |way| story.before(way).filter(|one| one.segment.payload_len > 0);
    let Some(answer) = data(server).find(|one| one.frame() < turn.first) else { return false };
    let mut sent = data(client).filter(|one| one.frame() < answer.frame());
    story.application.last_request.is_none() && sent.any(|one| one.segment.seq_end().after(answer.segment.ack))
}

/// How far the answer came, and where to go on.
fn progress(story: &Story<'_>, delivery: &Delivery) -> String {
    let Some(had) = delivery.response_arrived.filter(|had| *had > 0) else { return String::new() };
    let resumable = story.application.http.as_ref().is_some_and(|http| http.accepts_ranges);
    let resume = if resumable { ", and the server accepts ranges: go on from there" } else { "" };
    format!("; the client has {} of the answer{resume}", bytes(had))
}

fn bytes(count: u64) -> String {
    format!("{count} {}", if count == 1 { "byte" } else { "bytes" })
}
