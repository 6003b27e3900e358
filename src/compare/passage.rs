//! Every reset from point to point.

use std::collections::HashMap;
use std::fmt;

use foldhash::fast::RandomState;

use super::clock::{Clocks, way_to_server};
use super::connection::{Connection, View};
use super::crossing::{Crossing, Identity, Passing, identity};
use super::losses::Losses;
use super::point::Point;
use crate::flow::{Flow, Pair, ResetSegment, Way};
use crate::tcp::{Duration, FrameNumber, Segment, Timestamp};

/// Segments of one way that are looked for elsewhere, before and behind a reset: what a sender has under way, and enough to
/// tell a capture that lost packets.
const NEAR: usize = 24;

/// The longest that a packet is believed to be on its way between two points: the maximum segment lifetime as common stacks have it.
const LONGEST_WAY: Duration = Duration::from_secs(30);

/// By how much the routers between two points may differ from packet to packet, where paths are used side by side.
const PATHS_DIFFER: i16 = 2;

/// One reset, as every point saw it.
#[derive(Clone, Debug)]
pub struct Passage {
    /// The connection, by its place.
    pub connection: usize,
    /// Its way in the connection.
    pub way: Way,
    /// Whether it goes to the server.
    pub to_server: bool,
    /// Whether it passes the points in their order.
    pub ascending: bool,
    /// Where it was captured, by point.
    pub seen: Vec<Seen>,
    /// Where it was not.
    pub unseen: Vec<(usize, Absence)>,
}

/// A reset at one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The point.
    pub point: usize,
    /// The flow's place among those of the point.
    pub flow: usize,
    /// The reset's place among those of the flow.
    pub reset: usize,
    /// The frame in the whole capture.
    pub frame: FrameNumber,
    /// The frame in the point's own file.
    pub input_frame: FrameNumber,
}

/// What it means that a point does not have a reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It was not there: the point captured all that passed around then.
    Proven,
    /// It was not there, and nothing of the connection: it ends before, or another host of the same address has it, or a filter
    /// hides it.
    Elsewhere,
    /// It may have been there: the capturing kernel dropped so many packets.
    Dropped(u64),
    /// The clocks cannot be compared.
    NoClock,
    /// The address was not heard there at that time.
    NotCovered,
    /// The address was never heard there.
    UnknownAddress,
    /// Nothing of the claimed sender was captured there, in this connection or at all.
    OneSided,
    /// Other packets of the same way, captured elsewhere, are missing, too.
    Lossy(u64),
    /// Around it nothing is missing, but elsewhere so many packets of so many that passed there are.
    Leaky(u64, u64),
    /// Some of its resets or flows were not kept.
    NotKept,
}

/// All resets.
#[derive(Clone, Debug, Default)]
pub struct Passages {
    all: Vec<Passage>,
    by_frame: HashMap<FrameNumber, usize, RandomState>,
}

impl Passage {
    /// Whether a point is nearer to the claimed sender than another.
    fn is_nearer(&self, one: usize, other: usize) -> bool {
        if self.ascending { one < other } else { one > other }
    }

    /// The point nearest to the claimed sender of those that saw it.
    pub fn nearest(&self) -> Option<&Seen> {
        if self.ascending { self.seen.first() } else { self.seen.last() }
    }

    /// Whether a flow of a point has it.
    pub fn is_in(&self, point: usize, flow: usize) -> bool {
        self.seen.iter().any(|seen| (seen.point, seen.flow) == (point, flow))
    }

    /// The points beyond that, towards the claimed sender, in the order of the path from here.
    pub fn beyond(&self) -> Vec<(usize, &Absence)> {
        let Some(nearest) = self.nearest() else { return Vec::new() };
        let mut beyond: Vec<_> = self
            .unseen
            .iter()
            .filter(|(point, _)| self.is_nearer(*point, nearest.point))
            .map(|(point, absence)| (*point, absence))
            .collect();
        if self.ascending {
            beyond.reverse();
        }
        beyond
    }

    /// The first point beyond that did not see it for certain: it was made between that and the nearest.
    pub fn made_behind(&self) -> Option<(usize, &Absence)> {
        self.beyond().into_iter().find(|(_, absence)| absence.is_proof())
    }
}

impl Absence {
    /// Whether the reset was not there.
    pub fn is_proof(&self) -> bool {
        matches!(self, Self::Proven | Self::Elsewhere)
    }
}

/// A clause that goes on after the name of the point.
impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proven => f.write_str("does not have it, and lost nothing around it"),
            Self::Elsewhere => {
                f.write_str("has nothing of this connection, though it heard others of the same host then")
            }
            Self::Dropped(packets) => write!(f, "does not have it, but its kernel dropped {packets} packets"),
            Self::NoClock => f.write_str("does not have it, but no packet ties its clock to that of the others"),
            Self::NotCovered => f.write_str("does not have it, but heard nothing of that host at that time"),
            Self::UnknownAddress => f.write_str("does not have it, and no packet of that host at all"),
            Self::OneSided => f.write_str("does not have it, but captured nothing that this host sent"),
            Self::Lossy(packets) => {
                write!(f, "does not have it, but lacks {packets} other packets of that side, too")
            }
            Self::Leaky(missing, all) => {
                write!(f, "does not have it, but lacks {missing} of {all} packets that passed there")
            }
            Self::NotKept => f.write_str("has more resets or connections than were kept"),
        }
    }
}

impl Passages {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Passage> {
        self.all.iter()
    }

    /// That of the reset in this frame.
    pub fn of(&self, frame: FrameNumber) -> Option<&Passage> {
        self.all.get(*self.by_frame.get(&frame)?)
    }

    fn add(&mut self, passage: Passage) {
        for seen in &passage.seen {
            self.by_frame.insert(seen.frame, self.all.len());
        }
        self.all.push(passage);
    }
}

/// The passages of all resets, without further copies of packets.
pub fn passages(
    points: &[Point<'_>],
    connections: &[Connection],
    crossings: &[Option<Crossing<'_>>],
    clocks: &Clocks,
) -> Passages {
    let mut passages = Passages::default();
    let losses = Losses::new(points.len(), crossings);
    for (place, (connection, crossing)) in connections.iter().zip(crossings).enumerate() {
        let Some(crossing) = crossing else { continue };
        let Some(to_server) = way_to_server(connection, points) else { continue };
        let scene =
            Scene { points, connection, crossing, clocks, losses: &losses, usual: Usual::of(points.len(), crossing) };
        for members in scene.resets() {
            let Some(first) = members.first() else { continue };
            let mut passage = Passage {
                connection: place,
                way: first.identity.way,
                to_server: first.identity.way == to_server,
                ascending: first.identity.way == crossing.ascending,
                seen: members.iter().map(|one| one.seen).collect(),
                unseen: Vec::new(),
            };
            let witness = passage.nearest().and_then(|seen| members.iter().find(|one| one.seen == *seen));
            let Some(witness) = witness.copied() else { continue };
            passage.unseen = (0..points.len())
                .filter(|point| passage.seen.iter().all(|seen| seen.point != *point))
                .map(|point| (point, scene.absence(point, &witness)))
                .collect();
            passages.add(passage);
        }
    }
    passages
}

/// A reset at one point, in the numbers of the connection.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    seen: Seen,
    identity: Identity,
    segment: &'a Segment,
}

struct Scene<'s, 'a> {
    points: &'s [Point<'a>],
    connection: &'s Connection,
    crossing: &'s Crossing<'a>,
    clocks: &'s Clocks,
    losses: &'s Losses,
    usual: Usual,
}

/// What packets of a connection go through between two points.
struct Usual {
    points: usize,
    /// Routers passed, by pair of points and way: what the first and the last common packet say.
    routers: Vec<Pair<Option<(i16, i16)>>>,
    /// Common packets that kept their identification, and all that had one.
    identifications: Vec<(u32, u32)>,
}

impl Usual {
    fn of(points: usize, crossing: &Crossing<'_>) -> Self {
        let mut usual = Self {
            points,
            routers: vec![Pair::default(); points * points],
            identifications: vec![(0, 0); points * points],
        };
        for one in 0..points {
            for other in one + 1..points {
                for (here, there) in crossing.common(one, other).filter(|(here, _)| !here.identity.flags.rst()) {
                    usual.take(one * points + other, here, there);
                }
            }
        }
        usual
    }

    fn take(&mut self, pair: usize, here: &Passing<'_>, there: &Passing<'_>) {
        let (a, b) = (&here.sighting.segment, &there.sighting.segment);
        let passed = i16::from(a.ttl) - i16::from(b.ttl);
        if let Some(routers) = self.routers.get_mut(pair) {
            let routers = &mut routers[here.identity.way];
            *routers = Some(routers.map_or((passed, passed), |(least, most)| (least.min(passed), most.max(passed))));
        }
        if let (Some((kept, all)), Some(one @ 1..), Some(other)) =
            (self.identifications.get_mut(pair), a.ip_id, b.ip_id)
        {
            *kept += u32::from(one == other);
            *all += 1;
        }
    }

    /// Whether two resets can be one packet. `one` is of the point nearer to the client.
    fn allows(&self, one: &Candidate<'_>, other: &Candidate<'_>) -> bool {
        let pair = one.seen.point * self.points + other.seen.point;
        let passed = i16::from(one.segment.ttl) - i16::from(other.segment.ttl);
        let routers = self.routers.get(pair).and_then(|routers| routers[one.identity.way]);
        let fits = routers.is_none_or(|(least, most)| passed >= least - PATHS_DIFFER && passed <= most + PATHS_DIFFER);
        let keeps = self.identifications.get(pair).is_some_and(|(kept, all)| *all > 0 && kept * 2 > *all);
        let same =
            one.segment.ip_id == other.segment.ip_id || one.segment.ip_id.is_none() || other.segment.ip_id.is_none();
        fits && (same || !keeps)
    }
}

impl<'a> Scene<'_, 'a> {
    fn flow(&self, view: &View) -> Option<&'a Flow> {
        self.points.get(view.point)?.flow(view.flow)
    }

    /// The resets of the connection, each with all points that saw it, in the order of the path.
    fn resets(&self) -> Vec<Vec<Candidate<'a>>> {
        let mut copies: Vec<Candidate<'a>> = Vec::new();
        let mut passages: Vec<Vec<Candidate<'a>>> = Vec::new();
        let mut alike: HashMap<Identity, Vec<usize>, RandomState> = HashMap::default();
        for point in 0..self.points.len() {
            for view in self.connection.at(point) {
                let Some(flow) = self.flow(view) else { continue };
                for (place, reset) in flow.resets().iter().enumerate() {
                    let candidate = candidate(view, place, reset);
                    if reset.duplicate {
                        copies.push(candidate);
                        continue;
                    }
                    let known = alike.entry(candidate.identity).or_default();
                    let best = known
                        .iter()
                        .filter_map(|&at| Some((at, self.apart(passages.get(at)?, &candidate)?)))
                        .min_by_key(|(at, apart)| (*apart, *at));
                    match best.and_then(|(at, _)| passages.get_mut(at)) {
                        Some(passage) => passage.push(candidate),
                        None => {
                            known.push(passages.len());
                            passages.push(vec![candidate]);
                        }
                    }
                }
            }
        }
        // What looked like a copy here may be another packet, as elsewhere.
        for copy in copies {
            let mut known = alike.get(&copy.identity).into_iter().flatten();
            let lacks = |at: &&usize| {
                let mut seen = passages.get(**at).into_iter().flatten();
                seen.all(|one| one.seen.point != copy.seen.point)
            };
            if let Some(passage) = known.find(lacks).and_then(|&at| passages.get_mut(at)) {
                passage.push(copy);
                passage.sort_by_key(|one| one.seen.point);
            }
        }
        passages
    }

    /// How far a reset is in time from where it would be, were it the one that earlier points saw; `None` where it is not.
    fn apart(&self, passage: &[Candidate<'_>], candidate: &Candidate<'_>) -> Option<Duration> {
        let last = passage.last()?;
        if last.seen.point >= candidate.seen.point || !self.usual.allows(last, candidate) {
            return None;
        }
        let took = self.took(last, candidate);
        // Without clocks the order alone counts.
        took.map_or(Some(Duration(0)), |took| {
            let slack = self.clocks.slack(last.seen.point, candidate.seen.point);
            (took.0 >= slack.0.saturating_neg() && took.0 <= LONGEST_WAY.0.saturating_add(slack.0))
                .then_some(Duration(took.0.saturating_abs()))
        })
    }

    /// How long it was on its way between two points.
    fn took(&self, near: &Candidate<'_>, far: &Candidate<'_>) -> Option<Duration> {
        let here = self.clocks.common(near.seen.point, near.segment.time?)?;
        let there = self.clocks.common(far.seen.point, far.segment.time?)?;
        Some(if near.identity.way == self.crossing.ascending { there.since(here) } else { here.since(there) })
    }

    /// Until when the claimed sender's address was heard where `witness` was seen.
    fn heard_until(&self, witness: &Candidate<'_>) -> Option<Timestamp> {
        let heard = self.points.get(witness.seen.point)?.heard(witness.segment.source)?;
        self.clocks.common(witness.seen.point, heard.span?.1)
    }

    /// What it means that a point does not have a reset that `witness` is.
    fn absence(&self, point: usize, witness: &Candidate<'_>) -> Absence {
        let Some(there) = self.points.get(point) else { return Absence::NotKept };
        let way = witness.identity.way;
        if let Some(dropped @ 1..) = there.dropped {
            return Absence::Dropped(dropped);
        }
        let views: Vec<(&View, &Flow)> =
            self.connection.at(point).filter_map(|view| Some((view, self.flow(view)?))).collect();
        let resets_lost = |flow: &Flow| flow.detail.as_ref().is_some_and(|detail| detail.resets_not_kept > 0);
        if there.evicted || views.iter().any(|(_, flow)| resets_lost(flow)) {
            return Absence::NotKept;
        }
        // The claimed sender's endpoint as this point knows it; without a view the witness's own name for it.
        let named = views.iter().map(|(view, flow)| flow.stream.endpoints[view.way(way)]);
        let ends: Vec<_> = if views.is_empty() { vec![witness.segment.source] } else { named.collect() };
        let Some(heard) = ends.iter().find_map(|end| there.heard(*end)) else { return Absence::UnknownAddress };
        let Some(time) = witness.segment.time.and_then(|time| self.clocks.common(witness.seen.point, time)) else {
            return Absence::NoClock;
        };
        let Some((first, last)) = heard
            .span
            .and_then(|(first, last)| Some((self.clocks.common(point, first)?, self.clocks.common(point, last)?)))
        else {
            return Absence::NoClock;
        };
        // Of what a device sends to both sides at once, either is as late as its part of the way is long.
        let slack = Duration(self.clocks.slack(point, witness.seen.point).0.saturating_mul(2));
        // What ended just then, while the other point went on, had ended.
        let went_on = self.heard_until(witness).is_some_and(|until| until > time.plus(slack));
        if !covers((first, last), time, slack) || last < time && went_on {
            return Absence::NotCovered;
        }
        // A host that was asked and is silent here, while its answer is seen elsewhere, was not heard.
        let is_silent = |(view, flow): &(&View, &Flow)| flow.ends[view.way(way)].segments == 0;
        if !heard.spoke || !views.is_empty() && views.iter().all(is_silent) {
            return Absence::OneSided;
        }
        let missing = self
            .crossing
            .around(witness.seen.point, witness.seen.frame, way, NEAR)
            .into_iter()
            .filter(|one| !self.crossing.has(point, one))
            .count() as u64;
        if missing > 0 {
            return Absence::Lossy(missing);
        }
        if let Some((missing, all)) = self.losses.of(point, witness.seen.point) {
            return Absence::Leaky(missing, all);
        }
        if views.is_empty() { Absence::Elsewhere } else { Absence::Proven }
    }
}

/// Whether a moment lies within a span of time, or not far from it.
fn covers((first, last): (Timestamp, Timestamp), time: Timestamp, slack: Duration) -> bool {
    first <= time.plus(slack) && time <= last.plus(slack)
}

fn candidate<'a>(view: &View, place: usize, reset: &'a ResetSegment) -> Candidate<'a> {
    let segment = &reset.segment;
    Candidate {
        seen: Seen {
            point: view.point,
            flow: view.flow,
            reset: place,
            frame: segment.frame,
            input_frame: segment.input_frame,
        },
        identity: identity(segment, view.way(reset.way), |way, seq| view.seq(way, seq)),
        segment,
    }
}
