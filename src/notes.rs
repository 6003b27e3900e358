//! One-line remarks to the user on standard error. What they say may come from a capture or a file name, so it is escaped.

use std::fmt::Display;
use std::io::Write;

use crate::cli::Verbosity;
use crate::output::sanitize;

/// What standard error may carry, as the user wants it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notes {
    verbosity: Verbosity,
}

impl Notes {
    /// Notes of this verbosity.
    pub fn new(verbosity: Verbosity) -> Self {
        Self { verbosity }
    }

    /// Something the user should know before trusting the report; silent under `--quiet`.
    pub fn warn(self, message: impl Display) {
        if self.verbosity >= Verbosity::Normal {
            say(&format!("warning: {message}"));
        }
    }

    /// What was done, for `--verbose`.
    pub fn tell(self, message: impl Display) {
        if self.verbosity >= Verbosity::Verbose {
            say(&message.to_string());
        }
    }

    /// What stopped the program; never silent.
    pub fn error(self, message: impl Display) {
        say(&message.to_string());
    }
}

fn say(message: &str) {
    // Whoever closed standard error does not want to hear; there is nobody else to tell.
    let _ = writeln!(std::io::stderr().lock(), "tcpautopsy: {}", sanitize(message));
}
