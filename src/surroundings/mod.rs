//! What the rest of a capture says about the hosts of a flow and about the place where it was taken.

mod continuations;
mod endings;
mod faults;
mod hosts;
mod losses;
mod vantage;

use std::sync::OnceLock;

use crate::flow::Flows;
use crate::parallel;
use crate::tcp::Timestamp;
use crate::timeline::Timelines;
use crate::witness::Testimony;

pub use continuations::{Continuations, Earlier, Later};
pub use endings::{Ending, Endings, Kind, SAME_EXIT};
pub use faults::Faults;
pub use hosts::{Host, Hosts};
pub use losses::Losses;
pub use vantage::{Near, Vantage};

/// Built once from all timelines, then only read.
#[derive(Default)]
pub struct Surroundings {
    /// What is known of each address.
    pub hosts: Hosts,
    /// When and how connections ended.
    pub endings: Endings,
    /// Which flows are one connection under changing addresses.
    pub continuations: Continuations,
    /// Where the capture was taken.
    pub vantage: Vantage,
    /// What the kernel of a host says of the resets, where its trace is at hand.
    pub testimony: Testimony,
    /// When it missed packets.
    pub losses: Losses,
    /// What the flows' numbers say against it.
    pub faults: Faults,
    /// When it began: its first flow, where nothing else is known.
    pub begin: Option<Timestamp>,
}

/// Fewer flows are not worth a second thread.
const FEW: usize = 4096;

impl Surroundings {
    /// What the flows that were asked for say, learnt on so many threads; nothing of the kernel's testimony and of losses.
    pub fn of(flows: &Flows, timelines: &Timelines, threads: usize) -> Self {
        let known = parallel::filter(threads, flows.pieces(), |flow| timelines.knows(flow));
        let threads = if known.len() < FEW { 1 } else { threads };
        let (endings, hosts) = (OnceLock::new(), OnceLock::new());
        let (vantage, continuations, faults) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        parallel::all(
            threads,
            &[
                // Nothing here asks for segments, but everything that follows; and what it gives back serves for endings.
                &|| timelines.prepare(),
                &|| _ = hosts.set(Hosts::of(&known)),
                &|| _ = endings.set(Endings::of_flows(&known)),
                &|| _ = vantage.set(Vantage::of(&known)),
                &|| _ = continuations.set(Continuations::of(flows)),
                &|| _ = faults.set(Faults::of(flows)),
            ],
        );
        Self {
            hosts: hosts.into_inner().unwrap_or_default(),
            endings: endings.into_inner().unwrap_or_default(),
            continuations: continuations.into_inner().unwrap_or_default(),
            vantage: vantage.into_inner().unwrap_or_default(),
            faults: faults.into_inner().unwrap_or_default(),
            // They lie in the order in which they began.
            begin: flows.iter().find_map(|flow| flow.first_time),
            ..Self::default()
        }
    }
}
