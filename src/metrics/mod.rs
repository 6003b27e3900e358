//! Counts for dashboards and alerts, in the text format of Prometheus, while an interface is watched (`--metrics`).
//!
//! [`Metrics`] counts verdicts that are final, `text` writes what was counted, `server` answers over HTTP. Counters must not go
//! back, which is why a provisional verdict is not counted: the next one may name another cause.

mod server;
mod text;

pub use server::Server;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::live::{Event, Observer, Statistics};
use crate::report::Flow;

/// Servers that have a label of their own, the first ones; those of others are counted together.
const MOST_SERVERS: usize = 100;

/// Causes that have one. There are fewer.
const MOST_CAUSES: usize = 64;

/// Flows remembered, so that none is counted twice.
const MOST_COUNTED: usize = 100_000;

/// The label of what has none of its own.
const OTHER: &str = "other";

/// What was counted, for whoever asks.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<Counts>>);

/// What was counted.
#[derive(Clone, Debug, Default)]
struct Counts {
    statistics: Statistics,
    /// Flows with a reset by the cause of their end.
    causes: BTreeMap<String, u64>,
    /// The same by server.
    servers: BTreeMap<String, u64>,
    /// Resets by sender.
    senders: BTreeMap<&'static str, u64>,
    /// Of each flow that was counted how many of its resets were.
    counted: BTreeMap<u64, usize>,
}

impl Metrics {
    /// The counts in the text format.
    fn text(&self) -> String {
        text::write(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Observer for Metrics {
    fn event(&mut self, event: &Event<'_>) {
        if !event.provisional {
            self.change(|counts| counts.verdict(event.flow));
        }
    }

    fn tick(&mut self, statistics: &Statistics) {
        self.change(|counts| counts.statistics = statistics.clone());
    }

    fn end(&mut self, statistics: &Statistics) {
        self.tick(statistics);
    }
}

impl Counts {
    /// Counts the last verdict on a flow; of one that was reset again after it, what came since.
    fn verdict(&mut self, flow: &Flow) {
        let before = self.counted.insert(flow.id, flow.resets.len());
        if before.is_none() {
            let cause = flow.diagnosis.as_ref().map_or("undetermined", |diagnosis| diagnosis.cause);
            count(&mut self.causes, cause.to_owned(), MOST_CAUSES);
            count(&mut self.servers, flow.server.to_string(), MOST_SERVERS);
        }
        for reset in flow.resets.iter().skip(before.unwrap_or(0)) {
            *self.senders.entry(reset.sender.name()).or_default() += 1;
        }
        if self.counted.len() > MOST_COUNTED {
            self.counted.pop_first();
        }
    }
}

/// Counts one of these, or one of the others where there are too many already.
fn count(counts: &mut BTreeMap<String, u64>, label: String, most: usize) {
    let is_known = counts.contains_key(&label) || counts.len() < most;
    *counts.entry(if is_known { label } else { OTHER.to_owned() }).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Endpoint, Form, Phase, Reset, Sender, Side};

    fn flow(id: u64, server: u16, senders: &[Sender]) -> Flow {
        let end = |port| Endpoint { ip: [192, 0, 2, 1].into(), port };
        let resets = senders.iter().map(|&sender| reset(sender));
        Flow { resets: resets.collect(), ..Flow::new(id, end(40_000), end(server)) }
    }

    fn reset(sender: Sender) -> Reset {
        Reset {
            frames: vec![1],
            locations: Vec::new(),
            time: None,
            after_s: None,
            claimed_sender: Side::Client,
            form: Form::Rst,
            in_window: None,
            exact: None,
            phase: Phase::Data,
            sender,
            confidence: None,
            mechanism: crate::report::Mechanism::Unknown,
            product: None,
            hops: None,
            obedience: None,
            kernel: None,
            evidence: Vec::new(),
            would_decide: None,
            comparison: None,
            segments: Vec::new(),
        }
    }

    fn told(metrics: &mut Metrics, flow: &Flow, provisional: bool) {
        metrics.event(&Event { flow, provisional, changed: true });
    }

    #[test]
    fn a_flow_is_counted_once_and_only_for_good() {
        let mut metrics = Metrics::default();
        told(&mut metrics, &flow(1, 80, &[Sender::Server]), true);
        assert!(!metrics.text().contains("cause="));
        told(&mut metrics, &flow(1, 80, &[Sender::Server]), false);
        told(&mut metrics, &flow(1, 80, &[Sender::Server]), false);
        // It was reset again.
        told(&mut metrics, &flow(1, 80, &[Sender::Server, Sender::Middlebox]), false);
        let text = metrics.text();
        for line in [
            "tcpautopsy_reset_flows_total{cause=\"undetermined\"} 1\n",
            "tcpautopsy_resets_total{sender=\"server\"} 1\n",
            "tcpautopsy_resets_total{sender=\"middlebox\"} 1\n",
            "tcpautopsy_reset_flows_by_server_total{server=\"192.0.2.1:80\"} 1\n",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }

    #[test]
    fn labels_are_bounded() {
        let mut metrics = Metrics::default();
        for id in 0..3 * MOST_SERVERS as u16 {
            told(&mut metrics, &flow(id.into(), id, &[]), false);
        }
        let text = metrics.text();
        let labels = text.lines().filter(|line| line.contains("server=\"")).count();
        assert_eq!(labels, MOST_SERVERS + 1);
        assert!(text.contains(&format!("server=\"other\"}} {}\n", 2 * MOST_SERVERS)), "{text}");
    }
}
