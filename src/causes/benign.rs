//! Whether the resets of a flow harmed nobody.
//!
//! The rule is strict: a reset is benign only where the capture shows that nothing was lost, or that nobody wanted the
//! connection. Where the capture is silent, it is not.

use std::borrow::Cow;

use super::around::Connection;
use super::ballot::Found;
use super::{Around, Cause, Diagnosis, Story};
use crate::attribution::{Case, Mechanism};
use crate::evidence::Confidence;
use crate::flow::{Flow, Phase, Roles, Teardown, Way};
use crate::surroundings::{Near, Surroundings};
use crate::tcp::{Duration, SeqNum, Timestamp};
use crate::timeline::Sighting;

/// Two attempts of one client that begin within this race each other. RFC 8305 section 5 recommends 250 ms; browsers wait up to 300.
const HEAD_START: Duration = Duration::from_millis(300);

/// Why the resets of a flow harmed nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harmless {
    /// The receiver ignored the reset, and went on.
    WentOn,
    /// The receiver had no use for the reset: the connection was closed in order.
    ClosedInOrder,
    /// A health check wants no data.
    HealthCheck,
    /// A scan wants no connection.
    Scan,
    /// Both sides had closed, with nothing lost.
    BothClosed,
    /// The sender had closed, with nothing lost, and answered a late segment.
    LateSegment,
    /// All but a TLS alert had arrived.
    OnlyAlertLost,
    /// The client had all that it had asked for, as its protocol tells.
    WholeResponse,
    /// The client had the whole answer, as the server's FIN tells.
    WholeAnswer,
    /// The client had an answer, and the connection was at rest for so long.
    Rested(Duration),
    /// The server ended its side by a reset where a FIN would have done.
    InPlaceOfFin,
    /// Only the server's farewell was lost.
    OnlyFarewellLost,
    /// The client went on with another address that it had asked at the same time, in the flow with this id.
    LostRace(u64),
}

impl Harmless {
    /// The same in one clause.
    pub fn in_words(self, around: &Around) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::WentOn => "its receiver ignored the reset, and the connection went on",
            Self::ClosedInOrder => "its receiver had no use for the reset, and both sides closed in order",
            Self::HealthCheck => "a health check, which wants no data",
            Self::Scan => "a port scan, which wants no connection",
            Self::BothClosed => "both sides had closed, and everything had arrived",
            Self::LateSegment => "its sender had closed and everything had arrived: it only answered a late segment",
            Self::OnlyAlertLost => "everything had arrived but a TLS alert, which only says goodbye",
            Self::WholeResponse => "the client had the whole response, and every byte of it had arrived",
            Self::WholeAnswer => "the client had the whole answer: the server had closed, and every byte had arrived",
            Self::Rested(rest) => {
                let seconds = rest.as_secs_f64();
                return format!("the client had its answer, and dropped the connection after {seconds:.1} s of rest")
                    .into();
            }
            Self::InPlaceOfFin => {
                "the client had closed and every byte had arrived: the server only ended its side by a reset"
            }
            Self::OnlyFarewellLost => "the client had said goodbye and closed, and only the server's farewell was lost",
            Self::LostRace(winner) => {
                let address = around.of_flow(winner).map(|winner| winner.server.ip(false).to_string());
                let address = address.unwrap_or_else(|| "the other".to_owned());
                return format!(
                    "the client had asked two addresses at once, and went on with {address} in flow {winner}"
                )
                .into();
            }
        })
    }
}

/// Why the resets of a flow harmed nobody; `None` where they may have, and where there is none.
pub fn benign(story: &Story<'_>, diagnosis: Option<&Diagnosis>, around: &Around) -> Option<Harmless> {
    let Case { flow, roles, surroundings, .. } = *story.case;
    let winner = || winner_over(flow, roles, story.ended(), surroundings, around);
    Harm::of(story).none(diagnosis.map(Diagnosis::found), winner)
}

/// Whether the resets of a flow harmed nobody, as far as it tells by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    /// They did not, for this reason.
    None(Harmless),
    /// That depends on the cause, and on whether the connection lost a race.
    Unless {
        /// The client had its answer, which is no reason where the server's process was killed.
        answer: Option<Harmless>,
        /// Only the server's farewell was lost.
        only_farewell_lost: bool,
        /// It may have lost a race.
        may_have_lost_race: bool,
    },
    /// There is no reset.
    NoReset,
}

impl Harm {
    /// That of a flow.
    pub(super) fn of(story: &Story<'_>) -> Self {
        if story.decisive.is_none() {
            return Self::NoReset;
        }
        if let Some(none) = was_ignored(story).or_else(|| after_the_end(story)).or_else(|| in_place_of_fin(story)) {
            return Self::None(none);
        }
        Self::Unless {
            answer: had_its_answer(story),
            only_farewell_lost: has_only_lost_farewell(story),
            may_have_lost_race: may_have_lost_race(story),
        }
    }

    /// Whether other flows may tell that there was none.
    pub(super) fn depends_on_others(self) -> bool {
        matches!(self, Self::Unless { only_farewell_lost: false, may_have_lost_race: true, .. })
    }

    /// Why there was none, given the cause and, by the other flows, the connection that won a race.
    pub(super) fn none<'a>(
        self,
        found: Option<Found>,
        winner: impl FnOnce() -> Option<&'a Connection>,
    ) -> Option<Harmless> {
        let cause = sure(found);
        let unwanted = match cause {
            Some(Cause::HealthCheck) => Some(Harmless::HealthCheck),
            Some(Cause::HalfOpenScan) => Some(Harmless::Scan),
            _ => None,
        };
        match self {
            Self::NoReset => None,
            Self::None(none @ (Harmless::WentOn | Harmless::ClosedInOrder)) => Some(none),
            Self::None(none) => Some(unwanted.unwrap_or(none)),
            Self::Unless { answer, only_farewell_lost, may_have_lost_race } => unwanted
                .or(answer.filter(|_| cause != Some(Cause::ProcessKilled)))
                .or(only_farewell_lost.then_some(Harmless::OnlyFarewellLost))
                .or_else(|| Some(Harmless::LostRace(Some(winner).filter(|_| may_have_lost_race)?()?.flow))),
        }
    }
}

/// A cause that is sure enough to say what harm was done.
fn sure(found: Option<Found>) -> Option<Cause> {
    found.filter(|found| found.confidence >= Confidence::Likely).map(|found| found.cause)
}

/// No reset had an effect, and the connection itself shows it.
fn was_ignored(story: &Story<'_>) -> Option<Harmless> {
    let resets = || story.case.flow.resets().iter().zip(story.judged).filter(|(reset, _)| !reset.duplicate);
    let ignored = resets().all(|(reset, verdict)| {
        reset.phase != Phase::Closed && verdict.obedience.is_some_and(|obedience| obedience.obeyed == Some(false))
    });
    let went_on = match story.case.flow.lived_on() {
        true => Harmless::WentOn,
        false if story.teardown == Teardown::Fin => Harmless::ClosedInOrder,
        false => return None,
    };
    (ignored && resets().next().is_some()).then_some(went_on)
}

/// The reset came when its sender had closed, and nothing was lost by it.
fn after_the_end(story: &Story<'_>) -> Option<Harmless> {
    let decisive = story.decisive?;
    let (own, peer) = (decisive.reset.way, decisive.reset.way.reverse());
    let passive =
        matches!(decisive.verdict.mechanism, Mechanism::NoConnection | Mechanism::TimeWait | Mechanism::DataAfterClose);
    let both = decisive.reset.fin_before[own]
        && (decisive.reset.fin_before[peer] || story.teardown == Teardown::ResetAfterFin);
    if decisive.verdict.mechanism == Mechanism::AbortUnreadData || !(both || decisive.reset.fin_before[own] && passive)
    {
        return None;
    }
    Some(match (lost(story)?, both) {
        (Lost::Nothing, true) => Harmless::BothClosed,
        (Lost::Nothing, false) => Harmless::LateSegment,
        (Lost::Alert, _) => Harmless::OnlyAlertLost,
    })
}

/// The client reset when it had all it had asked for: the server had closed, or the connection was at rest.
fn had_its_answer(story: &Story<'_>) -> Option<Harmless> {
    let decisive = story.by_host().filter(|_| story.from_client())?;
    let server = story.client().reverse();
    let answered = story.last_turn().is_some_and(|turn| turn.way == server) && story.octets(story.client()) > 0;
    if !answered || decisive.verdict.mechanism != Mechanism::Abort {
        return None;
    }
    lost(story)?;
    match story.application.response_complete {
        Some(false) => return None,
        Some(true) => return Some(Harmless::WholeResponse),
        None => {}
    }
    if story.fin(server).is_some() {
        return Some(Harmless::WholeAnswer);
    }
    story.pause.filter(|pause| pause.by_reset).map(|rest| Harmless::Rested(rest.length))
}

/// The client had closed, having its answer or having said goodbye, and the server ended its side by a reset where a FIN
/// would have done.
fn in_place_of_fin(story: &Story<'_>) -> Option<Harmless> {
    let decisive = story.by_host().filter(|_| !story.from_client())?;
    let client = story.client();
    let answered = story.last_turn().is_some_and(|turn| turn.way != client) && story.octets(client) > 0;
    let done = answered || story.application.said_goodbye();
    let alone = decisive.verdict.mechanism == Mechanism::Abort && story.fin(client).is_some();
    (done && alone && all_arrived(story)).then_some(Harmless::InPlaceOfFin)
}

/// The client had said goodbye and closed, and what its host answered by a reset was the server's farewell.
fn has_only_lost_farewell(story: &Story<'_>) -> bool {
    let goodbye = || {
        story.by_host().filter(|_| story.from_client() && story.application.said_goodbye())?;
        let (client, server) = (story.client(), story.client().reverse());
        let said = story.application.last_request.as_ref()?.last_frame;
        story.fin(client)?;
        Some((said, server, acknowledged(story, server)?))
    };
    let Some((said, server, acknowledged)) = goodbye() else { return false };
    let mut missing = story.before(server).filter(|one| one.segment.payload_len > 0);
    missing.all(|one| one.frame() > said || !one.segment.seq_end().after(acknowledged))
}

/// What of the data had not arrived when the connection ended.
pub(super) enum Lost {
    /// Nothing.
    Nothing,
    /// Nothing but a TLS alert.
    Alert,
}

/// Whether all data that were sent had arrived, but for a TLS alert that only says goodbye.
pub fn all_arrived(story: &Story<'_>) -> bool {
    lost(story).is_some()
}

/// `None` where data were lost, or may have been.
pub(super) fn lost(story: &Story<'_>) -> Option<Lost> {
    let mut lost = Lost::Nothing;
    for way in Way::BOTH {
        let acknowledged = acknowledged(story, way);
        let missing =
            story.case.timeline.sightings.iter().filter(|one| one.way == way && one.is_ordinary()).filter(|one| {
                let data_end = one.segment.seq.add(u32::from(one.segment.flags.syn())).add(one.segment.payload_len);
                one.segment.payload_len > 0 && acknowledged.is_none_or(|acknowledged| data_end.after(acknowledged))
            });
        for one in missing {
            if !is_alert(one) {
                return None;
            }
            lost = Lost::Alert;
        }
    }
    Some(lost)
}

/// How far the data of one way were acknowledged, by the decisive reset itself where a host sent it from a live socket.
fn acknowledged(story: &Story<'_>, way: Way) -> Option<SeqNum> {
    let by_reset = story.by_host().filter(|decisive| decisive.reset.way != way && decisive.verdict.is_active);
    let sightings = &story.case.timeline.sightings;
    let acks = sightings.iter().filter(|one| one.way != way && one.is_ordinary() && one.segment.flags.ack());
    acks.map(|one| one.segment.ack).chain(by_reset.map(|decisive| decisive.reset.segment.ack)).reduce(SeqNum::max)
}

/// Whether a segment is one TLS record with an alert that may be a close_notify: by its type, or in TLS 1.3 by the only
/// length that an alert has once encrypted (two octets, the inner type, and a tag of 16; RFC 8446 sections 5.2 and 6).
pub(super) fn is_alert(one: &Sighting) -> bool {
    const ENCRYPTED_ALERT: u16 = 19;
    const PLAIN_ALERT: u16 = 2;
    let [kind, 3, _, high, low, ref body @ ..] = *one.payload else { return false };
    let length = u16::from_be_bytes([high, low]);
    let fits = match (kind, length) {
        // Level and description: only close_notify is no complaint.
        (21, PLAIN_ALERT) => matches!(body, [_, 0, ..]),
        (21, _) => true,
        (23, ENCRYPTED_ALERT) => true,
        _ => false,
    };
    fits && one.segment.payload_len == u32::from(length) + 5
}

/// Whether a client may have given a connection up for another one: asked two addresses for the same port at once, it goes on with one
/// (Happy Eyeballs, RFC 8305).
fn may_have_lost_race(story: &Story<'_>) -> bool {
    story.by_host().is_some() && story.from_client() && story.is_dataless()
}

/// The connection that the client of a flow went on with when this one `ended`.
pub(super) fn winner_over<'a>(
    flow: &Flow,
    roles: Roles,
    ended: Option<Timestamp>,
    surroundings: &Surroundings,
    around: &'a Around,
) -> Option<&'a Connection> {
    let ends = &flow.stream.endpoints;
    let (client, server) = (ends[roles.from_client], ends[roles.from_client.reverse()]);
    let (began, ended) = (flow.first_time?, ended?);
    let is_winner = |other: &&Connection| {
        other.flow != flow.id
            && other.server.address != server.address
            && other.ended.is_none_or(|other| other > ended)
            && is_same_client(flow.stream.ipv6, client.address, other, surroundings)
    };
    around.used_near(server.port, began, HEAD_START).find(is_winner)
}

/// Whether a connection has the same client: by its address; where it is of the other family, by the device that sends for it.
fn is_same_client(ipv6: bool, address: [u8; 16], other: &Connection, surroundings: &Surroundings) -> bool {
    let other_ipv6 = other.server.ip(false).is_ipv6();
    if ipv6 == other_ipv6 {
        return other.client == address;
    }
    // Beside the client all clients are that one. Elsewhere the link address must not be a router's, which the hop count tells.
    let beside = surroundings.vantage.near == Near::Client;
    let hosts = surroundings.hosts.get(address, ipv6).zip(surroundings.hosts.get(other.client, other_ipv6));
    let same_device = hosts.is_some_and(|(one, other)| {
        let direct = |host: &crate::surroundings::Host| {
            host.ttls.iter().all(|seen| crate::knowledge::ttl::hops(seen.value) == 0)
        };
        direct(one) && direct(other) && one.links.iter().any(|link| other.links.contains(link))
    });
    beside || same_device
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::testing::Scene;

    /// The reason for the first flow of a trace.
    fn first(text: &str) -> Option<String> {
        let scene = Scene::of(text);
        let flows = 0..scene.flows.iter().count();
        let judged: Vec<_> = flows.map(|index| (scene.case(index), scene.judged_of(index))).collect();
        let mut around = Around::default();
        judged.iter().for_each(|(case, resets)| around.learn(&Story::new(case, resets)));
        let (case, resets) = judged.first()?;
        let story = Story::new(case, resets);
        let harmless = benign(&story, crate::causes::diagnose(&story, &around).as_ref(), &around)?;
        Some(harmless.in_words(&around).into())
    }

    const OPEN: &str = "0 c S 0 win 64240 mss 1460 sackok wscale 7
        20 s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0
        20.1 c A 1 ack 1
        21 c PA 1 ack 1 len 100
        41 s PA 1 ack 101 len 900\n";

    /// The reason for a connection that goes on so.
    fn reason(rest: &str) -> Option<String> {
        first(&format!("c reuse 1\ns ttl 57 reuse 1\n{OPEN}{rest}"))
    }

    #[test]
    fn nothing_lost_is_benign_and_anything_lost_is_not() {
        let table = [
            (
                "a late segment after both FINs",
                "42 c A 101 ack 901\n43 s FA 901 ack 101\n44 c FA 101 ack 902\n64 s A 902 ack 102\n65 c A 102 ack 902\n85 s R 902",
                Some("both sides had closed"),
            ),
            (
                "the last ACK never came",
                "42 s FA 901 ack 101\n43 c FA 101 ack 902\n63 s R 902",
                Some("both sides had closed"),
            ),
            ("the answer was cut", "42 c FA 101 ack 1\n62 s FA 901 ack 102\n62.1 c R 102", None),
            (
                "an alert came too late",
                "42 c A 101 ack 901\n43 s FA 901 ack 101\n44 c PA 101 ack 902 data \"\\x15\\x03\\x03\\x00\\x1a12345678901234567890123456\"\n44.1 c FA 132 ack 902\n64 s R 902",
                Some("TLS alert"),
            ),
            (
                "a TLS 1.3 alert came too late",
                "42 c A 101 ack 901\n43 s FA 901 ack 101\n44 c PA 101 ack 902 data \"\\x17\\x03\\x03\\x00\\x131234567890123456789\"\n44.1 c FA 125 ack 902\n64 s R 902",
                Some("TLS alert"),
            ),
            (
                "a complaint came too late",
                "42 c A 101 ack 901\n43 s FA 901 ack 101\n44 c PA 101 ack 902 data \"\\x15\\x03\\x03\\x00\\x02\\x02\\x2e\"\n44.1 c FA 108 ack 902\n64 s R 902",
                None,
            ),
            (
                "a request came too late",
                "42 c A 101 ack 901\n43 s FA 901 ack 101\n44 c PA 101 ack 902 len 100\n44.1 c FA 201 ack 902\n64 s R 902",
                None,
            ),
            (
                "the server had closed",
                "42 c A 101 ack 901\n43 s FA 901 ack 101\n43.1 c A 101 ack 902\n644 c RA 101 ack 902 win 0",
                Some("the server had closed"),
            ),
            ("the connection was at rest", "42 c A 101 ack 901\n9042 c RA 101 ack 901", Some("9.0 s of rest")),
            ("the server may have had more to say", "42 c A 101 ack 901\n62 c RA 101 ack 901", None),
            (
                "the client waited",
                "42 c A 101 ack 901\n43 c PA 101 ack 901 len 50\n63 s A 901 ack 151\n9042 c RA 151 ack 901",
                None,
            ),
            (
                "the client had closed, and the server aborted in place of closing",
                "42 c FA 101 ack 901\n62 s A 901 ack 102\n62.1 s RA 901 ack 102",
                Some("only ended its side"),
            ),
            (
                "the client had closed and waited for its answer",
                "42 c A 101 ack 901\n43 c PA 101 ack 901 len 50\n44 c FA 151 ack 901\n64 s RA 901 ack 152",
                None,
            ),
            ("the server aborted", "42 c A 101 ack 901\n9042 s RA 901 ack 101", None),
            (
                "no reset at all",
                "42 c A 101 ack 901\n43 s FA 901 ack 101\n44 c FA 101 ack 902\n64 s A 902 ack 102",
                None,
            ),
        ];
        for (what, rest, expected) in table {
            let found = reason(rest);
            match expected {
                Some(part) => assert!(found.as_ref().is_some_and(|found| found.contains(part)), "{what}: {found:?}"),
                None => assert_eq!(found, None, "{what}"),
            }
        }
    }

    #[test]
    fn a_reset_that_nobody_heeded_is_benign_only_where_the_connection_went_on() {
        let forged = "42 c A 101 ack 901\n50 s R 400000 ttl 61\n";
        let on = "500 c PA 101 ack 901 len 10\n520 s PA 901 ack 111 len 10\n520.1 c A 111 ack 911\n600 c PA 111 ack 911 len 10\n620 s A 911 ack 121";
        assert!(reason(&format!("{forged}{on}")).is_some_and(|why| why.contains("ignored")));
        assert_eq!(reason(forged), None);
    }

    /// Two attempts of one client; the first gives up.
    fn race(second: &str, start: u32, wins: bool) -> Option<String> {
        let answer = if wins {
            format!("{} s PA 1 ack 101 len 900 {second}\n{} c A 101 ack 901 {second}\n", start + 31, start + 32)
        } else {
            String::new()
        };
        let text = format!(
            "0 c S 0 win 64240 mss 1460 sackok wscale 7 flow 1 server 5
            {start} c S 0 win 64240 mss 1460 sackok wscale 7 {second}
            {0} s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0 {second}
            {1} c A 1 ack 1 {second}
            {2} c PA 1 ack 1 len 100 {second}
            {3} s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0 flow 1 server 5
            {4} c R 1 flow 1 server 5\n{answer}",
            start + 10,
            start + 11,
            start + 12,
            start + 20,
            start + 21,
        );
        first(&text)
    }

    #[test]
    fn the_loser_of_a_race_is_harmless() {
        assert!(race("flow 2 server 6", 250, true).is_some_and(|why| why.contains("198.51.100.6 in flow")));
        for (second, start, wins) in [
            ("flow 2 server 6", 900, true),
            ("flow 2 server 5", 250, true),
            ("flow 2 server 6 port 80", 250, true),
            ("flow 2 server 6 client 2", 250, true),
        ] {
            assert_eq!(race(second, start, wins), None, "{second} at {start}");
        }
    }
}
