//! The report as one file for a browser, an e-mail, a printer: no network, no framework, nothing executed that came from a
//! capture.
//!
//! What is read first stands in the page as text; charts, table and ladders are drawn from the JSON report within the page
//! by the scripts beside this file. A Content-Security-Policy names the hashes of the one script and the one style sheet,
//! so that nothing else runs, loads or leaves. Times are UTC, since the page travels.

mod escape;
mod parts;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::Serializer;
use sha2::{Digest, Sha256};

use super::order::by_urgency;
use super::words::{count, ended, mechanism, verb, who};
use crate::report::{Mechanism, Report, Sender, Teardown};
use escape::{ForScript, escape};

/// Flows that one page holds: about what a browser and a mail server take. The most urgent are kept.
const FLOWS: usize = 20_000;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT_PARTS: &str = concat!(
    include_str!("dom.js"),
    include_str!("words.js"),
    include_str!("chart.js"),
    include_str!("timeline.js"),
    include_str!("gaps.js"),
    include_str!("ladder.js"),
    include_str!("detail.js"),
    include_str!("table.js"),
    include_str!("main.js"),
);

/// The script, with the words in front that other formats have from the same places.
static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let ended = Teardown::ALL.map(|how| (how.name(), ended(how)));
    let who = Sender::ALL.map(|sender| (sender.name(), who(sender)));
    let how = Mechanism::ALL.into_iter().filter_map(|what| Some((what.name(), mechanism(what)?)));
    let words = [("ENDED", ended.into_iter().collect()), ("WHO", who.into_iter().collect()), ("HOW", how.collect())];
    let words =
        words.map(|(name, words): (_, BTreeMap<_, _>)| format!("const {name} = {};\n", serde_json::json!(words)));
    format!("\n\"use strict\";\n(() => {{\n{}{SCRIPT_PARTS}}})();\n", words.concat())
});

/// Writes the report as one HTML file.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    // One pass over the template: what a part brings is not looked at again.
    for (nth, piece) in PAGE.split("{{").enumerate() {
        let text = match piece.split_once("}}") {
            Some((name, text)) if nth > 0 => {
                part(name, report, &mut out)?;
                text
            }
            _ => piece,
        };
        out.write_all(text.as_bytes())?;
    }
    out.flush()
}

fn part(name: &str, report: &Report, out: &mut impl Write) -> io::Result<()> {
    let text: Cow<'_, str> = match name {
        "policy" => policy().into(),
        "tool" => format!("{} {}", report.tool.name, report.tool.version).into(),
        "title" => escape(&parts::title(report)).into_owned().into(),
        "style" => STYLE.into(),
        "summary" => parts::summary(report).into(),
        "points" => parts::points(report).into(),
        "incidents" => parts::incidents(report).into(),
        "cut" => cut(report).into(),
        "table" => parts::table(report).into(),
        "notes" => parts::notes(report).into(),
        "source" => parts::source(report).into(),
        "data" => return data(report, out),
        "script" => SCRIPT.as_str().into(),
        // A template with another name in it would be our mistake, and a test would show it.
        _ => "".into(),
    };
    out.write_all(text.as_bytes())
}

/// What a browser may do with the page: run this script, use this style, and nothing else.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        hash(&SCRIPT),
        hash(STYLE)
    )
}

/// The JSON report, so that the page can be read by programs, too.
fn data(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut json = Serializer::with_formatter(&mut *out, ForScript);
    if report.flows.len() <= FLOWS {
        report.serialize(&mut json)?;
    } else {
        let flows = by_urgency(&report.flows).into_iter().take(FLOWS).cloned().collect();
        Report { flows, ..report.summary_only() }.serialize(&mut json)?;
    }
    Ok(())
}

/// Says that flows are missing where some are.
fn cut(report: &Report) -> String {
    match report.flows.len().checked_sub(FLOWS) {
        Some(more @ 1..) => {
            let more = more as u64;
            format!(
                "<p class=\"warning\">{} less urgent {} left out of this page; the JSON report has all.</p>",
                count(more, "flow"),
                verb(more, "is", "are")
            )
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_template_is_filled() {
        let mut out = Vec::new();
        write(&Report::default(), &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(!page.replace(SCRIPT.as_str(), "").contains("{{"), "{page}");
        assert!(page.ends_with("</html>\n"));
    }

    #[test]
    fn the_policy_is_strict() {
        let policy = policy();
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
        for loose in ["unsafe", "http", "data:", "*"] {
            assert!(!policy.contains(loose), "{policy}");
        }
        // Inline handlers, style attributes and addresses would not be allowed, so none may be written.
        for source in [PAGE, SCRIPT.as_str()] {
            for word in [" style=", " onclick=", "innerHTML", "eval(", "fetch(", "XMLHttpRequest", "import("] {
                assert!(!source.contains(word), "{word}");
            }
        }
        assert!(!SCRIPT.contains("</script") && !STYLE.contains("</style"));
    }
}
