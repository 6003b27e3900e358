//! Flows of one cause that share what one thing would make them share.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::Fate;
use crate::causes::{Cause, idle_gaps};
use crate::tcp::Duration;

/// Flows of one cause that died of one thing.
pub(super) struct Group<'a> {
    pub cause: Cause,
    /// In the order of their ends.
    pub fates: Vec<&'a Fate>,
}

/// What flows of one cause must share.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shared {
    /// The server's address and port.
    Service,
    /// The host in whose name the reset came.
    Host,
    /// The same, of a server with its port.
    Program,
    /// The client's address.
    Client,
    /// The client's address and the server.
    Pair,
    /// The length of the silence before.
    Gap,
    /// Server and length of the silence before.
    ServiceAndGap,
    /// Only the place of the capture, and with it the devices on the path.
    Path,
}

/// When several flows of a cause are one incident.
struct Rule {
    shared: Shared,
    /// So many flows are needed.
    least: usize,
    /// And they may lie so far apart in time; `None` for habits, which come back at any time.
    apart: Option<Duration>,
}

const FEW: usize = 2;
const SOME: usize = 3;

/// One thing happens at one time: everything it kills dies within seconds, or when it next speaks.
const EVENT: Option<Duration> = Some(Duration::from_secs(120));

/// What goes on for a while, with pauses.
const SPELL: Option<Duration> = Some(Duration::from_secs(300));

const HABIT: Option<Duration> = None;

fn rule(cause: Cause) -> Rule {
    let (shared, least, apart) = match cause {
        Cause::ConnectionLimit | Cause::RateLimited | Cause::BacklogOverflow => (Shared::Service, FEW, SPELL),
        Cause::PeerLostState => (Shared::Host, FEW, EVENT),
        Cause::ServerRestart => (Shared::Service, FEW, EVENT),
        Cause::ProcessKilled => (Shared::Program, FEW, EVENT),
        Cause::KeepaliveFailure | Cause::UnansweredData => (Shared::Host, FEW, EVENT),
        Cause::InjectedContentFilter | Cause::InjectedBlindOrInvalid => (Shared::Path, FEW, SPELL),
        Cause::IdleTimeoutMiddlebox => (Shared::Gap, FEW, HABIT),
        Cause::IdleTimeoutEndpoint => (Shared::ServiceAndGap, FEW, HABIT),
        Cause::StaleKeepaliveReuse | Cause::ProtocolMismatch => (Shared::Service, FEW, HABIT),
        Cause::ClosedWithUnreadData | Cause::DataAfterClose | Cause::AbortLinger0 => (Shared::Program, SOME, HABIT),
        Cause::ClientAbort => (Shared::Client, SOME, SPELL),
        Cause::RefusedNoListener => (Shared::Service, SOME, SPELL),
        Cause::RefusedByFirewall | Cause::IcmpUnreachable | Cause::UnansweredSyn => (Shared::Service, FEW, SPELL),
        Cause::TimewaitReset => (Shared::Service, SOME, SPELL),
        Cause::HalfOpenScan => (Shared::Client, SOME, SPELL),
        Cause::HealthCheck => (Shared::Pair, SOME, HABIT),
    };
    Rule { shared, least, apart }
}

/// Whether an incident of this cause may be of flows that were not harmed.
fn may_be_benign(cause: Cause) -> bool {
    use Cause::{HalfOpenScan, HealthCheck, InjectedBlindOrInvalid, InjectedContentFilter};
    matches!(cause, HealthCheck | HalfOpenScan | InjectedBlindOrInvalid | InjectedContentFilter)
}

/// An address with or without a port, or nothing.
type Place = Option<([u8; 16], u16)>;

/// The groups, in the order of the catalogue of causes.
pub(super) fn find<'a>(fates: &[&'a Fate]) -> Vec<Group<'a>> {
    let mut together: HashMap<(Cause, Place, Place), Vec<&'a Fate>, RandomState> = HashMap::default();
    for &fate in fates {
        let Some(cause) = fate.cause.filter(|cause| fate.harmless.is_none() || may_be_benign(*cause)) else { continue };
        let (client, server) = ((fate.client.address, 0), (fate.server.address, fate.server.port));
        let (one, other) = match rule(cause).shared {
            Shared::Service | Shared::ServiceAndGap => (Some(server), None),
            Shared::Host | Shared::Program if fate.by_client => (Some(client), None),
            Shared::Host => (Some((fate.server.address, 0)), None),
            Shared::Program => (Some(server), None),
            Shared::Client => (Some(client), None),
            Shared::Pair => (Some(client), Some(server)),
            Shared::Gap | Shared::Path => (None, None),
        };
        together.entry((cause, one, other)).or_default().push(fate);
    }
    let mut found = Vec::new();
    let mut together: Vec<_> = together.into_iter().collect();
    together.sort_unstable_by_key(|(shared, _)| *shared);
    for ((cause, ..), fates) in together {
        let rule = rule(cause);
        let alike = match rule.shared {
            Shared::Gap | Shared::ServiceAndGap => {
                let fates = fates.into_iter().filter_map(|fate| Some((fate.gap?, fate))).collect();
                let groups = idle_gaps::grouped(fates, |(gap, _)| *gap).into_iter();
                groups.map(|group| group.into_iter().map(|(_, fate)| fate).collect()).collect()
            }
            _ => vec![fates],
        };
        for fates in alike.into_iter().flat_map(|fates| split(fates, rule.apart)) {
            if fates.len() >= rule.least {
                found.push(Group { cause, fates });
            }
        }
    }
    found
}

/// Puts fates in order and parts them where too much time lies between two.
fn split(mut fates: Vec<&Fate>, apart: Option<Duration>) -> Vec<Vec<&Fate>> {
    let when = |fate: &Fate| fate.ended.or(fate.began);
    fates.sort_by_key(|fate| (when(fate), fate.flow));
    let Some(apart) = apart else { return vec![fates] };
    let near =
        |one: &&Fate, next: &&Fate| when(one).zip(when(next)).is_none_or(|(one, next)| next.since(one).0 <= apart.0);
    fates.chunk_by(near).map(<[&Fate]>::to_vec).collect()
}
