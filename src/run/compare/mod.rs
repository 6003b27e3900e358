//! `compare`: captures of the same traffic at several points of its path.

mod numbers;
mod reading;
mod told;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::judgement::{conclude, name};
use super::{Opened, bpf, exit_code, finish, second_look, selection, skipped, tell_what_was_read, write};
use crate::attribution::Case;
use crate::capture::InputError;
use crate::causes::{Around, Story};
use crate::cli::Options;
use crate::compare::{self, Clocks, Connection, Crossing, Difference, Passages, View};
use crate::decode::{DecodeCounts, DecodeLimits, Decoder};
use crate::error::{Error, ExitCode};
use crate::flow::{Flow, Flows, Roles};
use crate::notes::Notes;
use crate::report::{
    self, Compared, Comparison, Findings, FlowComparison, IsSelected, Report, Take, Tell, Verdict, Wanted,
};
use crate::surroundings::{Continuations, Faults, Surroundings};
use crate::timeline::Timelines;
use numbers::Numbers;
use reading::Reading;
use told::{Bench, Told, located};

/// One part in so many of the memory is for what connections know of each other.
const FOR_NEIGHBOURS: u64 = 8;

/// Whether there are captures to compare, without those that cannot be read.
///
/// # Errors
/// Where there are not.
pub fn check(options: &Options, errors: &[InputError]) -> Result<(), Error> {
    let points = options.captures.len().saturating_sub(errors.len());
    let are_files = options.captures.iter().all(|path| !path.exists() || path.is_file());
    if points >= 2 && are_files { Ok(()) } else { Err(Error::NothingToCompare) }
}

/// Compares the captures and writes the report.
///
/// # Errors
/// What leaves nothing to compare, or nowhere to report it.
pub fn compare(options: &Options, opened: Opened, notes: Notes) -> Result<ExitCode, Error> {
    let Opened { capture, errors, output, key, witness: _, site } = opened;
    let mut reading = Reading::of(options, capture, options.captures.len() - errors.len());
    for (input, flows) in reading.inputs.iter().zip(&reading.captures) {
        tell_what_was_read(std::slice::from_ref(input), &flows.totals, notes);
    }
    let (connections, numbers) = reading.number();
    let mut found = find(options, &reading, &connections, &numbers)?;
    found.around.site = site;
    let mut report = report(options, reading, found, &errors);
    finish(options, &mut report, key.as_ref(), |report| write(options, report, output), notes)?;
    Ok(exit_code(options, &report))
}

/// What the captures say together.
struct Found {
    chosen: Option<selection::Chosen>,
    /// The connections, by their number less one.
    told: Vec<Told>,
    /// The inputs that have each.
    inputs: Vec<Vec<u16>>,
    /// What is said of those that were looked at, by number.
    flows: HashMap<u64, FlowComparison>,
    comparison: Comparison,
    passages: Passages,
    timelines: Vec<Timelines>,
    surroundings: Vec<Surroundings>,
    around: Around,
}

impl Found {
    /// The connection with this number.
    fn told(&self, number: u64) -> Option<&Told> {
        self.told.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }
}

fn find(options: &Options, reading: &Reading, connections: &[Connection], numbers: &Numbers) -> Result<Found, Error> {
    let captures = &reading.captures;
    let points = reading.points();
    let chosen = choose(options, captures, numbers)?;
    let needs_judging = |view: &View| {
        let flow = points.get(view.point).and_then(|point| point.flow(view.flow));
        let end = captures.get(view.point).and_then(|flows| flows.end);
        flow.is_some_and(|flow| second_look::has_something_to_judge(flow, end))
    };
    let is_shown =
        |number: u64| names_one(options) && chosen.as_ref().is_some_and(|chosen| chosen.ids.contains(&number));
    let wanted = reading::wanted(connections, |number, connection| {
        options.all_flows || is_shown(number) || connection.views.iter().any(needs_judging)
    });
    let timelines = reading::gather(options, &points, captures, connections, &wanted)?;
    let surroundings: Vec<Surroundings> =
        captures.iter().zip(&timelines).map(|(flows, timelines)| Surroundings::of(flows, timelines, 1)).collect();
    let mut crossings: Vec<Option<Crossing<'_>>> = connections
        .iter()
        .enumerate()
        .map(|(place, connection)| wanted.contains(&place).then(|| Crossing::new(connection, &points, &timelines)))
        .collect();
    compare::align(&points, connections, &mut crossings);
    let clocks = Clocks::new(&points, connections, &crossings);
    let passages = compare::passages(&points, connections, &crossings, &clocks);
    let differences: Vec<Vec<Difference>> = connections
        .iter()
        .zip(&crossings)
        .map(|(connection, crossing)| {
            crossing.as_ref().map_or_else(Vec::new, |crossing| compare::differences(&points, connection, crossing))
        })
        .collect();
    drop(crossings);

    let bench =
        Bench { points: &points, captures, timelines: &timelines, surroundings: &surroundings, passages: &passages };
    let told: Vec<Told> = bench.tell_all(connections, needs_judging);
    let mut around = Around::within(reading::share(options, FOR_NEIGHBOURS));
    for told in &told {
        match bench.case(&told.view).filter(|_| needs_judging(&told.view)) {
            Some(case) => around.learn(&Story::without_application(&case, &told.judged)),
            None => {
                let Some(flow) = bench.flow(&told.view) else { continue };
                let opening = timelines.get(told.view.point).and_then(|timelines| timelines.opening(flow.id));
                around.learn_good(flow, opening.and_then(|opening| name(flow, &opening)));
            }
        }
    }
    let flows = flow_comparisons(&bench, connections, &told, &differences, |place| wanted.contains(&place));
    let vantages: Vec<_> = surroundings.iter().map(|surroundings| surroundings.vantage.clone()).collect();
    let comparison = report::comparison(&points, connections, &clocks, &vantages, differences.iter().flatten());
    let inputs = connections.iter().map(inputs_of).collect();
    drop(points);
    Ok(Found { chosen, told, inputs, flows, comparison, passages, timelines, surroundings, around })
}

/// Whether one flow is named: whoever does wants to see it however it ended.
fn names_one(options: &Options) -> bool {
    options.flow.is_some() || options.frame.is_some()
}

/// The connections that the command line asks for.
fn choose(options: &Options, captures: &[Flows], numbers: &Numbers) -> Result<Option<selection::Chosen>, Error> {
    let filter = bpf(options)?;
    let with_frame = |frame| numbers.with_frame(options, filter, captures, frame);
    let number = |id| numbers.of_flow(id);
    Ok(selection::choose_connections(options, captures, number, numbers.last, with_frame))
}

/// What is said of each connection that `is_looked_at`, by its place.
fn flow_comparisons(
    bench: &Bench<'_>,
    connections: &[Connection],
    told: &[Told],
    differences: &[Vec<Difference>],
    is_looked_at: impl Fn(usize) -> bool,
) -> HashMap<u64, FlowComparison> {
    let numbered = (1..).zip(connections.iter().zip(told).zip(differences)).enumerate();
    let looked_at = numbered.filter(|(place, _)| is_looked_at(*place));
    let compared = looked_at.filter_map(|(_, (number, ((connection, told), differences)))| {
        let from_client = told.view.way(Roles::of(bench.flow(&told.view)?).from_client);
        Some((number, report::flow_comparison(connection, bench.points, from_client, differences)))
    });
    compared.collect()
}

/// The inputs that have a connection.
fn inputs_of(connection: &Connection) -> Vec<u16> {
    let mut inputs: Vec<u16> = connection.views.iter().filter_map(|view| u16::try_from(view.point).ok()).collect();
    inputs.dedup();
    inputs
}

fn report(options: &Options, reading: Reading, mut found: Found, errors: &[InputError]) -> Report {
    let Reading { inputs, decoders, captures, passed } = reading;
    let ends: Vec<_> = captures.iter().map(|flows| flows.end).collect();
    let located = located(&found.told, &found.timelines);
    let comparison = std::mem::take(&mut found.comparison);
    let found = &found;
    let told = found.told.iter().zip(&found.inputs);
    let places: HashMap<(usize, usize), &Vec<u16>> =
        told.map(|(told, inputs)| ((told.view.point, told.view.flow), inputs)).collect();
    let joined = Flows::join(captures, |point, flow| places.get(&(point, flow)).map(|inputs| (*inputs).clone()));
    let judge_one = |flow: &Flow| {
        let comparison = found.flows.get(&flow.id).cloned().map(Box::new);
        let judged = found.told(flow.id).and_then(|told| {
            let point = told.view.point;
            let timeline = found.timelines.get(point)?.get(told.id)?;
            let end = ends.get(point).copied().flatten();
            let case = Case::new(flow, timeline, found.surroundings.get(point)?, end).beside(&found.passages);
            let verdict = conclude(&case, told.judged.clone(), &found.around);
            Some(Verdict { timeline: Some(Cow::Borrowed(timeline)), elsewhere: told.elsewhere.clone(), ..verdict })
        });
        Verdict { comparison, ..judged.unwrap_or_default() }
    };
    let judge = |flows: &[&Flow], tell: Tell<'_>, take: Take<'_>| {
        let mut told = report::Told::default();
        flows.iter().for_each(|flow| tell(&mut told, flow, &mut judge_one(flow)));
        take(told);
    };
    let ids: Option<&HashSet<u64>> = found.chosen.as_ref().map(|chosen| &chosen.ids);
    let is_chosen = |flow: &Flow| ids.is_none_or(|ids| ids.contains(&flow.id));
    let mut decoded = DecodeCounts::default();
    decoders.iter().for_each(|decoder| decoded += decoder.counts());
    let nothing = Decoder::new(DecodeLimits::default());
    let decoder = |flow: &Flow| found.told(flow.id).and_then(|told| decoders.get(told.view.point));
    let findings = Findings {
        skipped_inputs: errors.iter().map(skipped).collect(),
        decoded: &decoded,
        paths: &|flow| decoder(flow).unwrap_or(&nothing).paths(),
        flows: joined,
        judge: &judge,
        // What a point knows of changing addresses is in what the points say of each other.
        continuations: &Continuations::default(),
        around: &found.around,
        not_recorded: 0,
        judged_by_less: found.timelines.iter().map(|timelines| timelines.incomplete).sum(),
        // Each point has its own.
        faults: Faults::default(),
        vantage: None,
        kernel_trace: None,
        bpf: options.bpf.clone().filter(|expression| !expression.trim().is_empty()),
        filtered_frames: inputs.iter().map(|input| input.frames).sum::<u64>().saturating_sub(passed),
        compared: Some(Compared { comparison, passages: &found.passages, located }),
        inputs,
    };
    let wanted = Wanted {
        selection: selection::narrowed(options, found.chosen.as_ref())
            .map(|narrowed| (narrowed, &is_chosen as IsSelected<'_>)),
        only: &options.only,
        all_flows: options.all_flows || options.selection.log_line.is_some() || names_one(options),
        summary_only: options.summary,
        rungs: report::RUNGS,
        threads: super::threads(options),
    };
    report::build(findings, wanted)
}
