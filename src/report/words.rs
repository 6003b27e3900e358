//! What was going on in a flow when it ended, in one phrase of facts.

use crate::flow::{Flow, Phase, ResetSegment, Roles, Teardown, Way};
use crate::tcp::{Duration, Timestamp};

/// One phrase: how far the connection had come, who had spoken last, and how long ago.
pub(super) fn activity(flow: &Flow, teardown: Teardown, roles: Roles, capture_end: Option<Timestamp>) -> String {
    let words = Words { flow, roles };
    match teardown {
        Teardown::Refused => words.refused(),
        Teardown::Reset | Teardown::ResetAfterFin => match flow.foremost_reset() {
            Some(reset) => words.at_reset(reset),
            None => words.standing(),
        },
        Teardown::Unanswered => words.unanswered(capture_end),
        Teardown::HalfClosed | Teardown::Open | Teardown::Fin if flow.lived_on() => {
            format!("connection went on after the reset; {}", words.standing())
        }
        Teardown::HalfClosed | Teardown::Open | Teardown::Fin => {
            let strays = flow.resets().iter().any(|reset| reset.in_window == Some(false));
            format!("{}{}", if strays { "reset outside the window; " } else { "" }, words.standing())
        }
    }
}

/// Silence before the last data that may have to do with the end: the shortest idle limits of common servers are a few
/// seconds (gunicorn 2 s, Apache and Node.js 5 s).
const TELLING_PAUSE: Duration = Duration::from_secs(2);

struct Words<'a> {
    flow: &'a Flow,
    roles: Roles,
}

impl Words<'_> {
    fn name(&self, way: Way) -> &'static str {
        if way == self.roles.from_client { "client" } else { "server" }
    }

    fn refused(&self) -> String {
        match self.flow.resets().first() {
            Some(ResetSegment { after: Some(after), .. }) => format!("SYN refused after {}", duration(*after)),
            Some(_) => "SYN refused; only the refusal was captured".to_owned(),
            None => "SYN answered by an ICMP error".to_owned(),
        }
    }

    fn at_reset(&self, reset: &ResetSegment) -> String {
        let then = |what: &str| match reset.after {
            Some(after) => format!("{what}, reset {} later", duration(after)),
            None => format!("{what}, then the reset"),
        };
        let text = match reset.phase {
            Phase::Syn => then("SYN sent, not answered"),
            // Where only one side was captured, its data shows more than the other's missing acknowledgement.
            Phase::Handshake if self.flow.turn_at_reset().is_some() => self.turn(reset),
            Phase::Handshake if self.unseen_side().is_empty() => then("SYN answered, handshake not complete"),
            Phase::Handshake => then("SYN answered"),
            Phase::Closed => then("both sides had closed"),
            Phase::Closing => {
                let closed = match (reset.fin_before[reset.way], reset.fin_before[reset.way.reverse()]) {
                    (true, true) => "both sides".to_owned(),
                    (true, false) => self.name(reset.way).to_owned(),
                    (false, _) => self.name(reset.way.reverse()).to_owned(),
                };
                // In which order the last data and the FINs came is not known here, so the words claim none.
                format!("{closed} had sent FIN; {}", self.last_data(reset))
            }
            Phase::Data => self.turn(reset),
        };
        let probes = self.flow.rare(reset.way).map_or(0, |rare| rare.keepalive_probes);
        let probes = match probes {
            0 => String::new(),
            1 => format!("; {} had sent a keepalive probe", self.name(reset.way)),
            probes => format!("; {} had sent {probes} keepalive probes", self.name(reset.way)),
        };
        let unseen = if reset.phase == Phase::Syn { String::new() } else { self.unseen_side() };
        format!("{text}{probes}{unseen}")
    }

    fn last_data(&self, reset: &ResetSegment) -> String {
        let Some(turn) = self.flow.turn_at_reset() else { return "no data seen".to_owned() };
        let whose = format!("last data: {}'s {}", self.name(turn.way), octets(turn.octets.into()));
        match (turn.last, reset.segment.time) {
            (Some(last), Some(now)) => format!("{whose}, {} before the reset", duration(now.since(last))),
            _ => whose,
        }
    }

    /// Who had sent data last when the reset came, and how long ago.
    fn turn(&self, reset: &ResetSegment) -> String {
        let Some(turn) = self.flow.turn_at_reset() else {
            return match reset.after {
                Some(after) => format!("no data seen, reset {} after the packet before it", duration(after)),
                None => "nothing before the reset was captured".to_owned(),
            };
        };
        let mut sent = format!("{} sent {}", self.name(turn.way), octets(turn.octets.into()));
        if turn.pause >= TELLING_PAUSE {
            sent = format!("after {} without data {sent}", duration(turn.pause));
        }
        match (turn.last, reset.segment.time) {
            (Some(last), Some(now)) => format!("{sent}, reset {} later", duration(now.since(last))),
            _ => format!("{sent}, then the reset"),
        }
    }

    /// Says so where one side's packets are not in the capture, because then silence means nothing.
    fn unseen_side(&self) -> String {
        let unseen = Way::BOTH.into_iter().find(|&way| self.flow.ends[way].segments == 0);
        let heard = unseen.is_some_and(|way| self.flow.stream.sides[way.reverse()].spoke());
        unseen.filter(|_| heard).map_or_else(String::new, |way| format!("; {}'s packets not captured", self.name(way)))
    }

    fn unanswered(&self, capture_end: Option<Timestamp>) -> String {
        let flow = self.flow;
        let silent = |way: Way| match (flow.stream.last_times[way.reverse()].or(flow.first_time), capture_end) {
            (Some(last), Some(end)) => format!(" for {}", duration(end.since(last))),
            _ => String::new(),
        };
        let Some(way) = Way::BOTH.into_iter().max_by_key(|&way| flow.ends[way].unanswered) else {
            return String::new();
        };
        let way =
            if flow.ends[way].unanswered == 0 && flow.ends[way.reverse()].sent_syn() { way.reverse() } else { way };
        let own = &flow.ends[way];
        let what = match flow.phase() {
            Phase::Syn => "SYN".to_owned(),
            Phase::Handshake if own.sent_syn_ack() => "SYN-ACK".to_owned(),
            _ if own.fin_end().is_some() => format!("{}'s FIN", self.name(way)),
            _ => match flow.stream.turn() {
                Some(turn) if turn.way == way => format!("{}'s {}", self.name(way), octets(turn.octets.into())),
                _ => format!("{}'s probe", self.name(way)),
            },
        };
        match own.unanswered {
            0 => format!("{what} not answered{}", silent(way)),
            1 => format!("{what} sent twice, no answer{}", silent(way)),
            u8::MAX => format!("{what} sent more than {} times, no answer{}", u8::MAX, silent(way)),
            repeated => format!("{what} sent {} times, no answer{}", repeated + 1, silent(way)),
        }
    }

    /// How things stand at the end of what was captured.
    fn standing(&self) -> String {
        let flow = self.flow;
        let (client, server) = (self.roles.from_client, self.roles.from_client.reverse());
        let exchanged =
            format!("client sent {}, server {}", octets(flow.ends[client].octets), octets(flow.ends[server].octets));
        match (flow.ends[client].fin_end().is_some(), flow.ends[server].fin_end().is_some()) {
            (true, false) => format!("client closed, server did not; {exchanged}"),
            (false, true) => format!("server closed, client did not; {exchanged}"),
            _ => match flow.phase() {
                Phase::Syn => "SYN not answered yet".to_owned(),
                Phase::Handshake => "handshake not complete".to_owned(),
                _ => exchanged,
            },
        }
    }
}

/// A duration with two or three significant digits in the unit that suits it.
pub fn duration(length: Duration) -> String {
    let nanos = length.0.unsigned_abs();
    let sign = if length.0 < 0 { "-" } else { "" };
    let text = match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..999_500 => scaled(nanos, 1_000, "µs"),
        999_500..999_500_000 => scaled(nanos, 1_000_000, "ms"),
        999_500_000..120_000_000_000 => scaled(nanos, 1_000_000_000, "s"),
        120_000_000_000..7_200_000_000_000 => {
            format!("{} min {} s", nanos / 60_000_000_000, nanos / 1_000_000_000 % 60)
        }
        _ => format!("{} h {} min", nanos / 3_600_000_000_000, nanos / 60_000_000_000 % 60),
    };
    format!("{sign}{text}")
}

/// Rounded, as other texts have the same lengths of time.
fn scaled(number: u64, unit: u64, name: &str) -> String {
    let rounded = |parts: u128| (u128::from(number) * parts + u128::from(unit / 2)) / u128::from(unit);
    match rounded(10) {
        tenths @ 0..1_000 => format!("{}.{} {name}", tenths / 10, tenths % 10),
        _ => format!("{} {name}", rounded(1)),
    }
}

/// A number of octets with its unit.
pub fn octets(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} B"),
        10_000..999_500 => scaled(count, 1_000, "kB"),
        999_500..999_500_000 => scaled(count, 1_000_000, "MB"),
        _ => scaled(count, 1_000_000_000, "GB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (nanos, text) in [
            (0, "0 ns"),
            (1_500, "1.5 µs"),
            (350_000, "350 µs"),
            (12_345_678, "12.3 ms"),
            (11_150_000, "11.2 ms"),
            (99_949_999, "99.9 ms"),
            (99_950_000, "100 ms"),
            (999_499, "999 µs"),
            (999_500, "1.0 ms"),
            (999_999_999, "1.0 s"),
            (3_200_000_000, "3.2 s"),
            (350_100_000_000, "5 min 50 s"),
            (7_200_000_000_000, "2 h 0 min"),
            (-1_500, "-1.5 µs"),
            (i64::MIN, "-2562047 h 47 min"),
        ] {
            assert_eq!(duration(Duration(nanos)), text);
        }
    }

    #[test]
    fn octets_read_well() {
        for (count, text) in [
            (0, "0 B"),
            (9_999, "9999 B"),
            (10_000, "10.0 kB"),
            (1_250_000, "1.3 MB"),
            (999_999, "1.0 MB"),
            (123_456_789_000, "123 GB"),
        ] {
            assert_eq!(octets(count), text);
        }
    }
}
