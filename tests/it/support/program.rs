//! Runs the program as a user does.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program, with nothing of the environment that changes what it prints.
pub fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_tcpautopsy"));
    program.env_remove("NO_COLOR").env("TZ", "UTC").current_dir(env!("CARGO_MANIFEST_DIR"));
    program
}

/// Its output for these arguments. Lines of NDJSON in it are held against their schema.
#[track_caller]
pub fn run<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    let output = program().args(arguments).stdin(Stdio::null()).output().expect("the program starts");
    super::schema::validate_lines(&output.stdout);
    output
}

/// Its output for these arguments with these octets on standard input.
pub fn run_with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = program()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // On a thread of its own: the program may stop reading, or write before it has read everything.
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the program ends");
    feeding.join().expect("no panic");
    super::schema::validate_lines(&output.stdout);
    output
}

/// The JSON in an output, held against the schema.
pub fn report(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let report = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("no JSON: {error}\n{text}\n{}", String::from_utf8_lossy(&output.stderr)));
    if let Err(error) = super::validate(&report) {
        panic!("against the schema: {error}\n{text}");
    }
    report
}

/// The report of these captures with all flows.
pub fn analyze<S: AsRef<std::ffi::OsStr>>(captures: impl IntoIterator<Item = S>) -> Value {
    let mut program = program();
    program.args(["analyze", "--format", "json", "--all-flows", "--quiet"]).args(captures);
    report(&program.stdin(Stdio::null()).output().expect("the program starts"))
}

/// A folder for the files of one test, empty at its start.
pub fn scratch(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the test's files");
    folder
}

/// Every sample: its name and its capture.
pub fn samples() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("samples") {
        let case = entry.expect("an entry").path();
        if !case.join("expected.json").exists() {
            continue;
        }
        let capture = std::fs::read_dir(&case)
            .expect("a sample")
            .map(|entry| entry.expect("an entry").path())
            .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("capture.")))
            .expect("a capture");
        found.push((case.file_name().expect("a name").to_string_lossy().into_owned(), capture));
    }
    found.sort();
    found
}
