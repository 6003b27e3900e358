//! What is concluded about a flow, and what the report has of some flows once that is told.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::episode::{Episode, episodes};
use crate::attribution::Judged;
use crate::causes;
use crate::flow;
use crate::outcome;
use crate::report::{Application, DecidedResets, Flow, FlowComparison, Kind, Sender, SenderCounts, TeardownCounts};
use crate::timeline::Timeline;

/// What was concluded about a flow: little more than nothing for the many that ended well.
#[derive(Default)]
pub struct Verdict<'a> {
    /// Who sent its resets, one for each in its order; none where nobody judged them.
    pub resets: Vec<Judged>,
    /// Why it ended as it did.
    pub diagnosis: Option<Box<causes::Diagnosis>>,
    /// What its applications were doing.
    pub application: Option<Box<Application>>,
    /// What its applications saw.
    pub outcome: Option<Box<outcome::Outcome>>,
    /// Why its resets harmed nobody.
    pub benign: Option<Cow<'static, str>>,
    /// What is kept of it to be compared with other flows.
    pub fate: Option<Box<causes::Fate>>,
    /// What a summary has of all of this, in its place.
    pub gist: Option<Gist>,
    /// Its segments, where they were looked at.
    pub timeline: Option<Cow<'a, Timeline>>,
    /// Resets of the connection that only other captures have, each with its verdict.
    pub elsewhere: Vec<(flow::ResetSegment, Judged)>,
    /// The connection as several points saw it.
    pub comparison: Option<Box<FlowComparison>>,
}

/// All that a summary has of the verdict on a flow, for where nothing else is kept of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Gist {
    /// Who sent its resets.
    senders: SmallVec<[Sender; 8]>,
    /// Why it ended as it did.
    cause: Option<causes::Cause>,
    /// Whether its resets harmed nobody.
    benign: bool,
}

impl Gist {
    /// That of a flow with these verdicts on its resets, but for why it ended.
    pub fn of(flow: &flow::Flow, resets: &[Judged]) -> Self {
        Self::with(&episodes(flow, resets, &[]))
    }

    /// The same with that, where it is known.
    #[must_use]
    pub fn settled(self, fate: Option<&causes::Fate>) -> Self {
        match fate {
            Some(fate) => Self { cause: fate.cause, benign: fate.harmless.is_some(), ..self },
            None => self,
        }
    }

    /// Whether there is a reset.
    pub(super) fn has_reset(&self) -> bool {
        !self.senders.is_empty()
    }

    /// Whether the verdict is of this kind.
    pub(super) fn is(&self, kind: Kind) -> bool {
        kind.is_it(&self.senders, self.cause.map(causes::Cause::id), self.benign)
    }

    pub(super) fn with(resets: &[Episode<'_>]) -> Self {
        Self { senders: resets.iter().map(Episode::sender).collect(), cause: None, benign: false }
    }
}

/// Concludes about each of some flows, and gives what is told of them away in their order, some at a time.
pub type Judge<'a> = &'a dyn Fn(&[&flow::Flow], Tell<'_>, Take<'_>);

/// Tells of a flow and the verdict on it, behind what was told of others: a verdict is turned into what the report has of it by the
/// thread that found it. The segments are left in the verdict.
pub type Tell<'a> = &'a (dyn Fn(&mut Told, &flow::Flow, &mut Verdict<'_>) + Sync);

/// Takes what was told of some flows.
pub type Take<'a> = &'a mut dyn FnMut(Told);

/// What the report has of some flows.
#[derive(Default)]
pub struct Told {
    /// How many they are.
    pub(super) count: u64,
    pub(super) teardown: TeardownCounts,
    /// Who sent their resets.
    pub(super) senders: SenderCounts,
    /// Where their resets were decided, where captures were compared.
    pub(super) decided: DecidedResets,
    pub(super) benign: u64,
    pub(super) harmful: u64,
    pub(super) resets_not_kept: u64,
    pub(super) icmp_not_kept: u64,
    /// Of those that were judged, where anything explains them.
    pub(super) causes: Vec<causes::Cause>,
    /// Of those that were judged, where they are kept.
    pub(super) fates: Vec<causes::Fate>,
    /// Those that are listed.
    pub(super) flows: Vec<Flow>,
}

impl Told {
    pub(super) fn count_verdict(&mut self, gist: &Gist) {
        gist.senders.iter().for_each(|&sender| self.senders += sender);
        self.benign += u64::from(gist.benign);
        self.harmful += u64::from(!gist.benign && !gist.senders.is_empty());
        self.causes.extend(gist.cause);
    }
}
