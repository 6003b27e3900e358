//! Whether the claimed host's stack would have made just this reset in its situation.

use super::Question;
use crate::attribution::Party;
use crate::attribution::origin::{Misfit, Origin};
use crate::evidence::{Aspect, Evidence, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    Some(match question.origin? {
        // Packet filters, routers and careful forgers make the same.
        Ok(Origin { frames, text, .. }) => {
            suspect.genuine("form", Aspect::Form, Weight::Weak, frames.iter().copied(), || text.clone())
        }
        Err(Misfit { weight, frames, text }) => {
            suspect.forged("form", Aspect::Form, *weight, frames.iter().copied(), || text.clone())
        }
    })
}
