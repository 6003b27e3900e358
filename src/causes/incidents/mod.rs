//! Incidents: several flows that died of one thing.
//!
//! An outage is told first, by what happened to one server over time ([`outage`]); what remains is grouped by its cause and
//! by what the flows must share for one thing to have killed them ([`group`]). A flow belongs to one incident at most.

mod fate;
mod group;
mod limit;
mod names;
mod outage;
mod tell;
#[cfg(test)]
mod tests;
mod words;

use std::cmp::Reverse;
use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::{Around, Cause};
use crate::evidence::Confidence;
use crate::parallel;
use crate::tcp::Timestamp;

pub use fate::{Fate, Fates};

/// Groups that are told, the largest: for some of them all connections of a server are counted, and a capture can be made
/// of groups.
const MOST_GROUPS: usize = 1000;

/// Several flows that died of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// What happened, in one phrase.
    pub title: String,
    /// The cause that its flows share.
    pub cause: Cause,
    /// How sure that is: as sure as the surest verdict that names this cause, on one of its flows.
    pub confidence: Confidence,
    /// The server that they share, with its port.
    pub server: Option<String>,
    /// When the first of them ended, or began where that is not known.
    pub first: Option<Timestamp>,
    /// When the last of them did, or when all was well again.
    pub last: Option<Timestamp>,
    /// Their ids, lowest first.
    pub flows: Vec<u64>,
    /// How many of them were harmed.
    pub harmed: usize,
    /// One to three sentences.
    pub explanation: String,
}

/// Fewer fates are not worth a second thread.
const FEW: usize = 4096;

/// The incidents behind these fates, found on so many threads: what harmed most flows first, what harmed nobody last.
pub fn incidents(fates: &[Fate], around: &Around, threads: usize) -> Vec<Incident> {
    let threads = if fates.len() < FEW { 1 } else { threads };
    let mut found = outage::find(fates, around, threads);
    let told: HashSet<u64, RandomState> = found.iter().flat_map(|incident| &incident.flows).copied().collect();
    let others: Vec<&Fate> = fates.iter().filter(|fate| !told.contains(&fate.flow)).collect();
    let mut groups = group::find(&others);
    groups.sort_by_key(|group| Reverse(group.fates.len()));
    groups.truncate(MOST_GROUPS);
    parallel::in_pieces(
        threads,
        &groups,
        1,
        |_, groups| groups.iter().map(|group| tell::incident(group, around)).collect::<Vec<_>>(),
        |told| found.extend(told),
    );
    found.sort_by_key(|incident| {
        (incident.harmed == 0, Reverse(incident.harmed), incident.first, incident.flows.first().copied())
    });
    found
}

/// The incident of some fates, in these words.
fn of(fates: &[&Fate], cause: Cause, title: String, explanation: String) -> Incident {
    let times = || fates.iter().filter_map(|fate| fate.ended.or(fate.began));
    let sure = fates.iter().filter(|fate| fate.cause == Some(cause)).map(|fate| fate.confidence);
    let mut flows: Vec<u64> = fates.iter().map(|fate| fate.flow).collect();
    flows.sort_unstable();
    flows.dedup();
    Incident {
        title,
        cause,
        confidence: sure.max().unwrap_or(Confidence::Possible),
        server: words::shared_server(fates),
        first: times().min(),
        last: times().max(),
        flows,
        harmed: fates.iter().filter(|fate| fate.harmless.is_none()).count(),
        explanation,
    }
}
