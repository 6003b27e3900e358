//! The list of interfaces.

use std::io;

use crate::capture;
use crate::cli::OutputFormat;
use crate::error::{Error, ExitCode};
use crate::output::interfaces::{write_json, write_table};
use crate::report::Interfaces;

/// Writes what `live` can listen on to standard output.
///
/// # Errors
/// Where the system does not tell, or it cannot be written.
pub fn interfaces(format: OutputFormat) -> Result<ExitCode, Error> {
    let list = Interfaces::from(capture::interfaces().map_err(Error::Interfaces)?);
    let out = io::stdout().lock();
    let written = if format == OutputFormat::Json { write_json(&list, out) } else { write_table(&list, out) };
    written.map_err(|error| Error::write(None, error))?;
    Ok(ExitCode::Success)
}
