use std::ops::AddAssign;

use serde::Serialize;

use super::{Endpoint, Near, Seconds, Side};

/// What captures of the same traffic at several points say of each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// The points in the order of the path, the client's side first.
    pub points: Vec<ComparedPoint>,
    /// Connections seen at more than one point.
    pub matched: u64,
    /// How many of the resets are decided by the comparison.
    pub resets: DecidedResets,
    /// What changed or was lost between neighbouring points, over all connections that were compared.
    pub differences: Vec<ComparedDifference>,
}

/// One point of the path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedPoint {
    /// Its number, from 1.
    pub point: usize,
    /// The input that was captured there, from 0 in the order of `capture.inputs`.
    pub input: u16,
    /// Whom it is near.
    pub near: Near,
    /// How that is known.
    pub why: String,
    /// How its clock stands to that of the first point.
    pub clock: ComparedClock,
    /// Flows captured there.
    pub flows: u64,
    /// Those of them that no other point has.
    pub only_here: u64,
}

/// How a clock stands to that of the first point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ComparedClock {
    /// By how much it is ahead; `None` where no packet was captured at both.
    pub offset_s: Option<Seconds>,
    /// How far off that may be; `None` where packets bound it from one side only.
    pub uncertainty_s: Option<Seconds>,
    /// Packets towards the server that it rests on.
    pub packets_to_server: u64,
    /// Packets towards the client that it rests on.
    pub packets_to_client: u64,
    /// No one offset explains all packets: a clock runs faster than the other, or was set.
    pub unsteady: bool,
}

/// Resets by whether the comparison decides who made them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DecidedResets {
    /// It does.
    pub decided: u64,
    /// It does not, and says why.
    pub undecided: u64,
}

/// Something that changed or was lost between two points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedDifference {
    /// Identifier of what differs.
    pub kind: &'static str,
    /// The number of the point that the packets pass first.
    pub from: usize,
    /// The number of the one that they pass next.
    pub to: usize,
    /// Whom they go to.
    pub towards: Side,
    /// Packets that show it; of addresses, connections.
    pub packets: u64,
    /// What the first of them had before; `None` where there is no such thing.
    pub before: Option<String>,
    /// What it had behind.
    pub after: Option<String>,
}

/// A connection as the points saw it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FlowComparison {
    /// The points that have it, in the order of the path; one that has it under two names stands twice.
    pub points: Vec<FlowAtPoint>,
    /// What changed or was lost between neighbouring points.
    pub differences: Vec<ComparedDifference>,
}

/// A connection as one point saw it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowAtPoint {
    /// The number of the point.
    pub point: usize,
    /// The client's address and port there.
    pub client: Endpoint,
    /// The server's.
    pub server: Endpoint,
    /// Segments of the client, second copies included.
    pub client_packets: u64,
    /// Segments of the server, second copies included.
    pub server_packets: u64,
}

/// A reset as the points saw it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResetComparison {
    /// All points, in the order of the path.
    pub points: Vec<ResetAtPoint>,
    /// The numbers of the points between which it was made, in the order of the path; `null` stands for the host beyond the
    /// first or the last of them.
    pub made_between: [Option<usize>; 2],
    /// Whether that decides who made it.
    pub decided: bool,
    /// Why, or why not, one clause.
    pub why: String,
}

/// A reset at one point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResetAtPoint {
    /// The number of the point.
    pub point: usize,
    /// Whether it passed there; `None` where the point cannot tell.
    pub seen: Option<bool>,
    /// Its frames in that point's input: Wireshark's `frame.number` there.
    pub frames: Vec<u64>,
    /// Why it is not there, or why that cannot be told; `None` where it is.
    pub why: Option<String>,
}

impl AddAssign for DecidedResets {
    fn add_assign(&mut self, other: Self) {
        self.decided += other.decided;
        self.undecided += other.undecided;
    }
}

impl DecidedResets {
    /// Counts one.
    pub fn count(&mut self, decided: bool) {
        *if decided { &mut self.decided } else { &mut self.undecided } += 1;
    }
}
