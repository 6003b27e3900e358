//! What selecting needs to know of a flow.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::when::{Span, WrittenTime};
use crate::tcp::{Duration, Timestamp};

/// A flow as the selection sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowView {
    /// Who connected.
    pub client: (IpAddr, u16),
    /// Who was connected to.
    pub server: (IpAddr, u16),
    /// Time of the first segment.
    pub first_time: Option<Timestamp>,
    /// Time of the last segment.
    pub last_time: Option<Timestamp>,
    /// Times of its resets, in any order.
    pub resets: Vec<Timestamp>,
    /// Whether it ended by FIN, or was open when the capture ended; nothing to complain of.
    pub ended_well: bool,
}

impl FlowView {
    /// From its first segment to its last.
    pub(super) fn life(&self) -> Option<Span> {
        Some(Span { first: self.first_time?, last: self.last_time? }).filter(|span| span.first <= span.last)
    }

    /// How far a time lies from what an application may have noticed: a reset, or the last segment.
    pub(super) fn gap_to_event(&self, time: &WrittenTime) -> Option<Duration> {
        self.resets.iter().copied().chain(self.last_time).filter_map(|event| gap(time, event.into())).min()
    }

    /// How far a time lies outside the flow's life.
    pub(super) fn gap_to_life(&self, time: &WrittenTime) -> Option<Duration> {
        gap(time, self.life()?)
    }
}

fn gap(time: &WrittenTime, other: Span) -> Option<Duration> {
    Some(time.nearest(other)?.gap(other))
}

/// `10.0.0.1:51812 -> 10.0.0.5:443`
impl fmt::Display for FlowView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", SocketAddr::from(self.client), SocketAddr::from(self.server))
    }
}
