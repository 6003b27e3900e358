//! One flow as a ladder in a terminal: every segment that was kept, what is odd about it, and beside the frames that prove a
//! verdict what they prove.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use super::notes::notes;
use super::order::when;
use super::proof::{self, Proof};
use super::sanitize::sanitize;
use super::table::{BOLD, PLAIN, TableOptions, USUAL_WIDTH, wrap};
use super::verdict::reset_in_words;
use super::words::{self, ended, going_on};
use super::{frames::Frames, rungs};
use crate::report::{Flow, Report, Side, Time};

/// SGR sequences (ECMA-48): bright red for resets, bright magenta for what proves something, which can be read on light
/// and dark grounds, and told apart by people who see no red or no green.
const RESET: &str = "\x1b[91m";
const EVIDENCE: &str = "\x1b[95m";

/// The least room for the text beside frame and time; a narrower terminal breaks lines itself.
const READABLE: usize = 24;

/// Writes the flows of the report one after the other.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, options: &TableOptions, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let width = options.is_terminal.then(|| usize::from(options.width.unwrap_or(USUAL_WIDTH)));
    let mut page = Page { options, width, out: &mut out };
    if let Some(note) = report.selection.as_ref().and_then(|selection| selection.note.as_ref()) {
        page.text(&words::sentence(&sanitize(note)), "", None)?;
    }
    for (nth, flow) in report.flows.iter().enumerate() {
        if nth > 0 {
            page.line("", None)?;
        }
        page.flow(flow)?;
    }
    let notes = notes(report);
    if !notes.is_empty() {
        page.line("\nNotes:", None)?;
        notes.iter().try_for_each(|note| page.text(&format!("- {note}"), "  ", None))?;
    }
    out.flush()
}

struct Page<'a, W> {
    options: &'a TableOptions,
    /// Columns to stay within; `None` for any number.
    width: Option<usize>,
    out: &'a mut W,
}

/// One line of the ladder.
struct Line {
    time: Option<Time>,
    from: Option<Side>,
    text: String,
    reset: bool,
    gap: bool,
}

impl<W: Write> Page<'_, W> {
    fn flow(&mut self, flow: &Flow) -> io::Result<()> {
        let zone = &self.options.zone;
        let time = when(flow).map_or_else(String::new, |time| {
            format!(" on {} at {} {}", zone.date(time), zone.clock(time), zone.name(time))
        });
        let title = format!(
            "Flow {}: {} -> {}, {}{time}.",
            flow.id,
            sanitize(&flow.client_in_words()),
            sanitize(&flow.server_in_words()),
            ended(flow.teardown)
        );
        self.text(&title, "  ", Some(BOLD))?;
        if let Some(verdict) = verdict(flow) {
            self.text(&verdict, "  ", None)?;
        }
        for reset in &flow.resets {
            self.text(&reset_in_words(reset), "  ", None)?;
        }
        if let Some(before) = flow.continues {
            self.text(&format!("It is the connection of flow {before}, whose addresses changed."), "  ", None)?;
        }
        if let Some(later) = flow.continued_as {
            self.text(&format!("Its addresses changed, and it went on as flow {later}."), "  ", None)?;
        }
        self.line("", None)?;
        let proofs = proof::of(flow);
        self.ladder(flow, &proofs)?;
        self.line("", None)?;
        for remedy in flow.diagnosis.iter().flat_map(|diagnosis| &diagnosis.remedies) {
            self.text(&format!("What to do: {}", words::sentence(&sanitize(remedy))), "  ", None)?;
        }
        // Not broken, so that it can be copied whole.
        self.line(&format!("Wireshark filter: {}", sanitize(&flow.wireshark_filter())), None)
    }

    fn ladder(&mut self, flow: &Flow, proofs: &[Proof<'_>]) -> io::Result<()> {
        let lines = lines(flow);
        let digits = lines.keys().next_back().map_or(0, |frame| frame.to_string().len()).max("Frame".len());
        let mut indent = digits + 2 + "10:26:00.123456".len() + 2 + 3 + 2;
        if self.width.is_some_and(|width| width < indent + READABLE) {
            indent = 2;
        }
        let indent = " ".repeat(indent);
        self.line(&format!("{:>digits$}  {:<15}  C S  Segment", "Frame", "Time"), Some(BOLD))?;
        for (&frame, line) in &lines {
            if line.gap {
                self.line(&format!("{:>digits$}", "..."), None)?;
            }
            let time = line.time.map_or_else(String::new, |time| self.options.zone.clock_micros(time));
            let arrow = match line.from {
                Some(Side::Client) => "-->",
                Some(Side::Server) => "<--",
                None => "   ",
            };
            let named = |proof: &Proof<'_>| proof.frames.contains(&frame);
            let marks: String =
                (1..).zip(proofs).filter(|(_, proof)| named(proof)).map(|(nth, _)| format!(" [{nth}]")).collect();
            let text = format!("{frame:>digits$}  {time:<15}  {arrow}  {}{marks}", line.text);
            self.text(&text, &indent, line.reset.then_some(RESET))?;
            for (nth, proof) in (1..).zip(proofs).filter(|(_, proof)| named(proof)) {
                // Told at the first of its frames that is shown.
                if proof.frames.iter().filter(|frame| lines.contains_key(frame)).min() == Some(&frame) {
                    self.proof(nth, proof, &indent)?;
                }
            }
        }
        for (nth, proof) in (1..).zip(proofs) {
            if !proof.frames.iter().any(|frame| lines.contains_key(frame)) {
                self.proof(nth, proof, "")?;
            }
        }
        Ok(())
    }

    fn proof(&mut self, nth: usize, proof: &Proof<'_>, indent: &str) -> io::Result<()> {
        let mut frames = proof.frames.to_vec();
        frames.sort_unstable();
        let also = if frames.len() > 1 { format!(" (frames {})", Frames(&frames)) } else { String::new() };
        let text = format!("{indent}[{nth}] {}: {}{also}", proof.rank, sanitize(proof.text));
        self.text(&text, &format!("{indent}    "), Some(EVIDENCE))
    }

    /// A text of as many lines as it takes.
    fn text(&mut self, text: &str, indent: &str, style: Option<&str>) -> io::Result<()> {
        // Leading blanks are columns, which the breaking of lines would drop.
        let start = text.len() - text.trim_start().len();
        let (blank, rest) = text.split_at(start);
        let room = self.width.map(|width| width.saturating_sub(blank.len()).max(1));
        let inner = indent.get(blank.len()..).unwrap_or_default();
        let wrapped = match blank {
            "" => wrap(rest, self.width, indent),
            blank => format!("{blank}{}", wrap(rest, room, inner).replace('\n', &format!("\n{blank}"))),
        };
        wrapped.lines().try_for_each(|line| self.line(line.trim_end(), style))
    }

    fn line(&mut self, line: &str, style: Option<&str>) -> io::Result<()> {
        match style.filter(|_| self.options.color) {
            Some(style) => writeln!(self.out, "{style}{line}{PLAIN}"),
            None => writeln!(self.out, "{line}"),
        }
    }
}

fn lines(flow: &Flow) -> BTreeMap<u64, Line> {
    let mut lines = BTreeMap::new();
    for rungs::Told { frame, time, from, reset, gap, text } in rungs::of(flow) {
        lines.insert(frame, Line { time, from: Some(from), text: sanitize(&text).into_owned(), reset, gap });
    }
    for icmp in &flow.icmp {
        let text = format!("ICMP from {}: {}", sanitize(&icmp.reporter_in_words()), sanitize(&icmp.text));
        lines.insert(icmp.frame, Line { time: icmp.time, from: None, text, reset: false, gap: false });
    }
    lines
}

fn verdict(flow: &Flow) -> Option<String> {
    match &flow.diagnosis {
        Some(diagnosis) => Some(format!(
            "{} ({}): {}",
            sanitize(diagnosis.cause),
            diagnosis.confidence,
            words::sentence(&sanitize(&diagnosis.sentence))
        )),
        None => going_on(flow).map(|text| words::sentence(&sanitize(&text))),
    }
}
