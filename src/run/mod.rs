//! Joins the rooms: what a command line asks for, from opening the inputs to the last line of the report.

mod compare;
mod evidence;
mod explain;
mod hash;
mod judgement;
mod kernel_trace;
mod key;
mod knowledge;
mod memory;
mod pipeline;
mod relay;
mod second_look;
mod selection;
mod writing;

pub(crate) use kernel_trace::Witness;
pub(crate) use key::key;
pub(crate) use knowledge::knowledge;
pub(crate) use pipeline::Analysis;
#[cfg(feature = "live")]
pub(crate) use pipeline::losses;
#[cfg(feature = "live")]
pub(crate) use selection::choose;

#[cfg(feature = "live")]
pub(crate) use writing::status_width;
pub(crate) use writing::{terminal_width, write};

pub use explain::explain;
pub use judgement::{Judgement, Means};
pub use second_look::{ask, needs_judging};

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::anonymize::Key;
use crate::capture::{Capture, Filter, Format, InputError, InputSummary, OpenOptions};
use crate::cli::{Command, Options, OutputFormat};
use crate::error::{Error, ExitCode};
use crate::evidence::Words;
use crate::flow::{Flow, Limits, Totals};
use crate::knowledge::site::Site;
use crate::notes::Notes;
use crate::output;
use crate::parallel;
use crate::progress;
use crate::report::{self, Findings, IsSelected, KernelTrace, Kind, Report, SkippedInput, Take, Tell, Wanted};
use crate::timeline::Recording;
use crate::witness::Testimony;
use memory::Memory;
use pipeline::Beside;

/// Memory that is not for flows: buffers, batches, the memory for copies of packets, fragments, the program itself.
pub(crate) const FIXED_MEMORY: u64 = 24 << 20;

/// One part in so many of the memory is for the segments of flows that are judged.
const MEMORY_FOR_TIMELINES: u64 = 4;

/// From so many frames on, giving memory back takes longer than leaving that to the end of the program.
const MANY_FRAMES: u64 = 100_000;

/// What a flow with one reset takes in the report: what it consists of, and 550 octets of texts and lists, as measured.
const LISTED_FLOW: usize = size_of::<report::Flow>() + size_of::<report::Reset>() + 550;

/// Analyses or compares the captures and writes the report; the exit code says how that went.
///
/// # Errors
/// What leaves nothing to report, or nowhere to report it.
pub fn analyze(options: &Options) -> Result<ExitCode, Error> {
    let notes = Notes::new(options.verbosity);
    let opened = open(options, notes)?;
    match options.command {
        Command::Compare => compare::compare(options, opened, notes),
        Command::Analyze | Command::Show => one_point(options, opened, notes),
    }
}

/// All that a run needs before it reads: what can be refused is refused by now.
struct Opened {
    capture: Capture,
    /// Why some inputs cannot be read.
    errors: Vec<InputError>,
    output: Option<std::fs::File>,
    key: Option<Key>,
    site: Site,
    /// What a kernel reported.
    witness: Option<Witness>,
}

fn open(options: &Options, notes: Notes) -> Result<Opened, Error> {
    let filter = bpf(options)?;
    options.check_output()?;
    let key = key(options, notes)?;
    let site = knowledge(options, key.as_ref())?;
    let witness = options.kernel_trace.as_deref();
    let witness = witness.map(|path| Witness::read(path, kernel_trace::share(options))).transpose()?;
    let (capture, errors) = Capture::open(&options.captures, OpenOptions { filter });
    if errors.len() == options.captures.len() {
        // The one thing that went wrong is the message, also with --quiet.
        return Err(Error::NothingToAnalyse(errors.iter().map(ToString::to_string).collect()));
    }
    errors.iter().for_each(|error| notes.warn(error));
    let mut files = HashSet::new();
    let again = |path: &&PathBuf| path.canonicalize().is_ok_and(|file| !files.insert(file));
    for path in options.captures.iter().filter(again) {
        notes.warn(format_args!("{} is given twice: each of its packets counts as captured twice", path.display()));
    }
    if options.command == Command::Compare {
        compare::check(options, &errors)?;
    }
    // Only now: captures that cannot be read should cost nobody an earlier report.
    let output = options.create_output()?;
    Ok(Opened { capture, errors, output, key, witness, site })
}

/// The filter that frames have to pass, compiled anew for each reading.
fn bpf(options: &Options) -> Result<Option<Filter>, Error> {
    options.bpf.as_deref().map(filter).transpose()
}

/// The captures are of one place.
fn one_point(options: &Options, opened: Opened, notes: Notes) -> Result<ExitCode, Error> {
    let Opened { capture, errors, output, key, witness, site } = opened;
    let recorded = !second_look::can_read_again(&options.captures);
    let limits = Memory::of(options, recorded).limits();
    let threads = threads(options);
    let read = capture.progress();
    notes.tell(format_args!(
        "reading {} with {threads} {}, memory {} MiB",
        if let [capture] = options.captures.as_slice() {
            capture.display().to_string()
        } else {
            format!("{} inputs", options.captures.len())
        },
        if threads == 1 { "thread" } else { "threads" },
        options.memory >> 20
    ));
    let bar = progress::watch(options.verbosity, move || (read.done(), read.total()));
    let beside = match recorded {
        true => Beside::Recording(Box::new(Recording::new(share_for_timelines(options)))),
        false => Beside::Places(Memory::of(options, recorded).for_places()),
    };
    let mut analysis = pipeline::analyse(capture, beside, limits, threads).map_err(Error::Thread)?;
    analysis.witness = witness;
    analysis.site = site;
    drop(bar);
    let is_table = options.command == Command::Analyze && options.format == OutputFormat::Table;
    // Evidence files hold what is told beside each row; and of those with some verdicts nobody knows yet how many they are.
    let is_enough = is_table && options.evidence.is_none() && options.only.is_empty();
    let many = if is_enough { Words::Names } else { Words::All };
    conclude(options, analysis, &errors, (key.as_ref(), many), |report| write(options, report, output))
}

/// Judges what was followed and gives the report to `write`; the exit code says how that went. `many`: how much is told of flows
/// that are more than a table tells in full.
///
/// # Errors
/// Where the report cannot be written.
pub(crate) fn conclude(
    options: &Options,
    mut analysis: Analysis,
    errors: &[InputError],
    (key, many): (Option<&Key>, Words),
    write: impl FnOnce(&Report) -> Result<(), Error>,
) -> Result<ExitCode, Error> {
    let notes = Notes::new(options.verbosity);
    let threads = threads(options);
    let frames = analysis.inputs.iter().map(|input| input.frames).sum::<u64>();
    tell_what_was_read(&analysis.inputs, &analysis.flows.totals, notes);

    let recording = analysis.recording.take();
    let not_recorded = recording.as_ref().map_or(0, |recording| recording.left_out);
    let flows = &analysis.flows;
    let second_filter = bpf(options)?;
    let chosen = selection::choose(options, flows, |frame| {
        second_look::flow_with_frame(&options.captures, second_filter, recording.as_ref(), flows, frame)
    });
    // Whoever asks for a flow by its number wants to see it however it ended.
    let shows = options.command == Command::Show || options.flow.is_some() || options.frame.is_some();
    let shown: HashSet<u64> = chosen.iter().filter(|_| shows).flat_map(|chosen| chosen.ids.iter().copied()).collect();
    let is_judged =
        |flow: &Flow| options.all_flows || second_look::needs_judging(flow, flows) || shown.contains(&flow.id);
    let is_chosen = |flow: &Flow| chosen.as_ref().is_none_or(|chosen| chosen.ids.contains(&flow.id));
    // Whoever pastes a log line wants to hear of its flow however it ended.
    let all_flows = options.all_flows || options.selection.log_line.is_some() || shows;
    let has_row = |flow: &&Flow| is_chosen(flow) && (all_flows || second_look::needs_judging(flow, flows));
    let words = match options.summary {
        true => Words::Unspoken,
        false if many < Words::All && flows.iter().filter(has_row).nth(output::table::TOLD_IN_FULL).is_some() => many,
        false => Words::All,
    };
    let room = Memory::of(options, recording.is_some()).for_judging(flows.places(), words);
    let wish = second_look::Wish { flows, is_judged: &is_judged, memory: room.gathering, known: room.known };
    let by_places = analysis.places.take().and_then(|places| wish.look_up(places, &analysis.decoder, threads));
    let mut timelines = match by_places {
        Some(timelines) => timelines,
        None => wish.gather(&options.captures, bpf(options)?, recording, threads)?,
    };
    analysis.archive.complete(&mut timelines);
    let witness = analysis.witness.take();
    let testimony = witness.as_ref().map(|witness| Testimony::new(&witness.log, flows));
    let kernel_trace = witness.zip(testimony.as_ref()).map(|(witness, testimony)| {
        kernel_trace::tell(&witness, testimony, notes);
        KernelTrace::new(witness.name, &witness.log, testimony)
    });
    let testimony = testimony.unwrap_or_default();
    // Of flows that the user chose, the first may be among the last of all.
    let fates = if chosen.is_some() { usize::MAX } else { crate::causes::Fates::MOST };
    // Flows may have begun later, as behind a filter.
    let begin = analysis.inputs.iter().filter_map(|input| input.first_time).min();
    let means = Means { neighbours: room.neighbours, kept: room.kept, fates, threads, words, begin };
    let mut judgement = Judgement::beside(flows, &timelines, analysis.losses, testimony, means);
    judgement.around.site = analysis.site;
    let continuations = &judgement.surroundings.continuations;
    let is_listed = |flow: &Flow| second_look::needs_judging(flow, flows) || continuations.after(flow.id).is_some();
    let members = options
        .evidence
        .as_ref()
        .map(|_| second_look::members(flows, |flow| is_chosen(flow) && (all_flows || is_listed(flow))));
    let judge = |flows: &[&Flow], tell: Tell<'_>, take: Take<'_>| judgement.of(flows, tell, take);
    let findings = Findings {
        inputs: analysis.inputs,
        skipped_inputs: errors.iter().map(skipped).collect(),
        decoded: analysis.decoder.counts(),
        paths: &|_| analysis.decoder.paths(),
        flows: analysis.flows,
        judge: &judge,
        continuations,
        around: &judgement.around,
        not_recorded,
        judged_by_less: timelines.incomplete,
        faults: judgement.surroundings.faults,
        vantage: (!timelines.is_empty()).then(|| judgement.surroundings.vantage.clone()),
        kernel_trace,
        // An empty expression lets everything pass.
        bpf: options.bpf.clone().filter(|expression| !expression.trim().is_empty()),
        filtered_frames: frames.saturating_sub(analysis.frames),
        compared: None,
    };
    let wanted = Wanted {
        selection: selection::narrowed(options, chosen.as_ref())
            .map(|narrowed| (narrowed, &is_chosen as IsSelected<'_>)),
        only: &options.only,
        all_flows,
        summary_only: options.summary,
        rungs: if options.command == Command::Show { usize::MAX } else { report::RUNGS },
        threads,
    };
    let mut report = report::build(findings, wanted);
    finish(options, &mut report, key, write, notes)?;
    if let (Some(evidence), Some(members)) = (&options.evidence, &members) {
        let frames = evidence::write(options, evidence, bpf(options)?, (members, key), &report)?;
        notes.tell(format_args!("{frames} frames written to {}", evidence.path.display()));
    }
    let code = exit_code(options, &report);
    if frames >= MANY_FRAMES {
        // The system would let go of a mapped capture on one thread, which takes a tenth of the run where frames are long.
        let parts: Vec<usize> = (0..threads).collect();
        parallel::in_pieces(threads, &parts, 1, |part, _| timelines.release_part(part, threads), |()| ());
        // The program ends here, which gives all memory back at once; piece by piece it takes a tenth of a long run.
        std::mem::forget(report);
        std::mem::forget(judgement);
        std::mem::forget(timelines);
    }
    Ok(code)
}

/// Puts into the report what does not come from the capture, takes out the names, and writes it.
fn finish(
    options: &Options,
    report: &mut Report,
    key: Option<&Key>,
    write: impl FnOnce(&Report) -> Result<(), Error>,
    notes: Notes,
) -> Result<(), Error> {
    report.options.clone_from(&options.shaping);
    for input in report.capture.inputs.iter_mut().filter(|_| options.hash) {
        match hash::sha256(Path::new(&input.path)) {
            Ok(Some(hash)) => input.sha256 = Some(hash),
            Ok(None) => notes.warn(format_args!("{}: no file, so --hash has nothing to hash", input.path)),
            Err(error) => notes.warn(format_args!(
                "{}: cannot be read again for --hash: {}",
                input.path,
                crate::capture::plain(&error)
            )),
        }
    }
    if let Some(key) = key {
        key.report(report);
    }
    write(report)?;
    if let Some(path) = &options.output {
        notes.tell(format_args!("report written to {}", path.display()));
    }
    Ok(())
}

/// Octets for the segments of flows that are judged.
pub(crate) fn share_for_timelines(options: &Options) -> usize {
    usize::try_from(options.memory / MEMORY_FOR_TIMELINES).unwrap_or(usize::MAX)
}

/// How many flows and resets fit in so many octets.
pub(crate) fn limits(options: &Options, octets: u64) -> Limits {
    Limits::within(octets, follows_zeek(options), if options.summary { 0 } else { LISTED_FLOW })
}

/// Whether the report tells what Zeek would say of a flow: the page holds the JSON report.
fn follows_zeek(options: &Options) -> bool {
    let tells = matches!(options.format, OutputFormat::Json | OutputFormat::Ndjson | OutputFormat::Html);
    tells && !options.summary
}

fn tell_what_was_read(inputs: &[InputSummary], totals: &Totals, notes: Notes) {
    for input in inputs {
        for problem in &input.problems {
            match input.format {
                Format::Live => notes.warn(format_args!("{}: {}", input.path, problem.reason)),
                _ => notes.warn(format_args!("{}: {} (at offset {})", input.path, problem.reason, problem.offset)),
            }
        }
        let link_types: Vec<_> = input.link_types.iter().map(ToString::to_string).collect();
        let format = report::Format::from(input.format);
        let packing = input.compression.map_or_else(String::new, |packing| format!(" in {}", packing.name()));
        notes.tell(format_args!(
            "{}: {format}{packing}, {}, {} frames in {} bytes",
            input.path,
            if link_types.is_empty() { "no link type".to_owned() } else { link_types.join(" and ") },
            input.frames,
            input.bytes
        ));
    }
    notes.tell(format_args!("TCP segments: {}; flows: {}", totals.segments, totals.flows));
}

fn filter(expression: &str) -> Result<Filter, Error> {
    Filter::new(expression).map_err(Error::Bpf)
}

/// By default as many as there are cores. Two of them read and follow, all of them judge and write.
fn threads(options: &Options) -> usize {
    let default = || std::thread::available_parallelism().map_or(1, usize::from);
    options.threads.map_or_else(default, usize::from)
}

fn skipped(error: &InputError) -> SkippedInput {
    SkippedInput { path: error.path().to_owned(), reason: error.to_string() }
}

fn exit_code(options: &Options, report: &Report) -> ExitCode {
    let damaged =
        !report.capture.skipped_inputs.is_empty() || report.capture.inputs.iter().any(|input| !input.complete);
    let summary = &report.summary;
    let failed = options.fail_on.is_some_and(|kind| match kind {
        Kind::Any => summary.senders.total() > 0,
        Kind::Harmful => summary.harmful > 0,
        Kind::Cause(cause) => summary.causes.contains_key(cause.id()),
        Kind::Sender(sender) => summary.senders.of(sender) > 0,
        // No summary counts them, so that nobody can ask for it.
        Kind::Undetermined => false,
    });
    ExitCode::of(
        [(damaged, ExitCode::Damaged), (failed, ExitCode::FailOn)]
            .into_iter()
            .filter_map(|(is, code)| is.then_some(code)),
    )
}
