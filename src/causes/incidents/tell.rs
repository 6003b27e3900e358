//! What happened to a group of flows, in words.

use super::group::Group;
use super::words::{clients, count, different, lasted, list, range, servers, services, span, targets};
use super::{Fate, Incident, limit, names, of};
use crate::attribution::Sender;
use crate::causes::{Around, Cause, idle_gaps};
use crate::knowledge::idle_timeouts::{self, Place};
use crate::surroundings::SAME_EXIT;
use crate::tcp::Duration;

/// Products that are named as candidates for a timer.
const PRODUCTS: usize = 4;

pub(super) fn incident(group: &Group<'_>, around: &Around) -> Incident {
    let fates = group.fates.as_slice();
    let (title, explanation) = words(group.cause, fates, around);
    of(fates, group.cause, title, explanation)
}

/// Title and explanation.
fn words(cause: Cause, fates: &[&Fate], around: &Around) -> (String, String) {
    let connections = count(fates.len(), "connection");
    let to = targets(fates);
    let from = list(clients(fates).into_iter().map(|address| address.to_string()));
    let spread = over(fates);
    match cause {
        Cause::ConnectionLimit => {
            let open = limit::open_at(fates, around);
            let title = match open {
                Some((least, most)) if least == most => {
                    format!("{to} takes {least} connections and turns away the others")
                }
                _ => format!("{to} turned away {connections} beyond a limit"),
            };
            let live_on = open.map_or_else(String::new, |(least, most)| {
                format!(
                    " {} earlier ones were open at those moments, and lived on.",
                    range(least, most, |n| n.to_string())
                )
            });
            (title, format!("{connections} from {from} {} turned away{spread}.{live_on}", were(fates)))
        }
        Cause::RateLimited => {
            let rate = limit::rate(fates, around).map_or_else(String::new, |rate| {
                format!(
                    " The first came as attempt {} within {}; {} passed in all, at most {} of them within {}.",
                    rate.attempts,
                    span(limit::WINDOW),
                    rate.granted,
                    rate.most_granted,
                    span(limit::WINDOW)
                )
            });
            (
                format!("A packet filter limits the rate of connections to {to}"),
                format!(
                    "{connections} from {from} {} rejected{spread}, while others were let through.{rate}",
                    were(fates)
                ),
            )
        }
        Cause::BacklogOverflow => (
            format!("The accept queue of {to} was full"),
            format!(
                "{connections} {} reset at the end of the handshake{spread}: the application did not accept them in time.",
                were(fates)
            ),
        ),
        Cause::PeerLostState => lost_state(fates),
        Cause::ServerRestart | Cause::ProcessKilled => {
            let whose = if by_client(fates) { format!("the client {from}") } else { to };
            (
                format!("A process of {whose} died with {connections}"),
                format!("{connections} ended{spread} as the kernel ends those of a dead process."),
            )
        }
        Cause::KeepaliveFailure | Cause::UnansweredData => {
            let between = list(servers(fates).into_iter().map(|address| address.to_string()));
            let what =
                if cause == Cause::KeepaliveFailure { "until the sender's kernel gave up" } else { "again and again" };
            (
                format!("The path between {from} and {between} went dead"),
                format!("On {connections} data or probes were sent {what}, and nothing came back."),
            )
        }
        Cause::InjectedContentFilter => {
            let names = different(fates, |fate| fate.name.clone());
            let names: Vec<_> = names.into_iter().flatten().collect();
            let names = list(names.iter().map(|name| format!("\"{name}\"")));
            let asked = if names.is_empty() { String::new() } else { format!(" The clients had asked for {names}.") };
            let is_device = fates.iter().all(|fate| fate.sender == Some(Sender::Middlebox));
            let who = if is_device {
                "A device that is neither client nor server"
            } else {
                "Something that looks into the data"
            };
            let answer = "in answer to what the client had sent";
            (
                if is_device {
                    format!("A content filter on the path reset {connections}")
                } else {
                    format!("A content filter reset {connections}")
                },
                format!(
                    "{who} reset {connections} to {to}{spread}, each {answer}.{asked}{}{}",
                    names::let_through(fates, around),
                    distance(fates)
                ),
            )
        }
        Cause::InjectedBlindOrInvalid => forged(fates, &connections, &to, &spread),
        Cause::IdleTimeoutMiddlebox => {
            let gap = gap(fates);
            let (products, together) = (products(fates, Place::Path, around), together(fates));
            (
                match together {
                    "" => format!("A device on the path ends connections that are idle for {gap}"),
                    _ => format!("A device on the path ended {connections} after {gap} of silence"),
                },
                format!("{connections} to {to} died after {gap} of silence.{products}{together}"),
            )
        }
        Cause::IdleTimeoutEndpoint => {
            let gap = gap(fates);
            let (products, together) = (products(fates, Place::End, around), together(fates));
            (
                match together {
                    "" => format!("{to} ends connections that are idle for {gap}"),
                    _ => format!("{to} ended {connections} after {gap} of silence"),
                },
                format!("{connections} from {from} ended after {gap} of silence.{products}{together}"),
            )
        }
        Cause::StaleKeepaliveReuse => (
            format!("Clients reuse connections that {to} is closing"),
            format!(
                "{} from {from} met the server's FIN and {} answered by resets{spread}.{}",
                count(fates.len(), "request"),
                were(fates),
                match gaps(fates) {
                    Some(_) => format!(" The server had closed after {} of rest.", gap(fates)),
                    None => String::new(),
                }
            ),
        ),
        Cause::ClientAbort => {
            (format!("{from} gave up {connections}"), format!("The client cancelled {connections} to {to}{spread}."))
        }
        Cause::ClosedWithUnreadData | Cause::DataAfterClose | Cause::AbortLinger0 => habit(cause, fates),
        Cause::ProtocolMismatch => (
            format!("Clients and {to} do not speak the same protocol"),
            format!("{connections} from {from} failed in the same way{spread}."),
        ),
        Cause::RefusedNoListener | Cause::RefusedByFirewall | Cause::IcmpUnreachable => refused(cause, fates, around),
        Cause::UnansweredSyn => (
            format!("{to} does not answer"),
            format!("{} from {from} had no answer at all.", count(fates.len(), "attempt")),
        ),
        Cause::TimewaitReset => (
            format!("Ports of old connections to {to} are used again too soon"),
            format!("{connections} from {from} met leftovers of older ones{spread}."),
        ),
        Cause::HalfOpenScan => scan(fates, &from, &spread),
        Cause::HealthCheck => (
            format!("{from} checks the health of {to}"),
            format!("It opened and reset {connections} without sending anything{}; that is benign.", period(fates)),
        ),
    }
}

fn refused(cause: Cause, fates: &[&Fate], around: &Around) -> (String, String) {
    let (to, from) = (targets(fates), list(clients(fates).into_iter().map(|address| address.to_string())));
    let granted = fates.first().map_or(0, |fate| around.of_server(fate.server).filter(|other| other.accepted).count());
    let by = match cause {
        Cause::RefusedNoListener => "refused by the host itself",
        Cause::IcmpUnreachable => "rejected by ICMP errors",
        _ => "rejected by a packet filter and not by the server's TCP",
    };
    let title = match (cause, granted) {
        (Cause::RefusedNoListener, 0) => format!("Nothing listens on {to}"),
        (_, 0) => format!("{to} cannot be reached: something rejects the attempts"),
        (Cause::RefusedNoListener, _) => format!("{to} refuses some connections and grants others"),
        _ => format!("Something rejects some connections to {to} and lets others through"),
    };
    let others = match granted {
        0 => "none was granted".to_owned(),
        1 => "1 other was granted".to_owned(),
        granted => format!("{granted} others were granted"),
    };
    let attempts = count(fates.len(), "attempt");
    (title, format!("{attempts} from {from} {} {by}{}; {others}.", were(fates), over(fates)))
}

fn lost_state(fates: &[&Fate]) -> (String, String) {
    let by_client = by_client(fates);
    let who = if by_client { clients(fates) } else { servers(fates) };
    let who = list(who.into_iter().map(|address| address.to_string()));
    let connections = count(fates.len(), "connection");
    if fates.iter().all(|fate| fate.moved) {
        return (
            format!("Address translation lost {connections} with {who}"),
            format!(
                "The addresses of {connections} changed in the middle, and segments of unknown connections {} answered by \
                 resets{}.{} The device that translates addresses lost its table, or its entries expired.",
                were(fates),
                over(fates),
                after_silence(fates)
            ),
        );
    }
    let moved = fates
        .iter()
        .filter_map(|fate| fate.hops)
        .any(|hops| hops.claimed_sender.is_some_and(|usual| usual != hops.sender));
    let other = if moved {
        "The resets come from another distance than its earlier packets: another host or a device answers in its place."
    } else if by_client {
        "Either that host restarted, or the device that translates its address lost its table."
    } else {
        "Either that host restarted, its address moved to another one, or a device in front of it lost its table."
    };
    (
        format!("{who} forgot {connections}"),
        format!(
            "{connections} that had not been closed {} answered by resets{}.{} {other}",
            were(fates),
            over(fates),
            after_silence(fates)
        ),
    )
}

fn forged(fates: &[&Fate], connections: &str, to: &str, spread: &str) -> (String, String) {
    let unharmed = fates.iter().filter(|fate| fate.harmless.is_some()).count();
    let effect = match (unharmed, fates.len() - unharmed) {
        (0, _) => "They ended by it.".to_owned(),
        (_, 0) => "None of them was harmed.".to_owned(),
        (_, ended) => format!(
            "{unharmed} of them {} not harmed, {ended} ended by it.",
            if unharmed == 1 { "was" } else { "were" }
        ),
    };
    (
        format!("Somebody forges resets for connections to {to}"),
        format!("{connections} met resets{spread} that neither host sent. {effect}{}", distance(fates)),
    )
}

fn habit(cause: Cause, fates: &[&Fate]) -> (String, String) {
    let connections = count(fates.len(), "connection");
    let (from, to) = (list(clients(fates).into_iter().map(|address| address.to_string())), targets(fates));
    let (who, others) = if by_client(fates) { (from, to) } else { (to, from) };
    let (title, what) = match cause {
        Cause::ClosedWithUnreadData => {
            ("closes connections without reading them to their end", "closed while data lay unread")
        }
        Cause::DataAfterClose => ("closes connections while the other side still sends", "met data after the close"),
        _ => ("aborts its connections by resets", "aborted"),
    };
    let silence = after_silence(fates);
    let verb = if cause == Cause::DataAfterClose { "" } else { were(fates) };
    let explanation = format!("{connections} with {others} {verb} {what},{}.{silence}", all(fates)).replace("  ", " ");
    (format!("{who} {title}"), explanation)
}

fn scan(fates: &[&Fate], from: &str, spread: &str) -> (String, String) {
    let hosts = servers(fates).len();
    let targets = services(fates).len();
    let refused = fates.iter().filter(|fate| !fate.by_client).count();
    let what = if hosts == 1 {
        format!("{} of {}", count(targets, "port"), list(servers(fates).into_iter().map(|address| address.to_string())))
    } else {
        format!("{} of {hosts} hosts", count(targets, "port"))
    };
    (
        format!("{from} scans {what}"),
        format!(
            "{} without any data{spread}: {} open, which the scanner reset, and {refused} refused. For the services nothing is wrong.",
            count(fates.len(), "attempt"),
            fates.len() - refused
        ),
    )
}

fn were(fates: &[&Fate]) -> &'static str {
    if fates.len() == 1 { "was" } else { "were" }
}

/// Whether all resets are in the clients' names.
fn by_client(fates: &[&Fate]) -> bool {
    fates.iter().all(|fate| fate.by_client)
}

/// ` within 2.5 s`.
fn over(fates: &[&Fate]) -> String {
    let lasted = lasted(fates);
    if lasted.0 > 1_000_000 { format!(" within {}", span(lasted)) } else { " in the same moment".to_owned() }
}

/// ` all within 2.5 s`.
fn all(fates: &[&Fate]) -> String {
    format!(" all{}", over(fates))
}

/// The gaps of those that have one, shortest first.
fn gaps(fates: &[&Fate]) -> Option<Vec<Duration>> {
    let mut gaps: Vec<Duration> = fates.iter().filter_map(|fate| fate.gap).collect();
    gaps.sort_by_key(|gap| gap.0);
    (!gaps.is_empty()).then_some(gaps)
}

/// Says so where the ends prove no timer, since they came in one moment.
fn together(fates: &[&Fate]) -> &'static str {
    if lasted(fates).0 <= SAME_EXIT.0 {
        " They ended in one moment, so that one event may have ended them as well."
    } else {
        ""
    }
}

/// Says so where all ended after one and the same silence. What falls silent and dies together shares its silence by
/// itself; only ends at different times show a timer.
fn after_silence(fates: &[&Fate]) -> String {
    let gaps = gaps(fates).filter(|gaps| gaps.len() == fates.len()).unwrap_or_default();
    let [_] = idle_gaps::histogram(gaps.clone())[..] else { return String::new() };
    let apart = gaps.first().zip(gaps.last()).map_or(0, |(least, most)| most.0.saturating_sub(least.0));
    let timer =
        if lasted(fates).0 > apart.max(SAME_EXIT.0).saturating_mul(4) { ", which points at an idle limit" } else { "" };
    format!(" All of them had been silent for {}{timer}.", gap(fates))
}

/// `239.8 to 240.3 s`.
fn gap(fates: &[&Fate]) -> String {
    let gaps = gaps(fates).unwrap_or_default();
    let tenths = |gap: Option<&Duration>| gap.map_or_else(String::new, |gap| format!("{:.1}", gap.as_secs_f64()));
    range(tenths(gaps.first()), tenths(gaps.last()), |text| text) + " s"
}

/// Whose timer that may be.
fn products(fates: &[&Fate], place: Place, around: &Around) -> String {
    let gaps = gaps(fates).unwrap_or_default();
    let mut known = gaps.get(gaps.len() / 2).map(|median| around.idle_limits(*median, place)).unwrap_or_default();
    known.dedup_by(|one, other| one.product == other.product);
    known.truncate(PRODUCTS);
    idle_timeouts::whose(&known).map_or_else(String::new, |whose| format!(" That is {whose}."))
}

/// `, one every 2.0 s`.
fn period(fates: &[&Fate]) -> String {
    let mut times: Vec<_> = fates.iter().filter_map(|fate| fate.began).collect();
    times.sort_unstable();
    let mut periods: Vec<i64> = times
        .windows(2)
        .filter_map(|pair| match pair {
            [one, next] => Some(next.since(*one).0),
            _ => None,
        })
        .collect();
    periods.sort_unstable();
    periods.get(periods.len() / 2).map_or_else(String::new, |median| format!(", one every {}", span(Duration(*median))))
}

/// How far the device is, if it is always as far.
fn distance(fates: &[&Fate]) -> String {
    let mut hops: Vec<u8> = fates.iter().filter_map(|fate| fate.hops).map(|hops| hops.sender).collect();
    hops.sort_unstable();
    hops.dedup();
    match hops.as_slice() {
        [] => String::new(),
        [0] => " Its packets cross no router on the way here.".to_owned(),
        [1] => " Its packets cross 1 router on the way here.".to_owned(),
        [one] => format!(" Its packets cross {one} routers on the way here."),
        several => format!(
            " Its packets come with {} different hop counts: there are several devices, or it imitates the hosts.",
            several.len()
        ),
    }
}
