//! The pages of the causes: what each must have, and that its traces could have been captured.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use tcpautopsy::causes::Cause;
use tcpautopsy::tcp::{Endpoint, SeqNum};
use tcpautopsy::trace::{self, Block, Event};

const HEADINGS: [&str; 7] =
    ["What it means", "On the wire", "Speaks for it", "Speaks against it", "Confused with", "What to do", "References"];

fn events(cause: Cause, block: &Block<'_>) -> Vec<Event> {
    trace::parse(block.text).unwrap_or_else(|error| panic!("{cause}.md, trace at line {}: {error}", block.line))
}

#[test]
fn every_cause_has_a_page_and_every_page_a_cause() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/causes");
    let pages: BTreeSet<String> = fs::read_dir(folder)
        .expect("docs/causes")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let causes: BTreeSet<String> = Cause::ALL.iter().map(|cause| format!("{cause}.md")).collect();
    assert_eq!(pages, causes);
}

#[test]
fn names_are_told_apart_and_read_back() {
    let titles: BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.title()).collect();
    assert_eq!(titles.len(), Cause::ALL.len());
    for cause in Cause::ALL {
        assert_eq!(cause.id().parse(), Ok(*cause));
        assert!(cause.summary().ends_with('.') && cause.summary().len() < 130, "{cause}");
    }
    assert!("graceful_close".parse::<Cause>().is_err());
}

#[test]
fn pages_have_title_and_headings_in_order() {
    for cause in Cause::ALL {
        let page = cause.page();
        assert_eq!(page.lines().next(), Some(format!("# {}", cause.title()).as_str()), "{cause}");
        let headings: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, HEADINGS, "{cause}");
        for heading in HEADINGS {
            let text = page.split(&format!("## {heading}\n")).nth(1).and_then(|rest| rest.split("\n## ").next());
            assert!(text.is_some_and(|text| text.trim().len() > 40), "{cause}: nothing under {heading}");
        }
    }
}

#[test]
fn a_page_has_a_trace_of_its_cause_and_a_near_miss() {
    for cause in Cause::ALL {
        let blocks = trace::blocks(cause.page());
        let sections: Vec<_> = blocks.iter().map(|block| block.section).collect();
        assert_eq!(sections, ["On the wire", "Confused with"], "{cause}");
        assert_eq!(blocks[0].cause, cause.id());
        let near = blocks[1].cause;
        assert!(near != cause.id() && (near == "none" || near.parse::<Cause>().is_ok()), "{cause}: near miss {near}");
        // What it is mistaken for is said beside it.
        assert!(near == "none" || cause.page().contains(&format!("`{near}`")), "{cause} does not speak of {near}");
    }
}

#[test]
fn pages_refer_to_causes_that_exist() {
    let ids: BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.id()).collect();
    for cause in Cause::ALL {
        for line in cause.page().lines() {
            let parts: Vec<_> = line.split('`').collect();
            for pair in parts.chunks_exact(2).filter(|pair| pair[0].ends_with("see ")) {
                let is_name = pair[1].bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_');
                assert!(!is_name || ids.contains(pair[1]), "{cause}: see `{}`", pair[1]);
            }
        }
    }
}

/// Typing errors in numbers make a trace tell another story than the text around it.
#[test]
fn traces_could_have_been_captured() {
    let mut faults = Vec::new();
    for cause in Cause::ALL {
        for block in trace::blocks(cause.page()) {
            let at = format!("{cause}.md, trace at line {}", block.line);
            let events = events(*cause, &block);
            let segments = || events.iter().filter_map(Event::segment);
            let mut end: BTreeMap<(Endpoint, Endpoint), SeqNum> = BTreeMap::new();
            let mut before = None;
            for segment in segments() {
                let what = format!("{at}: at {} ms", segment.time.map_or(0, |time| time.nanos()) as f64 / 1e6);
                if segment.time < before {
                    faults.push(format!("{what}: time goes backwards"));
                }
                before = segment.time;
                if segment.flags.rst() {
                    continue;
                }
                let (own, peer) = ((segment.source, segment.destination), (segment.destination, segment.source));
                let missing = end.get(&own).map_or(0, |end| segment.seq.since(*end));
                if missing > 0 {
                    faults.push(format!("{what}: {missing} octets are missing before it"));
                }
                let unsent = end.get(&peer).filter(|_| segment.flags.ack()).map_or(0, |end| segment.ack.since(*end));
                if unsent > 0 {
                    faults.push(format!("{what}: acknowledges {unsent} octets too many"));
                }
                let last = end.entry(own).or_insert(segment.seq_end());
                *last = last.max(segment.seq_end());
            }
            let of_flow = |flow: u16| {
                let port = 40_000 + flow;
                segments().any(|segment| segment.source.port == port || segment.destination.port == port)
            };
            if segments().next().is_none() || block.flow.is_some_and(|flow| !of_flow(flow)) {
                faults.push(format!("{at}: nothing to judge"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn traces_print_as_they_read() {
    for cause in Cause::ALL {
        for block in trace::blocks(cause.page()) {
            let events = events(*cause, &block);
            assert_eq!(trace::parse(&trace::print(&events)), Ok(events), "{cause}");
        }
    }
}
