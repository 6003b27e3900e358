//! When and how the connections of each address ended, across flows.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::flow::{Ended, Flow, Profile, Way};
use crate::prefetch;
use crate::tcp::{Duration, FrameNumber, Timestamp};

/// Endings that are remembered of one address.
const MOST_ENDINGS: usize = 100_000;

/// Endings that are looked at around one moment: whoever ends more connections at once is no riddle, and a flood of them
/// must not take time by its square.
const LOOKED_AT: usize = 1000;

/// How one side of a connection ended it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By FIN.
    Fin,
    /// By RST with ACK out of a live connection.
    Abort,
    /// By RST alone.
    Answer,
    /// It refused a SYN.
    Refusal,
    /// It accepted a SYN: no ending, but what a refusal is to be compared with.
    Acceptance,
}

impl Kind {
    fn of(ended: &Ended) -> Self {
        match (ended.flags.rst(), ended.flags.ack()) {
            (true, true) if ended.seq_is_zero => Self::Refusal,
            (true, true) => Self::Abort,
            (true, false) => Self::Answer,
            (false, _) => Self::Fin,
        }
    }
}

/// What one side did.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// When.
    pub time: Timestamp,
    /// What.
    pub kind: Kind,
    /// Its own port.
    pub port: u16,
    /// In which flow.
    pub flow: u64,
    /// In which frame.
    pub frame: FrameNumber,
}

/// The endings of each address in the order of time.
#[derive(Default)]
pub struct Endings {
    by_address: HashMap<[u8; 16], Vec<Ending>, RandomState>,
}

impl Endings {
    /// Those of these flows.
    pub(super) fn of_flows(flows: &[&Flow]) -> Self {
        let mut endings = Self::default();
        prefetch::ahead(flows).for_each(|flow: &Flow| endings.learn(flow, &Profile::of(flow)));
        endings.sort();
        endings
    }

    /// Takes in how a flow's sides ended it.
    fn learn(&mut self, flow: &Flow, profile: &Profile) {
        for way in Way::BOTH {
            let own = flow.stream.endpoints[way];
            let side = &profile.sides[way];
            let accepted = side.accepted.map(|(time, frame)| (time, frame, Kind::Acceptance));
            let ended = side.ended.map(|ended| (ended.time, ended.frame, Kind::of(&ended)));
            for (time, frame, kind) in accepted.into_iter().chain(ended) {
                let endings = self.by_address.entry(own.address).or_default();
                if endings.len() < MOST_ENDINGS {
                    endings.push(Ending { time, kind, port: own.port, flow: flow.id, frame });
                }
            }
        }
    }

    fn sort(&mut self) {
        for endings in self.by_address.values_mut() {
            endings.sort_by_key(|ending| ending.time);
        }
    }

    /// All endings by an address.
    pub fn of(&self, address: [u8; 16]) -> &[Ending] {
        self.by_address.get(&address).map_or(&[], Vec::as_slice)
    }

    /// Those within some time of a moment.
    pub fn near(&self, address: [u8; 16], time: Timestamp, within: Duration) -> impl Iterator<Item = &Ending> {
        let endings = self.of(address);
        let from = endings.partition_point(|ending| ending.time < time.plus(Duration(-within.0)));
        let until = time.plus(within);
        endings.get(from..).unwrap_or_default().iter().take(LOOKED_AT).take_while(move |ending| ending.time <= until)
    }

    /// The next ones after a moment.
    pub fn after(&self, address: [u8; 16], time: Timestamp) -> impl Iterator<Item = &Ending> {
        let endings = self.of(address);
        let from = endings.partition_point(|ending| ending.time <= time);
        endings.get(from..).unwrap_or_default().iter().take(LOOKED_AT)
    }

    /// The last ones before a moment, latest first.
    pub fn before(&self, address: [u8; 16], time: Timestamp) -> impl Iterator<Item = &Ending> {
        let endings = self.of(address);
        let until = endings.partition_point(|ending| ending.time < time);
        endings.get(..until).unwrap_or_default().iter().rev().take(LOOKED_AT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::testing::Scene;

    #[test]
    fn the_first_ending_of_each_side_is_kept_in_the_order_of_time() {
        let scene = Scene::of(
            "0   c S  0
             1   s SA 0 ack 1
             2   c A  1 ack 1
             50  s FA 1 ack 1
             51  c RA 1 ack 2
             52  c R  1
             10  c S  0 flow 1
             11  s SA 0 ack 1 flow 1
             30  s RA 1 ack 1 flow 1
             40  c S  0 flow 2
             41  s R  1 flow 2",
        );
        let server = scene.flow(0).stream.endpoints.back;
        let of: Vec<(Kind, u16)> =
            scene.surroundings.endings.of(server.address).iter().map(|ending| (ending.kind, ending.port)).collect();
        use Kind::{Abort, Acceptance, Answer, Fin};
        assert_eq!(of, [(Acceptance, 443), (Acceptance, 443), (Abort, 443), (Answer, 443), (Fin, 443)]);
        let client = scene.flow(0).stream.endpoints.forward.address;
        let of: Vec<Kind> = scene.surroundings.endings.of(client).iter().map(|ending| ending.kind).collect();
        assert_eq!(of, [Abort], "what follows the first ending is its echo");
    }

    #[test]
    fn a_refusal_is_told_by_its_number() {
        let scene = Scene::of("0 c S 0\n 1 s RA 3001 ack 1");
        let server = scene.flow(0).stream.endpoints.back.address;
        let kinds: Vec<Kind> = scene.surroundings.endings.of(server).iter().map(|ending| ending.kind).collect();
        assert_eq!(kinds, [Kind::Refusal]);
    }

    #[test]
    fn near_means_within_the_bound_on_both_sides() {
        let scene =
            Scene::of("0 c FA 1 ack 1\n 100 c FA 1 ack 1 flow 1\n 200 c FA 1 ack 1 flow 2\n 301 c FA 1 ack 1 flow 3");
        let client = scene.flow(0).stream.endpoints.forward.address;
        let at = Timestamp::from_nanos(200_000_000);
        let near = |millis| {
            let endings = &scene.surroundings.endings;
            endings.near(client, at, Duration::from_millis(millis)).count()
        };
        assert_eq!([near(0), near(99), near(100), near(200), near(1000)], [1, 1, 2, 4, 4]);
    }
}
