//! What a person sees: terminals of any width, with colours and without, and outputs that end too early.
//!
//! Python's standard library makes the terminals; without it these tests say so and are skipped.
#![cfg(unix)]

use std::fs::OpenOptions;
use std::process::{Command, Output};

use crate::support::has;
use crate::support::program::{program, run};

const RESET: &str = "samples/forged_reset/capture.pcap";
const SEVERAL: &str = "samples/server_killed/capture.pcap";

/// What the program writes to a terminal of so many columns; none where nothing can make one.
fn on_a_terminal(columns: usize, variables: &[(&str, &str)], arguments: &[&str]) -> Option<String> {
    if !has("python3") {
        return None;
    }
    let output = Command::new("python3")
        .args(["tests/terminal/terminal.py", &columns.to_string(), env!("CARGO_BIN_EXE_tcpautopsy")])
        .args(arguments)
        .env_remove("NO_COLOR")
        .env("TERM", "xterm-256color")
        .envs(variables.iter().copied())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("python3");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

/// The text without SGR sequences.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.map(|part| part.split_once('m').map_or("", |(_, rest)| rest)).collect::<String>()
}

#[test]
fn everything_fits_windows_of_any_width() {
    let commands: [&[&str]; 6] = [
        &[RESET],
        &[SEVERAL, "--all-flows"],
        &["show", RESET, "--flow", "1"],
        &["compare", "samples/two_captures/capture.pcap", "samples/two_captures/server.pcap"],
        &["explain", "closed_with_unread_data"],
        &["explain", "capturing"],
    ];
    for columns in [40, 60, 80, 120, 200] {
        for command in commands {
            let Some(text) = on_a_terminal(columns, &[], command) else { return };
            for line in plain(&text).lines() {
                // What cannot be broken without harm: filters to be copied, paths, code, tables of pages.
                let is_whole = line.starts_with("Wireshark filter: ") || !line.trim().contains(' ');
                let of_page = command[0] == "explain" && (line.starts_with(['|', '#']) || is_code(line));
                assert!(
                    line.chars().count() <= columns || is_whole || of_page,
                    "{columns} columns, {command:?}: {line}"
                );
            }
        }
    }
}

/// A line of a trace, or a command of a page.
fn is_code(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_digit())
        || ["c ", "s ", "sudo ", "tcpdump ", "ssh "].iter().any(|it| line.starts_with(it))
}

#[test]
fn a_window_changes_lines_and_no_words() {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let Some(narrow) = on_a_terminal(40, &[], &["explain", "stale_keepalive_reuse"]) else { return };
    let piped = run(["explain", "stale_keepalive_reuse"]);
    assert_eq!(words(&narrow), words(&String::from_utf8_lossy(&piped.stdout)));
    let wide = on_a_terminal(200, &[], &["explain", "stale_keepalive_reuse"]).expect("as before");
    assert!(narrow.lines().count() > wide.lines().count());
}

#[test]
fn colours_are_for_terminals_that_know_them() {
    for (variables, arguments, expected) in [
        (&[][..], &[RESET][..], true),
        (&[("NO_COLOR", "")], &[RESET], true),
        (&[("NO_COLOR", "1")], &[RESET], false),
        (&[("TERM", "dumb")], &[RESET], false),
        (&[("TERM", "dumb")], &["show", RESET, "--flow", "1"], false),
        (&[], &["show", RESET, "--flow", "1"], true),
        (&[], &[RESET, "--color", "never"], false),
    ] {
        let Some(text) = on_a_terminal(80, variables, arguments) else { return };
        assert_eq!(text.contains('\u{1b}'), expected, "{variables:?} {arguments:?}");
        // Dark and pale colours cannot be read on grounds of their kind: none but bright red and magenta are used.
        for sequence in text.split("\u{1b}[").skip(1).filter_map(|part| part.split_once('m')).map(|(codes, _)| codes) {
            assert!(["", "0", "1", "39", "91", "95", "38;5;9", "38;5;13"].contains(&sequence), "{sequence}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_output_that_takes_nothing_is_an_error() {
    let all: [&[&str]; 5] = [&[RESET], &["explain"], &["--help"], &["show", RESET, "--flow", "1"], &["interfaces"]];
    // The last one takes libpcap.
    let here = if cfg!(feature = "live") { all.len() } else { all.len() - 1 };
    for arguments in all.into_iter().take(here) {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let Output { status, stderr, .. } = program().args(arguments).stdout(full).output().expect("it starts");
        let told = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(1), "{arguments:?}: {told}");
        assert!(
            told.starts_with("tcpautopsy: cannot write to standard output: No space left"),
            "{arguments:?}: {told}"
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_a_normal_end() {
    for arguments in ["samples/server_killed/capture.pcap --format json", "explain", "--help", "--generate man"] {
        let line = format!("{{ {} {arguments}; echo $? >&2; }} | true", env!("CARGO_BIN_EXE_tcpautopsy"));
        let output =
            Command::new("sh").args(["-c", &line]).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "0\n", "{arguments}");
    }
}

#[test]
fn standard_input_that_is_no_capture_is_named() {
    for (input, part) in
        [("</dev/null", "standard input is empty"), ("</", "cannot read standard input"), ("<&-", "standard input")]
    {
        let line = format!("{} - {input}", env!("CARGO_BIN_EXE_tcpautopsy"));
        let output = Command::new("sh").args(["-c", &line]).output().expect("a shell");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{input}: {told}");
        assert!(told.starts_with("tcpautopsy: ") && told.contains(part), "{input}: {told}");
    }
}
