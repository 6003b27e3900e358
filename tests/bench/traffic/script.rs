//! What a connection does from its first segment to its last, and the teardown that follows from it.

use super::connection::{ACK, FIN, Kind, PSH, RST, SYN, Side, Step, Teardown};
use super::random::Random;

/// The largest payload of an ordinary frame: 1500 bytes less IPv4 and TCP with timestamps.
const SEGMENT: u16 = 1448;
/// The largest super-frame that still fits the 16-bit length fields: 45 segments.
const SUPER_SEGMENT: u16 = 45 * SEGMENT;
/// Segments of handshake and closing, on average over the endings.
const OVERHEAD: f64 = 7.0;
/// Segments of the endings that have no data, on average.
const SHORT: f64 = 2.7;
/// Share of data segments that are sent twice.
const RETRANSMITTED: f64 = 0.01;
/// Linux's lowest retransmission timeout (TCP_RTO_MIN); less could pass for a copy made by the recorder.
const RETRANSMISSION_TIMEOUT_US: u32 = 200_000;
/// How much longer than other gaps the silence is before a reset that it causes.
const IDLE_FACTOR: f64 = 20.0;
/// One connection in so many is large, and by this factor.
const LARGE_ONE_IN: u32 = 10;
const LARGE_FACTOR: f64 = 5.5;

/// What all connections of a capture have in common.
pub struct Shape {
    /// Mean number of frames of a connection.
    pub frames: f64,
    /// Mean duration in nanoseconds.
    pub life_ns: f64,
    /// Downloads only, the even ones in super-frames.
    pub bulk: bool,
}

#[derive(Clone, Copy)]
enum Ending {
    ClientCloses,
    ServerCloses,
    BothClose,
    ClientAborts,
    ServerAborts,
    DataAfterClose,
    CloseThenAbort,
    ResetAfterBothClosed,
    Injected,
    IdleReset,
    Scan,
    Refused,
    SynUnanswered,
    DataUnanswered,
    HalfClosed,
    Open,
}

/// Endings of connections with data, and how many of a thousand.
const ENDINGS: [(Ending, u32); 16] = [
    (Ending::ClientCloses, 350),
    (Ending::ServerCloses, 250),
    (Ending::BothClose, 180),
    (Ending::ClientAborts, 25),
    (Ending::ServerAborts, 30),
    (Ending::DataAfterClose, 20),
    (Ending::CloseThenAbort, 15),
    (Ending::ResetAfterBothClosed, 20),
    (Ending::Injected, 10),
    (Ending::IdleReset, 10),
    (Ending::Scan, 10),
    (Ending::Refused, 20),
    (Ending::SynUnanswered, 10),
    (Ending::DataUnanswered, 10),
    (Ending::HalfClosed, 10),
    (Ending::Open, 30),
];

/// Endings without data, for captures with so few frames a connection that most cannot have any.
const SHORT_ENDINGS: [(Ending, u32); 3] = [(Ending::Refused, 500), (Ending::SynUnanswered, 200), (Ending::Scan, 300)];

fn pick(endings: &[(Ending, u32)], random: &mut Random) -> Ending {
    let mut left = random.below(endings.iter().map(|(_, weight)| weight).sum());
    for &(ending, weight) in endings {
        if left < weight {
            return ending;
        }
        left -= weight;
    }
    Ending::ClientCloses
}

/// Collects steps; times are filled in at the end.
struct Script {
    steps: Vec<Step>,
}

impl Script {
    fn add(&mut self, from: Side, flags: u8, length: u16, kind: Kind) {
        self.steps.push(Step { gap_us: 0, from, flags, kind, length });
    }

    fn send(&mut self, from: Side, flags: u8) {
        self.add(from, flags, 0, Kind::Next);
    }

    fn data(&mut self, from: Side, length: u16) {
        self.add(from, ACK | PSH, length, Kind::Next);
    }

    fn again(&mut self, from: Side, times: usize) {
        for _ in 0..times {
            self.add(from, ACK, 0, Kind::Again);
        }
    }

    fn handshake(&mut self) {
        self.send(Side::Client, SYN);
        self.send(Side::Server, SYN | ACK);
        self.send(Side::Client, ACK);
    }

    /// FIN and its acknowledgement.
    fn close(&mut self, side: Side) {
        self.send(side, FIN | ACK);
        self.send(side.other(), ACK);
    }

    /// Requests and answers until about `frames` are used up.
    fn exchange(&mut self, frames: f64, largest: u16, bulk: bool, random: &mut Random) {
        let end = self.steps.len() + frames as usize;
        if bulk {
            self.data(Side::Client, 120);
        }
        while self.steps.len() < end {
            if !bulk {
                self.data(Side::Client, 40 + random.below(600) as u16);
            }
            let segments = if bulk { 4 } else { 1 + random.below(5) };
            for number in 1..=segments {
                let full = bulk || number < segments;
                let length = if full { largest } else { 1 + random.below(u32::from(largest)) as u16 };
                self.data(Side::Server, length);
                if random.chance(RETRANSMITTED) {
                    self.again(Side::Server, 1);
                }
                if number % 2 == 0 || number == segments {
                    self.send(Side::Client, ACK);
                }
            }
        }
    }

    fn end(&mut self, ending: Ending) -> Teardown {
        use Side::{Client, Server};
        match ending {
            Ending::ClientCloses => {
                self.close(Client);
                self.close(Server);
                Teardown::Fin
            }
            Ending::ServerCloses => {
                self.close(Server);
                self.close(Client);
                Teardown::Fin
            }
            Ending::BothClose => {
                self.send(Client, FIN | ACK);
                self.send(Server, FIN | ACK);
                self.send(Client, ACK);
                Teardown::Fin
            }
            Ending::ClientAborts => {
                self.send(Client, RST | ACK);
                Teardown::Reset
            }
            Ending::ServerAborts => {
                self.send(Server, RST | ACK);
                Teardown::Reset
            }
            Ending::DataAfterClose => {
                self.close(Server);
                self.data(Client, 200);
                self.send(Server, RST);
                Teardown::Reset
            }
            Ending::CloseThenAbort => {
                self.send(Client, FIN | ACK);
                self.send(Client, RST | ACK);
                Teardown::Reset
            }
            Ending::ResetAfterBothClosed => {
                self.close(Server);
                self.data(Client, 31);
                self.send(Client, FIN | ACK);
                self.send(Server, RST);
                self.send(Server, RST);
                Teardown::ResetAfterFin
            }
            Ending::Injected => {
                self.data(Client, 300);
                self.add(Server, RST | ACK, 0, Kind::Forged);
                self.add(Client, RST | ACK, 0, Kind::Forged);
                self.data(Server, SEGMENT);
                self.send(Client, RST);
                Teardown::Reset
            }
            Ending::IdleReset => {
                self.data(Client, 50);
                self.send(Server, RST);
                Teardown::Reset
            }
            Ending::DataUnanswered => {
                self.data(Client, 400);
                self.again(Client, 4);
                Teardown::Unanswered
            }
            Ending::HalfClosed => {
                self.close(Server);
                Teardown::HalfClosed
            }
            Ending::Open => Teardown::Open,
            Ending::Scan => {
                self.send(Client, SYN);
                self.send(Server, SYN | ACK);
                self.send(Client, RST);
                Teardown::Reset
            }
            Ending::Refused => {
                self.send(Client, SYN);
                self.send(Server, RST | ACK);
                Teardown::Refused
            }
            Ending::SynUnanswered => {
                self.send(Client, SYN);
                self.again(Client, 3);
                Teardown::Unanswered
            }
        }
    }
}

/// The script of connection number `index`.
pub fn write(shape: &Shape, index: u32, random: &mut Random) -> (Vec<Step>, Teardown) {
    let full = shape.frames.max(OVERHEAD + 3.0);
    let short_share = ((full - shape.frames) / (full - SHORT)).clamp(0.0, 1.0);
    let ending = if shape.bulk {
        Ending::ServerCloses
    } else if random.chance(short_share) {
        pick(&SHORT_ENDINGS, random)
    } else {
        pick(&ENDINGS, random)
    };
    let mut script = Script { steps: Vec::new() };
    let has_data = !matches!(ending, Ending::Scan | Ending::Refused | Ending::SynUnanswered);
    if has_data {
        let mean = full - OVERHEAD;
        let super_frames = shape.bulk && index.is_multiple_of(2);
        let (frames, largest) = if super_frames {
            (mean / 8.0, SUPER_SEGMENT)
        } else if shape.bulk {
            (mean, SEGMENT)
        } else if random.below(LARGE_ONE_IN) == 0 {
            (random.exponential(mean * LARGE_FACTOR), SEGMENT)
        } else {
            (random.exponential(mean * 0.5), SEGMENT)
        };
        script.handshake();
        script.exchange(frames, largest, shape.bulk, random);
    }
    let teardown = script.end(ending);
    let gap_us = shape.life_ns / script.steps.len() as f64 / 1000.0;
    let steps = script.steps.len();
    for (index, step) in script.steps.iter_mut().enumerate() {
        let idle = matches!(ending, Ending::IdleReset) && index + 2 == steps;
        let mean = if idle { gap_us * IDLE_FACTOR } else { gap_us };
        step.gap_us = random.exponential(mean).min(f64::from(u32::MAX)) as u32;
        if step.kind == Kind::Again {
            step.gap_us = step.gap_us.max(RETRANSMISSION_TIMEOUT_US);
        }
    }
    (script.steps, teardown)
}
