use std::collections::HashMap;

use crate::capture::Filter;
use crate::cli::Options;
use crate::compare::{Connection, Point};
use crate::flow::Flows;
use crate::run::second_look;
use crate::tcp::FrameNumber;

/// The numbers of connections, from 1.
pub struct Numbers {
    by_flow: HashMap<(usize, u32), u32>,
}

impl Numbers {
    /// Of these connections.
    pub fn of(points: &[Point<'_>], connections: &[Connection]) -> Self {
        let mut by_flow = HashMap::new();
        for (number, connection) in (1u32..).zip(connections) {
            for view in &connection.views {
                if let Some(flow) = points.get(view.point).and_then(|point| point.flow(view.flow)) {
                    by_flow.insert((view.point, flow.id), number);
                }
            }
        }
        Self { by_flow }
    }

    /// That of the connection of a flow, by point and id.
    pub fn of_flow(&self, point: usize, id: u32) -> Option<u32> {
        self.by_flow.get(&(point, id)).copied()
    }

    /// That of the connection that a frame of the merged capture belongs to.
    pub fn with_frame(&self, options: &Options, filter: Option<Filter>, captures: &[Flows], frame: u64) -> Option<u32> {
        let segment = second_look::segment_in(&options.captures, filter, FrameNumber::new(frame)?)?;
        let point = usize::from(segment.input);
        let members = second_look::members(captures.get(point)?, |_| true);
        self.of_flow(point, members.flow_of(&segment)?)
    }
}
