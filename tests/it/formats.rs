//! The formats for tickets, spreadsheets and log shippers: how they read, and that no text breaks out of them.

use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::{Value, json};
use tcpautopsy::output::{Zone, csv, markdown, ndjson};
use tcpautopsy::report::{Report, Side, Teardown};

use crate::support::program;
use crate::support::reports::{self, ATTACKS};
use crate::support::schema::{validate_line, validate_lines};

fn text(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("writing to memory");
    String::from_utf8(out).expect("UTF-8")
}

fn as_markdown(report: &Report) -> String {
    text(|out| markdown::write(report, &Zone::UTC, out))
}

fn as_csv(report: &Report) -> String {
    text(|out| csv::write(report, out))
}

fn as_ndjson(report: &Report) -> String {
    let lines = text(|out| ndjson::write(report, out));
    validate_lines(lines.as_bytes());
    lines
}

fn snapshot(name: String, shown: String) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, shown);
    });
}

/// Reports that everything is shown of.
fn all() -> [(&'static str, Report); 6] {
    [
        ("maximal", reports::maximal()),
        ("everything", reports::everything()),
        ("nothing_reset", reports::nothing_reset()),
        ("nothing_chosen", reports::nothing_chosen()),
        ("empty", reports::empty()),
        ("hostile", reports::hostile()),
    ]
}

#[test]
fn tickets_read_well() {
    for (name, report) in all() {
        snapshot(format!("markdown_{name}"), as_markdown(&report));
    }
}

#[test]
fn rows_and_lines_read_well() {
    for (name, report) in [("maximal", reports::maximal()), ("empty", reports::empty())] {
        snapshot(format!("csv_{name}"), as_csv(&report));
        snapshot(format!("ndjson_{name}"), as_ndjson(&report));
    }
}

#[test]
fn samples_read_well() {
    for sample in ["server_killed", "forged_reset"] {
        for format in ["markdown", "csv", "ndjson"] {
            let capture = format!("samples/{sample}/capture.pcap");
            let output = program::run([capture.as_str(), "--format", format, "--all-flows"]);
            assert!(output.status.success(), "{sample} as {format}");
            snapshot(format!("{format}_of_{sample}"), String::from_utf8(output.stdout).expect("UTF-8"));
        }
    }
}

/// The blocks of a page of Markdown, and what stands outside of code.
fn structure(page: &str) -> (Vec<String>, String) {
    let (mut blocks, mut plain, mut code) = (Vec::new(), String::new(), 0);
    for event in
        Parser::new_ext(page, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES)
    {
        match event {
            Event::Start(Tag::CodeBlock(_)) => {
                code += 1;
                blocks.push("code".to_owned());
            }
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => code -= 1,
            // A paragraph may be empty, and then there is none.
            Event::Start(Tag::Paragraph) => {}
            Event::Start(tag) => blocks.push(format!("{tag:?}")),
            Event::Text(text) if code == 0 => plain += &text,
            Event::Text(_) | Event::Code(_) | Event::End(_) | Event::SoftBreak => {}
            other => blocks.push(format!("{other:?}")),
        }
    }
    (blocks, plain)
}

#[test]
fn no_text_breaks_out_of_a_ticket() {
    let (expected, _) = structure(&as_markdown(&reports::with_text("harmless")));
    assert!(expected.iter().filter(|block| block.starts_with("TableRow")).count() > 3, "{expected:?}");
    for attack in ATTACKS {
        let page = as_markdown(&reports::with_text(attack));
        let (blocks, plain) = structure(&page);
        assert_eq!(blocks, expected, "{attack:?} in\n{page}");
        for sign in ["@", "http", "www.", "<", "#", "|", "/close", ":smile", "deadbeef", "OPS-12", "\u{202e}", "\u{1b}"]
        {
            assert!(!plain.contains(sign), "{sign:?} of {attack:?} in\n{page}");
        }
    }
}

#[test]
fn a_ticket_keeps_to_what_a_ticket_takes() {
    let (client, server) = (reports::endpoint("10.0.0.1", 5000), reports::endpoint("10.0.0.2", 80));
    let mut flows: Vec<_> = (1..=3000)
        .map(|id| {
            let mut flow = reports::flow(id, client, server, Teardown::Reset, "client sent 23 B, reset 57.3 ms later");
            flow.resets = vec![reports::reset(&[id * 10 + 3], reports::at(id as i64, 0), Side::Server)];
            flow
        })
        .collect();
    flows[2990].server = reports::endpoint("10.0.0.3", 80);
    let page = as_markdown(&reports::report("crowd.pcap", flows, 0));
    assert!(page.chars().count() < 32_767, "{}", page.chars().count());
    assert!(page.contains("And 2960 more flows that have no row here."), "{page}");
    assert!(page.contains("## Flow 2991: `10.0.0.1:5000` → `10.0.0.3:80`"), "the only one of its kind is not told");
    let told = page.matches("\n## Flow ").count();
    assert!(told > 10 && page.contains(&format!("{} more flows are not told one by one", 3000 - told)), "{told}");
}

#[test]
fn the_zone_is_named() {
    let zone = Zone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
    let page = text(|out| markdown::write(&reports::one_reset(), &zone, out));
    assert!(page.contains("from 11:26:00 to 11:31:12 CET") && page.contains("| When (CET) |"), "{page}");
    assert!(page.contains("| 2026-11-21 11:26:11.373 |"), "{page}");
}

/// The records of a CSV file (RFC 4180), read as it says and no more leniently.
fn records(file: &str, separator: char) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut chars = file.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            c if quoted => cell.push(c),
            '\r' if chars.peek() == Some(&'\n') => {
                chars.next();
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            c if c == separator => record.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    assert!(!quoted && cell.is_empty() && record.is_empty(), "the last line has no end");
    records
}

#[test]
fn no_text_breaks_out_of_a_cell_or_is_computed() {
    let harmless = records(&as_csv(&reports::with_text("harmless")), ',');
    for attack in ATTACKS {
        let file = as_csv(&reports::with_text(attack));
        assert!(!file.replace("\r\n", "").contains(|c: char| c.is_control()), "{attack:?}");
        let found = records(&file, ',');
        let shape = |records: &[Vec<String>]| records.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(shape(&found), shape(&harmless), "{attack:?}");
        // As a spreadsheet of another country cuts it, too.
        for cell in found.iter().flatten().cloned().chain(records_of_semicolons(&file)) {
            let cell = cell.trim_start_matches(|c: char| c == '"' || c.is_whitespace());
            let is_number = cell.parse::<f64>().is_ok();
            assert!(is_number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{attack:?}: {cell}");
        }
    }
}

/// Cells as a program sees them that takes only semicolons for separators and no quotes for quotes.
fn records_of_semicolons(file: &str) -> Vec<String> {
    file.split([';', '\n']).map(str::to_owned).collect()
}

#[test]
fn a_line_is_a_flow_of_the_report() {
    for report in ATTACKS.iter().map(|attack| reports::with_text(attack)).chain([reports::maximal()]) {
        // Not by the schema: one attack is an empty text, which no report has.
        let lines = text(|out| ndjson::write(&report, out));
        let flows = lines.lines().map(|line| {
            let mut flow: Value = line.parse().expect("JSON");
            let schema = flow.as_object_mut().and_then(|fields| fields.remove("schema"));
            assert_eq!(schema, Some("tcpautopsy.flow/1".into()));
            flow
        });
        let whole: Value = text(|out| tcpautopsy::output::json::write(&report, out)).parse().expect("JSON");
        assert_eq!(flows.collect::<Value>(), whole["flows"]);
    }
}

#[test]
fn a_broken_line_is_found_out() {
    let good: Value = as_ndjson(&reports::maximal()).lines().next().expect("a line").parse().expect("JSON");
    let breaks: [fn(&mut Value); 5] = [
        |it| it["new"] = json!(1),
        |it| it["provisional"] = json!("yes"),
        |it| it["schema"] = json!("tcpautopsy.report/1"),
        |it| drop(it.as_object_mut().unwrap().remove("schema")),
        |it| drop(it.as_object_mut().unwrap().remove("teardown")),
    ];
    validate_line(&good).expect("a valid line");
    for (nth, spoil) in breaks.into_iter().enumerate() {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(validate_line(&bad).is_err(), "{nth} was not noticed");
    }
}

#[test]
fn a_line_begins_with_its_schema() {
    for line in as_ndjson(&reports::everything()).lines() {
        assert!(line.starts_with("{\"schema\":\"tcpautopsy.flow/1\",\"id\":"), "{line}");
    }
}

#[test]
fn the_ending_of_the_file_chooses_the_format() {
    let folder = program::scratch("formats");
    for (ending, beginning) in [
        ("txt", "4 flows on "),
        ("json", "{\n"),
        ("ndjson", "{\"schema\":\"tcpautopsy.flow/1\","),
        ("md", "# TCP resets in `samples/server_killed/capture.pcap`\n"),
        ("html", "<!doctype html>\n"),
        ("csv", "id,first_time,"),
    ] {
        let file = folder.join("report").with_extension(ending);
        let path = file.to_str().expect("UTF-8");
        let output = program::run(["samples/server_killed/capture.pcap", "--output", path]);
        assert!(output.status.success() && output.stdout.is_empty(), "{ending}");
        let written = std::fs::read_to_string(&file).expect("a report");
        validate_lines(written.as_bytes());
        assert!(written.starts_with(beginning), "{ending}: {}", &written[..80]);
    }
}

#[test]
fn the_ticket_in_the_docs_is_what_the_program_writes() {
    // Three incidents: a process that died, a filter that limits a rate, a scan.
    let captures = ["server_killed", "rate_limited", "port_scan"].map(|name| format!("samples/{name}/capture.pcap"));
    let options = ["--hash", "--format", "markdown"].map(str::to_owned);
    let written = program::run(captures.iter().chain(&options));
    let page = std::fs::read_to_string("docs/ticket.md").expect("docs/ticket.md");
    assert_eq!(page.matches("### Incident ").count(), 3);
    let command = format!("tcpautopsy {} --hash --output docs/ticket.md --force", captures.join(" "));
    assert_eq!(String::from_utf8_lossy(&written.stdout), page, "write it anew: {command}");
}

#[test]
fn a_ticket_names_its_options_and_the_hashes_of_its_files() {
    let capture = "samples/forged_reset/capture.pcap";
    let output =
        program::run([capture, "--hash", "--all-flows", "--server", ":8080", "--format", "json", "--threads", "1"]);
    let report = program::report(&output);
    assert_eq!(report["options"], serde_json::json!(["--server :8080", "--all-flows"]));
    let hash = report["capture"]["inputs"][0]["sha256"].as_str().expect("a hash").to_owned();
    if let Ok(sum) = std::process::Command::new("sha256sum").arg(capture).output() {
        assert!(String::from_utf8_lossy(&sum.stdout).starts_with(&hash), "{hash}");
    }
    for format in ["markdown", "html"] {
        let output = program::run([capture, "--hash", "--all-flows", "--format", format]);
        let page = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(page.contains(&hash) && page.contains("--all-flows"), "{format}");
    }
    let without = program::report(&program::run([capture, "--format", "json"]));
    assert!(without["capture"]["inputs"][0]["sha256"].is_null());
    let piped =
        program::run_with_input(&["-", "--hash", "--format", "json"], &std::fs::read(capture).expect("the sample"));
    assert!(String::from_utf8_lossy(&piped.stderr).contains("nothing to hash"));
}

#[test]
fn a_summary_counts_what_it_does_not_list() {
    let run = |format| program::run(["samples/server_killed/capture.pcap", "--summary", "--format", format]).stdout;
    let ticket = String::from_utf8(run("markdown")).expect("UTF-8");
    assert!(ticket.contains("2 flows, not listed.") && !ticket.contains("192.0.2.10"), "{ticket}");
    assert_eq!(run("ndjson"), b"");
    assert_eq!(run("csv").split(|&octet| octet == b'\n').count(), 2);
}
