use crate::decode::{Direction, LinkAddress, View};
use crate::flow::{Flow, Pair, Way};
use crate::tcp::{FrameNumber, Segment, TcpFlags, Timestamp};

/// Segments of a flow from which the habits of its hosts are taken.
const FIRST: u8 = 64;

/// A flow in little: what others can be compared with.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// What each endpoint showed.
    pub sides: Pair<SideProfile>,
    /// The first way in which the capturing host itself sent.
    pub outgoing: Option<Way>,
    seen: u8,
}

/// What one endpoint of a flow showed, copies apart.
#[derive(Clone, Debug, Default)]
pub struct SideProfile {
    /// Its first time to live on arrival and the first other one, each with its first frame. Resets do not count.
    pub ttls: [Option<(u8, FrameNumber)>; 2],
    /// The first source address of its link headers and the first other one. Resets do not count.
    pub links: [Option<LinkAddress>; 2],
    /// Its first SYN-ACK.
    pub accepted: Option<(Timestamp, FrameNumber)>,
    /// Its first FIN or RST.
    pub ended: Option<Ended>,
}

/// A segment that ends a connection.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// When.
    pub time: Timestamp,
    /// In which frame.
    pub frame: FrameNumber,
    /// Its flags.
    pub flags: TcpFlags,
    /// Whether its sequence number is 0, as of a refusal (RFC 9293 section 3.10.7.1).
    pub seq_is_zero: bool,
}

impl Profile {
    /// Whether no segment of this flow that is no reset will add anything, by what is known of the whole flow.
    pub(super) fn is_complete(&self, flow: &Flow) -> bool {
        let is_known = |way: Way| {
            let (side, end) = (&self.sides[way], &flow.ends[way]);
            (side.ended.is_some() || end.fin_end().is_none()) && (side.accepted.is_some() || !end.sent_syn_ack)
        };
        self.seen == FIRST && Way::BOTH.into_iter().all(is_known)
    }

    /// Takes in a segment that is no copy.
    pub fn take(&mut self, segment: &Segment, way: Way, view: &View) {
        let flags = segment.flags;
        let side = &mut self.sides[way];
        if self.seen < FIRST && !flags.rst() {
            self.seen += 1;
            remember(&mut side.ttls, (segment.ttl, segment.frame), |(ttl, _)| ttl);
            if let Some(link) = view.link_source {
                remember(&mut side.links, link, |link| link);
            }
            if view.direction == Some(Direction::Out) {
                self.outgoing.get_or_insert(way);
            }
        }
        let Some(time) = segment.time else { return };
        if flags.fin() || flags.rst() {
            let seq_is_zero = segment.seq.0 == 0;
            side.ended.get_or_insert(Ended { time, frame: segment.frame, flags, seq_is_zero });
        } else if flags.syn() && flags.ack() {
            side.accepted.get_or_insert((time, segment.frame));
        }
    }
}

/// Puts `value` into the first free place unless one with the same key is there.
#[inline]
fn remember<T: Copy, K: PartialEq>(places: &mut [Option<T>; 2], value: T, key: impl Fn(T) -> K) {
    for place in places {
        match place {
            Some(known) if key(*known) == key(value) => return,
            Some(_) => {}
            None => {
                *place = Some(value);
                return;
            }
        }
    }
}
