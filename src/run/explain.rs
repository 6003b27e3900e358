use std::io::Write;

use crate::error::{Error, ExitCode};
use crate::explain;

/// Prints the page of a cause, what an error means, or the list of causes.
///
/// # Errors
/// Where nothing is known of the text, or standard output cannot be written.
pub fn explain(text: Option<&str>) -> Result<ExitCode, Error> {
    let answer = match text {
        None => explain::causes(),
        Some(text) => explain::explain(text).map_err(Error::Unknown)?,
    };
    let mut out = std::io::stdout().lock();
    out.write_all(answer.as_bytes()).and_then(|()| out.flush()).map_err(|error| Error::write(None, error))?;
    Ok(ExitCode::Success)
}
