use super::case::{Case, Suspect};
use super::clues::{self, Question, initial_ttl};
use super::origin;
use super::verdict::{Hops, Judged, Mechanism, Party, Sender};
use crate::evidence::{Confidence, Stance, log_odds};
use crate::flow::{Form, ResetSegment};

/// The decimal logarithm of the odds that a reset is forged before anything is known of it: in captures that somebody looks
/// at, one in a few is.
const PRIOR: f64 = -0.5;

/// The verdicts on a flow's resets, in their order.
pub fn judge(case: &Case<'_>) -> Vec<Judged> {
    let mut judged: Vec<Judged> = Vec::new();
    for (index, reset) in case.flow.resets().iter().enumerate() {
        let original = if reset.duplicate { original(case, index, reset).and_then(|at| judged.get(at)) } else { None };
        let verdict = original.cloned().unwrap_or_else(|| one(case, reset, &judged));
        judged.push(verdict);
    }
    judged
}

/// The place of the reset that this one is a copy of.
fn original(case: &Case<'_>, index: usize, copy: &ResetSegment) -> Option<usize> {
    let resets = case.flow.resets().get(..index)?;
    resets.iter().rposition(|reset| {
        reset.way == copy.way
            && reset.segment.seq == copy.segment.seq
            && reset.segment.ack == copy.segment.ack
            && reset.segment.flags == copy.segment.flags
    })
}

fn one(case: &Case<'_>, reset: &ResetSegment, before: &[Judged]) -> Judged {
    let unknown = Judged {
        way: reset.way,
        is_active: reset.form() == Form::RstAck && reset.segment.seq.0 != 0,
        party: None,
        sender: Sender::Unknown,
        confidence: None,
        mechanism: Mechanism::Unknown,
        hops: None,
        evidence: Vec::new(),
        is_effective: reset.exact == Some(true) && !reset.duplicate,
        log_odds: 0.0,
    };
    let Some(suspect) = Suspect::new(case, reset) else { return unknown };
    let origin = origin::of(&suspect, before);
    let question = Question { suspect: &suspect, origin: origin.as_ref(), before };
    let evidence = clues::look(&question);
    let odds = log_odds(
        PRIOR,
        evidence.iter().map(|piece| {
            let for_forger = (piece.about == Party::Middlebox) == (piece.stance == Stance::For);
            let points = piece.weight.log_ratio();
            (piece.aspect, if for_forger { points } else { -points })
        }),
    );
    let confidence = Confidence::of_log_odds(odds.abs());
    let party = confidence.map(|_| if odds > 0.0 { Party::Middlebox } else { Party::Host });
    let sender = match party {
        Some(Party::Middlebox) => Sender::Middlebox,
        Some(Party::Host) if reset.way == case.roles.from_client => Sender::Client,
        Some(Party::Host) => Sender::Server,
        None => Sender::Unknown,
    };
    let mechanism = match (party, &origin) {
        (Some(Party::Middlebox), _) => Mechanism::Forged,
        (_, Some(Ok(origin))) => origin.mechanism,
        (Some(Party::Host), Some(Err(_))) => Mechanism::PacketFilter,
        _ => Mechanism::Unknown,
    };
    let ttl = reset.segment.ttl;
    let usual = clues::baseline(&suspect).map(|baseline| baseline.ttls);
    let hops = Hops {
        sender: initial_ttl(ttl) - ttl,
        claimed_sender: usual.and_then(|ttls| ttls.first().map(|&ttl| initial_ttl(ttl) - ttl)),
    };
    Judged { party, sender, confidence, mechanism, hops: Some(hops), evidence, log_odds: odds, ..unknown }
}
