//! `compare`: captures of the same traffic at several points of its path.

use std::collections::{HashMap, HashSet};

use super::judgement::conclude;
use super::{Opened, bpf, exit_code, finish, limits, second_look, selection, skipped, tell_what_was_read};
use crate::attribution::{self, Case, Judged};
use crate::capture::{Capture, Filter, OpenOptions};
use crate::causes::{Around, Story};
use crate::cli::Options;
use crate::compare::{self, Clocks, Connection, Crossing, Difference, Passages, Point, Recorded, View};
use crate::decode::{DecodeCounts, DecodeLimits, Decoder};
use crate::error::{Error, ExitCode};
use crate::flow::{Flow, FlowTable, Flows, ResetSegment, Way};
use crate::notes::Notes;
use crate::progress;
use crate::report::{self, Compared, Findings, IsSelected, Location, Verdict, Wanted};
use crate::surroundings::Surroundings;
use crate::tcp::FrameNumber;
use crate::timeline::{Gathering, Timelines};

/// Connections that ended well and are gathered even so: by them clocks are compared, and the habits of hosts known.
const GOOD_ONES: usize = 64;

/// One point while its capture is read.
struct Station {
    decoder: Decoder,
    table: FlowTable,
}

/// Compares the captures and writes the report.
///
/// # Errors
/// What leaves nothing to compare, or nowhere to report it.
pub fn compare(options: &Options, opened: Opened, notes: Notes) -> Result<ExitCode, Error> {
    let Opened { mut capture, errors, output, key } = opened;
    let count = options.captures.len() - errors.len();
    if count < 2 || !second_look::can_read_again(&options.captures) && errors.is_empty() {
        return Err(Error::NothingToCompare);
    }
    let read = capture.progress();
    let bar = progress::watch(options.verbosity, move || (read.done(), read.total()));
    let share = options.memory.saturating_sub(super::FIXED_MEMORY) / count as u64;
    let mut stations: Vec<Station> = (0..count)
        .map(|_| Station {
            decoder: Decoder::new(DecodeLimits::default()),
            table: FlowTable::new(limits(options, share)),
        })
        .collect();
    let passed = follow(&mut capture, &mut stations);
    drop(bar);
    let inputs = capture.finish();
    let (decoders, captures): (Vec<Decoder>, Vec<Flows>) =
        stations.into_iter().map(|station| (station.decoder, station.table.finish())).unzip();
    for (input, flows) in inputs.iter().zip(&captures) {
        tell_what_was_read(std::slice::from_ref(input), &flows.totals, notes);
    }

    let recorded = |input: usize| {
        inputs.get(input).map_or(Recorded::default(), |input| Recorded {
            dropped: input.dropped_by_kernel,
            complete: input.complete,
        })
    };
    let points: Vec<Point<'_>> =
        captures.iter().enumerate().map(|(place, flows)| Point::new(flows, recorded(place))).collect();
    let connections = compare::connections(&points);
    let numbers = Numbers::of(&points, &connections);
    let second_filter = bpf(options)?;
    let chosen = selection::choose_connections(
        options,
        &captures,
        |point, id| numbers.of_flow(point, id),
        u32::try_from(connections.len()).unwrap_or(u32::MAX),
        |frame| numbers.with_frame(options, second_filter, &captures, frame),
    );
    let shows = options.flow.is_some() || options.frame.is_some();
    let all_flows = options.all_flows || options.selection.log_line.is_some() || shows;
    let is_shown = |number: u32| shows && chosen.as_ref().is_some_and(|chosen| chosen.ids.contains(&number));
    let needs_judging = |view: &View| {
        let flow = points.get(view.point).and_then(|point| point.flow(view.flow));
        let end = captures.get(view.point).and_then(|flows| flows.end);
        flow.is_some_and(|flow| second_look::has_something_to_judge(flow, end))
    };
    let wanted =
        wanted(&connections, |number, connection| is_shown(number) || connection.views.iter().any(needs_judging));
    let memory = usize::try_from(options.memory / super::MEMORY_FOR_TIMELINES).unwrap_or(usize::MAX) / count;
    let timelines = gather(options, &points, &captures, &connections, &wanted, memory)?;
    let surroundings: Vec<Surroundings> =
        captures.iter().zip(&timelines).map(|(flows, timelines)| Surroundings::of(flows, timelines)).collect();
    let mut crossings: Vec<Option<Crossing<'_>>> = connections
        .iter()
        .enumerate()
        .map(|(place, connection)| wanted.contains(&place).then(|| Crossing::new(connection, &points, &timelines)))
        .collect();
    compare::align(&points, &connections, &mut crossings);
    let clocks = Clocks::new(&points, &connections, &crossings);
    let passages = compare::passages(&points, &connections, &crossings, &clocks);
    let differences: HashMap<usize, Vec<Difference>> = connections
        .iter()
        .zip(&crossings)
        .enumerate()
        .filter_map(|(place, (connection, crossing))| {
            Some((place, compare::differences(&points, connection, crossing.as_ref()?)))
        })
        .collect();

    let bench = Bench {
        points: &points,
        captures: &captures,
        timelines: &timelines,
        surroundings: &surroundings,
        passages: &passages,
    };
    let mut told: Vec<Told> = Vec::with_capacity(connections.len());
    let mut of_connection: HashMap<usize, Vec<usize>> = HashMap::new();
    for (nth, passage) in passages.iter().enumerate() {
        of_connection.entry(passage.connection).or_default().push(nth);
    }
    let all: Vec<&compare::Passage> = passages.iter().collect();
    for (place, connection) in connections.iter().enumerate() {
        let own = of_connection.get(&place).into_iter().flatten().filter_map(|&nth| all.get(nth).copied()).collect();
        told.push(bench.tell(connection, own, &needs_judging));
    }
    let mut around = Around::default();
    for told in &told {
        let Some(flow) = bench.flow(&told.view) else { continue };
        match bench.case(&told.view).filter(|_| needs_judging(&told.view)) {
            Some(case) => around.learn(&Story::without_application(&case, &told.judged)),
            None => around.learn_good(flow),
        }
    }
    let comparison = report::comparison(
        &points,
        &connections,
        &clocks,
        &surroundings.iter().map(|surroundings| surroundings.vantage.clone()).collect::<Vec<_>>(),
        (0..connections.len()).filter_map(|place| differences.get(&place)).flatten(),
    );
    let located = located(&told, &timelines);
    let flow_comparisons: HashMap<u32, report::FlowComparison> = (1u32..)
        .zip(&connections)
        .zip(&told)
        .filter_map(|((number, connection), told)| {
            let flow = bench.flow(&told.view)?;
            let from_client = told.view.way(crate::flow::Roles::of(flow).from_client);
            let found = differences.get(&(number as usize - 1)).map_or(&[][..], Vec::as_slice);
            Some((number, report::flow_comparison(connection, &points, from_client, found)))
        })
        .collect();
    let inputs_of = |connection: &Connection| {
        let mut inputs: Vec<u16> = connection.views.iter().filter_map(|view| u16::try_from(view.point).ok()).collect();
        inputs.dedup();
        inputs
    };
    let places: HashMap<(usize, usize), (u32, Vec<u16>)> = (1u32..)
        .zip(&connections)
        .zip(&told)
        .map(|((number, connection), told)| ((told.view.point, told.view.flow), (number, inputs_of(connection))))
        .collect();
    let ends: Vec<_> = captures.iter().map(|flows| flows.end).collect();
    drop((crossings, points));
    let incomplete = timelines.iter().map(|timelines| timelines.incomplete).sum();
    let joined = Flows::join(captures, |point, flow| places.get(&(point, flow)).cloned());

    let judge = |flow: &Flow| {
        let Some(told) = (flow.id as usize).checked_sub(1).and_then(|place| told.get(place)) else {
            return Verdict::default();
        };
        let comparison = flow_comparisons.get(&flow.id).cloned();
        let point = told.view.point;
        let timeline = told.id.and_then(|id| timelines.get(point)?.get(id));
        let (Some(timeline), Some(surroundings)) = (timeline, surroundings.get(point)) else {
            return Verdict { comparison, ..Verdict::default() };
        };
        let case = Case::new(flow, timeline, surroundings, ends.get(point).copied().flatten());
        let verdict = conclude(&case, told.judged.clone(), &around);
        Verdict { timeline: Some(timeline), elsewhere: told.elsewhere.clone(), comparison, ..verdict }
    };
    let is_chosen = |flow: &Flow| chosen.as_ref().is_none_or(|chosen| chosen.ids.contains(&flow.id));
    let mut decoded = DecodeCounts::default();
    decoders.iter().for_each(|decoder| decoded += decoder.counts());
    let empty = Decoder::new(DecodeLimits::default());
    let paths = |flow: &Flow| {
        let told = (flow.id as usize).checked_sub(1).and_then(|place| told.get(place));
        told.and_then(|told| decoders.get(told.view.point)).map_or(empty.paths(), Decoder::paths)
    };
    let frames: u64 = inputs.iter().map(|input| input.frames).sum();
    let findings = Findings {
        inputs,
        skipped_inputs: errors.iter().map(skipped).collect(),
        decoded: &decoded,
        paths: &paths,
        flows: joined,
        judge: &judge,
        around: &around,
        not_recorded: 0,
        judged_by_less: incomplete,
        // Each point has its own.
        vantage: None,
        bpf: options.bpf.clone().filter(|expression| !expression.trim().is_empty()),
        filtered_frames: frames.saturating_sub(passed),
        compared: Some(Compared { comparison, passages: &passages, located }),
    };
    let wanted = Wanted {
        selection: chosen.as_ref().map(|chosen| (chosen.selection(), &is_chosen as IsSelected<'_>)),
        all_flows,
        summary_only: options.summary,
        rungs: report::RUNGS,
    };
    let mut report = report::build(findings, wanted);
    finish(options, &mut report, key.as_ref(), output, notes)?;
    Ok(exit_code(options, &report))
}

/// Reads the merged capture to its end, every frame to the flows of its own point; how many frames passed the filter.
fn follow(capture: &mut Capture, stations: &mut [Station]) -> u64 {
    let (mut segments, mut frames) = (Vec::with_capacity(1), 0);
    while let Some(frame) = capture.next() {
        frames += 1;
        let Some(station) = stations.get_mut(usize::from(frame.input)) else { continue };
        let error = station.decoder.decode_into(&frame, &mut segments);
        let keyer = station.table.keyer();
        for segment in segments.drain(..) {
            station.table.segments(&[segment], &[keyer.key(&segment)]);
        }
        if let Some(error) = error {
            station.table.icmp_error(&error);
        }
    }
    frames
}

/// The numbers of connections, from 1.
struct Numbers {
    by_flow: HashMap<(usize, u32), u32>,
}

impl Numbers {
    fn of(points: &[Point<'_>], connections: &[Connection]) -> Self {
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

    fn of_flow(&self, point: usize, id: u32) -> Option<u32> {
        self.by_flow.get(&(point, id)).copied()
    }

    fn with_frame(&self, options: &Options, filter: Option<Filter>, captures: &[Flows], frame: u64) -> Option<u32> {
        let segment = second_look::segment_in(&options.captures, filter, FrameNumber::new(frame)?)?;
        let point = usize::from(segment.input);
        let members = second_look::members(captures.get(point)?, |_| true);
        self.of_flow(point, members.flow_of(&segment)?)
    }
}

/// The places of connections to be gathered: those that `is_wanted`, and some that several points saw and that ended well.
fn wanted(connections: &[Connection], is_wanted: impl Fn(u32, &Connection) -> bool) -> HashSet<usize> {
    let numbered = || (1u32..).zip(connections).enumerate();
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

/// The segments of all views of the wanted connections.
fn gather(
    options: &Options,
    points: &[Point<'_>],
    captures: &[Flows],
    connections: &[Connection],
    wanted: &HashSet<usize>,
    memory: usize,
) -> Result<Vec<Timelines>, Error> {
    let mut ids: Vec<HashSet<u32>> = vec![HashSet::new(); points.len()];
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
    while let Some(frame) = capture.next() {
        let point = usize::from(frame.input);
        if let (Some(gathering), Some(decoder)) = (gatherings.get_mut(point), decoders.get_mut(point)) {
            gathering.look(decoder, &frame);
        }
    }
    Ok(gatherings.into_iter().map(Gathering::finish).collect())
}

/// A connection as it is told: by one of its views, with what the others know better.
struct Told {
    view: View,
    /// The id of its flow.
    id: Option<u32>,
    /// The verdicts on the resets of the view.
    judged: Vec<Judged>,
    /// Resets that the view does not have.
    elsewhere: Vec<(ResetSegment, Judged)>,
}

/// Everything that verdicts are made from.
struct Bench<'a> {
    points: &'a [Point<'a>],
    captures: &'a [Flows],
    timelines: &'a [Timelines],
    surroundings: &'a [Surroundings],
    passages: &'a Passages,
}

impl<'a> Bench<'a> {
    fn flow(&self, view: &View) -> Option<&'a Flow> {
        self.points.get(view.point)?.flow(view.flow)
    }

    fn case(&self, view: &View) -> Option<Case<'a>> {
        let flow = self.flow(view)?;
        let timeline = self.timelines.get(view.point)?.get(flow.id)?;
        let case = Case::new(flow, timeline, self.surroundings.get(view.point)?, self.captures.get(view.point)?.end);
        Some(case.beside(self.passages))
    }

    /// The verdicts on a connection: each reset is judged where it was captured nearest to its claimed sender.
    fn tell(
        &self,
        connection: &Connection,
        passages: Vec<&compare::Passage>,
        needs_judging: impl Fn(&View) -> bool,
    ) -> Told {
        let views = &connection.views;
        let judged: Vec<Vec<Judged>> = views
            .iter()
            .map(|view| self.case(view).map(|case| attribution::judge(&case)).unwrap_or_default())
            .collect();
        let place_of =
            |point: usize, flow: usize| views.iter().position(|view| view.point == point && view.flow == flow);
        let at_nearest = |passage: &compare::Passage| {
            let nearest = passage.nearest()?;
            let place = place_of(nearest.point, nearest.flow)?;
            Some((place, judged.get(place)?.get(nearest.reset)?))
        };
        let is_reversed = passages.first().is_some_and(|passage| passage.ascending != passage.to_server);
        let chosen = self.teller(views, &judged, is_reversed, &at_nearest).unwrap_or_else(|| {
            let badly = views.iter().position(needs_judging);
            badly.unwrap_or_default()
        });
        let Some(&view) = views.get(chosen) else {
            return Told {
                view: View { point: 0, flow: 0, flipped: false, shift: crate::flow::Pair::default() },
                id: None,
                judged: Vec::new(),
                elsewhere: Vec::new(),
            };
        };
        let flow = self.flow(&view);
        let mut verdicts: Vec<Judged> = Vec::new();
        for (at, reset) in flow.map_or(&[][..], Flow::resets).iter().enumerate() {
            let Some(own) = judged.get(chosen).and_then(|judged| judged.get(at)) else { break };
            let better =
                self.passages.of(reset.segment.frame).and_then(&at_nearest).filter(|(place, _)| *place != chosen);
            let earlier = flow.map_or(&[][..], Flow::resets).get(..at).unwrap_or_default();
            let original = earlier.iter().rposition(|other| is_copy_of(reset, other)).filter(|_| reset.duplicate);
            verdicts.push(match (better, original.and_then(|original| verdicts.get(original))) {
                (Some((_, better)), _) => Judged {
                    frame: own.frame,
                    way: own.way,
                    // What its receiver did is seen where it arrived.
                    obedience: own.obedience,
                    ..better.clone()
                },
                (None, Some(original)) => Judged { frame: own.frame, ..original.clone() },
                (None, None) => own.clone(),
            });
        }
        let is_here = |passage: &compare::Passage| {
            passage.seen.iter().any(|seen| (seen.point, seen.flow) == (view.point, view.flow))
        };
        let elsewhere = passages.into_iter().filter(|passage| !is_here(passage)).filter_map(|passage| {
            let nearest = passage.nearest()?;
            let (place, verdict) = at_nearest(passage)?;
            let reset = self.flow(views.get(place)?)?.resets().get(nearest.reset)?;
            let way: Way = view.way(passage.way);
            Some((ResetSegment { way, ..reset.clone() }, Judged { way, ..verdict.clone() }))
        });
        Told { view, id: flow.map(|flow| flow.id), judged: verdicts, elsewhere: elsewhere.collect() }
    }

    /// The view that tells a connection that was reset: the client's, or the next that has a reset, unless that one's sender had been reset before by
    /// another, which only its own side saw.
    fn teller<'j>(
        &self,
        views: &[View],
        judged: &'j [Vec<Judged>],
        is_reversed: bool,
        at_nearest: &impl Fn(&compare::Passage) -> Option<(usize, &'j Judged)>,
    ) -> Option<usize> {
        let decisive = |place: usize| {
            let (view, judged) = (views.get(place)?, judged.get(place)?);
            let case = self.case(view)?;
            Story::without_application(&case, judged).decisive.map(|decisive| decisive.reset.segment.frame)
        };
        let mut with_resets =
            (0..views.len()).filter(|&place| judged.get(place).is_some_and(|judged| !judged.is_empty()));
        let first = if is_reversed { with_resets.next_back() } else { with_resets.next() }?;
        let Some(frame) = decisive(first) else { return Some(first) };
        let passage = self.passages.of(frame);
        let Some((nearest, verdict)) = passage.and_then(at_nearest) else { return Some(first) };
        let before = decisive(nearest).is_some_and(|other| other < verdict.frame);
        Some(if nearest != first && before { nearest } else { first })
    }
}

fn is_copy_of(copy: &ResetSegment, other: &ResetSegment) -> bool {
    (copy.way, copy.segment.seq, copy.segment.ack, copy.segment.flags)
        == (other.way, other.segment.seq, other.segment.ack, other.segment.flags)
}

/// Where the frames lie that verdicts rest on.
fn located(told: &[Told], timelines: &[Timelines]) -> HashMap<FrameNumber, Location> {
    let judged = told.iter().flat_map(|told| told.judged.iter().chain(told.elsewhere.iter().map(|(_, judged)| judged)));
    let wanted: HashSet<FrameNumber> =
        judged.flat_map(|judged| &judged.evidence).flat_map(|piece| piece.frames.iter().copied()).collect();
    let mut located = HashMap::new();
    for sighting in timelines.iter().flat_map(Timelines::iter).flat_map(|timeline| &timeline.sightings) {
        if wanted.contains(&sighting.frame()) {
            let segment = &sighting.segment;
            located.insert(segment.frame, Location { input: segment.input, frame: segment.input_frame.get() });
        }
    }
    located
}
