//! Sends frames as fast as one core can, or receives them as barely as the `pcap` crate allows: the yardsticks of
//! `tests/live/rate` and `tests/live/soak`.
//!
//! Needs the rights to open a packet socket. Prints one line of JSON.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use pcap::{Active, Capture};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

const HELP: &str = "\
usage: live_traffic send INTERFACE FILE SECONDS     the frames of a capture, over and over, as fast as possible
       live_traffic flood INTERFACE RATE SECONDS    so many SYNs a second, each from another address and port
       live_traffic receive INTERFACE SECONDS       counts frames and does nothing with them, so long from the first one on";

/// Frames kept in memory for sending.
const MOST_FRAMES: usize = 300_000;

/// The kernel's buffer, octets: that of `tcpautopsy live`.
const BUFFER: i32 = 64 << 20;

/// How long to wait for the first frame.
const NOBODY: Duration = Duration::from_secs(30);

/// Frames between two looks at the clock.
const STRIDE: u64 = 64;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["send", interface, file, seconds] => send(interface, file, seconds),
        ["flood", interface, rate, seconds] => flood(interface, rate, seconds),
        ["receive", interface, seconds] => receive(interface, seconds),
        _ => Err(HELP.to_owned()),
    };
    match done {
        Ok(line) => println!("{line}"),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn duration(seconds: &str) -> Result<Duration, String> {
    seconds.parse().map(Duration::from_secs_f64).map_err(text)
}

fn open(interface: &str) -> Result<Capture<Active>, String> {
    Capture::from_device(interface)
        .map_err(text)?
        .buffer_size(BUFFER)
        .snaplen(262_144)
        .promisc(true)
        .timeout(50)
        .open()
        .map_err(text)
}

fn sent(frames: u64, refused: u64, started: Instant) -> String {
    let seconds = started.elapsed().as_secs_f64();
    format!("{{\"sent\":{frames},\"refused\":{refused},\"per_second\":{:.0}}}", frames as f64 / seconds)
}

fn send(interface: &str, file: &str, seconds: &str) -> Result<String, String> {
    let mut capture = Capture::from_file(file).map_err(text)?;
    let mut frames = Vec::new();
    while frames.len() < MOST_FRAMES
        && let Ok(packet) = capture.next_packet()
    {
        frames.push(packet.data.to_vec());
    }
    let (mut device, until) = (open(interface)?, duration(seconds)?);
    let (started, mut count, mut refused) = (Instant::now(), 0, 0);
    'sending: loop {
        for frame in &frames {
            match device.sendpacket(frame.as_slice()) {
                Ok(()) => count += 1,
                Err(_) => refused += 1,
            }
            if count % STRIDE == 0 && started.elapsed() >= until {
                break 'sending;
            }
        }
    }
    Ok(sent(count, refused, started))
}

fn flood(interface: &str, rate: &str, seconds: &str) -> Result<String, String> {
    let rate: f64 = rate.parse().map_err(text)?;
    let (mut device, until) = (open(interface)?, duration(seconds)?);
    let (started, mut count, mut refused) = (Instant::now(), 0u64, 0);
    while started.elapsed() < until {
        let due = (started.elapsed().as_secs_f64() * rate) as u64;
        if count >= due {
            std::thread::sleep(Duration::from_millis(1));
        }
        while count < due {
            match device.sendpacket(syn(count).as_slice()) {
                Ok(()) => {}
                Err(_) => refused += 1,
            }
            count += 1;
        }
    }
    Ok(sent(count, refused, started))
}

/// A connection request to 198.51.100.20 port 80, the same one for the same number. Checksums are left out: nobody here looks.
fn syn(number: u64) -> [u8; 54] {
    let mut frame = [0; 54];
    frame[..14].copy_from_slice(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
    frame[14..24].copy_from_slice(&[0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6]);
    let client = number / 50_000;
    frame[26..30].copy_from_slice(&[10, (client >> 16) as u8, (client >> 8) as u8, client as u8]);
    frame[30..34].copy_from_slice(&[198, 51, 100, 20]);
    frame[34..36].copy_from_slice(&(10_000 + (number % 50_000) as u16).to_be_bytes());
    frame[36..38].copy_from_slice(&80u16.to_be_bytes());
    frame[38..42].copy_from_slice(&(number as u32).wrapping_mul(2_654_435_761).to_be_bytes());
    frame[46..50].copy_from_slice(&[0x50, 2, 0xfa, 0xf0]);
    frame
}

fn receive(interface: &str, seconds: &str) -> Result<String, String> {
    let mut device = open(interface)?.setnonblock().map_err(text)?;
    let lasts = duration(seconds)?;
    // Nobody may come at all.
    let mut until = Instant::now() + NOBODY;
    let (mut frames, mut octets) = (0u64, 0u64);
    eprintln!("listening on {interface}");
    while Instant::now() < until {
        let none_yet = frames == 0;
        {
            let mut polled = [PollFd::new(&device, PollFlags::IN)];
            let _ = poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 100_000_000 }));
        }
        let taken = device.dispatch(Some(4096), |packet| {
            frames += 1;
            octets += packet.data.len() as u64;
        });
        taken.map_err(text)?;
        if none_yet && frames > 0 {
            until = Instant::now() + lasts;
        }
    }
    let dropped = device.stats().map_err(text)?.dropped;
    Ok(format!("{{\"received\":{frames},\"octets\":{octets},\"dropped\":{dropped}}}"))
}
