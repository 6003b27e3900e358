//! A published pattern of tampering.
//!
//! It is told beside a verdict of forgery and moves none: genuine resets of clients match as often (`docs/confidence.md`).

use crate::attribution::case::Suspect;
use crate::attribution::{Party, signature};
use crate::evidence::{Aspect, Evidence, Weight};

/// The signature that the flow matches, for a reset in the client's name.
pub(in crate::attribution) fn of(suspect: &Suspect<'_>) -> Option<Evidence<Party>> {
    if suspect.own() != suspect.case.roles.from_client || suspect.is_scanner() {
        return None;
    }
    let found = signature::of(suspect.case)?;
    Some(suspect.forged("signature", Aspect::Company, Weight::Weak, [suspect.segment().frame], || {
        format!("the flow matches {found} of Sundara Raman et al. (2023): {}", found.meaning())
    }))
}
