//! What the rest of a capture says about the hosts of a flow and about the place where it was taken.

mod continuations;
mod endings;
mod hosts;
mod vantage;

use crate::flow::Flows;
use crate::timeline::Timelines;

pub use continuations::{Continuations, Earlier, Later};
pub use endings::{Ending, Endings, Kind};
pub use hosts::{Host, Hosts};
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
}

impl Surroundings {
    /// What the flows that were gathered say.
    pub fn of(flows: &Flows, timelines: &Timelines) -> Self {
        let mut hosts = Hosts::default();
        let mut endings = Endings::default();
        let mut places = vantage::Places::default();
        for flow in flows.iter() {
            if let Some(profile) = timelines.profile(flow.id) {
                hosts.learn(flow, profile);
                endings.learn(flow, profile);
                places.learn(flow, profile);
            }
        }
        endings.sort();
        Self { hosts, endings, continuations: Continuations::of(flows), vantage: places.vantage() }
    }
}
