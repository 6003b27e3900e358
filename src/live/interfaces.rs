//! The list of what can be watched.

use std::io;

use crate::capture::{self, ListedInterface};
use crate::cli::OutputFormat;
use crate::error::{Error, ExitCode};
use crate::output::interfaces::{write_json, write_table};
use crate::report::{Address, INTERFACES_SCHEMA, Interface, Interfaces};

/// Writes what can be listened on to standard output.
///
/// # Errors
/// Where the system does not tell, or it cannot be written.
pub(super) fn list(format: OutputFormat) -> Result<ExitCode, Error> {
    let listed = capture::interfaces().map_err(Error::Interfaces)?;
    let list = Interfaces { schema: INTERFACES_SCHEMA, interfaces: listed.into_iter().map(reported).collect() };
    let out = io::stdout().lock();
    let written = if format == OutputFormat::Json { write_json(&list, out) } else { write_table(&list, out) };
    written.map_err(|error| Error::write(None, error))?;
    Ok(ExitCode::Success)
}

fn reported(listed: ListedInterface) -> Interface {
    let address = |(ip, prefix_length)| Address { ip, prefix_length };
    Interface {
        name: listed.name,
        description: listed.description,
        up: listed.up,
        running: listed.running,
        loopback: listed.loopback,
        link_type: listed.link_type.map(|link_type| link_type.to_string()),
        addresses: listed.addresses.into_iter().map(address).collect(),
    }
}
