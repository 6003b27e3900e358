//! The pages of the causes: what each must have, and that its traces could have been captured.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use tcpautopsy::causes::Cause;
use tcpautopsy::decode::{LinkAddress, View};
use tcpautopsy::flow::{Flow, FlowTable, Flows, Limits, Teardown};
use tcpautopsy::run::{self, Judgement};
use tcpautopsy::tcp::{Endpoint, SeqNum};
use tcpautopsy::timeline::Timelines;
use tcpautopsy::trace::{self, Block, Event, Packet};

use crate::support::program;

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
fn the_page_on_adding_a_cause_shows_what_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).expect(path);
    let page = read("docs/adding-a-cause.md");
    let files = [
        "src/causes/catalogue.rs",
        "src/causes/backlog_overflow.rs",
        "src/causes/incidents/group.rs",
        "docs/causes/backlog_overflow.md",
    ];
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let there: String = files.map(|path| plain(&read(path))).join("\n");
    let blocks: Vec<_> = page
        .split("\n```")
        .filter(|block| block.starts_with("rust\n") || block.starts_with("trace "))
        .map(|block| plain(block.split_once('\n').map_or("", |(_, text)| text)))
        .collect();
    assert_eq!(blocks.len(), 5, "the pieces of code");
    for block in blocks {
        assert!(there.contains(&block), "in none of {files:?}: {block}");
    }
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
        let (own, near) = blocks.split_at(blocks.len() - 1);
        assert!(!own.is_empty() && own.iter().all(|block| block.section == "On the wire"), "{cause}");
        assert!(own.iter().all(|block| block.cause == cause.id()), "{cause}");
        assert_eq!(near[0].section, "Confused with", "{cause}");
        let near = near[0].cause;
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
                // Who still holds an old connection acknowledges that.
                let is_of_old = *cause == Cause::TimewaitReset && !end.contains_key(&own);
                if unsent > 0 && !is_of_old {
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

/// Follows a trace and gathers all its segments, as the program does with a capture.
fn followed(events: &[Event]) -> (Flows, Timelines) {
    let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
    let mut keyer = table.keyer();
    for event in events {
        match &event.packet {
            Packet::Segment(segment) => table.segments(&[*segment], &[keyer.key(segment)]),
            Packet::Icmp(error) => table.icmp_error(error),
        }
    }
    let flows = table.finish();
    let mut gathering = run::ask(&flows, |flow| run::needs_judging(flow, &flows), 1 << 24);
    for event in events {
        let Some(segment) = event.segment() else { continue };
        let link_source = event.device.and_then(|device| LinkAddress::new(&[2, 0, 0, 0, 0, device]));
        let view = View { link_source, payload: Some(0..event.payload.len()), ..View::default() };
        gathering.take(*segment, &view, &event.payload);
    }
    (flows, gathering.finish())
}

/// The flow that a block is about: that of its port, or of its last line.
fn judged<'a>(block: &Block<'_>, events: &[Event], flows: &'a Flows) -> Option<&'a Flow> {
    let last = events.last().map(|event| match &event.packet {
        Packet::Segment(segment) => [segment.source, segment.destination],
        Packet::Icmp(error) => [error.quoted.source, error.quoted.destination],
    })?;
    flows.iter().find(|flow| {
        let ends = [flow.stream.endpoints.forward, flow.stream.endpoints.back];
        match block.flow {
            Some(number) => ends.iter().any(|end| end.port == 40_000 + number),
            None => ends.iter().all(|end| last.contains(end)),
        }
    })
}

/// A cause cannot exist without a trace that gets it, and a near miss that does not.
#[test]
fn traces_get_the_diagnosis_that_their_page_says() {
    let mut faults = Vec::new();
    for cause in Cause::ALL {
        for block in trace::blocks(cause.page()) {
            let events = events(*cause, &block);
            let (flows, timelines) = followed(&events);
            let judgement = Judgement::new(&flows, &timelines);
            let verdict = judged(&block, &events, &flows)
                .and_then(|flow| {
                    let mut told = None;
                    judgement.of(&[flow], |told, _, verdict| *told = Some(std::mem::take(verdict)), |one| told = one);
                    told
                })
                .unwrap_or_default();
            let found = verdict.diagnosis.as_ref().map_or("none", |diagnosis| diagnosis.best.cause.id());
            if found != block.cause {
                let senders: Vec<_> = verdict.resets.iter().map(|one| (one.sender, one.mechanism)).collect();
                let scores = verdict.diagnosis.iter().flat_map(|one| [&one.best].into_iter().chain(&one.alternatives));
                let scores: Vec<_> = scores.map(|one| (one.cause.id(), one.score())).collect();
                let at = format!("{cause}.md, trace at line {}", block.line);
                faults.push(format!("{at}: {found} and not {}; {senders:?}; {scores:?}", block.cause));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// How the judged flow of each trace ended, by the facts alone.
#[test]
fn traces_end_as_badly_as_their_cause_says() {
    let mut faults = Vec::new();
    for cause in Cause::ALL {
        for block in trace::blocks(cause.page()) {
            let at = format!("{cause}.md, trace at line {}", block.line);
            let events = events(*cause, &block);
            let (flows, _) = followed(&events);
            let pairs: BTreeSet<_> = events
                .iter()
                .map(|event| match &event.packet {
                    Packet::Segment(segment) => (segment.source, segment.destination),
                    Packet::Icmp(error) => (error.quoted.source, error.quoted.destination),
                })
                .map(|(one, other)| (one.min(other), one.max(other)))
                .collect();
            if flows.iter().count() != pairs.len() {
                faults.push(format!("{at}: {} flows of {} pairs of ends", flows.iter().count(), pairs.len()));
            }
            let teardown = judged(&block, &events, &flows).map(|flow| Teardown::of(flow, flows.end));
            let as_said = match block.cause {
                "none" => teardown == Some(Teardown::Fin),
                // The connection may live on.
                "injected_blind_or_invalid" | "timewait_reset" => teardown.is_some(),
                "unanswered_syn" | "unanswered_data" => teardown == Some(Teardown::Unanswered),
                refused if refused.starts_with("refused_") => teardown == Some(Teardown::Refused),
                _ => !matches!(teardown, None | Some(Teardown::Fin | Teardown::Open | Teardown::HalfClosed)),
            };
            if !as_said {
                faults.push(format!("{at}: cause={} ended as {teardown:?}", block.cause));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_program_prints_pages_lists_and_errors() {
    let output = |arguments: &[&str]| {
        let output = program::run(arguments);
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for cause in [Cause::RefusedNoListener, Cause::UnansweredData] {
        assert_eq!(output(&["explain", cause.id()]), (Some(0), cause.page().to_owned(), String::new()));
    }
    let (code, list, _) = output(&["explain"]);
    assert!(code == Some(0) && Cause::ALL.iter().all(|cause| list.contains(cause.id())));
    let (code, text, _) = output(&["explain", "broken", "pipe"]);
    assert!(code == Some(0) && text.starts_with("EPIPE"));
    let (code, nothing, error) = output(&["explain", "\u{1b}[31mECONRESET"]);
    assert_eq!((code, nothing.as_str()), (Some(2), ""));
    assert!(error.contains("`ECONNRESET`") && !error.contains('\u{1b}'), "{error}");
    // A file of that name is meant only with its folder.
    let (code, _, error) = output(&["./explain"]);
    assert!(code == Some(1) && error.contains("./explain"), "{error}");
}
