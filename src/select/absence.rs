//! Says why a flow that was asked for is not there, in one sentence that helps to find it.

use std::net::SocketAddr;

use super::flow_view::FlowView;
use super::log_line::{LogLine, Mention};
use super::matching::{Fit, distance, is_at, show};
use super::when::{DEFAULT_TOLERANCE, Span, WrittenTime};
use super::{Capture, EndpointFilter};
use crate::tcp::Duration;

/// How many flows, servers or ports are named as examples: enough to recognise one's own, few enough for a line or two.
const EXAMPLES: usize = 3;

/// Why no flow fits the line's addresses, ports or time.
pub(super) fn explain(line: &LogLine, flows: &[FlowView], among: &[usize], capture: &Capture<'_>) -> String {
    let mut candidates: Vec<&FlowView> = among.iter().filter_map(|&index| flows.get(index)).collect();
    if candidates.is_empty() {
        return if flows.is_empty() { "the capture has no TCP flow" } else { "the other options leave no flow" }
            .to_owned();
    }
    if let Some(time) = &line.time {
        candidates.sort_by_cached_key(|flow| flow.gap_to_event(time).unwrap_or(Duration(i64::MAX)));
    }
    let mut parts = match (line.pairs.first(), line.mentions.as_slice()) {
        (Some(&(left, right)), mentions) => match (mentions.get(left), mentions.get(right)) {
            (Some(left), Some(right)) => vec![pair_missing(left, right, &candidates)],
            _ => Vec::new(),
        },
        (None, []) if line.ports.is_empty() => vec![no_trouble(line)],
        (None, []) => vec![port_missing(line, &candidates)],
        (None, mentions) => vec![addresses_missing(mentions, &candidates)],
    };
    parts.extend(line.time.as_ref().and_then(|time| outside(time, capture)));
    parts.join("; ")
}

/// The line names more than fits any flow; said so that flows of the other half are not taken for the one.
pub(super) fn missing_half(line: &LogLine, best: Fit) -> Option<String> {
    let with_port: Vec<&Mention> = line.mentions.iter().filter(|mention| mention.port.is_some()).collect();
    match (best, with_port.as_slice()) {
        (Fit::Port, _) => {
            let name = line.names.first().map_or("the name", String::as_str);
            Some(format!("a capture has no names, so these are the flows of the port that stands with {name}"))
        }
        (Fit::EndpointAndAddress | Fit::Endpoint | Fit::Addresses | Fit::Address, [left, right]) => Some(format!(
            "no flow between {} and {} in this capture; these are the nearest to it",
            show(left),
            show(right)
        )),
        _ => None,
    }
}

/// The flows fit the line but for its time.
pub(super) fn far_in_time(line: &LogLine, nearest: Option<&FlowView>, capture: &Capture<'_>) -> Option<String> {
    let (time, flow) = (line.time.as_ref()?, nearest?);
    let gap = flow.gap_to_event(time).map_or(String::new(), |gap| format!(" {} from {}", seconds(gap), time.text()));
    let mut text = format!("the nearest flow that fits the line, {flow}, ended{gap}");
    if let Some(outside) = outside(time, capture) {
        text = format!("{text}; {outside}");
    }
    Some(text)
}

/// Why an endpoint filter leaves nothing.
pub(super) fn endpoint_missing(filter: &EndpointFilter, as_server: bool, flows: &[FlowView]) -> String {
    if flows.is_empty() {
        return "the capture has no TCP flow".to_owned();
    }
    let ends =
        || flows.iter().flat_map(|flow| if as_server { vec![flow.server] } else { vec![flow.server, flow.client] });
    let same_address =
        examples(ends().filter(|(ip, _)| filter.matches_address(*ip)).map(|end| SocketAddr::from(end).to_string()));
    if ends().any(|(ip, port)| filter.matches(ip, port)) {
        return format!("no flow that has {filter} is left by the other options");
    }
    let what = if as_server { "no flow of the server" } else { "no flow of" };
    let instead = match same_address {
        Some(same) => format!("it has {same}"),
        None if as_server && flows.iter().any(|flow| filter.matches(flow.client.0, flow.client.1)) => {
            "there it is a client: say --endpoint instead".to_owned()
        }
        None => servers(&flows.iter().collect::<Vec<_>>()),
    };
    format!("{what} {filter} in this capture; {instead}")
}

/// Why a window of time leaves nothing.
pub(super) fn window_missing(times: &[&WrittenTime], capture: &Capture<'_>) -> String {
    let outside = times.iter().find_map(|time| outside(time, capture));
    let span = capture.span.map_or_else(
        || "the capture has no times".to_owned(),
        |span| format!("the capture goes from {} to {}", capture.show(span.first), capture.show(span.last)),
    );
    format!("no flow at the time that was asked for; {}", outside.unwrap_or(span))
}

fn pair_missing(left: &Mention, right: &Mention, flows: &[&FlowView]) -> String {
    let (a, b) = (show(left), show(right));
    let joins = |flow: &&&FlowView| {
        let ends = [flow.client.0.to_canonical(), flow.server.0.to_canonical()];
        ends == [left.ip, right.ip] || ends == [right.ip, left.ip]
    };
    if let Some(others) = examples(flows.iter().filter(joins).map(|flow| flow.to_string())) {
        return format!(
            "no flow between {a} and {b} in this capture; between the two addresses it has {others} (is there address translation in between?)"
        );
    }
    // The end that is there with its port, the server's by preference: it is the one that translation rather leaves alone.
    for mention in [right, left].into_iter().filter(|mention| mention.port.is_some()) {
        let of_end = |flow: &&&FlowView| is_at(mention, flow.server) || is_at(mention, flow.client);
        if let Some(others) = examples(flows.iter().filter(of_end).map(|flow| flow.to_string())) {
            return format!(
                "no flow between {a} and {b} in this capture; of {} it has {others} (is there address translation or a proxy in between?)",
                show(mention)
            );
        }
    }
    format!("no flow between {a} and {b} in this capture; {}", what_of([left, right], flows))
}

fn addresses_missing(mentions: &[Mention], flows: &[&FlowView]) -> String {
    let names = mentions.iter().take(EXAMPLES).map(show).collect::<Vec<_>>().join(" or ");
    format!("no flow of {names} in this capture; {}", what_of(mentions, flows))
}

/// What the capture has of these addresses, or of any.
fn what_of<'a>(mentions: impl IntoIterator<Item = &'a Mention>, flows: &[&FlowView]) -> String {
    let mentions: Vec<&Mention> = mentions.into_iter().collect();
    let ends = flows.iter().flat_map(|flow| [flow.server, flow.client]);
    let same = ends.filter(|(ip, _)| mentions.iter().any(|mention| mention.ip == ip.to_canonical()));
    examples(same.map(|end| SocketAddr::from(end).to_string()))
        .map_or_else(|| servers(flows), |same| format!("it has {same}"))
}

fn port_missing(line: &LogLine, flows: &[&FlowView]) -> String {
    let ports = line.ports.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
    format!("no flow of a server with port {ports} in this capture; {}", servers(flows))
}

fn no_trouble(line: &LogLine) -> String {
    let names =
        line.names.first().map_or("no address".to_owned(), |name| format!("only a name ({name}) and no address"));
    let time = line.time.as_ref().map_or("", |time| time.text());
    format!(
        "the line has {names}, and within {} of {time} no flow was reset or ended badly",
        seconds(DEFAULT_TOLERANCE)
    )
}

/// Where the time lies outside the capture: by how much, and whether a zone would explain it.
fn outside(time: &WrittenTime, capture: &Capture<'_>) -> Option<String> {
    let span = capture.span?;
    let (after, gap) = distance(span, time.nearest(span)?)?;
    let text = time.text();
    let relation =
        if after { format!("ends {} before", seconds(gap)) } else { format!("starts {} after", seconds(gap)) };
    let hint = (!time.names_zone()).then(|| zone_hint(gap, span, after)).flatten().unwrap_or_default();
    Some(format!("the capture {relation} {text}{hint}"))
}

/// A line in local time lies off by whole hours; the smallest shift that brings it into the capture is worth a try.
fn zone_hint(gap: Duration, capture: Span, after: bool) -> Option<String> {
    const HOUR: i64 = 3_600_000_000_000;
    /// The farthest zone, Kiribati's.
    const FARTHEST: i64 = 14;
    let hours = gap.0 / HOUR + i64::from(gap.0 % HOUR > 0);
    let overshoot = hours.saturating_mul(HOUR).saturating_sub(gap.0);
    let lands = overshoot <= capture.last.since(capture.first).0.saturating_add(DEFAULT_TOLERANCE.0);
    (lands && (1..=FARTHEST).contains(&hours)).then(|| {
        let sign = if after { '+' } else { '-' };
        format!(" (it would lie in it if its zone is UTC{sign}{hours}: write the zone behind it, or say --local-time)")
    })
}

fn servers(flows: &[&FlowView]) -> String {
    match examples(flows.iter().map(|flow| SocketAddr::from(flow.server).to_string())) {
        Some(servers) => format!("it has flows of {servers}"),
        None => "it has no flow".to_owned(),
    }
}

/// The first few different ones, and how many there are beyond; `None` where there is none.
fn examples(all: impl Iterator<Item = String>) -> Option<String> {
    let mut seen = std::collections::HashSet::new();
    let mut shown = Vec::new();
    for text in all {
        if seen.insert(text.clone()) && shown.len() < EXAMPLES {
            shown.push(text);
        }
    }
    let more = seen.len() - shown.len();
    (!shown.is_empty())
        .then(|| if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") })
}

/// `0.25 s`, `3 s`, `2 h 5 min`: as much as a person takes in.
fn seconds(duration: Duration) -> String {
    let secs = duration.as_secs_f64();
    match secs {
        ..10.0 => format!("{} s", (secs * 1000.0).round() / 1000.0),
        ..120.0 => format!("{secs:.0} s"),
        ..7200.0 => format!("{:.0} min", secs / 60.0),
        ..172_800.0 => format!("{:.1} h", secs / 3600.0),
        _ => format!("{:.0} days", secs / 86_400.0),
    }
}
