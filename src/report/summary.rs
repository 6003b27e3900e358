use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

use super::{Confidence, Seconds, Sender, Teardown, Time};

/// What the user asked to see of a capture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Selection {
    /// What was asked for, one phrase each; a flow meets them all.
    pub criteria: Vec<String>,
    /// Flows that meet them.
    pub flows: u64,
    /// Why no flow, or another than expected, meets them.
    pub note: Option<String>,
}

/// Counts over all flows, or over the selected ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Flows by how they ended.
    pub teardown: TeardownCounts,
    /// Flows by cause.
    pub causes: BTreeMap<String, u64>,
    /// Resets by true sender.
    pub senders: SenderCounts,
    /// Flows whose resets harmed nobody; `None` while that is not judged.
    pub benign: Option<u64>,
    /// The other flows with a reset: their resets did harm, or may have.
    pub harmful: u64,
    /// The silences that ended connections, the commonest first.
    pub idle_gaps: Vec<IdleGap>,
}

/// A length of silence by which connections ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IdleGap {
    /// The median of those that are alike.
    pub seconds: Seconds,
    /// Flows that ended by it.
    pub flows: u64,
    /// Products that have this limit when they come out of the box, the nearest first.
    pub candidates: Vec<Cow<'static, str>>,
}

/// Flows by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the variants of Teardown say what is counted
pub struct TeardownCounts {
    pub fin: u64,
    pub reset: u64,
    pub refused: u64,
    pub reset_after_fin: u64,
    pub unanswered: u64,
    pub half_closed: u64,
    pub open: u64,
}

impl TeardownCounts {
    /// All flows.
    pub fn total(&self) -> u64 {
        Teardown::ALL.into_iter().map(|teardown| self.of(teardown)).fold(0, u64::saturating_add)
    }

    /// Flows that ended so.
    pub fn of(&self, teardown: Teardown) -> u64 {
        match teardown {
            Teardown::Fin => self.fin,
            Teardown::Reset => self.reset,
            Teardown::Refused => self.refused,
            Teardown::ResetAfterFin => self.reset_after_fin,
            Teardown::Unanswered => self.unanswered,
            Teardown::HalfClosed => self.half_closed,
            Teardown::Open => self.open,
        }
    }
}

impl AddAssign<Teardown> for TeardownCounts {
    /// Counts one flow.
    fn add_assign(&mut self, teardown: Teardown) {
        *match teardown {
            Teardown::Fin => &mut self.fin,
            Teardown::Reset => &mut self.reset,
            Teardown::Refused => &mut self.refused,
            Teardown::ResetAfterFin => &mut self.reset_after_fin,
            Teardown::Unanswered => &mut self.unanswered,
            Teardown::HalfClosed => &mut self.half_closed,
            Teardown::Open => &mut self.open,
        } += 1;
    }
}

impl AddAssign for TeardownCounts {
    fn add_assign(&mut self, other: Self) {
        let Self { fin, reset, refused, reset_after_fin, unanswered, half_closed, open } = other;
        self.fin += fin;
        self.reset += reset;
        self.refused += refused;
        self.reset_after_fin += reset_after_fin;
        self.unanswered += unanswered;
        self.half_closed += half_closed;
        self.open += open;
    }
}

/// Resets by true sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the variants of Sender say what is counted
pub struct SenderCounts {
    pub server: u64,
    pub client: u64,
    pub middlebox: u64,
    pub unknown: u64,
}

impl SenderCounts {
    /// All resets.
    pub fn total(&self) -> u64 {
        Sender::ALL.into_iter().map(|sender| self.of(sender)).fold(0, u64::saturating_add)
    }

    /// Resets by this sender.
    pub fn of(&self, sender: Sender) -> u64 {
        match sender {
            Sender::Client => self.client,
            Sender::Server => self.server,
            Sender::Middlebox => self.middlebox,
            Sender::Unknown => self.unknown,
        }
    }
}

impl AddAssign<Sender> for SenderCounts {
    /// Counts one reset.
    fn add_assign(&mut self, sender: Sender) {
        *match sender {
            Sender::Client => &mut self.client,
            Sender::Server => &mut self.server,
            Sender::Middlebox => &mut self.middlebox,
            Sender::Unknown => &mut self.unknown,
        } += 1;
    }
}

impl AddAssign for SenderCounts {
    fn add_assign(&mut self, other: Self) {
        let Self { server, client, middlebox, unknown } = other;
        self.server += server;
        self.client += client;
        self.middlebox += middlebox;
        self.unknown += unknown;
    }
}

/// Many flows that died of one thing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Incident {
    /// From 1, in the order of the report.
    pub id: u64,
    /// One phrase.
    pub title: String,
    /// The cause that its flows share.
    pub cause: String,
    /// How sure that is: as sure as the surest verdict that names this cause, on one of its flows.
    pub confidence: Confidence,
    /// The server that its flows share, as `10.0.0.5:443` or `[2001:db8::5]:443`.
    pub server: Option<String>,
    /// What the file of `--knowledge` calls it.
    pub server_name: Option<Box<str>>,
    /// When it began.
    pub first_time: Option<Time>,
    /// When it ended.
    pub last_time: Option<Time>,
    /// Identifiers of its flows.
    pub flows: Vec<u64>,
    /// What happened, in sentences.
    pub explanation: String,
}

impl Incident {
    /// The server that its flows share, with the name where it has one.
    pub fn server_in_words(&self) -> Option<String> {
        let server = self.server.as_ref()?;
        Some(match &self.server_name {
            Some(name) => format!("{server} ({name})"),
            None => server.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_teardown_is_counted_once_and_apart() {
        let mut counts = TeardownCounts::default();
        for (times, teardown) in Teardown::ALL.into_iter().enumerate() {
            (0..=times).for_each(|_| counts += teardown);
        }
        for (times, teardown) in Teardown::ALL.into_iter().enumerate() {
            assert_eq!(counts.of(teardown), times as u64 + 1, "{teardown:?}");
        }
        assert_eq!(counts.total(), 28);
    }
}
