use std::fmt;

/// Why a text is no trace: which line, which word of it, and what is wrong with that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    /// The line, from 1.
    pub line: usize,
    /// The word, escaped and shortened; empty where a word is missing.
    pub word: String,
    /// What is wrong, in the words of a person.
    pub reason: &'static str,
}

/// Longer words are cut in messages.
const MAX_SHOWN: usize = 40;

impl TraceError {
    pub(super) fn new(line: usize, word: &str, reason: &'static str) -> Self {
        Self { line, word: word.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect(), reason }
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.word.as_str() {
            "" => write!(f, "line {}: {}", self.line, self.reason),
            word => write!(f, "line {}: `{word}`: {}", self.line, self.reason),
        }
    }
}

impl std::error::Error for TraceError {}
