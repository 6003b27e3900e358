//! Reading captures that others made: as many frames as tshark finds, and the same ones however they are stored.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::shared;
use tcpautopsy::capture::{Capture, Compression, Format, InputSummary, OpenOptions};

/// Why tshark's count may differ from ours, by what tshark said.
#[derive(Debug, PartialEq, Eq)]
enum Difference {
    /// It refuses whole files of link types that it does not know; we read the frames and leave them to the decoder.
    UnknownLinkType,
    /// It reads containers that we name and leave to `editcap`.
    OtherContainer,
    /// It counts this many custom blocks of pcapng as frames.
    CustomBlocks(u64),
}

fn difference(oracle: &serde_json::Value) -> Option<Difference> {
    let message = oracle["tshark_message"].as_str().unwrap_or_default();
    let container = oracle["container"].as_str().unwrap_or_default();
    if message.contains("network type") && message.contains("unknown or unsupported") {
        Some(Difference::UnknownLinkType)
    } else if container == "not pcap/pcapng" && oracle["tshark_exit"] == 0 {
        Some(Difference::OtherContainer)
    } else if container.contains("0xbad=") {
        let counts = container.split([' ', ',']).filter_map(|part| part.split_once("bad=")?.1.parse::<u64>().ok());
        Some(Difference::CustomBlocks(counts.sum()))
    } else {
        None
    }
}

#[test]
fn as_many_frames_as_tshark() {
    let Some(folder) = shared("third_party") else { return };
    let (mut checked, mut wrong) = (0, Vec::new());
    for entry in std::fs::read_dir(folder.join("oracle/tshark")).unwrap() {
        let oracle: serde_json::Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let file = oracle["file"].as_str().unwrap();
        let (mut capture, errors) = Capture::open(&[folder.join("captures").join(file)], OpenOptions::default());
        let mut frames = 0u64;
        while let Some(frame) = capture.next() {
            frames += 1;
            assert!(frame.number.get() >= frames && frame.number == frame.input_frame);
        }
        let inputs = capture.finish();
        let expected = oracle["frames"].as_u64().unwrap();
        let as_expected = match difference(&oracle) {
            None => frames == expected,
            Some(Difference::UnknownLinkType) => expected == 0 && frames > 0,
            Some(Difference::CustomBlocks(blocks)) => frames + blocks == expected,
            Some(Difference::OtherContainer) => expected > 0 && errors.len() == 1,
        };
        // What tshark calls damaged we must not call complete, and the other way round.
        let whole = inputs.first().is_some_and(|input| input.complete && input.problems.is_empty());
        let tshark_whole = oracle["tshark_exit"] == 0;
        if !as_expected || (whole != tshark_whole && difference(&oracle).is_none()) {
            wrong.push(format!("{file}: {frames} frames for {expected}; {inputs:?} {errors:?}"));
        }
        checked += 1;
    }
    assert!(checked > 300, "only {checked} captures checked");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A folder of its own for one test, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("tcpautopsy-capture-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Time in seconds, `None` for a Simple Packet Block, and octets.
type Packet = (Option<u32>, Vec<u8>);

fn timed(seconds: &[u32]) -> Vec<Packet> {
    (0u8..).zip(seconds).map(|(i, second)| (Some(*second), vec![i; usize::from(i % 50) + 14])).collect()
}

fn pcap(packets: &[Packet]) -> Vec<u8> {
    let mut file = [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65535, 1].map(u32::to_le_bytes).concat();
    for (second, bytes) in packets {
        let length = bytes.len() as u32;
        file.extend([second.unwrap(), 0, length, length].map(u32::to_le_bytes).concat());
        file.extend(bytes);
    }
    file
}

fn pcapng(packets: &[Packet]) -> Vec<u8> {
    let mut file =
        [0x0a0d_0d0au32, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28, 1, 20, 1, 0, 20].map(u32::to_le_bytes).concat();
    for (second, bytes) in packets {
        let (length, padded) = (bytes.len() as u32, bytes.len().next_multiple_of(4) as u32);
        let time = second.map(|second| u64::from(second) * 1_000_000);
        let head = match time {
            Some(time) => vec![6, padded + 32, 0, (time >> 32) as u32, time as u32, length, length],
            None => vec![3, padded + 16, length],
        };
        file.extend(head.iter().copied().flat_map(u32::to_le_bytes));
        file.extend(bytes);
        file.resize(file.len().next_multiple_of(4), 0);
        file.extend(head[1].to_le_bytes());
    }
    file
}

/// What a reader of the merge sees of a frame, apart from where it came from.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    number: u64,
    seconds: Option<i64>,
    link_type: u16,
    original: u32,
    bytes: Vec<u8>,
}

struct Run {
    frames: Vec<Seen>,
    /// Input and number in it, of each frame.
    places: Vec<(u16, u64)>,
    errors: Vec<String>,
    inputs: Vec<InputSummary>,
}

fn run_with(paths: &[PathBuf], options: OpenOptions) -> Run {
    let (mut capture, errors) = Capture::open(paths, options);
    let progress = capture.progress();
    let (mut frames, mut places) = (Vec::new(), Vec::new());
    while let Some(frame) = capture.next() {
        places.push((frame.input, frame.input_frame.get()));
        frames.push(Seen {
            number: frame.number.get(),
            seconds: frame.time.map(|time| time.nanos() / 1_000_000_000),
            link_type: frame.link_type.0,
            original: frame.original_len,
            bytes: frame.bytes.to_vec(),
        });
    }
    let inputs = capture.finish();
    assert_eq!(progress.done(), inputs.iter().map(|input| input.bytes).sum::<u64>());
    assert!(progress.total().is_none_or(|total| total == progress.done()));
    Run { frames, places, errors: errors.iter().map(ToString::to_string).collect(), inputs }
}

fn run(paths: &[PathBuf]) -> Run {
    run_with(paths, OpenOptions::default())
}

fn seconds(run: &Run) -> Vec<Option<i64>> {
    run.frames.iter().map(|frame| frame.seconds).collect()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(plain).unwrap();
    packer.finish().unwrap()
}

fn lz4(plain: &[u8]) -> Vec<u8> {
    let mut packer = lz4_flex::frame::FrameEncoder::new(Vec::new());
    packer.write_all(plain).unwrap();
    packer.finish().unwrap()
}

#[test]
fn the_same_frames_however_they_are_stored() {
    let folder = Folder::new();
    let packets = timed(&(0..200).map(|i| i / 3).collect::<Vec<_>>());
    let plain = pcap(&packets);
    let whole = run(&[folder.file("whole", &plain)]);
    assert_eq!(whole.frames.len(), packets.len());
    assert!(whole.inputs[0].complete && whole.inputs[0].problems.is_empty());
    assert_eq!(whole.inputs[0].bytes, plain.len() as u64);

    let stored = [
        ("pcapng", pcapng(&packets), Format::Pcapng, None),
        ("gzip", gzip(&plain), Format::Pcap, Some(Compression::Gzip)),
        ("zstd", zstd::encode_all(plain.as_slice(), 1).unwrap(), Format::Pcap, Some(Compression::Zstd)),
        ("lz4", lz4(&plain), Format::Pcap, Some(Compression::Lz4)),
    ];
    for (name, bytes, format, compression) in stored {
        let other = run(&[folder.file(name, &bytes)]);
        assert_eq!(other.frames, whole.frames, "{name}");
        let input = &other.inputs[0];
        assert_eq!((input.format, input.compression, input.bytes), (format, compression, bytes.len() as u64));
        assert_eq!((input.frames, input.complete), (200, true));
    }

    for piped in [plain.clone(), gzip(&plain)] {
        let fifo = folder.0.join(format!("fifo{}", piped.len()));
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let writer = std::thread::spawn({
            let fifo = fifo.clone();
            move || std::fs::write(fifo, piped)
        });
        assert_eq!(run(&[fifo]).frames, whole.frames);
        writer.join().unwrap().unwrap();
    }
}

#[test]
fn a_file_split_in_four_is_the_file_in_any_order() {
    let folder = Folder::new();
    let packets = timed(&(0..40).map(|i| i / 7).collect::<Vec<_>>());
    let whole = run(&[folder.file("whole", &pcap(&packets))]).frames;
    let parts: Vec<_> = packets.chunks(10).collect();
    let parts = [
        folder.file("0", &pcap(parts[0])),
        folder.file("1", &pcapng(parts[1])),
        folder.file("2", &gzip(&pcap(parts[2]))),
        folder.file("3", &lz4(&pcapng(parts[3]))),
    ];
    // Parts share seconds at their seams, and no two begin in the same one.
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let run = run(&order.map(|part| parts[part].clone()));
        assert_eq!(run.frames, whole, "{order:?}");
        for (place, frame) in run.places.iter().zip(&run.frames) {
            let part = order[usize::from(place.0)] as u64;
            assert_eq!(part * 10 + place.1, frame.number, "{order:?}");
        }
        assert!(run.inputs.iter().all(|input| input.complete && input.frames == 10));
    }
}

#[test]
fn ties_go_to_who_begins_earlier_then_to_who_is_named_earlier() {
    let folder = Folder::new();
    let late = folder.file("late", &pcap(&timed(&[5, 6])));
    let early = folder.file("early", &pcap(&timed(&[1, 5, 6])));
    let same = folder.file("same", &pcap(&timed(&[5, 6])));
    let run = run(&[late, early, same]);
    assert_eq!(seconds(&run), [1, 5, 5, 5, 6, 6, 6].map(Some));
    assert_eq!(run.places, [(1, 1), (1, 2), (0, 1), (2, 1), (1, 3), (0, 2), (2, 2)]);
}

#[test]
fn a_frame_without_time_follows_the_frame_before_it() {
    let folder = Folder::new();
    let mut packets = timed(&[0, 1, 0, 0, 9, 0]);
    for place in [0, 2, 3, 5] {
        packets[place].0 = None;
    }
    let mixed = folder.file("mixed", &pcapng(&packets));
    let other = folder.file("other", &pcap(&timed(&[0, 1, 5, 9])));
    let run = run(&[mixed, other]);
    // The first takes the time of the one behind it, and the other input began earlier.
    let places = [(1, 1), (1, 2), (0, 1), (0, 2), (0, 3), (0, 4), (1, 3), (1, 4), (0, 5), (0, 6)];
    assert_eq!(run.places, places);
}

#[test]
fn a_clock_that_goes_back_is_followed_and_counted() {
    let folder = Folder::new();
    let back = folder.file("back", &pcap(&timed(&[5, 9, 3, 4, 4, 8, 7])));
    let other = folder.file("other", &pcap(&timed(&[6, 10])));
    let run = run(&[back, other]);
    assert_eq!(seconds(&run), [5, 6, 9, 3, 4, 4, 8, 7, 10].map(Some));
    let input = &run.inputs[0];
    assert_eq!(input.time_reversals, 2);
    let nanos = [input.first_time, input.last_time].map(|time| time.unwrap().nanos() / 1_000_000_000);
    assert_eq!(nanos, [3, 9]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_ring_of_many_files_is_open_one_or_two_at_a_time() {
    const FILES: u32 = 400;
    let folder = Folder::new();
    let mut paths: Vec<_> = (0..FILES)
        .map(|i| {
            let plain = pcap(&timed(&[i * 2, i * 2 + 1]));
            folder.file(&i.to_string(), &if i % 2 == 0 { plain } else { gzip(&plain) })
        })
        .collect();
    // Any order that is not theirs.
    paths.sort_by_key(|path| path.to_string_lossy().chars().rev().collect::<String>());
    let ours = || {
        let open = std::fs::read_dir("/proc/self/fd").unwrap();
        open.filter(|entry| {
            entry.as_ref().is_ok_and(|e| e.path().read_link().is_ok_and(|to| to.starts_with(&folder.0)))
        })
        .count()
    };
    let (mut capture, errors) = Capture::open(&paths, OpenOptions::default());
    assert!(errors.is_empty());
    let (mut frames, mut most) = (0, 0);
    while let Some(frame) = capture.next() {
        assert_eq!(frame.time.unwrap().nanos(), frames * 1_000_000_000);
        frames += 1;
        if frames % 50 == 0 {
            most = most.max(ours());
        }
    }
    assert_eq!(frames, i64::from(FILES) * 2);
    // The unpacking threads of the first look may still be about to hang up.
    assert!(most <= 8, "{most} files open");
}

#[cfg(feature = "live")]
#[test]
fn the_filter_leaves_numbers_alone() {
    use tcpautopsy::capture::Filter;

    let folder = Folder::new();
    let path = folder.file("a", &pcap(&timed(&[1, 2, 3, 4])));
    let options = || OpenOptions { filter: Some(Filter::new("ether[0] = 2").unwrap()) };
    let run = run_with(&[path], options());
    assert_eq!(run.frames.iter().map(|frame| frame.number).collect::<Vec<_>>(), [3]);
    assert_eq!(run.inputs[0].frames, 4);

    let mut null = pcap(&timed(&[1, 2]));
    null[20] = 0;
    let run = run_with(
        &[folder.file("null", &null)],
        OpenOptions { filter: Some(Filter::new("ether host 1:2:3:4:5:6").unwrap()) },
    );
    assert_eq!((run.frames.len(), run.inputs[0].frames, run.inputs[0].complete), (0, 2, true));
    assert_eq!(run.inputs[0].problems.len(), 1);
    assert!(run.inputs[0].problems[0].reason.starts_with("the filter has no meaning for link type NULL: "));
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_read() {
    let folder = Folder::new();
    let good = folder.file("good", &pcap(&timed(&[1])));
    let paths = [
        folder.0.join("missing"),
        folder.0.clone(),
        folder.file("empty", b""),
        folder.file("short", &pcap(&[])[..20]),
        folder.file("text", b"Hello, world"),
        good,
    ];
    let run = run(&paths);
    assert_eq!((run.frames.len(), run.places[0]), (1, (0, 1)));
    let at = |path: usize| paths[path].display();
    let expected = [
        format!("cannot read {}: No such file or directory", at(0)),
        format!("{0} is a directory: name the captures in it ({0}/*)", at(1)),
        format!("{} is empty: ", at(2)),
        format!("{} ends within its file header, after 20 of 24 bytes; ", at(3)),
        format!("{} is not a capture: it starts with 'Hell', ", at(4)),
    ];
    assert_eq!(run.errors.len(), expected.len(), "{:?}", run.errors);
    for (error, start) in run.errors.iter().zip(&expected) {
        assert!(error.starts_with(start.as_str()), "{error}");
        assert!(!error.contains('\n') && !error.ends_with('.'), "{error}");
    }
}

#[test]
fn damage_in_one_input_leaves_the_others_whole() {
    let folder = Folder::new();
    let plain = pcap(&timed(&[1, 3, 5]));
    let cut = folder.file("cut", &plain[..plain.len() - 1]);
    let other = folder.file("other", &pcap(&timed(&[2, 4, 6])));
    let run = run(&[cut, other]);
    assert_eq!(seconds(&run), [1, 2, 3, 4, 6].map(Some));
    assert_eq!(run.inputs.iter().map(|input| input.complete).collect::<Vec<_>>(), [false, true]);
    let problem = &run.inputs[0].problems[0];
    assert_eq!(problem.offset, 24 + 16 + 14 + 16 + 15);
    assert_eq!(problem.reason, "the file ends within a record, after 31 of 32 bytes");
}

#[test]
fn a_capture_without_frames_is_complete() {
    let folder = Folder::new();
    let paths = [folder.file("a", &pcap(&[])), folder.file("b", &pcapng(&[])), folder.file("c", &pcap(&timed(&[1])))];
    for paths in [&paths[..], &paths[..1]] {
        let run = run(paths);
        assert!(run.errors.is_empty() && run.inputs.iter().all(|input| input.complete));
    }
}
