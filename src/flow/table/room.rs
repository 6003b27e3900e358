//! Which flows end early when there is no room for another one.

use super::super::connection::Flow;
use super::super::reset::Phase;
use super::super::teardown::Teardown;
use super::{FlowTable, PIECE};

/// When there is no room, one flow in so many ends early: few enough to keep most, many enough that it is seldom done.
const LEAVING: usize = 4;

impl FlowTable {
    /// Ends a quarter of the flows early: first those that ended well, then attempts that never got through, as a flood of requests
    /// makes them, then those that were only open, at last those with a reset; in each group those that were silent for longest.
    /// They stay counted.
    #[cold]
    pub(super) fn make_room(&mut self) {
        self.followed = None;
        let end = self.end;
        let mut order: Vec<(u8, u64, u32)> = (0..self.len as u32)
            .filter_map(|index| {
                let flow = self.flow(index)?;
                let rank = match Teardown::of(flow, end) {
                    Teardown::Fin => 0,
                    Teardown::Refused | Teardown::ResetAfterFin | Teardown::Reset => 4,
                    _ if flow.phase() <= Phase::Handshake => 1,
                    Teardown::Open => 2,
                    Teardown::Unanswered | Teardown::HalfClosed => 3,
                };
                Some((rank, flow.stream.last_frame.get(), index))
            })
            .collect();
        let leaving = (self.len / LEAVING).max(1);
        order.select_nth_unstable(leaving - 1);
        let mut gone = vec![false; self.len];
        for &(_, _, index) in &order[..leaving] {
            gone[index as usize] = true;
        }
        drop(order);

        // What stays moves up, and the handles move with it.
        let mut moved = vec![u32::MAX; self.len];
        let mut stays = 0u32;
        for (index, gone) in gone.iter().enumerate() {
            if !gone {
                moved[index] = stays;
                stays += 1;
            }
        }
        // Into the same memory again: pieces that came and went would leave holes that never become whole.
        let mut piece = self.new_piece();
        let mut left = gone.into_iter();
        for mut old in std::mem::take(&mut self.pieces) {
            for mut flow in old.drain(..) {
                if left.next().unwrap_or(false) {
                    self.evict(&flow);
                    continue;
                }
                let sibling = flow.sibling().map(|sibling| moved[sibling as usize]);
                flow.set_sibling(sibling.filter(|&index| index != u32::MAX));
                if piece.len() == PIECE {
                    let next = self.new_piece();
                    self.pieces.push(std::mem::replace(&mut piece, next));
                }
                piece.push(flow);
            }
            self.spare.push(old);
        }
        if piece.is_empty() {
            self.spare.push(piece);
        } else {
            self.pieces.push(piece);
        }
        self.len = stays as usize;
        self.rebuild(self.slots.len());
    }

    fn evict(&mut self, flow: &Flow) {
        let teardown = Teardown::of(flow, self.end);
        if let Some(detail) = &flow.detail {
            self.kept_resets -= detail.resets.len().min(self.kept_resets);
            self.totals.resets_not_kept += detail.resets.len() as u64 + detail.resets_not_kept;
        }
        match self.totals.evicted.iter_mut().find(|(known, _)| *known == teardown) {
            Some((_, count)) => *count += 1,
            None => self.totals.evicted.push((teardown, 1)),
        }
    }
}
