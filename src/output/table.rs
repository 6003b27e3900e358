//! The report for a person at a bad hour: what happened in a sentence, a row for each flow that did not end well, and
//! what to know before trusting the rows.
//!
//! On a terminal the rows take the widest layout that fits, so that words, numbers and addresses stay whole. Elsewhere
//! a flow is one line of ASCII however long, its cells apart by two spaces or more and none of them empty, whatever the
//! size of anybody's window, so that `grep` and `awk -F'  +'` work. No row is ever left out silently.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use comfy_table::{Attribute, Cell, Color, ColumnConstraint, LineStyle, Table, TableStyle, Width};

use super::clock::Zone;
use super::compared;
use super::frames::Frames;
use super::notes::notes;
use super::order::{by_urgency, report_span, when};
use super::sanitize::{sanitize, sanitized};
use super::verdict;
use super::words::{NOTHING, cause, count, ended, going_on, rst_frames, senders, summary, verb};
use crate::parallel;
use crate::report::{Flow, Incident, Report, Teardown, Time};

/// What the renderer must know of the place it writes to.
#[derive(Clone, Debug)]
pub struct TableOptions {
    /// Whether a person's terminal shows it.
    pub is_terminal: bool,
    /// Columns of that terminal; 80 where unknown. Ignored elsewhere.
    pub width: Option<u16>,
    /// Whether to use colours and bold. Where `NO_COLOR` is set, comfy-table keeps to bold even so.
    pub color: bool,
    /// The zone of all times.
    pub zone: Zone,
    /// Whether to leave out the rows.
    pub summary_only: bool,
}

/// The width of a terminal that does not tell its own, and of nearly every one that is smaller than somebody's screen.
pub(super) const USUAL_WIDTH: u16 = 80;

/// The most flows of which each is told with its evidence: more would push the table out of sight.
pub const TOLD_IN_FULL: usize = 3;

/// Incidents that are told; the others are counted.
const INCIDENTS: usize = 20;

/// SGR sequences (ECMA-48) for the one text that stands outside the table.
pub(super) const BOLD: &str = "\x1b[1m";
pub(super) const PLAIN: &str = "\x1b[0m";

/// Writes the report as text.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, options: &TableOptions, out: impl Write) -> io::Result<()> {
    write_on(1, report, options, out)
}

/// The same on so many threads.
///
/// # Errors
/// Those of `out`.
pub fn write_on(threads: usize, report: &Report, options: &TableOptions, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let page = Page { threads, ..Page::new(report, options) };
    page.summary(&mut out)?;
    page.points(&mut out)?;
    page.incidents(&mut out)?;
    page.rows(&mut out)?;
    page.verdicts(&mut out)?;
    page.notes(&mut out)?;
    out.flush()
}

/// What is the same for the whole of one output.
struct Page<'a> {
    report: &'a Report,
    options: &'a TableOptions,
    /// The earliest and the latest time of the capture.
    span: Option<(Time, Time)>,
    /// Whether rows need a date beside the time of day.
    dated: bool,
    /// Columns to stay within; `None` for any number.
    width: Option<usize>,
    /// Threads that make the rows.
    threads: usize,
}

impl<'a> Page<'a> {
    fn new(report: &'a Report, options: &'a TableOptions) -> Self {
        let span = report_span(report);
        let dated = span.is_some_and(|(first, last)| options.zone.date(first) != options.zone.date(last));
        let width = options.is_terminal.then(|| usize::from(options.width.unwrap_or(USUAL_WIDTH)));
        Self { report, options, span, dated, width, threads: 1 }
    }

    fn summary(&self, out: &mut impl Write) -> io::Result<()> {
        for (nth, line) in summary(self.report, self.span, &self.options.zone).into_iter().enumerate() {
            let line = wrap(&line, self.width, "");
            if self.options.color && nth == 0 {
                writeln!(out, "{BOLD}{line}{PLAIN}")?;
            } else {
                writeln!(out, "{line}")?;
            }
        }
        Ok(())
    }

    /// Where it was captured, where several captures were compared.
    fn points(&self, out: &mut impl Write) -> io::Result<()> {
        let lines = compared::points(self.report);
        if !lines.is_empty() {
            writeln!(out)?;
        }
        lines.iter().try_for_each(|line| writeln!(out, "{}", wrap(&format!("- {line}"), self.width, "  ")))
    }

    /// What several flows died of, worst first.
    fn incidents(&self, out: &mut impl Write) -> io::Result<()> {
        let incidents = &self.report.incidents;
        if incidents.is_empty() {
            return Ok(());
        }
        writeln!(out, "\nIncidents:")?;
        for Incident { id, title, cause, confidence, flows, explanation, server_name, .. } in
            incidents.iter().take(INCIDENTS)
        {
            let named = server_name.as_ref().map_or_else(String::new, |name| format!("{}, ", sanitize(name)));
            let title = format!(
                "{id}. {} ({}, {confidence}, {named}{}: {})",
                sanitize(title),
                sanitize(cause),
                count(flows.len() as u64, "flow"),
                Frames(flows)
            );
            writeln!(out, "{}", wrap(&title, self.width, "   "))?;
            let width = self.width.map(|width| width.saturating_sub(3));
            writeln!(out, "   {}", wrap(&sanitize(explanation), width, "   "))?;
        }
        if let Some(more @ 1..) = incidents.len().checked_sub(INCIDENTS) {
            writeln!(out, "{}", wrap(&format!("And {more} more, in the JSON report."), self.width, ""))?;
        }
        Ok(())
    }

    fn rows(&self, out: &mut impl Write) -> io::Result<()> {
        if self.options.summary_only {
            return Ok(());
        }
        let flows = by_urgency(&self.report.flows);
        if flows.is_empty() {
            return Ok(());
        }
        let rows = Rows::new(flows, self);
        let (layout, widths) = Layout::fitting(&rows, self);
        writeln!(out)?;
        let make = |nth, flows: &[&Flow]| rows.with(nth, flows, |some| self.some_rows(layout, &widths, nth == 0, some));
        parallel::in_order(self.threads, &rows.flows, CHUNK, make, |text| out.write_all(text.as_bytes()))
    }

    /// Some rows, the first of them or others.
    fn some_rows(&self, layout: Layout, widths: &[usize], first: bool, rows: &[Row]) -> String {
        let is_plain = self.width.is_none() && !self.options.color;
        let plain = Some(layout).filter(|_| is_plain).and_then(|layout| layout.plain(widths, first, rows));
        plain.unwrap_or_else(|| self.styled(layout, widths, first, rows))
    }

    fn styled(&self, layout: Layout, widths: &[usize], first: bool, rows: &[Row]) -> String {
        let mut table = Table::new();
        table.load_style(match layout.is_tall() {
            true => TableStyle::new().row_separator(BLANK).header_separator(BLANK),
            false => TableStyle::new(),
        });
        table.style_text_only();
        if self.options.color {
            table.enforce_styling()
        } else {
            table.force_no_tty()
        };
        let mut text = String::new();
        if !first {
            text.push_str(if layout.is_tall() { "\n" } else { "" });
        } else if layout != Layout::Single {
            table.set_header(layout.header().iter().map(|head| Cell::new(head).add_attribute(Attribute::Bold)));
        }
        for row in rows {
            table.add_row(layout.cells(row).into_iter().enumerate().map(|(nth, lines)| {
                let mut lines = lines.into_iter().map(|line| line.text);
                let mut text = lines.next().unwrap_or_default().into_owned();
                lines.for_each(|line| text.extend(["\n", &line]));
                let cell = Cell::new_owned(text);
                if layout.verdict_column() == Some(nth) { cell.fg(color(row.teardown)) } else { cell }
            }));
        }
        let last = widths.len().saturating_sub(1);
        for (nth, (column, &width)) in table.column_iter_mut().zip(widths).enumerate() {
            let gap = if nth == last { 0 } else { GAP };
            column.set_padding((0, gap));
            let width = u16::try_from(width).unwrap_or(u16::MAX).saturating_add(gap);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Under a short table, what was concluded about each flow, and what proves it.
    fn verdicts(&self, out: &mut impl Write) -> io::Result<()> {
        if self.options.summary_only || self.report.flows.len() > TOLD_IN_FULL {
            return Ok(());
        }
        for flow in by_urgency(&self.report.flows) {
            let lines = verdict::lines(flow);
            let Some((head, rest)) = lines.split_first() else { continue };
            writeln!(out, "\n{}", wrap(head, self.width, "  "))?;
            for line in rest {
                writeln!(out, "{}", wrap(&format!("\u{a0}\u{a0}{line}"), self.width, "    "))?;
            }
        }
        Ok(())
    }

    fn notes(&self, out: &mut impl Write) -> io::Result<()> {
        let mut notes = notes(self.report);
        if self.options.summary_only {
            let left_out = self.report.flows.len() as u64;
            if left_out > 0 {
                notes.push(format!(
                    "The {} of flows {} left out, as --summary asks.",
                    count(left_out, "row"),
                    verb(left_out, "is", "are")
                ));
            }
        }
        if notes.is_empty() {
            let teardown = &self.report.summary.teardown;
            let badly: u64 =
                Teardown::ALL.into_iter().filter(|how| how.ended_badly()).map(|how| teardown.of(how)).sum();
            if badly == 0 && self.report.capture.rst_segments == 0 && teardown.total() > 0 {
                writeln!(out, "Nothing else looks wrong.")?;
            }
            return Ok(());
        }
        writeln!(out, "\nNotes:")?;
        notes.iter().try_for_each(|note| writeln!(out, "{}", wrap(&format!("- {note}"), self.width, "  ")))
    }
}

/// The texts of one flow.
struct Row {
    id: String,
    date: Option<String>,
    clock: String,
    client: String,
    server: String,
    teardown: Teardown,
    /// Who sent the resets.
    senders: Vec<String>,
    /// Why it ended so.
    cause: String,
    /// One text for each direction in which RSTs went; all in one where a flow is one line.
    frames: Vec<String>,
    text: Option<String>,
    arrow: &'static str,
}

impl Row {
    fn new(flow: &Flow, page: &Page) -> Self {
        let zone = &page.options.zone;
        let time = when(flow);
        let clock = match time {
            None => "-".to_owned(),
            Some(time) if page.width.is_none() => zone.rfc3339_millis(time),
            Some(time) => zone.clock_millis(time),
        };
        let mut frames = rst_frames(flow);
        if page.width.is_none() && frames.len() > 1 {
            frames = vec![frames.join(" and ")];
        }
        Self {
            id: flow.id.to_string(),
            date: time.filter(|_| page.dated && page.width.is_some()).map(|time| zone.date(time)),
            clock,
            client: sanitized(flow.client_in_words()),
            server: sanitized(flow.server_in_words()),
            teardown: flow.teardown,
            senders: senders(flow),
            cause: cause(flow),
            frames,
            text: going_on(flow),
            arrow: if page.width.is_some() { "→" } else { "->" },
        }
    }
}

/// The rows of a table, which are needed twice: to measure them and to write them.
struct Rows<'a> {
    page: &'a Page<'a>,
    flows: Vec<&'a Flow>,
    /// Those of [`CHUNK`] flows each; none where they are too many, which are made anew.
    kept: Vec<Vec<Row>>,
}

impl<'a> Rows<'a> {
    fn new(flows: Vec<&'a Flow>, page: &'a Page<'a>) -> Self {
        let mut rows = Self { page, flows, kept: Vec::new() };
        if rows.flows.len() <= KEPT {
            let make = |_, some: &[&Flow]| rows.made(some);
            let mut kept = Vec::new();
            parallel::in_pieces(page.threads, &rows.flows, CHUNK, make, |some| kept.push(some));
            rows.kept = kept;
        }
        rows
    }

    fn made(&self, flows: &[&Flow]) -> Vec<Row> {
        flows.iter().map(|flow| Row::new(flow, self.page)).collect()
    }

    /// What `f` makes of the rows of the chunk with this number, which has these flows.
    fn with<T>(&self, nth: usize, flows: &[&Flow], f: impl FnOnce(&[Row]) -> T) -> T {
        match self.kept.get(nth) {
            Some(rows) => f(rows),
            None => f(&self.made(flows)),
        }
    }
}

/// How the facts of a flow are laid out, from the widest to the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// A column for each.
    Columns,
    /// Three columns of two facts each, one below the other.
    Paired,
    /// The same with the server below the client.
    Tall,
    /// Everything below each other.
    Single,
}

/// A line of a cell, and whether it may be broken between words.
struct Line<'a> {
    text: Cow<'a, str>,
    breakable: bool,
}

/// The least room that a column wants and the room that it could use.
#[derive(Clone, Copy, Default)]
struct Extent {
    least: usize,
    most: usize,
}

/// Spaces between columns.
const GAP: u16 = 2;

/// The narrowest column in which a phrase still reads well: about six words. A layout that leaves less gives way.
const READABLE: usize = 36;

/// Room for `reset after FIN` and for `1234-1236 to client`; longer lists of frames may take several lines.
const VERDICT: usize = 19;

/// Rows formatted at a time: enough for speed, few enough that a report of many flows needs no memory for its text.
const CHUNK: usize = 512;

/// The most rows that are kept between measuring and writing: they take some 400 octets each.
const KEPT: usize = 1 << 15;

impl Layout {
    const ALL: [Self; 4] = [Self::Columns, Self::Paired, Self::Tall, Self::Single];

    /// The first layout that fits, and the widths of its columns.
    fn fitting(rows: &Rows, page: &Page) -> (Self, Vec<usize>) {
        let Some(width) = page.width else {
            let extents = Self::Columns.extents(rows, page);
            return (Self::Columns, extents.iter().map(|extent| extent.most).collect());
        };
        for layout in Self::ALL {
            let extents = layout.extents(rows, page);
            if let Some(widths) = layout.share_out(&extents, width) {
                return (layout, widths);
            }
        }
        // Too narrow for an address: the terminal will break lines, so that what is copied from it is whole.
        let widest = Self::Single.extents(rows, page).iter().map(|extent| extent.least).collect();
        (Self::Single, widest)
    }

    /// The room that each column wants.
    fn extents(self, rows: &Rows, page: &Page) -> Vec<Extent> {
        let mut extents = vec![Extent::default(); self.header().len()];
        for (extent, head) in extents.iter_mut().zip(self.header()) {
            head.lines().for_each(|line| extent.include(&free(line)));
        }
        let of_rows = |rows: &[Row]| {
            let mut extents = vec![Extent::default(); self.header().len()];
            for row in rows {
                for (extent, cell) in extents.iter_mut().zip(self.cells(row)) {
                    cell.iter().for_each(|line| extent.include(line));
                }
            }
            extents
        };
        let of_some = |nth, flows: &[&Flow]| rows.with(nth, flows, of_rows);
        parallel::in_pieces(page.threads, &rows.flows, CHUNK, of_some, |some| {
            extents.iter_mut().zip(&some).for_each(|(extent, of_some)| extent.widen(of_some));
        });
        extents
    }

    fn header(self) -> &'static [&'static str] {
        match self {
            Self::Columns => &[
                "Flow",
                "When",
                "Client",
                "Server",
                "How it ended",
                "Reset by",
                "Cause",
                "RST frames",
                "What was going on",
            ],
            Self::Paired | Self::Tall => {
                &["Flow\nWhen", "How it ended\nReset by\nRST frames", "Client → server\nCause\nWhat was going on"]
            }
            Self::Single => &[""],
        }
    }

    /// Rows of one line each, as comfy-table makes them, which would measure each cell anew; `None` where only it knows how wide one is.
    fn plain(self, widths: &[usize], first: bool, rows: &[Row]) -> Option<String> {
        let (_, padded) = widths.split_last()?;
        let mut text = String::new();
        let mut line = |cells: &[&str]| {
            let (last, others) = cells.split_last()?;
            for (cell, &width) in others.iter().zip(padded) {
                text.push_str(cell);
                text.extend(std::iter::repeat_n(' ', width.checked_sub(cell.len())? + usize::from(GAP)));
                cell.is_ascii().then_some(())?;
            }
            text.push_str(last);
            text.truncate(text.trim_end().len());
            text.push('\n');
            Some(())
        };
        if first {
            line(self.header())?;
        }
        for row in rows {
            let cells = self.cells(row);
            let cells: Option<Vec<&str>> = cells.iter().map(|lines| lines.first().map(|line| &*line.text)).collect();
            line(&cells?)?;
        }
        Some(text)
    }

    /// The columns that give way when room is short and the width at which each stops if it can, in this order.
    fn yielding(self) -> &'static [(usize, usize)] {
        match self {
            Self::Columns => &[(8, READABLE), (7, VERDICT)],
            Self::Paired | Self::Tall => &[(2, READABLE), (1, VERDICT)],
            Self::Single => &[(0, 0)],
        }
    }

    /// Whether rows have several lines as a rule, so that they need a blank line between them.
    fn is_tall(self) -> bool {
        self != Self::Columns
    }

    /// The column that says how a flow ended.
    fn verdict_column(self) -> Option<usize> {
        match self {
            Self::Columns => Some(4),
            Self::Paired | Self::Tall => Some(1),
            Self::Single => None,
        }
    }

    /// The cells of a row, line by line.
    fn cells(self, row: &Row) -> Vec<Vec<Line<'_>>> {
        let Row { id, date, clock, client, server, senders, cause, frames, text, arrow, .. } = row;
        let verdict = ended(row.teardown);
        let dated = || match date {
            Some(date) => Cow::Owned(format!("{date} {clock}")),
            None => Cow::Borrowed(clock.as_str()),
        };
        let by = || senders.iter().map(|sender| whole(format!("by {sender}")));
        let frames = || frames.iter().map(free);
        let text = || text.iter().map(free);
        match self {
            Self::Columns => vec![
                vec![whole(id)],
                vec![whole(dated())],
                vec![whole(client)],
                vec![whole(server)],
                vec![whole(verdict)],
                or_dash(if senders.is_empty() { vec![] } else { vec![whole(senders.join(", "))] }),
                vec![whole(cause)],
                or_dash(frames().collect()),
                or_dash(text().collect()),
            ],
            Self::Paired | Self::Tall => vec![
                [id].into_iter().chain(date).chain([clock]).map(whole).collect(),
                [whole(verdict)].into_iter().chain(by()).chain(frames()).collect(),
                match self {
                    Self::Tall => vec![whole(client), whole(format!("{arrow} {server}"))],
                    _ => vec![whole(format!("{client} {arrow} {server}"))],
                }
                .into_iter()
                .chain([whole(cause)])
                .chain(text())
                .collect(),
            ],
            Self::Single => {
                let rst = row.frames.iter().map(|frames| free(format!("RST {frames}")));
                let ends = [free(format!("Flow {id}, {}", dated())), whole(client), whole(format!("{arrow} {server}"))];
                vec![
                    ends.into_iter()
                        .chain([whole(verdict)])
                        .chain(by())
                        .chain([whole(cause)])
                        .chain(rst)
                        .chain(text())
                        .collect(),
                ]
            }
        }
    }

    /// The widths of the columns in `width`; `None` where they do not fit.
    fn share_out(self, extents: &[Extent], width: usize) -> Option<Vec<usize>> {
        let mut widths: Vec<_> = extents.iter().map(|extent| extent.most).collect();
        let total = widths.iter().sum::<usize>() + usize::from(GAP) * widths.len().saturating_sub(1);
        let mut excess = total.saturating_sub(width);
        for &(column, stop) in self.yielding() {
            let Extent { least, most } = extents[column];
            let give = excess.min(most - least.max(stop.min(most)));
            widths[column] -= give;
            excess -= give;
        }
        (excess == 0).then_some(widths)
    }
}

impl Extent {
    fn widen(&mut self, other: &Self) {
        self.most = self.most.max(other.most);
        self.least = self.least.max(other.least);
    }

    fn include(&mut self, line: &Line) {
        let most = columns(&line.text);
        let least = if line.breakable { line.text.split(' ').map(columns).max().unwrap_or(0) } else { most };
        self.widen(&Self { least, most });
    }
}

/// No cell is empty where it is a column of its own.
fn or_dash(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    if lines.is_empty() { vec![whole(NOTHING)] } else { lines }
}

fn whole<'a>(text: impl Into<Cow<'a, str>>) -> Line<'a> {
    Line { text: text.into(), breakable: false }
}

fn free<'a>(text: impl Into<Cow<'a, str>>) -> Line<'a> {
    Line { text: text.into(), breakable: true }
}

/// Columns that a text takes at most: what is not plain may be twice as wide.
pub(super) fn columns(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.chars().map(|c| if c.is_ascii() || matches!(c, '→' | '\u{a0}') { 1 } else { 2 }).sum()
}

/// Between rows of several lines.
const BLANK: LineStyle = LineStyle::none().fill(' ');

/// Both can be read on light and on dark grounds, and be told apart by people who see no red or no green; the words say the same.
fn color(teardown: Teardown) -> Color {
    match teardown {
        Teardown::Reset | Teardown::ResetAfterFin => Color::Red,
        Teardown::Refused | Teardown::Unanswered => Color::Magenta,
        Teardown::HalfClosed | Teardown::Open | Teardown::Fin => Color::Reset,
    }
}

/// Breaks a text between words so that it stays within `width`; lines after the first begin with `indent`.
///
/// No-break spaces become spaces afterwards.
pub(super) fn wrap(text: &str, width: Option<usize>, indent: &str) -> String {
    let width = width.unwrap_or(usize::MAX);
    let mut wrapped = String::with_capacity(text.len() + 8);
    let mut used = 0_usize;
    for word in text.split(' ') {
        let size = columns(word);
        if used > 0 && used.saturating_add(size) >= width {
            wrapped.push('\n');
            wrapped.push_str(indent);
            used = indent.len();
        } else if !wrapped.is_empty() {
            wrapped.push(' ');
            used += 1;
        }
        wrapped.push_str(word);
        used = used.saturating_add(size);
    }
    wrapped.replace('\u{a0}', " ")
}
