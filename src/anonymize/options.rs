//! The options of a run, as far as they may be told.

use super::key::Key;

impl Key {
    /// An option as typed. What a log line says is nobody's business.
    pub(super) fn option(&self, option: &str) -> String {
        match option.split_once(' ') {
            Some((name @ ("--log-line" | "--kernel-trace"), _)) => format!("{name} (not told)"),
            Some((name, value)) if name.starts_with("--") => format!("{name} {}", self.text(value, &[])),
            _ => self.text(option, &[]),
        }
    }
}
