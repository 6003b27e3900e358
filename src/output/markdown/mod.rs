//! The report for an incident ticket, in the Markdown that GitHub, GitLab and Jira Cloud have in common.
//!
//! No HTML, no links, no footnotes. Text that is not ours passes through `text.rs`. A ticket takes only so much, so what is
//! told at length is told of the flows that differ most, within `ROOM`; the rest is counted, and said to be.

mod flow;
mod ladder;
mod text;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::clock::Zone;
use super::compared;
use super::notes::notes;
use super::order::{benign, by_urgency, needs_attention, report_span, when};
use super::words::{self, count, ended, going_on, rst_frames, verb};
use crate::report::{Flow, Incident, Input, Report, Teardown};
use text::{code, prose};

/// Characters after which no further flow is told at length: Jira Cloud takes 32,767 in a field, GitHub 65,536 in an issue.
const ROOM: usize = 30_000;
/// Rows of the table of flows.
const ROWS: usize = 40;
/// Incidents that are told.
const INCIDENTS: usize = 20;
/// Identifiers of flows that are spelled out in one list.
const IDS: usize = 20;
/// Notes that are told.
const NOTES: usize = 30;
/// Inputs that are named.
const INPUTS: usize = 20;

/// Writes the report; times are in `zone` and say so.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, zone: &Zone, mut out: impl Write) -> io::Result<()> {
    out.write_all(Page { report, zone }.text().as_bytes())?;
    out.flush()
}

/// What is the same for the whole of one output.
struct Page<'a> {
    report: &'a Report,
    zone: &'a Zone,
}

impl Page<'_> {
    fn text(&self) -> String {
        let flows: Vec<_> = by_urgency(&self.report.flows).into_iter().filter(|flow| needs_attention(flow)).collect();
        let mut page = self.title();
        page += &self.summary();
        page += &self.points();
        page += &self.incidents();
        page += &self.table(&flows);
        let end = [self.benign(), self.notes(), self.provenance()].concat();
        let room = ROOM.saturating_sub(page.chars().count() + end.chars().count());
        page += &self.details(&flows, room);
        page + &end
    }

    fn title(&self) -> String {
        let inputs = &self.report.capture.inputs;
        let name = match inputs.as_slice() {
            [] => "no capture".to_owned(),
            [Input { path, .. }] if path == "-" => "standard input".to_owned(),
            [one] => code(&one.path),
            [first, rest @ ..] => format!("{} and {} more", code(&first.path), rest.len()),
        };
        format!("# TCP resets in {name}\n\n")
    }

    fn summary(&self) -> String {
        let lines = words::summary(self.report, report_span(self.report), self.zone);
        format!("{}\n\n", prose_lines(&lines))
    }

    /// Where it was captured, where several captures were compared.
    fn points(&self) -> String {
        let lines = compared::points(self.report);
        if lines.is_empty() {
            return String::new();
        }
        let lines: String = lines.iter().map(|line| format!("- {}\n", prose(line))).collect();
        format!("## Where it was captured\n\n{lines}\n")
    }

    fn incidents(&self) -> String {
        let incidents = &self.report.incidents;
        if incidents.is_empty() {
            return String::new();
        }
        let mut part = "## Incidents\n\n".to_owned();
        for incident in incidents.iter().take(INCIDENTS) {
            part += &self.incident(incident);
        }
        if let Some(more @ 1..) = incidents.len().checked_sub(INCIDENTS) {
            let _ = writeln!(part, "And {more} more.\n");
        }
        part
    }

    fn incident(&self, incident: &Incident) -> String {
        let Incident { id, title, cause, confidence, first_time, last_time, flows, explanation, .. } = incident;
        let mut facts = vec![format!("cause {} ({confidence})", code(cause))];
        facts.extend(incident.server_in_words().map(|server| format!("server {}", code(&server))));
        facts.extend(match (first_time, last_time) {
            (Some(first), Some(last)) => Some(words::period((*first, *last), self.zone)),
            (Some(only), None) | (None, Some(only)) => Some(words::period((*only, *only), self.zone)),
            (None, None) => None,
        });
        facts.push(format!("{} ({})", count(flows.len() as u64, "flow"), ids(flows)));
        format!(
            "### Incident {id}: {}\n\n{}\n\n{}\n\n",
            prose(title),
            prose(explanation),
            words::sentence(&facts.join("; "))
        )
    }

    fn table(&self, flows: &[&Flow]) -> String {
        let mut part = "## What needs attention\n\n".to_owned();
        if flows.is_empty() {
            let teardown = &self.report.summary.teardown;
            // With --summary the report has no flows, and still knows how many there are.
            let harmed: u64 = [Teardown::Reset, Teardown::Refused, Teardown::Unanswered, Teardown::HalfClosed]
                .into_iter()
                .map(|how| teardown.of(how))
                .sum();
            part += &match harmed {
                0 => "Nothing.\n\n".to_owned(),
                n => format!("{}, not listed.\n\n", count(n, "flow")),
            };
            return part;
        }
        let zone = flows.iter().find_map(|flow| when(flow)).map(|time| self.zone.name(time)).unwrap_or_default();
        let _ = writeln!(
            part,
            "| Flow | When ({zone}) | Client | Server | How it ended | Reset by | Verdict | RST frames |"
        );
        part += "|---:|---|---|---|---|---|---|---|\n";
        for flow in flows.iter().take(ROWS) {
            let time = when(flow)
                .map(|time| format!("{} {}", self.zone.date(time), self.zone.clock_millis(time)))
                .unwrap_or_default();
            let _ = writeln!(
                part,
                "| {} | {time} | {} | {} | {} | {} | {} | {} |",
                flow.id,
                code(&flow.client_in_words()),
                code(&flow.server_in_words()),
                ended(flow.teardown),
                flow::sender_in_short(flow),
                prose(&verdict(flow)),
                rst_frames(flow).join("; "),
            );
        }
        if let Some(more @ 1..) = flows.len().checked_sub(ROWS) {
            let more = more as u64;
            let _ =
                writeln!(part, "\nAnd {more} more {} that {} no row here.", plural(more), verb(more, "has", "have"));
        }
        part + "\n"
    }

    /// The flows one by one, those first that differ, as far as there is room.
    fn details(&self, flows: &[&Flow], room: usize) -> String {
        let mut told: Vec<(usize, String)> = Vec::new();
        let mut left = room;
        for place in different_first(flows) {
            let Some(flow) = flows.get(place) else { continue };
            let text = flow::section(flow, self);
            match left.checked_sub(text.chars().count()) {
                Some(rest) => left = rest,
                // The first flow is told even if nothing else has room.
                None if told.is_empty() => left = 0,
                None => break,
            }
            told.push((place, text));
        }
        told.sort_unstable_by_key(|(place, _)| *place);
        let mut part: String = told.iter().map(|(_, text)| text.as_str()).collect();
        if let Some(more @ 1..) = flows.len().checked_sub(told.len()) {
            let more = more as u64;
            let _ = writeln!(
                part,
                "{more} more {} {} not told one by one here, to keep within what a ticket takes. {} is in the JSON \
                 and HTML reports.\n",
                plural(more),
                verb(more, "is", "are"),
                verb(more, "It", "Each"),
            );
        }
        part
    }

    fn benign(&self) -> String {
        let n = benign(self.report);
        let benign = self.report.flows.iter().filter(|flow| !flow.resets.is_empty() && !needs_attention(flow));
        let listed: Vec<u64> = benign.map(|flow| flow.id).collect();
        let part = match n {
            0 => return String::new(),
            1 => "1 flow had a reset that harmed nobody".to_owned(),
            n => format!("{n} flows had resets that harmed nobody"),
        };
        // What was judged elsewhere may count flows that are not in the list.
        let which = if listed.len() as u64 == n { format!(": {}", ids(&listed)) } else { String::new() };
        format!("## Benign resets\n\n{part}{which}.\n\n")
    }

    fn notes(&self) -> String {
        let notes = notes(self.report);
        if notes.is_empty() {
            return String::new();
        }
        let mut part = "## Notes\n\n".to_owned();
        for note in notes.iter().take(NOTES) {
            let _ = writeln!(part, "- {}", prose(note));
        }
        if let Some(more @ 1..) = notes.len().checked_sub(NOTES) {
            let _ = writeln!(part, "- And {more} more.");
        }
        part + "\n"
    }

    /// What was read with what, so that somebody can check it years later.
    fn provenance(&self) -> String {
        let Report { tool, capture, .. } = self.report;
        let mut part = format!("## Where this comes from\n\n- {} {}", tool.name, tool.version);
        for option in &self.report.options {
            let _ = write!(part, " {}", code(option));
        }
        part += "\n";
        for input in capture.inputs.iter().take(INPUTS) {
            let span = input.first_time.zip(input.last_time);
            let when = span.map(|span| format!(", {}", words::period(span, self.zone))).unwrap_or_default();
            let _ = writeln!(
                part,
                "- {}: {}, {}{when}{}",
                code(&input.path),
                count(input.frames, "frame"),
                count(input.bytes, "byte"),
                input.sha256.as_ref().map(|hash| format!(", SHA-256 {}", code(hash))).unwrap_or_default()
            );
        }
        if let Some(more @ 1..) = capture.inputs.len().checked_sub(INPUTS) {
            let _ = writeln!(part, "- and {} more", count(more as u64, "input").replace("more ", ""));
        }
        part
    }
}

/// The verdict of a flow in one sentence, or else what was going on.
fn verdict(flow: &Flow) -> String {
    match &flow.diagnosis {
        Some(diagnosis) => diagnosis.sentence.clone(),
        None => going_on(flow).map(|text| words::sentence(&text)).unwrap_or_default(),
    }
}

/// Places of flows: the first of each kind before the second of any.
fn different_first(flows: &[&Flow]) -> Vec<usize> {
    let mut seen = HashMap::new();
    let mut places: Vec<(usize, usize)> = flows
        .iter()
        .enumerate()
        .map(|(place, flow)| {
            let cause = flow.diagnosis.as_ref().map(|diagnosis| diagnosis.cause);
            let nth = seen.entry((flow.teardown, flow.server, cause)).or_insert(0);
            *nth += 1;
            (*nth, place)
        })
        .collect();
    places.sort_unstable();
    places.into_iter().map(|(_, place)| place).collect()
}

/// `3, 4, 9 and 12 more`.
fn ids(ids: &[u64]) -> String {
    let spelled = words::list(ids.iter().take(IDS));
    match ids.len().checked_sub(IDS) {
        Some(more @ 1..) => format!("{spelled} and {more} more"),
        _ => spelled,
    }
}

fn plural(n: u64) -> &'static str {
    verb(n, "flow", "flows")
}

/// Sentences of ours that may have names in them.
fn prose_lines(lines: &[String]) -> String {
    lines.iter().map(|line| prose(line)).collect::<Vec<_>>().join(" ")
}
