//! What is counted while an interface is watched.

use std::collections::BTreeMap;

use crate::report::{Flow, Sender, SenderCounts};

/// Servers that resets are counted by; those of further ones are counted together.
const MOST_SERVERS: usize = 1000;

/// The state of a capture that goes on. Counts begin with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Frames captured.
    pub frames: u64,
    /// Octets of them.
    pub octets: u64,
    /// Frames a second, over the last second or so.
    pub frames_per_second: f64,
    /// TCP segments.
    pub segments: u64,
    /// RST segments, copies included.
    pub rst_segments: u64,
    /// Flows begun.
    pub flows: u64,
    /// Flows held now.
    pub flows_held: u64,
    /// Flows that were let go of to bound memory.
    pub flows_evicted: u64,
    /// Frames that the kernel dropped.
    pub dropped_by_kernel: u64,
    /// Octets of memory that this process has, where the system tells; else what its tables take.
    pub memory: u64,
    /// Octets that it may have, by `--memory`.
    pub memory_limit: u64,
    /// Flows with a reset that were judged; by the latest verdict on each.
    pub judged: u64,
    /// Flows that wait for a verdict, the first or the last.
    pub waiting: u64,
    /// Flows with a reset that had to wait for the end, there being too many at once.
    pub passed_over: u64,
    /// Judged flows by cause; `undetermined` where nothing explains one.
    pub causes: BTreeMap<String, u64>,
    /// Resets of judged flows by sender.
    pub senders: SenderCounts,
    /// Judged flows by server, of the first thousand servers.
    pub servers: BTreeMap<String, u64>,
    /// Judged flows of other servers.
    pub other_servers: u64,
}

/// What of a verdict was counted, so that another one can take its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    cause: String,
    senders: Vec<Sender>,
}

impl Statistics {
    /// Counts a verdict in place of the one before on the same flow.
    pub(super) fn count(&mut self, flow: &Flow, before: Option<Counted>) -> Counted {
        match before {
            None => {
                self.judged += 1;
                let server = flow.server.to_string();
                if self.servers.len() < MOST_SERVERS || self.servers.contains_key(&server) {
                    *self.servers.entry(server).or_default() += 1;
                } else {
                    self.other_servers += 1;
                }
            }
            Some(before) => {
                if let Some(count) = self.causes.get_mut(&before.cause) {
                    *count -= 1;
                }
                self.causes.retain(|_, count| *count > 0);
                before.senders.into_iter().for_each(|sender| *self.sender(sender) -= 1);
            }
        }
        let cause = flow.diagnosis.as_ref().map_or("undetermined", |diagnosis| diagnosis.cause).to_owned();
        let senders: Vec<Sender> = flow.resets.iter().map(|reset| reset.sender).collect();
        *self.causes.entry(cause.clone()).or_default() += 1;
        senders.iter().for_each(|&sender| *self.sender(sender) += 1);
        Counted { cause, senders }
    }

    fn sender(&mut self, sender: Sender) -> &mut u64 {
        match sender {
            Sender::Client => &mut self.senders.client,
            Sender::Server => &mut self.senders.server,
            Sender::Middlebox => &mut self.senders.middlebox,
            Sender::Unknown => &mut self.senders.unknown,
        }
    }
}

/// Octets of memory that this process has, where the system tells (Linux).
pub(super) fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}
