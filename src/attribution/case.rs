use super::abort::USUAL_ROUND_TRIP;
use super::stack;
use super::unseen::{Blind, Unseen, is_edge};
use crate::compare::Passages;
use crate::decode::Direction;
use crate::evidence::Words;
use crate::flow::{Flow, Pair, REORDERED, ResetSegment, Roles, Way};
use crate::surroundings::{Earlier, Host, Later, Surroundings};
use crate::tcp::{Duration, Segment, SeqNum, Timestamp};
use crate::timeline::{Sighting, Timeline};
use crate::witness::Heard;

/// A stack answers a stray segment at once; queues on the way add to the round trip no more than this (the initial
/// retransmission timeout of RFC 6298 section 2, by when a segment would have been repeated).
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_secs(1);

/// What a stack answers, it answers by then after the question passed here, given the shortest round trip to it.
pub(super) fn answered_until(round_trip: Option<Duration>) -> Duration {
    Duration(round_trip.map_or(0, |least| least.0).saturating_add(ANSWERED_WITHIN.0))
}

/// What most clocks of timestamps count (RFC 7323 section 5.4 allows 1 ms to 1 s).
const TICK: Duration = Duration::from_millis(1);

/// A flow to be judged, and all that may be asked about it. Immutable: clues and causes are plain functions of it.
#[derive(Clone)]
pub struct Case<'a> {
    /// The facts.
    pub flow: &'a Flow,
    /// Who is client.
    pub roles: Roles,
    /// Its segments, or the most telling of them.
    pub timeline: &'a Timeline,
    /// The other flows.
    pub surroundings: &'a Surroundings,
    /// The latest time of any segment of the capture.
    pub end: Option<Timestamp>,
    /// What captures at other points of the path have of its resets, where there are any.
    pub passages: Option<&'a Passages>,
    /// Why packets of it that passed may not be in the capture, all the time that it lived.
    blind: Option<Blind>,
    /// How much is told of what is found.
    pub words: Words,
    round_trips: Pair<Option<Duration>>,
    /// Whether any of either was measured by what is sent at once.
    timed: Pair<bool>,
    /// Resets in its timeline, without copies.
    resets: usize,
}

impl<'a> Case<'a> {
    /// The case of a flow.
    pub fn new(flow: &'a Flow, timeline: &'a Timeline, surroundings: &'a Surroundings, end: Option<Timestamp>) -> Self {
        let mut waits = Pair { forward: Wait::new(Way::Forward), back: Wait::new(Way::Back) };
        let (mut resets, mut plain) = (0, timeline.left_out > 0);
        for one in timeline.sightings.iter().filter(|one| !one.copy) {
            waits.forward.pass(one);
            waits.back.pass(one);
            resets += usize::from(one.segment.flags.rst());
            plain |= !is_edge(&one.segment);
        }
        let round_trips = Pair { forward: waits.forward.least, back: waits.back.least };
        let timed = Pair { forward: waits.forward.is_sure, back: waits.back.is_sure };
        let lived = flow.first_time.zip(flow.last_time());
        let has_lost = || lived.is_some_and(|(first, last)| surroundings.losses.touch(first, last));
        let only_edges = !plain && Unseen::of(timeline, |_| true).behind_handshake();
        let blind = match () {
            () if only_edges => Some(Blind::OnlyEdges),
            () if has_lost() => Some(Blind::Dropped),
            () => surroundings.faults.misses_one_in.and_then(Blind::missed),
        };
        let (roles, passages, words) = (Roles::of(flow), None, Words::All);
        Self { flow, roles, timeline, surroundings, end, passages, blind, words, round_trips, timed, resets }
    }

    /// The same with so much told of what is found.
    #[must_use]
    pub fn told(self, words: Words) -> Self {
        Self { words, ..self }
    }

    /// The same with what captures at other points have of its resets.
    #[must_use]
    pub fn beside(self, passages: &'a Passages) -> Self {
        Self { passages: Some(passages), ..self }
    }

    /// What the other flows say of the endpoint that sends this way.
    pub fn host(&self, way: Way) -> Option<&'a Host> {
        self.surroundings.hosts.get(self.flow.stream.endpoints[way].address, self.flow.stream.ipv6)
    }

    /// Whether packets of it may be missing anywhere.
    pub fn has_gaps(&self) -> bool {
        self.blind.is_some()
    }

    /// Whether of its segments only those that begin or end the connection were captured, though others passed.
    pub fn has_only_edges(&self) -> bool {
        self.blind == Some(Blind::OnlyEdges)
    }

    /// A FIN just behind a reset in the same name, which overtook it on the way if the stack of their sender made that: who knows no
    /// connection closes none.
    pub fn overtaken_fin(&self, place: usize, way: Way) -> Option<&'a Sighting> {
        let reset = self.timeline.sightings.get(place)?.time()?;
        let soon = self.flow.rtt().unwrap_or(REORDERED);
        let mut behind =
            self.timeline.after(place).take_while(|one| one.time().is_some_and(|time| time.since(reset) <= soon));
        behind.find(|one| one.way == way && one.is_ordinary() && one.segment.flags.fin())
    }

    /// Whether the segment at this place lies so near to others, in a capture in disorder, that it may have passed before or behind them.
    pub fn is_in_disorder(&self, place: usize) -> bool {
        let timeline = self.timeline;
        let time = timeline.sightings.get(place).and_then(Sighting::time);
        let is_near = |one: &Sighting| {
            let apart = one.time().zip(time).map(|(one, time)| one.since(time).0.saturating_abs());
            apart.is_some_and(|apart| apart <= REORDERED.0)
        };
        let before = timeline.before(place).find(|one| one.is_ordinary());
        let after = timeline.after(place).find(|one| one.is_ordinary());
        self.surroundings.faults.is_disordered && before.into_iter().chain(after).any(is_near)
    }

    /// What its connection was called before its addresses changed in the middle.
    pub fn earlier(&self) -> Option<&'a Earlier> {
        self.surroundings.continuations.before(self.flow.id)
    }

    /// What its connection went on as when its addresses changed.
    pub fn later(&self) -> Option<&'a Later> {
        self.surroundings.continuations.after(self.flow.id)
    }

    /// `the client` or `the server`: who sends this way.
    pub fn name(&self, way: Way) -> &'static str {
        if way == self.roles.from_client { "the client" } else { "the server" }
    }

    /// The shortest time from a segment's passing here towards the endpoint that sends `way` until its answer passed back:
    /// the round trip between the capture point and that endpoint.
    pub fn round_trip_to(&self, way: Way) -> Option<Duration> {
        self.round_trips[way]
    }

    /// Whether that is no more than a round trip: measured by what is sent at once.
    pub fn is_timed(&self, way: Way) -> bool {
        self.timed[way]
    }
}

/// The shortest time from a segment's passing here to its first acknowledgement by the endpoint that sends `way`.
struct Wait {
    way: Way,
    least: Option<Duration>,
    /// The end of a segment that was not acknowledged yet, and when it passed.
    since: Option<(SeqNum, Timestamp)>,
    /// Whether that is a SYN and ACK.
    is_handshake: bool,
    /// Whether any was measured by what is sent at once.
    is_sure: bool,
    highest: Option<SeqNum>,
}

impl Wait {
    fn new(way: Way) -> Self {
        Self { way, least: None, since: None, is_handshake: false, is_sure: false, highest: None }
    }

    fn pass(&mut self, one: &Sighting) {
        let segment = &one.segment;
        if segment.flags.rst() {
            // Whatever it answers is no longer waited for.
            self.since = None;
        } else if one.way != self.way {
            let end = segment.seq_end();
            if segment.seq_len() == 0 {
                return;
            }
            let is_new = self.highest.is_none_or(|highest| !segment.seq.before(highest));
            self.highest = Some(self.highest.map_or(end, |highest| highest.max(end)));
            if !is_new {
                // Karn: a repeated segment times nothing.
                self.since = None;
            } else if self.since.is_none() {
                self.since = segment.time.map(|time| (end, time));
                self.is_handshake = segment.flags.syn() && segment.flags.ack();
            }
        } else if let Some((end, sent)) = self.since
            && segment.flags.ack()
            && !segment.ack.before(end)
        {
            // A SYN and ACK is acknowledged at once, and mostly by nothing else; where that is not in the capture, what comes instead may
            // come much later.
            self.is_sure |= !self.is_handshake || segment.payload_len == 0 && !segment.flags.fin();
            if let Some(now) = segment.time {
                let took = Duration(now.since(sent).0.max(0));
                self.least = Some(self.least.map_or(took, |least| least.min(took)));
            }
            self.since = None;
        }
    }
}

/// One reset under examination.
pub struct Suspect<'a> {
    /// Its flow.
    pub case: &'a Case<'a>,
    /// The reset.
    pub reset: &'a ResetSegment,
    /// Its place in the timeline.
    pub place: usize,
    sent: Option<SeqNum>,
    received: Option<SeqNum>,
    acknowledged: Option<SeqNum>,
    confirmed: Option<SeqNum>,
}

impl<'a> Suspect<'a> {
    /// `None` where the timeline has no such segment.
    pub fn new(case: &'a Case<'a>, reset: &'a ResetSegment) -> Option<Self> {
        let place = case.timeline.place_of(reset.segment.frame)?;
        let (mut sent, mut received, mut acknowledged, mut confirmed) = (None, None, None, None);
        let reach = |known: &mut Option<SeqNum>, number: SeqNum| {
            *known = Some(known.map_or(number, |known: SeqNum| known.max(number)));
        };
        for one in case.timeline.before(place).filter(|one| one.is_ordinary()) {
            let own = one.way == reset.way;
            reach(if own { &mut sent } else { &mut received }, one.segment.seq_end());
            if one.segment.flags.ack() {
                reach(if own { &mut acknowledged } else { &mut confirmed }, one.segment.ack);
            }
        }
        Some(Self { case, reset, place, sent, received, acknowledged, confirmed })
    }

    /// The segment itself.
    pub fn segment(&self) -> &'a Segment {
        &self.reset.segment
    }

    /// Why packets that passed before it may not be in the capture.
    pub fn blind(&self) -> Option<Blind> {
        let has_just_begun = || {
            let since = self.segment().time?.since(self.case.surroundings.begin?);
            Some(since <= answered_until(self.case.round_trip_to(self.own())))
        };
        match self.case.blind {
            Some(Blind::OnlyEdges) => Some(Blind::OnlyEdges),
            _ if self.case.flow.is_midstream() && has_just_begun() == Some(true) => Some(Blind::JustBegun),
            _ if self.case.is_in_disorder(self.place) => Some(Blind::Disordered),
            missed => missed,
        }
    }

    /// What the kernel of a host says of it, where its trace is at hand.
    pub fn heard(&self) -> Option<&'a Heard> {
        self.case.surroundings.testimony.of(self.segment().frame)
    }

    /// As it was sighted.
    pub fn sighting(&self) -> Option<&'a Sighting> {
        self.case.timeline.sightings.get(self.place)
    }

    /// The way of the host in whose name it was sent.
    pub fn own(&self) -> Way {
        self.reset.way
    }

    /// The way of its receiver.
    pub fn peer(&self) -> Way {
        self.reset.way.reverse()
    }

    /// Segments before it, latest first, without resets and copies.
    pub fn earlier(&self, way: Way) -> impl Iterator<Item = &'a Sighting> + Clone {
        self.case.timeline.before(self.place).filter(move |one| one.way == way && one.is_ordinary())
    }

    /// Segments after it, without resets and copies.
    pub fn later(&self, way: Way) -> impl Iterator<Item = &'a Sighting> {
        self.case.timeline.after(self.place).filter(move |one| one.way == way && one.is_ordinary())
    }

    /// All ordinary segments of its claimed sender in this flow, before and after.
    pub fn of_claimed_sender(&self) -> impl Iterator<Item = &'a Sighting> {
        let way = self.own();
        self.case.timeline.sightings.iter().filter(move |one| one.way == way && one.is_ordinary())
    }

    /// The segments of its claimed sender that it can be compared with: those that came from the same device on the same
    /// link where there are any. On a router every packet is captured twice, as it comes and as it goes, with another TTL.
    pub fn comparable(&self) -> impl Iterator<Item = &'a Sighting> {
        let way = self.own();
        let key = |one: &Sighting| (one.link_source, one.direction);
        let reset = self.sighting().map(key);
        let all = &self.case.timeline.sightings;
        let own = move |one: &&Sighting| one.way == way && !one.segment.flags.rst();
        let alike = all.iter().filter(own).any(|one| Some(key(one)) == reset);
        all.iter().filter(own).filter(move |one| if alike { Some(key(one)) == reset } else { !one.copy })
    }

    /// Whether the connection was asked for by a SYN that no operating system makes: without window scale, SACK and
    /// timestamps it comes from a scanner's raw socket. The scanner's kernel knows nothing of the connection; it answers the
    /// SYN-ACK by a reset that looks otherwise than what the scanner sends, before or after.
    pub fn is_scanner(&self) -> bool {
        let mut own = self.earlier(self.own());
        let mut syns = own.by_ref().take_while(|one| one.segment.flags.syn() && !one.segment.flags.ack()).peekable();
        let made = |one: &Sighting| {
            let options = &one.segment.options;
            options.window_scale().is_some() || options.timestamps().is_some() || options.sack_permitted()
        };
        syns.peek().is_some() && !syns.any(made) && self.earlier(self.own()).all(|one| one.segment.flags.syn())
    }

    /// Whether the capturing host, as a router, passed it on, and nothing that its sender sent came in under these addresses: where that
    /// host translates them, the other packets are captured only as they go out.
    pub fn was_translated(&self) -> bool {
        let own = self.own();
        let came_in =
            |one: &Sighting| one.way == own && !one.segment.flags.rst() && one.direction == Some(Direction::In);
        self.was_passed_on() && !self.case.timeline.sightings.iter().any(came_in)
    }

    /// Whether the capturing host, as a router, passed it on: it came in, and went out with one hop less.
    fn was_passed_on(&self) -> bool {
        let (own, segment) = (self.own(), self.segment());
        let is_it = |one: &Segment| {
            one.flags == segment.flags && (one.seq, one.ack, one.ip_id) == (segment.seq, segment.ack, segment.ip_id)
        };
        let mut behind = self.case.timeline.after(self.place).filter(|one| one.way == own && is_it(&one.segment));
        self.sighting().is_some_and(|one| one.direction == Some(Direction::In))
            && behind
                .any(|one| one.direction == Some(Direction::Out) && one.segment.ttl.checked_add(1) == Some(segment.ttl))
    }

    /// Other resets in the same or the other name, without copies.
    pub fn other_resets(&self, way: Way) -> impl Iterator<Item = (usize, &'a Sighting)> {
        let place = self.place;
        let all = if self.case.resets > 1 { self.case.timeline.sightings.as_slice() } else { &[] };
        let resets = all.iter().enumerate();
        resets.filter(move |(at, one)| *at != place && one.way == way && !one.copy && one.segment.flags.rst())
    }

    /// The highest sequence number that its claimed sender had sent by then.
    pub fn sent(&self) -> Option<SeqNum> {
        self.sent
    }

    /// The highest sequence number that its receiver had sent by then.
    pub fn received(&self) -> Option<SeqNum> {
        self.received
    }

    /// The highest acknowledgement its claimed sender had sent by then.
    pub fn acknowledged(&self) -> Option<SeqNum> {
        self.acknowledged
    }

    /// The highest acknowledgement its receiver had sent by then: so far its claimed sender had come, be that in the capture or not.
    pub fn confirmed(&self) -> Option<SeqNum> {
        self.confirmed
    }

    /// Whether a segment that lies behind it in the capture was captured before it, or sent before it by the same host: close behind
    /// it, with an identification just below its own where the host counts them. In a capture in disorder nothing close behind it is behind.
    pub fn was_overtaken(&self, behind: &Sighting) -> bool {
        let Some(since) = self.since_of(behind) else { return false };
        let is_before = match self.segment().ip_id.zip(behind.segment.ip_id) {
            Some((own, other)) if own != 0 && other != 0 => stack::goes_on(other, own),
            _ => behind.segment.payload_len > 0 && behind.segment.seq_end() == self.segment().seq,
        };
        let is_disordered = self.case.surroundings.faults.is_disordered;
        since.0 < 0 || since <= REORDERED && (is_disordered || behind.way == self.own() && is_before)
    }

    /// The clock in its claimed sender's timestamps, as it shows here.
    pub fn clock(&self) -> Option<Clock> {
        let mut known = self.of_claimed_sender().filter_map(stamp).peekable();
        let &(value, first) = known.peek()?;
        let delays = known.map(|(other, time)| time.since(first).0 - ticks(other, value).saturating_mul(TICK.0));
        Some(Clock { value, first, quickest: delays.min()? })
    }

    /// Whether a segment behind it had left their host when it passed here, by that clock. What was on the way by then says nothing of what
    /// its sender did afterwards.
    pub fn was_on_the_way(&self, behind: &Sighting, clock: &Clock) -> bool {
        let Some(((value, passed), reset)) = stamp(behind).zip(self.segment().time) else { return false };
        let run = ticks(value, clock.value).saturating_mul(TICK.0);
        // Slower clocks show themselves over a while, and do not time this.
        let ran = passed.since(clock.first).0;
        let is_slow = ran > USUAL_ROUND_TRIP.0 && run.saturating_mul(2) < ran;
        !is_slow && clock.quickest.saturating_add(run) <= reset.since(clock.first).0 + TICK.0
    }

    /// Whether a segment behind it closes the gap that it left: it ends where the reset begins, and its identification is one that the
    /// host had left out before the reset. It may have been overtaken on a way that mixes packets, and be held back by whoever forged the reset.
    pub fn fills_gap(&self, behind: &Sighting) -> bool {
        let number = |one: &Sighting| one.segment.ip_id.filter(|&id| id != 0);
        let mut before = self.case.timeline.before(self.place).filter(|one| one.way == self.own() && !one.copy);
        let steps = before.find_map(number).zip(number(behind)).zip(self.segment().ip_id);
        behind.segment.seq_end() == self.segment().seq
            && self.since_of(behind).is_some_and(|since| since <= USUAL_ROUND_TRIP)
            && steps.is_some_and(|((before, other), own)| stack::goes_on(before, other) && stack::goes_on(other, own))
    }

    /// Time from `earlier` to it.
    pub fn since(&self, earlier: &Sighting) -> Option<Duration> {
        Some(self.segment().time?.since(earlier.time()?))
    }

    /// Time from it to `later`.
    pub fn since_of(&self, later: &Sighting) -> Option<Duration> {
        Some(later.time()?.since(self.segment().time?))
    }
}

/// A host's clock of timestamps: its first value, when that passed here, and by how much the quickest segment came sooner than that one.
pub struct Clock {
    value: u32,
    first: Timestamp,
    quickest: i64,
}

fn stamp(one: &Sighting) -> Option<(u32, Timestamp)> {
    Some((one.segment.options.timestamps()?.0, one.time()?))
}

fn ticks(value: u32, earlier: u32) -> i64 {
    i64::from(value.wrapping_sub(earlier) as i32)
}

/// The end of the highest of some segments.
pub fn highest_end<'s>(segments: impl Iterator<Item = &'s Sighting>) -> Option<SeqNum> {
    segments.map(|one| one.segment.seq_end()).reduce(SeqNum::max)
}
