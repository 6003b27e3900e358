use super::ballot::Ballot;
use super::benign::{self, Harm};
use super::diagnose::{Asked, weigh};
use super::idle_gaps::Rest;
use super::others::Others;
use super::{Around, Cause, Fate, Story, kernel};
use crate::evidence::Words;
use crate::flow::{Flow, Roles};
use crate::surroundings::Surroundings;
use crate::tcp::Timestamp;

/// What a flow says by itself of its end, before the others are known: its [`Fate`] but for what these say.
///
/// It holds no segments, so that flows are looked at once where nothing is told in words, however many there are.
pub struct Draft {
    ballot: Ballot,
    pending: Asked,
    /// What a kernel's own reason speaks for.
    heard: Option<Cause>,
    harm: Harm,
    rest: Option<Rest>,
    /// When the connection ended, by its reset.
    ended: Option<Timestamp>,
    fate: Fate,
}

impl Draft {
    /// That of a flow.
    pub fn of(story: &Story<'_>) -> Self {
        let (ballot, pending) = weigh(story);
        Self {
            ballot,
            pending,
            heard: kernel::meant(story),
            harm: Harm::of(story),
            rest: Rest::of(story),
            ended: story.ended(),
            fate: Fate::of(story, None, None),
        }
    }

    /// Whether the other flows can change nothing.
    pub fn is_final(&self) -> bool {
        self.pending.is_empty() && !self.harm.depends_on_others()
    }

    /// Whether it asks for the names that other flows were connected by, or may come to a fate that does.
    pub fn asks_for_names(&self) -> bool {
        self.pending.iter().any(|(_, pending)| pending.asks_for_names)
            || self.ballot.causes().any(|cause| self.fate.asks_for_names(cause))
    }

    /// The fate of its flow, given the others.
    pub fn settle(&self, flow: &Flow, surroundings: &Surroundings, around: &Around) -> Fate {
        let roles = Roles::of(flow);
        let others = Others::new(around, flow, roles, Words::Unspoken);
        let asked = self.pending.iter().filter_map(|(place, pending)| {
            let candidate = (pending.answer)(&others)?;
            Some((*place, kernel::confirm(candidate, self.heard)))
        });
        let found = self.ballot.with(asked).surest();
        let cause = found.map(|found| found.cause);
        let winner = || benign::winner_over(flow, roles, self.ended, surroundings, around);
        Fate {
            cause,
            confidence: found.map_or(self.fate.confidence, |found| found.confidence),
            gap: self.rest.and_then(|rest| rest.that_led_to(cause)),
            harmless: self.harm.none(found, winner),
            ..self.fate.clone()
        }
    }

    /// Octets that it takes, without what an allocator takes for itself.
    pub fn octets(&self) -> usize {
        let spilled = if self.pending.spilled() { size_of_val(self.pending.as_slice()) } else { 0 };
        let answers = self.pending.iter().map(|(_, pending)| pending.octets());
        size_of::<Self>() + self.ballot.octets() + spilled + answers.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::testing::Scene;
    use crate::causes::diagnose;

    #[test]
    fn a_draft_comes_to_what_is_told() {
        let (mut settled, mut asked) = (0, 0);
        let pages = Cause::ALL.iter().flat_map(|cause| cause.page().split("```trace").skip(1));
        for trace in pages.filter_map(|rest| rest.split("```").next()?.split_once('\n')) {
            let scene = Scene::of(trace.1);
            let flows = 0..scene.flows.len();
            let judged: Vec<_> = flows.map(|index| (scene.case(index), scene.judged_of(index))).collect();
            let stories: Vec<_> = judged.iter().map(|(case, resets)| Story::new(case, resets)).collect();
            let drafts: Vec<_> = stories.iter().map(Draft::of).collect();
            let mut around = Around::default();
            stories.iter().for_each(|story| around.learn(story));
            for (story, draft) in stories.iter().zip(drafts) {
                let told = diagnose(story, &around);
                let harmless = benign::benign(story, told.as_ref(), &around);
                let fate = Fate::of(story, told.as_ref(), harmless);
                let found = draft.settle(story.case.flow, story.case.surroundings, &around);
                assert_eq!(format!("{found:?}"), format!("{fate:?}"), "{}", trace.1);
                assert!(
                    draft.asks_for_names() || !fate.cause.is_some_and(|cause| fate.asks_for_names(cause)),
                    "{}",
                    trace.1
                );
                settled += 1;
                asked += usize::from(!draft.is_final());
            }
        }
        assert!(asked > 20 && settled > asked, "{asked} of {settled}");
    }

    #[test]
    fn an_incident_of_a_filter_may_want_names_though_no_cause_asks_for_them() {
        // What reset it passed elsewhere.
        let asks = |line: &str| {
            let request = format!("GET / HTTP/1.1\r\n{line}\r\n\r\n");
            let (end, data) = (1 + request.len(), request.escape_default());
            let scene = Scene::of(&format!(
                "c ttl 60\ns ttl 57\n0 c S 0 win 64240 mss 1460 sackok wscale 7
                20 s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0\n20.1 c A 1 ack 1\n21 c PA 1 ack 1 data \"{data}\"
                41 s PA 1 ack {end} len 900\n41.1 c A {end} ack 901\n45 s PA 901 ack {end} len 900\n45.1 c R {end} win 0 id 0"
            ));
            let (case, judged) = (scene.case(0), scene.judged_of(0));
            let draft = Draft::of(&Story::new(&case, &judged));
            let causes: Vec<_> = draft.ballot.causes().collect();
            assert!(causes.contains(&Cause::InjectedContentFilter), "{causes:?}");
            draft.asks_for_names()
        };
        assert!(asks("Host: bad.example"));
        assert!(!asks("Accept: */*"));
    }
}
