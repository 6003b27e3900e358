//! One-line remarks to the user on standard error. What they say may come from a capture or a file name, so it is escaped.

use std::fmt::Display;
use std::io::Write;

use crate::cli::Verbosity;

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
    let _ = writeln!(std::io::stderr().lock(), "tcpautopsy: {}", sanitised(message));
}

/// The text with everything escaped that could move the cursor, colour the terminal or turn the direction of reading.
pub fn sanitised(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_invisible(c) { clean.extend(c.escape_unicode()) } else { clean.push(c) }
    }
    clean
}

/// Characters that are no controls to Unicode but change how others are shown: bidirectional marks, embeddings and isolates
/// (UAX #9 section 2), zero-width characters, line and paragraph separators, the byte order mark, interlinear marks, tags.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_characters_are_escaped_and_others_kept() {
        assert_eq!(sanitised("a.pcap: café 10.0.0.1 → ±"), "a.pcap: café 10.0.0.1 → ±");
        assert_eq!(sanitised("\x1b[31mred\n\u{9b}2J"), r"\u{1b}[31mred\u{a}\u{9b}2J");
        assert_eq!(sanitised("abc\u{202e}fdp.exe\u{200b}"), r"abc\u{202e}fdp.exe\u{200b}");
    }
}
