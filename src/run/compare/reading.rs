//! Two readings of the captures: to follow all flows of every point, and for the segments of the connections that are compared.

use std::collections::HashSet;

use super::numbers::Numbers;
use crate::capture::{Capture, InputSummary, OpenOptions};
use crate::cli::Options;
use crate::compare::{self, Connection, Point};
use crate::decode::{DecodeLimits, Decoder};
use crate::error::Error;
use crate::flow::{FlowTable, Flows, Keyer};
use crate::progress;
use crate::run::{FIXED_MEMORY, MEMORY_FOR_TIMELINES, bpf, limits, second_look};
use crate::timeline::{Found, Gathering, Timelines};

/// Connections that ended well and are gathered even so: by them clocks are compared, and the habits of hosts known.
const GOOD_ONES: usize = 64;

/// One part in so many of the memory is for flows. A refused connection that two points saw takes as much again while it is compared, and
/// as much once more in the report.
const FOR_FLOWS: u64 = 4;

/// One point while its capture is read.
struct Station {
    decoder: Decoder,
    table: FlowTable,
    keyer: Keyer,
}

/// What was read of all points, in the order of the inputs.
pub struct Reading {
    /// The inputs.
    pub inputs: Vec<InputSummary>,
    /// Their decoders, for counts and paths: fragments of two points must not be put together.
    pub decoders: Vec<Decoder>,
    /// Their flows.
    pub captures: Vec<Flows>,
    /// Frames that passed the filter.
    pub passed: u64,
}

impl Reading {
    /// Reads a merged capture to its end. Copies of a packet at other points are no copies.
    pub fn of(options: &Options, mut capture: Capture, points: usize) -> Self {
        let read = capture.progress();
        let bar = progress::watch(options.verbosity, move || (read.done(), read.total()));
        let share = options.memory.saturating_sub(FIXED_MEMORY) / FOR_FLOWS / points.max(1) as u64;
        let station = || {
            let table = FlowTable::new(limits(options, share));
            Station { decoder: Decoder::new(DecodeLimits::default()), keyer: table.keyer(), table }
        };
        let mut stations: Vec<Station> = (0..points).map(|_| station()).collect();
        let passed = follow(&mut capture, &mut stations);
        drop(bar);
        let (decoders, captures) =
            stations.into_iter().map(|station| (station.decoder, station.table.finish())).unzip();
        Self { inputs: capture.finish(), decoders, captures, passed }
    }

    /// The points with their flows.
    pub fn points(&self) -> Vec<Point<'_>> {
        let inputs = self.captures.iter().zip(&self.inputs);
        inputs.map(|(flows, input)| Point::new(flows, input.dropped_by_kernel)).collect()
    }

    /// Finds the connections, and gives their flows their numbers.
    pub fn number(&mut self) -> (Vec<Connection>, Numbers) {
        let points = self.points();
        let connections = compare::connections(&points);
        let numbers = Numbers::of(&points, &connections);
        drop(points);
        for (point, flows) in self.captures.iter_mut().enumerate() {
            flows.renumber(|place| numbers.id(point, place));
        }
        (connections, numbers)
    }
}

/// Reads the merged capture to its end, every frame to the flows of its own point; how many frames passed the filter.
fn follow(capture: &mut Capture, stations: &mut [Station]) -> u64 {
    let (mut segments, mut frames) = (Vec::with_capacity(1), 0);
    while let Some(frame) = capture.next() {
        frames += 1;
        let Some(station) = stations.get_mut(usize::from(frame.input)) else { continue };
        let error = station.decoder.decode_into(&frame, &mut segments);
        for segment in segments.drain(..) {
            station.table.segments(&[segment], &[station.keyer.key(&segment)]);
        }
        if let Some(error) = error {
            station.table.icmp_error(&error);
        }
    }
    frames
}

/// The places of connections to be gathered: those that `is_wanted`, and some that several points saw and that ended well.
pub fn wanted(connections: &[Connection], is_wanted: impl Fn(u64, &Connection) -> bool) -> HashSet<usize> {
    let numbered = || (1..).zip(connections).enumerate();
    let mut wanted: HashSet<usize> =
        numbered().filter(|(_, (number, connection))| is_wanted(*number, connection)).map(|(place, _)| place).collect();
    let good: Vec<usize> = numbered()
        .filter(|(place, (_, connection))| connection.is_matched() && !wanted.contains(place))
        .map(|(place, _)| place)
        .collect();
    // Spread over the whole capture.
    let step = good.len().div_ceil(GOOD_ONES).max(1);
    wanted.extend(good.into_iter().step_by(step));
    wanted
}

/// One part in so many of the memory.
pub fn share(options: &Options, part: u64) -> usize {
    usize::try_from(options.memory / part).unwrap_or(usize::MAX)
}

/// The segments of all views of the wanted connections.
///
/// # Errors
/// A filter that does not compile, which the first reading would have met.
pub fn gather(
    options: &Options,
    points: &[Point<'_>],
    captures: &[Flows],
    connections: &[Connection],
    wanted: &HashSet<usize>,
) -> Result<Vec<Timelines>, Error> {
    let memory = share(options, MEMORY_FOR_TIMELINES) / points.len().max(1);
    let mut ids: Vec<HashSet<u64>> = vec![HashSet::new(); points.len()];
    for view in wanted.iter().filter_map(|&place| connections.get(place)).flat_map(|connection| &connection.views) {
        let flow = points.get(view.point).and_then(|point| point.flow(view.flow));
        if let (Some(flow), Some(ids)) = (flow, ids.get_mut(view.point)) {
            ids.insert(flow.id);
        }
    }
    let mut gatherings: Vec<Gathering> = captures
        .iter()
        .zip(&ids)
        .map(|(flows, ids)| second_look::ask(flows, |flow| ids.contains(&flow.id), memory))
        .collect();
    let mut decoders: Vec<Decoder> = gatherings.iter().map(|_| Decoder::new(DecodeLimits::default())).collect();
    let (mut capture, _) = Capture::open(&options.captures, OpenOptions { filter: bpf(options)? });
    let mut found = Found::default();
    while let Some(frame) = capture.next() {
        let point = usize::from(frame.input);
        if let (Some(gathering), Some(decoder)) = (gatherings.get_mut(point), decoders.get_mut(point)) {
            let (members, mut keeper) = gathering.halves();
            found.clear();
            found.look(members, decoder, &frame);
            keeper.keep(&found);
        }
    }
    Ok(gatherings.into_iter().map(Gathering::finish).collect())
}
