//! What the command line takes and refuses, and that docs/cli.md says the same.

use clap::CommandFactory;
use jiff::tz::{Offset, TimeZone};

use super::*;
use crate::causes::Cause;
use crate::report::Sender;

/// Parses a command line as a shell would split it; the machine is in Berlin's winter.
fn parse_line(line: &[&str]) -> Result<Options, Answer> {
    let args = ["tcpautopsy"].iter().chain(line).map(OsString::from);
    parse_with(args, || Ok(TimeZone::fixed(Offset::constant(1))))
}

fn refused(line: &[&str]) -> String {
    let answer = parse_line(line).unwrap_err();
    assert_eq!(answer.exit, ExitCode::Usage, "{}", answer.text);
    answer.text
}

#[test]
fn the_shortest_command_takes_the_documented_defaults() {
    let options = parse_line(&["a.pcap"]).unwrap();
    assert_eq!(options.captures, [Path::new("a.pcap")]);
    assert_eq!(options.format, OutputFormat::Table);
    assert_eq!((options.memory, options.threads), (1 << 30, None));
    assert_eq!((options.color, options.verbosity), (Color::Auto, Verbosity::Normal));
    assert!(options.selection.is_everything() && options.output.is_none() && options.fail_on.is_none());
    assert_eq!(options.zone, TimeZone::UTC);
}

#[test]
fn the_name_of_the_main_job_may_be_left_out() {
    let long = parse_line(&["analyze", "a.pcap", "--format", "json", "--all-flows", "--quiet"]).unwrap();
    assert_eq!(long.captures, [Path::new("a.pcap")]);
    assert_eq!((long.format, long.all_flows, long.verbosity), (OutputFormat::Json, true, Verbosity::Quiet));
    assert_eq!(parse_line(&["--quiet", "analyze", "-"]).unwrap().captures, [Path::new(STANDARD_INPUT)]);
    assert_eq!(parse_line(&["./analyze"]).unwrap().captures, [Path::new("./analyze")]);
    assert!(refused(&["analyze"]).contains("no capture"));
}

#[test]
fn no_arguments_get_a_short_usage() {
    let text = refused(&[]);
    assert!(text.lines().count() < 10 && text.contains("--help"));
}

#[test]
fn help_and_version_are_a_success() {
    for line in [["--help"], ["-h"], ["--version"], ["-V"]] {
        assert_eq!(parse_line(&line).unwrap_err().exit, ExitCode::Success);
    }
    assert_eq!(parse_line(&["--version"]).unwrap_err().text, format!("tcpautopsy {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_format_follows_the_ending_unless_it_is_given() {
    let format = |line: &[&str]| parse_line(line).unwrap().format;
    assert_eq!(format(&["a", "--output", "r.json"]), OutputFormat::Json);
    assert_eq!(format(&["a", "--output", "r.json", "--format", "table"]), OutputFormat::Table);
    assert_eq!(format(&["a", "--output", "r.pdf", "--format", "json"]), OutputFormat::Json);
    assert_eq!(format(&["a", "--output", "r.html"]), OutputFormat::Html);
    assert_eq!(format(&["a", "--output", "r.txt"]), OutputFormat::Table);
}

#[test]
fn every_selection_is_read() {
    let options = parse_line(&[
        "a.pcap",
        "--server",
        "10.0.0.5:443",
        "--endpoint",
        "10.0.0.1",
        "--endpoint",
        ":443",
        "--from",
        "10:00",
        "--to",
        "11:00",
        "--around",
        "10:26:00±30",
        "--log-line",
        "- 10.0.0.5:443 reset by peer",
        "--bpf",
        "tcp port 443",
        "--memory",
        "2GiB",
        "--threads",
        "2",
        "--fail-on",
        "any",
        "--only",
        "middlebox",
        "--only",
        "process_killed",
    ])
    .unwrap();
    let selection = &options.selection;
    assert_eq!(selection.server, "10.0.0.5:443".parse().ok());
    assert_eq!(selection.endpoints.len(), 2);
    assert!(selection.from.is_some() && selection.to.is_some() && selection.around.is_some());
    assert_eq!(selection.log_line.as_ref().unwrap().mentions.len(), 1);
    assert_eq!((options.memory, options.threads.unwrap().get()), (2 << 30, 2));
    assert_eq!((options.bpf.as_deref(), options.fail_on), (Some("tcp port 443"), Some(Kind::Harmful)));
    assert_eq!(options.only, [Kind::Sender(Sender::Middlebox), Kind::Cause(Cause::ProcessKilled)]);
}

#[test]
fn local_time_is_the_zone_of_times_without_one() {
    let from = |line: &[&str]| parse_line(line).unwrap().selection.from.unwrap().within(None).unwrap().first;
    let utc = from(&["a", "--from", "2026-11-21 10:26:00"]);
    assert_eq!(from(&["a", "--from", "2026-11-21 11:26:00", "--local-time"]), utc);
    assert_eq!(from(&["a", "--from", "2026-11-21 10:26:00Z", "--local-time"]), utc);
}

#[test]
fn wrong_usage_is_refused_with_a_way_out() {
    for (line, part) in [
        (&["a", "--format", "pdf"][..], "[possible values: table, json, ndjson, markdown, html, csv]"),
        (&["a", "--output", "r.pdf"], ".txt, .json, .ndjson, .md, .html, .csv"),
        (&["a", "--fail-on", "idle_timeout"], "the causes that `tcpautopsy explain` lists"),
        (&["a", "--fail-on", "undetermined"], "--only takes `undetermined`"),
        (&["a", "--only", "idle_timeout"], "the causes that `tcpautopsy explain` lists"),
        (&["a", "--color", "blue"], "[possible values: auto, always, never]"),
        (&["a", "--memory", "1M"], "--memory: `1M` is too little: the least is 64M"),
        (&["a", "--threads", "0"], "from 1 to 1024"),
        (&["a", "--threads", "9999999999999999999999"], "from 1 to 1024"),
        (&["a", "--server", "example.com"], "--server: `example.com` is no IP address"),
        (&["a", "--endpoint", "443"], "write :443"),
        (&["a", "--from", "yesterday"], "--from: `yesterday` is no time"),
        (&["a", "--around", "10:26±x"], "--around: `x` is no number of seconds"),
        (&["a", "--log-line", "connection reset by peer"], "--log-line: no address, port or time in the line"),
        (&["a", "--force"], "--output"),
        (&["show", "a", "--flow", "1", "--summary"], "leave out one of the two"),
        (&["a", "--flow", "0"], "`0` is no number of a flow or frame: those count from 1"),
        (&["a", "--frame", "x"], "`x` is no number of a flow or frame: those count from 1"),
        (&["a", "--output", "-"], "without it the report goes to standard output"),
        (&["-", "-"], "only once"),
        (&["a", "--quiet", "--verbose"], "--verbose"),
        (&["a", "--summary", "--all-flows"], "--all-flows"),
        (&["a", "--anonymize-key-file", "k"], "--anonymize"),
        (&["--quiet"], "CAPTURE"),
    ] {
        let text = refused(line);
        assert!(text.contains(part), "{line:?}: {text}");
    }
}

#[test]
fn our_names_and_those_that_clap_checks_are_the_same() {
    for name in OutputFormat::names() {
        assert!(parse_line(&["a", "--format", name]).is_ok());
    }
    for name in ["auto", "always", "never"] {
        assert!(parse_line(&["a", "--color", name]).is_ok());
    }
}

/// The help as `--help` prints it to a terminal of 80 columns.
fn help() -> String {
    Definition::command().term_width(80).render_help().to_string()
}

#[test]
fn the_help_fits_eighty_columns() {
    for line in help().lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

const PAGE: &str = include_str!("../../docs/cli.md");

#[cfg(feature = "live")]
#[test]
fn the_page_shows_the_help() {
    let shown = PAGE.split("```text\n").nth(1).and_then(|rest| rest.split("\n```").next()).unwrap_or_default();
    let help = help();
    let same = |text: &str| text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(same(shown), same(&help), "docs/cli.md shows another help; this is today's:\n{help}");
}

#[test]
fn every_option_has_its_section_and_every_section_its_option() {
    let command = Definition::command();
    let mut defined: Vec<String> =
        command.get_arguments().filter_map(|argument| argument.get_long()).map(|long| format!("--{long}")).collect();
    let mut documented: Vec<String> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("### `--"))
        .map(|rest| format!("--{}", rest.split([' ', '`']).next().unwrap_or_default()))
        .collect();
    defined.sort();
    documented.sort();
    assert_eq!(documented, defined);
}
