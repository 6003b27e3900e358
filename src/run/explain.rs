use std::io::Write;

use crate::error::{Error, ExitCode};
use crate::explain;
use crate::output;

/// Prints the page of a cause, what an error means, or the list of causes.
///
/// # Errors
/// Where nothing is known of the text, or standard output cannot be written.
pub fn explain(text: Option<&str>) -> Result<ExitCode, Error> {
    let answer = match text {
        None => explain::causes(),
        Some(text) => explain::explain(text).map_err(Error::Unknown)?,
    };
    // Pages are Markdown, which a pipe gets as it is.
    let answer = match super::terminal_width() {
        Some(width) if answer.starts_with("# ") => output::page(&answer, width),
        _ => answer,
    };
    let mut out = std::io::stdout().lock();
    out.write_all(answer.as_bytes()).and_then(|()| out.flush()).map_err(|error| Error::write(None, error))?;
    Ok(ExitCode::Success)
}
