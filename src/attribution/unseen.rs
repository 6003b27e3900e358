//! What passed and is not in the capture: why it may be missing, and what numbers say of it.

use crate::evidence::Weight;
use crate::flow::{Pair, Way};
use crate::tcp::{Segment, SeqNum, TcpFlags};
use crate::timeline::{Sighting, Timeline};

/// Why packets that passed may not be in the capture: then what is not there proves little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blind {
    /// The kernel dropped packets meanwhile.
    Dropped,
    /// Of what was acknowledged, so much is not in the capture that no absence weighs more than this.
    Missed(Weight),
    /// The capture has packets in another order than they passed in, and others are near.
    Disordered,
    /// The connection is older than the capture, and what was answered may have passed just before that began.
    JustBegun,
    /// Only what begins or ends connections was captured, as by a filter of `tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0`.
    OnlyEdges,
}

impl Blind {
    /// What may be missing anywhere in a capture that misses one octet in so many: an absence is worth no more than that. (Strong is 60 to 1;
    /// 20 to 1 lies halfway to moderate.)
    pub(super) fn missed(one_in: u64) -> Option<Self> {
        match one_in {
            ..20 => Some(Self::Missed(Weight::Moderate)),
            20..60 => Some(Self::Missed(Weight::Strong)),
            _ => None,
        }
    }
}

/// What the numbers of a flow's segments say of data that is not in the capture.
pub struct Unseen {
    /// The number of the first octet each way, where the SYN was captured.
    starts: Pair<Option<SeqNum>>,
    /// How far the numbers of either side, resets included, say that each way's octets reach.
    reached: Pair<Option<SeqNum>>,
    /// Octets that were captured each way, repetitions included.
    octets: Pair<u64>,
    has_handshake: bool,
}

impl Unseen {
    /// Of a flow with these segments, as far as they are believed.
    pub fn of(timeline: &Timeline, is_believed: impl Fn(&Sighting) -> bool) -> Self {
        let mut granted = Pair::default();
        let mut unseen =
            Self { starts: Pair::default(), reached: Pair::default(), octets: Pair::default(), has_handshake: false };
        for one in timeline.sightings.iter().filter(|one| is_believed(one)) {
            let (segment, flags) = (&one.segment, one.segment.flags);
            if !flags.rst() {
                unseen.octets[one.way] += u64::from(segment.payload_len);
            }
            if flags.syn() {
                unseen.starts[one.way] = Some(segment.seq.add(1));
                unseen.has_handshake |= flags.ack();
                granted[one.way] = Some(segment.ack).filter(|_| flags.ack());
                continue;
            }
            if flags.rst() && !flags.ack() && granted[one.way.reverse()] == Some(segment.seq) {
                // It refuses an acknowledgement of something else.
                continue;
            }
            let mut reach = |way: Way, number: SeqNum| {
                let known = &mut unseen.reached[way];
                *known = Some(known.map_or(number, |known| known.max(number)));
            };
            if segment.seq.0 != 0 {
                reach(one.way, segment.seq);
            }
            if flags.ack() {
                reach(one.way.reverse(), segment.ack);
            }
        }
        unseen
    }

    /// Whether more octets went this way than were captured; false where the SYN was not, which would tell.
    pub fn has(&self, way: Way) -> bool {
        // A FIN has a number, too.
        let passed =
            self.reached[way].zip(self.starts[way]).map(|(reached, start)| i64::from(reached.since(start)) - 1);
        passed.is_some_and(|passed| passed > 0 && passed.unsigned_abs() > self.octets[way])
    }

    /// Whether a request to connect was granted, and more passed then than was captured.
    pub(super) fn behind_handshake(&self) -> bool {
        self.has_handshake && Way::BOTH.into_iter().any(|way| self.has(way))
    }
}

/// Whether a segment begins or ends a connection.
pub(super) fn is_edge(segment: &Segment) -> bool {
    segment.flags.intersects(TcpFlags::SYN.union(TcpFlags::FIN).union(TcpFlags::RST))
}
