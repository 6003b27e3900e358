//! Tells of verdicts, each once.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::event::{Event, Observer};
use super::statistics::{Counted, Statistics};
use crate::output;
use crate::report::{Flow, Report};

/// Verdicts remembered, so that none is told twice and a later one takes the place of an earlier one in the counts.
const MOST_TOLD: usize = 100_000;

/// Who hears of verdicts, and what they have heard.
pub(super) struct Teller<'a> {
    told: BTreeMap<u64, Told>,
    pub statistics: Statistics,
    pub observers: Vec<Box<dyn Observer + 'a>>,
}

/// A verdict that was told.
struct Told {
    /// Of its line in JSON.
    hash: u64,
    provisional: bool,
    counted: Counted,
}

impl<'a> Teller<'a> {
    pub(super) fn new(statistics: Statistics) -> Self {
        Self { told: BTreeMap::new(), statistics, observers: Vec::new() }
    }

    /// Tells everybody of a verdict.
    pub(super) fn tell(&mut self, flow: &Flow, provisional: bool) {
        let mut line = Vec::new();
        let hash = match output::ndjson::write_flow(flow, &mut line) {
            Ok(()) => FixedState::default().hash_one(&line),
            Err(_) => 0,
        };
        let before = self.told.remove(&flow.id);
        let changed = before.as_ref().is_none_or(|before| before.hash != hash);
        if before.as_ref().is_some_and(|before| !changed && before.provisional == provisional) {
            self.told.extend(before.map(|before| (flow.id, before)));
            return;
        }
        let counted = self.statistics.count(flow, before.map(|before| before.counted));
        self.told.insert(flow.id, Told { hash, provisional, counted });
        if self.told.len() > MOST_TOLD {
            self.told.pop_first();
        }
        let event = Event { flow, provisional, changed };
        for observer in &mut self.observers {
            observer.event(&event);
        }
    }

    /// Tells everybody what was counted.
    pub(super) fn tick(&mut self) {
        for observer in &mut self.observers {
            observer.tick(&self.statistics);
        }
    }

    /// Tells of the last verdicts, those of the report.
    pub(super) fn end(&mut self, report: &Report) {
        for flow in report.flows.iter().filter(|flow| !flow.resets.is_empty()) {
            self.tell(flow, false);
        }
        for observer in &mut self.observers {
            observer.end(&self.statistics);
        }
    }
}
