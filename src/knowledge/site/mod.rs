//! What somebody knows of the place where a capture was taken: the file of `--knowledge` (`docs/knowledge.md`).
//!
//! It names what is seen and what may lie behind it. An idle limit counts as much as the default of a product does; names and
//! fingerprints change no verdict.

mod fingerprint;
mod read;

pub use fingerprint::Fingerprint;
pub use read::{Flaw, SOURCE, read};

use std::net::IpAddr;

use super::idle_timeouts::IdleTimeout;
use crate::tcp::{Network, Segment};

/// The knowledge of a site; empty where nobody brings any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// Idle limits that are set there.
    pub limits: Vec<IdleTimeout>,
    /// What the resets of its devices look like.
    pub fingerprints: Vec<Fingerprint>,
    /// Names of addresses and networks.
    pub names: Vec<(Network, Box<str>)>,
}

impl Site {
    /// The name of an address: that of the smallest network which has one.
    pub fn name(&self, ip: IpAddr) -> Option<&str> {
        let fitting = self.names.iter().filter(|(network, _)| network.contains(ip));
        fitting.max_by_key(|(network, _)| network.bits).map(|(_, name)| &**name)
    }

    /// The device whose resets look like this one, with these data.
    pub fn device(&self, reset: &Segment, payload: &[u8]) -> Option<&str> {
        self.fingerprints.iter().find(|print| print.fits(reset, payload)).map(|print| &*print.product)
    }

    /// Gives everything another name, and drops remarks: nothing of the file is told any more.
    pub fn rename(&mut self, other: impl Fn(&str) -> String) {
        for limit in &mut self.limits {
            limit.product = other(&limit.product).into();
            limit.setting = "idle limit".into();
            limit.note = "".into();
        }
        self.fingerprints.iter_mut().for_each(|print| print.product = other(&print.product).into());
        self.names.iter_mut().for_each(|(_, name)| *name = other(name).into());
    }
}
