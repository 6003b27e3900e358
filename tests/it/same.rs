//! The same frames give the same report: from a file or a pipe, packed, in either container, in pieces, on any number of
//! threads. Only what is said of the inputs themselves may differ.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::captures::{self, Frame};
use crate::support::program::{report, run, run_with_input, samples, scratch};

const JSON: [&str; 3] = ["--all-flows", "--format", "json"];

fn json(arguments: &[&str]) -> Value {
    report(&run(JSON.iter().chain(arguments)))
}

fn table(arguments: &[&str]) -> String {
    String::from_utf8(run(["--all-flows"].iter().chain(arguments)).stdout).expect("UTF-8")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of this test")
}

/// The report without what stands in it about its inputs.
fn without_inputs(mut report: Value) -> Value {
    report["capture"]["inputs"].take();
    for flow in report["flows"].as_array_mut().expect("flows") {
        flow["inputs"].take();
        for reset in flow["resets"].as_array_mut().expect("resets") {
            reset.as_object_mut().expect("a reset").remove("locations");
            reset["evidence"].as_array_mut().expect("evidence").iter_mut().for_each(without_locations);
        }
        if let Some(evidence) = flow["diagnosis"]["evidence"].as_array_mut() {
            evidence.iter_mut().for_each(without_locations);
        }
    }
    report
}

fn without_locations(evidence: &mut Value) {
    evidence.as_object_mut().expect("a piece of evidence").remove("locations");
}

/// Filters tell two connections of the same ports apart by frame numbers of one file, but of several files only by times.
fn without_frames(text: &str) -> String {
    text.lines().map(|line| line.split(" && frame.").next().unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn without_filters(mut report: Value) -> Value {
    for flow in report["flows"].as_array_mut().expect("flows") {
        flow["wireshark_filter"] = without_frames(flow["wireshark_filter"].as_str().expect("a filter")).into();
    }
    report
}

/// What a capture may be called in a table.
fn without_name(table: &str, name: &str) -> String {
    table.replace(name, "CAPTURE")
}

/// A capture beside what its report says.
#[derive(Clone)]
struct Sample {
    name: String,
    path: PathBuf,
    json: Value,
    table: String,
}

fn each_sample(check: impl Fn(&Sample)) {
    for (name, path) in samples() {
        let json = without_inputs(json(&[text(&path)]));
        let table = without_name(&table(&[text(&path)]), text(&path));
        check(&Sample { name, path, json, table });
    }
}

impl Sample {
    /// The same frames in another file.
    #[track_caller]
    fn is_same_as(&self, file: &Path) {
        let what = format!("{} as {}", self.name, file.display());
        assert_eq!(without_inputs(json(&[text(file)])), self.json, "{what}");
        assert_eq!(without_name(&table(&[text(file)]), text(file)), self.table, "{what}");
    }

    /// How many packets the kernel dropped is known to pcapng alone, and our converter leaves it out.
    fn without_kernel_drops(mut self) -> Self {
        self.json["capture"]["dropped_by_kernel"].take();
        assert!(!self.table.contains("kernel dropped"), "{} needs a converter that knows of drops", self.name);
        self
    }
}

#[test]
fn as_standard_input() {
    each_sample(|sample| {
        let octets = std::fs::read(&sample.path).expect("a sample");
        let piped = run_with_input(&[JSON.as_slice(), &["-"]].concat(), &octets);
        assert_eq!(without_inputs(report(&piped)), sample.json, "{}", sample.name);
        let piped = run_with_input(&["--all-flows", "-"], &octets).stdout;
        assert_eq!(without_name(&String::from_utf8_lossy(&piped), "standard input"), sample.table, "{}", sample.name);
    });
}

#[test]
fn packed() {
    let folder = scratch("same-packed");
    each_sample(|sample| {
        let octets = std::fs::read(&sample.path).expect("a sample");
        // Packed twice is another thing; what is packed already is said below in every container.
        if sample.path.extension().is_some_and(|ending| ending == "pcap" || ending == "pcapng") {
            for (ending, packed) in
                [("gz", captures::gzip(&octets)), ("zst", captures::zstd(&octets)), ("lz4", captures::lz4(&octets))]
            {
                let file = folder.join(format!("{}.{ending}", sample.name));
                std::fs::write(&file, packed).expect("a file");
                sample.is_same_as(&file);
            }
        }
    });
}

#[test]
fn in_either_container() {
    let folder = scratch("same-container");
    each_sample(|sample| {
        let sample = sample.clone().without_kernel_drops();
        let frames = captures::frames(&sample.path);
        for (ending, written) in [("pcap", captures::pcap(&frames)), ("pcapng", captures::pcapng(&frames))] {
            let file = folder.join(format!("{}.{ending}", sample.name));
            std::fs::write(&file, written).expect("a file");
            sample.is_same_as(&file);
        }
    });
}

#[test]
fn on_any_number_of_threads() {
    each_sample(|sample| {
        for threads in ["1", "2", "4"] {
            let arguments = ["--threads", threads, text(&sample.path)];
            assert_eq!(without_inputs(json(&arguments)), sample.json, "{} with {threads}", sample.name);
            assert_eq!(without_name(&table(&arguments), text(&sample.path)), sample.table, "{}", sample.name);
        }
    });
}

/// Up to four runs of frames, each of which ends before the next begins, as a ring of files does.
fn pieces(frames: &[Frame]) -> Vec<&[Frame]> {
    let is_a_cut = |&at: &usize| {
        let latest = frames[..at].iter().map(|frame| frame.nanos).max();
        latest < frames[at..].iter().map(|frame| frame.nanos).min()
    };
    let cuts: Vec<usize> = (1..frames.len()).filter(is_a_cut).collect();
    let mut ends: Vec<usize> = (1..4).filter_map(|quarter| cuts.get(cuts.len() * quarter / 4).copied()).collect();
    ends.dedup();
    let starts = [0].into_iter().chain(ends.clone());
    let ends = ends.into_iter().chain([frames.len()]);
    starts.zip(ends).map(|(start, end)| &frames[start..end]).collect()
}

#[test]
fn in_pieces_named_in_any_order() {
    const SHUFFLED: [usize; 4] = [2, 0, 3, 1];
    let folder = scratch("same-pieces");
    let mut in_four = 0;
    for (name, path) in samples() {
        let frames = captures::frames(&path);
        let pieces = pieces(&frames);
        in_four += usize::from(pieces.len() == 4);
        let whole = folder.join(format!("{name}.pcapng"));
        std::fs::write(&whole, captures::pcapng(&frames)).expect("a file");
        // Where each file begins in the whole, in the order of the command line.
        let (mut starts, mut files) = (Vec::new(), Vec::new());
        for nth in SHUFFLED.into_iter().filter(|&nth| nth < pieces.len()) {
            starts.push(pieces[..nth].iter().map(|piece| piece.len() as u64).sum::<u64>());
            let file = folder.join(format!("{name}-{nth}.pcapng"));
            std::fs::write(&file, captures::pcapng(pieces[nth])).expect("a file");
            files.push(text(&file).to_owned());
        }
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let apart = json(&files);
        for reset in
            apart["flows"].as_array().expect("flows").iter().flat_map(|flow| flow["resets"].as_array()).flatten()
        {
            let Some(locations) = reset["locations"].as_array() else {
                assert_eq!(files.len(), 1, "{name}: a reset without locations");
                continue;
            };
            let places = locations.iter().map(|place| {
                let input = place["input"].as_u64().expect("an input") as usize;
                starts[input] + place["frame"].as_u64().expect("a frame")
            });
            let frames: Vec<u64> =
                reset["frames"].as_array().expect("frames").iter().filter_map(Value::as_u64).collect();
            assert_eq!(places.collect::<Vec<_>>(), frames, "{name}");
        }
        let together = without_inputs(json(&[text(&whole)]));
        assert_eq!(without_filters(without_inputs(apart)), without_filters(together), "{name}");
        // Notes may speak of the inputs.
        let rows = |table: String| table.split("\nNotes:").next().map(|rows| without_frames(rows.trim_end()));
        let calm = |table: String| table.replace("Nothing else looks wrong.\n", "");
        assert_eq!(rows(calm(table(&files))), rows(calm(table(&[text(&whole)]))), "{name}");
    }
    assert!(in_four > 15, "only {in_four} samples could be cut in four");
}

#[test]
fn as_rows_alone() {
    let evidence = scratch("same-rows").join("evidence.pcapng");
    // An evidence file takes all that is found of each flow, of which a table of more than a few shows little.
    let in_full = ["--write-evidence", text(&evidence), "--force"];
    let samples: Vec<_> = samples().into_iter().map(|(_, path)| path).collect();
    let all: Vec<&str> = samples.iter().map(|path| text(path)).collect();
    let mut without_proof = 0;
    for captures in all.iter().map(std::slice::from_ref).chain([&*all]) {
        for some in [&["--threads", "2"][..], &["--threads", "1"], &["--all-flows"], &["--memory", "32M"]] {
            let table = |more: &[&str]| String::from_utf8(run([some, more, captures].concat()).stdout).expect("UTF-8");
            let rows = table(&[]);
            assert_eq!(rows, table(&in_full), "{captures:?} {some:?}");
            without_proof += usize::from(!rows.contains("\n  Wireshark filter: ") && rows.contains("\nFlow "));
        }
    }
    assert!(without_proof > 20, "only {without_proof} tables of many flows");
}
