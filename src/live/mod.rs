//! Watches an interface, or a capture that is still being written, and says of each reset who sent it and why, as it happens.
//!
//! `source` is the thread that captures; it hands frames over in a `queue`. On the main thread `engine` decodes them, follows
//! flows and records the recent past, as the analysis of a pipe does. `agenda` says when a flow with a reset is due, `judging`
//! judges it by the flows and the past at hand, and the `teller` tells [observers](Observer) of the verdict: the `view`, and whoever
//! else joins in. At the end the report is made as of any capture.

mod agenda;
mod engine;
mod event;
mod interfaces;
mod judging;
mod memory;
mod privileges;
mod queue;
mod rights;
mod source;
mod statistics;
mod status;
mod teller;
mod view;
mod witness;

pub use engine::Engine;
pub use event::{Event, Observer};
pub use statistics::Statistics;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::capture::{
    Capture, CaptureDirection, Filter, Format, Frames, InputSummary, Interface, InterfaceError, InterfaceOptions,
    OpenOptions,
};
use crate::cli::{Direction, Events, LiveJob, LiveOptions, STANDARD_INPUT};
use crate::error::{Error, ExitCode};
use crate::evidence::Words;
use crate::metrics::{Metrics, Server};
use crate::notes::Notes;
use crate::output::{self, LineOptions};
use crate::recorder::{Folder, Recorder, RecorderOptions};
use crate::report::Report;
use crate::run;
use memory::Memory;
use queue::{End, Queue};
use source::Source;
use view::View;
use witness::Tracing;

/// How long the frames are waited for that were under way when the end was asked for.
const LAST_FRAMES: Duration = Duration::from_secs(2);

/// Does one of the jobs that concern interfaces.
///
/// # Errors
/// What stops it.
pub fn carry_out(job: &LiveJob) -> Result<ExitCode, Error> {
    match job {
        LiveJob::Watch(options) => watch(options),
        LiveJob::Interfaces(format) => interfaces::list(*format),
        LiveJob::Warden(instance) => witness::warden(instance),
    }
}

/// Watches until somebody asks for the end, and reports.
///
/// # Errors
/// What leaves nothing to watch, or nowhere to report it.
fn watch(options: &LiveOptions) -> Result<ExitCode, Error> {
    let notes = Notes::new(options.analysis.verbosity);
    options.analysis.check_output()?;
    let names = run::key(&options.analysis, notes)?;
    let site = run::knowledge(&options.analysis, names.as_ref())?;
    let folder = options.record.as_ref().map(|record| open_folder(record, options.user.as_deref())).transpose()?;
    let server = options.metrics.map(open_metrics).transpose()?;
    let (source, input) = open(options)?;
    let mut kernel = options.kernel_witness.then(Tracing::open).transpose().map_err(Error::KernelWitness)?;
    let mut output = options.analysis.create_output()?;
    let stop = signals()?;
    privileges::drop(options.user.as_deref(), options.wait).map_err(refused)?;
    let memory = Memory::of(options);
    let queue = Arc::new(Queue::new(memory.waiting));
    let mut engine = Engine::new(options, names.as_ref(), input, &memory);
    let lines = LineOptions { width: run::terminal_width(), zone: options.analysis.zone.clone().into() };
    engine.site = site;
    let view = View::new(options.events, lines, options.analysis.verbosity);
    let failed = view.failure();
    engine.observe(Box::new(view));
    if let Some(kernel) = &mut kernel {
        engine.hear(kernel.start().map_err(Error::Thread)?);
        engine.observe(Box::new(kernel.marks().map_err(Error::Thread)?));
    }
    if let Some((record, folder)) = options.record.as_ref().zip(folder) {
        let (memory, input) = (memory.past, options.interface.clone());
        let recorder = Recorder::new(record, folder, memory, input, names.as_ref(), notes);
        engine.observe(Box::new(recorder.map_err(|source| not_recorded(record, source))?));
    }
    if let Some(server) = server {
        let metrics = Metrics::default();
        notes.tell(format_args!("metrics are at http://{}/metrics", server.address()));
        engine.observe(Box::new(metrics.clone()));
        server.start(metrics).map_err(Error::Thread)?;
    }
    match &source {
        Source::Interface { name, interface: Some(open), .. } => {
            notes.tell(format_args!("listening on {name}, {}", open.link_type()));
        }
        Source::Interface { name, .. } => notes.tell(format_args!("waiting for {name}")),
        Source::Stream(_) => {}
    }
    source.start(&queue).map_err(Error::Thread)?;

    let end = follow(&mut engine, &queue, options, notes, || stop.load(Ordering::Relaxed) || failed.is_set());
    if let Some(kernel) = &mut kernel {
        kernel.settle();
    }
    let (analysis, mut teller) = engine.finish(&end);
    // Whoever watches hears of each flow in full.
    run::conclude(&options.analysis, analysis, &[], (names.as_ref(), Words::All), |report| {
        teller.end(report);
        if let Some(error) = failed.take()
            && output.is_none()
        {
            return Err(Error::write(None, error));
        }
        match options.events {
            Events::Ndjson if output.is_none() => rest(report),
            _ => run::write(&options.analysis, report, output.take()),
        }
    })
}

/// Takes in frames until the end.
fn follow(engine: &mut Engine<'_>, queue: &Queue, options: &LiveOptions, notes: Notes, stop: impl Fn() -> bool) -> End {
    let mut frames = Frames::default();
    let until = options.duration.map(|duration| Instant::now() + duration);
    let mut closed: Option<Instant> = None;
    loop {
        let beside = queue.take(&mut frames, engine::TICK);
        beside.news.iter().for_each(|news| notes.warn(news));
        let left = options.packets.map_or(u64::MAX, |packets| packets.saturating_sub(engine.frames()));
        engine.dropped(beside.dropped);
        engine.take(&frames, left);
        engine.tick_if_due();
        if options.packets.is_some_and(|packets| engine.frames() >= packets) {
            queue.close();
            return End::Asked;
        }
        if let Some(end) = beside.end {
            return end;
        }
        match closed {
            // A stream that gives nothing cannot be told to end.
            Some(since) if options.interface == STANDARD_INPUT || since.elapsed() > LAST_FRAMES => return End::Asked,
            Some(_) => {}
            None if stop() || until.is_some_and(|until| Instant::now() >= until) => {
                closed = Some(Instant::now());
                queue.close();
            }
            None => {}
        }
    }
}

/// Opens what frames come from.
fn open(options: &LiveOptions) -> Result<(Source, InputSummary), Error> {
    let summary = InputSummary::unread(options.interface.clone(), Format::Live);
    let bpf = options.analysis.bpf.as_deref();
    if options.interface == STANDARD_INPUT {
        let filter = bpf.map(Filter::new).transpose().map_err(Error::Bpf)?;
        let (capture, errors) = Capture::open(&[Path::new(STANDARD_INPUT).to_owned()], OpenOptions { filter });
        if !errors.is_empty() {
            return Err(Error::NothingToAnalyse(errors.iter().map(ToString::to_string).collect()));
        }
        let known = capture.summaries().pop().unwrap_or(summary);
        return Ok((Source::Stream(Box::new(capture)), known));
    }
    let capture = InterfaceOptions {
        snaplen: i32::try_from(options.snaplen).unwrap_or(i32::MAX),
        buffer: i32::try_from(options.buffer).unwrap_or(i32::MAX),
        promiscuous: options.promiscuous,
        direction: match options.direction {
            Direction::Both => CaptureDirection::Both,
            Direction::In => CaptureDirection::In,
            Direction::Out => CaptureDirection::Out,
        },
        bpf: options.analysis.bpf.clone(),
    };
    let interface = match Interface::open(&options.interface, &capture) {
        Ok(interface) => Some(Box::new(interface)),
        Err(InterfaceError::Missing(_) | InterfaceError::Down(_)) if options.wait => None,
        Err(error) => {
            let reason = rights::way_out(&options.interface, &error);
            return Err(Error::Interface { name: options.interface.clone(), reason });
        }
    };
    let name = options.interface.clone();
    Ok((Source::Interface { name, interface, options: capture, wait: options.wait }, summary))
}

fn open_folder(record: &RecorderOptions, user: Option<&str>) -> Result<Folder, Error> {
    let folder = Folder::open(&record.folder).map_err(|source| not_recorded(record, source))?;
    if let Some(user) = user {
        let (user, group) = privileges::numbers(user).map_err(refused)?;
        folder.hand_over(user, group).map_err(|source| not_recorded(record, source))?;
    }
    Ok(folder)
}

fn not_recorded(record: &RecorderOptions, source: std::io::Error) -> Error {
    Error::Record { folder: record.folder.clone(), source }
}

fn open_metrics(address: SocketAddr) -> Result<Server, Error> {
    Server::open(address).map_err(|source| Error::Metrics { address, source })
}

fn refused(refused: privileges::Refused) -> Error {
    match refused {
        privileges::Refused::NoUser(name) => Error::NoUser(name),
        privileges::Refused::System(error) => Error::Rights(error),
    }
}

/// Set by the first Ctrl-C or SIGTERM; the second one ends the program at once.
fn signals() -> Result<Arc<AtomicBool>, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let exit = 128 + signal;
        signal_hook::flag::register_conditional_shutdown(signal, exit, Arc::clone(&stop)).map_err(Error::Thread)?;
        signal_hook::flag::register(signal, Arc::clone(&stop)).map_err(Error::Thread)?;
    }
    Ok(stop)
}

/// The lines of flows that no event spoke of.
fn rest(report: &Report) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    let flows = report.flows.iter().filter(|flow| flow.resets.is_empty());
    for flow in flows {
        output::ndjson::write_judged(flow, false, &mut out).map_err(|error| Error::write(None, error))?;
    }
    Ok(())
}
