//! Which RST segments of a flow are one reset.

use smallvec::{SmallVec, smallvec};

use crate::attribution::{self, Judged};
use crate::evidence::Confidence;
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
        // The surest verdict speaks for all: what is hardly known to be of the same sender has to look the same.
        let is_sure = verdict.is_none_or(|judged| judged.confidence != Some(Confidence::Possible));
        let belongs = |one: &flow::ResetSegment, of: Option<&Judged>| {
            key(one, of) == key(reset, verdict) && (is_sure || one.form() == reset.form())
        };
        // The latest episode in the same name, if it is of the same kind.
        let same = episodes
            .iter_mut()
            .rev()
            .find(|episode| episode.segments.first().is_some_and(|(first, _)| first.way == reset.way))
            .filter(|episode| episode.segments.first().is_some_and(|(one, of)| belongs(one, *of)));
        match same {
            Some(episode) => episode.segments.push((reset, verdict)),
            None => episodes.push(Episode { segments: smallvec![(reset, verdict)] }),
        }
    }
    episodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::testing::Scene;

    #[test]
    fn what_is_hardly_known_to_be_forged_does_not_lean_on_what_surely_is() {
        let confidences = |second: &str| -> Vec<_> {
            let scene = Scene::of(&format!(
                "c ttl 60\n s ttl 57\n 0 c S 0\n 20 s SA 0 ack 1\n 21 c A 1 ack 1\n 30 c PA 1 ack 1 len 10\n 50 s PA 1 ack 11 len 20\n
                 51 c A 11 ack 21\n 60 s RA 21 ack 11 ttl 62 id 0\n {second}"
            ));
            let judged = scene.judged();
            let found = episodes(scene.flow(0), &judged, &[]);
            found.iter().map(|episode| episode.verdict().and_then(|verdict| verdict.confidence)).collect()
        };
        // By the same device, and by none that is known.
        assert_eq!(confidences("60.1 s RA 1481 ack 11 ttl 62 id 0"), [Some(Confidence::Certain)]);
        assert_eq!(confidences("70 s R 9000 id 0"), [Some(Confidence::Certain), Some(Confidence::Possible)]);
    }
}
