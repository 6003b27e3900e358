//! What the rest of a capture says about the hosts of a flow and about the place where it was taken.

mod continuations;
mod endings;
mod hosts;
mod losses;
mod vantage;

use std::borrow::Cow;

use crate::flow::{Flow, Flows};
use crate::timeline::{Profile, Timelines};
use crate::witness::Testimony;

pub use continuations::{Continuations, Earlier, Later};
pub use endings::{Ending, Endings, Kind};
pub use hosts::{Host, Hosts};
pub use losses::Losses;
pub use vantage::{Near, Vantage};

/// Flows whose profiles are asked for at a time.
const AT_A_TIME: usize = 4096;

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
    /// What the flows that were gathered say.
    pub fn of(flows: &Flows, timelines: &Timelines) -> Self {
        Self::by(flows, |some| some.iter().map(|flow| timelines.profile_of(flow)).collect())
    }

    /// The same with what tells the profiles of some flows, in their order.
    pub fn by<'a>(flows: &Flows, profiles: impl Fn(&[&Flow]) -> Vec<Option<Cow<'a, Profile>>>) -> Self {
        let mut hosts = Hosts::default();
        let mut endings = Endings::default();
        let mut places = vantage::Places::default();
        let all: Vec<&Flow> = flows.iter().collect();
        for some in all.chunks(AT_A_TIME) {
            for (flow, profile) in some.iter().zip(profiles(some)) {
                let Some(profile) = profile else { continue };
                hosts.learn(flow, &profile);
                endings.learn(flow, &profile);
                places.learn(flow, &profile);
            }
        }
        endings.sort();
        let (losses, testimony) = (Losses::default(), Testimony::default());
        Self { hosts, endings, continuations: Continuations::of(flows), vantage: places.vantage(), losses, testimony }
    }
}
