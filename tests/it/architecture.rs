//! The invariants of `docs/architecture.md`, held against the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file below `src`, as its path from there with `/` between the parts, and its text.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let source = root().join("src");
    let mut found = Vec::new();
    walk(&source, &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&source).expect("below src").to_string_lossy().replace('\\', "/");
            (name, fs::read_to_string(&path).expect("readable source"))
        })
        .collect()
}

/// The lines of a source that end up in the program: no comments, no unit tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    program.lines().map(|line| line.split("//").next().unwrap_or_default())
}

/// Whether `word` stands in `line` and is not the end of a longer name or a part of a path.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

/// Whether a file is this room or stands in it: `cli` means `cli.rs` and everything below `cli/`.
fn is_in(file: &str, room: &str) -> bool {
    file == room || file.strip_suffix(".rs") == Some(room) || file.starts_with(&format!("{room}/"))
}

/// The table of outside crates in docs/architecture.md: the name of each and the rooms that it stays in, as paths below `src`.
fn crates() -> BTreeMap<String, Vec<String>> {
    let page = fs::read_to_string(root().join("docs/architecture.md")).expect("docs/architecture.md");
    let table = page.split("\n## Dependencies\n").nth(1).expect("a section on dependencies");
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in table.lines().filter_map(|line| line.strip_prefix("| `")) {
        let mut cells = row.split(" | ");
        let name = cells.next().expect("a crate").trim_end_matches('`');
        let rooms = cells.next().expect("rooms").split(", ").map(|room| room.trim_matches(['`', '/']).to_owned());
        found.entry(name.to_owned()).or_default().extend(rooms);
    }
    found
}

/// How a path into a crate begins in a source.
fn path_into(name: &str) -> String {
    format!("{}::", name.replace('-', "_"))
}

#[test]
fn an_outside_crate_stays_in_its_rooms() {
    let mut strays = Vec::new();
    for (file, text) in sources() {
        for (name, rooms) in crates() {
            let uses = code(&text).any(|line| names(line, &path_into(&name)));
            if uses && !rooms.iter().any(|room| is_in(&file, room)) {
                strays.push(format!("{file} uses {name}, which stays in {rooms:?}"));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn a_room_that_a_crate_is_said_to_be_in_uses_it() {
    let sources = sources();
    for (name, rooms) in crates() {
        for room in rooms {
            let uses = |(file, text): &(String, String)| {
                is_in(file, &room) && code(text).any(|line| names(line, &path_into(&name)))
            };
            assert!(sources.iter().any(uses), "docs/architecture.md: {room} does not use {name}");
        }
    }
}

#[test]
fn only_the_report_becomes_json() {
    for (file, text) in sources() {
        let derives = code(&text).any(|line| line.contains("derive(") && line.contains("Serialize"));
        assert!(!derives || is_in(&file, "report"), "{file} derives Serialize");
    }
}

#[test]
fn every_dependency_is_explained() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let mut dependencies = BTreeSet::new();
    // Those of targets too; not those of tests.
    let is_of_program = |section: &str| section.ends_with("dependencies") && section != "dev-dependencies";
    for section in manifest.split("\n[") {
        let Some((header, lines)) = section.split_once("]\n") else { continue };
        if is_of_program(header) {
            dependencies.extend(lines.lines().filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())));
        }
    }
    assert_eq!(
        crates().into_keys().collect::<BTreeSet<_>>(),
        dependencies,
        "the table of docs/architecture.md, Cargo.toml"
    );
}

/// What is a function of the capture alone.
const CORE: [&str; 15] = [
    "tcp",
    "decode",
    "flow",
    "timeline",
    "witness",
    "surroundings",
    "compare",
    "evidence",
    "attribution",
    "application",
    "causes",
    "outcome",
    "trace",
    "knowledge",
    "explain",
];

#[test]
fn the_core_does_no_io_and_reads_no_clock() {
    let forbidden = [
        "std::fs",
        "std::io",
        "std::net::Tcp",
        "std::env",
        "std::time",
        "Instant::",
        "SystemTime",
        "print!",
        "println!",
        "dbg!",
    ];
    let mut strays = Vec::new();
    for (file, text) in sources() {
        if CORE.iter().any(|room| is_in(&file, room)) {
            for word in forbidden {
                if code(&text).any(|line| line.contains(word)) {
                    strays.push(format!("{file}: {word}"));
                }
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn arrows_point_one_way() {
    // What each room must not know of.
    const OUTSIDE: [&str; 7] = ["select", "report", "output", "cli", "run", "error", "progress"];
    let judging = ["timeline", "witness", "surroundings", "compare", "evidence", "attribution", "causes"];
    let forbidden: [(&str, &[&str]); 17] = [
        ("tcp", &["capture", "decode", "flow", "select", "report", "output", "cli", "run", "error", "progress"]),
        ("capture", &["decode", "flow", "select", "report", "output", "cli", "run", "progress"]),
        ("decode", &["flow", "select", "report", "output", "cli", "run", "error", "progress"]),
        ("flow", &["capture", "decode", "select", "report", "output", "cli", "run", "error", "progress"]),
        ("causes", &["capture", "report", "output", "cli", "run", "error", "progress"]),
        ("outcome", &["capture", "report", "output", "cli", "run", "error", "progress"]),
        ("knowledge", &["capture", "decode", "flow", "select", "report", "output", "cli", "run", "error", "progress"]),
        ("trace", &["capture", "decode", "flow", "select", "report", "output", "cli", "run", "error", "progress"]),
        ("application", &["capture", "decode", "select", "report", "output", "cli", "run", "error", "progress"]),
        ("timeline", &["witness", "surroundings", "compare", "evidence", "attribution", "causes"]),
        ("witness", &["capture", "decode", "timeline", "surroundings", "compare", "evidence", "attribution", "causes"]),
        ("surroundings", &["capture", "compare", "evidence", "attribution", "causes"]),
        ("compare", &["capture", "evidence", "attribution", "causes"]),
        ("evidence", &["capture", "decode", "flow", "timeline", "surroundings", "attribution", "causes", "knowledge"]),
        ("attribution", &["capture", "causes"]),
        ("report", &["output", "cli", "run", "error", "progress"]),
        ("output", &["capture", "decode", "flow", "select", "cli", "run", "error", "progress"]),
    ];
    let mut strays = Vec::new();
    for (file, text) in sources() {
        for (room, others) in forbidden {
            let outside = OUTSIDE.iter().filter(|_| judging.contains(&room));
            for other in others.iter().chain(outside).filter(|_| is_in(&file, room)) {
                let path = format!("crate::{other}");
                let goes_there = |line: &str| {
                    line.match_indices(&path)
                        .any(|(at, _)| !line[at + path.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
                };
                if code(&text).any(goes_there) {
                    strays.push(format!("{file} goes to {other}"));
                }
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn unsafe_code_stands_where_the_page_says() {
    for (file, text) in sources() {
        let has = code(&text)
            .any(|line| line.contains("unsafe {") || line.contains("unsafe fn") || line.contains("unsafe impl"));
        assert!(
            !has || ["capture/map.rs", "capture/libpcap/version.rs", "prefetch.rs"].contains(&file.as_str()),
            "{file} has unsafe code"
        );
    }
}

#[test]
fn the_page_names_every_room() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).expect("docs/architecture.md");
    let mut rooms: Vec<String> = sources()
        .iter()
        .map(|(file, _)| match file.split_once('/') {
            Some((folder, _)) => format!("{folder}/"),
            None => file.clone(),
        })
        .collect();
    rooms.dedup();
    for room in rooms {
        assert!(page.contains(&room), "docs/architecture.md does not mention src/{room}");
    }
}

#[test]
fn the_crate_page_names_every_room() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let (page, code): (Vec<_>, Vec<_>) = lib.lines().partition(|line| line.starts_with("//!"));
    let page = page.join("\n");
    let rooms: Vec<_> = code.iter().filter_map(|line| line.trim_end_matches(';').split_once("mod ")).collect();
    assert!(rooms.len() > 20, "the rooms were not found");
    for (_, room) in rooms {
        assert!(page.contains(&format!("`{room}`")), "the head of src/lib.rs does not mention {room}");
    }
    let steps = page.lines().filter_map(|line| line.strip_prefix("//! ")?.split_once(". ")?.0.parse().ok());
    let steps: Vec<usize> = steps.collect();
    assert_eq!(steps, (1..=steps.len()).collect::<Vec<_>>(), "the walk of one packet");
}

#[test]
fn no_test_file_is_forgotten() {
    let folder = root().join("tests/it");
    let main = fs::read_to_string(folder.join("main.rs")).expect("main.rs");
    for entry in fs::read_dir(&folder).expect("tests/it") {
        let name = entry.expect("an entry").file_name().to_string_lossy().replace(".rs", "");
        assert!(name == "main" || main.contains(&format!("mod {name};")), "tests/it/main.rs lacks `mod {name};`");
    }
}
