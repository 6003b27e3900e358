//! What following flows may take, and what was counted.

use super::connection::Flow;
use super::teardown::Teardown;
use super::zeek::ZeekConn;

/// Octets of memory a flow takes on average beside its record: its slot at the table's least load, and what one flow in
/// seven keeps in [`super::Detail`].
pub(super) const BESIDE_RECORD: usize = 100;

/// Octets that an allocator takes for itself with each piece of memory.
const BOX: usize = 16;

/// What the table may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Flows held at once; beyond it the flows that matter least are ended early.
    pub flows: usize,
    /// RST segments kept in full over all flows, and more where flows leave room; further ones are counted.
    pub resets: usize,
    /// Whether to follow the flows as Zeek does, too.
    pub zeek: bool,
}

impl Limits {
    /// The fewest flows that any budget allows, so that a small one still analyses.
    pub const MIN_FLOWS: usize = 4096;

    /// What fits in so many octets: nine tenths for flows, the rest for resets kept in full. `listed`: octets that what is
    /// made of a flow takes at the end, when the flow itself is gone.
    pub fn within(octets: u64, zeek: bool, listed: usize) -> Self {
        let octets = usize::try_from(octets).unwrap_or(usize::MAX);
        let flow = Self::octets_of_flow(zeek);
        Self {
            zeek,
            flows: (octets / 10 * 9 / flow.max(listed)).max(Self::MIN_FLOWS),
            resets: (octets / 10 / size_of::<super::ResetSegment>()).max(Self::MIN_FLOWS),
        }
    }

    /// What a flow takes.
    pub fn octets_of_flow(zeek: bool) -> usize {
        size_of::<Flow>() + BESIDE_RECORD + if zeek { BOX + size_of::<ZeekConn>() } else { 0 }
    }
}

/// What was counted over all flows, those ended early included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// TCP segments, copies included.
    pub segments: u64,
    /// Those with RST, copies included.
    pub resets: u64,
    /// Flows begun.
    pub flows: u64,
    /// Further copies of packets.
    pub duplicates: u64,
    /// ICMP errors about TCP segments.
    pub icmp_errors: u64,
    /// Those whose flow is not in the capture.
    pub icmp_without_flow: u64,
    /// The teardowns of flows that were ended early to bound memory.
    pub evicted: Vec<(Teardown, u64)>,
    /// Segments taken for another flow's, since too many had the same addresses and ports.
    pub not_told_apart: u64,
    /// RST segments of which only the number is known.
    pub resets_not_kept: u64,
}

impl Totals {
    /// Adds those of another capture.
    pub(super) fn take(&mut self, other: Self) {
        self.segments += other.segments;
        self.resets += other.resets;
        self.flows += other.flows;
        self.duplicates += other.duplicates;
        self.icmp_errors += other.icmp_errors;
        self.icmp_without_flow += other.icmp_without_flow;
        self.evicted.extend(other.evicted);
        self.not_told_apart += other.not_told_apart;
        self.resets_not_kept += other.resets_not_kept;
    }
}
