//! All flows of a capture, once it has been read.

use super::connection::Flow;
use super::inputs::{InputSet, InputSets};
use super::limits::Totals;
use super::table::PIECE;
use crate::prefetch;
use crate::tcp::Timestamp;

/// All flows of a capture, once it has been read.
pub struct Flows {
    /// In the order in which they began.
    pub(super) pieces: Vec<Vec<Flow>>,
    /// Pieces that [`Self::take_some`] gave away.
    pub(super) given: usize,
    /// Places of flows that resets took.
    pub(super) lent: usize,
    pub(super) inputs: InputSets,
    /// What was counted.
    pub totals: Totals,
    /// The latest time of any segment.
    pub end: Option<Timestamp>,
}

impl Flows {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.pieces.iter().map(Vec::len).sum()
    }

    /// How many flows there would be room for in the memory that they and their resets take.
    pub fn places(&self) -> usize {
        self.len() + self.lent
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In the order in which they began.
    pub fn iter(&self) -> impl Iterator<Item = &Flow> {
        self.pieces.iter().flat_map(|piece| prefetch::ahead(piece))
    }

    /// The same, some at a time.
    pub fn pieces(&self) -> &[Vec<Flow>] {
        &self.pieces
    }

    /// Gives the next flows away, at most so many, so that their memory is free for what is made of them; `None` when all are gone.
    pub fn take_some(&mut self, most: usize) -> Option<Vec<Vec<Flow>>> {
        let pieces = self.pieces.iter_mut().skip(self.given).take((most / PIECE).max(1));
        let pieces: Vec<_> = pieces.map(std::mem::take).collect();
        self.given += pieces.len();
        Some(pieces).filter(|pieces| !pieces.is_empty())
    }

    /// Gives every flow another identifier, by its place.
    pub fn renumber(&mut self, number: impl Fn(usize) -> u64) {
        for (place, flow) in self.pieces.iter_mut().flatten().enumerate() {
            flow.id = number(place);
        }
    }

    /// Of several captures of the same traffic one flow for each connection: those that `told` has inputs for, by capture and
    /// place, in the order of their identifiers.
    pub fn join(captures: Vec<Self>, told: impl Fn(usize, usize) -> Option<Vec<u16>>) -> Self {
        let mut joined = Self {
            pieces: Vec::new(),
            given: 0,
            lent: captures.iter().map(|capture| capture.lent).sum(),
            inputs: InputSets::new(),
            totals: Totals::default(),
            end: captures.iter().filter_map(|capture| capture.end).max(),
        };
        let mut flows = Vec::new();
        for (capture, part) in captures.into_iter().enumerate() {
            joined.totals.take(part.totals);
            for (place, mut flow) in part.pieces.into_iter().flatten().enumerate() {
                let Some(inputs) = told(capture, place) else { continue };
                flow.inputs = inputs.into_iter().fold(InputSet::default(), |set, input| joined.inputs.with(set, input));
                flows.push(flow);
            }
        }
        flows.sort_unstable_by_key(|flow| flow.id);
        joined.totals.flows = flows.len() as u64;
        joined.pieces.push(flows);
        joined
    }

    /// The inputs a flow was seen in, ascending.
    pub fn inputs(&self, flow: &Flow) -> &[u16] {
        self.inputs.members(flow.inputs)
    }
}
