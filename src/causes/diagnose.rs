use std::cell::Cell;
use std::net::IpAddr;

use smallvec::SmallVec;

use super::others::{Others, Pending};
use super::{Around, Candidate, Cause, Story, kernel};
use crate::attribution::{Judged, Party};
use crate::evidence::{Aspect, Confidence, Words};

/// What the causes are asked about.
pub(super) struct Question<'a> {
    /// The flow.
    pub story: &'a Story<'a>,
    /// The other flows; `None` while they are not known yet.
    around: Option<&'a Around>,
    /// How much is told of the answer.
    pub words: Words,
    /// What is left to be asked when they are.
    pending: Cell<Option<Pending>>,
}

impl<'a> Question<'a> {
    fn new(story: &'a Story<'a>, around: Option<&'a Around>, words: Words) -> Self {
        Self { story, around, words, pending: Cell::new(None) }
    }

    /// What `answer` makes of the other flows: now where they are known, and else later, when the segments of this one are no
    /// longer at hand.
    pub fn of_others(
        &self,
        answer: impl Fn(&Others<'_>) -> Option<Candidate> + Send + Sync + 'static,
    ) -> Option<Candidate> {
        self.ask(false, answer)
    }

    /// The same of an answer that asks for the names that others were connected by, too.
    pub fn of_named_others(
        &self,
        answer: impl Fn(&Others<'_>) -> Option<Candidate> + Send + Sync + 'static,
    ) -> Option<Candidate> {
        self.ask(true, answer)
    }

    fn ask(
        &self,
        asks_for_names: bool,
        answer: impl Fn(&Others<'_>) -> Option<Candidate> + Send + Sync + 'static,
    ) -> Option<Candidate> {
        let Some(around) = self.around else {
            self.pending.set(Some(Pending { answer: Box::new(answer), asks_for_names }));
            return None;
        };
        let case = self.story.case;
        answer(&Others::new(around, case.flow, case.roles, self.words))
    }

    /// An address, with its name where the site has one for it.
    pub fn named(&self, address: IpAddr) -> String {
        match self.around.and_then(|around| around.site.name(address)) {
            Some(name) => format!("{address} ({name})"),
            None => address.to_string(),
        }
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

impl Diagnosis {
    /// One of which only the names are told.
    pub fn named(cause: Cause, confidence: Confidence) -> Self {
        Self { best: Candidate::new(Words::Names, cause, ""), confidence, alternatives: Vec::new() }
    }

    /// Its cause.
    pub(super) fn found(&self) -> Found {
        Found { cause: self.best.cause, confidence: self.confidence }
    }
}

/// A cause, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub cause: Cause,
    pub confidence: Confidence,
}

/// Causes as they were weighed against each other.
pub(super) struct Ballot {
    /// Of most flows one or two.
    weighed: SmallVec<[Weighed; 2]>,
    /// How sure each can be.
    most_sure: MostSure,
}

/// How well a cause is supported.
#[derive(Clone, Copy)]
struct Weighed {
    cause: Cause,
    /// The decimal logarithm of the odds for it.
    score: f64,
    /// Its place in [`CAUSES`].
    place: u8,
    /// The applications or the network say so themselves.
    is_declared: bool,
}

/// How sure a cause can be, given how sure it is who sent the reset: what a forger is blamed for is no surer than the forger.
#[derive(Clone, Copy)]
struct MostSure(Confidence);

impl MostSure {
    fn of(verdict: Option<&Judged>) -> Self {
        Self(match verdict.and_then(|verdict| Some((verdict.party?, verdict.confidence?))) {
            Some((Party::Middlebox, sender)) => sender,
            Some((Party::Host, Confidence::Possible)) => Confidence::Likely,
            _ => Confidence::Certain,
        })
    }
}

impl Ballot {
    /// The same with some more causes, by their places.
    pub fn with(&self, more: impl Iterator<Item = (u8, Candidate)>) -> Self {
        let mut all = Self { weighed: self.weighed.clone(), most_sure: self.most_sure };
        more.for_each(|(place, candidate)| all.add(place, &candidate));
        all.weighed.sort_by_key(|one| one.place);
        all
    }

    fn add(&mut self, place: u8, candidate: &Candidate) {
        let score = candidate.score();
        if score > 0.0 {
            let is_declared = candidate.balance().has_decisive(Aspect::Declared);
            self.weighed.push(Weighed { cause: candidate.cause, score, place, is_declared });
        }
    }

    /// The causes that something speaks for.
    pub fn causes(&self) -> impl Iterator<Item = Cause> {
        self.weighed.iter().map(|one| one.cause)
    }

    /// The best supported cause that is sure enough.
    pub fn surest(mut self) -> Option<Found> {
        let (best, confidence) = self.take_surest()?;
        Some(Found { cause: best.cause, confidence })
    }

    /// The same; the others remain, the likelier first.
    ///
    /// Some causes are special cases of others: a limit on connections is a packet filter's refusal, too. The special case is
    /// named where it is surer than not; the general one does not lose by it.
    fn take_surest(&mut self) -> Option<(Weighed, Confidence)> {
        let weighed = &mut self.weighed;
        // The special case first where both are supported alike: it says more.
        weighed.sort_by(|one, other| {
            let special = || other.cause.is_case_of(one.cause).cmp(&one.cause.is_case_of(other.cause));
            other.score.total_cmp(&one.score).then_with(special)
        });
        let sure = |one: &Weighed| {
            // The odds against all others together, one of them being that it is something else.
            let odds = |is_rival: &dyn Fn(Cause) -> bool| {
                let rivals = weighed.iter().filter(|other| other.cause != one.cause && is_rival(other.cause));
                one.score - (rivals.map(|other| 10f64.powf(other.score)).sum::<f64>() + 1.0).log10()
            };
            let special = |other: Cause| other.is_case_of(one.cause);
            let general = |other: Cause| one.cause.is_case_of(other);
            Confidence::of_log_odds(odds(&|other| !special(other))).or_else(|| {
                // As well supported as the general cause, it is a possible reason for that.
                let mut generals = weighed.iter().filter(|other| general(other.cause));
                let is_backed = generals.all(|other| one.score >= other.score);
                let alone = Confidence::of_log_odds(odds(&|other| !special(other) && !general(other)));
                alone.filter(|_| is_backed).map(|_| Confidence::Possible)
            })
        };
        let (at, confidence) = weighed.iter().enumerate().find_map(|(at, one)| Some((at, sure(one)?)))?;
        let best = weighed.remove(at);
        let most = if best.is_declared { Confidence::Certain } else { self.most_sure.0 };
        Some((best, confidence.min(most)))
    }

    /// Octets that it takes beside itself.
    pub fn octets(&self) -> usize {
        if self.weighed.spilled() { self.weighed.capacity() * size_of::<Weighed>() } else { 0 }
    }
}

/// What causes still have to ask of the other flows, by their places: most flows that ask at all ask once or twice.
pub(super) type Asked = SmallVec<[(u8, Pending); 2]>;

/// What all causes say of a flow by itself, and what they have to ask of the others.
pub(super) fn weigh(story: &Story<'_>) -> (Ballot, Asked) {
    weigh_beside(story, None)
}

/// The same where the others may be known.
fn weigh_beside(story: &Story<'_>, around: Option<&Around>) -> (Ballot, Asked) {
    let mut ballot = Ballot { weighed: SmallVec::new(), most_sure: MostSure::of(story.verdict()) };
    let mut pending = Asked::new();
    let question = Question::new(story, around, Words::Unspoken);
    for (place, look) in (0..).zip(CAUSES) {
        if let Some(candidate) = look(&question) {
            ballot.add(place, &kernel::testify(candidate, story));
        }
        if let Some(left) = question.pending.take() {
            pending.push((place, left));
        }
    }
    (ballot, pending)
}

/// Why a flow ended as it did; `None` where nothing explains it, or it ended well.
pub fn diagnose(story: &Story<'_>, around: &Around) -> Option<Diagnosis> {
    // All are only weighed at first: few are told.
    let (mut ballot, _) = weigh_beside(story, Some(around));
    let (best, confidence) = ballot.take_surest()?;
    let tell = |one: &Weighed, words| {
        let look = CAUSES.get(usize::from(one.place))?;
        Some(kernel::testify(look(&Question::new(story, Some(around), words))?, story))
    };
    let words = story.case.words;
    if words < Words::Sentence {
        return Some(Diagnosis::named(best.cause, confidence));
    }
    let others = ballot.weighed.iter().take(MOST_ALTERNATIVES);
    let alternatives = others.filter_map(|other| tell(other, words.min(Words::Sentence))).collect();
    Some(Diagnosis { best: tell(&best, words)?, confidence, alternatives })
}

#[cfg(test)]
mod tests {
    use super::super::Cause;
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
        Some((found.best.cause, found.confidence, found.best.sentence.into_owned()))
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
    fn a_long_rest_is_as_good_a_reason_as_a_restart() {
        let after = |millis: u32| {
            told(&format!("{OPEN} {millis} c PA 101 ack 901 len 10\n{} s R 901 win 0 id 0", millis + 20))
                .expect("a cause")
        };
        let (cause, confidence, _) = after(900_000);
        assert_eq!((cause, confidence), (Cause::IdleTimeoutMiddlebox, Confidence::Possible));
        assert_eq!(after(100_000).0, Cause::PeerLostState);
    }

    #[test]
    fn who_waits_for_the_rest_of_a_request_has_a_limit() {
        let open = "c ttl 60\ns ttl 57\n0 c S 0 win 64240 mss 1460 sackok wscale 7
            20 s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0\n20.1 c A 1 ack 1\n";
        for (length, cause) in [(9, Cause::IdleTimeoutEndpoint), (2, Cause::ClosedWithUnreadData)] {
            let request = format!("POST /up HTTP/1.1\\r\\nHost: a.example\\r\\nContent-Length: {length}\\r\\n\\r\\nab");
            // An escape is two characters for one octet.
            let end = request.replace('\\', "").len() + 1;
            let text = format!("{open}21 c PA 1 ack 1 data \"{request}\"\n41 s A 1 ack {end}\n5041 s RA 1 ack {end}");
            let (found, _, sentence) = told(&text).expect("a cause");
            assert_eq!(found, cause, "{sentence}");
            assert_eq!(sentence.contains("the rest of the client's request"), length == 9, "{sentence}");
        }
    }

    #[test]
    fn what_was_repeated_in_vain_is_told() {
        let data = "50 s PA 901 ack 101 len 99\n300 s PA 901 ack 101 len 99\n800 s PA 901 ack 101 len 99\n1800 s RA 1000 ack 101";
        let probes = "5000 s A 900 ack 101\n6000 s A 900 ack 101\n7000 s A 900 ack 101\n8000 s RA 901 ack 101";
        for (rest, words) in [(data, "repeated its data in vain"), (probes, "probed in vain")] {
            let (cause, _, sentence) = told(&format!("{OPEN}{rest}")).expect("a cause");
            assert_eq!(cause, Cause::KeepaliveFailure);
            assert!(sentence.contains(words), "{sentence}");
        }
    }

    /// The diagnosis of one of a trace's flows among the others: cause and confidence.
    fn told_among(text: &str, index: usize) -> Option<(Cause, Confidence)> {
        let scene = Scene::of(text);
        let mut around = Around::default();
        for one in 0..scene.flows.len() {
            let (case, judged) = (scene.case(one), scene.judged_of(one));
            around.learn(&Story::new(&case, &judged));
        }
        let (case, judged) = (scene.case(index), scene.judged_of(index));
        let found = diagnose(&Story::new(&case, &judged), &around)?;
        Some((found.best.cause, found.confidence))
    }

    #[test]
    fn a_check_does_not_wait() {
        let checks = |wait: u32| -> String {
            let one = |flow: u32| {
                let at = flow * 1000;
                format!(
                    "{at} c S 0 mss 1460 flow {flow}\n{} s SA 0 ack 1 flow {flow}\n{} c A 1 ack 1 flow {flow}\n{} c RA 1 ack 1 flow {flow}\n",
                    at + 1,
                    at + 2,
                    at + 2 + wait
                )
            };
            (1..6).map(one).collect()
        };
        let cause = |wait| told_among(&checks(wait), 2).map(|(cause, _)| cause);
        assert_eq!((cause(1), cause(400)), (Some(Cause::HealthCheck), Some(Cause::AbortLinger0)));
    }

    #[test]
    fn checks_of_several_balancers_come_each_at_its_own_period() {
        // Two pools, whose checks come 200 and 800 ms behind each other.
        let checks = |late: u32| -> String {
            let one = |flow: u32| {
                let at = flow / 2 * 1000 + flow % 2 * 200 + flow * flow * late;
                let (granted, ended) = (at + 1, at + 2);
                format!(
                    "{at} c S 0 mss 1460 flow {flow}\n{granted} s SA 0 ack 1 flow {flow}\n{ended} c R 1 win 0 id 0 flow {flow}\n"
                )
            };
            (1..10).map(one).collect()
        };
        let cause = |late| told_among(&checks(late), 4).map(|(cause, _)| cause);
        assert_eq!(cause(0), Some(Cause::HealthCheck));
        assert_ne!(cause(90), Some(Cause::HealthCheck), "later and later");
    }

    #[test]
    fn who_takes_connections_between_the_ends_lives() {
        let ended = |flow: u32, at: u32| {
            let ([granted, asked], end) = ([at + 1, at + 2], at + 30);
            format!(
                "{at} c S 0 flow {flow}\n{granted} s SA 0 ack 1 flow {flow}\n{asked} c PA 1 ack 1 len 9 flow {flow}\n{} s A 1 ack 10 flow {flow}\n{end} s RA 1 ack 10 flow {flow}\n",
                at + 3
            )
        };
        let of_last = |pause: u32| {
            let all: String = (1..5).map(|flow| ended(flow, flow * pause)).collect();
            told_among(&all, 3).map(|(cause, _)| cause)
        };
        // All at once, and one after the other.
        assert_eq!(of_last(0), Some(Cause::ProcessKilled));
        assert_ne!(of_last(40), Some(Cause::ProcessKilled));
    }

    #[test]
    fn who_serves_older_connections_between_the_ends_lives() {
        let of_last = |pause: u32| {
            let one = |flow: u32| {
                let at = flow * pause;
                let (answered, end) = (at + 1, at + 30);
                format!(
                    "{at} c PA 1 ack 1 len 9 flow {flow}\n{answered} s PA 1 ack 10 len 5 flow {flow}\n{end} s RA 6 ack 10 flow {flow}\n"
                )
            };
            let all: String = (1..5).map(one).collect();
            told_among(&all, 3).map(|(cause, _)| cause)
        };
        assert_eq!(of_last(0), Some(Cause::ProcessKilled));
        assert_ne!(of_last(40), Some(Cause::ProcessKilled));
    }

    #[test]
    fn a_farewell_in_front_of_a_fin_is_no_use_of_the_connection() {
        let closed = |record: &str| {
            told(&format!(
                "{OPEN}5041 s PA 901 ack 101 data \"{record}\"\n5041.1 s FA 925 ack 101\n5041.2 c A 101 ack 926
                5100 c PA 101 ack 926 len 50\n5120 s R 926 win 0 id 0"
            ))
            .map(|found| found.0)
        };
        assert_eq!(closed("\\x17\\x03\\x03\\x00\\x131234567890123456789"), Some(Cause::StaleKeepaliveReuse));
        assert_ne!(closed("123412345678901234567890"), Some(Cause::StaleKeepaliveReuse), "it spoke, and closed");
    }

    #[test]
    fn silences_that_began_and_ended_together_show_no_timer() {
        let last = |pause: u32, longer: u32| {
            let one = |flow: u32| {
                let at = flow * pause;
                let (granted, asked, heard, end) = (at + 1, at + 2, at + 3, at + 3000 + flow * longer);
                format!(
                    "{at} c S 0 flow {flow}\n{granted} s SA 0 ack 1 flow {flow}\n{asked} c PA 1 ack 1 len 9 flow {flow}
                    {heard} s A 1 ack 10 flow {flow}\n{end} s RA 1 ack 10 flow {flow}\n"
                )
            };
            told_among(&format!("{}{}", one(1), one(2)), 1).map(|(cause, _)| cause)
        };
        assert_eq!(last(500, 0), Some(Cause::IdleTimeoutEndpoint));
        assert_eq!(last(0, 0), Some(Cause::ClosedWithUnreadData));
        // One that had waited for another time ended with it.
        let other = "0 c S 0\n1 s SA 0 ack 1\n2 c PA 1 ack 1 len 9\n3 s A 1 ack 10\n5000 s RA 1 ack 10
            1500 c S 0 flow 1\n1501 s SA 0 ack 1 flow 1\n1502 c PA 1 ack 1 len 9 flow 1\n1503 s A 1 ack 10 flow 1\n5000 s RA 1 ack 10 flow 1";
        assert_eq!(told_among(other, 0).map(|(cause, _)| cause), Some(Cause::ClosedWithUnreadData));
    }

    #[test]
    fn a_forged_reset_is_an_answer_until_the_request_is_repeated() {
        let reset = |at: u32| {
            told(&format!("{OPEN}100 c PA 101 ack 901 len 50\n{at} s R 901 win 0 id 0 ttl 61\n900 s FA 901 ack 151"))
                .map(|found| found.0)
        };
        assert_eq!(reset(110), Some(Cause::InjectedContentFilter));
        assert_eq!(reset(290), Some(Cause::InjectedContentFilter));
        assert_eq!(reset(310), Some(Cause::InjectedBlindOrInvalid));
    }

    #[test]
    fn a_filter_goes_on_for_a_while() {
        let first = format!("{OPEN}100 c PA 101 ack 901 len 50\n100.5 s R 901 win 0 id 0 ttl 61\n");
        let next = |at: u32, between: &str| {
            let reset = at + 1;
            let text = format!("{first}{between}{at} c S 0 flow 2\n{reset} s R 0 win 0 id 0 ttl 61 flow 2");
            told_among(&text, if between.is_empty() { 1 } else { 2 }).map(|(cause, _)| cause)
        };
        assert_eq!(next(2000, ""), Some(Cause::InjectedContentFilter));
        assert_ne!(next(200_000, ""), Some(Cause::InjectedContentFilter));
        let passed = "500 c S 0 flow 1\n520 s SA 0 ack 1 flow 1\n521 c A 1 ack 1 flow 1\n522 c PA 1 ack 1 len 9 flow 1\n542 s PA 1 ack 10 len 9 flow 1\n";
        assert_ne!(next(2000, passed), Some(Cause::InjectedContentFilter));
    }

    #[test]
    fn what_was_answered_for_long_no_filter_ended_out_of_sight() {
        let gone = |rest: &str| {
            let talk = "0 c S 0 win 64240 mss 1460 sackok wscale 7\n20 s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0\n20.1 c A 1 ack 1
                21 c PA 1 ack 1 len 100\n41 s PA 1 ack 101 len 900\n41.1 c A 101 ack 901\n";
            told(&format!("c ttl 60\ns ttl 57\n{talk}{rest}")).map(|found| found.0)
        };
        let soon = "45 s PA 901 ack 101 len 900\n45.1 c R 101 win 0 id 0";
        let late = "900 s PA 901 ack 101 len 900\n900.1 c A 101 ack 1801\n945 s PA 1801 ack 101 len 900\n945.1 c R 101 win 0 id 0";
        assert_eq!(gone(soon), Some(Cause::InjectedContentFilter));
        assert_ne!(gone(late), Some(Cause::InjectedContentFilter));
        let lossy = format!("44 s PA 1 ack 101 len 900\n{soon}");
        assert_ne!(gone(&lossy), Some(Cause::InjectedContentFilter));
    }

    #[test]
    fn who_ends_alike_was_not_within_a_limit() {
        // Two connections, and one more that the server ends at once.
        let last = |end: &str| {
            let open = |flow: u32| {
                format!(
                    "{flow} c S 0 flow {flow}\n{flow}.1 s SA 0 ack 1 flow {flow}\n{flow}.2 c A 1 ack 1 flow {flow}\n{flow}.3 c PA 1 ack 1 len 9 flow {flow}\n{flow}.4 s A 1 ack 10 flow {flow}\n"
                )
            };
            let ends: String = (1..3).map(|flow| format!("{}000 {end} flow {flow}\n", flow + 1)).collect();
            let text = format!("{}{}{}100 s RA 1 ack 10 flow 3\n{ends}", open(1), open(2), open(3));
            told_among(&text, 2).map(|(cause, _)| cause)
        };
        assert_eq!(last("s PA 1 ack 10 len 9"), Some(Cause::ConnectionLimit));
        assert_eq!(last("s RA 1 ack 10"), Some(Cause::ClosedWithUnreadData));
    }

    #[test]
    fn a_client_that_waited_in_vain_gave_up() {
        let reset =
            |at: &str| format!("{OPEN}5000 c PA 101 ack 901 len 10\n5020 s A 901 ack 111\n{at} c RA 111 ack 901");
        assert_eq!(told(&reset("5900")).map(|found| found.0), Some(Cause::ClientAbort));
        assert_ne!(told(&reset("5020.1")).map(|found| found.0), Some(Cause::ClientAbort));
    }

    #[test]
    fn a_client_that_closes_in_the_middle_of_an_answer_cancelled_it() {
        let closed = "5000 c PA 101 ack 901 len 10\n5020 s PA 901 ack 111 len 1448\n5020.1 c FA 111 ack 2349\n5020.2 c RA 112 ack 2349";
        let more = "\n5021 s PA 2349 ack 111 len 1448";
        assert_eq!(told(&format!("{OPEN}{closed}{more}")).map(|found| found.0), Some(Cause::ClientAbort));
        assert_ne!(told(&format!("{OPEN}{closed}")).map(|found| found.0), Some(Cause::ClientAbort));
    }

    #[test]
    fn who_had_closed_waited_for_nothing_more() {
        let asked = "0 c S 0\n20 s SA 0 ack 1\n20.1 c A 1 ack 1\n21 c PA 1 ack 1 data \"GET / HTTP/1.1\\r\\n\\r\\n\"\n80 c FA 19 ack 1\n";
        let progress = |closed: &str| {
            let scene = Scene::of(&format!("{asked}{closed}9021 c S 0 flow 1"));
            let (case, judged) = (scene.case(0), scene.judged_of(0));
            Story::new(&case, &judged).application.progress.unwrap_or_default()
        };
        let closed = progress("100 s FA 1 ack 20\n100.1 c A 20 ack 2\n");
        assert!(closed.contains("59.0 ms after GET /"), "{closed}");
        // The other side may still answer.
        let half = progress("100 s A 1 ack 20\n");
        assert!(half.contains("for 9.0 s"), "{half}");
    }

    #[test]
    fn a_fin_waits_behind_data() {
        let answer = |ack: u32| {
            let data = "50 s PA 901 ack 101 len 1448\n50.1 s PA 2349 ack 101 len 1448\n";
            told(&format!("{OPEN}{data}52 c PA 101 ack {ack} len 5\n72 s R {ack} win 0 id 0")).map(|found| found.0)
        };
        assert_eq!(answer(901), Some(Cause::DataAfterClose));
        assert_ne!(answer(3797), Some(Cause::DataAfterClose), "nothing was left to send");
    }

    #[test]
    fn a_filter_on_content_acts_on_the_request() {
        let by_filter = |text: &str| told(text).map(|found| found.0) == Some(Cause::InjectedContentFilter);
        let filtered = |rest: &str| by_filter(&format!("{OPEN}{rest}"));
        let first =
            "c win 502\ns win 509 ttl 57\n0 c S 0 wscale 7 sackok\n20 s SA 0 ack 1 wscale 7 sackok\n20.1 c A 1 ack 1
                     21 c PA 1 ack 1 len 100\n41 s A 1 ack 101\n50 c PA 101 ack 1 len 9\n70 s R 1 win 0 id 0";
        assert!(by_filter(first));
        let late = first.replace("50 c PA 101 ack 1 len 9", "50 c PA 110 ack 1 len 9\n50.1 c PA 101 ack 1 len 9");
        assert!(!by_filter(&late), "on a way that mixes packets");
        assert!(!filtered("50 c PA 101 ack 901 len 9\n70 s R 901 win 0 id 0"), "after one that was answered");
        assert!(
            !filtered("50 s PA 901 ack 101 len 1448\n51 c A 101 ack 2349\n71 s R 2349 win 0 id 0"),
            "in mid-answer"
        );
    }

    #[test]
    fn a_direction_that_is_not_in_the_capture_answers_nothing() {
        let alone = "0 c S 0\n1000 c S 0\n3000 c S 0\n";
        let confidence = |other: &str| told_among(&format!("{alone}{other}"), 0);
        let answered = "0 c S 0 flow 1\n20 s SA 0 ack 1 flow 1\n20.1 c A 1 ack 1 flow 1\n30 c PA 1 ack 1 len 9 flow 1";
        assert_eq!(confidence(answered), Some((Cause::UnansweredSyn, Confidence::Likely)));
        let one_sided = answered.replace("20 s SA 0 ack 1 flow 1\n", "");
        assert!(confidence(&one_sided).is_none_or(|(_, sure)| sure == Confidence::Possible));
    }

    #[test]
    fn a_filter_that_rejects_what_is_open_refuses_what_is_asked() {
        let open = "c ttl 57\ns ttl 64\n0 c S 0 wscale 7 sackok flow 1\n0.05 s SA 0 ack 1 wscale 7 sackok flow 1\n20 c A 1 ack 1 flow 1
            25 s PA 1 ack 1 len 9 flow 1\n45 c A 1 ack 10 flow 1\n45.02 s R 10 win 0 id 0 flow 1\n";
        let refused = "500 c S 0 flow 2\n500.05 s RA 0 raw ack 1 win 0 id 0 flow 2\n";
        let cause = |again: &str| told_among(&format!("{open}{again}{refused}"), 1).map(|(cause, _)| cause);
        // The server's socket lives, so that something else on its host rejected the acknowledgement.
        assert_eq!(cause("300 s PA 1 ack 1 len 9 flow 1\n"), Some(Cause::RefusedByFirewall));
        assert_eq!(cause(""), Some(Cause::RefusedNoListener));
    }

    #[test]
    fn a_port_that_refuses_next_had_no_full_queue() {
        let overflow = "0 c S 0 flow 1\n1 s SA 0 ack 1 flow 1\n2 c A 1 ack 1 flow 1\n3 s R 1 win 0 flow 1\n";
        let next = |answer: &str| told_among(&format!("{overflow}300 c S 0\n301 s {answer}"), 0);
        assert_eq!(next("SA 0 ack 1"), Some((Cause::BacklogOverflow, Confidence::Likely)));
        assert_eq!(next("RA 3001 ack 1 win 0"), None);
    }

    #[test]
    fn who_had_repeated_its_data_had_given_up() {
        let vain = "50 s PA 901 ack 101 len 99\n300 s PA 901 ack 101 len 99\n800 s PA 901 ack 101 len 99\n";
        let late = "90000 c PA 101 ack 901 len 5\n90020 s R 901 win 0 id 0";
        let (cause, _, sentence) = told(&format!("{OPEN}{vain}{late}")).expect("a cause");
        assert_eq!(cause, Cause::PeerLostState);
        assert!(sentence.contains("given the connection up"), "{sentence}");
        let heard = "801 c A 101 ack 1000\n".to_owned() + &late.replace("901", "1000");
        let found = told(&format!("{OPEN}{vain}{heard}")).expect("a cause");
        assert!(!found.2.contains("given the connection up"), "{found:?}");
    }

    #[test]
    fn a_bare_reset_is_no_timer() {
        let late = "9000 s R 901 win 0 id 0";
        assert_ne!(told(&format!("{OPEN}{late}")).map(|(cause, ..)| cause), Some(Cause::IdleTimeoutEndpoint));
        let abort = "9000 s RA 901 ack 101";
        assert_eq!(told(&format!("{OPEN}{abort}")).map(|(cause, ..)| cause), Some(Cause::IdleTimeoutEndpoint));
    }

    /// The diagnosis of the second flow of a trace.
    fn told_of_second(text: &str) -> Option<Candidate> {
        let scene = Scene::of(text);
        let (case, judged) = (scene.case(1), scene.judged_of(1));
        Some(diagnose(&Story::new(&case, &judged), &Around::default())?.best)
    }

    #[test]
    fn a_server_that_had_the_request_or_the_clients_end_ended_nothing_idle() {
        let is_stale =
            |rest: &str| told(&format!("{OPEN}{rest}")).map(|found| found.0) == Some(Cause::StaleKeepaliveReuse);
        let crossed =
            "5000 c PA 101 ack 901 len 9\n5010 s FA 901 ack 101\n5010.1 c A 110 ack 902\n5020 s R 901 win 0 id 0";
        assert!(is_stale(crossed));
        assert!(!is_stale(
            "6041 c PA 101 ack 901 len 9\n6061 s PA 901 ack 110 len 90\n6062 c A 110 ack 991
            11000 c PA 110 ack 991 len 9\n11005 s FA 991 ack 110\n11005.1 c A 119 ack 992\n11020 s R 991 win 0 id 0"
        ));
        let had_it = "5000 c PA 101 ack 901 len 9\n5020 s FA 901 ack 110\n5020.1 c A 110 ack 902
                      5021 c PA 110 ack 902 len 9\n5041 s R 902 win 0 id 0";
        assert!(!is_stale(had_it));
        let left = "5000 c PA 101 ack 901 len 9\n5000.1 c FA 110 ack 901\n5020 s FA 901 ack 111\n5020.1 c A 111 ack 902
                    5020.9 c A 111 ack 902\n5041 s R 902 win 0 id 0";
        assert!(!is_stale(left));
        // What it said last does not acknowledge what was asked, and so answers something else.
        let unanswered = "600 c PA 101 ack 901 len 9\n601 s PA 901 ack 101 len 50\n640 c A 110 ack 951
                          5000 s FA 951 ack 110\n5000.1 c PA 110 ack 952 len 9\n5020 s R 952 win 0 id 0";
        assert!(!is_stale(unanswered));
        assert!(is_stale(&unanswered.replace("601 s PA 901 ack 101", "620 s PA 901 ack 110")));
    }

    #[test]
    fn who_spoke_a_moment_ago_forgot_with_others_if_at_all() {
        let busy = |flow: u32| {
            let lines = [
                "0 c S 0 wscale 7 sackok",
                "20 s SA 0 ack 1 wscale 7 sackok id 0",
                "20.1 c A 1 ack 1",
                "21 c PA 1 ack 1 len 9",
                "44 s PA 1 ack 10 len 70",
                "44.1 c A 10 ack 71",
                "900 c PA 10 ack 71 len 9",
                "920 s PA 71 ack 19 len 70",
                "920.1 c A 19 ack 141",
                "940.1 s R 141 win 0 id 0",
            ];
            lines.map(|line| format!("{line} flow {flow}\n"))
        };
        let both: String = busy(1).into_iter().zip(busy(2)).map(|(one, other)| one + &other).collect();
        assert_eq!(told_among(&format!("s ttl 57\n{both}"), 0).map(|found| found.0), Some(Cause::PeerLostState));
        assert_eq!(told(&format!("s ttl 57\n{}", busy(1).concat())), None);
    }

    #[test]
    fn who_was_told_to_go_or_never_asked_cancels_nothing() {
        let cause = |frame: &str| {
            let preface = r"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x03\x01\x05\x00\x00\x00\x01\x82\x84\x86";
            let head = r"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01\x01\x04\x00\x00\x00\x01\x88";
            told(&format!(
                "s ttl 57\n0 c S 0 wscale 7 sackok\n20 s SA 0 ack 1 wscale 7 sackok id 0\n20.1 c A 1 ack 1
                 21 c PA 1 ack 1 data \"{preface}\"\n41 s PA 1 ack 46 data \"{head}\"\n41.1 c A 46 ack 20
                 890 s PA 20 ack 46 data \"{frame}\"\n895 c PA 46 ack 37 len 12\n900 c FA 58 ack 37
                 930 s PA 37 ack 59 len 900\n930.1 c R 59 win 0 id 0"
            ))
            .map(|found| found.0)
        };
        assert_eq!(
            cause(r"\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"),
            Some(Cause::DataAfterClose)
        );
        assert_eq!(
            cause(r"\x00\x00\x08\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00"),
            Some(Cause::ClientAbort)
        );
        let granted = "20 s SA 0 ack 1 wscale 7 sackok id 0\n20.1 c R 1 win 0 id 0";
        assert_eq!(told(&format!("0 c S 0 wscale 7 sackok\n{granted}")).map(|found| found.0), Some(Cause::ClientAbort));
        assert_ne!(told(granted).map(|found| found.0), Some(Cause::ClientAbort));
    }

    #[test]
    fn a_change_of_address_is_told_with_both_addresses() {
        let moved = "900 c PA 101 ack 901 len 10 client 9 moved\n920 s R 901 win 0 id 0 client 9 moved";
        let best = told_of_second(&format!("{OPEN}{moved}")).expect("a cause");
        assert_eq!(best.cause, Cause::PeerLostState);
        assert!(best.sentence.contains("from 192.0.2.1:40000 to 192.0.2.9:40000"), "{}", best.sentence);
        assert!(best.evidence.iter().any(|piece| piece.text.contains("where flow 1 stopped")));
        // Other numbers: nothing is known of what was before.
        let strange = moved.replace("901", "902");
        let best = told_of_second(&format!("{OPEN}{strange}")).expect("a cause");
        assert!(best.sentence.contains("the capture does not show"), "{}", best.sentence);
    }

    #[test]
    fn silence_before_the_change_of_address_counts() {
        let moved = "350100 c PA 101 ack 901 len 10 client 9 moved\n350120 s R 901 win 0 id 0 client 9 moved";
        let scene = Scene::of(&format!("{OPEN}{moved}"));
        let (case, judged) = (scene.case(1), scene.judged_of(1));
        let pause = Story::new(&case, &judged).pause.expect("a silence");
        assert_eq!((pause.length.as_secs_f64().round(), pause.by_reset), (350.0, false));
    }

    #[test]
    fn a_router_that_speaks_for_the_old_address_is_told() {
        let text = "500 s PA 901 ack 101 len 50\n500.4 c R 101 win 0 id 0 ttl 64
            510 c FA 101 ack 901 client 9 moved\n530 s R 901 win 0 id 0 client 9 moved";
        let scene = Scene::of(&format!("{OPEN}{text}"));
        let (case, judged) = (scene.case(0), scene.judged());
        let found = diagnose(&Story::new(&case, &judged), &Around::default()).expect("a cause");
        assert_eq!(found.best.cause, Cause::PeerLostState);
        assert!(found.best.sentence.contains("the device that translates the client's address"), "{found:?}");
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
