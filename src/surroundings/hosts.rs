//! The habits of each address, from its segments in all flows that were gathered.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use crate::flow::{Flow, Profile, Roles, Way};
use crate::prefetch;
use crate::tcp::{Duration, FrameNumber, LinkTag};

/// Different values of one habit that are remembered.
const MOST_VALUES: usize = 8;

/// Addresses that are remembered.
const MOST_HOSTS: usize = 100_000;

/// A time to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The value.
    pub value: u8,
    /// In which frame first.
    pub frame: FrameNumber,
    /// In how many flows.
    pub flows: u32,
}

/// What the segments of one address have in common. Resets and copies are not counted.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Times to live on arrival. Most have one.
    pub ttls: SmallVec<[Seen; 1]>,
    /// Source link addresses.
    pub links: SmallVec<[LinkTag; 2]>,
    /// The shortest time from the capture point to it and back, of the handshakes of all its flows.
    pub nearest: Option<Duration>,
}

/// What is known of each address.
#[derive(Default)]
pub struct Hosts {
    by_address: HashMap<([u8; 16], bool), Host, RandomState>,
}

impl Hosts {
    /// Those of these flows.
    pub(super) fn of(flows: &[&Flow]) -> Self {
        let mut hosts = Self::default();
        prefetch::ahead(flows).for_each(|flow: &Flow| hosts.learn(flow));
        hosts
    }

    /// Takes in what the hosts of a flow sent.
    fn learn(&mut self, flow: &Flow) {
        for way in Way::BOTH {
            let key = (flow.stream.endpoints[way].address, flow.stream.ipv6);
            if self.by_address.len() >= MOST_HOSTS && !self.by_address.contains_key(&key) {
                continue;
            }
            let host = self.by_address.entry(key).or_default();
            let (to_server, to_client) = flow.handshake_times();
            let took = if way == Roles::of(flow).from_client { to_client } else { to_server };
            host.nearest = host.nearest.into_iter().chain(took).min();
            let side = Profile::of(flow, way);
            for (value, frame) in side.ttls.iter().flatten().copied() {
                if let Some(known) = host.ttls.iter_mut().find(|known| known.value == value) {
                    known.flows = known.flows.saturating_add(1);
                } else if host.ttls.len() < MOST_VALUES {
                    host.ttls.push(Seen { value, frame, flows: 1 });
                }
            }
            for link in side.links.iter().flatten() {
                if !host.links.contains(link) && host.links.len() < MOST_VALUES {
                    host.links.push(*link);
                }
            }
        }
    }

    /// What is known of an address.
    pub fn get(&self, address: [u8; 16], ipv6: bool) -> Option<&Host> {
        self.by_address.get(&(address, ipv6))
    }
}

#[cfg(test)]
mod tests {
    use crate::attribution::testing::Scene;
    use crate::tcp::Endpoint;

    #[test]
    fn habits_are_counted_over_flows_without_resets_and_copies() {
        let scene = Scene::of(
            "0 c S 0 ttl 60 mac 1
             0.01 c S 0 ttl 59 mac 3 copy
             20 s SA 0 ack 1 ttl 57 mac 2
             21 c A 1 ack 1 ttl 60 mac 1
             30 s R 1 ttl 250 mac 9
             40 c S 0 flow 1 ttl 60 mac 1
             50 c S 0 flow 2 ttl 124",
        );
        let client = scene.flow(0).stream.endpoints.forward.address;
        let host = scene.surroundings.hosts.get(client, false).expect("it spoke");
        let seen: Vec<_> = host.ttls.iter().map(|seen| (seen.value, seen.flows, seen.frame.get())).collect();
        assert_eq!(seen, [(60, 2, 1), (124, 1, 7)]);
        assert_eq!(host.links.len(), 1);
        let server = scene.flow(0).stream.endpoints.back.address;
        let server = scene.surroundings.hosts.get(server, false).expect("it spoke");
        assert_eq!(server.ttls.iter().map(|seen| seen.value).collect::<Vec<_>>(), [57]);
        let stranger = Endpoint::v4([203, 0, 113, 9], 0).address;
        assert!(scene.surroundings.hosts.get(stranger, false).is_none());
        assert!(scene.surroundings.hosts.get(client, true).is_none(), "IPv6 is another address");
    }

    #[test]
    fn the_values_that_are_remembered_are_bounded() {
        let text: String = (0..20).map(|at| format!("{at} c S 0 flow {at} ttl {}\n", 30 + at)).collect();
        let scene = Scene::of(&text);
        let client = scene.flow(0).stream.endpoints.forward.address;
        let host = scene.surroundings.hosts.get(client, false).expect("it spoke");
        assert_eq!(host.ttls.len(), super::MOST_VALUES);
    }
}
