//! The short way for segments that only continue an established stream, which nearly all segments do.
//!
//! It decides nothing: where it takes a segment in, [`ZeekConn::process`] would have done the same (a test compares them),
//! and where it is not sure it leaves the segment to that.

use super::{Way, ZeekConn, defaults, fact};
use crate::tcp::{Segment, TcpFlags};

/// Flags that decide whether a segment only continues.
const DECISIVE: TcpFlags = TcpFlags::SYN.union(TcpFlags::FIN).union(TcpFlags::RST).union(TcpFlags::ACK);
const HEARD_BOTH: u16 = fact::HEARD_ORIGINATOR | fact::HEARD_RESPONDER;
const OVER: u16 = fact::ENDED | fact::CLOSING | fact::CLOSE_DEFERRED;

impl ZeekConn {
    /// Takes the segment in; `false` where there is more to it.
    #[inline]
    pub(super) fn continue_stream(&mut self, way: Way, segment: &Segment) -> bool {
        let only_ack = segment.flags.bits() & DECISIVE.bits() == TcpFlags::ACK.bits();
        let in_stream = self.facts & (HEARD_BOTH | OVER) == HEARD_BOTH && self.rare.is_none();
        if !only_ack || !in_stream || segment.window == Some(0) {
            return false;
        }
        if segment.time.zip(self.clock).is_some_and(|(now, then)| now.since(then) >= defaults::SHORTEST) {
            return false;
        }
        let [first, second] = &mut self.ends;
        let (me, peer) = match way {
            Way::Forward => (first, second),
            Way::Back => (second, first),
        };
        let is_captured = segment.captured_payload >= segment.payload_len;
        if !me.can_continue(segment.seq, segment.payload_len, is_captured) || !peer.can_be_acked(segment.ack) {
            return false;
        }
        me.continue_with(segment.payload_len);
        peer.ack_in_order(segment.ack);
        self.clock = segment.time.or(self.clock);
        true
    }
}
