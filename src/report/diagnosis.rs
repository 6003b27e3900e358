use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::Location;
use super::names::named;

/// How sure a verdict is, a promise measured on captures whose truth is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Right at least 60 times in 100.
    Possible,
    /// Right at least 90 times in 100.
    Likely,
    /// Right at least 99 times in 100.
    Certain,
}

named!(Confidence {
    Possible "possible",
    Likely "likely",
    Certain "certain",
});

/// Which way a piece of evidence points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// It supports.
    For,
    /// It contradicts.
    Against,
}

named!(Stance {
    For "for",
    Against "against",
});

/// How much a piece of evidence counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // four words whose meaning is their order
pub enum Weight {
    Weak,
    Moderate,
    Strong,
    Decisive,
}

named!(Weight {
    Weak "weak",
    Moderate "moderate",
    Strong "strong",
    Decisive "decisive",
});

/// Why a flow ended as it did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// Identifier of the cause.
    pub cause: &'static str,
    /// How sure that is.
    pub confidence: Confidence,
    /// The verdict in one plain sentence.
    pub sentence: String,
    /// What speaks for and against it.
    pub evidence: Vec<CauseEvidence>,
    /// Other causes that this capture allows.
    pub alternatives: Vec<Alternative>,
    /// What to do about it.
    pub remedies: Vec<Cow<'static, str>>,
}

/// Something that speaks for or against a cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CauseEvidence {
    /// Whether it speaks for or against.
    pub stance: Stance,
    /// How strongly.
    pub weight: Weight,
    /// The frames it rests on.
    pub frames: Vec<u64>,
    /// Where these frames lie; only with several inputs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
    /// One clause or sentence.
    pub text: Cow<'static, str>,
}

/// A cause that would fit too.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alternative {
    /// Identifier of the cause.
    pub cause: &'static str,
    /// How sure it would be.
    pub confidence: Confidence,
    /// One plain sentence.
    pub sentence: String,
}

/// What the applications saw, what was lost, and whether a retry is safe.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// What the client saw; `None` for no error.
    pub client: Option<SideOutcome>,
    /// What the server saw; `None` for no error.
    pub server: Option<SideOutcome>,
    /// Whether the request reached the server's stack.
    pub request_delivered: Option<bool>,
    /// Octets of the response that reached the client's stack.
    pub response_bytes_delivered: Option<u64>,
    /// Octets that were sent and never delivered, or delivered and destroyed unread.
    pub bytes_lost: Option<u64>,
    /// Whether asking again can do harm.
    pub safe_to_retry: SafeToRetry,
    /// Why that is so.
    pub why: String,
}

/// The error that one application saw.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SideOutcome {
    /// Its name in `errno.h`.
    pub error: &'static str,
    /// The call that reports it.
    pub when: Cow<'static, str>,
    /// Its number on Linux.
    pub linux: u32,
    /// Its number on macOS.
    pub macos: u32,
    /// Its number in Winsock.
    pub windows: u32,
    /// Its text by language or runtime.
    pub messages: ErrorTexts,
}

/// Texts of an error by language or runtime, in the order of their names. Flows with the same error share them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErrorTexts(pub Cow<'static, [(&'static str, Cow<'static, str>)]>);

impl Serialize for ErrorTexts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, text)| (name, text)))
    }
}

/// Whether asking again can do harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SafeToRetry {
    /// It cannot.
    Yes,
    /// It can.
    No,
    /// The capture does not tell.
    Unknown,
}

named!(SafeToRetry {
    Yes "yes",
    No "no",
    Unknown "unknown",
});
