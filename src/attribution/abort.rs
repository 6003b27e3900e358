//! Why a live socket was aborted: data unread, probes unanswered, or the application's wish.
//!
//! Linux empties the receive queue before it builds the reset (`__tcp_close`), so that the reset announces the window of an
//! empty buffer, and it looks for unread data before it looks at SO_LINGER. What had been received is what the reset
//! acknowledges; times are compared between two packets of the same host, so that the path does not matter.

use std::borrow::Cow;

use super::case::Suspect;
use super::stack;
use super::unseen::Blind;
use super::verdict::Mechanism;
use crate::evidence::Text;
use crate::flow::REORDERED;
use crate::surroundings::{Kind, SAME_EXIT};
use crate::tcp::{Duration, FrameNumber, SeqNum};
use crate::timeline::Sighting;

/// Repetitions or probes without any answer after which a stack that gives up must have meant them.
const UNANSWERED: usize = 2;

/// What an application does in one turn of its loop comes out within this; a network's round trip is longer, a timer's
/// tick too. 0.5 to 5 ms decided the recorded captures alike.
const ONE_TURN: Duration = Duration::from_millis(2);

/// By reading Linux tells its peer of a window that has become so many times as wide (`__tcp_cleanup_rbuf`).
const TOLD_AT: i32 = 2;

/// As [`SAME_EXIT`], for sockets of other ports of the host.
const SAME_EXIT_OTHER_PORT: Duration = Duration::from_millis(20);

/// What a program sends at once passes within so many round trips: the first window has ten segments (RFC 6928 section 2), and each
/// round trip doubles it, so that 150 segments have passed by then.
const SENT_AT_ONCE: i64 = 4;

/// Linux answers the probes of one connection no more often than this (`tcp_invalid_ratelimit`).
const ANSWERED_EVERY: Duration = Duration::from_millis(500);

/// A round trip for where none was measured.
pub(super) const USUAL_ROUND_TRIP: Duration = Duration::from_millis(100);

/// What an abort shows.
pub(super) struct Abort {
    pub mechanism: Mechanism,
    /// Where it is told.
    pub frames: Vec<FrameNumber>,
    /// Where it is told.
    pub text: Cow<'static, str>,
    /// The other mechanism, where only hidden state decides.
    pub or_else: Option<Mechanism>,
}

impl Abort {
    /// One that these frames and the reset itself show.
    fn of(
        suspect: &Suspect<'_>,
        mechanism: Mechanism,
        frames: impl IntoIterator<Item = FrameNumber>,
        text: impl Text,
    ) -> Self {
        let words = suspect.case.words;
        let frames = words.frames(frames.into_iter().chain([suspect.segment().frame]));
        Self { mechanism, frames, text: words.text(text), or_else: None }
    }

    /// It was wanted.
    fn wanted(suspect: &Suspect<'_>, frames: impl IntoIterator<Item = FrameNumber>, text: impl Text) -> Self {
        Self::of(suspect, Mechanism::Abort, frames, text)
    }

    /// It was for data that lay unread.
    fn unread(suspect: &Suspect<'_>, frames: impl IntoIterator<Item = FrameNumber>, text: impl Text) -> Self {
        Self::of(suspect, Mechanism::AbortUnreadData, frames, text)
    }

    /// The two look alike; this is only the likelier one.
    fn perhaps(self) -> Self {
        let other = match self.mechanism {
            Mechanism::Abort => Mechanism::AbortUnreadData,
            _ => Mechanism::Abort,
        };
        Self { or_else: Some(other), ..self }
    }
}

/// What kind of abort it is. `sent`: the highest number that its sender had sent.
pub(super) fn kind(suspect: &Suspect<'_>, sent: SeqNum) -> Abort {
    let found = as_linux(suspect, sent);
    let by_linux = suspect.segment().window != Some(0);
    // What is unread decides on Linux; other stacks abort for it, for the end of a process and on demand alike. And what came in
    // between has to be in the capture, the other side's part of it, too.
    let is_seen = suspect.blind() != Some(Blind::OnlyEdges) && suspect.earlier(suspect.peer()).next().is_some();
    let is_sure = by_linux && is_seen;
    if is_sure || found.mechanism == Mechanism::KeepaliveTimeout { found } else { found.perhaps() }
}

/// What it would be if Linux made it.
fn as_linux(suspect: &Suspect<'_>, sent: SeqNum) -> Abort {
    let (own, peer) = (suspect.own(), suspect.peer());
    let segment = suspect.segment();
    let (name, other) = (suspect.case.name(own), suspect.case.name(peer));
    let round_trip = suspect.case.flow.rtt().unwrap_or(USUAL_ROUND_TRIP);
    if let Some((probes, is_data)) = unanswered(suspect, sent, round_trip) {
        // Of data Linux gives up in silence (`tcp_write_err`), and sends no probes meanwhile: then the application lost its patience.
        let by_application = is_data && stack::is_linux(suspect) == Some(true);
        let times = probes.len();
        // Before a closed window, the one probe may have an answer that was held back, and the application a limit of its own.
        let is_closed = suspect.earlier(peer).next().is_some_and(|last| last.segment.window == Some(0));
        let is_sure = !(by_application || times == 1 && is_closed);
        let text = || match times {
            1 => format!("{name} had asked once without an answer, and gave up"),
            _ => format!("{name} had asked {times} times without an answer, and gave up"),
        };
        let found = Abort::of(suspect, Mechanism::KeepaliveTimeout, probes, text);
        return if is_sure { found } else { found.perhaps() };
    }

    // What its sender had received, without the number of a FIN.
    let peer_fin = suspect.earlier(peer).find(|one| one.segment.flags.fin()).map(|one| one.segment.seq_end());
    let of_data = |ack: SeqNum| if peer_fin.is_some_and(|end| !ack.before(end)) { ack.add(u32::MAX) } else { ack };
    let received = of_data(segment.ack);
    let start = suspect.earlier(peer).filter(|one| one.segment.flags.syn()).last().map(|one| one.segment.seq.add(1));
    let own_acks = || suspect.earlier(own).filter(|one| one.segment.flags.ack());
    let first_ack = || own_acks().last().map(|one| one.segment.ack);
    let peer_data = |one: &&Sighting| one.segment.payload_len > 0 && !one.segment.seq_end().after(segment.ack);
    let octets = match start.or(if suspect.earlier(peer).next().is_none() { first_ack() } else { None }) {
        Some(start) => received.since(start),
        None => i32::from(suspect.earlier(peer).any(|one| peer_data(&one))),
    };
    if octets <= 0 {
        let found = Abort::wanted(suspect, [], || format!("{name} had received nothing that could lie unread"));
        // Of a connection older than the capture, it may have lain unread before.
        return if start.is_some() { found } else { found.perhaps() };
    }
    let highest_ack = own_acks().map(|one| of_data(one.segment.ack)).reduce(SeqNum::max);
    let newly = highest_ack.map_or(0, |before| received.since(before));
    if let Some((frame, times)) = window_reopened(suspect, newly) {
        let unread = Abort::unread(suspect, [frame], || {
            format!("its window is wider than {name}'s last one: closing has just thrown away what lay unread")
        });
        // By reading so much room would have become free that Linux tells of it.
        return if times >= TOLD_AT { unread } else { unread.perhaps() };
    }
    if newly > 0 {
        let text = || format!("it is the first to acknowledge {newly} bytes that {name} had just received");
        return Abort::unread(suspect, [], text).perhaps();
    }
    if let Some((frames, is_gone)) = process_exit(suspect) {
        let found = Abort::unread(suspect, frames, || {
            format!("other connections of {name}'s process ended in the same moment, those with nothing unread by FIN")
        });
        // Who drops its clients and lives on does it by one call for all, and what lies unread decides likewise.
        return if is_gone { found } else { found.perhaps() };
    }

    // The segment of its own data that reaches furthest says what it had received when it last spoke.
    let own_data = || suspect.earlier(own).filter(|one| one.segment.payload_len > 0);
    let furthest = own_data().fold(None::<&Sighting>, |best, one| match best {
        Some(best) if !one.segment.seq_end().after(best.segment.seq_end()) => Some(best),
        _ => Some(one),
    });
    let since = furthest.map_or(octets, |top| received.since(of_data(top.segment.ack)));
    let sent_fin = suspect.earlier(own).any(|one| one.segment.flags.fin());
    let within =
        |earlier: &Sighting, bound: i64| suspect.since(earlier).is_some_and(|since| (0..bound).contains(&since.0));
    if sent_fin {
        // What it acknowledged then, nobody may have read.
        return after_fin(suspect).perhaps();
    }
    if since <= 0 {
        let turn = ONE_TURN.0.min(round_trip.0 / 4);
        let first_reply = own_data().filter(|one| !of_data(one.segment.ack).before(received)).last();
        return match first_reply {
            Some(reply) if within(reply, turn) => {
                Abort::unread(suspect, [reply.frame()], || format!("{name} answered and closed in one turn")).perhaps()
            }
            first => {
                let found = Abort::wanted(suspect, [], || {
                    format!("{name} had answered everything it received, and then aborted")
                });
                // What it was sending anyway carries the latest acknowledgement, whether anybody has read that or not.
                if first.is_some_and(|reply| is_answer(suspect, reply)) { found } else { found.perhaps() }
            }
        };
    }
    if suspect.earlier(peer).any(|one| one.segment.payload_len > 0 && one.segment.seq_end().after(segment.ack)) {
        let text = || format!("{other} was in the middle of sending when {name} closed");
        return Abort::unread(suspect, [], text).perhaps();
    }
    let mut unanswered: Vec<&Sighting> = suspect
        .earlier(peer)
        .filter(|one| peer_data(one))
        .filter(|one| furthest.is_none_or(|top| one.segment.seq_end().after(of_data(top.segment.ack))))
        .collect();
    unanswered.dedup_by_key(|one| one.segment.seq);
    let frames = unanswered.iter().rev().take(4).map(|one| one.frame());
    let bytes = || match since {
        1 => format!("one byte of {other}'s data was acknowledged and not answered"),
        _ => format!("{since} bytes of {other}'s data were acknowledged and not answered"),
    };
    let not_all = || {
        let them = if since == 1 { "it" } else { "them all" };
        format!("{}: {name} seems to have closed without reading {them}", bytes())
    };
    match furthest {
        None => {
            let acknowledged = own_acks().filter(|one| !of_data(one.segment.ack).before(received)).last();
            if unanswered.len() == 1 && acknowledged.is_some_and(|ack| within(ack, ONE_TURN.0)) {
                let text = || format!("the one message that {name} received woke it, and it aborted at once");
                return Abort::wanted(suspect, frames, text).perhaps();
            }
            Abort::unread(suspect, frames, not_all).perhaps()
        }
        Some(_) if unanswered.len() > 1 => Abort::unread(suspect, frames, not_all).perhaps(),

        Some(top) if within(top, ONE_TURN.0) => {
            Abort::unread(suspect, frames, || format!("{} when {name} closed, right after it spoke", bytes())).perhaps()
        }

        // A server that had spoken before answers what it reads.
        Some(_) if own != suspect.case.roles.from_client => Abort::unread(suspect, frames, not_all).perhaps(),

        // A client has no more to say to an answer, whether it has read that or not.
        Some(_) => {
            let text = || format!("{name} aborted after it had received one more message");
            Abort::wanted(suspect, frames, text).perhaps()
        }
    }
}

/// Whether data of its sender's answers the data before: that was one segment, of which more a program may have read the beginning alone;
/// nothing was under way when it came, nor came before the answer; and its sender had not been sending for a while, as one that does so
/// of its own accord.
fn is_answer(suspect: &Suspect<'_>, reply: &Sighting) -> bool {
    let before = |way| suspect.earlier(way).filter(|one| one.frame() < reply.frame() && one.segment.payload_len > 0);
    let mut peer = before(suspect.peer());
    let Some(asked) = peer.next() else { return true };
    let other = peer.find(|one| one.segment.seq != asked.segment.seq).map(Sighting::frame);
    let mut sent = before(suspect.own()).filter(|one| one.frame() < asked.frame());
    let turn = sent.clone().take_while(|one| Some(one.frame()) > other);
    let (last, first) = (turn.clone().next(), turn.last());
    let lasted = last.zip(first).and_then(|(last, first)| Some(last.time()?.since(first.time()?)));
    let at_once = suspect.case.flow.rtt().unwrap_or(USUAL_ROUND_TRIP).0.saturating_mul(SENT_AT_ONCE);
    let is_one = last.is_some() || other.is_none();
    let was_sending = before(suspect.own()).any(|one| one.frame() > asked.frame());
    is_one
        && !was_sending
        && lasted.is_none_or(|lasted| lasted.0 <= at_once)
        && sent.all(|one| !one.segment.seq_end().after(asked.segment.ack))
}

/// What it is behind a FIN of its own sender: whether data that came behind that FIN lies unread, or another call aborts.
fn after_fin(suspect: &Suspect<'_>) -> Abort {
    let (own, peer) = (suspect.own(), suspect.peer());
    let name = suspect.case.name(own);
    let fin = suspect.earlier(own).find(|one| one.segment.flags.fin()).map(Sighting::frame);
    let has_data = |one: &&Sighting| one.segment.payload_len > 0;
    let soon = suspect.case.flow.rtt().unwrap_or(USUAL_ROUND_TRIP);
    let mut under_way = suspect.later(peer).take_while(|one| suspect.since_of(one).is_none_or(|since| since <= soon));
    let more = suspect.earlier(peer).take_while(|one| Some(one.frame()) > fin).find(has_data);
    match more.or_else(|| under_way.find(has_data)) {
        Some(more) => Abort::unread(suspect, fin.into_iter().chain([more.frame()]), || {
            format!(
                "{} was still sending when {name}, which had closed its side, closed for good",
                suspect.case.name(peer)
            )
        }),
        None => Abort::wanted(suspect, fin, || format!("{name} had closed its side before, and then aborted")),
    }
}

/// Probes or repetitions at the end that nothing answered for longer than an answer takes, and whether these are of data.
fn unanswered(suspect: &Suspect<'_>, sent: SeqNum, round_trip: Duration) -> Option<(Vec<FrameNumber>, bool)> {
    let (own, peer) = (suspect.own(), suspect.peer());
    // Without the other direction nothing can be said to be unanswered.
    let heard = suspect.earlier(peer).next()?;
    let quiet = |one: &Sighting| suspect.since(one).is_some_and(|since| since.0 > round_trip.0.saturating_mul(2));
    // What the other side has, it need not be told again: in a capture that began later, too.
    let mut highest = suspect.confirmed();
    let (mut repeated, mut is_data) = (Vec::new(), false);
    let before = suspect.case.timeline.sightings.get(..suspect.place).unwrap_or_default();
    let mut last = None;
    for one in before.iter().filter(|one| one.way == own && one.is_ordinary()) {
        let end = one.segment.seq_end();
        // What was overtaken on the way is no repetition.
        let waited = last.and_then(|last| Some(one.time()?.since(last))).is_none_or(|waited| waited > REORDERED);
        let is_repeated = waited
            && highest.is_some_and(|highest| {
                !end.after(highest) && (one.segment.payload_len > 0 || one.segment.seq.before(highest))
            });
        last = one.time();
        if is_repeated && one.frame() > heard.frame() {
            repeated.push(one.frame());
            is_data |= one.segment.payload_len > 1;
        }
        highest = Some(highest.map_or(end, |highest| highest.max(end)));
    }
    if repeated.len() >= UNANSWERED && quiet(heard) {
        return Some((repeated, is_data));
    }
    // A lone probe: just below what was sent, with at most one octet (RFC 9293 section 3.8.4).
    let mut tail = suspect.earlier(own).take_while(|one| one.frame() > heard.frame());
    let probe = tail.find(|one| one.segment.flags.ack() && !one.segment.flags.syn())?;
    // An octet that had not been sent before is data.
    let is_old = suspect.earlier(own).any(|one| one.frame() < probe.frame() && one.segment.seq_end() == sent);
    let is_probe = probe.segment.payload_len <= 1 && probe.segment.seq.add(1) == sent && is_old;
    let is_limited = probe.time().zip(heard.time()).is_some_and(|(probe, heard)| probe.since(heard) < ANSWERED_EVERY);
    (is_probe && !is_limited && quiet(probe)).then(|| (vec![probe.frame()], false))
}

/// Where the right edge of the window moved by more than rounding, though the reset acknowledges nothing new: the frame with the last
/// window, and how many times as wide the new one is, rounded down.
fn window_reopened(suspect: &Suspect<'_>, newly: i32) -> Option<(FrameNumber, i32)> {
    let segment = suspect.segment();
    let scale = suspect.case.flow.scale(suspect.own())?;
    let edge = |ack: SeqNum, window: u16| ack.add(u32::from(window) << scale);
    let rounding = 1i32 << scale;
    let spoke = || suspect.earlier(suspect.own()).filter(|one| one.segment.flags.ack() && !one.segment.flags.syn());
    let last = spoke().next()?;
    let window = segment.window?;
    let times = i32::from(window) / i32::from(last.segment.window?).max(1);
    // An emptied buffer is no larger than the socket ever announced; devices put codes into the field.
    if spoke().filter_map(|one| one.segment.window).max().is_some_and(|widest| window > widest.saturating_mul(4)) {
        return None;
    }
    if newly > 0 {
        let grown = (i32::from(window) << scale) - (i32::from(last.segment.window?) << scale);
        return (grown > rounding).then(|| (last.frame(), times));
    }
    let furthest = spoke().filter_map(|one| Some(edge(one.segment.ack, one.segment.window?))).reduce(SeqNum::max)?;
    (edge(segment.ack, window).since(furthest) > rounding).then(|| (last.frame(), times))
}

/// Other connections of the host that ended in the same moment, as a process's do when it dies: those with data unread by
/// RST, the others by FIN; or the next SYN to its port is refused, which says that the process is gone.
fn process_exit(suspect: &Suspect<'_>) -> Option<(Vec<FrameNumber>, bool)> {
    let case = suspect.case;
    let own = case.flow.stream.endpoints[suspect.own()];
    let time = suspect.segment().time?;
    let endings = &case.surroundings.endings;
    let (mut fin, mut abort, mut went_on) = (None, None, false);
    for ending in endings.near(own.address, time, SAME_EXIT).filter(|ending| ending.flow != case.flow.id) {
        let apart = ending.time.since(time).0.saturating_abs();
        if ending.port != own.port && apart > SAME_EXIT_OTHER_PORT.0 {
            continue;
        }
        match ending.kind {
            Kind::Fin => fin = fin.or(Some(ending.frame)),
            Kind::Abort => abort = abort.or(Some(ending.frame)),
            // Whoever takes a connection between two ends has not gone with the first.
            kind if kind.shows_life() => {
                went_on |= ending.port == own.port && ending.time < time && fin.or(abort).is_some();
            }
            _ => {}
        }
        if fin.is_some() && abort.is_some() && ending.time >= time {
            break;
        }
    }
    let sibling = fin.or(abort)?;
    let next = endings.after(own, time).find(|ending| matches!(ending.kind, Kind::Refusal | Kind::Acceptance));
    match next.filter(|next| next.kind == Kind::Refusal) {
        Some(refusal) => Some((vec![sibling, refusal.frame], true)),
        None if went_on => None,
        None => Some((vec![fin?, abort?], false)),
    }
}
