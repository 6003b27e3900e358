//! When the capture missed packets.

use crate::tcp::{Duration, Timestamp};

/// Spans told apart; of more, the two nearest become one.
const MOST: usize = 1000;

/// The times in which the kernel dropped packets, so that what seems missing may only be missing in the capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// In the order of time, none touching another.
    spans: Vec<(Timestamp, Timestamp)>,
}

impl Losses {
    /// Packets were missed some time between these moments.
    pub fn add(&mut self, from: Timestamp, to: Timestamp) {
        let (mut from, mut to) = (from.min(to), from.max(to));
        let first = self.spans.partition_point(|span| span.1 < from);
        let behind = self.spans.partition_point(|span| span.0 <= to);
        for span in self.spans.drain(first..behind) {
            (from, to) = (from.min(span.0), to.max(span.1));
        }
        self.spans.insert(first, (from, to));
        if self.spans.len() > MOST {
            self.join_nearest();
        }
    }

    /// Whether packets may have been missed between these moments.
    pub fn touch(&self, from: Timestamp, to: Timestamp) -> bool {
        let first = self.spans.partition_point(|span| span.1 < from);
        self.spans.get(first).is_some_and(|span| span.0 <= to)
    }

    fn join_nearest(&mut self) {
        let apart = |at: usize| match self.spans.get(at..at + 2) {
            Some([one, other]) => other.0.since(one.1),
            _ => Duration(i64::MAX),
        };
        if let Some(at) = (0..self.spans.len().saturating_sub(1)).min_by_key(|&at| apart(at)) {
            let next = self.spans.remove(at + 1);
            if let Some(span) = self.spans.get_mut(at) {
                span.1 = next.1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn spans_that_touch_are_one() {
        let mut losses = Losses::default();
        losses.add(at(10), at(12));
        losses.add(at(20), at(22));
        losses.add(at(30), at(32));
        losses.add(at(12), at(21));
        assert_eq!(losses.spans, [(at(10), at(22)), (at(30), at(32))]);
        for (from, to, expected) in [
            (0, 9, false),
            (0, 10, true),
            (15, 16, true),
            (22, 22, true),
            (23, 29, false),
            (29, 40, true),
            (33, 99, false),
        ] {
            assert_eq!(losses.touch(at(from), at(to)), expected, "{from} to {to}");
        }
        assert!(!Losses::default().touch(at(0), at(100)));
    }

    #[test]
    fn days_of_losses_stay_bounded_and_nothing_is_forgotten() {
        let mut losses = Losses::default();
        (0..5000).for_each(|hour| losses.add(at(hour * 3600), at(hour * 3600 + 1)));
        assert_eq!(losses.spans.len(), MOST);
        assert!((0..5000).all(|hour| losses.touch(at(hour * 3600), at(hour * 3600))));
    }
}
