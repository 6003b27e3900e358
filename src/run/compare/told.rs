//! Each connection as it is told: by one of its views, its resets judged where they were captured nearest to their claimed senders.

use std::collections::{HashMap, HashSet};

use super::numbers::is_first;
use crate::attribution::{self, Case, Judged};
use crate::causes::Story;
use crate::compare::{Connection, Passage, Passages, Point, View};
use crate::flow::{Flow, Flows, ResetSegment};
use crate::report::Location;
use crate::surroundings::Surroundings;
use crate::tcp::FrameNumber;
use crate::timeline::Timelines;

/// A connection as it is told: by one of its views, with what the others know better.
pub struct Told {
    /// The view.
    pub view: View,
    /// The id of its flow.
    pub id: u64,
    /// The verdicts on the resets of the view.
    pub judged: Vec<Judged>,
    /// Resets that the view does not have.
    pub elsewhere: Vec<(ResetSegment, Judged)>,
}

/// Everything that verdicts are made from.
pub struct Bench<'a> {
    /// The points.
    pub points: &'a [Point<'a>],
    /// Their flows.
    pub captures: &'a [Flows],
    /// The segments of the connections that are compared, by point.
    pub timelines: &'a [Timelines],
    /// What each point's flows say of its hosts.
    pub surroundings: &'a [Surroundings],
    /// Where each reset passed.
    pub passages: &'a Passages,
}

impl<'a> Bench<'a> {
    /// The flow of a view.
    pub fn flow(&self, view: &View) -> Option<&'a Flow> {
        self.points.get(view.point)?.flow(view.flow)
    }

    /// The case of a view, where its segments were gathered.
    pub fn case(&self, view: &View) -> Option<Case<'a>> {
        let flow = self.flow(view)?;
        let timeline = self.timelines.get(view.point)?.get(flow.id)?;
        let case = Case::new(flow, timeline, self.surroundings.get(view.point)?, self.captures.get(view.point)?.end);
        Some(case.beside(self.passages))
    }

    /// All connections, in their order.
    pub fn tell_all(&self, connections: &[Connection], needs_judging: impl Fn(&View) -> bool) -> Vec<Told> {
        let mut passages: HashMap<usize, Vec<&Passage>> = HashMap::new();
        for passage in self.passages.iter() {
            passages.entry(passage.connection).or_default().push(passage);
        }
        let told = |(place, connection)| {
            self.tell(connection, passages.get(&place).map_or(&[][..], Vec::as_slice), &needs_judging)
        };
        connections.iter().enumerate().filter_map(told).collect()
    }

    /// The verdicts on a connection: each reset is judged where it was captured nearest to its claimed sender.
    fn tell(
        &self,
        connection: &Connection,
        passages: &[&Passage],
        needs_judging: impl Fn(&View) -> bool,
    ) -> Option<Told> {
        let views = &connection.views;
        let judge = |view| self.case(view).map(|case| attribution::judge(&case)).unwrap_or_default();
        let judged: Vec<Vec<Judged>> = views.iter().map(judge).collect();
        let at_nearest = |passage: &Passage| {
            let nearest = passage.nearest()?;
            let place = views.iter().position(|view| (view.point, view.flow) == (nearest.point, nearest.flow))?;
            Some((place, judged.get(place)?.get(nearest.reset)?))
        };
        let is_reversed = passages.first().is_some_and(|passage| passage.ascending != passage.to_server);
        let chosen = self
            .teller(connection, &judged, is_reversed, &at_nearest)
            .or_else(|| views.iter().position(|view| self.is_first(view, connection) && needs_judging(view)))
            .unwrap_or_default();
        let &view = views.get(chosen)?;
        let flow = self.flow(&view)?;
        let elsewhere = passages.iter().filter(|passage| !passage.is_in(view.point, view.flow));
        let elsewhere = elsewhere.filter_map(|passage| {
            let (place, verdict) = at_nearest(passage)?;
            let reset = self.flow(views.get(place)?)?.resets().get(passage.nearest()?.reset)?;
            let way = view.way(passage.way);
            Some((ResetSegment { way, ..reset.clone() }, Judged { way, ..verdict.clone() }))
        });
        Some(Told {
            view,
            id: flow.id,
            elsewhere: elsewhere.collect(),
            judged: self.verdicts(flow.resets(), judged.get(chosen)?, |passage| {
                at_nearest(passage).filter(|(place, _)| *place != chosen).map(|(_, verdict)| verdict)
            }),
        })
    }

    /// The verdicts on the resets of a view, given those it has itself: better ones where another view is nearer to the claimed
    /// sender.
    fn verdicts<'j>(
        &self,
        resets: &[ResetSegment],
        own: &[Judged],
        better: impl Fn(&Passage) -> Option<&'j Judged>,
    ) -> Vec<Judged> {
        let mut verdicts: Vec<Judged> = Vec::with_capacity(own.len());
        for (at, (reset, own)) in resets.iter().zip(own).enumerate() {
            let earlier = resets.get(..at).unwrap_or_default();
            let original = earlier.iter().rposition(|other| is_copy_of(reset, other)).filter(|_| reset.duplicate);
            let better = self.passages.of(reset.segment.frame).and_then(&better);
            verdicts.push(match (better, original.and_then(|original| verdicts.get(original))) {
                // What its receiver did is seen where it arrived.
                (Some(better), _) => {
                    Judged { frame: own.frame, way: own.way, obedience: own.obedience, ..better.clone() }
                }
                (None, Some(original)) => Judged { frame: own.frame, ..original.clone() },
                (None, None) => own.clone(),
            });
        }
        verdicts
    }

    /// Whether a view has the connection's number.
    fn is_first(&self, view: &View, connection: &Connection) -> bool {
        is_first(view, connection, self.points)
    }

    /// The view that tells a connection that was reset: the client's, or the next that has a reset, unless that one's sender had
    /// been reset before by another, which only its own side saw.
    fn teller<'j>(
        &self,
        connection: &Connection,
        judged: &'j [Vec<Judged>],
        is_reversed: bool,
        at_nearest: &impl Fn(&Passage) -> Option<(usize, &'j Judged)>,
    ) -> Option<usize> {
        let views = &connection.views;
        let may_tell = |place: usize| views.get(place).is_some_and(|view| self.is_first(view, connection));
        let decisive = |place: usize| {
            let (view, judged) = (views.get(place)?, judged.get(place)?);
            let case = self.case(view)?;
            Story::without_application(&case, judged).decisive.map(|decisive| decisive.reset.segment.frame)
        };
        let mut with_resets = (0..views.len())
            .filter(|&place| may_tell(place) && judged.get(place).is_some_and(|judged| !judged.is_empty()));
        let first = if is_reversed { with_resets.next_back() } else { with_resets.next() }?;
        let Some(frame) = decisive(first) else { return Some(first) };
        let passage = self.passages.of(frame);
        let Some((nearest, verdict)) = passage.and_then(at_nearest) else { return Some(first) };
        let before = decisive(nearest).is_some_and(|other| other < verdict.frame);
        Some(if nearest != first && before && may_tell(nearest) { nearest } else { first })
    }
}

fn is_copy_of(copy: &ResetSegment, other: &ResetSegment) -> bool {
    (copy.way, copy.segment.seq, copy.segment.ack, copy.segment.flags)
        == (other.way, other.segment.seq, other.segment.ack, other.segment.flags)
}

/// Where the frames lie that verdicts rest on.
pub fn located(told: &[Told], timelines: &[Timelines]) -> HashMap<FrameNumber, Location> {
    let judged = told.iter().flat_map(|told| told.judged.iter().chain(told.elsewhere.iter().map(|(_, judged)| judged)));
    let wanted: HashSet<FrameNumber> =
        judged.flat_map(|judged| &judged.evidence).flat_map(|piece| piece.frames.iter().copied()).collect();
    let mut located = HashMap::new();
    for sighting in timelines.iter().flat_map(Timelines::iter).flat_map(|timeline| &timeline.sightings) {
        if wanted.contains(&sighting.frame()) {
            let segment = &sighting.segment;
            located.insert(segment.frame, Location { input: segment.input, frame: segment.input_frame.get() });
        }
    }
    located
}
