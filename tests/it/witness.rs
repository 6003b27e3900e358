//! A kernel's trace beside a capture.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::program::{report, run, scratch};

const SAMPLE: &str = "samples/kernel_witness";

fn with_trace(trace: &Path) -> Value {
    let capture = format!("{SAMPLE}/capture.pcap");
    report(&run(["--format", "json", "--quiet", &capture, "--kernel-trace", &trace.to_string_lossy()]))
}

fn trace() -> PathBuf {
    PathBuf::from(SAMPLE).join("kernel.trace")
}

/// First frame, sender, mechanism, and what the kernel said of each reset.
fn told(report: &Value) -> Vec<(u64, String, String, Value)> {
    let flows = report["flows"].as_array().expect("flows");
    let text = |value: &Value| value.as_str().expect("a word").to_owned();
    let mut told: Vec<_> = flows
        .iter()
        .flat_map(|flow| flow["resets"].as_array().expect("resets"))
        .map(|reset| {
            let kernel = &reset["kernel"];
            let said = json!([kernel["sent"], kernel["reason"], kernel["accepted"]]);
            (reset["frames"][0].as_u64().expect("a frame"), text(&reset["sender"]), text(&reset["mechanism"]), said)
        })
        .collect();
    told.sort_by_key(|(frame, ..)| *frame);
    told
}

/// The same with the trace of the sample after a change.
fn changed(test: &str, change: impl Fn(&str) -> String) -> Value {
    let path = scratch(test).join("trace");
    fs::write(&path, change(&fs::read_to_string(trace()).expect("the sample"))).expect("a file");
    with_trace(&path)
}

#[test]
fn the_kernel_tells_apart_what_the_packets_do_not() {
    let report = with_trace(&trace());
    let expected = [
        (6, "server", "abort_unread_data", json!([true, "TCP_ABORT_ON_CLOSE", true])),
        (12, "server", "abort", json!([true, "TCP_STATE", true])),
        (14, "server", "no_listener", json!([true, "NO_SOCKET", true])),
        (21, "middlebox", "forged", json!([false, null, true])),
        (24, "client", "no_connection", json!([true, "NO_SOCKET", null])),
        (25, "server", "abort_unread_data", json!([true, "TCP_ABORT_ON_CLOSE", null])),
        (31, "server", "packet_filter", json!([false, null, true])),
    ];
    let expected =
        expected.map(|(frame, sender, mechanism, said)| (frame, sender.to_owned(), mechanism.to_owned(), said));
    assert_eq!(told(&report), expected);
    let causes: Vec<&Value> =
        report["flows"].as_array().expect("flows").iter().map(|flow| &flow["diagnosis"]["cause"]).collect();
    assert_eq!(causes[..3], ["closed_with_unread_data", "abort_linger0", "refused_no_listener"]);
    let joined = &report["capture"]["kernel_trace"];
    assert_eq!(
        (&joined["clock"], &joined["sent"], &joined["received"], &joined["joined"], &joined["offset_from"]),
        (&json!("mono"), &json!(5), &json!(5), &json!(10), &json!("marks"))
    );
    let process = &report["flows"][0]["resets"][0]["kernel"]["process"];
    assert_eq!(process["name"], "python3");
}

#[test]
fn without_marks_the_clocks_are_compared_by_what_matches() {
    let without = |text: &str| -> String {
        text.lines().filter(|line| !line.contains("tracing_mark_write")).map(|line| format!("{line}\n")).collect()
    };
    let report = changed("witness_without_marks", without);
    assert_eq!(report["capture"]["kernel_trace"]["offset_from"], "matches");
    let told = told(&report);
    assert_eq!(told[0].3, json!([true, "TCP_ABORT_ON_CLOSE", true]));
    // The trace no longer covers the last one.
    assert_eq!(told[6].3, json!([null, null, true]));
}

#[test]
fn an_old_kernel_says_who_and_not_why() {
    let old = |text: &str| {
        let lines = text.lines().map(|line| match line.split_once(" reason=") {
            Some((before, _)) => format!("{before}\n"),
            None => format!("{line}\n"),
        });
        lines.collect()
    };
    let report = changed("witness_old_kernel", old);
    let told = told(&report);
    assert_eq!(told[1].3, json!([true, null, true]));
    assert_eq!(told[1].2, "abort_unread_data", "as the packets tell");
    assert_eq!(told[6].3, json!([null, null, true]), "its silence says nothing");
}

#[test]
fn another_hosts_trace_says_nothing_and_the_report_says_so() {
    let report = changed("witness_other_ports", |text| text.replace("401", "501"));
    assert!(told(&report).iter().all(|(.., said)| *said == json!([null, null, null])));
    let elsewhere = changed("witness_elsewhere", |text| {
        text.lines()
            .filter(|line| !line.contains("wall="))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
            .replace("401", "501")
    });
    let problem = elsewhere["capture"]["kernel_trace"]["problem"].as_str().expect("why");
    assert!(problem.contains("addresses and ports"), "{problem}");
}

#[test]
fn a_trace_of_anything_does_no_harm() {
    let folder = scratch("witness_anything");
    let capture = format!("{SAMPLE}/capture.pcap");
    let binary = fs::read(&capture).expect("the sample");
    for (name, octets) in [
        ("binary", binary.as_slice()),
        ("empty", b""),
        ("hostile", b"\x1b]0;x\x07-1 [000] ..... 1.5: tcp_send_reset: a=b\n"),
    ] {
        let path = folder.join(name);
        fs::write(&path, octets).expect("a file");
        assert!(with_trace(&path)["capture"]["kernel_trace"]["problem"].is_string(), "{name}");
    }
    let output = run(["--kernel-trace", "no/such.trace", &capture]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("no/such.trace") && message.lines().count() == 1, "{message}");
    // A trace is never overwritten.
    let trace = folder.join("empty");
    let output = run([
        "--kernel-trace",
        &trace.to_string_lossy(),
        &capture,
        "--force",
        "--output",
        &trace.to_string_lossy(),
        "--format",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(fs::read(&trace).expect("still there").is_empty());
}

#[test]
fn other_names_are_given_to_processes_too() {
    let capture = format!("{SAMPLE}/capture.pcap");
    let trace = trace();
    let output =
        run(["--format", "json", "--quiet", "--anonymize", &capture, "--kernel-trace", &trace.to_string_lossy()]);
    let text = report(&output).to_string();
    for secret in ["python3", "kernel.trace", "198.51.100.20"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains("TCP_ABORT_ON_CLOSE"));
}

/// Needs root, tracefs and a loopback interface.
#[cfg(feature = "live")]
#[test]
fn the_running_kernel_is_asked_and_left_as_it_was() {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::process::Stdio;
    use std::time::Duration;

    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let filter = format!("tcp port {}", address.port());
    let mut child = crate::support::program::program()
        .args(["live", "lo", "--kernel-witness", "--verbose", "--duration", "4", "--format", "json", "--bpf", &filter])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    said.read_line(&mut line).expect("text");
    if !line.contains("listening on") {
        let _ = child.wait();
        return crate::support::skip(&line);
    }
    let instance = format!("/sys/kernel/tracing/instances/tcpautopsy-{}", child.id());
    assert!(Path::new(&instance).exists());
    std::thread::sleep(Duration::from_millis(700));
    // Closed with what came unread.
    let mut client = TcpStream::connect(address).expect("it listens");
    let (server, _) = listener.accept().expect("it was asked");
    client.write_all(b"unread").expect("it takes it");
    std::thread::sleep(Duration::from_millis(50));
    drop(server);
    let _ = client.read(&mut [0; 9]);

    let output = child.wait_with_output().expect("it ends");
    let report = report(&output);
    let reset = &report["flows"][0]["resets"][0];
    assert_eq!(reset["kernel"]["reason"], "TCP_ABORT_ON_CLOSE", "{report:#}");
    assert_eq!((&reset["sender"], &reset["confidence"]), (&json!("server"), &json!("certain")));
    assert!(reset["kernel"]["process"]["name"].is_string(), "{reset:#}");
    assert_eq!(report["capture"]["kernel_trace"]["path"], "trace_pipe");
    assert!(!Path::new(&instance).exists(), "it is removed at the end");
}
