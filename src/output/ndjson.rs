//! One flow a line, each a JSON object of its own, as `docs/json.md` describes it: for `jq`, `grep` and log shippers.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;

use super::json::Compact;
use super::pieces;
use crate::report::{Flow, FlowLine, Report};

/// Flows that a thread writes at a time.
const AT_A_TIME: usize = 128;

/// Writes a line for each flow of the report.
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
    let make = |_, flows: &[Flow], text: &mut Vec<u8>| flows.iter().try_for_each(|flow| write_flow(flow, &mut *text));
    pieces::write(threads, &report.flows, AT_A_TIME, make, &mut out)?;
    out.flush()
}

/// Writes the line of one flow.
///
/// # Errors
/// Those of `out`.
pub fn write_flow(flow: &Flow, out: impl Write) -> io::Result<()> {
    write_line(&FlowLine::new(flow), out)
}

/// Writes the line of a flow that was judged while it was watched.
///
/// # Errors
/// Those of `out`.
pub fn write_judged(flow: &Flow, provisional: bool, out: impl Write) -> io::Result<()> {
    write_line(&FlowLine::judged(flow, provisional), out)
}

fn write_line(line: &FlowLine<'_>, mut out: impl Write) -> io::Result<()> {
    line.serialize(&mut Serializer::with_formatter(&mut out, Compact))?;
    out.write_all(b"\n")
}
