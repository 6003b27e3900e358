//! The whole program on one file, in the format that the last octet of the file names.
#![no_main]

use std::cell::LazyCell;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use tcpautopsy::cli::Job;
use tcpautopsy::{cli, run};

const FORMATS: [&str; 8] = ["json", "json", "html", "markdown", "csv", "ndjson", "table", "show"];

thread_local! {
    /// Where there is memory for files, else where files belong.
    static FOLDER: LazyCell<PathBuf> = LazyCell::new(|| {
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = parent.join(format!("tcpautopsy-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    });
}

fuzz_target!(|data: &[u8]| {
    let Some(&choice) = data.last() else { return };
    let format = FORMATS[usize::from(choice) % FORMATS.len()];
    FOLDER.with(|folder| {
        let file = |name: &str| folder.join(name).into_os_string().into_string().expect("ASCII");
        let (capture, output, evidence) = (file("capture"), file("report"), file("evidence.pcapng"));
        std::fs::write(&capture, data).expect("a file");
        let mut arguments = vec!["tcpautopsy"];
        match format {
            "show" => arguments.extend(["show", "--flow", "1"]),
            format => arguments.extend(["--all-flows", "--format", format]),
        }
        arguments.extend(["--quiet", "--force", "--threads", "1", "--output", &output]);
        if choice & 0x10 != 0 {
            arguments.extend(["--write-evidence", &evidence]);
        }
        if choice & 0x20 != 0 {
            arguments.push("--anonymize");
        }
        if choice & 0x40 != 0 {
            arguments.extend(["--memory", "64MiB"]);
        }
        arguments.push(&capture);
        let job = cli::job(arguments.iter().map(Into::into)).unwrap_or_else(|answer| panic!("{}", answer.text));
        let Job::Analyze(options) = job else { return };
        if run::analyze(&options).is_ok() && format == "json" {
            let report = std::fs::read(&output).expect("a report");
            serde_json::from_slice::<serde_json::Value>(&report).expect("JSON");
        }
    });
});
