use super::second_look;
use crate::application;
use crate::attribution::{self, Case};
use crate::causes::{self, Around, Fate, Story};
use crate::flow::{Flow, Flows, Roles};
use crate::outcome;
use crate::report::{Application, Verdict};
use crate::surroundings::Surroundings;
use crate::tcp::Timestamp;
use crate::timeline::{Timeline, Timelines};

/// Says of each flow who reset it and why, by its segments and by what the other flows tell.
pub struct Judgement<'a> {
    timelines: &'a Timelines,
    /// What the flows say about hosts and the place of capture.
    pub surroundings: Surroundings,
    /// What the flows say about each other.
    pub around: Around,
    end: Option<Timestamp>,
}

impl<'a> Judgement<'a> {
    /// Learns from all flows what one alone does not tell.
    ///
    /// What flows say about each other takes at most `memory` octets.
    pub fn new(flows: &Flows, timelines: &'a Timelines, memory: usize) -> Self {
        let surroundings = Surroundings::of(flows, timelines);
        let mut around = Around::within(memory);
        for flow in flows.iter() {
            match timelines.get(flow.id).filter(|_| second_look::needs_judging(flow, flows)) {
                Some(timeline) => {
                    let case = Case::new(flow, timeline, &surroundings, flows.end);
                    let resets = attribution::judge(&case);
                    around.learn(&Story::without_application(&case, &resets));
                }
                None => around.learn_good(flow, timelines.opening(flow.id).and_then(|opening| name(flow, &opening))),
            }
        }
        Self { timelines, surroundings, around, end: flows.end }
    }

    /// The verdict on a flow; an empty one where its segments were not gathered.
    pub fn of(&self, flow: &Flow) -> Verdict<'a> {
        let Some(timeline) = self.timelines.get(flow.id) else { return Verdict::default() };
        let case = Case::new(flow, timeline, &self.surroundings, self.end);
        let resets = attribution::judge(&case);
        let story = Story::new(&case, &resets);
        let diagnosis = causes::diagnose(&story, &self.around);
        let application = story.application.protocol.map(|protocol| Application {
            protocol: protocol.id(),
            detail: story.application.detail.clone(),
            progress: story.application.progress.clone(),
        });
        let outcome = outcome::of(&story);
        let benign = causes::benign(&story, diagnosis.as_ref(), &self.around);
        let fate = Some(Fate::of(&story, diagnosis.as_ref(), benign.is_some()));
        Verdict { resets, diagnosis, application, outcome, benign, fate, timeline: Some(timeline) }
    }
}

/// The name that the client of a flow that ended well asked for in its first data.
fn name(flow: &Flow, opening: &Timeline) -> Option<String> {
    if opening.sightings.is_empty() {
        return None;
    }
    let end = application::End { place: opening.sightings.len(), time: flow.last_time() };
    application::read(opening, Roles::of(flow), end).name
}
