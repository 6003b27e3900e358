//! What the command line of `live` asks for.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use clap::builder::PossibleValuesParser;

use crate::cli::options::{OutputFormat, STANDARD_INPUT};
use crate::cli::{Answer, Options, answer, size, wrong};
use crate::recorder::RecorderOptions;
use crate::report::Kind;

/// Everything that watching an interface needs to know from its user.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// What the report at the end is like, and what is common to all jobs.
    pub analysis: Options,
    /// The interface; [`STANDARD_INPUT`] for a stream of a capture.
    pub interface: String,
    /// Octets captured of each frame.
    pub snaplen: u32,
    /// Octets of the kernel's buffer.
    pub buffer: u32,
    /// Whether frames for others are captured, too.
    pub promiscuous: bool,
    /// Which way frames must go.
    pub direction: Direction,
    /// How long to wait after a reset for what follows it.
    pub linger: Duration,
    /// When to end.
    pub duration: Option<Duration>,
    /// After how many packets to end.
    pub packets: Option<u64>,
    /// Whether an interface that is not there, or no longer, is waited for.
    pub wait: bool,
    /// The user to become once the interface is open.
    pub user: Option<String>,
    /// Whether the kernel of this host is asked what it says of its resets.
    pub kernel_witness: bool,
    /// What is recorded of flows with a reset.
    pub record: Option<RecorderOptions>,
    /// Where metrics are to be had.
    pub metrics: Option<SocketAddr>,
    /// How verdicts are written as they come.
    pub events: Events,
}

/// Which way frames must go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Either.
    #[default]
    Both,
    /// To this host.
    In,
    /// From it.
    Out,
}

/// How verdicts are written to standard output as they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    /// One line of text each.
    Lines,
    /// One line of JSON each.
    Ndjson,
    /// Not at all.
    None,
}

/// Says who sent each TCP reset on an interface and why, as it happens, and reports at the end as on a saved capture.
#[derive(Parser, Debug)]
#[command(
    name = "tcpautopsy live",
    bin_name = "tcpautopsy live",
    override_usage = "tcpautopsy live [OPTIONS] INTERFACE",
    max_term_width = 80,
    disable_version_flag = true,
    after_help = EXAMPLES
)]
pub(super) struct LiveDefinition {
    /// The interface to watch; any for all of them (Linux). - is standard input: a capture that is still being written
    #[arg(value_name = "INTERFACE")]
    interface: String,

    /// Only packets that pass this filter, in the syntax of tcpdump; the kernel filters out the others
    #[arg(long, value_name = "EXPRESSION", help_heading = CAPTURE)]
    bpf: Option<String>,

    /// Bytes captured of each packet, 64 to 262144 [default: 262144]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(64..=262_144), hide_default_value = true, default_value_t = 262_144, help_heading = CAPTURE)]
    snaplen: u32,

    /// The kernel's buffer, 1M to 1G [default: 64M]
    #[arg(long, value_name = "SIZE", help_heading = CAPTURE)]
    buffer_size: Option<String>,

    /// Leave the interface as it is: only packets from and to this host
    #[arg(long, help_heading = CAPTURE)]
    no_promiscuous: bool,

    /// Only packets going this way, as this host sees it: in, out or both
    #[arg(long, value_name = "WAY", value_parser = PossibleValuesParser::new(["in", "out", "both"]), default_value = "both", hide_possible_values = true, help_heading = CAPTURE)]
    direction: String,

    /// Wait for an interface that is missing or down, at the start and whenever it is lost
    #[arg(long, help_heading = CAPTURE)]
    wait: bool,

    /// Ask the kernel of this host about its resets (Linux, root)
    #[arg(long, help_heading = CAPTURE)]
    kernel_witness: bool,

    /// Become this user once the interface is open
    #[arg(long, value_name = "NAME", help_heading = CAPTURE)]
    user: Option<String>,

    /// End after this many seconds
    #[arg(long, value_name = "SECONDS", help_heading = CAPTURE)]
    duration: Option<f64>,

    /// End after this many packets
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = CAPTURE)]
    packets: Option<u64>,

    /// Seconds from a reset to the first verdict on it, 0 to 60: what follows a reset is evidence of who sent it
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, help_heading = REPORT)]
    linger: f64,

    /// How verdicts are written to standard output as they come: lines, ndjson or none [default: what suits the
    /// report, if that goes there]
    #[arg(long, value_name = "FORM", value_parser = PossibleValuesParser::new(["lines", "ndjson", "none"]), hide_possible_values = true, help_heading = REPORT)]
    events: Option<String>,

    /// Write a pcapng file to this folder for each connection whose reset was judged: what led to it, with comments
    #[arg(long, value_name = "DIR", help_heading = RECORD)]
    record: Option<PathBuf>,

    /// Which: any, harmful, undetermined, a sender (client, server, middlebox, unknown) or a cause; given twice,
    /// those with either [default: any]
    #[arg(long, value_name = "WHAT", requires = "record", help_heading = RECORD)]
    record_when: Vec<Kind>,

    /// Keep the latest N files of this run
    #[arg(long, value_name = "N", requires = "record", value_parser = clap::value_parser!(u32).range(1..), default_value_t = 1000, help_heading = RECORD)]
    record_files: u32,

    /// Keep the latest files, up to this size [default: 256M]
    #[arg(long, value_name = "SIZE", requires = "record", help_heading = RECORD)]
    record_size: Option<String>,

    /// Keep the first N bytes of each segment's data
    #[arg(long, value_name = "N", requires = "record", default_value_t = 256, help_heading = RECORD)]
    record_payload_bytes: u32,

    /// Answer Prometheus at http://ADDR:PORT/metrics; without an address, on this host only
    #[arg(long, value_name = "[ADDR:]PORT", value_parser = port, help_heading = REPORT)]
    metrics: Option<SocketAddr>,

    /// Only flows of this server (10.0.0.5, 10.0.0.5:443, [2001:db8::1]:443, 10.0.0.0/8 or :443)
    #[arg(long, value_name = "ADDR[:PORT]", help_heading = REPORT)]
    server: Option<String>,

    /// Only flows with this endpoint as client or server; given twice, flows that have both
    #[arg(long, value_name = "ADDR[:PORT]", help_heading = REPORT)]
    endpoint: Vec<String>,

    /// How the report at the end is written: table, json, ndjson, markdown, html or csv [default: by the ending of --output,
    /// else table]
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(OutputFormat::names()), hide_possible_values = true, help_heading = REPORT)]
    format: Option<String>,

    /// Write the report at the end to this file
    #[arg(long, value_name = "FILE", help_heading = REPORT)]
    output: Option<PathBuf>,

    /// Overwrite the file of --output if it exists
    #[arg(long, requires = "output", help_heading = REPORT)]
    force: bool,

    /// Rename addresses and names
    #[arg(long, help_heading = REPORT)]
    anonymize: bool,

    /// Give the same names in every run with this file, which is made if it is missing
    #[arg(long, value_name = "FILE", requires = "anonymize", help_heading = REPORT)]
    anonymize_key_file: Option<PathBuf>,

    /// Names of addresses, idle limits and devices of your site, from a TOML file (docs/knowledge.md)
    #[arg(long, value_name = "FILE", help_heading = REPORT)]
    knowledge: Option<PathBuf>,

    /// Report only the summary at the end
    #[arg(long, conflicts_with = "all_flows", help_heading = REPORT)]
    summary: bool,

    /// Report every flow at the end, even those that ended well
    #[arg(long, help_heading = REPORT)]
    all_flows: bool,

    /// Show times in this machine's zone instead of UTC
    #[arg(long, help_heading = REPORT)]
    local_time: bool,

    /// Colour the table: auto, always or never. NO_COLOR and TERM=dumb turn auto off
    #[arg(long, value_name = "WHEN", value_parser = PossibleValuesParser::new(["auto", "always", "never"]), default_value = "auto", hide_possible_values = true, help_heading = REPORT)]
    color: String,

    /// Exit with 4 if a flow ended by this sender or cause; any stands for any reset that is not benign
    #[arg(long, value_name = "WHAT", help_heading = REPORT)]
    fail_on: Option<String>,

    /// Memory for flows and buffers, at least 64M [default: 1G]; the kernel's buffer is extra
    #[arg(long, value_name = "SIZE", help_heading = RUN)]
    memory: Option<String>,

    /// Print nothing on standard error but why it stopped
    #[arg(long, conflicts_with = "verbose", help_heading = RUN)]
    quiet: bool,

    /// Say on standard error what is being done
    #[arg(long, help_heading = RUN)]
    verbose: bool,
}

const CAPTURE: &str = "Capture";
const REPORT: &str = "Report";
const RECORD: &str = "Flight recorder";
const RUN: &str = "Run";

const EXAMPLES: &str = "\
Ctrl-C, SIGTERM, --duration and --packets end it with the report; a second
Ctrl-C ends it at once.

Examples:
  tcpautopsy live eth0
  tcpautopsy live any --bpf 'tcp port 443' --format ndjson | jq .diagnosis.cause
  tcpautopsy live eth0 --duration 3600 --output report.html
  ssh host tcpdump -i eth0 -U -w - tcp | tcpautopsy live -

docs/live.md explains rights, provisional verdicts and lost packets.";

/// The kernel's buffer where nothing else is said, octets: no packet was lost with it at a million a second, as measured.
const DEFAULT_BUFFER: u64 = 64 << 20;

/// What the files of the flight recorder may take where nothing else is said, and how much that may be, octets.
const DEFAULT_RECORD_SIZE: u64 = 256 << 20;
const RECORD_SIZES: std::ops::RangeInclusive<u64> = (1 << 20)..=(1 << 50);

/// Bounds of the kernel's buffer, octets.
const BUFFERS: std::ops::RangeInclusive<u64> = (1 << 20)..=(1 << 30);

/// Seconds that a first verdict may wait.
const LONGEST_LINGER: f64 = 60.0;

/// A hundred years in seconds.
const LONGEST_DURATION: f64 = 3.2e9;

/// Reads the arguments after `live`, the program's name in front of them.
pub(super) fn parse(args: Vec<OsString>) -> Result<LiveOptions, Answer> {
    let definition = LiveDefinition::try_parse_from(args).map_err(|error| answer(&error))?;
    let wrong = |message: String| wrong(&message);
    let seconds = |option: &str, value: f64, most: f64| {
        let fits = (0.0..=most).contains(&value);
        fits.then(|| Duration::from_secs_f64(value))
            .ok_or_else(|| wrong(format!("{option}: `{value}` is no number of seconds from 0 to {most}")))
    };
    let buffer = match &definition.buffer_size {
        None => DEFAULT_BUFFER,
        Some(text) => size::parse_size(text, BUFFERS).map_err(|message| wrong(format!("--buffer-size: {message}")))?,
    };
    let record_size = match &definition.record_size {
        None => DEFAULT_RECORD_SIZE,
        Some(text) => {
            size::parse_size(text, RECORD_SIZES).map_err(|message| wrong(format!("--record-size: {message}")))?
        }
    };
    let analysis = crate::cli::parse(definition.of_the_analysis())?;
    let record = definition.record.map(|folder| RecorderOptions {
        folder,
        occasions: if definition.record_when.is_empty() { vec![Kind::Any] } else { definition.record_when },
        files: definition.record_files as usize,
        octets: record_size,
        payload: definition.record_payload_bytes as usize,
    });
    let events = match definition.events.as_deref() {
        Some("lines") => Events::Lines,
        Some("ndjson") => Events::Ndjson,
        Some(_) => Events::None,
        None if analysis.output.is_some() => Events::Lines,
        None => match analysis.format {
            OutputFormat::Table => Events::Lines,
            OutputFormat::Ndjson => Events::Ndjson,
            // What else is written to standard output would break these.
            _ => Events::None,
        },
    };
    Ok(LiveOptions {
        snaplen: definition.snaplen,
        buffer: u32::try_from(buffer).unwrap_or(u32::MAX),
        promiscuous: !definition.no_promiscuous,
        direction: match definition.direction.as_str() {
            "in" => Direction::In,
            "out" => Direction::Out,
            _ => Direction::Both,
        },
        linger: seconds("--linger", definition.linger, LONGEST_LINGER)?,
        duration: definition.duration.map(|value| seconds("--duration", value, LONGEST_DURATION)).transpose()?,
        packets: definition.packets,
        wait: definition.wait,
        user: definition.user,
        kernel_witness: definition.kernel_witness,
        metrics: definition.metrics,
        record,
        events,
        interface: definition.interface,
        analysis,
    })
}

/// An address and a port, or a port on this host.
fn port(text: &str) -> Result<SocketAddr, String> {
    let local = |port: &str| port.parse().ok().map(|port| (Ipv4Addr::LOCALHOST, port).into());
    let bare = text.strip_prefix("localhost:").or(text.strip_prefix(':')).unwrap_or(text);
    local(bare)
        .or_else(|| text.parse().ok())
        .ok_or_else(|| "this is no address with a port: write 9100, 127.0.0.1:9100 or [::1]:9100".to_owned())
}

impl LiveDefinition {
    /// The same options as the analysis of a stream has them, which reads and checks them.
    fn of_the_analysis(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = vec!["tcpautopsy".into(), STANDARD_INPUT.into()];
        let valued = [
            ("--bpf", &self.bpf),
            ("--server", &self.server),
            ("--format", &self.format),
            ("--fail-on", &self.fail_on),
            ("--memory", &self.memory),
        ];
        for (name, value) in valued {
            args.extend(value.iter().flat_map(|value| [name.into(), value.into()]));
        }
        for endpoint in &self.endpoint {
            args.extend(["--endpoint".into(), endpoint.into()]);
        }
        let paths = [
            ("--output", &self.output),
            ("--anonymize-key-file", &self.anonymize_key_file),
            ("--knowledge", &self.knowledge),
        ];
        for (name, path) in paths {
            args.extend(path.iter().flat_map(|path| [name.into(), path.into()]));
        }
        let flags = [
            ("--force", self.force),
            ("--anonymize", self.anonymize),
            ("--summary", self.summary),
            ("--all-flows", self.all_flows),
            ("--local-time", self.local_time),
            ("--quiet", self.quiet),
            ("--verbose", self.verbose),
        ];
        args.extend(flags.into_iter().filter(|(_, set)| *set).map(|(name, _)| name.into()));
        args.extend(["--color".into(), (&self.color).into()]);
        args
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Verbosity;
    use crate::error::ExitCode;

    fn read(line: &[&str]) -> Result<LiveOptions, Answer> {
        parse(["tcpautopsy"].iter().chain(line).map(OsString::from).collect())
    }

    #[test]
    fn the_shortest_command_takes_the_documented_defaults() {
        let options = read(&["eth0"]).unwrap();
        assert_eq!((options.interface.as_str(), options.events), ("eth0", Events::Lines));
        assert_eq!((options.snaplen, options.buffer), (262_144, 64 << 20));
        assert_eq!((options.promiscuous, options.direction, options.wait), (true, Direction::Both, false));
        assert_eq!((options.linger, options.duration, options.packets), (Duration::from_secs(1), None, None));
        assert_eq!((options.analysis.memory, options.analysis.format), (1 << 30, OutputFormat::Table));
        assert!(options.user.is_none() && options.analysis.selection.is_everything());
    }

    #[test]
    fn what_is_common_to_all_jobs_is_read_as_there() {
        let options = read(&[
            "eth0",
            "--bpf",
            "tcp",
            "--server",
            ":443",
            "--endpoint",
            "10.0.0.1",
            "--endpoint",
            "10.0.0.2",
            "--output",
            "r.html",
            "--force",
            "--memory",
            "2G",
            "--all-flows",
            "--verbose",
            "--fail-on",
            "any",
            "--anonymize",
            "--anonymize-key-file",
            "key",
            "--knowledge",
            "site.toml",
        ])
        .unwrap();
        let analysis = options.analysis;
        assert_eq!(
            (analysis.bpf.as_deref(), analysis.memory, analysis.format),
            (Some("tcp"), 2 << 30, OutputFormat::Html)
        );
        assert!(analysis.force && analysis.all_flows && analysis.anonymize && analysis.fail_on.is_some());
        assert_eq!((analysis.verbosity, analysis.selection.endpoints.len()), (Verbosity::Verbose, 2));
        assert!(analysis.selection.server.is_some() && analysis.anonymize_key_file.is_some());
        assert!(analysis.knowledge.is_some());
    }

    #[test]
    fn events_follow_the_report_unless_they_are_chosen() {
        for (line, events) in [
            (&["-"][..], Events::Lines),
            (&["-", "--format", "ndjson"], Events::Ndjson),
            (&["-", "--format", "json"], Events::None),
            (&["-", "--output", "r.json"], Events::Lines),
            (&["-", "--output", "r.json", "--events", "ndjson"], Events::Ndjson),
            (&["-", "--events", "none"], Events::None),
        ] {
            assert_eq!(read(line).unwrap().events, events, "{line:?}");
        }
    }

    #[test]
    fn bounds_are_kept() {
        for (line, part) in [
            (&["eth0", "--linger", "61"][..], "--linger: `61` is no number of seconds from 0 to 60"),
            (&["eth0", "--linger", "NaN"], "--linger"),
            (&["eth0", "--duration", "1e10"], "--duration"),
            (&["eth0", "--snaplen", "63"], "64..=262144"),
            (&["eth0", "--packets", "0"], "--packets"),
            (&["eth0", "--buffer-size", "2G"], "--buffer-size: `2G` is too much: the most is 1024M"),
            (&["eth0", "--memory", "1M"], "--memory"),
            (&["eth0", "--server", "?"], "--server"),
            (&["eth0", "eth1"], "eth1"),
            (&[], "INTERFACE"),
        ] {
            let answer = read(line).unwrap_err();
            assert!(answer.exit == ExitCode::Usage && answer.text.contains(part), "{line:?}: {}", answer.text);
        }
    }

    const PAGE: &str = include_str!("../../../docs/live.md");
    const COMMON: &str = include_str!("../../../docs/cli.md");

    #[test]
    fn the_page_shows_the_help_and_explains_every_option() {
        let command = LiveDefinition::command().term_width(80);
        let help = command.clone().render_help().to_string();
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        let shown = PAGE.split("```text\n").nth(1).and_then(|rest| rest.split("\n```").next()).unwrap_or_default();
        let same = |text: &str| text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(same(shown), same(&help), "docs/live.md shows another help; this is today's:\n{help}");
        for option in command.get_arguments().filter_map(|argument| argument.get_long()) {
            let own = PAGE.lines().any(|line| line.starts_with(&format!("### `--{option}")));
            let common = COMMON.contains(&format!("\n### `--{option}")) && PAGE.contains(&format!("`--{option}`"));
            assert!(own != common, "--{option} is to be explained in docs/live.md, or there named and in docs/cli.md");
        }
    }
}
