use super::around::Connection;
use super::{Around, Candidate, Cause, Story, kernel};
use crate::attribution::Party;
use crate::evidence::{Aspect, Confidence, Evidence, Weight};

/// What the causes are asked about.
pub(super) struct Question<'a> {
    /// The flow.
    pub story: &'a Story<'a>,
    /// The other flows.
    pub around: &'a Around,
}

impl<'a> Question<'a> {
    /// Connections to the same server that began shortly before and after this one.
    pub fn near_server(&self) -> impl Iterator<Item = &'a Connection> {
        let case = self.story.case;
        let server = case.flow.stream.endpoints[self.story.client().reverse()];
        case.flow.first_time.into_iter().flat_map(move |time| self.around.near_server(server, time))
    }

    /// Connections of the same client that began shortly before and after this one.
    pub fn near_client(&self) -> impl Iterator<Item = &'a Connection> {
        let case = self.story.case;
        let client = case.flow.stream.endpoints[self.story.client()].address;
        case.flow.first_time.into_iter().flat_map(move |time| self.around.near_client(client, time))
    }
}

type Look = fn(&Question<'_>) -> Option<Candidate>;

/// All causes; their order decides only between equals.
const CAUSES: [Look; 25] = [
    super::refused_no_listener::look,
    super::refused_by_firewall::look,
    super::icmp_unreachable::look,
    super::backlog_overflow::look,
    super::connection_limit::look,
    super::rate_limited::look,
    super::closed_with_unread_data::look,
    super::data_after_close::look,
    super::stale_keepalive_reuse::look,
    super::abort_linger0::look,
    super::client_abort::look,
    super::process_killed::look,
    super::server_restart::look,
    super::protocol_mismatch::look,
    super::timewait_reset::look,
    super::peer_lost_state::look,
    super::idle_timeout_endpoint::look,
    super::idle_timeout_middlebox::look,
    super::keepalive_failure::look,
    super::injected_content_filter::look,
    super::injected_blind_or_invalid::look,
    super::half_open_scan::look,
    super::health_check::look,
    super::unanswered_syn::look,
    super::unanswered_data::look,
];

/// Alternatives that are named beside the diagnosis.
const MOST_ALTERNATIVES: usize = 3;

/// Why a flow ended as it did.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// The best supported cause.
    pub best: Candidate,
    /// How sure it is.
    pub confidence: Confidence,
    /// Other causes that fit, the likelier first.
    pub alternatives: Vec<Candidate>,
}

/// Why a flow ended as it did; `None` where nothing explains it, or it ended well.
///
/// Some causes are special cases of others: a limit on connections is a packet filter's refusal, too. The special case is
/// named where it is surer than not; the general one does not lose by it.
pub fn diagnose(story: &Story<'_>, around: &Around) -> Option<Diagnosis> {
    let question = Question { story, around };
    let mut candidates: Vec<(f64, Candidate)> = CAUSES
        .iter()
        .filter_map(|look| look(&question))
        .map(|candidate| kernel::testify(candidate, story))
        .map(|candidate| (candidate.score(), candidate))
        .filter(|(score, _)| *score > 0.0)
        .collect();
    // The special case first where both are supported alike: it says more.
    candidates.sort_by(|(one, a), (other, b)| {
        other.total_cmp(one).then_with(|| b.cause.is_case_of(a.cause).cmp(&a.cause.is_case_of(b.cause)))
    });
    let sure = |(score, candidate): &(f64, Candidate)| {
        // The odds against all others together, one of them being that it is something else.
        let odds = |is_rival: &dyn Fn(&Candidate) -> bool| {
            let rivals = candidates.iter().filter(|(_, other)| other.cause != candidate.cause && is_rival(other));
            score - (rivals.map(|(other, _)| 10f64.powf(*other)).sum::<f64>() + 1.0).log10()
        };
        let special = |other: &Candidate| other.cause.is_case_of(candidate.cause);
        let general = |other: &Candidate| candidate.cause.is_case_of(other.cause);
        Confidence::of_log_odds(odds(&|other| !special(other))).or_else(|| {
            // As well supported as the general cause, it is a possible reason for that.
            let is_backed = candidates.iter().filter(|(_, other)| general(other)).all(|(other, _)| score >= other);
            let alone = Confidence::of_log_odds(odds(&|other| !special(other) && !general(other)));
            alone.filter(|_| is_backed).map(|_| Confidence::Possible)
        })
    };
    let (place, confidence) = candidates.iter().enumerate().find_map(|(place, one)| Some((place, sure(one)?)))?;
    let (_, best) = candidates.remove(place);
    let confidence = confidence.min(most_sure(story, &best));
    let alternatives = candidates.into_iter().take(MOST_ALTERNATIVES).map(|(_, candidate)| candidate).collect();
    Some(Diagnosis { best, confidence, alternatives })
}

/// How sure a cause can be, given how sure it is who sent the reset: what a forger is blamed for is no surer than the forger.
fn most_sure(story: &Story<'_>, best: &Candidate) -> Confidence {
    let declared = |piece: &Evidence<Cause>| piece.aspect == Aspect::Declared && piece.weight == Weight::Decisive;
    match story.verdict().and_then(|verdict| Some((verdict.party?, verdict.confidence?))) {
        _ if best.evidence.iter().any(declared) => Confidence::Certain,
        Some((Party::Middlebox, sender)) => sender,
        Some((Party::Host, Confidence::Possible)) => Confidence::Likely,
        _ => Confidence::Certain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::testing::Scene;

    /// The diagnosis of a trace's only flow: cause, confidence and sentence.
    fn told(text: &str) -> Option<(Cause, Confidence, String)> {
        let scene = Scene::of(text);
        let (case, judged) = (scene.case(0), scene.judged());
        let story = Story::new(&case, &judged);
        let mut around = Around::default();
        around.learn(&story);
        let found = diagnose(&story, &around)?;
        Some((found.best.cause, found.confidence, found.best.sentence))
    }

    const OPEN: &str = "c ttl 60\ns ttl 57\n0 c S 0 win 64240 mss 1460 sackok wscale 7
        20 s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0\n20.1 c A 1 ack 1
        21 c PA 1 ack 1 len 100\n41 s PA 1 ack 101 len 900\n41.1 c A 101 ack 901\n";

    #[test]
    fn what_was_before_the_capture_is_not_claimed() {
        let (cause, confidence, sentence) = told("0 c PA 1 ack 1 len 10\n20 s R 1 win 0 id 0").expect("a cause");
        assert_eq!((cause, confidence), (Cause::PeerLostState, Confidence::Possible));
        assert!(sentence.contains("the capture does not show"), "{sentence}");
        let known = format!("{OPEN} 5000 c PA 101 ack 901 len 10\n5020 s R 901 win 0 id 0");
        assert!(told(&known).expect("a cause").2.contains("never closed"));
    }

    #[test]
    fn who_reset_before_has_not_lost_its_state() {
        let again = "5000 s RA 9901 ack 101\n5000.2 c A 101 ack 901\n5020 s R 901 win 0 id 0";
        assert_ne!(told(&format!("{OPEN}{again}")).map(|(cause, ..)| cause), Some(Cause::PeerLostState));
    }

    #[test]
    fn a_damaged_packet_explains_nothing() {
        assert_eq!(told(&format!("{OPEN} 42 s RSFU 0 ack 101 win 7\n 60 c PA 101 ack 901 len 5")), None);
    }

    #[test]
    fn who_answers_an_end_was_not_killed_with_others() {
        let one = |flow: u8| {
            format!(
                "{flow} c S 0 flow {flow}\n2{flow} s SA 0 ack 1 flow {flow}\n2{flow}.1 c A 1 ack 1 flow {flow}
                 3{flow} c PA 1 ack 1 len 9 flow {flow}\n5{flow} s PA 1 ack 10 len 9 flow {flow}
                 6{flow} c FA 10 ack 10 flow {flow}\n8{flow} s A 10 ack 11 flow {flow}
                 8{flow}.1 s RA 10 ack 11 win 0 flow {flow}\n"
            )
        };
        let all: String = (1..6).map(one).collect();
        assert_ne!(told(&format!("c ttl 60\ns ttl 121\n{all}")).map(|(cause, ..)| cause), Some(Cause::ProcessKilled));
    }
}
