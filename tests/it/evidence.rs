//! The evidence file: the frames of the report as they were, with comments, and nothing else touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tcpautopsy::capture::{Capture, LinkType, OpenOptions};
use tcpautopsy::tcp::Timestamp;

use crate::support::program::{analyze, report, run, run_with_input, samples, scratch};
use crate::support::{captures, has};

/// A frame as a file has it.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    time: Option<Timestamp>,
    link_type: LinkType,
    original_len: u32,
    octets: Vec<u8>,
}

fn frames(path: &Path) -> Vec<Kept> {
    let (mut capture, errors) = Capture::open(&[path.to_owned()], OpenOptions::default());
    assert!(errors.is_empty(), "{errors:?}");
    let mut kept = Vec::new();
    while let Some(frame) = capture.next() {
        let (time, link_type, original_len) = (frame.time, frame.link_type, frame.original_len);
        kept.push(Kept { time, link_type, original_len, octets: frame.bytes.to_vec() });
    }
    let summary = capture.finish();
    assert!(summary.iter().all(|input| input.complete && input.problems.is_empty()), "{summary:?}");
    kept
}

/// Writes the evidence of a capture with these options.
fn evidence(folder: &Path, capture: &Path, options: &[&str]) -> PathBuf {
    let file = folder.join("evidence.pcapng");
    let paths = [capture.as_os_str(), "--write-evidence".as_ref(), file.as_os_str(), "--force".as_ref()];
    let output = run(paths.into_iter().chain(options.iter().map(AsRef::as_ref)));
    assert!(output.status.success(), "{capture:?}: {}", String::from_utf8_lossy(&output.stderr));
    file
}

/// What TShark says of a file; `None` where there is no TShark.
fn tshark(file: &Path, arguments: &[&str]) -> Option<String> {
    if !has("tshark") {
        return None;
    }
    let done = Command::new("tshark").arg("-r").arg(file).args(arguments).output().expect("tshark");
    let said = String::from_utf8_lossy(&done.stderr);
    let complaints: Vec<_> = said.lines().filter(|line| !line.starts_with("Running as user")).collect();
    assert!(done.status.success() && complaints.is_empty(), "{complaints:?}");
    Some(String::from_utf8_lossy(&done.stdout).into_owned())
}

#[test]
fn frames_are_those_of_the_capture() {
    let folder = scratch("evidence-frames");
    for (name, capture) in samples() {
        let file = evidence(&folder, &capture, &["--all-flows"]);
        let (original, kept) = (frames(&capture), frames(&file));
        assert!(!kept.is_empty(), "{name}");
        let mut rest = original.iter();
        for frame in &kept {
            assert!(rest.any(|one| one == frame), "{name}: {frame:?} is not in the capture, or not in its place");
        }
        let (before, after) = (analyze([&capture]), analyze([&file]));
        for count in ["tcp_segments", "rst_segments", "icmp_errors", "flows"] {
            assert_eq!(after["capture"][count], before["capture"][count], "{name}: {count}");
        }
    }
}

#[test]
fn comments_stand_on_the_frames_that_decide() {
    let folder = scratch("evidence-comments");
    for (name, capture) in samples() {
        let file = evidence(&folder, &capture, &[]);
        let fields = ["-Y", "frame.comment", "-T", "fields", "-e", "tcp.flags.reset", "-e", "frame.comment"];
        let Some(said) = tshark(&file, &fields) else { return };
        let resets = said.lines().filter(|line| line.contains(": RST in the ")).count();
        let rst = analyze([&capture])["capture"]["rst_segments"].as_u64().expect("a count") as usize;
        assert_eq!(resets, rst, "{name}: {said}");
        assert!(said.lines().all(|line| line.contains("frame ") && line.contains("flow ")), "{name}: {said}");
        let rst_filter = "tcp.flags.reset == 1 && !icmp && !icmpv6";
        let counted = tshark(&file, &["-Y", rst_filter]).expect("TShark is there");
        assert_eq!(counted.lines().count(), rst, "{name}");
    }
}

#[test]
fn only_the_flows_of_the_report_are_in_it() {
    let folder = scratch("evidence-flows");
    let capture = Path::new("samples/server_killed/capture.pcap");
    let of = |flow| analyze([evidence(&folder, capture, &["--flow", flow])]);
    let well = of("1");
    assert_eq!(well["flows"].as_array().map(Vec::len), Some(1));
    assert_eq!((&well["flows"][0]["client"]["port"], &well["flows"][0]["teardown"]), (&40020.into(), &"fin".into()));
    // Of other flows there are the frames that the verdict rests on.
    let killed = of("4");
    let ports: Vec<_> = killed["flows"].as_array().expect("flows").iter().map(|flow| &flow["client"]["port"]).collect();
    assert!(ports.len() > 1 && ports.contains(&&40023.into()), "{ports:?}");
    let whole = killed["flows"].as_array().expect("flows").iter().find(|flow| flow["client"]["port"] == 40023);
    let original = analyze([capture]);
    let expected = original["flows"].as_array().expect("flows").iter().find(|flow| flow["id"] == 4);
    let packets = |flow: Option<&serde_json::Value>| {
        flow.map(|flow| (flow["client_packets"].clone(), flow["server_packets"].clone()))
    };
    assert_eq!(packets(whole), packets(expected));
}

#[test]
fn as_many_frames_and_octets_as_asked_for() {
    let folder = scratch("evidence-cut");
    let capture = Path::new("samples/server_killed/capture.pcap");
    let whole = frames(&evidence(&folder, capture, &[]));
    let few = frames(&evidence(&folder, capture, &["--evidence-frames", "1"]));
    assert!(few.len() < whole.len() && few.iter().all(|frame| whole.contains(frame)));
    assert_eq!((few.first(), few.last()), (whole.first(), whole.last()));
    let cut = frames(&evidence(&folder, capture, &["--payload-bytes", "3"]));
    assert_eq!(cut.len(), whole.len());
    let mut shortened = 0;
    for (cut, whole) in cut.iter().zip(&whole) {
        assert_eq!(cut.original_len, whole.original_len);
        assert!(whole.octets.starts_with(&cut.octets));
        shortened += usize::from(cut.octets.len() < whole.octets.len());
    }
    assert!(shortened > 0);
    let text = |file: &[Kept]| file.iter().any(|frame| frame.octets.windows(6).any(|octets| octets == b"report"));
    let secret = Path::new("samples/icmp_refused/capture.pcap");
    assert!(!text(&frames(&evidence(&folder, secret, &["--payload-bytes", "0"]))));
}

#[test]
fn a_packet_in_parts_has_all_of_them() {
    let folder = scratch("evidence-parts");
    let sample = captures::frames(Path::new("samples/abort_linger0/capture.pcap"));
    let made = captures::in_parts_and_with_an_error(&sample);
    let capture = folder.join("parts.pcap");
    fs::write(&capture, captures::pcap(&made)).expect("a capture");
    let octets = |file: &[Kept]| file.iter().map(|frame| frame.octets.clone()).collect::<Vec<_>>();
    let whole = frames(&evidence(&folder, &capture, &[]));
    assert_eq!(octets(&whole), made.iter().map(|frame| frame.bytes.clone()).collect::<Vec<_>>());
    // Of the first and the last segment of the flow none is in parts; the error decides something.
    let few = frames(&evidence(&folder, &capture, &["--evidence-frames", "1"]));
    assert!(few.len() < whole.len() && few.iter().all(|frame| whole.contains(frame)));
    let cut = frames(&evidence(&folder, &capture, &["--payload-bytes", "0"]));
    let parts = cut.iter().filter(|frame| frame.octets.len() == 34 && frame.original_len > 34).count();
    assert_eq!((cut.len(), parts), (made.len(), 2), "parts without their data");
}

#[test]
fn interfaces_of_several_inputs_stay_apart() {
    let folder = scratch("evidence-inputs");
    let file = folder.join("e.pcapng");
    let (one, other) = ("samples/any_interface/capture.pcap", "samples/two_interfaces/capture.pcapng");
    let path = file.display().to_string();
    let output = run([one, other, "--write-evidence", &path, "--format", "json"]);
    let merged = report(&output);
    let Some(said) = tshark(&file, &["-T", "fields", "-e", "frame.interface_description", "-e", "frame.encap_type"])
    else {
        return;
    };
    let mut kinds: Vec<_> = said.lines().collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert!(
        kinds.iter().any(|kind| kind.starts_with(one)) && kinds.iter().any(|kind| kind.starts_with(other)),
        "{said}"
    );
    assert_eq!(analyze([&file])["capture"]["rst_segments"], merged["capture"]["rst_segments"]);
}

#[test]
fn nothing_is_overwritten_and_nothing_left_behind() {
    let folder = scratch("evidence-place");
    let capture = folder.join("a.pcap");
    fs::copy("samples/forged_reset/capture.pcap", &capture).expect("a copy");
    let file = folder.join("e.pcapng");
    let (capture_text, file_text) = (capture.display().to_string(), file.display().to_string());
    let before = fs::read(&capture).expect("the capture");
    for (target, force) in [(&file_text, ""), (&capture_text, "--force"), (&capture_text, "")] {
        fs::write(&file, "precious").expect("a file");
        let mut arguments = vec![capture_text.as_str(), "--write-evidence", target];
        arguments.extend(Some(force).filter(|force| !force.is_empty()));
        assert_eq!(run(arguments).status.code(), Some(2), "{target} {force}");
        assert_eq!(fs::read(&file).expect("the file"), b"precious");
        assert_eq!(fs::read(&capture).expect("the capture"), before);
    }
    assert!(run([&capture_text, "--write-evidence", &file_text, "--force"]).status.success());
    assert!(!frames(&file).is_empty());
    let missing = folder.join("no/such/e.pcapng").display().to_string();
    assert_eq!(run([&capture_text, "--write-evidence", &missing]).status.code(), Some(1));
    let names: Vec<_> =
        fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_pipe_is_refused_before_it_is_read() {
    let folder = scratch("evidence-pipe");
    let file = folder.join("e.pcapng").display().to_string();
    let output = run_with_input(&["-", "--write-evidence", &file], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("save the capture to a file first"));
    assert!(fs::read_dir(&folder).expect("the folder").next().is_none());
}
