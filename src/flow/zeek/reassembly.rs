//! Which acknowledged data the capture lacks, and whether all data of a side was seen by its end.

use super::side::{Counted, Mark, State};
use super::{ZeekConn, fact};
use crate::tcp::Timestamp;

/// Data a side may send before Zeek concludes that the peer's acknowledgements are not captured (`tcp_max_initial_window`).
const MOST_INITIAL: u64 = 16_384;
/// Distance beyond a hole that Zeek tolerates without any acknowledgement (`tcp_max_above_hole_without_any_acks`).
const MOST_ABOVE_HOLE: u64 = 16_384;
/// Unacknowledged data at which Zeek stops to follow a stream (`tcp_excessive_data_without_further_acks`).
const MOST_UNACKNOWLEDGED: u64 = 10 * 1024 * 1024;

impl ZeekConn {
    /// The peer of `side` acknowledged its data up to `acked`, relative.
    #[inline]
    pub(super) fn ack_received(&mut self, side: usize, acked: u64, time: Option<Timestamp>) {
        let end = &mut self.ends[side];
        // A FIN has a number, and no data.
        let acked = end.fin().map_or(acked, |fin| acked.min(fin.wrapping_sub(1)));
        if acked <= end.trimmed() {
            return;
        }
        if acked <= end.in_order() && self.rare.is_none() {
            end.set_trimmed(acked);
        } else {
            self.trim(side, acked);
        }
        self.check_end_of_data(side, time);
    }

    fn trim(&mut self, side: usize, acked: u64) {
        if acked > self.ends[side].in_order() {
            self.give_up_until(side, acked);
        }
        let mut deliverable = false;
        if let Some(rare) = &mut self.rare {
            rare.blocks[side].drop_until(acked);
            deliverable = rare.blocks[side].first().is_some_and(|(from, _)| from == self.ends[side].in_order());
        }
        if deliverable {
            self.deliver(side);
        }
        self.ends[side].set_trimmed(acked);
    }

    /// Data up to `acked` is acknowledged and not all of it was captured: counts the gaps.
    fn give_up_until(&mut self, side: usize, acked: u64) {
        // Without a start there is no telling whether its first octets were sent before the capture.
        if acked <= 2 && self.is(fact::PARTIAL) {
            return;
        }
        if !self.ends[side].has(Mark::SKIP) {
            while let Some((from, _)) = self.first_block(side).filter(|&(from, _)| from < acked) {
                self.count_gap(side);
                self.ends[side].set_in_order(from);
                self.deliver(side);
            }
            if acked > self.ends[side].in_order() {
                self.count_gap(side);
            }
        }
        if acked > self.ends[side].in_order() {
            self.ends[side].set_in_order(acked);
        }
    }

    /// Gaps count only where both sides are known to have been established: a RST may bear any number.
    fn count_gap(&mut self, side: usize) {
        let is_clean = self.ends.iter().all(|end| match end.state() {
            State::Established => true,
            State::Closed => end.previous() == State::Established,
            _ => false,
        });
        if is_clean {
            self.count(side, Counted::Gap);
        }
    }

    fn first_block(&self, side: usize) -> Option<(u64, u64)> {
        self.rare.as_ref()?.blocks[side].first()
    }

    /// Moves over all data that has no hole before it any more.
    fn deliver(&mut self, side: usize) {
        if let Some(rare) = &mut self.rare {
            let reached = rare.blocks[side].absorb(self.ends[side].in_order());
            self.ends[side].set_in_order(reached);
        }
        let (end, peer) = (&self.ends[side], &self.ends[side ^ 1]);
        if end.no_data_acked() && end.size(peer) > MOST_INITIAL {
            let in_order = end.in_order();
            self.ends[side].set_trimmed(in_order);
        }
    }

    /// Data of `me` was captured, all of it.
    #[inline]
    pub(super) fn data_sent(&mut self, me: usize, from: u64, len: u32) {
        let end = &mut self.ends[me];
        if end.has(Mark::SKIP) {
            return;
        }
        let to = from.saturating_add(u64::from(len));
        let (trimmed, in_order) = (end.trimmed(), end.in_order());
        if to <= trimmed {
            return;
        }
        let from = from.max(trimmed);
        if from <= in_order {
            if to > in_order {
                end.set_in_order(to);
                self.deliver(me);
            }
        } else {
            self.rare().blocks[me].add(from, to);
        }
        self.check_excess(me);
    }

    #[inline]
    fn check_excess(&mut self, me: usize) {
        let end = &self.ends[me];
        let held = end.in_order().saturating_sub(end.trimmed());
        let ahead = self.rare.as_ref().map(|rare| &rare.blocks[me]).filter(|blocks| !blocks.is_empty());
        let excess = match ahead {
            // Zeek counts whole segments: what is acknowledged of the oldest one too.
            None => held > MOST_UNACKNOWLEDGED,
            Some(blocks) => {
                let above_hole = blocks.end().unwrap_or(0).saturating_sub(end.in_order());
                let unanswered = above_hole > MOST_ABOVE_HOLE && end.no_data_acked();
                unanswered || held.saturating_add(blocks.octets()) > MOST_UNACKNOWLEDGED
            }
        };
        if excess {
            self.ends[me].set(Mark::SKIP);
            if let Some(rare) = &mut self.rare {
                rare.blocks[me].clear();
            }
        }
    }

    /// Notices when a side that has ended has no data outstanding any more, and does what had to wait for that.
    #[inline]
    pub(super) fn check_end_of_data(&mut self, side: usize, time: Option<Timestamp>) {
        let end = &self.ends[side];
        let ended = matches!(end.state(), State::Closed | State::Reset) || end.fin().is_some();
        if !ended || end.has(Mark::END_OF_DATA) || self.is_data_pending(side) {
            return;
        }
        self.ends[side].set(Mark::END_OF_DATA);
        if self.is(fact::CLOSE_DEFERRED) {
            self.close_side(side, time);
            self.facts &= !fact::CLOSE_DEFERRED;
        }
    }

    /// Whether data of a side is missing, or its peer's data waits for its acknowledgement.
    pub(super) fn is_data_pending(&self, side: usize) -> bool {
        let end = &self.ends[side];
        if end.has(Mark::SKIP) {
            return false;
        }
        end.has_hole_before_end() || end.state() != State::Reset && self.holds_data(side ^ 1)
    }

    fn holds_data(&self, side: usize) -> bool {
        let end = &self.ends[side];
        let unacknowledged = !end.has(Mark::SKIP) && end.in_order() > end.trimmed();
        unacknowledged || self.first_block(side).is_some()
    }
}
