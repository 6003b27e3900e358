//! The program as a user meets it: exit codes, what goes where, and answers to what was asked for.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use crate::support::program::{program, report, run, run_with_input, scratch};

const RESET: &str = "samples/reset_unread_data/capture.pcap";
const REFUSED: &str = "samples/refused/capture.pcap";
const AFTER_FIN: &str = "samples/reset_after_fin/capture.pcap";
const GRACEFUL: &str = "samples/graceful/capture.pcap";
const UNANSWERED: &str = "samples/unanswered_syn/capture.pcap";
/// Four connections of 192.0.2.10 with 198.51.100.20:8080 around 10:58:43, of which 40021 and 40023 were reset.
const SEVERAL: &str = "samples/server_killed/capture.pcap";

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn code(arguments: &[&str], expected: i32) -> Output {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(expected), "{arguments:?}\n{}{}", out(&output), err(&output));
    output
}

/// A sample whose last record lacks its last octets.
fn damaged(folder: &Path, name: &str) -> PathBuf {
    let whole = std::fs::read(RESET).expect("a sample");
    let file = folder.join(name);
    std::fs::write(&file, &whole[..whole.len() - 5]).expect("a file");
    file
}

#[test]
fn exit_codes_say_how_it_went() {
    let folder = scratch("program-codes");
    let damaged = damaged(&folder, "cut.pcap");
    let damaged = damaged.to_str().expect("a path");
    for arguments in [&[RESET] as &[_], &["analyze", GRACEFUL], &[GRACEFUL, RESET], &["--help"], &["--version"]] {
        code(arguments, 0);
    }
    for arguments in [&["missing.pcap"] as &[_], &["Cargo.toml"], &["samples"], &["missing.pcap", "Cargo.toml"]] {
        code(arguments, 1);
    }
    for arguments in [&[] as &[&str], &["analyze"], &["--fromat", RESET], &["--bpf", "tcp prt 80", RESET], &["-", "-"]]
    {
        code(arguments, 2);
    }
    for arguments in [&[damaged] as &[_], &[RESET, damaged], &[RESET, "missing.pcap"], &["Cargo.toml", RESET]] {
        code(arguments, 3);
    }
    // After both FINs, but the client's last bytes were lost.
    for capture in [RESET, REFUSED, AFTER_FIN] {
        code(&["--fail-on", "any", capture], 4);
    }
    for benign in [GRACEFUL, UNANSWERED] {
        code(&["--fail-on", "any", benign], 0);
    }
}

#[test]
fn the_first_of_2_1_4_and_3_is_the_one() {
    let folder = scratch("program-precedence");
    let damaged = damaged(&folder, "cut.pcap");
    let damaged = damaged.to_str().expect("a path");
    let existing = folder.join("report.json");
    std::fs::write(&existing, "precious").expect("a file");
    code(&["missing.pcap", "--output", existing.to_str().expect("a path")], 2);
    code(&["missing.pcap", "--format", "xml"], 2);
    code(&["missing.pcap", "--fail-on", "any"], 1);
    // What was cut off is the reset.
    code(&[damaged, "--fail-on", "any"], 3);
    code(&[damaged, REFUSED, "--fail-on", "any"], 4);
    code(&["missing.pcap", RESET, "--fail-on", "any"], 4);
}

#[test]
fn fail_on_looks_at_the_flows_that_were_asked_for() {
    code(&[SEVERAL, "--fail-on", "any"], 4);
    code(&[SEVERAL, "--fail-on", "any", "--endpoint", "192.0.2.10:40021"], 4);
    code(&[SEVERAL, "--fail-on", "any", "--endpoint", "192.0.2.10:40020"], 0);
    code(&[SEVERAL, "--fail-on", "any", "--endpoint", "192.0.2.99"], 0);
}

#[test]
fn a_capture_given_twice_is_told() {
    let twice = code(&[RESET, "samples/../samples/reset_unread_data/capture.pcap"], 0);
    assert_eq!(err(&twice).matches("is given twice: each of its packets").count(), 1, "{}", err(&twice));
    assert_eq!(err(&code(&[RESET, REFUSED], 0)), "");
}

#[test]
fn help_may_be_asked_for_as_a_subcommand() {
    assert_eq!(out(&code(&["help"], 0)), out(&code(&["--help"], 0)));
}

#[test]
fn fail_on_takes_causes_and_senders() {
    for (what, exit) in
        [("refused_no_listener", 4), ("server", 4), ("harmful", 4), ("middlebox", 0), ("process_killed", 0)]
    {
        for more in [&[][..], &["--summary"]] {
            code(&[&[REFUSED, "--fail-on", what], more].concat(), exit);
        }
    }
    code(&[SEVERAL, "--only", "middlebox", "--fail-on", "any"], 0);
}

#[test]
fn only_keeps_the_flows_with_a_verdict() {
    let only = |kinds: &[&str]| {
        let wanted: Vec<&str> = kinds.iter().flat_map(|kind| ["--only", *kind]).collect();
        let told = report(&code(&[&[REFUSED, SEVERAL, AFTER_FIN, "--format", "json"], &wanted[..]].concat(), 0));
        let summary =
            report(&code(&[&[REFUSED, SEVERAL, AFTER_FIN, "--format", "json", "--summary"], &wanted[..]].concat(), 0));
        assert_eq!((&told["summary"], &told["selection"]), (&summary["summary"], &summary["selection"]), "{kinds:?}");
        told
    };
    let all = only(&[]);
    assert!(all["selection"].is_null());
    let flows = |report: &serde_json::Value| report["flows"].as_array().expect("flows").clone();
    let cause = |flow: &serde_json::Value| flow["diagnosis"]["cause"].as_str().unwrap_or_default().to_owned();
    let causes: std::collections::BTreeSet<String> = flows(&all).iter().map(cause).collect();
    assert!(causes.len() > 2, "{causes:?}");
    for one in &causes {
        let told = only(&[one.as_str()]);
        let expected: Vec<_> = flows(&all).into_iter().filter(|flow| cause(flow) == *one).collect();
        assert_eq!(flows(&told), expected, "{one}");
        assert_eq!(told["selection"]["flows"], expected.len());
        assert_eq!(told["selection"]["criteria"], serde_json::json!([format!("verdict {one}")]));
        assert_eq!(told["summary"]["causes"], serde_json::json!({ one: expected.len() }));
    }
    let two: Vec<&str> = causes.iter().take(2).map(String::as_str).collect();
    let either = flows(&only(&two));
    assert!(!either.is_empty() && either.iter().all(|flow| two.contains(&&*cause(flow))));
    assert!(flows(&only(&["middlebox"])).is_empty());
    let harmful = flows(&only(&["harmful"]));
    assert_eq!(
        harmful,
        flows(&all)
            .into_iter()
            .filter(|flow| flow["benign"].is_null() && flow["resets"] != serde_json::json!([]))
            .collect::<Vec<_>>()
    );
    let table = out(&code(&[REFUSED, SEVERAL, "--only", "middlebox"], 0));
    assert!(table.starts_with("None of 5 flows on") && table.contains("matches verdict middlebox"), "{table}");
}

#[test]
fn a_damaged_capture_is_reported_up_to_the_damage() {
    let folder = scratch("program-damaged");
    let file = damaged(&folder, "cut.pcap");
    let path = file.to_str().expect("a path");
    let whole = report(&code(&[RESET, "--format", "json"], 0));
    let output = code(&[path, "--format", "json", "--all-flows"], 3);
    let cut = report(&output);
    let input = &cut["capture"]["inputs"][0];
    assert_eq!(input["complete"], false);
    assert_eq!(cut["capture"]["frames"].as_u64(), whole["capture"]["frames"].as_u64().map(|frames| frames - 1));
    assert_eq!(cut["flows"][0]["teardown"], "open", "the reset was cut off");
    let (offset, reason) = (&input["problems"][0]["offset"], input["problems"][0]["reason"].as_str());
    let reason = reason.expect("a reason");
    let warning = err(&output);
    assert_eq!(warning, format!("tcpautopsy: warning: {path}: {reason} (at offset {offset})\n"));
    assert!(reason.contains("ends within a record"), "{reason}");
    let table = out(&code(&[path], 3));
    assert!(table.contains(&format!("- {path} is damaged at byte {offset}: {reason}.")), "{table}");
}

#[test]
fn one_bad_file_among_several_is_named_and_skipped() {
    let output = code(&["missing.pcap", RESET, "--format", "json"], 3);
    assert_eq!(err(&output), "tcpautopsy: warning: cannot read missing.pcap: No such file or directory\n");
    let report = report(&output);
    assert_eq!(report["capture"]["skipped_inputs"][0]["path"], "missing.pcap");
    assert_eq!(report["capture"]["inputs"][0]["path"], RESET);
    assert_eq!(report["summary"]["teardown"]["reset"], 1);
    assert!(out(&code(&["missing.pcap", RESET], 3)).contains("- missing.pcap was skipped: "));
}

#[test]
fn nothing_readable_is_one_line() {
    let folder = scratch("program-nothing");
    let report = folder.join("report.json");
    let output = code(&["missing.pcap", "--quiet", "--output", report.to_str().expect("a path")], 1);
    assert_eq!(
        (out(&output), err(&output).as_str()),
        (String::new(), "tcpautopsy: cannot read missing.pcap: No such file or directory\n")
    );
    assert!(!report.exists(), "a report of nothing");
    let output = run_with_input(&["-"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(err(&output).lines().count(), 1, "{}", err(&output));
    assert!(err(&output).contains("standard input is empty"), "{}", err(&output));
}

#[test]
fn a_report_replaces_a_file_only_by_force() {
    let folder = scratch("program-output");
    let file = folder.join("report.json");
    let path = file.to_str().expect("a path");
    let output = code(&[RESET, "--output", path], 0);
    assert_eq!((out(&output), err(&output)), (String::new(), String::new()));
    let first = std::fs::read_to_string(&file).expect("a report");
    assert_eq!(first, out(&code(&[RESET, "--format", "json"], 0)), "the ending says the format");
    let output = code(&[GRACEFUL, "--output", path], 2);
    assert!(err(&output).contains("add --force"), "{}", err(&output));
    assert_eq!(std::fs::read_to_string(&file).expect("a report"), first);
    code(&["missing.pcap", "--output", path, "--force"], 1);
    assert_eq!(std::fs::read_to_string(&file).expect("a report"), first, "lost for nothing");
    code(&[GRACEFUL, "--output", path, "--force"], 0);
    assert_ne!(std::fs::read_to_string(&file).expect("a report"), first);
}

#[test]
fn a_capture_is_never_the_output() {
    let folder = scratch("program-output-input");
    let capture = folder.join("capture");
    std::fs::copy(RESET, &capture).expect("a copy");
    let path = capture.to_str().expect("a path");
    let output = code(&[GRACEFUL, path, "--output", path, "--force"], 2);
    assert!(err(&output).contains("is one of the captures"), "{}", err(&output));
    assert_eq!(std::fs::read(&capture).expect("a capture"), std::fs::read(RESET).expect("a sample"));
}

#[test]
fn a_closed_pipe_is_a_normal_end() {
    for arguments in [&[RESET] as &[_], &[RESET, "--format", "json"], &["--help"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = program().args(arguments).stdin(Stdio::null()).stdout(writer).output().expect("it starts");
        assert_eq!((output.status.code(), err(&output)), (Some(0), String::new()), "{arguments:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_a_failure() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let output = program().arg(RESET).stdin(Stdio::null()).stdout(full).output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).starts_with("tcpautopsy: cannot write to standard output: No space left"), "{}", err(&output));
}

#[test]
fn quiet_is_quiet_and_verbose_tells() {
    let folder = scratch("program-quiet");
    let file = damaged(&folder, "cut.pcap");
    let path = file.to_str().expect("a path");
    let output = code(&[path, "--quiet"], 3);
    assert_eq!(err(&output), "");
    assert!(out(&output).contains("is damaged at byte"), "the report still says it");
    let told = err(&code(&[RESET, "--verbose"], 0));
    assert!(told.contains(&format!("{RESET}: pcap, EN10MB, 6 frames")), "{told}");
    assert!(told.contains("TCP segments: 6; flows: 1"), "{told}");
}

#[test]
fn a_hostile_file_name_reaches_no_terminal() {
    let folder = scratch("program-hostile");
    let file = damaged(&folder, "a\u{1b}[2Jb\u{202e}.pcap");
    let path = file.to_str().expect("a path");
    for arguments in
        [&[path] as &[_], &[path, "--verbose"], &["missing\u{1b}]0;owned\u{7}.pcap", RESET], &["\u{1b}[31m"]]
    {
        let output = run(arguments);
        for text in [out(&output), err(&output)] {
            assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        }
    }
    assert!(err(&run([path])).contains("a\\u{1b}[2Jb\\u{202e}.pcap"), "{}", err(&run([path])));
}

/// Asks for flows of a capture: how many there are, and what is said about that, in the table as in JSON.
#[track_caller]
fn ask(capture: &str, arguments: &[&str], flows: u64, note: Option<&str>) {
    let json = report(&code(&[&[capture, "--format", "json"], arguments].concat(), 0));
    let selection = &json["selection"];
    assert_eq!(selection["flows"], flows, "{arguments:?}: {selection}");
    let table = out(&code(&[&[capture], arguments].concat(), 0));
    let Some(part) = note else {
        assert!(selection["note"].is_null(), "{arguments:?}: {selection}");
        return;
    };
    let said = selection["note"].as_str().unwrap_or_default();
    assert!(said.contains(part), "{arguments:?}: {said}");
    let shown = format!("{}{}", said[..1].to_uppercase(), &said[1..]);
    assert!(table.contains(&shown), "{arguments:?}: {table}");
}

#[test]
fn flows_are_found_by_endpoint() {
    ask(SEVERAL, &["--endpoint", "192.0.2.10:40021"], 1, None);
    ask(SEVERAL, &["--endpoint", "192.0.2.10"], 4, None);
    ask(SEVERAL, &["--endpoint", "192.0.2.10:40021", "--endpoint", "198.51.100.20:8080"], 1, None);
    ask(SEVERAL, &["--server", "198.51.100.0/24"], 4, None);
    ask(SEVERAL, &["--server", ":8080"], 4, None);
    ask("samples/ipv6_reset/capture.pcap", &["--server", "[2001:db8:2::20]:8080"], 1, None);
    ask(SEVERAL, &["--endpoint", "192.0.2.10:40099"], 0, Some("it has 192.0.2.10:40020"));
    ask(SEVERAL, &["--endpoint", "203.0.113.1"], 0, Some("it has flows of 198.51.100.20:8080"));
    ask(SEVERAL, &["--server", "192.0.2.10"], 0, Some("there it is a client"));
    ask(SEVERAL, &["--server", ":443"], 0, Some("no flow of the server :443"));
    let two = ["--endpoint", "192.0.2.10:40021", "--endpoint", "192.0.2.10:40022"];
    ask(SEVERAL, &two, 0, Some("no flow that has 192.0.2.10:40022 is left"));
}

#[test]
fn flows_are_found_by_time() {
    ask(SEVERAL, &["--around", "10:58:43"], 4, None);
    ask(SEVERAL, &["--around", "2026-11-21T11:58:43+01:00±0.5"], 4, None);
    ask(SEVERAL, &["--from", "10:58", "--to", "10:58"], 4, None);
    ask(SEVERAL, &["--from", "2026-11-21"], 4, None);
    ask(SEVERAL, &["--from", "11:30"], 0, Some("the capture ends 31 min before 11:30"));
    ask(SEVERAL, &["--to", "10:00"], 0, Some("the capture starts"));
    ask(SEVERAL, &["--to", "2026-11-20"], 0, Some("the capture starts 11.0 h after 2026-11-20"));
    ask(SEVERAL, &["--around", "12:58:43"], 0, Some("if its zone is UTC+2"));
    let reversed = ["--from", "2026-11-21T11:00:00Z", "--to", "2026-11-21T10:00:00Z"];
    ask(SEVERAL, &reversed, 0, Some("of --to lies before"));
}

#[test]
fn flows_are_found_by_log_line() {
    let go = "read tcp 192.0.2.10:40021->198.51.100.20:8080: read: connection reset by peer";
    ask(SEVERAL, &["--log-line", go], 1, None);
    ask(SEVERAL, &["--log-line", &format!("2026/11/21 10:58:43 {go}")], 1, None);
    ask(SEVERAL, &["--log-line", "2026-11-21T10:58:43Z upstream went away"], 2, None);
    let translated = "read tcp 10.0.0.1:40021->198.51.100.20:8080: read: connection reset by peer";
    ask(SEVERAL, &["--log-line", translated], 0, Some("of 198.51.100.20:8080 it has 192.0.2.10:40020 -> "));
    let other_port = "read tcp 192.0.2.10:50000->198.51.100.20:8080: read: connection reset by peer";
    ask(SEVERAL, &["--log-line", other_port], 0, Some("between the two addresses it has"));
    let elsewhere = "dial tcp 203.0.113.7:443: connect: connection refused";
    ask(SEVERAL, &["--log-line", elsewhere], 0, Some("no flow of 203.0.113.7:443"));
    ask(SEVERAL, &["--log-line", "ECONNREFUSED db.example:5432"], 0, Some("no flow of a server with port 5432"));
    ask(SEVERAL, &["--log-line", "reset by shop.example:8080"], 2, Some("a capture has no names"));
    let later = "2026-11-21T11:58:43 read tcp 192.0.2.10:40021->198.51.100.20:8080: reset";
    ask(SEVERAL, &["--log-line", later], 1, Some("if its zone is UTC+1"));
    let quiet = "2026-11-21T10:58:27Z upstream went away";
    ask(GRACEFUL, &["--log-line", quiet], 0, Some("no flow was reset or ended badly"));
    let output = code(&[SEVERAL, "--log-line", "hello"], 2);
    assert!(err(&output).contains("no address, port or time"), "{}", err(&output));
}

#[test]
fn a_flow_of_a_log_line_is_shown_however_it_ended() {
    let line = "read tcp 192.0.2.10:40020->198.51.100.20:8080: i/o timeout";
    let output = code(&[SEVERAL, "--log-line", line], 0);
    assert!(out(&output).contains("192.0.2.10:40020"), "{}", out(&output));
    assert!(out(&output).contains("It was not reset."), "{}", out(&output));
}

#[cfg(feature = "live")]
#[test]
fn a_filter_hides_packets_and_the_report_says_so() {
    let json = report(&code(&[SEVERAL, "--bpf", "tcp port 40021", "--format", "json"], 0));
    let capture = &json["capture"];
    assert_eq!((&capture["flows"], &capture["bpf"]), (&1.into(), &"tcp port 40021".into()));
    assert_eq!(json["flows"][0]["resets"][0]["frames"], serde_json::json!([27]), "frames keep their numbers");
    let hidden = capture["filtered_frames"].as_u64().expect("a number");
    assert_eq!(hidden + capture["tcp_segments"].as_u64().expect("a number"), 32);
    let table = out(&code(&[SEVERAL, "--bpf", "tcp port 40021"], 0));
    assert!(table.contains("Only frames that pass the filter \"tcp port 40021\" were looked at"), "{table}");
    let table = out(&code(&[SEVERAL, "--bpf", "udp"], 0));
    assert!(table.starts_with("None of 32 frames"), "{table}");
}

#[test]
fn a_summary_has_no_rows() {
    let full = report(&code(&[SEVERAL, "--format", "json"], 0));
    let summary = report(&code(&[SEVERAL, "--format", "json", "--summary"], 0));
    assert_eq!((&summary["summary"], &summary["capture"]), (&full["summary"], &full["capture"]));
    assert_eq!(summary["flows"], serde_json::json!([]));
    let table = out(&code(&[SEVERAL, "--summary"], 0));
    assert!(table.starts_with("4 flows") && !table.contains("192.0.2.10"), "{table}");
}

#[test]
fn local_time_is_for_people() {
    // A zone that needs no database: two hours east of Greenwich.
    let local = |arguments: &[&str]| {
        let output = program().env("TZ", "EET-2").args(arguments).stdin(Stdio::null()).output().expect("it starts");
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        out(&output)
    };
    assert!(local(&[RESET]).contains("10:58:42.366Z"));
    let table = local(&[RESET, "--local-time"]);
    assert!(table.contains("12:58:42.366+02:00"), "{table}");
    assert!(local(&[SEVERAL, "--local-time", "--around", "12:58:43±5"]).starts_with("4 of 4 flows"));
    assert!(local(&[SEVERAL, "--local-time", "--around", "10:58:43±5"]).starts_with("None of 4 flows"));
    let json = ["--format", "json", RESET];
    assert_eq!(local(&[&json as &[_], &["--local-time"]].concat()), local(&json), "JSON stays UTC");
}

#[test]
fn the_least_memory_will_do() {
    assert_eq!(out(&code(&[SEVERAL, "--memory", "64M"], 0)), out(&code(&[SEVERAL], 0)));
    assert!(err(&code(&[SEVERAL, "--memory", "63M"], 2)).contains("the least is 64M"));
}

#[test]
fn colour_is_for_terminals_and_for_whoever_asks() {
    assert!(!out(&run([RESET])).contains('\u{1b}'));
    assert!(out(&run([RESET, "--color", "always"])).contains('\u{1b}'));
    let no_color = |arguments: &[&str]| {
        out(&program().env("NO_COLOR", "1").args(arguments).stdin(Stdio::null()).output().expect("it starts"))
    };
    assert!(!no_color(&[RESET]).contains('\u{1b}'));
}

#[test]
fn a_pipe_sees_no_progress() {
    let capture = std::fs::read(RESET).expect("a sample");
    let mut child = program()
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(&capture[..100]).expect("it reads");
    // Longer than the patience after which a terminal would see a bar.
    std::thread::sleep(Duration::from_millis(800));
    stdin.write_all(&capture[100..]).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), err(&output)), (Some(0), String::new()));
    assert_eq!(out(&output), out(&run([RESET])));
}

/// A file that another process cuts short while the program is in the middle of it: it must not die without a word.
#[cfg(target_os = "linux")]
#[test]
fn a_capture_that_is_cut_short_under_the_program_ends_it_with_a_word() {
    let folder = scratch("program-cut-short");
    let record = |seconds: u32, octets: u32| {
        let words = [seconds, 0, octets, octets];
        [words.map(u32::to_le_bytes).concat(), vec![0; octets as usize]].concat()
    };
    let header = std::fs::read(GRACEFUL).expect("a sample")[..24].to_vec();
    let file = folder.join("cut.pcap");
    let late: Vec<u8> = (0..50).flat_map(|_| record(10, 60_000)).collect();
    std::fs::write(&file, [header.clone(), record(0, 60), late].concat()).expect("a capture");
    let mut child = program()
        .args(["-".as_ref(), file.as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // The pipe's frame comes between those of the file, so that the program waits for its next one with the file mapped.
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(&[header, record(5, 60)].concat()).expect("the program reads");
    let maps = format!("/proc/{}/maps", child.id());
    let is_mapped = || std::fs::read_to_string(&maps).is_ok_and(|maps| maps.contains("cut.pcap"));
    // For a moment it is mapped before, to find out when it begins.
    let mut seen = 0;
    while seen < 40 {
        assert!(child.try_wait().expect("a child").is_none(), "it ended before the file was cut");
        std::thread::sleep(Duration::from_millis(5));
        seen = if is_mapped() { seen + 1 } else { 0 };
    }
    std::fs::File::options().write(true).open(&file).and_then(|file| file.set_len(4096)).expect("a shorter file");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1), "{:?}", output.status);
    assert!(err(&output).contains("cut short"), "{}", err(&output));
    assert!(out(&output).is_empty());
}

#[cfg(not(feature = "live"))]
#[test]
fn without_libpcap_what_takes_it_is_refused_in_one_line_with_the_way_out() {
    for arguments in [&["live", "eth0"][..], &["live", "-"], &["interfaces"], &["--bpf", "tcp", RESET]] {
        let said = String::from_utf8_lossy(&code(arguments, 2).stderr).into_owned();
        assert!(said.starts_with("tcpautopsy: ") && said.lines().count() == 1, "{arguments:?}: {said}");
        assert!(said.contains("built without") && said.contains("`live`"), "{arguments:?}: {said}");
    }
    let help = out(&code(&["--help"], 0));
    assert!(!help.contains("tcpautopsy live") && !help.contains("--bpf"), "{help}");
    assert!(out(&code(&["--version", "--verbose"], 0)).contains("features: none"));
}
