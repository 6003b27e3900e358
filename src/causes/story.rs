use std::cell::OnceCell;

use super::exit::Exit;
use crate::application::{self, Application};
use crate::attribution::{Case, Judged, Mechanism, Party, Sender, is_contradictory};
use crate::evidence::{Aspect, Confidence, Words};
use crate::flow::{Pair, Phase, ResetSegment, Teardown, Way};
use crate::tcp::{Duration, FrameNumber, Timestamp};
use crate::timeline::Sighting;

/// Silence that is worth a thought: below it, a server may only have been thinking (the least retransmission timeout of
/// RFC 6298 section 2.4).
const PAUSE: Duration = Duration::from_secs(1);

/// And so many round trips.
const PAUSE_ROUND_TRIPS: i64 = 10;

/// A run of data one way.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Which way.
    pub way: Way,
    /// Its first segment.
    pub first: FrameNumber,
    /// When that passed.
    pub began: Option<Timestamp>,
    /// When its last segment passed.
    pub ended: Option<Timestamp>,
    /// Octets of data.
    pub octets: u64,
}

/// What led to the end of a flow, up to the reset that decided it.
pub struct Story<'a> {
    /// The flow.
    pub case: &'a Case<'a>,
    /// The verdicts on its resets.
    pub judged: &'a [Judged],
    /// How it ended.
    pub teardown: Teardown,
    /// The reset that decided it: the first that its receiver had to heed, or else the first.
    pub decisive: Option<Decisive<'a>>,
    /// The data that went to and fro before it.
    pub turns: Vec<Turn>,
    /// Silence before what led to the end, if it was long.
    pub pause: Option<Pause>,
    /// The first FIN of each side before it.
    fins: Pair<Option<&'a Sighting>>,
    /// What the octets before the end say.
    pub application: Application,
    /// Once a cause has asked for it.
    pub(super) exit: OnceCell<Option<Exit>>,
}

/// The reset that decided how a flow ended.
#[derive(Clone, Copy)]
pub struct Decisive<'a> {
    /// The segment and its circumstances.
    pub reset: &'a ResetSegment,
    /// Who sent it, and how.
    pub verdict: &'a Judged,
    /// Its place in the timeline.
    pub place: usize,
}

/// A long silence.
#[derive(Clone, Copy, Debug)]
pub struct Pause {
    /// How long.
    pub length: Duration,
    /// The last segment before it.
    pub from: FrameNumber,
    /// What ended it.
    pub until: FrameNumber,
    /// Which way that went; the reset's own way where nothing but the reset ended it.
    pub broken_by: Way,
    /// Nothing but the reset ended it.
    pub by_reset: bool,
}

impl<'a> Story<'a> {
    /// Whether captures at other points are at hand, so that nobody need be told to take one.
    pub fn is_compared(&self) -> bool {
        self.case.passages.is_some()
    }

    /// The story of a flow.
    pub fn new(case: &'a Case<'a>, judged: &'a [Judged]) -> Self {
        let story = Self::without_application(case, judged);
        let until = story.decisive.map_or(case.timeline.sightings.len(), |decisive| decisive.place);
        let time = match (story.decisive, story.fins.forward, story.fins.back) {
            (Some(decisive), ..) => decisive.reset.segment.time,
            // Whoever closed first waited for nothing more; with the other's FIN it was over.
            (None, Some(one), Some(other)) => one.time().zip(other.time()).map(|(one, other)| one.min(other)),
            _ => case.end,
        };
        let end = application::End { place: until, time };
        let read = if case.words >= Words::Names { application::read } else { application::read_without_progress };
        Self { application: read(case.timeline, case.roles, end), ..story }
    }

    /// The same without a look at the data, which takes longer than all the rest.
    pub fn without_application(case: &'a Case<'a>, judged: &'a [Judged]) -> Self {
        let decisive = decisive(case, judged);
        let until = decisive.map_or(case.timeline.sightings.len(), |decisive| decisive.place);
        let before = case.timeline.sightings.get(..until).unwrap_or_default();
        // The ordinary segments and behind them the reset.
        let mut all: Vec<&Sighting> = Vec::with_capacity(before.len() + 1);
        all.extend(before.iter().filter(|one| one.is_ordinary()));
        let turns = turns(&all);
        let mut fins = Pair::default();
        for one in all.iter().rev().filter(|one| one.segment.flags.fin()) {
            fins[one.way] = Some(*one);
        }
        if let Some(decisive) = decisive.filter(|one| one.verdict.party == Some(Party::Host) && !one.verdict.is_active)
        {
            let way = decisive.reset.way;
            fins[way] = fins[way].or_else(|| case.overtaken_fin(decisive.place, way));
        }
        let reset = decisive.and_then(|decisive| case.timeline.sightings.get(decisive.place));
        all.extend(reset);
        Self {
            case,
            judged,
            teardown: Teardown::of(case.flow, case.end),
            decisive,
            turns,
            pause: if case.has_only_edges() { None } else { pause(case, &all, reset) },
            fins,
            application: Application::default(),
            exit: OnceCell::new(),
        }
    }

    /// The way from the client.
    pub fn client(&self) -> Way {
        self.case.roles.from_client
    }

    /// Who sent the decisive reset, and how.
    pub fn verdict(&self) -> Option<&'a Judged> {
        self.decisive.map(|decisive| decisive.verdict)
    }

    /// The decisive reset, if a host of the connection sent it.
    pub fn by_host(&self) -> Option<Decisive<'a>> {
        self.decisive.filter(|decisive| matches!(decisive.verdict.sender, Sender::Client | Sender::Server))
    }

    /// The decisive reset, if something else sent it.
    pub fn by_middlebox(&self) -> Option<Decisive<'a>> {
        self.decisive.filter(|decisive| decisive.verdict.sender == Sender::Middlebox)
    }

    /// What the sender of the decisive reset did; only hosts count.
    pub fn mechanism(&self) -> Option<Mechanism> {
        self.by_host().map(|decisive| decisive.verdict.mechanism)
    }

    /// Whether the decisive reset is in the client's name.
    pub fn from_client(&self) -> bool {
        self.decisive.is_some_and(|decisive| decisive.reset.way == self.client())
    }

    /// Octets of data that went one way before the end.
    pub fn octets(&self, way: Way) -> u64 {
        self.turns.iter().filter(|turn| turn.way == way).map(|turn| turn.octets).sum()
    }

    /// Whether no data went either way.
    pub fn is_dataless(&self) -> bool {
        self.turns.is_empty()
    }

    /// The last run of data before the end.
    pub fn last_turn(&self) -> Option<&Turn> {
        self.turns.last()
    }

    /// When it ended: at the decisive reset, or with its last segment.
    pub fn ended(&self) -> Option<Timestamp> {
        self.decisive.map_or(self.case.flow.last_time(), |decisive| decisive.reset.segment.time)
    }

    /// The phase at the decisive reset.
    pub fn phase(&self) -> Option<Phase> {
        self.decisive.map(|decisive| decisive.reset.phase)
    }

    /// Segments before the end, without copies and resets.
    pub fn before(&self, way: Way) -> impl Iterator<Item = &'a Sighting> {
        let until = self.decisive.map_or(self.case.timeline.sightings.len(), |decisive| decisive.place);
        self.case.timeline.before(until).filter(move |one| one.way == way && one.is_ordinary())
    }

    /// The client's SYN, if it is one that no operating system makes: without window scale, SACK and timestamps.
    pub fn raw_syn(&self) -> Option<&'a Sighting> {
        let syn = self.before(self.client()).filter(|one| one.segment.flags.syn()).last()?;
        let options = &syn.segment.options;
        let is_raw = options.window_scale().is_none() && options.timestamps().is_none() && !options.sack_permitted();
        is_raw.then_some(syn)
    }

    /// The FIN of a side, if it came before the end.
    pub fn fin(&self, way: Way) -> Option<&'a Sighting> {
        self.fins[way]
    }

    /// A segment by which the claimed sender of the decisive reset proves, more than half a round trip after it, that its connection still
    /// lived; whenever it comes, where that reset surely was another's.
    pub fn alive_after(&self) -> Option<FrameNumber> {
        let decisive = self.decisive?;
        if self.case.later().is_some_and(|later| later.changed == decisive.reset.way) {
            // It lives under another address, and its old one is dead.
            return None;
        }
        let mut evidence = decisive.verdict.evidence.iter();
        if let Some(aftermath) = evidence.find(|piece| piece.aspect == Aspect::Aftermath) {
            // Where it is only weighed, no frames are kept.
            return Some(aftermath.frames.last().copied().unwrap_or(decisive.reset.segment.frame));
        }
        let way = decisive.reset.way;
        let time = decisive.reset.segment.time?;
        let round_trip = self.case.flow.rtt().map_or(0, |rtt| rtt.0);
        let later = self.case.timeline.after(decisive.place).filter(|one| one.way == way && one.is_ordinary());
        let alive = later.filter(|one| !one.segment.flags.syn() && one.segment.flags.ack());
        let is_foreign =
            decisive.verdict.sender == Sender::Middlebox && decisive.verdict.confidence == Some(Confidence::Certain);
        let late =
            alive.filter(|one| is_foreign || one.time().is_some_and(|later| later.since(time).0 > round_trip / 2));
        late.map(|one| one.frame()).next()
    }

    /// Time since the claimed sender of the decisive reset was last heard.
    pub fn last_heard(&self) -> Option<(FrameNumber, Duration)> {
        let decisive = self.decisive?;
        let last = self.before(decisive.reset.way).next()?;
        Some((last.frame(), decisive.reset.segment.time?.since(last.time()?)))
    }

    /// Whether a time is of the order of the flow's round trip.
    pub fn is_moment(&self, time: Duration) -> bool {
        /// Some round trips, and a little more for hosts that are near.
        const ROUND_TRIPS: i64 = 4;
        const LEAST: Duration = Duration::from_millis(20);
        // A clock that was set back measures nothing.
        self.case.flow.rtt().is_some_and(|rtt| (0..=rtt.0 * ROUND_TRIPS + LEAST.0).contains(&time.0))
    }

    /// What is in a frame.
    pub fn sighting(&self, frame: FrameNumber) -> Option<&'a Sighting> {
        let timeline = self.case.timeline;
        timeline.sightings.get(timeline.place_of(frame)?)
    }

    /// `the client` or `the server`.
    pub fn name(&self, way: Way) -> &'static str {
        self.case.name(way)
    }
}

fn decisive<'a>(case: &Case<'a>, judged: &'a [Judged]) -> Option<Decisive<'a>> {
    let resets =
        || case.flow.resets().iter().zip(judged).filter(|(reset, _)| !reset.duplicate && !is_contradictory(reset));
    let heeded = resets().find(|(_, verdict)| verdict.has_ended_it());
    let (reset, verdict) = heeded.or_else(|| resets().next())?;
    // Who answers as a stack without a live connection aborts none afterwards: an abort just behind was overtaken on the way.
    let is_abort = |&(other, judged): &(&ResetSegment, &Judged)| {
        let since = other.segment.time.zip(reset.segment.time).map(|(other, time)| other.since(time).0);
        let is_close = since.zip(case.flow.rtt()).is_some_and(|(since, rtt)| (0..=rtt.0).contains(&since));
        is_close && other.way == reset.way && judged.is_active && judged.party == Some(Party::Host)
    };
    let is_answer = verdict.party == Some(Party::Host) && !verdict.is_active;
    let (reset, verdict) = resets().find(is_abort).filter(|_| is_answer).unwrap_or((reset, verdict));
    Some(Decisive { reset, verdict, place: case.timeline.place_of(reset.segment.frame)? })
}

fn turns(ordinary: &[&Sighting]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut reached = [None, None];
    for one in ordinary.iter().filter(|one| one.segment.payload_len > 0) {
        let reached = &mut reached[usize::from(one.way == Way::Back)];
        let end = one.segment.seq_end();
        if reached.is_some_and(|reached| !end.after(reached)) {
            continue; // repeated
        }
        *reached = Some(end);
        match turns.last_mut().filter(|turn| turn.way == one.way) {
            Some(turn) => {
                turn.octets += u64::from(one.segment.payload_len);
                turn.ended = one.time();
            }
            None => turns.push(Turn {
                way: one.way,
                first: one.frame(),
                began: one.time(),
                ended: one.time(),
                octets: one.segment.payload_len.into(),
            }),
        }
    }
    turns
}

/// The longest silence shortly before the end: between the last segment of the conversation and what ended it, be it the
/// reset, the segment that provoked the reset, or the FIN that the two followed. `all`: the ordinary segments and the reset.
fn pause(case: &Case<'_>, all: &[&Sighting], reset: Option<&Sighting>) -> Option<Pause> {
    /// What may lie between the silence and the reset: a request and its repetitions, a FIN and its acknowledgement.
    const FEW: usize = 8;
    let least = PAUSE.0.max(case.flow.rtt().map_or(0, |rtt| rtt.0 * PAUSE_ROUND_TRIPS));
    let moved = all.first().and_then(|first| {
        let earlier = case.earlier()?;
        Some((first.time()?.since(earlier.last_time?), earlier.frame, *first))
    });
    let recent = all.get(all.len().saturating_sub(FEW)..).unwrap_or_default();
    let gaps = recent.windows(2).filter_map(|pair| match pair {
        [from, until] => Some((until.time()?.since(from.time()?), from.frame(), *until)),
        _ => None,
    });
    // A connection whose addresses changed rested between the two flows.
    let gaps = gaps.chain(moved.filter(|_| all.len() <= FEW));
    let (length, from, until) = gaps.max_by_key(|(length, ..)| length.0).filter(|(length, ..)| length.0 >= least)?;
    Some(Pause {
        length,
        from,
        until: until.frame(),
        broken_by: until.way,
        by_reset: reset.is_some_and(|reset| reset.frame() == until.frame()),
    })
}
