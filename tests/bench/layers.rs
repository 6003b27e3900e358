//! What each layer costs, each with all below it: `cargo bench`, or `cargo bench -- follow` for one of them.
//!
//! On a capture of full frames and one of headers only, by the same generator as `tests/bench/run`.

#[allow(dead_code)] // only the generator writes the truth down
mod traffic;

use std::path::PathBuf;
use std::sync::OnceLock;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tcpautopsy::capture::{Capture, OpenOptions};
use tcpautopsy::cli::{self, Job};
use tcpautopsy::decode::{DecodeLimits, Decoder};
use tcpautopsy::flow::{FlowTable, Keyer, Limits};
use tcpautopsy::run;
use tcpautopsy::tcp::Segment;
use traffic::generator::{Generator, Plan};

const FLOWS: u32 = 5_000;
const PACKETS: u64 = 100_000;

/// Octets kept of each frame.
const SNAPLENS: [usize; 2] = [262_144, 96];

/// Segments followed at a time, as the program does.
const BATCH: usize = 1024;

fn main() {
    divan::main();
}

struct Input {
    path: PathBuf,
    frames: u64,
    segments: Vec<Segment>,
}

/// The capture with frames of so many octets.
fn input(snaplen: usize) -> &'static Input {
    static INPUTS: [OnceLock<Input>; 2] = [const { OnceLock::new() }; 2];
    let place = SNAPLENS.iter().position(|&known| known == snaplen).expect("one of them");
    INPUTS[place].get_or_init(|| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("layers-{snaplen}.pcap"));
        let out = path.to_str().expect("a path of cargo's").to_owned();
        let plan = Plan { out, flows: FLOWS, packets: PACKETS, snaplen, ..Plan::default() };
        let (truth, _) = Generator::new(plan).run().expect("a file");
        let mut segments = Vec::new();
        decode(&path, |segment| segments.push(segment));
        assert_eq!(segments.len() as u64, truth.tcp_segments);
        Input { path, frames: truth.frames, segments }
    })
}

fn decode(path: &PathBuf, mut take: impl FnMut(Segment)) {
    let (mut capture, _) = Capture::open(std::slice::from_ref(path), OpenOptions::default());
    let mut decoder = Decoder::new(DecodeLimits::default());
    let mut segments = Vec::new();
    while let Some(run) = capture.run() {
        for (frame, _) in run {
            black_box(decoder.decode_into(&frame, &mut segments));
            segments.drain(..).for_each(&mut take);
        }
    }
}

/// Finding the records.
#[divan::bench(args = SNAPLENS)]
fn read(bencher: Bencher, snaplen: usize) {
    let input = input(snaplen);
    bencher.counter(ItemsCount::new(input.frames)).bench(|| {
        let (mut capture, _) = Capture::open(std::slice::from_ref(&input.path), OpenOptions::default());
        while let Some(run) = capture.run() {
            run.for_each(|(frame, _)| _ = black_box(frame.number));
        }
    });
}

/// Reading, and decoding what was read.
#[divan::bench(args = SNAPLENS)]
fn read_and_decode(bencher: Bencher, snaplen: usize) {
    let input = input(snaplen);
    bencher.counter(ItemsCount::new(input.frames)).bench(|| {
        decode(&input.path, |segment| {
            black_box(segment);
        });
    });
}

/// The same, and the keys by which flows are found: what the thread does that reads.
#[divan::bench(args = SNAPLENS)]
fn read_decode_and_key(bencher: Bencher, snaplen: usize) {
    let input = input(snaplen);
    bencher.counter(ItemsCount::new(input.frames)).bench(|| {
        let mut keyer = FlowTable::new(Limits::within(1 << 20, false, 0)).keyer();
        decode(&input.path, |segment| {
            black_box(keyer.key(&segment));
        });
    });
}

fn follow(bencher: Bencher, zeek: bool) {
    let segments = &input(96).segments;
    bencher.counter(ItemsCount::new(segments.len())).bench(|| {
        let mut table = FlowTable::new(Limits::within(1 << 28, zeek, 0));
        let mut keyer: Keyer = table.keyer();
        for some in segments.chunks(BATCH) {
            let keys: Vec<_> = some.iter().map(|segment| keyer.key(segment)).collect();
            table.segments(some, &keys);
        }
        table.finish()
    });
}

/// Following flows, of segments that lie in memory.
#[divan::bench]
fn follow_flows(bencher: Bencher) {
    follow(bencher, false);
}

/// The same, and as Zeek would.
#[divan::bench]
fn follow_flows_as_zeek(bencher: Bencher) {
    follow(bencher, true);
}

/// The whole program; beside the summary it has the second look, judging, and writing.
#[divan::bench(args = ["--summary", "--format=table", "--format=json", "--format=html"])]
fn whole_run(bencher: Bencher, report: &str) {
    let input = input(96);
    let output = input.path.with_extension("txt");
    let arguments = ["tcpautopsy", report, "--quiet", "--force", "--threads", "1", "--output"].map(Into::into);
    let files = [output.into_os_string(), input.path.clone().into_os_string()];
    let Ok(Job::Analyze(options)) = cli::job(arguments.into_iter().chain(files)) else { panic!("a command line") };
    bencher.counter(ItemsCount::new(input.frames)).bench(|| run::analyze(&options).expect("a report"));
}
