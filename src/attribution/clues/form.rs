//! Whether the claimed host's stack would have made just this reset in its situation.

use super::{Question, forged, genuine};
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    Some(match question.origin? {
        // Packet filters, routers and careful forgers make the same.
        Ok(origin) => genuine("form", Aspect::Form, Weight::Weak, origin.frames.clone(), origin.text.clone()),
        Err(misfit) => forged("form", Aspect::Form, misfit.weight, misfit.frames.clone(), misfit.text.clone()),
    })
}
