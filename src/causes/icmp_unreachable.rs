//! ICMP says that host, network or port cannot be reached.

use super::question::Question;
use super::{Candidate, Cause};
use crate::evidence::{Aspect, Weight};
use crate::flow::Teardown;

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    if story.decisive.is_some() || !matches!(story.teardown, Teardown::Refused | Teardown::Unanswered) {
        return None;
    }
    let said = story.case.flow.detail.as_ref()?.icmp.first()?;
    let reporter = || question.named(said.error.reporter);
    Some(
        question
            .candidate(Cause::IcmpUnreachable, || {
                format!("{} reported by ICMP that the destination cannot be reached", reporter())
            })
            .because(Aspect::Declared, Weight::Strong, [said.error.frame], || {
                format!("ICMP type {} code {} from {}", said.error.icmp_type, said.error.code, reporter())
            })
            .advise(|| {
                format!(
                    "{} wrote the ICMP error: look at its routes, its neighbour table and its packet filter",
                    reporter()
                )
            }),
    )
}
