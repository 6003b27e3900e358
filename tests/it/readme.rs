//! What the pages show is what the program prints.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::has;

/// Pages, and how many commands each shows at least.
const PAGES: [(&str, &str, usize); 3] = [
    ("README.md", include_str!("../../README.md"), 5),
    ("docs/knowledge.md", include_str!("../../docs/knowledge.md"), 1),
    ("docs/who-sent-it.md", include_str!("../../docs/who-sent-it.md"), 6),
];

/// Programs of others that the pages call; where one is missing, its command is passed over.
const TOOLS: [&str; 3] = ["jq", "tshark", "tcptrace"];

/// The commands of a page's `console` blocks, each with what stands below it.
fn shown(page: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for block in page.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for line in block.lines() {
            match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push((command.to_owned(), String::new())),
                (None, Some((_, output))) => *output += &format!("{line}\n"),
                (None, None) => panic!("output without a command: {line}"),
            }
        }
    }
    commands
}

#[test]
fn commands_print_what_the_page_shows() {
    let folder = Path::new(env!("CARGO_BIN_EXE_tcpautopsy")).parent().expect("a folder");
    let path = std::env::join_paths(
        [folder.to_owned()].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    for (name, page, least) in PAGES {
        assert!(shown(page).len() >= least, "{name} shows too few commands");
    }
    for (command, expected) in PAGES.iter().flat_map(|(_, page, _)| shown(page)) {
        if TOOLS.into_iter().any(|tool| command.contains(&format!("{tool} ")) && !has(tool)) {
            continue;
        }
        let output = Command::new("sh")
            .args(["-c", &command])
            .env("PATH", path.as_ref().expect("a search path"))
            .env("TZ", "UTC")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        // TShark dislikes to be run by root, and says so.
        let complaints = String::from_utf8_lossy(&output.stderr);
        let complaints = complaints.split_inclusive('\n').filter(|line| !line.starts_with("Running as user"));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &complaints.collect::<String>();
        assert_eq!(printed, expected, "$ {command}");
    }
}

/// The picture of the table is drawn from the program's output by a script, which knows whether it still fits.
#[test]
#[cfg(unix)]
fn the_picture_shows_what_the_program_prints() {
    if !has("python3") {
        return;
    }
    let output = Command::new("python3")
        .args(["docs/pictures/make", "--check", "--binary", env!("CARGO_BIN_EXE_tcpautopsy")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
