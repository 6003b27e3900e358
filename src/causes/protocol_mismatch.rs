//! The sides did not speak the same protocol, or a TLS handshake failed.

use super::Candidate;
use super::diagnose::Question;

pub(super) fn look(_question: &Question<'_>) -> Option<Candidate> {
    None
}
