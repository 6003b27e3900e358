use super::second_look;
use crate::application;
use crate::attribution::{self, Case, Judged};
use crate::causes::{self, Around, Connection, Diagnosis, Draft, Fate, Fates, Story};
use crate::evidence::Words;
use crate::flow::{Flow, Flows, Roles};
use crate::outcome;
use crate::parallel;
use crate::prefetch;
use crate::report::{Application, Gist, Verdict};
use crate::surroundings::{Losses, Surroundings};
use crate::tcp::Timestamp;
use crate::timeline::{Timeline, Timelines};
use crate::witness::Testimony;

/// Flows whose names are read at a time, and that are worth a second thread where little is done with each.
const AT_A_TIME: usize = 4096;

/// Flows told of at a time: most of them are little to do.
const TOLD: usize = 64;

/// The same where they are only counted.
const COUNTED: usize = 512;

/// Says of each flow who reset it and why, by its segments and by what the other flows tell.
pub struct Judgement<'a> {
    timelines: &'a Timelines,
    /// What the flows say about hosts and the place of capture.
    pub surroundings: Surroundings,
    /// What the flows say about each other.
    pub around: Around,
    /// What was concluded before all of that was known, in the order of flows.
    kept: Vec<Kept>,
    end: Option<Timestamp>,
    means: Means,
}

/// What judging may take, and how much it tells.
#[derive(Clone, Copy, Debug)]
pub struct Means {
    /// Octets for what flows say about each other.
    pub neighbours: usize,
    /// Octets for verdicts that are kept in place of being judged again; only where no sentence is told.
    pub kept: usize,
    /// Fates that are asked for: those of the first flows that were judged.
    pub fates: usize,
    /// Threads that judge.
    pub threads: usize,
    /// How much is told of the verdicts.
    pub words: Words,
    /// When the capture began, where that is known of more than its flows.
    pub begin: Option<Timestamp>,
}

impl Default for Means {
    /// Those for few flows, of which everything is told.
    fn default() -> Self {
        Self { neighbours: usize::MAX, kept: 0, fates: Fates::MOST, threads: 1, words: Words::All, begin: None }
    }
}

/// What is kept of a flow that was judged while the others were still being learnt, and of which no sentence is told.
struct Kept {
    flow: u64,
    /// As far as the flow tells by itself.
    gist: Gist,
    end: End,
    /// What is told beside that, where the flow has a row.
    row: Option<Box<Row>>,
}

/// What a row tells of a flow beside why it ended.
struct Row {
    resets: Vec<Judged>,
    application: Option<Box<Application>>,
}

/// Why a flow ended.
enum End {
    /// Whatever other flows say, and nobody asks for more than the gist.
    Settled,
    /// Whatever other flows say.
    Fate(Box<Fate>),
    /// As far as it tells by itself.
    Draft(Box<Draft>),
}

impl Kept {
    /// That of a story. `nobody`: no other flows.
    fn of(story: &Story<'_>, nobody: &Around) -> Self {
        let flow = story.case.flow;
        let draft = Draft::of(story);
        let gist = Gist::of(flow, story.judged);
        let row = (story.case.words >= Words::Names)
            .then(|| Box::new(Row { resets: story.judged.to_vec(), application: understood(story) }));
        if !draft.is_final() {
            return Self { flow: flow.id, gist, end: End::Draft(Box::new(draft)), row };
        }
        let fate = draft.settle(flow, story.case.surroundings, nobody);
        Self { flow: flow.id, gist: gist.settled(Some(&fate)), end: End::Fate(Box::new(fate)), row }
    }

    /// Whether it asks for the names that other flows were connected by.
    fn asks_for_names(&self) -> bool {
        match &self.end {
            End::Settled => false,
            End::Fate(fate) => fate.cause.is_some_and(|cause| fate.asks_for_names(cause)),
            End::Draft(draft) => draft.asks_for_names(),
        }
    }

    /// Octets that it takes.
    fn octets(&self) -> usize {
        /// What an allocator takes for itself with each of the one or two pieces of memory.
        const BOXES: usize = 32;
        let row = |row: &Row| {
            let application = row.application.as_ref().map_or(0, |application| BOXES + octets_of(application));
            size_of::<Row>() + size_of_val(row.resets.as_slice()) + application + BOXES
        };
        size_of::<Self>()
            + self.row.as_deref().map_or(0, row)
            + match &self.end {
                End::Settled => 0,
                End::Fate(_) => size_of::<Fate>() + BOXES,
                End::Draft(draft) => draft.octets() + BOXES,
            }
    }
}

impl<'a> Judgement<'a> {
    /// Learns from all flows what one alone does not tell, in a capture that missed nothing.
    pub fn new(flows: &Flows, timelines: &'a Timelines) -> Self {
        Self::beside(flows, timelines, Losses::default(), Testimony::default(), Means::default())
    }

    /// The same of a capture that missed packets at some times, and of whose resets the kernel of a host says something.
    pub fn beside(flows: &Flows, timelines: &'a Timelines, losses: Losses, testimony: Testimony, means: Means) -> Self {
        let surroundings = Surroundings::of(flows, timelines, means.threads);
        let begin = means.begin.or(surroundings.begin);
        let surroundings = Surroundings { testimony, losses, begin, ..surroundings };
        let mut around = Around::within(means.neighbours);
        around.expect(flows.len());
        let nobody = Around::default();
        let is_judged = |flow: &Flow| timelines.has_whole(flow) && second_look::needs_judging(flow, flows);
        let judged = parallel::filter(means.threads, flows.pieces(), is_judged);
        // Where no sentence is told, what is not kept here comes to the same when it is judged again.
        let keeps = means.kept > 0;
        let mut room = means.kept;
        let mut kept: Vec<Kept> =
            Vec::with_capacity(if keeps { judged.len().min(room / size_of::<Kept>()) } else { 0 });
        // With everything told, nobody knows yet who will ask for names. Else they are only read where somebody does.
        let mut names_are_missing = !keeps;
        let mut fates_left = means.fates;
        let mut others = flows.iter().peekable();
        let make = |at: usize, flow: &&Flow| {
            // The segments of the one behind it are asked for while this one is judged.
            judged.get(at + 1).into_iter().for_each(|next| timelines.ask_ahead(next));
            let timeline = timelines.whole(flow)?;
            let case = Case::new(flow, &timeline, &surroundings, flows.end);
            let learnt = if keeps {
                learn(&case.told(means.words), Some(&nobody))
            } else {
                learn(&case.told(Words::Unspoken), None)
            };
            timelines.give_back(timeline);
            Some(learnt)
        };
        parallel::each(means.threads, &judged, make, |flow, learnt| {
            timelines.release_before(&[flow]);
            while let Some(other) = others.next_if(|other| other.id != flow.id) {
                around.learn_good(other, None);
            }
            others.next();
            let Some((outline, verdict)) = learnt else { return };
            around.add(outline);
            let Some(mut verdict) = verdict else { return };
            names_are_missing |= verdict.asks_for_names();
            if fates_left == 0 && verdict.row.is_none() && matches!(verdict.end, End::Fate(_)) {
                verdict.end = End::Settled;
            }
            fates_left = fates_left.saturating_sub(1);
            if let Some(left) = room.checked_sub(verdict.octets()) {
                room = left;
                kept.push(verdict);
            }
        });
        others.for_each(|other| around.learn_good(other, None));
        let all = if names_are_missing { flows.iter().collect() } else { Vec::new() };
        for some in all.chunks(AT_A_TIME) {
            timelines.release_before(some);
            learn_names(&mut around, some, timelines, means.threads, is_judged);
        }
        if flows.len() >= AT_A_TIME {
            let [one, other] = around.lists();
            parallel::all(means.threads, &[&one, &other]);
        }
        Self { timelines, surroundings, around, kept, end: flows.end, means }
    }

    /// Gives `take` what `tell` makes of some flows at a time and of the verdicts on them, in their order; verdicts are empty where
    /// segments were not gathered.
    pub fn of<T: Default + Send>(
        &self,
        flows: &[&Flow],
        tell: impl Fn(&mut T, &Flow, &mut Verdict<'a>) + Sync,
        mut take: impl FnMut(T),
    ) {
        let make = |_, some: &[&Flow]| {
            let mut told = T::default();
            let first = some.first().map_or(0, |flow| flow.id);
            let mut kept = self.kept[self.kept.partition_point(|kept| kept.flow < first)..].iter().peekable();
            for flow in prefetch::ahead::<Flow, _>(some) {
                while kept.next_if(|kept| kept.flow < flow.id).is_some() {}
                let mut verdict = match kept.next_if(|kept| kept.flow == flow.id) {
                    Some(kept) => self.of_kept(flow, kept),
                    None => self.of_one(flow),
                };
                tell(&mut told, flow, &mut verdict);
                verdict.timeline.into_iter().for_each(|timeline| self.timelines.give_back(timeline));
            }
            told
        };
        let at_a_time = if self.means.words == Words::Unspoken { COUNTED } else { TOLD };
        let mut taken = flows.chunks(at_a_time);
        parallel::in_pieces(self.means.threads, flows, at_a_time, make, |told| {
            taken.next().into_iter().for_each(|some| self.timelines.release_before(some));
            take(told);
        });
    }

    fn of_kept(&self, flow: &Flow, Kept { gist, end, row, .. }: &Kept) -> Verdict<'a> {
        let fate = match end {
            End::Settled => None,
            End::Fate(fate) => Some(fate.clone()),
            End::Draft(draft) => Some(Box::new(draft.settle(flow, &self.surroundings, &self.around))),
        };
        let Some(row) = row else {
            let gist = gist.clone().settled(fate.as_deref());
            return Verdict { gist: Some(gist), fate, ..Verdict::default() };
        };
        let found = fate.as_deref().and_then(|fate| Some(Diagnosis::named(fate.cause?, fate.confidence)));
        let harmless = fate.as_deref().and_then(|fate| fate.harmless);
        Verdict {
            resets: row.resets.clone(),
            diagnosis: found.map(Box::new),
            application: row.application.clone(),
            benign: harmless.map(|why| why.in_words(&self.around)),
            fate,
            ..Verdict::default()
        }
    }

    fn of_one(&self, flow: &Flow) -> Verdict<'a> {
        let Some(timeline) = self.timelines.whole(flow) else { return Verdict::default() };
        let case = Case::new(flow, &timeline, &self.surroundings, self.end).told(self.means.words);
        let verdict = conclude(&case, attribution::judge(&case), &self.around);
        Verdict { timeline: Some(timeline), ..verdict }
    }
}

/// What others have to know of a flow that is judged, and where no sentence is told, what is kept of it for itself.
/// `nobody`: no other flows.
fn learn(case: &Case<'_>, nobody: Option<&Around>) -> (Option<Connection>, Option<Kept>) {
    let resets = attribution::judge(case);
    let Some(nobody) = nobody else {
        return (Around::outline(&Story::without_application(case, &resets)), None);
    };
    let story = Story::new(case, &resets);
    (Around::outline(&story), Some(Kept::of(&story, nobody)))
}

/// What the report has of what the applications were doing.
fn understood(story: &Story<'_>) -> Option<Box<Application>> {
    story.application.protocol.map(|protocol| {
        let (detail, progress) = (story.application.detail.clone(), story.application.progress.clone());
        Box::new(Application { protocol: protocol.id(), detail, progress })
    })
}

/// Learns the names that were asked for in flows that ended well.
fn learn_names(
    around: &mut Around,
    flows: &[&Flow],
    timelines: &Timelines,
    threads: usize,
    is_judged: impl Fn(&Flow) -> bool + Sync,
) {
    let names = parallel::map(threads, flows, |flow| {
        let wanted = Some(flow).filter(|flow| around.wants_name_of(flow) && !is_judged(flow));
        wanted.and_then(|flow| timelines.opening_of(flow)).and_then(|opening| name(flow, &opening))
    });
    for (flow, name) in flows.iter().zip(names) {
        name.iter().for_each(|name| around.learn_name(flow, name));
    }
}

/// Octets that it takes.
fn octets_of(Application { detail, progress, .. }: &Application) -> usize {
    size_of::<Application>() + [detail, progress].into_iter().flatten().map(String::len).sum::<usize>()
}

/// Why a flow ended, given the verdicts on its resets and what happened around it.
pub fn conclude<'a>(case: &Case<'_>, resets: Vec<Judged>, around: &Around) -> Verdict<'a> {
    let story = Story::new(case, &resets);
    if case.words == Words::Unspoken {
        let fate = Draft::of(&story).settle(case.flow, case.surroundings, around);
        return Verdict { resets, fate: Some(Box::new(fate)), ..Verdict::default() };
    }
    let diagnosis = causes::diagnose(&story, around);
    let application = understood(&story);
    let outcome =
        Some(case).filter(|case| case.words >= Words::Sentence).and_then(|_| outcome::of(&story)).map(Box::new);
    let harmless = causes::benign(&story, diagnosis.as_ref(), around);
    let fate = Some(Box::new(Fate::of(&story, diagnosis.as_ref(), harmless)));
    let benign = harmless.map(|why| why.in_words(around));
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
