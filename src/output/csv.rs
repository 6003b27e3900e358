//! One row a flow for spreadsheets and data frames: RFC 4180, UTF-8, a header line, nothing that a spreadsheet computes.
//!
//! Times are UTC and durations seconds, as in JSON. What is unknown is an empty cell.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;
use std::io::{self, Write};

use super::compared;
use super::pieces;
use super::sanitize::sanitize;
use crate::report::{Flow, Report, Seconds};

/// The names of the columns, in order; those of the JSON report where it has the field.
const HEADER: [&str; 38] = [
    "id",
    "first_time",
    "last_time",
    "duration_s",
    "client_ip",
    "client_port",
    "server_ip",
    "server_port",
    "teardown",
    "activity",
    "cause",
    "cause_confidence",
    "sentence",
    "incidents",
    "resets",
    "reset_time",
    "reset_after_s",
    "reset_frames",
    "claimed_sender",
    "sender",
    "sender_confidence",
    "mechanism",
    "client_error",
    "server_error",
    "safe_to_retry",
    "bytes_lost",
    "protocol",
    "application",
    "rtt_s",
    "client_packets",
    "server_packets",
    "client_bytes",
    "server_bytes",
    "wireshark_filter",
    "reset_made_between",
    "reset_decided",
    "client_name",
    "server_name",
];

/// Flows that a thread writes at a time.
const AT_A_TIME: usize = 512;

/// Writes a header and a row for each flow of the report. The columns of a reset are those of the flow's first.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: impl Write) -> io::Result<()> {
    write_on(1, report, out)
}

/// The same on so many threads.
///
/// # Errors
/// Those of `out`.
pub fn write_on(threads: usize, report: &Report, mut out: impl Write) -> io::Result<()> {
    let mut head = Vec::new();
    line(&HEADER.map(str::to_owned), &mut head)?;
    out.write_all(&head)?;
    let incidents = incidents_of_flows(report);
    let make = |_, flows: &[Flow], text: &mut Vec<u8>| {
        flows.iter().try_for_each(|flow| line(&cells(flow, incidents.get(&flow.id)), text))
    };
    pieces::write(threads, &report.flows, AT_A_TIME, make, &mut out)?;
    out.flush()
}

/// The incidents of each flow that has some.
fn incidents_of_flows(report: &Report) -> HashMap<u64, Vec<u64>> {
    let mut of_flows: HashMap<u64, Vec<u64>> = HashMap::new();
    for incident in &report.incidents {
        for &flow in &incident.flows {
            of_flows.entry(flow).or_default().push(incident.id);
        }
    }
    of_flows
}

fn cells(flow: &Flow, incidents: Option<&Vec<u64>>) -> [String; HEADER.len()] {
    let (reset, diagnosis) = (flow.resets.first(), flow.diagnosis.as_deref());
    let (outcome, application) = (flow.outcome.as_deref(), flow.application.as_deref());
    let compared = reset.and_then(|reset| reset.comparison.as_deref());
    let error = |side: Option<&crate::report::SideOutcome>| text(side.map(|side| side.error));
    [
        flow.id.to_string(),
        shown(flow.first_time),
        shown(flow.last_time),
        seconds(flow.duration()),
        flow.client.ip.to_string(),
        flow.client.port.to_string(),
        flow.server.ip.to_string(),
        flow.server.port.to_string(),
        flow.teardown.to_string(),
        text(flow.activity.as_deref()),
        text(diagnosis.map(|diagnosis| diagnosis.cause)),
        shown(diagnosis.map(|diagnosis| diagnosis.confidence)),
        text(diagnosis.map(|diagnosis| diagnosis.sentence.as_str())),
        incidents.map(|ids| spaced(ids)).unwrap_or_default(),
        flow.resets.len().to_string(),
        shown(reset.and_then(|reset| reset.time)),
        seconds(reset.and_then(|reset| reset.after_s)),
        reset.map(|reset| spaced(&reset.frames)).unwrap_or_default(),
        shown(reset.map(|reset| reset.claimed_sender)),
        shown(reset.map(|reset| reset.sender)),
        shown(reset.and_then(|reset| reset.confidence)),
        shown(reset.map(|reset| reset.mechanism)),
        error(outcome.and_then(|outcome| outcome.client.as_ref())),
        error(outcome.and_then(|outcome| outcome.server.as_ref())),
        shown(outcome.map(|outcome| outcome.safe_to_retry)),
        shown(outcome.and_then(|outcome| outcome.bytes_lost)),
        text(application.map(|application| application.protocol)),
        text(application.and_then(|application| application.detail.as_deref())),
        seconds(flow.rtt_s),
        flow.client_packets.to_string(),
        flow.server_packets.to_string(),
        flow.client_bytes.to_string(),
        flow.server_bytes.to_string(),
        flow.wireshark_filter(),
        reset.zip(compared).map(|(reset, told)| compared::stretch(told, reset.claimed_sender)).unwrap_or_default(),
        shown(compared.map(|compared| compared.decided)),
        text(flow.client_name.as_deref()),
        text(flow.server_name.as_deref()),
    ]
}

fn shown(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn seconds(length: Option<Seconds>) -> String {
    shown(length.map(|length| length.0.as_secs_f64()))
}

fn spaced(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
}

fn text(text: Option<&str>) -> String {
    text.map(|text| harmless(&sanitize(text)).into_owned()).unwrap_or_default()
}

/// Puts an apostrophe before whatever a spreadsheet might take for the beginning of a formula.
///
/// That is not only the first character of a cell: where the list separator of a country is a semicolon, a spreadsheet cuts
/// our cells there, and takes what follows for a cell of its own (OWASP, "CSV Injection").
fn harmless(text: &str) -> Cow<'_, str> {
    /// Also in their full-width forms, which some spreadsheets take for the same.
    fn begins_formula(c: char) -> bool {
        matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
    }
    if !text.contains(begins_formula) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 2);
    let mut at_start = true;
    for c in text.chars() {
        if at_start && begins_formula(c) {
            safe.push('\'');
        }
        at_start = matches!(c, ';' | ',' | '|' | '"' | '\'') || at_start && c.is_whitespace();
        safe.push(c);
    }
    Cow::Owned(safe)
}

/// Quotes where RFC 4180 asks for it, and where the parser of a spreadsheet might cut.
fn line(cells: &[String], out: &mut impl Write) -> io::Result<()> {
    for (nth, cell) in cells.iter().enumerate() {
        let comma = if nth == 0 { "" } else { "," };
        if cell.contains([',', '"', ';', '\t', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ') {
            write!(out, "{comma}\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            write!(out, "{comma}{cell}")?;
        }
    }
    out.write_all(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_computed() {
        for (hostile, safe) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("  =1", "  '=1"),
            ("\u{a0}=1", "\u{a0}'=1"),
            ("＝1", "'＝1"),
            ("a;=1", "a;'=1"),
            ("a; =1", "a; '=1"),
            ("a,@b", "a,'@b"),
            ("\"=1", "\"'=1"),
            ("'=1", "''=1"),
            ("\t=1", "\\t=1"),
            ("\n=1", "\\n=1"),
        ] {
            assert_eq!(text(Some(hostile)), safe, "{hostile:?}");
        }
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for ordinary in ["", "a = b", "reset 1.2 s later", "a-b+c@d", "10.0.0.5:443", "no byte; half-closed"] {
            assert_eq!(text(Some(ordinary)), ordinary);
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        let cells = ["plain", "a,b", "a;b", "say \"no\"", " padded", ""].map(str::to_owned);
        line(&cells, &mut out).unwrap();
        assert_eq!(out, b"plain,\"a,b\",\"a;b\",\"say \"\"no\"\"\",\" padded\",\r\n");
    }
}
