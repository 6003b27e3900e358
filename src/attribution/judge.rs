use super::case::{Case, Suspect};
use super::clues::{self, Question};
use super::verdict::{Hops, Judged, Mechanism, Party, Sender};
use super::{kernel, obedience, origin};
use crate::decode::Direction;
use crate::evidence::{Aspect, Balance, Confidence, Evidence, Stance, Weight};
use crate::flow::{Form, ResetSegment};
use crate::knowledge::ttl;
use crate::tcp::{Duration, TcpFlags};
use crate::timeline::Sighting;

/// The decimal logarithm of the odds that a reset is forged before anything is known of it: in captures that somebody looks
/// at, one in a few is.
const PRIOR: f64 = -0.5;

/// Resets of one flow that are judged one by one; in a flood of more, the others are taken for what looked like them.
const MOST_JUDGED: usize = 1000;

/// A packet passes two points of one way within this: what light takes around the world, and the queues of a few routers.
const TWO_POINTS: Duration = Duration::from_millis(200);

/// The verdicts on a flow's resets, in their order.
pub fn judge(case: &Case<'_>) -> Vec<Judged> {
    // Some are kept for long, and most flows have one.
    let mut judged: Vec<Judged> = Vec::with_capacity(case.flow.resets().len());
    for (index, reset) in case.flow.resets().iter().enumerate() {
        let original = if reset.duplicate {
            original(case, index, reset).and_then(|at| judged.get(at))
        } else if index >= MOST_JUDGED {
            alike(case, reset).and_then(|at| judged.get(at))
        } else {
            passed_before(case, index, reset).and_then(|at| judged.get(at))
        };
        let frame = reset.segment.frame;
        let verdict =
            original.map(|original| Judged { frame, ..original.clone() }).unwrap_or_else(|| one(case, reset, &judged));
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

/// The place of the reset that this one is, captured at another point of the way too late to be told for a copy: a bare RST has hardly
/// anything to tell it by. Only where other packets of the connection show that it was captured at two points.
fn passed_before(case: &Case<'_>, index: usize, again: &ResetSegment) -> Option<usize> {
    let resets = case.flow.resets().get(..index).filter(|_| case.flow.has_copies())?;
    let is_alike = |reset: &ResetSegment| {
        let (one, two) = (&reset.segment, &again.segment);
        let apart = one.time.zip(two.time).map(|(one, two)| two.since(one));
        reset.way == again.way
            && (one.seq, one.ack, one.flags, one.window, one.ip_id)
                == (two.seq, two.ack, two.flags, two.window, two.ip_id)
            && (one.options, one.payload_len) == (two.options, two.payload_len)
            && apart.is_some_and(|apart| (Duration(0)..=TWO_POINTS).contains(&apart))
    };
    let at = resets.iter().rposition(is_alike)?;
    // One that is a copy itself has passed both points already.
    resets.get(at).filter(|reset| !reset.duplicate && reset.segment.ttl != again.segment.ttl).map(|_| at)
}

/// The last of the resets judged one by one that looks like this one.
fn alike(case: &Case<'_>, other: &ResetSegment) -> Option<usize> {
    let judged = case.flow.resets().get(..MOST_JUDGED)?;
    judged.iter().rposition(|reset| {
        let (one, two) = (&reset.segment, &other.segment);
        reset.way == other.way
            && (one.flags, one.ttl, one.dont_fragment, one.window)
                == (two.flags, two.ttl, two.dont_fragment, two.window)
    })
}

fn one(case: &Case<'_>, reset: &ResetSegment, before: &[Judged]) -> Judged {
    let unknown = Judged {
        frame: reset.segment.frame,
        way: reset.way,
        is_active: reset.form() == Form::RstAck && reset.segment.seq.0 != 0,
        party: None,
        sender: Sender::Unknown,
        confidence: None,
        mechanism: Mechanism::Unknown,
        or_else: None,
        hops: None,
        evidence: Vec::new(),
        obedience: None,
        heard: None,
        would_decide: None,
        log_odds: 0.0,
    };
    let Some(suspect) = Suspect::new(case, reset) else {
        return Judged {
            would_decide: Some("a capture of this connection alone, so that none of its packets must be left out"),
            ..unknown
        };
    };
    if is_contradictory(reset) {
        return Judged {
            would_decide: Some(
                "another capture of this moment: the flags contradict each other, as in a damaged or crafted packet",
            ),
            ..unknown
        };
    }
    if was_turned_back(&suspect) {
        return Judged {
            would_decide: Some(
                "the rules of the packet filter on the capturing host, over whose loopback interface it came (`nft list ruleset` or `iptables-save`),",
            ),
            ..unknown
        };
    }
    let inferred = origin::of(&suspect, before);
    let origin = kernel::origin(&suspect, inferred.as_ref()).map(Ok).or(inferred);
    let baseline = clues::baseline(&suspect);
    let question = Question { suspect: &suspect, origin: origin.as_ref(), baseline: baseline.as_ref() };
    let mut evidence = clues::look(&question);
    // On the host itself, what its stack would not do is its packet filter's doing.
    let has = |clue| evidence.iter().any(|piece: &Evidence<Party>| piece.clue == clue);
    let is_local = has(clues::LOCAL);
    // Nor is it its stack's where its kernel says so, or where its stack went on.
    let by_stack = has(clues::KERNEL_SENT);
    let not_by_stack =
        !by_stack && (has(clues::KERNEL_SILENT) || evidence.iter().any(|piece| piece.aspect == Aspect::Aftermath));
    // What another capture proves needs no inference from this one.
    let is_proven = evidence.iter().any(|piece| piece.aspect == Aspect::Elsewhere && piece.weight == Weight::Decisive);
    let counts = |piece: &Evidence<Party>| {
        if is_proven { piece.aspect == Aspect::Elsewhere } else { !is_local || piece.aspect == Aspect::Device }
    };
    let mut forged = Balance::default();
    for piece in evidence.iter().filter(|piece| counts(piece)) {
        let stance = if piece.about == Party::Middlebox { Stance::For } else { Stance::Against };
        forged.take(piece.aspect, stance, piece.weight);
    }
    let odds = forged.log_odds(PRIOR);
    let confidence = Confidence::of_log_odds(odds.abs()).filter(|_| !evidence.is_empty());
    let party = confidence.map(|_| if odds > 0.0 { Party::Middlebox } else { Party::Host });
    if party == Some(Party::Middlebox) {
        evidence.extend(clues::signature::of(&suspect));
    }
    let sender = match party {
        Some(Party::Middlebox) => Sender::Middlebox,
        Some(Party::Host) if reset.way == case.roles.from_client => Sender::Client,
        Some(Party::Host) => Sender::Server,
        None => Sender::Unknown,
    };
    let mechanism = match (party, &origin) {
        (Some(Party::Middlebox), _) => Mechanism::Forged,
        (Some(Party::Host), _) if not_by_stack => Mechanism::PacketFilter,
        (_, Some(Ok(origin))) => origin.mechanism,
        // Other stacks than Linux abort in other forms, too.
        (Some(Party::Host), Some(Err(_))) if unknown.is_active || suspect.sent() == Some(reset.segment.seq) => {
            Mechanism::Abort
        }
        _ => Mechanism::Unknown,
    };
    let usual = baseline.as_ref().and_then(|baseline| baseline.ttls.first());
    let hops = Some(Hops { sender: ttl::hops(reset.segment.ttl), claimed_sender: usual.map(|&ttl| ttl::hops(ttl)) });
    let would_decide = party.is_none().then(|| would_decide(&suspect));
    let obedience = Some(obedience::of(&suspect));
    let or_else = match &origin {
        Some(Ok(origin)) if origin.mechanism == mechanism => origin.or_else,
        // What lay unread does not show in a form that its stack would not have made.
        Some(Err(_)) if mechanism == Mechanism::Abort => Some(Mechanism::AbortUnreadData),
        _ => None,
    };
    Judged {
        party,
        sender,
        confidence,
        mechanism,
        or_else,
        hops,
        evidence,
        log_odds: odds,
        obedience,
        heard: suspect.heard().cloned().map(Box::new),
        would_decide,
        ..unknown
    }
}

/// Whether it begins or closes a connection by the same bits: neither a stack nor a known device makes such a reset.
pub fn is_contradictory(reset: &ResetSegment) -> bool {
    reset.segment.flags.intersects(TcpFlags::SYN.union(TcpFlags::FIN).union(TcpFlags::URG))
}

/// Whether it came over the loopback interface of the capturing host, as nothing else of the connection did: with REJECT in the OUTPUT
/// chain, Linux answers what the host itself sends in the other side's name (`nf_send_reset`).
fn was_turned_back(suspect: &Suspect<'_>) -> bool {
    let is_within = |one: &Sighting| one.direction == Some(Direction::Within);
    let ends = &suspect.case.flow.stream.endpoints;
    let mut others = suspect.case.timeline.sightings.iter().filter(|one| !one.segment.flags.rst());
    suspect.sighting().is_some_and(is_within)
        && ends.forward.address != ends.back.address
        && others.all(|one| one.direction.is_some() && !is_within(one))
}

/// What capture would tell who sent the reset, where this one does not.
fn would_decide(suspect: &Suspect<'_>) -> &'static str {
    let of_host = suspect.of_claimed_sender().next();
    let of_peer = suspect.earlier(suspect.peer()).next();
    let claimed_is_client = suspect.own() == suspect.case.roles.from_client;
    if !suspect.segment().options_complete || suspect.segment().window.is_none() {
        "a capture without a snap length (tcpdump -s 0), which would have the whole TCP header"
    } else if suspect.case.has_only_edges() {
        "a capture of all segments of the connection, not only of those with SYN, FIN or RST"
    } else if of_host.is_none() || of_peer.is_none() {
        "a capture of both directions that begins before the connection"
    } else if claimed_is_client {
        "a capture taken on the client's side at the same time: it shows whether the client sent this"
    } else {
        "a capture taken on the server's side at the same time: it shows whether the server sent this"
    }
}
