use super::{parallel, second_look};
use crate::application;
use crate::attribution::{self, Case, Judged};
use crate::causes::{self, Around, Fate, Story};
use crate::evidence::Words;
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
    /// What was concluded before all of that was known, by the ids of flows.
    kept: Vec<(u64, Box<Kept>)>,
    end: Option<Timestamp>,
    means: Means,
}

/// What judging may take, and how much it tells.
#[derive(Clone, Copy, Debug)]
pub struct Means {
    /// Octets for what flows say about each other.
    pub neighbours: usize,
    /// Octets for verdicts that are kept in place of being judged again; only where nothing is told in words.
    pub kept: usize,
    /// Threads that judge.
    pub threads: usize,
    /// How much is told of the verdicts.
    pub words: Words,
}

impl Default for Means {
    /// Those for few flows, of which everything is told.
    fn default() -> Self {
        Self { neighbours: usize::MAX, kept: 0, threads: 1, words: Words::All }
    }
}

/// What is kept of a flow that was judged while the others were still being learnt.
struct Kept {
    resets: Vec<Judged>,
    /// Where no other flow can change it.
    fate: Option<Box<Fate>>,
}

impl Kept {
    /// Octets that it takes.
    fn octets(&self) -> usize {
        let evidence = |judged: &Judged| size_of_val(judged.evidence.as_slice());
        // A list that grows by doubling is copied now and then.
        3 * size_of::<(u64, Box<Self>)>()
            + size_of::<Self>()
            + size_of::<Fate>()
            + size_of_val(self.resets.as_slice())
            + self.resets.iter().map(evidence).sum::<usize>()
    }
}

impl<'a> Judgement<'a> {
    /// Learns from all flows what one alone does not tell, in a capture that missed nothing.
    pub fn new(flows: &Flows, timelines: &'a Timelines) -> Self {
        Self::beside(flows, timelines, Losses::default(), Testimony::default(), Means::default())
    }

    /// The same of a capture that missed packets at some times, and of whose resets the kernel of a host says something.
    pub fn beside(flows: &Flows, timelines: &'a Timelines, losses: Losses, testimony: Testimony, means: Means) -> Self {
        let profiles = |some: &[&Flow]| {
            timelines.release_before(some);
            parallel::map(means.threads, some, |flow| timelines.profile_of(flow))
        };
        let surroundings = Surroundings { losses, testimony, ..Surroundings::by(flows, profiles) };
        let mut around = Around::within(means.neighbours);
        let nobody = Around::default();
        let (mut kept, mut room) = (Vec::new(), means.kept);
        let all: Vec<&Flow> = flows.iter().collect();
        for some in all.chunks(AT_A_TIME) {
            timelines.release_before(some);
            let outlines = parallel::map(means.threads, some, |flow| {
                let timeline = Some(flow).filter(|flow| second_look::needs_judging(flow, flows));
                let timeline = timeline.and_then(|flow| timelines.whole(flow))?;
                let case = Case::new(flow, &timeline, &surroundings, flows.end).told(Words::Unspoken);
                let mut resets = attribution::judge(&case);
                if means.kept == 0 {
                    return Some((Around::outline(&Story::without_application(&case, &resets)), None));
                }
                let story = Story::new(&case, &resets);
                let outline = Around::outline(&story);
                // Where nobody asks for the others, it does not matter that they are not known yet.
                let fate = Some(Box::new(fate(&story, &nobody))).filter(|_| !story.depends_on_others());
                if fate.is_some() {
                    // It is for causes.
                    resets.iter_mut().for_each(|judged| judged.evidence = Vec::new());
                }
                Some((outline, Some(Kept { resets, fate })))
            });
            for (flow, outline) in some.iter().zip(outlines) {
                let Some((outline, verdict)) = outline else {
                    around.learn_good(flow, timelines.opening_of(flow).and_then(|opening| name(flow, &opening)));
                    continue;
                };
                around.add(outline);
                if let Some(verdict) = verdict
                    && let Some(left) = room.checked_sub(verdict.octets())
                {
                    room = left;
                    kept.push((flow.id, Box::new(verdict)));
                }
            }
        }
        kept.sort_unstable_by_key(|(id, _)| *id);
        Self { timelines, surroundings, around, kept, end: flows.end, means }
    }

    /// What `tell` makes of flows and the verdicts on them, in their order; verdicts are empty where segments were not gathered.
    pub fn of<T: Send>(&self, flows: &[&Flow], tell: impl Fn(&Flow, Verdict<'a>) -> T + Sync) -> Vec<T> {
        self.timelines.release_before(flows);
        parallel::map(self.means.threads, flows, |flow| tell(flow, self.of_one(flow)))
    }

    fn of_one(&self, flow: &Flow) -> Verdict<'a> {
        let kept = self.kept.binary_search_by_key(&flow.id, |(id, _)| *id).ok();
        let kept = kept.and_then(|at| self.kept.get(at)).map(|(_, kept)| &**kept);
        if let Some(Kept { resets, fate: Some(fate) }) = kept {
            return Verdict { resets: resets.clone(), fate: Some(fate.clone()), ..Verdict::default() };
        }
        let Some(timeline) = self.timelines.whole(flow) else { return Verdict::default() };
        let case = Case::new(flow, &timeline, &self.surroundings, self.end).told(self.means.words);
        let resets = kept.map_or_else(|| attribution::judge(&case), |kept| kept.resets.clone());
        let verdict = conclude(&case, resets, &self.around);
        Verdict { timeline: Some(timeline), ..verdict }
    }
}

/// What is kept of a flow to be compared with others.
fn fate(story: &Story<'_>, around: &Around) -> Fate {
    let diagnosis = causes::diagnose(story, around);
    let benign = causes::benign(story, diagnosis.as_ref(), around);
    Fate::of(story, diagnosis.as_ref(), benign.is_some())
}

/// Why a flow ended, given the verdicts on its resets and what happened around it.
pub fn conclude<'a>(case: &Case<'_>, resets: Vec<Judged>, around: &Around) -> Verdict<'a> {
    let story = Story::new(case, &resets);
    if case.words == Words::Unspoken {
        let fate = Some(Box::new(fate(&story, around)));
        return Verdict { resets, fate, ..Verdict::default() };
    }
    let diagnosis = causes::diagnose(&story, around);
    let application = story.application.protocol.map(|protocol| {
        let (detail, progress) = (story.application.detail.clone(), story.application.progress.clone());
        Box::new(Application { protocol: protocol.id(), detail, progress })
    });
    let outcome = outcome::of(&story).map(Box::new);
    let benign = causes::benign(&story, diagnosis.as_ref(), around);
    let fate = Some(Box::new(Fate::of(&story, diagnosis.as_ref(), benign.is_some())));
    let diagnosis = diagnosis.map(Box::new);
    Verdict { resets, diagnosis, application, outcome, benign, fate, ..Verdict::default() }
}

/// The name that the client of a flow that ended well asked for in its first data.
pub fn name(flow: &Flow, opening: &Timeline) -> Option<String> {
    if opening.sightings.is_empty() {
        return None;
    }
    let end = application::End { place: opening.sightings.len(), time: flow.last_time() };
    application::name(opening, Roles::of(flow), end)
}
