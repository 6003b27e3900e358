//! Writes a large capture of interleaved TCP connections, the same bytes for the same arguments, and the truth about it.
//!
//! For timing only: the traffic has the shapes that cost a reader something (many connections alive at once, two
//! address families, VLAN tags, cut frames, super-frames, reused ports, every kind of ending), and its truth is known
//! by construction, so that a fast wrong answer is noticed. It does not try to look like any real network, and no
//! verdict is ever fitted on it. Run it through `tests/bench/run`, or `cargo run --release --example generate -- --help`.

mod traffic;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::process::ExitCode;
use std::{env, fs, io};

use traffic::capture_file::{CaptureFile, Format};
use traffic::connection::{Connection, Endpoints};
use traffic::payload::Payload;
use traffic::random::Random;
use traffic::script::{self, Shape};
use traffic::truth::Truth;
use traffic::{background, frame::Frame};

const HELP: &str = "\
Writes a capture of interleaved TCP connections, and the truth about it.

usage: generate --out FILE [options]

  --out FILE      the capture
  --truth FILE    its truth: frames, TCP segments, RSTs, flows and how they ended, as JSON
  --flows N       TCP connections [20000]
  --packets N     frames in all, about [300000]
  --seed N        another seed, another capture [1]
  --bulk          few large downloads in super-frames of up to 64 KB, as GRO makes them, all alive at once
  --snaplen N     bytes kept of each frame [262144]
  --udp SHARE     share of frames that are UDP or ARP [0.05]
  --ipv6 SHARE    share of connections over IPv6 [0.2]
  --vlan SHARE    share of connections in a VLAN, a quarter of them in two [0.1]
  --format F      pcap or pcapng [pcap]";

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

#[derive(Debug)]
struct Arguments {
    out: String,
    truth: Option<String>,
    flows: u32,
    packets: u64,
    seed: u64,
    bulk: bool,
    snaplen: usize,
    udp: f64,
    ipv6: f64,
    vlan: f64,
    format: Format,
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut arguments = Arguments {
        out: String::new(),
        truth: None,
        flows: 20_000,
        packets: 300_000,
        seed: 1,
        bulk: false,
        snaplen: 262_144,
        udp: 0.05,
        ipv6: 0.2,
        vlan: 0.1,
        format: Format::Pcap,
    };
    fn number<T: std::str::FromStr>(option: &str, value: &str) -> Result<T, String> {
        value.parse().map_err(|_| format!("{option} {value}: not a number in range"))
    }
    while let Some(option) = words.next() {
        match option.as_str() {
            "-h" | "--help" => return Ok(None),
            "--bulk" => {
                arguments.bulk = true;
                continue;
            }
            _ => {}
        }
        let value = words.next().ok_or_else(|| format!("{option}: a value is missing"))?;
        match option.as_str() {
            "--out" => arguments.out = value,
            "--truth" => arguments.truth = Some(value),
            "--flows" => arguments.flows = number(&option, &value)?,
            "--packets" => arguments.packets = number(&option, &value)?,
            "--seed" => arguments.seed = number(&option, &value)?,
            "--snaplen" => arguments.snaplen = number(&option, &value)?,
            "--udp" => arguments.udp = number(&option, &value)?,
            "--ipv6" => arguments.ipv6 = number(&option, &value)?,
            "--vlan" => arguments.vlan = number(&option, &value)?,
            "--format" if value == "pcap" => arguments.format = Format::Pcap,
            "--format" if value == "pcapng" => arguments.format = Format::Pcapng,
            _ => return Err(format!("{option} {value}: no such option, try --help")),
        }
    }
    if arguments.out.is_empty() {
        return Err("--out FILE is missing, try --help".to_owned());
    }
    let shares = [arguments.udp, arguments.ipv6, arguments.vlan];
    if !shares.iter().all(|share| (0.0..1.0).contains(share)) {
        return Err("--udp, --ipv6 and --vlan take shares from 0 to below 1".to_owned());
    }
    if arguments.flows == 0 || arguments.packets == 0 {
        return Err("--flows and --packets must be at least 1".to_owned());
    }
    Ok(Some(arguments))
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

struct Generator {
    arguments: Arguments,
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
    fn new(arguments: Arguments) -> Self {
        let mut random = Random::new(arguments.seed);
        let payload = Payload::new(&mut random);
        let span_ns = arguments.packets as f64 / FRAMES_PER_SECOND * 1e9;
        let frames_per_flow = arguments.packets as f64 * (1.0 - arguments.udp) / f64::from(arguments.flows);
        let shape = Shape {
            frames: frames_per_flow,
            life_ns: if arguments.bulk { span_ns } else { span_ns * ALIVE },
            bulk: arguments.bulk,
        };
        Generator {
            arguments,
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
        let room = if self.arguments.bulk { 0.0 } else { 1.0 - ALIVE };
        START_NS + (self.span_ns * room * f64::from(index) / f64::from(self.arguments.flows)) as u64
    }

    fn endpoints(&mut self) -> Endpoints {
        if self.random.chance(PORT_REUSE)
            && let Some(endpoints) = self.ended.pop_front()
        {
            return endpoints;
        }
        Endpoints::new(
            self.started,
            self.random.chance(self.arguments.ipv6),
            self.random.chance(self.arguments.vlan),
            &mut self.random,
        )
    }

    fn start_connection(&mut self, now: u64) {
        let endpoints = self.endpoints();
        let (steps, teardown) = script::write(&self.shape, self.started, &mut self.random);
        self.truth.flow(teardown);
        let connection = Connection::new(endpoints, steps, teardown, &mut self.random);
        self.started += 1;
        if self.started < self.arguments.flows {
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

    fn run(mut self) -> io::Result<(Truth, u64)> {
        let mut file = CaptureFile::create(&self.arguments.out, self.arguments.format, self.arguments.snaplen)?;
        let mut frame = Frame::default();
        let background_gap = self.span_ns / (self.arguments.packets as f64 * self.arguments.udp);
        if self.arguments.udp > 0.0 {
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

fn main() -> ExitCode {
    let arguments = match parse(env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("generate: {problem}");
            return ExitCode::from(2);
        }
    };
    let (out, truth_path) = (arguments.out.clone(), arguments.truth.clone());
    let written = Generator::new(arguments).run().and_then(|(truth, bytes)| {
        if let Some(path) = truth_path {
            fs::write(path, truth.json(bytes))?;
        }
        Ok(truth.frames)
    });
    match written {
        Ok(frames) => {
            println!("{out}: {frames} frames");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("generate: {out}: {error}");
            ExitCode::FAILURE
        }
    }
}
