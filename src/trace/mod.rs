//! A flow as text, one line per segment: written in tests and in the pages of the causes, printed in reports.
//!
//! ```text
//! # Connection set up, one request, and an abort by the server.
//! c clock 1000
//! s ttl 57 clock 88000
//! 0    c S  0 win 64240 mss 1460 sackok wscale 7
//! 24   s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0
//! 24.1 c A  1 ack 1
//! 25   c PA 1 ack 1 data "GET / HTTP/1.1\r\n\r\n"
//! 49   s RA 1 ack 19
//! ```
//!
//! A line is `TIME c|s FLAGS SEQ` and then words in any order. The time is in milliseconds, with up to six decimals, or `-`
//! where there is none. `c` is sent by the client, `s` by the server. Flags are letters of `FSRPAUECN`, or `.` for none, and
//! `X`, `Y`, `Z` for the reserved bits from the low one. Sequence and acknowledgement numbers are relative to the initial
//! sequence numbers of sender and receiver. `#` at the start of a word begins a comment.
//!
//! | words | meaning | otherwise |
//! |---|---|---|
//! | `len N` | octets of data | length of `data`, else 0 |
//! | `data "TEXT"` | the first octets of the data; `\r`, `\n`, `\t`, `\"`, `\\` and `\xNN` are read | none known |
//! | `cap N` | octets of data that were captured | all |
//! | `ack N` | acknowledgement number | 0 |
//! | `raw` | SEQ is what the field holds: a refusal holds 0, for its sender has no initial number | relative |
//! | `ackfield N` | what the field holds where the ACK bit is clear, not relative | 0 |
//! | `win N`, `nowin` | window field; not captured | 500 |
//! | `ttl N`, `tos N` | of the IP header | 64, 0 |
//! | `id N`, `copy` | identification: this number; that of the line before | counted for each sender |
//! | `df`, `nodf` | Don't Fragment | set |
//! | `mss N`, `wscale N`, `sackok`, `ts V E`, `sack L R`, `mprst N` | options; SACK edges relative to the receiver, MP_TCPRST | none |
//! | `clock V`, `nots` | timestamps whose value is V plus the line's milliseconds, with the peer's last as echo; none | none |
//! | `optcut` | options not all captured | all |
//! | `flow N`, `port N` | client's port 40000 + N, server's port | 0, 443 |
//! | `client N`, `server N` | last octet of the address | 1, 5 |
//! | `v6` | between 2001:db8::1 and 2001:db8:5::5 instead of 192.0.2.1 and 198.51.100.5 | IPv4 |
//! | `reuse N` | moves both initial sequence numbers: another connection of the same ports | 0 |
//! | `moved` | numbers are those of the connection between the usual ends, which goes on under these | those of its own |
//! | `vlan N` | the layers around the packet, as a path | none |
//! | `mac N` | the device that put the frame on the link | not known |
//! | `frame N` | the frame's number | one more than before |
//!
//! A line that begins with `c` or `s` sets words that each later line of this side begins with.
//!
//! An ICMP error is `TIME r|s|c icmp KIND`, reported by a router or by an end. KIND is `unreachable` with `net`, `host`,
//! `protocol`, `port` or `prohibited`, or `exceeded`, or type and code as numbers. It quotes the last segment of that
//! connection's client, or with `about s` of its server; `quote N` gives another sequence number, `noquote` none.

mod error;
mod lex;
mod line;
mod page;
mod parse;
mod print;
mod relative;
#[cfg(test)]
mod tests;

pub use error::TraceError;
pub use page::{Block, blocks};
pub use parse::parse;
pub use print::print;
pub use relative::relative;

use crate::tcp::{Endpoint, IcmpError, Segment, SeqNum};

/// One line of a trace: a packet, and what the decoder hands over beside its headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The packet.
    pub packet: Packet,
    /// The first octets of its data, as many as the trace gives; there may be fewer than were captured.
    pub payload: Vec<u8>,
    /// Which device put the frame on the link, a small number for each source address of the link layer; `None` is not known.
    pub device: Option<u8>,
}

impl Event {
    /// The segment, where it is one.
    pub fn segment(&self) -> Option<&Segment> {
        match &self.packet {
            Packet::Segment(segment) => Some(segment),
            Packet::Icmp(_) => None,
        }
    }
}

/// What a line can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A TCP segment.
    Segment(Segment),
    /// An ICMP error about one.
    Icmp(IcmpError),
}

/// Initial sequence numbers, near the wrap so that every trace crosses it.
const CLIENT_ISN: SeqNum = SeqNum(u32::MAX - 100);
const SERVER_ISN: SeqNum = SeqNum(u32::MAX - 3000);

/// The port of the client of `flow 0`.
const CLIENT_PORT: u16 = 40_000;

/// The router that reports ICMP errors: 203.0.113.1, and 2001:db8:ffff::1.
const ROUTER_V4: [u8; 4] = [203, 0, 113, 1];
const ROUTER_V6: [u8; 16] = [0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/// The two ends of a connection in the words of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ends {
    client: u8,
    flow: u16,
    server: u8,
    port: u16,
    ipv6: bool,
}

impl Default for Ends {
    fn default() -> Self {
        Self { client: 1, flow: 0, server: 5, port: 443, ipv6: false }
    }
}

impl Ends {
    fn client(self) -> Endpoint {
        let port = CLIENT_PORT.saturating_add(self.flow);
        if self.ipv6 { Endpoint::v6(v6(0, self.client), port) } else { Endpoint::v4([192, 0, 2, self.client], port) }
    }

    fn server(self) -> Endpoint {
        if self.ipv6 {
            Endpoint::v6(v6(5, self.server), self.port)
        } else {
            Endpoint::v4([198, 51, 100, self.server], self.port)
        }
    }

    /// The ends that have these endpoints, if a trace can name them.
    fn of(client: Endpoint, server: Endpoint, ipv6: bool) -> Option<Self> {
        let flow = client.port.checked_sub(CLIENT_PORT)?;
        let ends =
            Self { client: *client.address.last()?, flow, server: *server.address.last()?, port: server.port, ipv6 };
        (ends.client() == client && ends.server() == server).then_some(ends)
    }

    /// Initial sequence numbers of client and server, others for each connection.
    fn isn(self) -> (SeqNum, SeqNum) {
        // Any odd factor spreads them.
        let of = |number: u32, usual: u32| number.wrapping_sub(usual);
        let usual = Self::default();
        let other = of(self.flow.into(), 0)
            .wrapping_add(of(self.client.into(), usual.client.into()) << 16)
            .wrapping_add(of(self.server.into(), usual.server.into()) << 24)
            .wrapping_add(of(self.port.into(), usual.port.into()) << 8)
            .wrapping_mul(0x9e37_79b1);
        (CLIENT_ISN.add(other), SERVER_ISN.add(other))
    }
}

fn v6(network: u8, host: u8) -> [u8; 16] {
    [0x20, 0x01, 0x0d, 0xb8, 0, network, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]
}

/// Whether it is a refusal, whose sequence number is 0 itself and not relative (RFC 9293 section 3.5.2, group 1).
fn refuses(segment: &Segment) -> bool {
    segment.flags.rst() && segment.flags.ack() && segment.seq.0 == 0
}

/// The first identification of a side of a connection; each packet of it counts one up, as a socket of Linux does.
fn first_id(ends: Ends, from_client: bool) -> u16 {
    let spread = ends.flow.wrapping_mul(331).wrapping_add(ends.port.wrapping_sub(443).wrapping_mul(77));
    spread.wrapping_add(if from_client { 0x2a01 } else { 0x7101 })
}
