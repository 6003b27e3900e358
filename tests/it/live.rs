//! Watching an interface or a stream: verdicts as they come, and a report that equals that of the saved capture.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::captures::{Frame, pcap};
use crate::support::program::{program, report, run, samples, scratch};
use crate::support::schema::{validate_line, validate_lines};
use crate::support::{has, skip};

const RESET: &str = "samples/abort_linger0/capture.pcap";

/// The exit status of `tests/live/play` where this machine has no rights or no namespaces for it.
const SKIPPED: i32 = 77;

/// What the option `--linger` leaves of two seconds, and a machine that has other things to do.
const OUT_WITHIN: f64 = 2.0;

/// What `tests/live/play` plays: the client's port, the cause, the sender of the first reset.
const SCENES: [(u64, &str, &str); 4] = [
    (41001, "refused_no_listener", "server"),
    (41002, "abort_linger0", "server"),
    (41003, "closed_with_unread_data", "server"),
    (41004, "injected_content_filter", "middlebox"),
];

#[test]
fn failures_of_real_sockets_are_named_as_they_happen() {
    if !has("python3") {
        return;
    }
    let folder = scratch("live-play");
    let played = Command::new("tests/live/play")
        .args([env!("CARGO_BIN_EXE_tcpautopsy"), folder.to_str().expect("a path")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let played = played.expect("python3");
    if played.status.code() == Some(SKIPPED) {
        return skip(&String::from_utf8_lossy(&played.stderr));
    }
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
    let read = |name: &str| -> Value {
        let text = std::fs::read_to_string(folder.join(name)).expect("a file");
        serde_json::from_str(&text).expect("JSON")
    };
    let log = read("events.json");
    assert_eq!(log["status"], 0, "SIGTERM is a normal end: {}", log["said"]);
    let events = log["events"].as_array().expect("events");
    events.iter().for_each(|one| validate_line(&one["event"]).expect("a valid line"));
    for (port, cause, sender) in SCENES {
        let of_flow: Vec<&Value> = events.iter().filter(|one| one["event"]["client"]["port"] == port).collect();
        let [first, .., last] = of_flow.as_slice() else { panic!("port {port}: {of_flow:?}") };
        for one in [first, last] {
            let event = &one["event"];
            assert_eq!(event["diagnosis"]["cause"], cause, "port {port}");
            assert_eq!(event["resets"][0]["sender"], sender, "port {port}");
        }
        assert_eq!((&first["event"]["provisional"], &last["event"]["provisional"]), (&json!(true), &json!(false)));
        let late = first["at"].as_f64().expect("a time") - seconds(&first["event"]["resets"][0]["time"]);
        assert!(late < OUT_WITHIN, "port {port}: out {late} s after the reset");
    }
    assert!(events.iter().all(|one| one["event"]["client"]["port"] != 41005), "nothing was reset there");

    let live = read("report.json");
    let saved = folder.join("saved.pcap");
    let saved = report(&run(["--all-flows", "--format", "json", saved.to_str().expect("a path")]));
    assert_eq!(
        (&live["capture"]["inputs"][0]["format"], &live["capture"]["dropped_by_kernel"]),
        (&json!("live"), &json!(0))
    );
    assert_eq!(comparable(live), comparable(saved));
}

/// Seconds since 1970 of a time in a report.
fn seconds(time: &Value) -> f64 {
    let time: jiff::Timestamp = time.as_str().expect("a time").parse().expect("a time");
    time.as_nanosecond() as f64 / 1e9
}

/// A report without what depends on where its frames came from, and on when each socket stamped them.
fn comparable(mut report: Value) -> Value {
    fn without_times(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| {
                    !matches!(
                        name.as_str(),
                        "time" | "text" | "sentence" | "activity" | "ladder" | "explanation" | "progress"
                    ) && !name.ends_with("_time")
                        && !name.ends_with("_s")
                });
                fields.values_mut().for_each(without_times);
            }
            Value::Array(values) => values.iter_mut().for_each(without_times),
            _ => {}
        }
    }
    without_times(&mut report);
    report["options"].take();
    for of_input in ["inputs", "bpf", "dropped_by_kernel"] {
        report["capture"][of_input].take();
    }
    report
}

/// The program on a stream.
fn live(arguments: &[&str]) -> Child {
    program()
        .args(["live", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Its output on a stream that has these octets and ends.
fn live_with(arguments: &[&str], octets: &[u8]) -> Output {
    let mut child = live(arguments);
    let mut stdin = child.stdin.take().expect("a pipe");
    let octets = octets.to_vec();
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&octets)));
    let output = child.wait_with_output().expect("the program ends");
    feeding.join().expect("no panic");
    output
}

fn line(out: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    validate_lines(line.as_bytes());
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

#[test]
fn a_stream_is_judged_as_it_comes_and_a_verdict_is_revised() {
    let octets = std::fs::read("samples/forged_reset/capture.pcap").expect("a sample");
    let whole = report(&run(["--format", "json", "samples/forged_reset/capture.pcap"]));
    let first_reset = whole["flows"][0]["resets"][0]["frames"][0].as_u64().expect("a frame");
    let up_to_reset = end_of_frame(&octets, first_reset);
    let mut child = live(&["--format", "ndjson", "--linger", "0.3"]);
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let fed = Instant::now();
    stdin.write_all(&octets[..up_to_reset]).expect("it reads");
    let first = line(&mut out);
    assert!(fed.elapsed() >= Duration::from_millis(300), "it waits for what follows");
    assert_eq!((&first["schema"], &first["provisional"]), (&json!("tcpautopsy.flow/1"), &json!(true)));
    assert_eq!(first["resets"].as_array().map(Vec::len), Some(1));
    stdin.write_all(&octets[up_to_reset..]).expect("it reads");
    drop(stdin);
    let last = line(&mut out);
    assert_eq!((&last["id"], &last["provisional"]), (&first["id"], &json!(false)));
    for (name, value) in last.as_object().expect("an event") {
        if name != "schema" && name != "provisional" {
            assert_eq!(value, &whole["flows"][0][name], "{name}");
        }
    }
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("text");
    assert_eq!((rest.as_str(), child.wait().expect("an end").code()), ("", Some(0)));
}

/// Where a frame of a classic little-endian pcap file ends.
fn end_of_frame(octets: &[u8], frame: u64) -> usize {
    let mut at = 24;
    for _ in 0..frame {
        let length = u32::from_le_bytes(octets[at + 8..at + 12].try_into().expect("four octets"));
        at += 16 + length as usize;
    }
    at
}

#[test]
fn a_stream_that_ended_gives_the_report_of_the_file() {
    for (name, path) in samples() {
        let octets = std::fs::read(&path).expect("a sample");
        let mut saved = report(&run(["--all-flows", "--format", "json", path.to_str().expect("a path")]));
        let mut live = report(&live_with(&["--all-flows", "--format", "json"], &octets));
        saved["capture"]["inputs"].take();
        live["capture"]["inputs"].take();
        assert_eq!(live, saved, "{name}");
    }
}

#[test]
fn the_end_may_be_asked_for_while_nothing_comes() {
    let octets = std::fs::read(RESET).expect("a sample");
    let mut whole = report(&run(["--format", "json", RESET]));
    let frames = whole["capture"]["frames"].to_string();
    for (name, asked) in
        [("TERM", &[][..]), ("INT", &[]), ("", &["--duration", "0.5"]), ("", &["--packets", frames.as_str()])]
    {
        let mut child = live(&[&["--format", "json"], asked].concat());
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(&octets).expect("it reads");
        if asked.is_empty() {
            std::thread::sleep(Duration::from_millis(400));
            signal(&child, name);
        }
        let output = child.wait_with_output().expect("an end");
        drop(stdin);
        assert_eq!(output.status.code(), Some(0), "{name} {asked:?}: {}", String::from_utf8_lossy(&output.stderr));
        let mut live = report(&output);
        assert_eq!(live["capture"]["inputs"][0]["complete"], true);
        live["capture"]["inputs"].take();
        whole["capture"]["inputs"].take();
        assert_eq!(live, whole, "{name} {asked:?}");
    }
}

/// A capture of so many connections that were refused.
fn refused(connections: u16) -> Vec<u8> {
    const CLIENT: [u8; 4] = [192, 0, 2, 1];
    const SERVER: [u8; 4] = [198, 51, 100, 5];
    let packet = |from: [u8; 4], to: [u8; 4], ports: [u16; 2], acknowledged: u8, flags: u8| -> Vec<u8> {
        let ip = [0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0];
        let ports = ports.map(u16::to_be_bytes);
        let numbers = [0, 0, 0, 0, 0, 0, 0, acknowledged, 0x50, flags, 0, 0, 0, 0, 0, 0];
        [&ip[..], &from, &to, ports.as_flattened(), &numbers].concat()
    };
    let mut frames = Vec::new();
    for number in 0..connections {
        let (port, nanos) = (10_000 + number, 1_795_258_702_000_000_000 + u64::from(number) * 1_000_000);
        let asked = packet(CLIENT, SERVER, [port, 443], 0, 2);
        let answer = packet(SERVER, CLIENT, [443, port], 1, 20);
        for (nanos, bytes) in [(nanos, asked), (nanos + 50_000, answer)] {
            frames.push(Frame { nanos, link_type: 101, original_len: bytes.len() as u32, bytes });
        }
    }
    pcap(&frames)
}

#[test]
fn a_second_ctrl_c_ends_it_in_the_middle_of_the_report() {
    // More than a pipe holds that nobody reads.
    for (first, second, code) in [("INT", "INT", 130), ("TERM", "INT", 130), ("INT", "TERM", 143)] {
        let mut child = live(&["--format", "json", "--events", "none"]);
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(&refused(200)).expect("it reads");
        std::thread::sleep(Duration::from_millis(400));
        signal(&child, first);
        std::thread::sleep(Duration::from_millis(600));
        assert_eq!(child.try_wait().expect("a child"), None, "the report waits for its reader");
        let asked = Instant::now();
        signal(&child, second);
        let status = child.wait().expect("an end");
        assert!(asked.elapsed() < Duration::from_secs(2), "at once: {:?}", asked.elapsed());
        assert_eq!(status.code(), Some(code), "{first} {second}");
    }
}

#[test]
fn a_terminal_shows_lines_that_fit_and_ctrl_c_brings_the_report() {
    if !has("python3") {
        return;
    }
    for (width, expected) in [
        (40, "1 flows, "),
        (80, "1 reset; kernel dropped 0; memory "),
        (200, "1 reset: 1 abort_linger0; kernel dropped 0; memory "),
    ] {
        let ran = Command::new("tests/live/terminal")
            .args([env!("CARGO_BIN_EXE_tcpautopsy"), RESET, &width.to_string()])
            .env("TERM", "xterm-256color")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output();
        let ran = ran.expect("python3");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let seen: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
        let pieces = |when: &str| -> Vec<String> {
            let all = seen[when].as_array().expect("pieces").iter();
            all.map(|piece| piece.as_str().expect("text").to_owned()).collect()
        };
        let before = pieces("before");
        assert!(before.iter().all(|piece| piece.chars().count() <= width), "{width}: {before:?}");
        let status = before.last().expect("the status line");
        assert!(status.contains(expected) && status.contains("1 reset"), "{width}: {before:?}");
        assert!(before.iter().any(|piece| piece.contains("  flow 1  192.0.2.10")), "{width}: {before:?}");
        let after = pieces("after");
        assert!(after.iter().any(|piece| piece.contains("abort_linger0")), "the report: {after:?}");
        assert!(after.last().is_some_and(|last| !last.contains("packets/s")), "nothing is left of the line: {after:?}");
        assert_eq!(seen["status"], 0);
    }
}

#[test]
fn after_so_many_packets_it_is_enough() {
    let octets = std::fs::read(RESET).expect("a sample");
    let live = report(&live_with(&["--packets", "3", "--format", "json"], &octets));
    assert_eq!((&live["capture"]["frames"], &live["summary"]["teardown"]["open"]), (&json!(3), &json!(1)));
}

#[test]
fn whoever_closes_the_pipe_ends_it() {
    let octets = std::fs::read(RESET).expect("a sample");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut child = program()
        .args(["live", "-", "--linger", "0"])
        .stdin(Stdio::piped())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(&octets).expect("it reads");
    let output = child.wait_with_output().expect("an end although the stream goes on");
    drop(stdin);
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn lines_are_for_people() {
    let octets = std::fs::read(RESET).expect("a sample");
    let output = live_with(&[], &octets);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let (event, table) = text.split_once('\n').expect("lines");
    assert!(event.contains("192.0.2.10:40005 -> 198.51.100.20:8080"), "{event}");
    assert!(event.contains("reset by server") && event.contains("abort_linger0"), "{event}");
    let saved = run([RESET]).stdout;
    assert_eq!(table.replace("standard input", RESET), String::from_utf8(saved).expect("UTF-8"));
}

#[test]
fn what_cannot_be_watched_is_one_line_with_a_way_out() {
    let says = |arguments: &[&str], code: i32, part: &str| {
        let output = run([&["live"], arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(part), "{arguments:?}: {said}");
        said
    };
    let said = says(&["no-such-interface"], 1, "cannot listen on no-such-interface: ");
    assert_eq!(said.lines().count(), 1, "{said}");
    says(&["-", "--user", "no-such-user"], 1, "standard input is empty");
    says(&["lo", "--buffer-size", "2G"], 2, "the most is 1024M");
    says(&["lo", "--linger", "61"], 2, "from 0 to 60");
    says(&["lo", "--direction", "up"], 2, "--direction");
    says(&["lo", "--memory", "1M"], 2, "the least is 64M");
    says(&[], 2, "INTERFACE");
    // Only a job that stands first is one.
    says(&["./live"], 1, "cannot listen on ./live");
    let output = run(["./live"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read ./live"), "a file named like the job");
}

/// Whether this test may do what only root may; says so where not.
fn is_root() -> bool {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if !root {
        skip("not root");
    }
    root
}

/// A network namespace that is there as long as this.
struct Namespace(String);

impl Namespace {
    /// `None` where this machine does not allow it.
    fn new(name: &str) -> Option<Self> {
        if !is_root() || !has("ip") {
            return None;
        }
        let name = format!("{name}-{}", std::process::id());
        // A container may be allowed to make one and not to enter it.
        let does = |arguments: &[&str]| {
            let done = Command::new("ip").arg("netns").args(arguments).stderr(Stdio::null()).status();
            done.is_ok_and(|status| status.success())
        };
        let made = does(&["add", &name]).then(|| Self(name.clone()));
        let usable = made.filter(|_| does(&["exec", &name, "true"]));
        if usable.is_none() {
            skip("no network namespaces");
        }
        usable
    }

    /// Runs `ip` in it.
    #[track_caller]
    fn ip(&self, arguments: &str) {
        let done = Command::new("ip").args(["-n", &self.0]).args(arguments.split(' ')).status();
        assert!(done.expect("ip").success(), "ip {arguments}");
    }

    /// The program in it, and what it says on standard error.
    fn watch(&self, arguments: &[&str]) -> (Child, Receiver<String>) {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.0, env!("CARGO_BIN_EXE_tcpautopsy"), "live", "--verbose"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (say, said) = channel();
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| say.send(line)));
        (child, said)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

/// Waits until something is said.
#[track_caller]
fn hear(said: &Receiver<String>, part: &str) {
    let mut all = Vec::new();
    while let Ok(line) = said.recv_timeout(Duration::from_secs(20)) {
        if line.contains(part) {
            return;
        }
        all.push(line);
    }
    panic!("never said {part:?}, but: {all:#?}");
}

#[test]
fn an_interface_may_come_and_go() {
    let Some(host) = Namespace::new("tcpautopsy-wait") else { return };
    let (child, said) = host.watch(&["near", "--wait", "--format", "json"]);
    hear(&said, "waiting for near");
    for _ in 0..2 {
        host.ip("link add near type veth peer name far");
        host.ip("link set near up");
        hear(&said, "listening on near, EN10MB");
        host.ip("link set near down");
        hear(&said, "near: the interface went down; waiting for it");
        host.ip("link del near");
        hear(&said, "near: the interface disappeared; waiting for it");
    }
    signal(&child, "TERM");
    let output = child.wait_with_output().expect("an end");
    assert_eq!((output.status.code(), &report(&output)["capture"]["inputs"][0]["complete"]), (Some(0), &json!(true)));
}

#[test]
fn without_waiting_a_lost_interface_is_the_end() {
    let Some(host) = Namespace::new("tcpautopsy-lost") else { return };
    host.ip("link add near type veth peer name far");
    for (how, reason) in
        [("link set near down", "the interface went down"), ("link del near", "the interface disappeared")]
    {
        host.ip("link set near up");
        let (child, said) = host.watch(&["near", "--format", "json"]);
        hear(&said, "listening on near");
        host.ip(how);
        hear(&said, reason);
        let output = child.wait_with_output().expect("an end");
        assert_eq!(output.status.code(), Some(3), "{how}");
        let input = &report(&output)["capture"]["inputs"][0];
        assert_eq!((&input["complete"], &input["problems"][0]["reason"]), (&json!(false), &json!(reason)));
    }
}

#[test]
fn rights_are_given_up_once_the_interface_is_open() {
    let Some(host) = Namespace::new("tcpautopsy-rights") else { return };
    host.ip("link set lo up");
    for (arguments, capabilities, user) in [
        (&["lo"][..], 0u64, "0"),
        (&["lo", "--wait"], 1 << 13, "0"),
        (&["lo", "--wait", "--user", "nobody"], 1 << 13, "65534"),
    ] {
        let (mut child, said) = host.watch(arguments);
        hear(&said, "listening on lo");
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("a process");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a field");
            line.split_whitespace().next().expect("a value").to_owned()
        };
        for set in ["CapPrm:", "CapEff:"] {
            assert_eq!(u64::from_str_radix(&field(set), 16), Ok(capabilities), "{arguments:?}: {set}");
        }
        for set in ["CapBnd:", "CapAmb:", "CapInh:"] {
            assert_eq!(u64::from_str_radix(&field(set), 16), Ok(0), "{arguments:?}: {set}");
        }
        assert_eq!((field("Uid:").as_str(), field("NoNewPrivs:").as_str()), (user, "1"), "{arguments:?}");
        if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            assert_eq!(field("Seccomp:"), "2", "{arguments:?}");
        }
        signal(&child, "TERM");
        assert_eq!(child.wait().expect("an end").code(), Some(0));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn whoever_may_not_capture_hears_how_to() {
    use std::os::unix::process::CommandExt;
    let mut program = program();
    program.args(["live", "lo"]).stdin(Stdio::null());
    if is_root() {
        program.uid(65_534);
    }
    let Ok(output) = program.output() else { return skip("others may not run the program") };
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("this user may not capture; allow it once by `sudo setcap cap_net_raw+ep /"), "{said}");
}
