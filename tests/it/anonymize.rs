//! Nothing of the original is left: not in any format, not in the evidence file; and what is said stays the same.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tcpautopsy::anonymize::Key;
use tcpautopsy::capture::{Capture, LinkType, OpenOptions};
use tcpautopsy::decode::{DecodeLimits, Decoder};
use tcpautopsy::output::{Zone, csv, html, json, markdown, ndjson, show, table};
use tcpautopsy::report::{ErrorTexts, Report};

use crate::support::has;
use crate::support::program::{analyze, report, run, samples, scratch};
use crate::support::reports::{self, ATTACKS};

/// What stands in the frames of a capture: link types with octets, the addresses as octets, and beginnings of data.
struct Original {
    frames: Vec<(LinkType, Vec<u8>)>,
    secrets: Vec<Vec<u8>>,
}

fn original(capture: &Path) -> Original {
    let (mut capture, _) = Capture::open(&[capture.to_owned()], OpenOptions::default());
    let mut decoder = Decoder::new(DecodeLimits::default());
    let (mut frames, mut secrets) = (Vec::new(), Vec::new());
    while let Some(frame) = capture.next() {
        frames.push((frame.link_type, frame.bytes.to_vec()));
        let Some((segment, view)) = decoder.view(&frame, |_| true) else { continue };
        for end in [segment.source, segment.destination] {
            secrets.push(match end.ip(segment.ipv6) {
                std::net::IpAddr::V4(v4) => v4.octets().to_vec(),
                std::net::IpAddr::V6(v6) => v6.octets().to_vec(),
            });
        }
        secrets.extend(view.link_source.map(|mac| mac.octets().to_vec()));
        let data = view.payload.and_then(|range| frame.bytes.get(range)).unwrap_or_default();
        secrets.extend(data.get(..8).filter(|data| data.iter().any(|&octet| octet != 0)).map(<[u8]>::to_vec));
    }
    secrets.sort();
    secrets.dedup();
    Original { frames, secrets }
}

fn contains(octets: &[u8], secret: &[u8]) -> bool {
    octets.windows(secret.len()).any(|window| window == secret)
}

/// Addresses and link addresses of a report as text.
fn named(report: &Value) -> Vec<String> {
    let flows = report["flows"].as_array().into_iter().flatten();
    let ends = flows.clone().flat_map(|flow| [&flow["client"]["ip"], &flow["server"]["ip"]]);
    let reporters = flows.flat_map(|flow| flow["icmp"].as_array().into_iter().flatten()).map(|icmp| &icmp["reporter"]);
    let mut names: Vec<_> = ends.chain(reporters).filter_map(Value::as_str).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn no_format_and_no_frame_has_an_original() {
    let folder = scratch("anonymize");
    let key = folder.join("key").display().to_string();
    // With another one in each run, four octets of some new name or number would now and then be an address by chance.
    fs::write(&key, "07".repeat(32)).expect("a key");
    for (name, capture) in samples() {
        let original = original(&capture);
        let plain = analyze([&capture]);
        let mut secrets = named(&plain);
        secrets.extend(["00:00:5e", "capture.pcap", "samples/"].map(str::to_owned));
        let file = folder.join(format!("{name}.pcapng"));
        let (path, evidence) = (capture.display().to_string(), file.display().to_string());
        for format in ["table", "json", "ndjson", "markdown", "html", "csv"] {
            let arguments =
                [&path, "--anonymize", "--anonymize-key-file", &key, "--format", format, "--all-flows", "--force"];
            let output = run(arguments.into_iter().chain(["--write-evidence", &evidence]));
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8_lossy(&output.stdout);
            for secret in &secrets {
                assert!(!text.contains(secret.as_str()), "{secret} in {name} as {format}:\n{text}");
            }
        }
        let octets = fs::read(&file).expect("an evidence file");
        for secret in &original.secrets {
            assert!(!contains(&octets, secret), "{name}: {secret:x?}");
        }
        assert!(!contains(&octets, b"capture.pcap"), "{name}");
        let frames = original.frames.len();
        assert!(frames > 0 && !secrets.is_empty());
    }
}

#[test]
fn what_is_said_stays_the_same() {
    let folder = scratch("anonymize-same");
    let key = folder.join("key").display().to_string();
    for (name, capture) in samples() {
        let path = capture.display().to_string();
        let plain = analyze([&capture]);
        let file = folder.join("e.pcapng").display().to_string();
        let other = report(&run([
            &path,
            "--anonymize",
            "--anonymize-key-file",
            &key,
            "--format",
            "json",
            "--all-flows",
            "--write-evidence",
            &file,
            "--force",
            "--quiet",
        ]));
        assert_eq!(other["summary"], plain["summary"], "{name}");
        let facts = |report: &Value| -> Vec<Value> {
            let flows = report["flows"].as_array().expect("flows").iter();
            flows
                .map(|flow| {
                    let resets = flow["resets"].as_array().expect("resets").iter();
                    let resets: Vec<_> =
                        resets.map(|reset| (&reset["frames"], &reset["sender"], &reset["confidence"])).collect();
                    serde_json::json!([
                        flow["id"],
                        flow["client"]["port"],
                        flow["teardown"],
                        flow["diagnosis"]["cause"],
                        resets
                    ])
                })
                .collect()
        };
        assert_eq!(facts(&other), facts(&plain), "{name}");
        // The evidence file has the same flows under the same names, unless they lie in a tunnel.
        let again = analyze([&file]);
        assert_eq!(named(&again), named(&other), "{name}");
        assert_eq!(again["capture"]["rst_segments"], plain["capture"]["rst_segments"], "{name}");
    }
}

#[test]
fn checksums_fit() {
    if !has("tshark") {
        return;
    }
    let folder = scratch("anonymize-checksums");
    let mut checked = 0;
    for (name, capture) in samples() {
        let file = folder.join(format!("{name}.pcapng"));
        let output = run([capture.as_os_str(), "--anonymize".as_ref(), "--write-evidence".as_ref(), file.as_os_str()]);
        assert!(output.status.success(), "{name}");
        let check = ["ip", "tcp"].map(|of| format!("{of}.check_checksum:TRUE"));
        let bad = "ip.checksum.status == 0 || tcp.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0 \
                   || _ws.malformed";
        let mut tshark = Command::new("tshark");
        let done = tshark.arg("-r").arg(&file).args(["-o", &check[0], "-o", &check[1], "-Y", bad]).output();
        let done = done.expect("tshark");
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.is_empty(), "{name}: {said}");
        checked += 1;
    }
    assert!(checked > 20);
}

#[test]
fn a_key_file_gives_the_same_names_again_and_no_key_others() {
    let folder = scratch("anonymize-key");
    let sample = "samples/forged_reset/capture.pcap";
    let key = folder.join("key");
    let names = |options: &[&str]| {
        let output = run([&[sample, "--anonymize", "--format", "json"], options].concat());
        named(&report(&output))
    };
    let path = key.display().to_string();
    let with_key = || names(&["--anonymize-key-file", &path]);
    assert_eq!(with_key(), with_key());
    assert_ne!(names(&[]), names(&[]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&key).expect("the key").permissions().mode() & 0o777, 0o600);
    }
    for content in ["", "0123", &"g".repeat(64), &"a".repeat(65), "\u{0}"] {
        fs::write(&key, content).expect("a file");
        let output = run([sample, "--anonymize", "--anonymize-key-file", &path]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{content:?}");
    }
    fs::write(&key, format!("{}\n", "0aF1".repeat(16))).expect("a file");
    assert_eq!(with_key(), with_key());
}

#[test]
fn a_frame_of_any_octets_is_cut_rather_than_told() {
    let key = Key::new([3; 32]);
    for (name, capture) in samples() {
        let Original { frames, secrets } = original(&capture);
        for (link_type, octets) in frames.iter().take(6) {
            for end in 0..=octets.len() {
                let renamed = key.frame(*link_type, &octets[..end]);
                assert!(renamed.len() <= end);
                for secret in &secrets {
                    assert!(!contains(&renamed, secret), "{name} cut to {end}: {secret:x?} in {renamed:x?}");
                }
            }
            for place in 0..octets.len() {
                for value in [0, 0xff, octets[place] ^ 0x10] {
                    let mut broken = octets.clone();
                    broken[place] = value;
                    assert!(key.frame(*link_type, &broken).len() <= octets.len());
                }
            }
            assert!(key.frame(LinkType(9999), octets).is_empty());
        }
    }
}

/// A report in every format.
fn everywhere(report: &Report) -> String {
    let options =
        table::TableOptions { is_terminal: false, width: None, color: false, zone: Zone::UTC, summary_only: false };
    let mut out = Vec::new();
    table::write(report, &options, &mut out).expect("writing to memory");
    show::write(report, &options, &mut out).expect("writing to memory");
    json::write(report, &mut out).expect("writing to memory");
    ndjson::write(report, &mut out).expect("writing to memory");
    markdown::write(report, &Zone::UTC, &mut out).expect("writing to memory");
    html::write(report, &mut out).expect("writing to memory");
    csv::write(report, &mut out).expect("writing to memory");
    out.extend(tcpautopsy::output::comments(report).into_values().flat_map(String::into_bytes));
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn names_are_gone_wherever_they_stand() {
    let key = Key::new([5; 32]);
    let secrets =
        ["shop.example", "203.0.113.", "192.168.100.", "192.0.2.1 ", "192.0.2.2", "edge-1", "edge-2", "my notes"];
    let mut report = reports::maximal();
    let before = everywhere(&report);
    key.report(&mut report);
    let after = everywhere(&report);
    for secret in secrets {
        assert!(before.contains(secret), "{secret} is in no report, so nothing is tested");
        assert!(!after.contains(secret), "{secret}");
    }
    let text = "alice@corp.example asked 198.51.100.77 for https://shop.example/pay?card=1, \"payroll\", from aa:bb:cc:00:11:22";
    let mut report = reports::with_text(text);
    // Identifiers and advice are ours.
    report.summary.causes.clear();
    report.capture.undecoded.clear();
    report.capture.unsupported_link_types.clear();
    report.incidents.iter_mut().for_each(|incident| incident.cause.clear());
    for flow in &mut report.flows {
        flow.diagnosis.iter_mut().for_each(|diagnosis| diagnosis.remedies.clear());
        let sides = flow.outcome.iter_mut().flat_map(|outcome| [&mut outcome.client, &mut outcome.server]);
        for side in sides.flatten() {
            side.when = "the next read".into();
            side.messages = ErrorTexts::default();
        }
    }
    key.report(&mut report);
    let after = everywhere(&report);
    for secret in ["alice", "corp.example", "198.51.100.77", "shop.example", "card=1", "payroll", "aa:bb:cc"] {
        let told = after.lines().find(|line| line.contains(secret));
        assert_eq!(told, None, "{secret}");
    }
    for attack in ATTACKS {
        let mut report = reports::with_text(attack);
        key.report(&mut report);
        everywhere(&report);
    }
}
