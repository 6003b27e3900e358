//! Data in a reset: some devices and old stacks say why they reset.

use super::{Question, forged};
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let segment = question.suspect.segment();
    if segment.payload_len == 0 {
        return None;
    }
    Some(forged(
        "payload",
        Aspect::Declared,
        Weight::Moderate,
        vec![segment.frame],
        format!("it carries {} bytes of data, which the resets of common stacks never do", segment.payload_len),
    ))
}
