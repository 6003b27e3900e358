//! Writes a report where it goes, for the terminal that is there.

use std::fs::File;
use std::io::{self, IsTerminal, Write};

use super::threads;
use crate::cli::{Command, Options, OutputFormat};
use crate::error::Error;
use crate::output;
use crate::report::Report;

/// Columns of the terminal that standard output is, if it is one.
pub(crate) fn terminal_width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| width.0.into())
}

/// Columns of the terminal that standard error is, if it is one.
#[cfg(feature = "live")]
pub(crate) fn status_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| width.0.into())
}

/// Writes the report in the format that was asked for, to this file or to standard output.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn write(options: &Options, report: &Report, file: Option<File>) -> Result<(), Error> {
    let stdout = io::stdout();
    let is_terminal = file.is_none() && stdout.is_terminal();
    let mut out: Box<dyn Write> = match file {
        Some(file) => Box::new(file),
        None => Box::new(stdout.lock()),
    };
    let threads = threads(options);
    let written = match options.format {
        OutputFormat::Json => output::json::write_on(threads, report, &mut out),
        OutputFormat::Ndjson => output::ndjson::write_on(threads, report, &mut out),
        OutputFormat::Markdown => output::markdown::write(report, &options.zone.clone().into(), &mut out),
        OutputFormat::Csv => output::csv::write_on(threads, report, &mut out),
        OutputFormat::Html => output::html::write(report, &mut out),
        OutputFormat::Table => {
            let table = output::table::TableOptions {
                is_terminal,
                width: terminal_size::terminal_size().map(|(width, _)| width.0),
                color: {
                    let [no_color, term] = ["NO_COLOR", "TERM"].map(std::env::var_os);
                    options.color.applies(is_terminal, no_color.as_deref(), term.as_deref())
                },
                zone: options.zone.clone().into(),
                summary_only: options.summary,
            };
            match options.command {
                Command::Show => output::show::write(report, &table, &mut out),
                Command::Analyze | Command::Compare => output::table::write_on(threads, report, &table, &mut out),
            }
        }
    };
    written.map_err(|error| Error::write(options.output.as_deref(), error))
}
