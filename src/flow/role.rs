//! Who is client and who is server.

use super::connection::Flow;
use super::way::{Pair, Way};

/// The lowest port that operating systems choose for clients by themselves: 32768 on Linux (`ip_local_port_range`),
/// 49152 by IANA's assignment (RFC 6335 section 6) and on Windows, macOS and FreeBSD.
const FIRST_EPHEMERAL_PORT: u16 = 32_768;

/// The first port that needs no privilege; services of common knowledge lie below (RFC 6335 section 6).
const FIRST_USER_PORT: u16 = 1024;

/// How it is known who is client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleSource {
    /// The client sent the SYN.
    Syn,
    /// The server sent the SYN-ACK.
    SynAck,
    /// A RST with sequence number 0 answers a SYN (RFC 9293 section 3.5.2), so its sender is the server.
    Refusal,
    /// Only one port lies below 1024, or only one above 32767.
    Ports,
    /// Nothing but who spoke first.
    FirstSegment,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The way from the client to the server.
    pub from_client: Way,
    /// How that is known.
    pub source: RoleSource,
}

impl RoleSource {
    /// Whether the handshake told, and nothing had to be inferred.
    pub fn is_handshake(self) -> bool {
        matches!(self, Self::Syn | Self::SynAck)
    }

    /// The reason in a clause.
    pub fn why(self) -> &'static str {
        match self {
            Self::Syn => "the client sent the SYN",
            Self::SynAck => "the server sent the SYN-ACK",
            Self::Refusal => "the server answered a SYN by a RST with sequence number 0",
            Self::Ports => "inferred from the ports: no handshake in the capture",
            Self::FirstSegment => {
                "inferred from who spoke first: no handshake in the capture, and the ports do not tell"
            }
        }
    }
}

impl Roles {
    /// Of this flow.
    pub fn of(flow: &Flow) -> Self {
        let found = |from_client, source| Self { from_client, source };
        let Pair { forward, back } = &flow.ends;
        // Where both sent a SYN (simultaneous open, RFC 9293 figure 7), the first did.
        if forward.sent_syn() {
            return found(Way::Forward, RoleSource::Syn);
        }
        if back.sent_syn() {
            return found(Way::Back, RoleSource::Syn);
        }
        if forward.sent_syn_ack() {
            return found(Way::Back, RoleSource::SynAck);
        }
        if back.sent_syn_ack() {
            return found(Way::Forward, RoleSource::SynAck);
        }
        if let Some(reset) = flow.resets().iter().find(|reset| {
            reset.segment.seq.0 == 0 && reset.segment.flags.ack() && !flow.stream.sides[reset.way].spoke()
        }) {
            return found(reset.way.reverse(), RoleSource::Refusal);
        }
        let (forward, back) = (flow.stream.endpoints.forward.port, flow.stream.endpoints.back.port);
        let looks = |port: u16| (port < FIRST_USER_PORT, port < FIRST_EPHEMERAL_PORT);
        // The server's port is the lower one where a boundary lies between the two.
        match looks(forward).cmp(&looks(back)) {
            std::cmp::Ordering::Greater => found(Way::Back, RoleSource::Ports),
            std::cmp::Ordering::Less => found(Way::Forward, RoleSource::Ports),
            std::cmp::Ordering::Equal => found(Way::Forward, RoleSource::FirstSegment),
        }
    }
}
