//! The command line as clap knows it; its texts are the help.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Parser};

use super::live;
use super::options::{Command, OutputFormat};
use crate::report::Kind;

/// For every TCP connection in a packet capture that was reset, says who really sent the reset, why, how sure that is, and
/// which frames prove it.
#[derive(Parser, Debug)]
#[command(
    name = "tcpautopsy",
    bin_name = "tcpautopsy",
    version,
    override_usage = format!(
        "tcpautopsy [analyze|show] [OPTIONS] CAPTURE...\n       tcpautopsy compare [OPTIONS] CAPTURE CAPTURE...{}\n       \
         tcpautopsy explain [CAUSE|ERROR]",
        live::USAGE
    ),
    help_template = template(),
    max_term_width = 80,
    disable_help_flag = true,
    disable_version_flag = true,
    after_help = after_help()
)]
pub(super) struct Definition {
    /// Captures to read (pcap or pcapng, plain or packed with gzip, zstd or lz4); - is standard input. Several files of one
    /// capture point are merged by time; for compare, each is of another point, the client's side first. Write ./NAME for a file named like a subcommand
    #[arg(value_name = "CAPTURE", required = true)]
    pub(super) captures: Vec<PathBuf>,

    /// Only flows of this server (10.0.0.5, 10.0.0.5:443, [2001:db8::1]:443, 10.0.0.0/8 or :443)
    #[arg(long, value_name = "ADDR[:PORT]", help_heading = WHICH)]
    pub(super) server: Option<String>,

    /// Only flows with this endpoint as client or server; given twice, flows that have both
    #[arg(long, value_name = "ADDR[:PORT]", help_heading = WHICH)]
    pub(super) endpoint: Vec<String>,

    /// Only flows alive at this time or later
    #[arg(long, value_name = "TIME", help_heading = WHICH)]
    pub(super) from: Option<String>,

    /// Only flows alive at this time or earlier
    #[arg(long, value_name = "TIME", help_heading = WHICH)]
    pub(super) to: Option<String>,

    /// Only flows alive within so many seconds of this time [default: ±60]; +- works for ±, too
    #[arg(long, value_name = "TIME[±SECONDS]", help_heading = WHICH)]
    pub(super) around: Option<String>,

    /// Only the flow that this log line or error is about; if there is none, says what is missing
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = WHICH)]
    pub(super) log_line: Option<String>,

    /// Only the flow with this number in the report
    #[arg(long, value_name = "N", value_parser = number, conflicts_with = "frame", help_heading = WHICH)]
    pub(super) flow: Option<u64>,

    /// Only the flow that this frame belongs to
    #[arg(long, value_name = "N", value_parser = number, help_heading = WHICH)]
    pub(super) frame: Option<u64>,

    /// Only flows with this verdict: any reset, harmful, undetermined, a sender (client, server, middlebox, unknown) or a
    /// cause; given twice, flows with either
    #[arg(long, value_name = "WHAT", help_heading = WHICH)]
    pub(super) only: Vec<Kind>,

    /// Only packets that pass this filter, in the syntax of tcpdump
    #[arg(long, value_name = "EXPRESSION", hide = cfg!(not(feature = "live")), help_heading = WHICH)]
    pub(super) bpf: Option<String>,

    /// How the report is written: table, json, ndjson, markdown, html or csv [default: by the ending of --output, else
    /// table]
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(OutputFormat::names()), hide_possible_values = true, help_heading = REPORT)]
    pub(super) format: Option<String>,

    /// Write the report to this file instead of standard output
    #[arg(long, value_name = "FILE", help_heading = REPORT)]
    pub(super) output: Option<PathBuf>,

    /// Write the frames of the reported flows to this pcapng file, with a comment on each that decides something
    #[arg(long, value_name = "FILE", conflicts_with = "summary", help_heading = REPORT)]
    pub(super) write_evidence: Option<PathBuf>,

    /// Write only the first and last N frames of each flow, and the deciding ones
    #[arg(long, value_name = "N", requires = "write_evidence", help_heading = REPORT)]
    pub(super) evidence_frames: Option<u64>,

    /// Write only the first N bytes of each segment's data
    #[arg(long, value_name = "N", requires = "write_evidence", help_heading = REPORT)]
    pub(super) payload_bytes: Option<u32>,

    /// Rename addresses, names and files, and blank all data, in the report and the evidence
    #[arg(long, help_heading = REPORT)]
    pub(super) anonymize: bool,

    /// Give the same names in every run with this file, which is made if it is missing
    #[arg(long, value_name = "FILE", requires = "anonymize", help_heading = REPORT)]
    pub(super) anonymize_key_file: Option<PathBuf>,

    /// Overwrite the files of --output and --write-evidence if they exist
    #[arg(long, help_heading = REPORT)]
    pub(super) force: bool,

    /// Show only the summary
    #[arg(long, conflicts_with = "all_flows", help_heading = REPORT)]
    pub(super) summary: bool,

    /// Report every flow, even those that ended well
    #[arg(long, help_heading = REPORT)]
    pub(super) all_flows: bool,

    /// Show and read times in this machine's zone instead of UTC; json, ndjson, csv and html stay UTC
    #[arg(long, help_heading = REPORT)]
    pub(super) local_time: bool,

    /// Colour the table: auto, always or never. NO_COLOR and TERM=dumb turn auto off
    #[arg(long, value_name = "WHEN", value_parser = PossibleValuesParser::new(["auto", "always", "never"]), default_value = "auto", hide_possible_values = true, help_heading = REPORT)]
    pub(super) color: String,

    /// State the SHA-256 of each capture file in the report
    #[arg(long, help_heading = REPORT)]
    pub(super) hash: bool,

    /// Exit with 4 if a flow ended by this sender or cause; any stands for any reset that is not benign
    #[arg(long, value_name = "WHAT", help_heading = REPORT)]
    pub(super) fail_on: Option<Kind>,

    /// Names of addresses, idle limits and devices of your site, from a TOML file (docs/knowledge.md)
    #[arg(long, value_name = "FILE", help_heading = REPORT)]
    pub(super) knowledge: Option<PathBuf>,

    /// Join this trace of a host's kernel with the capture: what the kernel says about its resets (docs/kernel-witness.md)
    #[arg(long, value_name = "FILE", help_heading = RUN)]
    pub(super) kernel_trace: Option<PathBuf>,

    /// Memory for flows and buffers, at least 64M [default: 1G]
    #[arg(long, value_name = "SIZE", help_heading = RUN)]
    pub(super) memory: Option<String>,

    /// Number of threads [default: what the machine has]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub(super) threads: Option<String>,

    /// Print nothing on standard error but why it stopped
    #[arg(long, conflicts_with = "verbose", help_heading = RUN)]
    pub(super) quiet: bool,

    /// Say on standard error what is being done
    #[arg(long, help_heading = RUN)]
    pub(super) verbose: bool,

    /// Print the manual page (man), or completions for bash, zsh, fish, powershell or elvish
    #[arg(long, value_name = "WHAT", value_parser = PossibleValuesParser::new(super::generate::KINDS), hide_possible_values = true, exclusive = true, help_heading = RUN)]
    pub(super) generate: Option<String>,

    /// What stood in front of the captures
    #[arg(skip)]
    pub(super) command: Command,

    /// Print this help
    #[arg(long, short, action = ArgAction::HelpShort, help_heading = RUN)]
    help: Option<bool>,

    /// Print the version; with --verbose also libpcap's
    #[arg(long, short = 'V', action = ArgAction::Version, help_heading = RUN)]
    version: Option<bool>,
}

const WHICH: &str = "Which flows";
const REPORT: &str = "Report";
const RUN: &str = "Run";

/// The number of a flow or a frame.
fn number(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|&number: &u64| number > 0);
    number.ok_or_else(|| format!("`{text}` is no number of a flow or frame: those count from 1"))
}

/// The jobs: clap knows only of options.
pub(super) fn commands() -> String {
    format!(
        "  analyze     How every connection in captures ended; may be left out
  show        One flow, segment by segment, with the evidence beside it
  compare     What captures at several points of one path prove together
{}  explain     What a cause or an error means, and what to do about it",
        live::COMMANDS
    )
}

fn template() -> String {
    format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\nCommands:\n{}\n\n{{all-args}}{{after-help}}",
        commands()
    )
}

fn after_help() -> String {
    format!(
        "\
TIME is 2026-11-21T10:26:00Z, \"2026-11-21 10:26:00.123\", 10:26:05 (on the day of
the capture), 2026-11-21 or seconds since 1970; without a zone it is UTC.

Examples:
  tcpautopsy a.pcapng
  tcpautopsy a.pcap --log-line 'read tcp 10.0.0.1:51812->10.0.0.5:443: reset'
  tcpautopsy a.pcap --server 10.0.0.5:443 --around 10:26:00±30
  tcpautopsy show a.pcap --flow 3
  tcpautopsy compare client.pcap server.pcap
  tcpautopsy ring.pcap0 ring.pcap1 --output report.html
  tcpdump -i eth0 -w - tcp | tcpautopsy -
{}  tcpautopsy explain 'connection reset by peer'

Exit codes:
  0 analysed; 1 nothing could be analysed; 2 wrong usage;
  3 analysed, but some input was damaged or missing; 4 --fail-on found something

docs/cli.md explains every option.",
        live::EXAMPLE
    )
}

/// The name of the main job, which may be left out.
pub(super) const ANALYZE: &str = "analyze";

/// The name of the subcommand that compares captures of several points.
pub(super) const COMPARE: &str = "compare";

/// The name of the subcommand that tells a flow segment by segment.
pub(super) const SHOW: &str = "show";

impl Definition {
    /// The options that shape a report, as typed: not where it goes, how it looks, or how fast it is made.
    pub(super) fn shaping(&self) -> Vec<String> {
        let number = |value: Option<u64>| value.map(|value| value.to_string());
        let valued = [
            ("server", self.server.clone()),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            ("around", self.around.clone()),
            ("log-line", self.log_line.clone()),
            ("flow", number(self.flow)),
            ("frame", number(self.frame)),
            ("bpf", self.bpf.clone()),
            ("kernel-trace", self.kernel_trace.as_ref().map(|path| path.display().to_string())),
            ("memory", self.memory.clone()),
            ("knowledge", self.knowledge.as_ref().map(|path| path.display().to_string())),
        ];
        let flags = [("all-flows", self.all_flows), ("summary", self.summary), ("anonymize", self.anonymize)];
        let endpoints = self.endpoint.iter().map(|endpoint| format!("--endpoint {endpoint}"));
        let only = self.only.iter().map(|kind| format!("--only {}", kind.name()));
        let valued = valued.into_iter().filter_map(|(name, value)| Some(format!("--{name} {}", value?)));
        endpoints
            .chain(valued)
            .chain(only)
            .chain(flags.into_iter().filter(|(_, set)| *set).map(|(name, _)| format!("--{name}")))
            .collect()
    }

    /// Takes the name of the job out of the captures.
    pub(super) fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut definition = Self::try_parse_from(args)?;
        let job = definition.captures.first().map(|first| first.as_os_str().to_owned());
        if let Some(command) = [
            (ANALYZE, Command::Analyze),
            ("analyse", Command::Analyze),
            (SHOW, Command::Show),
            (COMPARE, Command::Compare),
        ]
        .into_iter()
        .find_map(|(name, command)| (job.as_deref()? == name).then_some(command))
        {
            definition.command = command;
            definition.captures.remove(0);
        }
        Ok(definition)
    }
}
