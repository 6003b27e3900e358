//! What the rest of a capture says about the hosts of a flow and about the place where it was taken.

mod continuations;
mod endings;
mod hosts;
mod losses;
mod vantage;

use crate::flow::{Flow, Flows, Profile};
use crate::timeline::Timelines;
use crate::witness::Testimony;

pub use continuations::{Continuations, Earlier, Later};
pub use endings::{Ending, Endings, Kind};
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
}

impl Surroundings {
    /// What the flows that were asked for say.
    pub fn of(flows: &Flows, timelines: &Timelines) -> Self {
        let known: Vec<&Flow> = flows.iter().filter(|flow| timelines.knows(flow)).collect();
        let (hosts, vantage) = habits(&known);
        let (losses, testimony) = (Losses::default(), Testimony::default());
        let endings = Endings::of_flows(&known);
        Self { hosts, endings, continuations: Continuations::of(flows), vantage, losses, testimony }
    }
}

/// What these flows say of their hosts, and of the place where they were captured.
pub fn habits(flows: &[&Flow]) -> (Hosts, Vantage) {
    let (mut hosts, mut places) = (Hosts::default(), vantage::Places::default());
    for flow in flows {
        let profile = Profile::of(flow);
        hosts.learn(flow, &profile);
        places.learn(flow, &profile);
    }
    (hosts, places.vantage())
}
