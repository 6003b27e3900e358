//! One flow a line, each a JSON object of its own, as `docs/json.md` describes it: for `jq`, `grep` and log shippers.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::Serializer;

use super::json::Compact;
use crate::report::{Flow, FlowLine, Report};

/// Writes a line for each flow of the report.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    report.flows.iter().try_for_each(|flow| write_flow(flow, &mut out))?;
    out.flush()
}

/// Writes the line of one flow.
///
/// # Errors
/// Those of `out`.
pub fn write_flow(flow: &Flow, mut out: impl Write) -> io::Result<()> {
    FlowLine::new(flow).serialize(&mut Serializer::with_formatter(&mut out, Compact))?;
    out.write_all(b"\n")
}
