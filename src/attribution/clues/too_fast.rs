//! It acknowledges or answers a segment that cannot have reached the claimed host yet.

use super::Question;
use crate::attribution::Party;
use crate::attribution::origin::QUICKER;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::flow::Form;
use crate::tcp::{Duration, SeqNum};
use crate::timeline::Sighting;

/// Round trips below this are of the capture point's own host or link: the clocks and queues of one machine are no measure.
const LEAST_ROUND_TRIP: Duration = Duration(500_000);

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    let is_timed = suspect.case.is_timed(suspect.own());
    let own_least = suspect.case.round_trip_to(suspect.own()).filter(|_| is_timed)?;
    // One handshake may have waited on the way; the host is as far for the others.
    let nearest = suspect.case.host(suspect.own()).and_then(|host| host.nearest);
    let least = nearest.map_or(own_least, |nearest| nearest.min(own_least));
    if least < LEAST_ROUND_TRIP {
        return None;
    }
    let (own, peer) = (suspect.own(), suspect.peer());
    // What only this segment can have told its sender.
    let known: Option<SeqNum> = suspect.acknowledged();
    let told = suspect.earlier(peer).filter(|one| match suspect.reset.form() {
        Form::RstAck => {
            one.segment.seq_len() > 0
                && !one.segment.seq_end().after(segment.ack)
                && known.is_none_or(|known| one.segment.seq_end().after(known))
        }
        Form::Rst => one.segment.flags.ack() && one.segment.ack == segment.seq,
    });
    // For an answer any of them will do; for an acknowledgement the one that reaches furthest must have arrived.
    let decisive = match suspect.reset.form() {
        Form::RstAck => told.filter(|one| one.segment.seq_end() == segment.ack).min_by_key(|one| one.frame())?,
        Form::Rst => told.min_by_key(|one| one.frame())?,
    };
    // A clock that was set back measures nothing.
    let since = suspect.since(decisive).filter(|since| since.0 >= 0)?;
    let name = suspect.case.name(own);
    // Either time may be off by a tick of the clock.
    let tick = tick(&suspect.case.timeline.sightings);
    let (since, least) = (Duration(since.0.saturating_add(tick.0)), Duration(least.0.saturating_sub(tick.0)));
    if since.0 as f64 >= least.0 as f64 * QUICKER {
        return None;
    }
    // A handshake is answered at once; from later segments alone, delayed acknowledgements may have been all that was timed.
    let measured = matches!(suspect.case.flow.handshake_times(), (Some(_), Some(_)));
    let weight = match (since.0.saturating_mul(3) < least.0, measured) {
        (true, true) => Weight::Decisive,
        (true, false) => Weight::Strong,
        _ => Weight::Moderate,
    };
    Some(suspect.forged(super::TOO_FAST, Aspect::Timing, weight, [decisive.frame(), segment.frame], || {
        format!(
            "it answers frame {} after {:.1} ms, and {name} is {:.1} ms away and back",
            decisive.frame(),
            since.0 as f64 / 1e6,
            least.0 as f64 / 1e6
        )
    }))
}

/// How coarse the capture's clock is, where that is more than all that is timed here: its times are all multiples of it.
fn tick(all: &[Sighting]) -> Duration {
    /// The second of some loggers, the tick of old systems, and the millisecond that some tools write.
    const TICKS: [i64; 3] = [1_000_000_000, 10_000_000, 1_000_000];
    let divides = |tick: &&i64| all.iter().filter_map(Sighting::time).all(|time| time.nanos() % **tick == 0);
    Duration(TICKS.iter().find(divides).copied().unwrap_or(0))
}
