//! At how many connections, and at which rate, a limit bites.

use std::collections::HashSet;

use super::Fate;
use crate::causes::Around;
use crate::tcp::{Duration, Timestamp};

/// Rejected connections that are looked at; each costs a walk over all connections of the server.
const LOOKED_AT: usize = 40;

/// The time over which a rate is counted.
pub(super) const WINDOW: Duration = Duration::from_secs(1);

/// How many connections were open whenever one was turned away: the least and the most.
pub(super) fn open_at(fates: &[&Fate], around: &Around) -> Option<(usize, usize)> {
    let turned_away: HashSet<u64> = fates.iter().map(|fate| fate.flow).collect();
    let mut others = Vec::new();
    for connection in around.of_server(fates.first()?.server) {
        if connection.accepted && !turned_away.contains(&connection.flow) {
            others.push((connection.began, connection.ended));
        }
    }
    let open = |began: Timestamp| {
        others.iter().filter(|(from, until)| *from < began && until.is_none_or(|until| until > began)).count()
    };
    let counts = || fates.iter().take(LOOKED_AT).filter_map(|fate| fate.began).map(open);
    counts().min().zip(counts().max())
}

/// The rate of new connections at a server that turned some away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// Attempts within [`WINDOW`] up to the first that was turned away, that one included.
    pub attempts: usize,
    /// The most that were granted within [`WINDOW`].
    pub most_granted: usize,
    /// All that were granted.
    pub granted: usize,
}

/// The rate at which the limit bit.
pub(super) fn rate(fates: &[&Fate], around: &Around) -> Option<Rate> {
    let first = fates.iter().filter_map(|fate| fate.began).min()?;
    let server = fates.first()?.server;
    let all = || around.of_server(server);
    let attempts = all().filter(|one| one.began <= first && first.since(one.began).0 < WINDOW.0).count();
    let granted: Vec<Timestamp> = all().filter(|one| one.accepted).map(|one| one.began).collect();
    let mut most_granted = 0;
    let mut from = 0;
    for (at, time) in granted.iter().enumerate() {
        while granted.get(from).is_some_and(|first| time.since(*first).0 >= WINDOW.0) {
            from += 1;
        }
        most_granted = most_granted.max(at + 1 - from.min(at));
    }
    Some(Rate { attempts, most_granted, granted: granted.len() })
}
