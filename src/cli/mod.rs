//! The command line: texts to [`Options`], or an answer that ends the program. The only user of clap.
//!
//! Opens no capture: whether one can be read is for the run to find out.

mod definition;
mod generate;
mod job;
#[cfg(feature = "live")]
mod live;
#[cfg(not(feature = "live"))]
#[path = "no_live.rs"]
mod live;
mod options;
mod size;
mod version;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::Path;

use clap::error::ErrorKind;
use jiff::tz::TimeZone;

use crate::error::ExitCode;
use crate::report::Kind;
use crate::select::{Around, LogLine, Selection, WrittenTime};
use definition::Definition;
pub use job::{Job, job};
#[cfg(feature = "live")]
pub use live::{Direction, Events, LiveJob, LiveOptions, warden};
pub use options::{Color, Command, Evidence, Options, OutputFormat, STANDARD_INPUT, Verbosity};
pub use size::{DEFAULT_MEMORY, MIN_MEMORY};

/// Threads beyond this number are a slip of the finger.
const MAX_THREADS: usize = 1024;

/// What there is to say instead of running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The text, with a line feed at its end: help, version and what is generated go to standard output, all else to standard error.
    pub text: String,
    /// The exit code: success for help, version and what is generated.
    pub exit: ExitCode,
}

/// Reads the arguments, the program's name first, as [`std::env::args_os`] gives them.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Options, Answer> {
    parse_with(args, || {
        TimeZone::try_system()
            .map_err(|_| "the zone of this machine is not known: set TZ, as in TZ=Europe/Berlin".to_owned())
    })
}

fn parse_with(
    args: impl IntoIterator<Item = OsString>,
    local: impl FnOnce() -> Result<TimeZone, String>,
) -> Result<Options, Answer> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    // As with other programs that have subcommands.
    if let [_, help] = args.as_mut_slice()
        && *help == "help"
    {
        *help = "--help".into();
    }
    if args.len() <= 1 {
        return Err(Answer { text: usage(), exit: ExitCode::Usage });
    }
    let verbose = args.iter().any(|argument| argument == "--verbose");
    let definition = Definition::read(args).map_err(|error| match error.kind() {
        ErrorKind::DisplayVersion if verbose => Answer { text: version::long(), exit: ExitCode::Success },
        _ => answer(&error),
    })?;
    if let Some(text) = definition.generate.as_deref().and_then(generate::generated) {
        return Err(Answer { text, exit: ExitCode::Success });
    }
    options(definition, local).map_err(|message| wrong(&message))
}

/// What is said where there are no arguments.
fn usage() -> String {
    format!(
        "\
usage: tcpautopsy [analyze|show|compare] [OPTIONS] CAPTURE...

  tcpautopsy capture.pcapng       how every connection in it ended
  tcpdump -w - | tcpautopsy -     the same from standard input
  tcpautopsy show a.pcap --flow 3 one connection, packet by packet
{}  tcpautopsy explain ECONNRESET   what an error means, and what may lie behind it
  tcpautopsy --help               all options, with examples
",
        live::SHORT_USAGE
    )
}

/// What clap has to say, beginning as every other message does, without the usage of all jobs: the way out stands in the
/// message, and the help has the rest.
fn answer(error: &clap::Error) -> Answer {
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Answer { text, exit: ExitCode::Success };
    }
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let (message, rest) = text.split_once("\n\nUsage:").unwrap_or((text, ""));
    let help = rest.split_once("\n\n").map_or_else(String::new, |(_, help)| format!("\n\n{}", help.trim_end()));
    Answer { text: format!("tcpautopsy: {}{help}\n", message.trim_end()), exit: ExitCode::Usage }
}

/// A command line that clap takes and we do not.
fn wrong(message: &str) -> Answer {
    Answer { text: format!("tcpautopsy: {message}\n"), exit: ExitCode::Usage }
}

fn options(definition: Definition, local: impl FnOnce() -> Result<TimeZone, String>) -> Result<Options, String> {
    if definition.captures.is_empty() {
        let job = match definition.command {
            Command::Analyze => definition::ANALYZE,
            Command::Show => definition::SHOW,
            Command::Compare => definition::COMPARE,
        };
        return Err(format!("no capture to {job} was given"));
    }
    if definition.command == Command::Compare {
        comparable(&definition)?;
    }
    if definition.captures.iter().filter(|path| path.as_os_str() == STANDARD_INPUT).count() > 1 {
        return Err("standard input (-) can be read only once".to_owned());
    }
    if definition.output.as_deref() == Some(Path::new(STANDARD_INPUT)) {
        return Err("--output takes a file: without it the report goes to standard output".to_owned());
    }
    if definition.force && definition.output.is_none() && definition.write_evidence.is_none() {
        return Err("--force goes with --output or --write-evidence".to_owned());
    }
    if definition.write_evidence.is_some() && definition.write_evidence == definition.output {
        return Err("--output and --write-evidence name the same file".to_owned());
    }
    let format = match (&definition.format, &definition.output) {
        (Some(name), _) => name.parse()?,
        (None, Some(path)) => OutputFormat::of_path(path)?,
        (None, None) => OutputFormat::Table,
    };
    let zone = if definition.local_time { local()? } else { TimeZone::UTC };
    let selection = selection(&definition, &zone)?;
    if definition.command == Command::Show && definition.summary {
        return Err("--summary leaves out the segments that show prints: leave out one of the two".to_owned());
    }
    let names_flows = definition.flow.is_some()
        || definition.frame.is_some()
        || !definition.only.is_empty()
        || !selection.is_everything();
    if definition.command == Command::Show && !names_flows {
        return Err(
            "show tells flows segment by segment: say which, by --flow N, --frame N or --log-line TEXT".to_owned()
        );
    }
    Ok(Options {
        command: definition.command,
        shaping: definition.shaping(),
        hash: definition.hash,
        selection,
        flow: definition.flow,
        frame: definition.frame,
        captures: definition.captures,
        kernel_trace: definition.kernel_trace,
        format,
        output: definition.output,
        evidence: definition.write_evidence.map(|path| Evidence {
            path,
            frames: definition.evidence_frames,
            payload_bytes: definition.payload_bytes.map(|octets| octets as usize),
        }),
        anonymize: definition.anonymize,
        anonymize_key_file: definition.anonymize_key_file,
        knowledge: definition.knowledge,
        force: definition.force,
        fail_on: definition.fail_on.map(harm).transpose()?,
        only: definition.only,
        summary: definition.summary,
        all_flows: definition.all_flows,
        bpf: definition.bpf,
        memory: definition.memory.as_deref().map_or(Ok(DEFAULT_MEMORY), size::parse_memory).map_err(of("--memory"))?,
        threads: definition.threads.as_deref().map(parse_threads).transpose()?,
        zone,
        verbosity: match (definition.quiet, definition.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        },
        color: definition.color.parse()?,
    })
}

/// What `--fail-on` waits for: `any` is any reset that harmed somebody.
fn harm(kind: Kind) -> Result<Kind, String> {
    match kind {
        Kind::Any => Ok(Kind::Harmful),
        Kind::Undetermined => {
            Err("--fail-on takes what was found: any, harmful, a sender or a cause; --only takes `undetermined`"
                .to_owned())
        }
        kind => Ok(kind),
    }
}

/// What comparing asks of the command line.
fn comparable(definition: &Definition) -> Result<(), String> {
    if definition.captures.len() < 2 {
        return Err("compare takes two captures or more, in the order of the path, the client's side first".to_owned());
    }
    if definition.captures.iter().any(|path| path.as_os_str() == STANDARD_INPUT) {
        return Err(
            "compare reads its captures twice, which standard input does not allow: save it to a file first".to_owned()
        );
    }
    if definition.write_evidence.is_some() {
        return Err(
            "--write-evidence takes frames of one point: leave out compare and name one of the captures".to_owned()
        );
    }
    if definition.kernel_trace.is_some() {
        return Err("--kernel-trace joins a trace with the capture of one point: leave out compare and name that one"
            .to_owned());
    }
    Ok(())
}

fn selection(definition: &Definition, zone: &TimeZone) -> Result<Selection, String> {
    let time = |text: &Option<String>, option| {
        text.as_deref().map(|text| WrittenTime::parse(text, zone)).transpose().map_err(of(option))
    };
    let around = definition.around.as_deref().map(|text| Around::parse(text, zone)).transpose();
    let line = definition.log_line.as_deref().map(|text| LogLine::parse(text, zone)).transpose();
    Ok(Selection {
        server: definition.server.as_deref().map(str::parse).transpose().map_err(of("--server"))?,
        endpoints: definition
            .endpoint
            .iter()
            .map(|text| text.parse())
            .collect::<Result<_, _>>()
            .map_err(of("--endpoint"))?,
        from: time(&definition.from, "--from")?,
        to: time(&definition.to, "--to")?,
        around: around.map_err(of("--around"))?,
        log_line: line.map_err(of("--log-line"))?,
    })
}

/// Says which option an error is about.
fn of(option: &'static str) -> impl Fn(String) -> String {
    move |message| format!("{option}: {message}")
}

fn parse_threads(text: &str) -> Result<NonZeroUsize, String> {
    text.parse::<NonZeroUsize>()
        .ok()
        .filter(|threads| threads.get() <= MAX_THREADS)
        .ok_or_else(|| format!("--threads: `{text}` is no number of threads: it goes from 1 to {MAX_THREADS}"))
}

#[cfg(test)]
mod tests;
