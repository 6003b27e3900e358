//! What is done beside watching: files of the flight recorder, and metrics.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::program::{program, report, run, run_with_input, scratch};
use crate::support::{captures, skip};

/// One connection that the client ends well and three that die with their process.
const KILLED: &str = "samples/server_killed/capture.pcap";

/// Records a capture as it comes; what became of it.
fn recorded(test: &str, capture: &str, more: &[&str]) -> std::path::PathBuf {
    let folder = scratch(test).join("made");
    let path = folder.to_str().expect("a path");
    let octets = fs::read(capture).expect("a sample");
    let output = run_with_input(&[&["live", "-", "--quiet", "--record", path], more].concat(), &octets);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|one| one.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn each_reset_becomes_a_file_that_tells_the_same() {
    let folder = recorded("recorder-all", KILLED, &[]);
    let whole = report(&run(["--format", "json", KILLED]));
    let flows: Vec<_> =
        whole["flows"].as_array().expect("flows").iter().filter(|one| one["teardown"] == "reset").collect();
    let files = names(&folder);
    assert_eq!(files.len(), flows.len(), "{files:?}");
    for flow in flows {
        let name = &format!("20261121T105843.084Z_process_killed_flow{}.pcapng", flow["id"]);
        assert!(files.contains(name), "{name} in {files:?}");
        let file = folder.join(name);
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        let again = report(&run(["--format", "json", file.to_str().expect("a path")]));
        let (one, other) = (&again["flows"][0], flow);
        assert_eq!(again["flows"].as_array().map(Vec::len), Some(1));
        for field in ["client", "server", "teardown", "client_packets", "server_packets", "client_bytes"] {
            assert_eq!(one[field], other[field], "{field}");
        }
        assert_eq!(one["resets"][0]["time"], other["resets"][0]["time"]);
        let octets = fs::read(&file).expect("readable");
        let says = |text: &str| octets.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(says("process_killed") && says("of the capture"));
    }
}

#[test]
fn only_what_is_asked_for_is_recorded() {
    for (word, expected) in
        [("process_killed", 2), ("server", 2), ("middlebox", 0), ("harmful", 2), ("refused_no_listener", 0)]
    {
        let folder = recorded(&format!("recorder-{word}"), KILLED, &["--record-when", word]);
        assert_eq!(names(&folder).len(), expected, "{word}");
    }
    let several = recorded("recorder-several", KILLED, &["--record-when", "middlebox", "--record-when", "server"]);
    assert_eq!(names(&several).len(), 2);
    let one = recorded("recorder-one", KILLED, &["--record-files", "1"]);
    assert_eq!(names(&one).len(), 1);
    let wrong = run(["live", "-", "--record", "x", "--record-when", "everything"]);
    assert_eq!(wrong.status.code(), Some(2));
    let alone = run(["live", "-", "--record-when", "any"]);
    assert_eq!(alone.status.code(), Some(2));
}

#[test]
fn data_is_cut_and_others_names_stay_out() {
    let sample = "samples/forged_reset/capture.pcap";
    let folder = recorded("recorder-cut", sample, &["--record-payload-bytes", "4"]);
    let octets = fs::read(folder.join(&names(&folder)[0])).expect("a file");
    let says = |octets: &[u8], text: &[u8]| octets.windows(text.len()).any(|part| part == text);
    assert!(says(&octets, b"GET ") && !says(&octets, b"GET /"));
    let folder = recorded("recorder-names", sample, &["--anonymize"]);
    let files = names(&folder);
    let octets = fs::read(folder.join(&files[0])).expect("a file");
    // Client and server as they stand in a header, and the word that the filter did not like.
    for secret in [&[192, 0, 2, 10][..], &[198, 51, 100, 20], b"forbidden"] {
        assert!(!says(&octets, secret), "{secret:?}");
    }
    assert!(files[0].contains("injected_content_filter"));
}

#[test]
fn parts_of_packets_and_errors_about_them_belong_to_it() {
    let folder = scratch("recorder-parts");
    let frames = captures::frames(Path::new("samples/abort_linger0/capture.pcap"));
    let made = captures::in_parts_and_with_an_error(&frames);
    let capture = folder.join("parts.pcap");
    fs::write(&capture, captures::pcap(&made)).expect("a capture");
    let path = capture.to_str().expect("a path");
    let recorded = |more: &[&str]| {
        let folder = recorded(&format!("recorder-parts-{}", more.len()), path, more);
        let files = names(&folder);
        assert_eq!(files.len(), 1, "{files:?}");
        captures::frames(&folder.join(&files[0]))
    };
    let octets = |frames: &[captures::Frame]| frames.iter().map(|frame| frame.bytes.clone()).collect::<Vec<_>>();
    assert!(made.len() >= frames.len() + 3, "two packets in parts, and an error");
    assert_eq!(octets(&recorded(&[])), octets(&made));
    // Ethernet, IPv4 and the TCP header in the first part, ICMP and what it quotes in the error; no data in any.
    let lengths: Vec<usize> =
        recorded(&["--record-payload-bytes", "0"]).iter().map(|frame| frame.bytes.len()).collect();
    assert_eq!(lengths.iter().filter(|&&length| length == 34).count(), 2, "the second parts: {lengths:?}");
    assert_eq!((lengths.len(), lengths.last()), (made.len(), Some(&(34 + 8 + 52))), "{lengths:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_said_before_anything_is_watched() {
    let file = scratch("recorder-no-folder").join("file");
    fs::write(&file, "").expect("a file");
    let output = run(["live", "-", "--record", file.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("--record ") && said.contains("name a folder that can be written") && said.lines().count() == 1,
        "{said}"
    );
}

/// The program on a stream that goes on, and where its metrics are.
fn with_metrics(octets: &[u8]) -> (Child, String) {
    let mut child = program()
        .args(["live", "-", "--metrics", "0", "--verbose", "--linger", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.as_mut().expect("a pipe").write_all(octets).expect("it reads");
    let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("http://") {
        line.clear();
        assert_ne!(said.read_line(&mut line).expect("text"), 0, "it ended");
    }
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address").to_owned();
    (child, address)
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").expect("it takes a request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers and closes");
    text
}

#[test]
fn metrics_count_what_was_watched() {
    let octets = fs::read(KILLED).expect("a sample");
    let (mut child, address) = with_metrics(&octets);
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let frames = report(&run(["--format", "json", KILLED]))["capture"]["frames"].as_u64().expect("a count");
    let wanted = format!("tcpautopsy_frames_total {frames}\n");
    let until = Instant::now() + Duration::from_secs(30);
    let mut text = String::new();
    // A verdict is final some seconds after the reset.
    while !(text.contains(&wanted) && text.contains("cause=")) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
        text = get(&address, "/metrics");
    }
    for line in [
        wanted.as_str(),
        "Content-Type: text/plain; version=0.0.4",
        "tcpautopsy_reset_flows_total{cause=\"process_killed\"} 2\n",
        "tcpautopsy_resets_total{sender=\"server\"} 2\n",
        "tcpautopsy_reset_flows_by_server_total{server=\"198.51.100.20:8080\"} 2\n",
        "tcpautopsy_dropped_frames_total 0\n",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(get(&address, "/").starts_with("HTTP/1.1 404"));
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_port_that_is_taken_is_said_before_anything_is_watched() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = run(["live", "-", "--metrics", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&format!("--metrics {address}: ")));
    let wrong = run(["live", "-", "--metrics", "example.org:80"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn interfaces_are_listed_for_people_and_programs() {
    let output = run(["interfaces", "--format", "json"]);
    if !output.status.success() {
        return skip(&String::from_utf8_lossy(&output.stderr));
    }
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(list["schema"], "tcpautopsy.interfaces/1");
    let all = list["interfaces"].as_array().expect("interfaces");
    let table = run(["interfaces"]);
    let table = String::from_utf8_lossy(&table.stdout);
    assert!(table.starts_with("NAME ") || all.is_empty(), "{table}");
    for one in all {
        let name = one["name"].as_str().expect("a name");
        assert!(table.lines().any(|line| line.split(' ').next() == Some(name)), "{name} in\n{table}");
    }
    if let Some(lo) = all.iter().find(|one| one["loopback"] == true && one["up"] == true) {
        assert!(lo["addresses"].as_array().expect("addresses").iter().any(|one| one["ip"] == "127.0.0.1"), "{lo}");
    }
    assert_eq!(run(["interfaces", "eth0"]).status.code(), Some(2));
}
