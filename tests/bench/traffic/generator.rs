//! When connections start, when each sends, and what goes on beside them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;

use super::background;
use super::capture_file::{CaptureFile, Format};
use super::connection::{Connection, Endpoints};
use super::frame::Frame;
use super::payload::Payload;
use super::random::Random;
use super::script::{self, Shape};
use super::truth::Truth;

/// Frames per second of capture time.
const FRAMES_PER_SECOND: f64 = 100_000.0;
/// Mean share of the connections that are alive at one moment.
const ALIVE: f64 = 0.1;
/// Share of connections that take the addresses and ports of one that has ended.
const PORT_REUSE: f64 = 0.02;
/// Ended connections that are remembered for that.
const REUSABLE: usize = 1024;
/// 2023-11-14 22:13:20 UTC, for no reason but that it is fixed.
const START_NS: u64 = 1_700_000_000_000_000_000;

/// What capture to write.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file.
    pub out: String,
    /// TCP connections.
    pub flows: u32,
    /// Frames in all, about.
    pub packets: u64,
    /// Another seed, another capture.
    pub seed: u64,
    /// Few large downloads in super-frames.
    pub bulk: bool,
    /// Octets kept of each frame.
    pub snaplen: usize,
    /// Share of frames that are UDP or ARP.
    pub udp: f64,
    /// Share of connections over IPv6.
    pub ipv6: f64,
    /// Share of connections in a VLAN.
    pub vlan: f64,
    /// The container.
    pub format: Format,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            out: String::new(),
            flows: 20_000,
            packets: 300_000,
            seed: 1,
            bulk: false,
            snaplen: 262_144,
            udp: 0.05,
            ipv6: 0.2,
            vlan: 0.1,
            format: Format::Pcap,
        }
    }
}

/// What happens next, ordered by time and then by the order of planning, so that the heap has no ties.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    time: u64,
    order: u64,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Background,
    Start,
    /// The next segment of the connection in this slot.
    Segment(usize),
}

/// Writes one capture.
pub struct Generator {
    plan: Plan,
    random: Random,
    payload: Payload,
    events: BinaryHeap<Reverse<Event>>,
    planned: u64,
    started: u32,
    slots: Vec<Option<Connection>>,
    free: Vec<usize>,
    ended: VecDeque<Endpoints>,
    truth: Truth,
    span_ns: f64,
    shape: Shape,
}

impl Generator {
    /// A generator of this capture.
    pub fn new(plan: Plan) -> Self {
        let mut random = Random::new(plan.seed);
        let payload = Payload::new(&mut random);
        let span_ns = plan.packets as f64 / FRAMES_PER_SECOND * 1e9;
        let frames_per_flow = plan.packets as f64 * (1.0 - plan.udp) / f64::from(plan.flows);
        let shape = Shape {
            frames: frames_per_flow,
            life_ns: if plan.bulk { span_ns } else { span_ns * ALIVE },
            bulk: plan.bulk,
        };
        Generator {
            plan,
            random,
            payload,
            events: BinaryHeap::new(),
            planned: 0,
            started: 0,
            slots: Vec::new(),
            free: Vec::new(),
            ended: VecDeque::new(),
            truth: Truth::default(),
            span_ns,
            shape,
        }
    }

    fn plan(&mut self, time: u64, what: What) {
        self.planned += 1;
        self.events.push(Reverse(Event { time, order: self.planned, what }));
    }

    /// Where connection number `index` starts; the starts are spread so that the last ones still have time to live.
    fn start_time(&self, index: u32) -> u64 {
        let room = if self.plan.bulk { 0.0 } else { 1.0 - ALIVE };
        START_NS + (self.span_ns * room * f64::from(index) / f64::from(self.plan.flows)) as u64
    }

    fn endpoints(&mut self) -> Endpoints {
        if self.random.chance(PORT_REUSE)
            && let Some(endpoints) = self.ended.pop_front()
        {
            return endpoints;
        }
        Endpoints::new(
            self.started,
            self.random.chance(self.plan.ipv6),
            self.random.chance(self.plan.vlan),
            &mut self.random,
        )
    }

    fn start_connection(&mut self, now: u64) {
        let endpoints = self.endpoints();
        let (steps, teardown) = script::write(&self.shape, self.started, &mut self.random);
        self.truth.flow(teardown);
        let connection = Connection::new(endpoints, steps, teardown, &mut self.random);
        self.started += 1;
        if self.started < self.plan.flows {
            let next = self.start_time(self.started).max(now);
            self.plan(next, What::Start);
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[slot] = Some(connection);
        self.plan(now, What::Segment(slot));
    }

    /// Writes it; its truth and its octets.
    pub fn run(mut self) -> io::Result<(Truth, u64)> {
        let mut file = CaptureFile::create(&self.plan.out, self.plan.format, self.plan.snaplen)?;
        let mut frame = Frame::default();
        let background_gap = self.span_ns / (self.plan.packets as f64 * self.plan.udp);
        if self.plan.udp > 0.0 {
            self.plan(START_NS, What::Background);
        }
        self.plan(START_NS, What::Start);
        while let Some(Reverse(event)) = self.events.pop() {
            let now = event.time;
            match event.what {
                What::Start => self.start_connection(now),
                What::Background => {
                    background::write(&mut frame, &self.payload, &mut self.random);
                    self.truth.frames += 1;
                    file.write(now, &frame, &self.payload)?;
                    let next = now + 1 + self.random.exponential(background_gap) as u64;
                    if next < START_NS + self.span_ns as u64 {
                        self.plan(next, What::Background);
                    }
                }
                What::Segment(slot) => {
                    let Some(connection) = self.slots[slot].as_mut() else {
                        continue;
                    };
                    let flags = connection.write(now, &mut frame, &self.payload, &mut self.random);
                    self.truth.segment(flags);
                    file.write(now, &frame, &self.payload)?;
                    if let Some(gap) = connection.gap() {
                        self.plan(now + gap, What::Segment(slot));
                    } else if let Some(connection) = self.slots[slot].take() {
                        self.free.push(slot);
                        if connection.leaves_reusable_ports() && self.ended.len() < REUSABLE {
                            self.ended.push_back(connection.endpoints);
                        }
                    }
                }
            }
        }
        Ok((self.truth, file.finish()?))
    }
}
