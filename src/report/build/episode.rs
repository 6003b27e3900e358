//! Which RST segments of a flow are one reset.

use smallvec::{SmallVec, smallvec};

use crate::attribution::{self, Judged};
use crate::flow;
use crate::report::Sender;

/// One reset: RST segments with one claimed sender, one sender and one mechanism, and their copies.
pub(super) struct Episode<'a> {
    /// In capture order, each with its verdict.
    pub(super) segments: SmallVec<[(&'a flow::ResetSegment, Option<&'a Judged>); 1]>,
}

impl Episode<'_> {
    /// The verdict that speaks for all: the surest.
    pub(super) fn verdict(&self) -> Option<&Judged> {
        let verdicts = self.segments.iter().filter_map(|(_, judged)| *judged);
        verdicts.reduce(|best, other| if other.log_odds.abs() > best.log_odds.abs() { other } else { best })
    }

    /// The verdict on its first segment.
    pub(super) fn first(&self) -> Option<&Judged> {
        self.segments.first().and_then(|(_, judged)| *judged)
    }

    pub(super) fn sender(&self) -> Sender {
        self.verdict().map_or(Sender::Unknown, |judged| judged.sender.into())
    }
}

/// The resets of a flow in the order of their first frames.
pub(super) fn episodes<'a>(
    flow: &'a flow::Flow,
    judged: &'a [Judged],
    elsewhere: &'a [(flow::ResetSegment, Judged)],
) -> Vec<Episode<'a>> {
    let mut episodes: Vec<Episode<'a>> = Vec::new();
    let own = flow.resets().iter().enumerate().map(|(index, reset)| (reset, judged.get(index)));
    for (reset, verdict) in own.chain(elsewhere.iter().map(|(reset, judged)| (reset, Some(judged)))) {
        let key = |reset: &flow::ResetSegment, judged: Option<&Judged>| {
            let verdict = judged.filter(|judged| judged.sender != attribution::Sender::Unknown);
            // Where nobody can tell, the form stands for the mechanism: a stack that aborts a connection sends RST with
            // ACK, one that knows none answers a segment with ACK by RST alone (RFC 9293 section 3.5.2).
            let form = verdict.is_none().then(|| reset.form());
            (reset.way, verdict.map(|judged| (judged.sender, judged.mechanism)), form)
        };
        // The latest episode in the same name, if it is of the same kind.
        let same = episodes
            .iter_mut()
            .rev()
            .find(|episode| episode.segments.first().is_some_and(|(first, _)| first.way == reset.way))
            .filter(|episode| episode.segments.first().is_some_and(|(one, of)| key(one, *of) == key(reset, verdict)));
        match same {
            Some(episode) => episode.segments.push((reset, verdict)),
            None => episodes.push(Episode { segments: smallvec![(reset, verdict)] }),
        }
    }
    episodes
}
