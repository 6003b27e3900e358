use std::collections::HashMap;

use crate::capture::Filter;
use crate::cli::Options;
use crate::compare::{Connection, Point, View};
use crate::flow::Flows;
use crate::run::second_look;
use crate::tcp::FrameNumber;

/// The numbers of connections, from 1, which are the identifiers of their flows at every point: what one point knows of a
/// flow, another can be asked about.
pub struct Numbers {
    /// By point and place.
    ids: Vec<Vec<u64>>,
    /// Connections.
    pub last: u64,
    /// The connections of flows that have to have another identifier, since another flow of the same point has theirs.
    others: HashMap<u64, u64>,
}

impl Numbers {
    /// Of these connections. Of several flows of one connection at one point the first with a reset has its number.
    pub fn of(points: &[Point<'_>], connections: &[Connection]) -> Self {
        let mut ids: Vec<Vec<u64>> = points.iter().map(|point| vec![0; point.flows().len()]).collect();
        let last = connections.len() as u64;
        let mut others = HashMap::new();
        for (number, connection) in (1..).zip(connections) {
            for view in &connection.views {
                let id = if is_first(view, connection, points) {
                    number
                } else {
                    let id = last + others.len() as u64 + 1;
                    others.insert(id, number);
                    id
                };
                if let Some(known) = ids.get_mut(view.point).and_then(|ids| ids.get_mut(view.flow)) {
                    *known = id;
                }
            }
        }
        Self { ids, last, others }
    }

    /// The identifier of the flow at this place of a point.
    pub fn id(&self, point: usize, place: usize) -> u64 {
        self.ids.get(point).and_then(|ids| ids.get(place)).copied().unwrap_or_default()
    }

    /// The number of the connection of the flow with this identifier.
    pub fn of_flow(&self, id: u64) -> u64 {
        self.others.get(&id).copied().unwrap_or(id)
    }

    /// That of the connection that a frame of the merged capture belongs to.
    pub fn with_frame(&self, options: &Options, filter: Option<Filter>, captures: &[Flows], frame: u64) -> Option<u64> {
        let segment = second_look::segment_in(&options.captures, filter, FrameNumber::new(frame)?)?;
        let members = second_look::members(captures.get(usize::from(segment.input))?, |_| true);
        members.flow_of(&segment).map(|id| self.of_flow(id))
    }
}

/// Whether a view is the one of its point that stands for the connection: the first with a reset, or else the first.
pub fn is_first(view: &View, connection: &Connection, points: &[Point<'_>]) -> bool {
    let was_reset = |view: &&View| {
        let flow = points.get(view.point).and_then(|point| point.flow(view.flow));
        flow.is_some_and(|flow| !flow.resets().is_empty())
    };
    let first = connection.at(view.point).find(was_reset).or_else(|| connection.at(view.point).next());
    first == Some(view)
}
