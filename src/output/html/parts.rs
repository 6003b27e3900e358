//! What stands in the page as text, and so is read where no script runs: the preview of a mail program, a search, a text browser.

use std::fmt::Write;

use super::escape::escape;
use crate::output::clock::Zone;
use crate::output::compared;
use crate::output::notes;
use crate::output::order::{by_urgency, needs_attention, report_span, when};
use crate::output::words::{self, count, ended, going_on, rst_frames};
use crate::report::{Incident, Input, Report};

/// Rows of the table for readers without scripts.
const ROWS: usize = 100;

const ZONE: &Zone = &Zone::UTC;

/// The name of what was read.
pub(super) fn title(report: &Report) -> String {
    match report.capture.inputs.as_slice() {
        [] => "no capture".to_owned(),
        [Input { path, .. }] if path == "-" => "standard input".to_owned(),
        [one] => one.path.clone(),
        [first, rest @ ..] => format!("{} and {} more", first.path, rest.len()),
    }
}

/// The paragraph that everybody reads.
pub(super) fn summary(report: &Report) -> String {
    let lines = words::summary(report, report_span(report), ZONE).join(" ");
    format!("<p class=\"lead\">{}</p>", escape(&lines.replace('\u{a0}', " ")))
}

/// Where it was captured, where several captures were compared.
pub(super) fn points(report: &Report) -> String {
    let lines = compared::points(report);
    if lines.is_empty() {
        return String::new();
    }
    let items: String = lines.iter().map(|line| format!("<li><bdi>{}</bdi></li>\n", escape(line))).collect();
    format!(
        "<section aria-labelledby=\"points-title\">\n<h2 id=\"points-title\">Where it was captured</h2>\n<ul>\n{items}</ul>\n</section>"
    )
}

/// A card for each incident.
pub(super) fn incidents(report: &Report) -> String {
    if report.incidents.is_empty() {
        return String::new();
    }
    let mut part =
        "<section aria-labelledby=\"incidents-title\">\n<h2 id=\"incidents-title\">Incidents</h2>\n".to_owned();
    part += "<div class=\"cards\">\n";
    for incident in &report.incidents {
        part += &card(incident);
    }
    part + "</div>\n</section>"
}

fn card(incident: &Incident) -> String {
    let Incident { id, title, cause, confidence, first_time, last_time, flows, explanation, .. } = incident;
    let mut facts = vec![format!("<code>{}</code> ({confidence})", escape(cause))];
    facts.extend(incident.server_in_words().map(|server| format!("<code>{}</code>", escape(&server))));
    let times = first_time.or(*last_time).zip(last_time.or(*first_time));
    facts.extend(times.map(|span| words::period(span, ZONE)));
    facts.push(count(flows.len() as u64, "flow"));
    format!(
        "<article class=\"card\" id=\"incident-{id}\">\n<h3><span class=\"number\">{id}</span> <bdi>{}</bdi></h3>\n<p><bdi>{}</bdi></p>\n\
         <p class=\"facts\">{}</p>\n<button type=\"button\" class=\"quiet\" data-incident=\"{id}\" hidden>Show its flows</button>\n</article>\n",
        escape(title),
        escape(explanation),
        facts.join(" · ")
    )
}

/// The table where no script can draw it.
pub(super) fn table(report: &Report) -> String {
    let flows: Vec<_> = by_urgency(&report.flows).into_iter().filter(|flow| needs_attention(flow)).collect();
    let mut part =
        "<p>Charts, details and the whole table need the scripts of this page: open it in a browser.</p>\n".to_owned();
    if flows.is_empty() {
        return part + "<p>Nothing needs attention.</p>";
    }
    part += "<div class=\"scroll\"><table>\n<caption>What needs attention</caption>\n<thead><tr>";
    for head in ["Flow", "When (UTC)", "Client", "Server", "How it ended", "RST frames", "Verdict"] {
        let _ = write!(part, "<th scope=\"col\">{head}</th>");
    }
    part += "</tr></thead>\n<tbody>\n";
    for flow in flows.iter().take(ROWS) {
        let verdict = match &flow.diagnosis {
            Some(diagnosis) => diagnosis.sentence.clone(),
            None => going_on(flow).unwrap_or_default(),
        };
        let time = when(flow).map(|time| ZONE.rfc3339_millis(time)).unwrap_or_default();
        let _ = writeln!(
            part,
            "<tr><td>{}</td><td>{time}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><bdi>{}</bdi></td></tr>",
            flow.id,
            escape(&flow.client_in_words()),
            escape(&flow.server_in_words()),
            ended(flow.teardown),
            rst_frames(flow).join("; "),
            escape(&verdict)
        );
    }
    part += "</tbody>\n</table></div>";
    if let Some(more @ 1..) = flows.len().checked_sub(ROWS) {
        let _ = write!(part, "\n<p>And {} more.</p>", count(more as u64, "flow"));
    }
    part
}

/// What to know before trusting the rest.
pub(super) fn notes(report: &Report) -> String {
    let notes = notes::notes(report);
    if notes.is_empty() {
        return String::new();
    }
    let mut part = "<section aria-labelledby=\"notes-title\">\n<h2 id=\"notes-title\">Notes</h2>\n<ul>\n".to_owned();
    for note in notes {
        let _ = writeln!(part, "<li><bdi>{}</bdi></li>", escape(&note));
    }
    part + "</ul>\n</section>"
}

/// The inputs, and what read them.
pub(super) fn source(report: &Report) -> String {
    let mut part = "<div class=\"scroll\"><table>\n<caption class=\"hidden\">Inputs</caption>\n<thead><tr>".to_owned();
    for (head, class) in
        [("Input", ""), ("Frames", "right"), ("Bytes", "right"), ("First frame (UTC)", ""), ("Last frame (UTC)", "")]
    {
        let _ = write!(part, "<th scope=\"col\" class=\"{class}\">{head}</th>");
    }
    part += "</tr></thead>\n<tbody>\n";
    for input in &report.capture.inputs {
        let time = |time: Option<_>| time.map(|time| ZONE.rfc3339_millis(time)).unwrap_or_default();
        let _ = writeln!(
            part,
            "<tr><td><bdi>{}</bdi>{}</td><td class=\"right\">{}</td><td class=\"right\">{}</td><td>{}</td><td>{}</td></tr>",
            escape(&input.path),
            input.sha256.as_ref().map_or_else(String::new, |hash| {
                format!("<br><span class=\"facts\">SHA-256 <code>{}</code></span>", escape(hash))
            }),
            input.frames,
            input.bytes,
            time(input.first_time),
            time(input.last_time)
        );
    }
    let _ = write!(
        part,
        "</tbody>\n</table></div>\n<p class=\"facts\">Written by {} {}{}. The page holds the JSON report (<code>{}</code>) in its \
         element <code>report</code>.</p>",
        report.tool.name,
        report.tool.version,
        report.options.iter().map(|option| format!(" <code>{}</code>", escape(option))).collect::<String>(),
        report.schema
    );
    part
}
