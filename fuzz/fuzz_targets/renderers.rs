//! Reports whose every text is hostile, in every format: nothing reaches a terminal or a browser raw.
#![no_main]

#[path = "../../tests/it/support/reports.rs"]
#[allow(dead_code, unreachable_pub)]
mod reports;

use libfuzzer_sys::fuzz_target;
use tcpautopsy::output::{Zone, csv, html, json, markdown, ndjson, show, table};

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("memory");
    String::from_utf8(out).expect("UTF-8")
}

/// What a terminal would act on, or show elsewhere than it stands.
fn acts(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fuzz_target!(|text: &str| {
    let report = reports::with_text(text);
    for width in [None, Some(80)] {
        let options = table::TableOptions {
            is_terminal: width.is_some(),
            width,
            color: false,
            zone: Zone::UTC,
            summary_only: false,
        };
        for shown in
            [written(|out| table::write(&report, &options, out)), written(|out| show::write(&report, &options, out))]
        {
            assert!(!shown.contains(acts), "{shown:?}");
        }
    }
    let value: serde_json::Value = serde_json::from_str(&written(|out| json::write(&report, out))).expect("JSON");
    assert_eq!(value["capture"]["inputs"][0]["path"], text);
    for line in written(|out| ndjson::write(&report, out)).lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    }
    written(|out| csv::write(&report, out));
    let page = written(|out| html::write(&report, out));
    thread_local!(static HARMLESS: String = written(|out| html::write(&reports::with_text("harmless"), out)));
    let harmless = HARMLESS.with(String::clone);
    for tag in ["<script", "</script", "<!--", "<style", "<img", "<svg"] {
        let count = |page: &str| page.to_ascii_lowercase().matches(tag).count();
        assert_eq!(count(&page), count(&harmless), "{tag}");
    }
    let ticket = written(|out| markdown::write(&report, &Zone::UTC, out));
    let events = pulldown_cmark::Parser::new_ext(&ticket, pulldown_cmark::Options::all());
    for event in events {
        use pulldown_cmark::{Event, Tag};
        let is_active =
            matches!(event, Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Link { .. } | Tag::Image { .. }));
        assert!(!is_active, "{event:?} in {ticket}");
    }
});
