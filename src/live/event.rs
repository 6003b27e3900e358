//! A verdict on a flow while it is watched, and who hears of it.

use crate::capture::Frame;
use crate::decode::{Fragment, View};
use crate::live::Statistics;
use crate::report::Flow;
use crate::tcp::{IcmpError, Segment};

/// A flow with a reset, as it was judged.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The flow as the report tells it; a later event with the same id takes this one's place.
    pub flow: &'a Flow,
    /// More may follow that changes the verdict.
    pub provisional: bool,
    /// It says something else than the event before with the same id, or is the first.
    pub changed: bool,
}

/// Whoever wants to hear what happens. All of it is called on the thread that follows flows, in the order of the capture.
pub trait Observer {
    /// A segment, with what else its frame says and the octets of the frame, before its flow is followed.
    fn segment(&mut self, _segment: &Segment, _view: &View, _frame: &Frame<'_>) {}

    /// A part of a packet, told of before the segment that it may complete.
    fn fragment(&mut self, _fragment: Fragment, _frame: &Frame<'_>) {}

    /// An ICMP error about a segment, with where in its frame the quoted data lies.
    fn icmp_error(&mut self, _error: &IcmpError, _view: &View, _frame: &Frame<'_>) {}

    /// A flow with a reset was judged.
    fn event(&mut self, _event: &Event<'_>) {}

    /// Called a few times a second.
    fn tick(&mut self, _statistics: &Statistics) {}

    /// The capture is over, and all events were told.
    fn end(&mut self, _statistics: &Statistics) {}
}
