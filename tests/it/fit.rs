//! `tests/fit/fit.py` writes the tables of docs/confidence.md and nothing else of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::has;
use crate::support::program::scratch;

/// What is true of `samples/forged_reset`, as the laboratory would have it.
const TRUTH: &str = r#"{"captures": [{"file": "capture.pcap"}], "flows": [{
    "client": "192.0.2.10:40011", "server": "198.51.100.20:8080", "ip_version": 4, "cause": "injected_content_filter",
    "rst": [{"frames": {"capture.pcap": [9]}, "sender": "middlebox", "flags": "R"},
            {"frames": {"capture.pcap": [11]}, "sender": "client", "flags": "R"}],
    "views": {"capture.pcap": {"rst_frames": [9, 11], "sender_acceptable": [["middlebox"], ["client"]],
                               "cause_acceptable": ["injected_content_filter"]}}}]}"#;

/// Runs the script over a folder; what it printed, or nothing where there is no Python.
fn fit(captures: &Path, page: &Path) -> Option<String> {
    if !has("python3") {
        return None;
    }
    let output = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fit/fit.py"))
        .arg(captures)
        .args(["--binary", env!("CARGO_BIN_EXE_tcpautopsy"), "--page"])
        .arg(page)
        .output()
        .expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The page with nothing between the marks.
fn prose(page: &str) -> String {
    let mut is_table = false;
    let mut kept = String::new();
    for line in page.lines() {
        is_table &= !line.starts_with("<!-- end of ");
        if !is_table {
            kept += &format!("{line}\n");
        }
        is_table |= line.starts_with("<!-- tests/fit/fit.py writes ");
    }
    kept
}

#[test]
fn only_what_stands_between_the_marks_is_written() {
    let before = include_str!("../../docs/confidence.md");
    let folder = scratch("fit");
    let (run, page) = (folder.join("run"), folder.join("confidence.md"));
    fs::create_dir(&run).expect("a folder");
    fs::write(&page, before).expect("a page");
    let Some(said) = fit(&folder, &page) else { return };
    assert!(said.contains("nothing to measure"), "{said}");
    assert_eq!(fs::read_to_string(&page).expect("the page"), before, "without captures it stays as it is");

    fs::write(run.join("truth.json"), TRUTH).expect("truth.json");
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/forged_reset/capture.pcap"), run.join("capture.pcap"))
        .expect("a capture");
    fit(&folder, &page);
    let after = fs::read_to_string(&page).expect("the page");
    assert_eq!(prose(&after), prose(before));
    assert!(after.contains("| `injected_content_filter` | 1     | 1        | -"), "{after}");
    assert!(after.contains("| certain  | 2     | 0         | 100.00% |"), "{after}");
    fit(&folder, &page);
    assert_eq!(fs::read_to_string(&page).expect("the page"), after, "twice the same");
}
