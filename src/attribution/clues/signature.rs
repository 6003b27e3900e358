//! A published pattern of tampering.

use super::{Question, forged};
use crate::attribution::{Party, signature};
use crate::evidence::{Aspect, Evidence, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    if suspect.own() != suspect.case.roles.from_client || suspect.is_scanner() {
        return None;
    }
    let found = signature::of(suspect.case)?;
    Some(forged(
        "signature",
        Aspect::Company,
        Weight::Weak,
        vec![suspect.segment().frame],
        format!("the flow matches {found} of Sundara Raman et al. (2023): {}", found.meaning()),
    ))
}
