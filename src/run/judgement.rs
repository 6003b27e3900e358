use super::{parallel, second_look};
use crate::application;
use crate::attribution::{self, Case, Judged};
use crate::causes::{self, Around, Fate, Story};
use crate::flow::{Flow, Flows, Roles};
use crate::outcome;
use crate::report::{Application, Verdict};
use crate::surroundings::{Losses, Surroundings};
use crate::tcp::Timestamp;
use crate::timeline::{Timeline, Timelines};
use crate::witness::Testimony;

/// Flows that are judged before others learn of them: enough to keep threads busy, few enough to bound what waits.
const AT_A_TIME: usize = 4096;

/// Says of each flow who reset it and why, by its segments and by what the other flows tell.
pub struct Judgement<'a> {
    timelines: &'a Timelines,
    /// What the flows say about hosts and the place of capture.
    pub surroundings: Surroundings,
    /// What the flows say about each other.
    pub around: Around,
    end: Option<Timestamp>,
    threads: usize,
}

impl<'a> Judgement<'a> {
    /// Learns from all flows what one alone does not tell, in a capture that missed nothing.
    pub fn new(flows: &Flows, timelines: &'a Timelines) -> Self {
        Self::beside(flows, timelines, Losses::default(), Testimony::default(), usize::MAX, 1)
    }

    /// The same of a capture that missed packets at some times, and of whose resets the kernel of a host says something. What
    /// flows say about each other takes at most `memory` octets; as many threads as are given judge.
    pub fn beside(
        flows: &Flows,
        timelines: &'a Timelines,
        losses: Losses,
        testimony: Testimony,
        memory: usize,
        threads: usize,
    ) -> Self {
        let profiles = |some: &[&Flow]| {
            some.first().iter().for_each(|flow| timelines.release_before(flow));
            parallel::map(threads, some, |flow| timelines.profile_of(flow))
        };
        let surroundings = Surroundings { losses, testimony, ..Surroundings::by(flows, profiles) };
        let mut around = Around::within(memory);
        let all: Vec<&Flow> = flows.iter().collect();
        for some in all.chunks(AT_A_TIME) {
            some.first().iter().for_each(|flow| timelines.release_before(flow));
            let outlines = parallel::map(threads, some, |flow| {
                let timeline = Some(flow).filter(|flow| second_look::needs_judging(flow, flows));
                let timeline = timeline.and_then(|flow| timelines.whole(flow))?;
                let case = Case::new(flow, &timeline, &surroundings, flows.end);
                let resets = attribution::judge(&case);
                Some(Around::outline(&Story::without_application(&case, &resets)))
            });
            for (flow, outline) in some.iter().zip(outlines) {
                match outline {
                    Some(outline) => around.add(outline),
                    None => {
                        around.learn_good(flow, timelines.opening_of(flow).and_then(|opening| name(flow, &opening)));
                    }
                }
            }
        }
        Self { timelines, surroundings, around, end: flows.end, threads }
    }

    /// The verdicts on flows, in their order; empty ones where segments were not gathered.
    pub fn of(&self, flows: &[&Flow]) -> Vec<Verdict<'a>> {
        flows.first().iter().for_each(|flow| self.timelines.release_before(flow));
        parallel::map(self.threads, flows, |flow| self.of_one(flow))
    }

    fn of_one(&self, flow: &Flow) -> Verdict<'a> {
        let Some(timeline) = self.timelines.whole(flow) else { return Verdict::default() };
        let case = Case::new(flow, &timeline, &self.surroundings, self.end);
        let resets = attribution::judge(&case);
        let verdict = conclude(&case, resets, &self.around);
        Verdict { timeline: Some(timeline), ..verdict }
    }
}

/// Why a flow ended, given the verdicts on its resets and what happened around it.
pub fn conclude<'a>(case: &Case<'_>, resets: Vec<Judged>, around: &Around) -> Verdict<'a> {
    let story = Story::new(case, &resets);
    let diagnosis = causes::diagnose(&story, around);
    let application = story.application.protocol.map(|protocol| Application {
        protocol: protocol.id(),
        detail: story.application.detail.clone(),
        progress: story.application.progress.clone(),
    });
    let outcome = outcome::of(&story);
    let benign = causes::benign(&story, diagnosis.as_ref(), around);
    let fate = Some(Fate::of(&story, diagnosis.as_ref(), benign.is_some()));
    Verdict { resets, diagnosis, application, outcome, benign, fate, ..Verdict::default() }
}

/// The name that the client of a flow that ended well asked for in its first data.
pub fn name(flow: &Flow, opening: &Timeline) -> Option<String> {
    if opening.sightings.is_empty() {
        return None;
    }
    let end = application::End { place: opening.sightings.len(), time: flow.last_time() };
    application::read(opening, Roles::of(flow), end).name
}
