//! The recorded captures beside the project: RST frames against TShark and the lab's kernels. Skipped with a
//! message where they are absent.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::support::program::analyze;
use crate::support::shared;

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("readable")).expect("JSON")
}

fn numbers(list: &Value) -> BTreeSet<u64> {
    list.as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
}

fn rst_frames(report: &Value) -> BTreeSet<u64> {
    let flows = report["flows"].as_array().expect("flows");
    flows
        .iter()
        .flat_map(|flow| flow["resets"].as_array().expect("resets"))
        .flat_map(|reset| numbers(&reset["frames"]))
        .collect()
}

#[test]
fn rst_frames_are_tsharks() {
    let Some(folder) = shared("third_party") else { return };
    let mut compared = 0;
    for entry in std::fs::read_dir(folder.join("captures")).expect("captures") {
        let capture = entry.expect("an entry").path();
        let name = capture.file_name().expect("a name").to_string_lossy().into_owned();
        let oracle = folder.join("oracle/tshark").join(format!("{name}.json"));
        let expected = numbers(&json(&oracle)["rst_frames"]);
        if expected.is_empty() {
            continue;
        }
        assert_eq!(rst_frames(&analyze([&capture])), expected, "{name}");
        compared += 1;
    }
    assert!(compared > 100, "only {compared} captures with RST");
}

#[test]
fn rst_frames_are_those_the_lab_recorded() {
    let Some(folder) = shared("lab") else { return };
    let mut compared = 0;
    for scenario in std::fs::read_dir(&folder).expect("scenarios").map(|entry| entry.expect("an entry").path()) {
        for run in std::fs::read_dir(&scenario).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
            let truth = json(&run.join("truth.json"));
            for capture in truth["captures"].as_array().expect("captures") {
                let file = capture["file"].as_str().expect("a name");
                let flows = truth["flows"].as_array().expect("flows");
                let expected: BTreeSet<u64> =
                    flows.iter().flat_map(|flow| numbers(&flow["views"][file]["rst_frames"])).collect();
                assert_eq!(rst_frames(&analyze([run.join(file)])), expected, "{}", run.join(file).display());
                compared += 1;
            }
        }
    }
    assert!(compared > 400, "only {compared} captures");
}
