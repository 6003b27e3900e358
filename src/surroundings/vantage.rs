//! Where a capture was taken, as far as it tells.

use crate::flow::{Flow, Roles};
use crate::prefetch;

/// A round trip to one side that is so many times shorter than that to the other means that the capture was taken beside
/// it: a local answer takes some tens of microseconds, and even a switched network some hundreds.
const MUCH_NEARER: i64 = 20;

/// Beside whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Near {
    /// On the clients' host.
    Client,
    /// On the servers' host.
    Server,
    /// Between them.
    Between,
    /// It does not tell.
    #[default]
    Unknown,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vantage {
    /// Beside whom.
    pub near: Near,
    /// One clause.
    pub why: &'static str,
}

impl Vantage {
    /// What these flows say of it.
    pub(super) fn of(flows: &[&Flow]) -> Self {
        let mut places = Places::default();
        prefetch::ahead(flows).for_each(|flow| places.learn(flow));
        places.vantage()
    }
}

/// What the flows say, one vote each.
#[derive(Default)]
struct Places {
    client_unrouted: u32,
    server_unrouted: u32,
    both_routed: u32,
    client_outgoing: u32,
    server_outgoing: u32,
    client_near: u32,
    server_near: u32,
}

impl Places {
    /// Takes in what a flow says.
    fn learn(&mut self, flow: &Flow) {
        let client = Roles::of(flow).from_client;
        let unrouted = |way| {
            let (low, high) = flow.stream.sides[way].ttl()?;
            Some(low == high && crate::knowledge::ttl::hops(low) == 0)
        };
        match (unrouted(client), unrouted(client.reverse())) {
            (Some(true), Some(false)) => self.client_unrouted += 1,
            (Some(false), Some(true)) => self.server_unrouted += 1,
            (Some(false), Some(false)) => self.both_routed += 1,
            _ => {}
        }
        if let Some(way) = flow.outgoing() {
            *if way == client { &mut self.client_outgoing } else { &mut self.server_outgoing } += 1;
        }
        if let (Some(to_server), Some(to_client)) = flow.handshake_times() {
            if to_client.0.saturating_mul(MUCH_NEARER) < to_server.0 {
                self.client_near += 1;
            } else if to_server.0.saturating_mul(MUCH_NEARER) < to_client.0 {
                self.server_near += 1;
            }
        }
    }

    /// What most of them say: first by what a packet cannot have crossed, then by time.
    fn vantage(&self) -> Vantage {
        let most = |one: u32, others: u32| one > 2 * others;
        let found = |near, why| Vantage { near, why };
        if most(self.client_unrouted, self.server_unrouted + self.both_routed) {
            return found(
                Near::Client,
                "packets of the clients have crossed no router here, those of the servers have",
            );
        }
        if most(self.server_unrouted, self.client_unrouted + self.both_routed) {
            return found(
                Near::Server,
                "packets of the servers have crossed no router here, those of the clients have",
            );
        }
        if most(self.both_routed, self.client_unrouted + self.server_unrouted) {
            return found(Near::Between, "packets of both sides have crossed routers before they came here");
        }
        if most(self.client_outgoing, self.server_outgoing) {
            return found(Near::Client, "the capturing host sent the clients' packets itself");
        }
        if most(self.server_outgoing, self.client_outgoing) {
            return found(Near::Server, "the capturing host sent the servers' packets itself");
        }
        if most(self.client_near, self.server_near) {
            return found(Near::Client, "the clients answer at once here, the servers after a round trip");
        }
        if most(self.server_near, self.client_near) {
            return found(Near::Server, "the servers answer at once here, the clients after a round trip");
        }
        found(Near::Unknown, "neither hop counts nor the handshakes' times tell")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::testing::Scene;
    use crate::decode::Direction;
    use crate::tcp::Segment;

    /// A handshake: TTLs of client and server, and when SYN-ACK and ACK pass.
    fn near(client: u8, server: u8, syn_ack: f64, ack: f64, direction: impl Fn(&Segment) -> Option<Direction>) -> Near {
        let text = format!(
            "0 c S 0 ttl {client}\n {syn_ack} s SA 0 ack 1 ttl {server}\n {ack} c A 1 ack 1 ttl {client}\n
             50 c R 1 ttl 99"
        );
        Scene::seen(&text, |segment, view| view.direction = direction(segment)).surroundings.vantage.near
    }

    #[test]
    fn hops_then_direction_then_time() {
        let to_server = |segment: &Segment| segment.destination.port == 443;
        let out_if = |out: bool| Some(if out { Direction::Out } else { Direction::In });
        for (client, server, syn_ack, ack, expected) in [
            // Who has crossed no router.
            (64, 57, 10.0, 20.0, Near::Client),
            (128, 57, 10.0, 20.0, Near::Client),
            (60, 64, 10.0, 20.0, Near::Server),
            (60, 57, 10.0, 10.01, Near::Between),
            // Both are on one link: who answers at once.
            (64, 64, 10.0, 10.01, Near::Client),
            (64, 64, 0.01, 10.0, Near::Server),
            (64, 64, 10.0, 20.0, Near::Unknown),
        ] {
            assert_eq!(near(client, server, syn_ack, ack, |_| None), expected, "{client} {server} {syn_ack} {ack}");
        }
        let at_client = near(64, 64, 10.0, 20.0, |segment| out_if(to_server(segment)));
        let at_server = near(64, 64, 10.0, 20.0, |segment| out_if(!to_server(segment)));
        assert_eq!((at_client, at_server), (Near::Client, Near::Server));
    }

    #[test]
    fn nothing_to_go_by_is_unknown_and_says_so() {
        let vantage = Places::default().vantage();
        assert_eq!(vantage.near, Near::Unknown);
        assert!(!vantage.why.is_empty());
        // As many of one kind as of the other.
        let split = Places { client_unrouted: 2, server_unrouted: 2, ..Places::default() };
        assert_eq!(split.vantage().near, Near::Unknown);
    }
}
