//! One TCP connection on its way through its script: addresses, sequence numbers, options, the next segment.

use super::frame::{Address, Frame, Link};
use super::payload::Payload;
use super::random::Random;

/// TCP flags (RFC 9293, section 3.1).
pub const FIN: u8 = 0x01;
/// See `FIN`.
pub const SYN: u8 = 0x02;
/// See `FIN`.
pub const RST: u8 = 0x04;
/// See `FIN`.
pub const PSH: u8 = 0x08;
/// See `FIN`.
pub const ACK: u8 = 0x10;

const PROTOCOL_TCP: u8 = 6;
const TIMESTAMPS_SHARE: f64 = 0.8;
const QINQ_SHARE: f64 = 0.25;
const CLIENT_HOSTS: u32 = 60_000;
const SERVERS: u32 = 200;
const SERVICES: [u16; 6] = [443, 443, 80, 5432, 8080, 22];
/// Routers between server and recorder: the server's TTL is 64 less these.
const SERVER_HOPS: u8 = 9;
/// The TTL of segments forged in between.
const FORGED_TTL: u8 = 119;

/// How a connection ended, in the words of the report.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Teardown {
    /// Both sides closed.
    Fin,
    /// RST before both sides had closed.
    Reset,
    /// RST instead of an answer to the SYN.
    Refused,
    /// RST only after both FINs.
    ResetAfterFin,
    /// Something was repeated and never answered.
    Unanswered,
    /// One FIN only.
    HalfClosed,
    /// No end in the capture.
    Open,
}

impl Teardown {
    /// Every one, in the order of their numbers.
    pub const ALL: [Teardown; 7] = [
        Teardown::Fin,
        Teardown::Reset,
        Teardown::Refused,
        Teardown::ResetAfterFin,
        Teardown::Unanswered,
        Teardown::HalfClosed,
        Teardown::Open,
    ];

    /// The report's identifier.
    pub fn name(self) -> &'static str {
        match self {
            Teardown::Fin => "fin",
            Teardown::Reset => "reset",
            Teardown::Refused => "refused",
            Teardown::ResetAfterFin => "reset_after_fin",
            Teardown::Unanswered => "unanswered",
            Teardown::HalfClosed => "half_closed",
            Teardown::Open => "open",
        }
    }
}

/// Who sends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Sent the SYN.
    Client,
    /// Answered it.
    Server,
}

impl Side {
    /// The peer.
    pub fn other(self) -> Self {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

/// What kind of segment a step is, beside its flags and length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In sequence.
    Next,
    /// The sender's last segment that took sequence space, once more.
    Again,
    /// In sequence, but made by someone else.
    Forged,
}

/// One segment of a script.
#[derive(Clone, Copy)]
pub struct Step {
    /// Time since the step before, in microseconds.
    pub gap_us: u32,
    /// By its addresses.
    pub from: Side,
    /// The TCP flags.
    pub flags: u8,
    /// In sequence or not.
    pub kind: Kind,
    /// Bytes of data.
    pub length: u16,
}

/// Addresses, ports and tags.
#[derive(Clone, Copy)]
pub struct Endpoints {
    addresses: [Address; 2],
    ports: [u16; 2],
    vlans: [Option<u16>; 2],
}

impl Endpoints {
    /// Those of connection number `index`, which no other number has.
    pub fn new(index: u32, ipv6: bool, tagged: bool, random: &mut Random) -> Self {
        let [_, _, high, low] = (index % CLIENT_HOSTS).to_be_bytes();
        let client_port = 1024 + (index / CLIENT_HOSTS) % 60_000;
        let server = random.below(SERVERS) as u8;
        let service = SERVICES[random.below(SERVICES.len() as u32) as usize];
        let addresses = if ipv6 {
            // 2001:2::/48 is for benchmarks: RFC 5180, section 8.
            let mut client = [0x20, 0x01, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, high, low];
            client[12] = 0x50;
            let server = [0x20, 0x01, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, server];
            [Address::V6(client), Address::V6(server)]
        } else {
            // 198.18.0.0/15 is for benchmarks: RFC 2544, appendix C.2.2.
            [Address::V4([198, 18, high, low]), Address::V4([198, 19, 0, server])]
        };
        let inner = 100 + random.below(16) as u16;
        let vlans = match (tagged, random.chance(QINQ_SHARE)) {
            (false, _) => [None, None],
            (true, false) => [None, Some(inner)],
            (true, true) => [Some(2000), Some(inner)],
        };
        Endpoints { addresses, ports: [client_port as u16, service], vlans }
    }
}

struct End {
    next: u32,
    /// Of the last segment that took sequence space, for a retransmission: its place, length and flags.
    last: (u32, u16, u8),
    ip_id: u16,
    clock: u32,
    recent_peer_clock: u32,
}

/// A connection in progress.
pub struct Connection {
    /// Its addresses.
    pub endpoints: Endpoints,
    steps: std::vec::IntoIter<Step>,
    upcoming: Option<Step>,
    ends: [End; 2],
    timestamps: bool,
    teardown: Teardown,
}

impl Connection {
    /// A connection that will go through `steps`.
    pub fn new(endpoints: Endpoints, steps: Vec<Step>, teardown: Teardown, random: &mut Random) -> Self {
        let mut end = || End {
            next: random.bits() as u32,
            last: (0, 0, 0),
            ip_id: random.bits() as u16,
            clock: random.bits() as u32,
            recent_peer_clock: 0,
        };
        let ends = [end(), end()];
        let mut steps = steps.into_iter();
        let upcoming = steps.next();
        Connection { endpoints, steps, upcoming, ends, timestamps: random.chance(TIMESTAMPS_SHARE), teardown }
    }

    /// Time until the next segment in nanoseconds, or `None` at the end of the script.
    pub fn gap(&self) -> Option<u64> {
        self.upcoming.map(|step| u64::from(step.gap_us) * 1000 + 1)
    }

    /// Whether another connection may take these addresses and ports without leaving doubt about what belongs to which.
    pub fn leaves_reusable_ports(&self) -> bool {
        matches!(self.teardown, Teardown::Fin | Teardown::Reset)
    }

    /// Makes the next segment's frame and returns its flags.
    pub fn write(&mut self, now: u64, frame: &mut Frame, pool: &Payload, random: &mut Random) -> u8 {
        let Some(step) = self.upcoming else {
            return 0;
        };
        self.upcoming = self.steps.next();
        let (me, peer) = match step.from {
            Side::Client => (0, 1),
            Side::Server => (1, 0),
        };
        let acknowledged = self.ends[peer].next;
        let end = &mut self.ends[me];
        let (sequence, length, flags) = match step.kind {
            Kind::Again => end.last,
            Kind::Next | Kind::Forged => (end.next, step.length, step.flags),
        };
        let space = u32::from(length) + u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0);
        if step.kind == Kind::Next && space > 0 && flags & RST == 0 {
            end.last = (sequence, length, flags);
            end.next = sequence.wrapping_add(space);
        }
        end.ip_id = end.ip_id.wrapping_add(1);
        let clock = end.clock.wrapping_add((now / 1_000_000) as u32);
        let echo = end.recent_peer_clock;
        let forged = step.kind == Kind::Forged;
        let link = Link {
            from: self.endpoints.addresses[me],
            to: self.endpoints.addresses[peer],
            stations: [1 + me as u8, 1 + peer as u8],
            vlans: self.endpoints.vlans,
            ttl: match step.from {
                _ if forged => FORGED_TTL,
                Side::Client => 64,
                Side::Server => 64 - SERVER_HOPS,
            },
            ip_id: if flags & RST != 0 { 0 } else { end.ip_id },
        };
        let mut header = [0; 60];
        header[0..2].copy_from_slice(&self.endpoints.ports[me].to_be_bytes());
        header[2..4].copy_from_slice(&self.endpoints.ports[peer].to_be_bytes());
        header[4..8].copy_from_slice(&sequence.to_be_bytes());
        if flags & ACK != 0 {
            header[8..12].copy_from_slice(&acknowledged.to_be_bytes());
        }
        header[13] = flags;
        let window: u16 = if flags & RST != 0 { 0 } else { 502 };
        header[14..16].copy_from_slice(&window.to_be_bytes());
        let mut size = 20;
        let mut option = |bytes: &[u8]| {
            header[size..size + bytes.len()].copy_from_slice(bytes);
            size += bytes.len();
        };
        if flags & SYN != 0 {
            // Maximum segment size 1460, SACK permitted, window scale 7: RFC 9293, 2018, 7323.
            option(&[2, 4, 0x05, 0xb4, 1, 3, 3, 7, 1, 1, 4, 2]);
        }
        if self.timestamps && flags & RST == 0 {
            option(&[1, 1, 8, 10]);
            option(&clock.to_be_bytes());
            option(&echo.to_be_bytes());
            self.ends[peer].recent_peer_clock = clock;
        }
        header[12] = (size as u8 / 4) << 4;
        let payload = pool.slice(usize::from(length), random);
        frame.transport(&link, PROTOCOL_TCP, &header[..size], 16, payload, pool);
        flags
    }
}
