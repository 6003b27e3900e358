//! Joins the rooms: what a command line asks for, from opening the inputs to the last line of the report.

mod evidence;
mod explain;
mod hash;
mod judgement;
mod key;
mod memory;
mod pipeline;
mod second_look;
mod selection;

pub use explain::explain;
pub use judgement::Judgement;
pub use second_look::{ask, needs_judging};

use std::collections::HashSet;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use crate::capture::{Capture, Filter, Format, InputError, OpenOptions};
use crate::cli::{Command, FailOn, Options, OutputFormat};
use crate::error::{Error, ExitCode};
use crate::flow::Flow;
use crate::notes::Notes;
use crate::output;
use crate::progress;
use crate::report::{self, Findings, IsSelected, Report, SkippedInput, Wanted};
use crate::timeline::Recording;
use memory::Memory;

/// Analyses the captures and writes the report; the exit code says how that went.
///
/// # Errors
/// What leaves nothing to report, or nowhere to report it.
pub fn analyze(options: &Options) -> Result<ExitCode, Error> {
    let notes = Notes::new(options.verbosity);
    let bpf = || options.bpf.as_deref().map(filter).transpose();
    let first_filter = bpf()?;
    options.check_output()?;
    let key = key::key(options, notes)?;
    let (capture, errors) = Capture::open(&options.captures, OpenOptions { filter: first_filter });
    if errors.len() == options.captures.len() {
        // The one thing that went wrong is the message, also with --quiet.
        return Err(Error::NothingToAnalyse(errors.iter().map(ToString::to_string).collect()));
    }
    // Only now: captures that cannot be read should cost nobody an earlier report.
    let output = options.create_output()?;
    for error in &errors {
        notes.warn(error);
    }
    // Only these tell what Zeek would say of a flow: the page holds the JSON report.
    let tells = matches!(options.format, OutputFormat::Json | OutputFormat::Ndjson | OutputFormat::Html);
    let zeek = tells && !options.summary;
    let memory = Memory::of(options.memory, zeek, !options.summary);
    let threads = options.threads.map_or_else(default_threads, usize::from);
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
    let recording = (!second_look::can_read_again(&options.captures)).then(|| Recording::new(memory.for_recording()));
    let mut analysis = pipeline::analyse(capture, recording, memory.limits(), threads).map_err(Error::Thread)?;
    drop(bar);
    for input in &analysis.inputs {
        for problem in &input.problems {
            notes.warn(format_args!("{}: {} (at offset {})", input.path, problem.reason, problem.offset));
        }
    }

    let frames = analysis.inputs.iter().map(|input| input.frames).sum::<u64>();
    tell_what_was_read(&analysis, notes);

    let recording = analysis.recording.take();
    let not_recorded = recording.as_ref().map_or(0, |recording| recording.left_out);
    let flows = &analysis.flows;
    let second_filter = bpf()?;
    let chosen = selection::choose(options, flows, |frame| {
        second_look::flow_with_frame(&options.captures, second_filter, recording.as_ref(), flows, frame)
    });
    // Whoever asks for a flow by its number wants to see it however it ended.
    let shows = options.command == Command::Show || options.flow.is_some() || options.frame.is_some();
    let shown: HashSet<u32> = chosen.iter().filter(|_| shows).flat_map(|chosen| chosen.ids.iter().copied()).collect();
    let is_judged =
        |flow: &Flow| options.all_flows || second_look::needs_judging(flow, flows) || shown.contains(&flow.id);
    let room = memory.for_judging(flows.iter().count(), recording.is_some());
    let timelines =
        second_look::gather(&options.captures, bpf()?, recording, flows, is_judged, room.gathering, threads)?;
    let is_chosen = |flow: &Flow| chosen.as_ref().is_none_or(|chosen| chosen.ids.contains(&flow.id));
    // Whoever pastes a log line wants to hear of its flow however it ended.
    let all_flows = options.all_flows || options.selection.log_line.is_some() || shows;
    let judgement = Judgement::new(flows, &timelines, room.neighbours);
    let continuations = &judgement.surroundings.continuations;
    let is_listed = |flow: &Flow| second_look::needs_judging(flow, flows) || continuations.after(flow.id).is_some();
    let members = options
        .evidence
        .as_ref()
        .map(|_| second_look::members(flows, |flow| is_chosen(flow) && (all_flows || is_listed(flow))));
    let judge = |flow: &Flow| judgement.of(flow);
    let findings = Findings {
        inputs: analysis.inputs,
        skipped_inputs: errors.iter().map(skipped).collect(),
        decoded: analysis.decoder.counts(),
        paths: analysis.decoder.paths(),
        flows: analysis.flows,
        judge: &judge,
        continuations,
        around: &judgement.around,
        not_recorded,
        judged_by_less: timelines.incomplete,
        vantage: (!timelines.is_empty()).then(|| judgement.surroundings.vantage.clone()),
        // An empty expression lets everything pass.
        bpf: options.bpf.clone().filter(|expression| !expression.trim().is_empty()),
        filtered_frames: frames.saturating_sub(analysis.frames),
    };
    let wanted = Wanted {
        selection: chosen.as_ref().map(|chosen| (chosen.selection(), &is_chosen as IsSelected<'_>)),
        all_flows,
        summary_only: options.summary,
        rungs: if options.command == Command::Show { usize::MAX } else { report::RUNGS },
    };
    let mut report = report::build(findings, wanted);
    report.options.clone_from(&options.shaping);
    for input in report.capture.inputs.iter_mut().filter(|_| options.hash) {
        match hash::sha256(Path::new(&input.path)) {
            Ok(Some(hash)) => input.sha256 = Some(hash),
            Ok(None) => notes.warn(format_args!("{}: no file, so --hash has nothing to hash", input.path)),
            Err(error) => notes.warn(format_args!("{}: cannot be read again for --hash: {error}", input.path)),
        }
    }
    if let Some(key) = &key {
        key.report(&mut report);
    }
    write(options, &report, output)?;
    if let (Some(evidence), Some(members)) = (&options.evidence, &members) {
        let frames = evidence::write(options, evidence, bpf()?, (members, key.as_ref()), &report)?;
        notes.tell(format_args!("{frames} frames written to {}", evidence.path.display()));
    }
    if let Some(path) = &options.output {
        notes.tell(format_args!("report written to {}", path.display()));
    }
    Ok(exit_code(options, &report))
}

fn tell_what_was_read(analysis: &pipeline::Analysis, notes: Notes) {
    for input in &analysis.inputs {
        let link_types: Vec<_> = input.link_types.iter().map(ToString::to_string).collect();
        let format = match input.format {
            Format::Pcap => "pcap",
            Format::Pcapng => "pcapng",
        };
        let packing = input.compression.map_or_else(String::new, |packing| format!(" in {}", packing.name()));
        notes.tell(format_args!(
            "{}: {format}{packing}, {}, {} frames in {} bytes",
            input.path,
            if link_types.is_empty() { "no link type".to_owned() } else { link_types.join(" and ") },
            input.frames,
            input.bytes
        ));
    }
    let totals = &analysis.flows.totals;
    notes.tell(format_args!("TCP segments: {}; flows: {}", totals.segments, totals.flows));
}

fn filter(expression: &str) -> Result<Filter, Error> {
    Filter::new(expression).map_err(Error::Bpf)
}

/// Two where there are two cores: one reads and decodes, one follows the flows.
fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(2)
}

fn skipped(error: &InputError) -> SkippedInput {
    SkippedInput { path: error.path().to_owned(), reason: error.to_string() }
}

fn write(options: &Options, report: &Report, file: Option<std::fs::File>) -> Result<(), Error> {
    let stdout = io::stdout();
    let is_terminal = file.is_none() && stdout.is_terminal();
    let mut out: Box<dyn Write> = match file {
        Some(file) => Box::new(file),
        None => Box::new(stdout.lock()),
    };
    let written = match options.format {
        OutputFormat::Json => output::json::write(report, &mut out),
        OutputFormat::Ndjson => output::ndjson::write(report, &mut out),
        OutputFormat::Markdown => output::markdown::write(report, &options.zone.clone().into(), &mut out),
        OutputFormat::Csv => output::csv::write(report, &mut out),
        OutputFormat::Html => output::html::write(report, &mut out),
        OutputFormat::Table => {
            let table = output::table::TableOptions {
                is_terminal,
                width: terminal_size::terminal_size().map(|(width, _)| width.0),
                color: options.color.applies(is_terminal, std::env::var_os("NO_COLOR").as_deref()),
                zone: options.zone.clone().into(),
                summary_only: options.summary,
            };
            match options.command {
                Command::Show => output::show::write(report, &table, &mut out),
                Command::Analyze => output::table::write(report, &table, &mut out),
            }
        }
    };
    written.map_err(|error| Error::write(options.output.as_deref(), error))
}

fn exit_code(options: &Options, report: &Report) -> ExitCode {
    let damaged =
        !report.capture.skipped_inputs.is_empty() || report.capture.inputs.iter().any(|input| !input.complete);
    let failed = match options.fail_on {
        None => false,
        Some(FailOn::Any) => report.summary.harmful > 0,
    };
    ExitCode::of(
        [(damaged, ExitCode::Damaged), (failed, ExitCode::FailOn)]
            .into_iter()
            .filter_map(|(is, code)| is.then_some(code)),
    )
}
