//! What the rest of a capture says about the hosts of a flow and about the place where it was taken.

mod continuations;
mod endings;
mod hosts;
mod losses;
mod vantage;

use crate::flow::{Flows, Profile};
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
        let mut hosts = Hosts::default();
        let mut endings = Endings::default();
        let mut places = vantage::Places::default();
        for flow in flows.iter().filter(|flow| timelines.knows(flow)) {
            let profile = Profile::of(flow);
            hosts.learn(flow, &profile);
            endings.learn(flow, &profile);
            places.learn(flow, &profile);
        }
        endings.sort();
        let (losses, testimony) = (Losses::default(), Testimony::default());
        Self { hosts, endings, continuations: Continuations::of(flows), vantage: places.vantage(), losses, testimony }
    }
}
