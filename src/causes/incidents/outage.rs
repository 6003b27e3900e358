//! A service that went down: its connections end together, new ones are refused, and in the end it comes back.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::words::{between, count, endpoint, list, span};
use super::{Fate, Incident, of};
use crate::attribution::Mechanism;
use crate::causes::{Around, Cause};
use crate::evidence::Confidence;
use crate::parallel;
use crate::tcp::{Duration, Endpoint, Timestamp};

/// Events further apart than this belong to different outages.
const APART: Duration = Duration::from_secs(120);

/// A process ends its connections within this.
const MOMENT: Duration = Duration::from_secs(1);

/// Connections that must end for an end without refusals to be that of a process.
const ENDS: usize = 2;

/// Outages of one server that may have been none are looked at so often; each costs a walk over its connections.
const LOOKED_AT: usize = 1000;

/// What happened at a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Ended,
    Refused,
    Accepted,
}

/// One time that it was down.
#[derive(Default)]
struct Outage<'a> {
    ended: Vec<&'a Fate>,
    refused: Vec<&'a Fate>,
    /// When it began, as far as that was seen.
    down: Option<Timestamp>,
    latest: Option<Timestamp>,
    /// The first connection granted after the refusals.
    back: Option<Timestamp>,
    /// Whether it had served before.
    served: bool,
}

/// The outages of each server, those of one server together, looked for on so many threads.
pub(super) fn find(fates: &[Fate], around: &Around, threads: usize) -> Vec<Incident> {
    let mut by_server: HashMap<(Endpoint, bool), Vec<&Fate>, RandomState> = HashMap::default();
    for fate in fates.iter().filter(|fate| is_part(fate) || may_be_part(fate)) {
        by_server.entry((fate.server, fate.ipv6)).or_default().push(fate);
    }
    // Nothing that one connection met alone is an outage, nor what none met that a dead process would have left.
    by_server.retain(|_, fates| fates.len() > 1 && fates.iter().any(|fate| is_part(fate)));
    let mut by_server: Vec<_> = by_server.into_iter().collect();
    by_server.sort_unstable_by_key(|(server, _)| *server);
    let told = |((server, ipv6), fates): &((Endpoint, bool), Vec<&Fate>)| {
        let outages = of_server(*server, fates, around);
        tell(&endpoint(*server, *ipv6), &outages, &|after| {
            around.of_server(*server).any(|one| one.accepted && one.began > after)
        })
    };
    let mut found = Vec::new();
    let of_some = |_, some: &[_]| some.iter().filter_map(told).collect::<Vec<_>>();
    parallel::in_pieces(threads, &by_server, 1, of_some, |some| found.extend(some));
    found
}

fn is_part(fate: &Fate) -> bool {
    match fate.cause {
        Some(Cause::ServerRestart | Cause::RefusedNoListener) => true,
        Some(Cause::ProcessKilled) => !fate.by_client,
        _ => false,
    }
}

/// Whether the server ended it in a way in which a process ends, too: counted if nothing but refusals follows.
fn may_be_part(fate: &Fate) -> bool {
    let fits = matches!(fate.cause, Some(Cause::ClosedWithUnreadData | Cause::DataAfterClose | Cause::AbortLinger0));
    fits && !fate.by_client && fate.harmless.is_none()
}

fn of_server<'a>(server: Endpoint, fates: &[&'a Fate], around: &Around) -> Vec<Outage<'a>> {
    let own: HashMap<u64, &'a Fate, RandomState> = fates.iter().map(|fate| (fate.flow, *fate)).collect();
    let mut events: Vec<(Timestamp, What, Option<&'a Fate>)> = Vec::new();
    for connection in around.of_server(server) {
        let fate = own.get(&connection.flow).copied();
        let refused = connection.mechanism == Some(Mechanism::NoListener);
        match fate {
            Some(fate) if refused => events.push((connection.began, What::Refused, Some(fate))),
            Some(fate) => events.extend(fate.ended.map(|ended| (ended, What::Ended, Some(fate)))),
            None => {}
        }
        if connection.accepted && !refused {
            events.push((connection.began, What::Accepted, None));
        }
    }
    events.sort_by_key(|(time, what, fate)| (*time, *what, fate.map(|fate| fate.flow)));
    let mut outages: Vec<Outage<'a>> = Vec::new();
    let mut now: Option<Outage<'a>> = None;
    let mut served = false;
    let mut perhaps: Vec<(Timestamp, &'a Fate)> = Vec::new();
    for (time, what, fate) in events {
        if let Some(fate) = fate.filter(|fate| what == What::Ended && !is_part(fate)) {
            perhaps.push((time, fate));
            continue;
        }
        let over = now.as_ref().is_some_and(|now| {
            let late = now.latest.is_some_and(|latest| time.since(latest).0 > APART.0);
            // What happens after it came back is another outage, and so is a later end where nothing was refused before.
            let later = now.refused.is_empty() && now.down.is_some_and(|down| time.since(down).0 > MOMENT.0);
            late || (what != What::Accepted && now.back.is_some()) || (what == What::Ended && later)
        });
        if over {
            outages.extend(now.take());
        }
        if what == What::Accepted {
            perhaps.clear();
        }
        match (what, &mut now) {
            (What::Accepted, None) => {}
            (What::Accepted, Some(now)) => {
                if !now.refused.is_empty() {
                    now.back = now.back.or(Some(time));
                }
            }
            (_, now) => {
                let now = now.get_or_insert_with(|| Outage { down: Some(time), served, ..Outage::default() });
                if what == What::Refused {
                    for (ended, fate) in perhaps.drain(..).filter(|(ended, _)| time.since(*ended).0 <= APART.0) {
                        now.down = now.down.min(Some(ended));
                        now.ended.push(fate);
                    }
                }
                now.latest = Some(time);
                let list = if what == What::Ended { &mut now.ended } else { &mut now.refused };
                list.extend(fate);
            }
        }
        served |= what == What::Accepted;
    }
    outages.extend(now);
    let mut looks = 0;
    outages.retain(|outage| {
        let unsure = outage.is_one() && !outage.is_sure();
        looks += usize::from(unsure);
        outage.is_one() && (!unsure || looks <= LOOKED_AT && !has_lived_through(server, outage, around))
    });
    outages
}

/// Whether an older connection outlived the refusals: then it was not the service that was gone.
fn has_lived_through(server: Endpoint, outage: &Outage<'_>, around: &Around) -> bool {
    let ended: Vec<u64> = outage.ended.iter().map(|fate| fate.flow).collect();
    let Some(refused) = outage.refused.iter().filter_map(|fate| fate.began).min() else { return false };
    let mut older = around.of_server(server).filter(|one| one.accepted && one.began < refused);
    older.any(|one| one.ended.is_none_or(|ended| ended > refused) && !ended.contains(&one.flow))
}

impl Outage<'_> {
    /// Whether connections ended as those of a dead process do.
    fn is_sure(&self) -> bool {
        self.ended.iter().any(|fate| is_part(fate))
    }

    /// Whether so much is no chance, and no port where nothing ever listened.
    fn is_one(&self) -> bool {
        match (self.ended.len(), self.refused.len()) {
            (ENDS.., 0) => true,
            (1.., 1..) => true,
            (0, 2..) => self.served,
            _ => false,
        }
    }

    fn length(&self) -> Option<Duration> {
        Some(between(self.down, Some(self.back?)))
    }
}

fn tell(server: &str, outages: &[Outage<'_>], accepts_after: &dyn Fn(Timestamp) -> bool) -> Option<Incident> {
    let ended: Vec<&Fate> = outages.iter().flat_map(|outage| &outage.ended).copied().collect();
    let refused: Vec<&Fate> = outages.iter().flat_map(|outage| &outage.refused).copied().collect();
    let all: Vec<&Fate> = ended.iter().chain(&refused).copied().collect();
    let last = outages.last()?;
    let lengths: Vec<String> = outages.iter().filter_map(Outage::length).map(span).collect();
    let is_sure = ended.iter().any(|fate| fate.confidence > Confidence::Possible);
    let title = match (outages.len(), refused.len(), lengths.first()) {
        (1, 0, _) if !is_sure => format!("{server} ended {} at once", count(ended.len(), "connection")),
        (1, 0, _) => format!("A process of {server} died with {}", count(ended.len(), "connection")),
        (1, _, Some(length)) => format!("{server} went down for {length}"),
        (1, _, None) if ended.is_empty() => format!("{server} stopped accepting connections"),
        (1, _, None) => format!("{server} went down"),
        (times, 0, _) if !is_sure => format!("{server} ended several connections at once, {times} times"),
        (times, 0, _) => format!("Processes of {server} died {times} times"),
        (times, ..) => format!("{server} went down {times} times"),
    };
    let mut explanation = String::new();
    if outages.len() == 1 && !ended.is_empty() {
        let times = || ended.iter().filter_map(|fate| fate.ended);
        let within = between(times().min(), times().max());
        explanation += &match ended.len() {
            1 => "One connection ended. ".to_owned(),
            n => format!("{n} connections ended within {}. ", span(Duration(within.0.max(1_000_000)))),
        };
    } else if !ended.is_empty() {
        explanation += &format!("{} ended with it. ", count(ended.len(), "connection"));
    }
    let attempts = count(refused.len(), "new connection");
    explanation += &match (refused.len(), lengths.as_slice()) {
        (0, _) if last.latest.is_some_and(accepts_after) => {
            "New connections were accepted afterwards: another process took over, or it was back at once.".to_owned()
        }
        (0, _) if is_sure => "Nobody tried the port afterwards.".to_owned(),
        (0, _) => {
            let last = if outages.len() > 1 { "after the last of them" } else { "afterwards" };
            format!("Its process died, or ended them on purpose, as by a reload: nobody tried the port {last}.")
        }
        (n, []) => {
            let tried = last.refused.iter().filter_map(|fate| fate.began).max();
            let after = span(between(last.down, tried));
            let refused = match (n, ended.is_empty()) {
                (1, false) => format!("1 new connection was refused {after} later"),
                (_, false) => format!("{attempts} were refused, the last one {after} later"),
                (_, true) => format!("Earlier ones had been accepted, then {n} were refused within {after}"),
            };
            format!("{refused}; none was accepted before the capture ends.")
        }
        (n, [length]) if outages.len() == 1 => {
            let since = if ended.is_empty() { "after the first refusal" } else { "after the first end" };
            format!(
                "{attempts} {} refused, until one was accepted {length} {since}.",
                if n == 1 { "was" } else { "were" }
            )
        }
        (n, lengths) => {
            let again =
                if last.back.is_none() { "; from the last one it had not come back when the capture ends" } else { "" };
            format!(
                "{attempts} {} refused. It was down for {}{again}.",
                if n == 1 { "was" } else { "were" },
                list(lengths.iter().cloned())
            )
        }
    };
    let cause = match (ended.is_empty(), outages.iter().any(|outage| outage.back.is_some())) {
        (_, true) => Cause::ServerRestart,
        (false, false) => Cause::ProcessKilled,
        (true, false) => Cause::RefusedNoListener,
    };
    let mut incident = of(&all, cause, title, explanation);
    incident.last = incident.last.max(last.back);
    Some(incident)
}
