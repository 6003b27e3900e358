//! A stretch of an established stream at once: what [`ZeekConn::segment`] would have made of its segments one by one.
//!
//! The flow takes such segments without a look here, and keeps count of what they did. It may do so while [`ZeekConn::ready`]
//! holds: the stream is established on both sides, each kind of segment is in the history already, and none of the rules for
//! odd cases can apply.

use super::side::Mark;
use super::{Way, ZeekConn, fact};
use crate::flow::stream::CLEARANCE;
use crate::tcp::{SeqNum, Timestamp};

/// What one side may send without a look at the rules.
#[derive(Clone, Copy, Debug)]
pub struct Ready {
    /// Data in order.
    pub data: bool,
    /// Acknowledgements without data.
    pub ack: bool,
    /// What is outstanding was not captured whole: acknowledging it reveals a gap.
    pub is_cut: bool,
    /// Gaps that may be revealed.
    pub gaps_left: u16,
}

impl Ready {
    /// Anything goes where nobody asks for Zeek's view. Gaps are then counted to no end.
    pub const ANY: Self = Self { data: true, ack: true, is_cut: false, gaps_left: u16::MAX };
}

impl ZeekConn {
    /// What the side that sends this way may send next, where it has sent up to `next` and its peer acknowledged `acked`.
    ///
    /// `time` is that of the connection's latest segment.
    pub fn ready(&self, way: Way, next: SeqNum, acked: SeqNum, time: Option<Timestamp>) -> Option<Ready> {
        const HEARD_BOTH: u16 = fact::HEARD_ORIGINATOR | fact::HEARD_RESPONDER;
        const OVER: u16 = fact::ENDED | fact::CLOSING | fact::CLOSE_DEFERRED;
        let side = &self.ends[way as usize];
        let in_stream = self.facts & (HEARD_BOTH | OVER) == HEARD_BOTH && self.rare.is_none() && self.clock == time;
        if !in_stream || !side.streams(next, acked, CLEARANCE) {
            return None;
        }
        let is_cut = side.lacks_outstanding()?;
        if is_cut && !side.data_acked() {
            return None;
        }
        Some(Ready {
            data: side.has(Mark::DATA) && side.data_acked(),
            ack: side.has(Mark::ACK),
            is_cut,
            gaps_left: side.gaps_left(),
        })
    }

    /// Takes in what the side that sends this way has sent since.
    pub fn settle(
        &mut self,
        way: Way,
        next: SeqNum,
        acked: SeqNum,
        is_cut: bool,
        gaps_left: u16,
        time: Option<Timestamp>,
    ) {
        self.clock = time.or(self.clock);
        self.ends[way as usize].catch_up(next, acked, is_cut, gaps_left);
    }
}
