//! The report as one JSON document, as `docs/json.md` describes it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::pieces;
use crate::report::{Flow, Report};

/// Flows that a thread writes at a time: some 100 KiB, which stay in its cache until they are given away.
const AT_A_TIME: usize = 16;

/// Octets of a flow, about.
const FLOW: usize = 8 << 10;

/// Writes the report, two spaces a level, with a newline at the end.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: impl Write) -> io::Result<()> {
    write_on(1, report, out)
}

/// The same on so many threads.
///
/// The flows are written as they are made, so that a report of many does not stand in memory twice. They are the last field:
/// what stands before them is the report without any.
///
/// # Errors
/// Those of `out`.
pub fn write_on(threads: usize, report: &Report, mut out: impl Write) -> io::Result<()> {
    const NO_FLOWS: &[u8] = b"[]\n}";
    let mut text = Vec::new();
    report.summary_only().serialize(&mut Serializer::with_formatter(&mut text, Pretty::default()))?;
    if let Some(before) = text.strip_suffix(NO_FLOWS).filter(|_| !report.flows.is_empty()) {
        out.write_all(before)?;
        out.write_all(b"[")?;
        let make = |nth, flows: &[Flow], text: &mut Vec<u8>| in_list(nth == 0, flows, text);
        pieces::write(threads, &report.flows, AT_A_TIME, make, &mut out)?;
        text = b"\n  ]\n}".to_vec();
    }
    text.push(b'\n');
    out.write_all(&text)?;
    out.flush()
}

/// Writes flows as they stand in the list of the report, the first of them or others.
fn in_list(mut first: bool, flows: &[Flow], text: &mut Vec<u8>) -> io::Result<()> {
    text.reserve(flows.len() * FLOW);
    for flow in flows {
        let pretty = Pretty { level: 2, ..Pretty::default() };
        pretty.line(text, std::mem::take(&mut first))?;
        flow.serialize(&mut Serializer::with_formatter(&mut *text, pretty))?;
    }
    Ok(())
}

/// Numbers as the contract wants them: without exponents.
pub(super) fn write_number<W: ?Sized + Write>(out: &mut W, value: f64) -> io::Result<()> {
    write!(out, "{value}")
}

/// serde_json's form without white space, but without exponents.
pub(super) struct Compact;

impl Formatter for Compact {
    fn write_f64<W: ?Sized + Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        write_number(out, value)
    }
}

/// serde_json's pretty form, but without exponents: 300 nanoseconds are `0.0000003`, not `3e-7`. A report has some two hundred
/// lines a flow, so what stands around a key is written at once: `,`, a new line, its indentation and `"`; then `": `.
#[derive(Default)]
struct Pretty {
    level: usize,
    /// Whether the array or object at hand has anything in it.
    has_value: bool,
    /// Whether a key is being written.
    in_key: bool,
}

/// What ends a value and begins the next line with a key, by level, as far as anything here is indented.
const NEXT_LINES: [&str; 9] = [
    ",\n\"",
    ",\n  \"",
    ",\n    \"",
    ",\n      \"",
    ",\n        \"",
    ",\n          \"",
    ",\n            \"",
    ",\n              \"",
    ",\n                \"",
];

impl Pretty {
    fn open<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.level += 1;
        self.has_value = false;
        out.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.level = self.level.saturating_sub(1);
        if self.has_value {
            self.line(out, true)?;
        }
        out.write_all(bracket)
    }

    fn line<W: ?Sized + Write>(&self, out: &mut W, first: bool) -> io::Result<()> {
        // The quote is for keys.
        let quote = usize::from(!self.in_key);
        match NEXT_LINES.get(self.level).and_then(|line| line.as_bytes().get(usize::from(first)..line.len() - quote)) {
            Some(line) => out.write_all(line),
            None => {
                out.write_all(if first { b"\n" } else { b",\n" })?;
                (0..self.level).try_for_each(|_| out.write_all(b"  "))?;
                out.write_all(if self.in_key { b"\"" } else { b"" })
            }
        }
    }
}

impl Formatter for Pretty {
    fn write_f64<W: ?Sized + Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        write_number(out, value)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.line(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.in_key = true;
        self.line(out, first)
    }

    fn begin_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if self.in_key { Ok(()) } else { out.write_all(b"\"") }
    }

    fn end_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        let was_key = std::mem::take(&mut self.in_key);
        out.write_all(if was_key { b"\": " } else { b"\"" })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        Ok(())
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Seconds;
    use crate::tcp::Duration;

    fn number(nanos: i64) -> String {
        let mut out = Vec::new();
        Seconds(Duration(nanos)).serialize(&mut Serializer::with_formatter(&mut out, Pretty::default())).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn durations_have_no_exponent_and_no_noise() {
        assert_eq!(number(300), "0.0000003");
        assert_eq!(number(-1), "-0.000000001");
        assert_eq!(number(1_250_000_000), "1.25");
        assert_eq!(number(86_400_123_456_789), "86400.123456789");
        assert_eq!(number(0), "0");
        assert_eq!(number(i64::MAX), "9223372036.854776");
    }

    #[test]
    fn values_stand_as_serde_json_has_them() {
        let mut deep = serde_json::json!([]);
        for level in 0..40 {
            deep = serde_json::json!({ "level": level, "empty": [{}, []], "below": [deep, null] });
        }
        let mut out = Vec::new();
        deep.serialize(&mut Serializer::with_formatter(&mut out, Pretty::default())).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string_pretty(&deep).unwrap());
    }

    #[test]
    fn a_report_ends_in_one_newline() {
        let mut out = Vec::new();
        write(&Report::default(), &mut out).unwrap();
        assert!(out.starts_with(b"{\n  \"schema\": \"tcpautopsy.report/1\",\n"));
        assert!(out.ends_with(b"\n}\n"));
    }

    #[test]
    fn an_error_of_the_writer_comes_back_as_it_was() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert_eq!(write(&Report::default(), Closed).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
