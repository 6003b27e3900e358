//! Writes a large capture of interleaved TCP connections, the same bytes for the same arguments, and the truth about it.
//!
//! For timing only: the traffic has the shapes that cost a reader something (many connections alive at once, two
//! address families, VLAN tags, cut frames, super-frames, reused ports, every kind of ending), and its truth is known
//! by construction, so that a fast wrong answer is noticed. It does not try to look like any real network, and no
//! verdict is ever fitted on it. Run it through `tests/bench/run`, or `cargo run --release --example generate -- --help`.

mod traffic;

use std::process::ExitCode;
use std::{env, fs};

use traffic::capture_file::Format;
use traffic::generator::{Generator, Plan};

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

fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<(Plan, Option<String>)>, String> {
    let (mut plan, mut truth) = (Plan::default(), None);
    fn number<T: std::str::FromStr>(option: &str, value: &str) -> Result<T, String> {
        value.parse().map_err(|_| format!("{option} {value}: not a number in range"))
    }
    while let Some(option) = words.next() {
        match option.as_str() {
            "-h" | "--help" => return Ok(None),
            "--bulk" => {
                plan.bulk = true;
                continue;
            }
            _ => {}
        }
        let value = words.next().ok_or_else(|| format!("{option}: a value is missing"))?;
        match option.as_str() {
            "--out" => plan.out = value,
            "--truth" => truth = Some(value),
            "--flows" => plan.flows = number(&option, &value)?,
            "--packets" => plan.packets = number(&option, &value)?,
            "--seed" => plan.seed = number(&option, &value)?,
            "--snaplen" => plan.snaplen = number(&option, &value)?,
            "--udp" => plan.udp = number(&option, &value)?,
            "--ipv6" => plan.ipv6 = number(&option, &value)?,
            "--vlan" => plan.vlan = number(&option, &value)?,
            "--format" if value == "pcap" => plan.format = Format::Pcap,
            "--format" if value == "pcapng" => plan.format = Format::Pcapng,
            _ => return Err(format!("{option} {value}: no such option, try --help")),
        }
    }
    if plan.out.is_empty() {
        return Err("--out FILE is missing, try --help".to_owned());
    }
    let shares = [plan.udp, plan.ipv6, plan.vlan];
    if !shares.iter().all(|share| (0.0..1.0).contains(share)) {
        return Err("--udp, --ipv6 and --vlan take shares from 0 to below 1".to_owned());
    }
    if plan.flows == 0 || plan.packets == 0 {
        return Err("--flows and --packets must be at least 1".to_owned());
    }
    Ok(Some((plan, truth)))
}

fn main() -> ExitCode {
    let (plan, truth_path) = match parse(env::args().skip(1)) {
        Ok(Some(wanted)) => wanted,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("generate: {problem}");
            return ExitCode::from(2);
        }
    };
    let out = plan.out.clone();
    let written = Generator::new(plan).run().and_then(|(truth, bytes)| {
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
