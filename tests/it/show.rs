//! One flow in the terminal.

use tcpautopsy::output::Zone;
use tcpautopsy::output::show;
use tcpautopsy::output::table::TableOptions;
use tcpautopsy::report::Report;

use crate::support::program::{report, run, run_with_input};
use crate::support::reports::{self, ATTACKS};

fn options(width: Option<u16>, color: bool) -> TableOptions {
    TableOptions { is_terminal: width.is_some(), width, color, zone: Zone::UTC, summary_only: false }
}

fn shown(report: &Report, options: &TableOptions) -> String {
    let mut out = Vec::new();
    show::write(report, options, &mut out).expect("writing to memory");
    String::from_utf8(out).expect("UTF-8")
}

fn snapshot(name: &str, shown: String) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, shown);
    });
}

fn text(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_flow_reads_well() {
    snapshot("show_forged_reset", text(&["show", "samples/forged_reset/capture.pcap", "--flow", "1"]));
    let mut one = reports::maximal();
    one.flows.retain(|flow| flow.id == 7);
    snapshot("show_maximal_80", shown(&one, &options(Some(80), false)));
}

#[test]
fn it_fits_the_terminal() {
    for width in [60, 80, 132] {
        for line in shown(&reports::maximal(), &options(Some(width), false)).lines() {
            // What is to be copied stays whole.
            let fits = line.chars().count() <= usize::from(width) || line.starts_with("Wireshark filter: ");
            assert!(fits, "{width}: {line}");
        }
    }
}

#[test]
fn colour_is_there_when_asked_for() {
    let escape = |color| shown(&reports::maximal(), &options(Some(80), color)).contains('\u{1b}');
    assert!(escape(true) && !escape(false));
    let sample = "samples/forged_reset/capture.pcap";
    assert!(text(&["show", sample, "--flow", "1", "--color", "always"]).contains("\u{1b}[91m"));
    assert!(!text(&["show", sample, "--flow", "1"]).contains('\u{1b}'));
}

#[test]
fn no_text_acts_on_the_terminal() {
    let lines = |text: &str| shown(&reports::with_text(text), &options(None, false)).lines().count();
    // What is blank takes no line.
    for attack in ATTACKS.iter().filter(|attack| !attack.trim().is_empty()) {
        let page = shown(&reports::with_text(attack), &options(None, false));
        assert!(!page.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{attack:?}");
        assert_eq!(lines(attack), lines("harmless"), "{attack:?}");
    }
}

#[test]
fn a_flow_is_found_by_its_number_or_any_of_its_frames() {
    let sample = "samples/server_killed/capture.pcap";
    let by_number = text(&["show", sample, "--flow", "4"]);
    for frame in ["15", "25"] {
        assert_eq!(text(&["show", sample, "--frame", frame]), by_number);
    }
    let piped = run_with_input(&["show", "-", "--frame", "25"], &std::fs::read(sample).expect("the sample"));
    assert_eq!(String::from_utf8_lossy(&piped.stdout), by_number);
    // An ICMP error belongs to the flow that it is about.
    assert!(text(&["show", "samples/icmp_refused/capture.pcap", "--frame", "2"]).contains("ICMP from 192.0.2.1"));
    // A flow that ended well is shown to whoever asks for it.
    assert!(text(&["show", sample, "--flow", "1"]).contains("FIN,ACK seq 1 ack 7"));
}

#[test]
fn what_is_not_there_is_said() {
    let sample = "samples/server_killed/capture.pcap";
    assert_eq!(text(&["show", sample, "--flow", "99"]), "There is no flow 99: they are numbered from 1 to 4.\n");
    assert_eq!(text(&["show", sample, "--frame", "9999"]), "Frame 9999 belongs to no flow.\n");
    assert_eq!(run(["show", sample]).status.code(), Some(2));
    assert_eq!(run(["show", sample, "--flow", "1", "--frame", "2"]).status.code(), Some(2));
    assert_eq!(run(["show", sample, "--frame", "0"]).status.code(), Some(2));
}

#[test]
fn another_format_has_every_segment_too() {
    let capture = "samples/midstream/capture.pcapng.zst";
    let of = |job: &[&str]| {
        let arguments = [job, &[capture, "--flow", "1", "--format", "json"]].concat();
        let report = report(&run(arguments));
        report["flows"][0]["ladder"].as_array().map(Vec::len).expect("a ladder")
    };
    let (all, decisive) = (of(&["show"]), of(&[]));
    assert!(decisive <= 40 && all >= decisive, "{all} {decisive}");
}
