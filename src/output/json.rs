//! The report as one JSON document, as `docs/json.md` describes it.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

use crate::report::Report;

/// Writes the report, two spaces a level, with a newline at the end.
///
/// The document is written as it is made, so that a report of many flows does not stand in memory twice.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    report.serialize(&mut Serializer::with_formatter(&mut out, Pretty::default()))?;
    out.write_all(b"\n")?;
    out.flush()
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

/// serde_json's pretty form, but without exponents: 300 nanoseconds are `0.0000003`, not `3e-7`.
#[derive(Default)]
struct Pretty(PrettyFormatter<'static>);

impl Formatter for Pretty {
    fn write_f64<W: ?Sized + Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        write_number(out, value)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
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
