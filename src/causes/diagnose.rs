//! Which cause explains how a flow ended.

use smallvec::SmallVec;

use super::ballot::{Ballot, Found, Weighed};
use super::others::Pending;
use super::question::Question;
use super::{Around, Candidate, Cause, Story, kernel};
use crate::evidence::{Confidence, Words};

type Look = fn(&Question<'_>) -> Option<Candidate>;

/// All causes; their order decides only between equals.
const CAUSES: &[Look] = &[
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

/// What causes still have to ask of the other flows, by their places: most flows that ask at all ask once or twice.
pub(super) type Asked = SmallVec<[(u8, Pending); 2]>;

/// What all causes say of a flow by itself, and what they have to ask of the others.
pub(super) fn weigh(story: &Story<'_>) -> (Ballot, Asked) {
    weigh_beside(story, None)
}

/// The same where the others may be known.
fn weigh_beside(story: &Story<'_>, around: Option<&Around>) -> (Ballot, Asked) {
    let mut ballot = Ballot::new(story.verdict());
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
    let others = ballot.weighed().iter().take(MOST_ALTERNATIVES);
    let alternatives = others.filter_map(|other| tell(other, words.min(Words::Sentence))).collect();
    Some(Diagnosis { best: tell(&best, words)?, confidence, alternatives })
}
