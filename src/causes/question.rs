//! What a cause is asked about a flow, and how it asks about others.

use std::cell::Cell;
use std::net::IpAddr;

use super::others::{Others, Pending};
use super::{Around, Candidate, Story};
use crate::evidence::Words;

/// What the causes are asked about.
pub(super) struct Question<'a> {
    /// The flow.
    pub story: &'a Story<'a>,
    /// The other flows; `None` while they are not known yet.
    around: Option<&'a Around>,
    /// How much is told of the answer.
    pub words: Words,
    /// What is left to be asked when they are.
    pub pending: Cell<Option<Pending>>,
}

impl<'a> Question<'a> {
    pub fn new(story: &'a Story<'a>, around: Option<&'a Around>, words: Words) -> Self {
        Self { story, around, words, pending: Cell::new(None) }
    }

    /// What `answer` makes of the other flows: now where they are known, and else later, when the segments of this one are no
    /// longer at hand.
    pub fn of_others(
        &self,
        answer: impl Fn(&Others<'_>) -> Option<Candidate> + Send + Sync + 'static,
    ) -> Option<Candidate> {
        self.ask(false, answer)
    }

    /// The same of an answer that asks for the names that others were connected by, too.
    pub fn of_named_others(
        &self,
        answer: impl Fn(&Others<'_>) -> Option<Candidate> + Send + Sync + 'static,
    ) -> Option<Candidate> {
        self.ask(true, answer)
    }

    fn ask(
        &self,
        asks_for_names: bool,
        answer: impl Fn(&Others<'_>) -> Option<Candidate> + Send + Sync + 'static,
    ) -> Option<Candidate> {
        let Some(around) = self.around else {
            self.pending.set(Some(Pending { answer: Box::new(answer), asks_for_names }));
            return None;
        };
        let case = self.story.case;
        answer(&Others::new(around, case.flow, case.roles, self.words))
    }

    /// An address, with its name where the site has one for it.
    pub fn named(&self, address: IpAddr) -> String {
        match self.around.and_then(|around| around.site.name(address)) {
            Some(name) => format!("{address} ({name})"),
            None => address.to_string(),
        }
    }
}
