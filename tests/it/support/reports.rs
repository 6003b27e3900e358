//! Reports that every output format is tested with.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tcpautopsy::report::*;
use tcpautopsy::tcp::{Duration, TcpFlags, Timestamp};

/// 2026-11-21 10:26:00 UTC.
const START: i64 = 1_795_256_760;

/// Seconds and nanoseconds after the start.
pub fn at(seconds: i64, nanos: i64) -> Option<Time> {
    Some(Time(Timestamp::from_nanos((START + seconds) * 1_000_000_000 + nanos)))
}

pub fn endpoint(ip: &str, port: u16) -> Endpoint {
    Endpoint { ip: ip.parse().expect("an address"), port }
}

pub fn input(path: &str, frames: u64) -> Input {
    Input {
        path: path.to_owned(),
        sha256: None,
        format: Format::Pcap,
        compression: None,
        link_types: vec!["EN10MB".to_owned()],
        frames,
        bytes: 24 + frames * 100,
        first_time: at(0, 0).filter(|_| frames > 0),
        last_time: at(312, 500_000_000).filter(|_| frames > 0),
        time_reversals: 0,
        cut_frames: 0,
        complete: true,
        problems: Vec::new(),
    }
}

pub fn flow(id: u64, client: Endpoint, server: Endpoint, teardown: Teardown, activity: &str) -> Flow {
    let begin = id as i64 * 10;
    Flow {
        roles: Roles::Handshake,
        roles_why: Cow::Borrowed("the client sent the SYN"),
        first_frame: id * 10,
        last_frame: id * 10 + 9,
        inputs: vec![0],
        first_time: at(begin, 123_456_789),
        last_time: at(begin + 1, 373_456_789),
        rtt_s: Some(Seconds(Duration(21_000_000))),
        client_packets: 6,
        server_packets: 4,
        client_bytes: 512,
        server_bytes: 9000,
        teardown,
        activity: (!activity.is_empty()).then(|| activity.into()),
        zeek: Some(Zeek { conn_state: Cow::Borrowed("SF"), history: "ShADadfF".into() }),
        ..Flow::new(id, client, server)
    }
}

pub fn reset(frames: &[u64], time: Option<Time>, from: Side) -> Reset {
    let segments = frames.iter().enumerate().map(|(nth, &frame)| ResetSegment {
        frame,
        time,
        flags: TcpFlags::RST.union(TcpFlags::ACK),
        seq: 4_294_967_295,
        ack: 1,
        window: Some(0),
        ttl: 64,
        ip_id: Some(0),
        payload_bytes: 0,
        duplicate: nth > 0,
    });
    Reset {
        frames: frames.to_vec(),
        locations: Vec::new(),
        time,
        after_s: Some(Seconds(Duration(400))),
        claimed_sender: from,
        form: Form::RstAck,
        in_window: Some(true),
        exact: Some(true),
        phase: Phase::Data,
        sender: Sender::Unknown,
        confidence: None,
        mechanism: Mechanism::Unknown,
        product: None,
        hops: None,
        obedience: None,
        kernel: None,
        evidence: Vec::new(),
        would_decide: None,
        comparison: None,
        segments: segments.collect(),
    }
}

/// The report of these flows and of so many that ended well.
pub fn report(path: &str, flows: Vec<Flow>, closed: u64) -> Report {
    let mut report = Report::default();
    report.summary.teardown.fin = closed;
    for flow in &flows {
        report.summary.teardown += flow.teardown;
        flow.resets.iter().for_each(|reset| report.summary.senders += reset.sender);
        report.capture.rst_segments += flow.resets.iter().map(|reset| reset.frames.len() as u64).sum::<u64>();
    }
    report.capture.flows = report.summary.teardown.total();
    report.capture.frames = report.capture.flows * 10 + 7;
    report.capture.tcp_segments = report.capture.flows * 10;
    report.capture.inputs = vec![input(path, report.capture.frames)];
    report.flows = flows;
    report
}

/// A file without a frame.
pub fn empty() -> Report {
    let mut report = Report::default();
    report.capture.inputs = vec![input("empty.pcap", 0)];
    report
}

/// Frames, but none of TCP.
pub fn no_tcp() -> Report {
    let mut report = Report::default();
    report.capture.frames = 12;
    report.capture.inputs = vec![input("dns.pcap", 12)];
    report
}

/// Every connection ended well.
pub fn nothing_reset() -> Report {
    report("quiet.pcap", Vec::new(), 40)
}

/// Nothing was reset, but two connection requests were never answered.
pub fn only_silence() -> Report {
    let (client, server) = (endpoint("10.0.0.1", 51812), endpoint("10.0.0.9", 5432));
    let silent = |id| flow(id, client, server, Teardown::Unanswered, "4 SYNs in 15.1 s, no answer");
    report("silence.pcap", vec![silent(3), silent(4)], 12)
}

/// One connection of three was reset.
pub fn one_reset() -> Report {
    let (client, server) = (endpoint("10.0.0.1", 51812), endpoint("10.0.0.5", 443));
    let activity = "server owed an answer for 1.2 s; 512 B sent, none back";
    let mut one = flow(1, client, server, Teardown::Reset, activity);
    one.resets = vec![reset(&[19], at(11, 373_456_789), Side::Server)];
    report("classic.pcap", vec![one], 2)
}

/// Every way to end, and everything there is to note.
pub fn everything() -> Report {
    let client = |last, port| endpoint(&format!("192.168.100.{last}"), port);
    let server = |last, port| endpoint(&format!("203.0.113.{last}"), port);
    let mut storm =
        flow(7, client(17, 40000), server(200, 8443), Teardown::Reset, "client was sending, 1448000 B so far");
    storm.resets = vec![
        reset(&[70, 71, 72, 75, 80, 90, 91, 100], at(71, 1), Side::Server),
        reset(&[73], at(71, 2_000_000), Side::Client),
    ];
    let mut after_fin = flow(
        5,
        client(5, 50505),
        server(5, 443),
        Teardown::ResetAfterFin,
        "server had closed; client sent 24 B after that",
    );
    after_fin.resets = vec![reset(&[58, 59], at(55, 0), Side::Server)];
    let mut refused = flow(2, client(100, 61000), server(2, 80), Teardown::Refused, "");
    refused.resets = vec![reset(&[21], at(20, 5_000_000), Side::Server)];
    let mut filtered = flow(9, client(9, 39999), server(9, 25), Teardown::Unanswered, "3 SYNs in 7.0 s, no answer");
    filtered.icmp = vec![unreachable(95), unreachable(96)];
    let half_closed =
        flow(3, client(3, 3333), server(3, 22), Teardown::HalfClosed, "client closed; server silent for 60.0 s");
    let untimed = Flow { first_time: None, last_time: None, activity: None, ..half_closed.clone() };
    let mut report =
        report("edge-2.pcap", vec![refused, half_closed, after_fin, storm, filtered, Flow { id: 11, ..untimed }], 30);
    report.summary.teardown.open = 2;
    let capture = &mut report.capture;
    capture.flows += 2;
    capture.inputs[0].complete = false;
    capture.inputs[0].problems =
        vec![Problem { offset: 81_234, reason: "the record claims 4294967295 octets".to_owned() }];
    capture.inputs[0].time_reversals = 3;
    let reason = "it starts with neither a pcap nor a pcapng header".to_owned();
    capture.skipped_inputs = vec![SkippedInput { path: "my notes\u{202e}.txt".to_owned(), reason }];
    capture.undecoded_frames = 7;
    capture.undecoded = [("cut", 4), ("malformed", 1), ("link_type", 2)].map(|(why, n)| (why.to_owned(), n)).into();
    capture.unsupported_link_types =
        vec![UnsupportedLinkType { number: 189, name: Some("USB_LINUX".to_owned()), frames: 2 }];
    capture.duplicate_frames = 1;
    capture.fragments = Fragments { fragments: 7, reassembled: 2, incomplete: 1 };
    capture.icmp_errors = 2;
    capture.icmp_without_flow = 1;
    capture.aggregated_frames = 3;
    capture.dropped_by_kernel = Some(17);
    capture.dropped = Dropped {
        flows_evicted: 1,
        resets_not_listed: 2,
        segments_not_told_apart: 40,
        frames_of_untold_layers: 7,
        ..Dropped::default()
    };
    report
}

fn unreachable(frame: u64) -> IcmpMessage {
    IcmpMessage {
        frame,
        time: at(91, 0),
        icmp_type: 3,
        code: 13,
        reporter: "203.0.113.254".parse().expect("an address"),
        reporter_name: (frame == 76).then(|| "fw-2".into()),
        text: Cow::Borrowed("communication administratively prohibited"),
    }
}

/// Addresses of the greatest length, beside short ones.
pub fn ipv6() -> Report {
    let client = endpoint("2001:db8:1234:5678:9abc:def0:1234:5678", 51812);
    let server = endpoint("2001:db8:ffff:ffff:ffff:ffff:ffff:fffe", 8443);
    let mut long = flow(1, client, server, Teardown::Reset, "server owed an answer for 3.2 s; 120 B sent, none back");
    long.resets = vec![reset(&[18, 19], at(11, 0), Side::Server)];
    let mut short =
        flow(2, endpoint("fe80::1", 40404), endpoint("::1", 80), Teardown::Refused, "1 SYN, answered after 0.1 ms");
    short.resets = vec![reset(&[21], at(20, 0), Side::Server)];
    report("six.pcapng", vec![long, short], 1)
}

/// A capture that spans midnight.
pub fn two_days() -> Report {
    let mut report = one_reset();
    report.capture.inputs[0].first_time = at(-86_400, 0);
    report
}

/// File names and texts that attack a terminal.
pub fn hostile() -> Report {
    let mut report = one_reset();
    report.flows[0].activity = Some("asked for \u{1b}]0;owned\u{7} and \u{202e}gnp.exe\n\n  twice".into());
    report.flows[0].client_name = Some("\u{202e}web\u{1b}[31m-1".into());
    report.capture.inputs[0].path = "a\u{1b}[2Jb c.pcap".to_owned();
    report.capture.inputs[0].time_reversals = 1;
    report.summary.teardown.fin = 0;
    report.selection = Some(Selection {
        criteria: vec!["log line \u{1b}[31mred".to_owned()],
        flows: 1,
        note: Some("the log line names no time\u{9b}1m".to_owned()),
    });
    report
}

/// A question to which the capture has no answer.
pub fn nothing_chosen() -> Report {
    let mut report = Report { flows: Vec::new(), ..one_reset() };
    report.summary = Summary::default();
    report.selection = Some(Selection {
        criteria: vec!["endpoint 10.9.9.9:443".to_owned(), "from 2026-11-21T11:00:00Z".to_owned()],
        flows: 0,
        note: Some("the capture ends before that time".to_owned()),
    });
    report
}

/// Every field of the contract filled, with several inputs.
pub fn maximal() -> Report {
    let mut report = everything();
    let locations = vec![Location { input: 1, frame: 3 }];
    report.capture.inputs.push(Input {
        format: Format::Pcapng,
        sha256: Some("5ee18dd62291dabdd724b390dbfd8ef5c072b1528c3d092e3a1394c5889d760e".to_owned()),
        compression: Some(Compression::Zstd),
        ..input("edge-1.pcapng.zst", 120)
    });
    report.capture.vantage = Some(Vantage { near: Near::Server, why: "its packets have a TTL of 64".to_owned() });
    (report.capture.missed_one_in, report.capture.disordered) = (Some(25), true);
    report.capture.kernel_trace = Some(KernelTrace {
        path: "server.trace".to_owned(),
        clock: Some("mono".to_owned()),
        sent: 3,
        received: 1,
        joined: 2,
        lost: 12,
        offset_s: Some(Seconds(Duration::from_secs(1_795_274_216))),
        offset_from: Some(OffsetFrom::Matches),
        problem: Some("it has no report on a reset".to_owned()),
    });
    report.capture.dropped.flows_not_listed = 1;
    report.capture.dropped.icmp_not_listed = 1;
    report.capture.bpf = Some("tcp or icmp".to_owned());
    report.options = vec!["--server 203.0.113.200:8443".to_owned(), "--bpf tcp or icmp".to_owned()];
    report.capture.filtered_frames = 12;
    report.selection = Some(Selection {
        criteria: vec!["server 203.0.113.200:8443".to_owned()],
        flows: 1,
        note: Some("the nearest flow that fits the line ended 3 min from it".to_owned()),
    });
    report.summary.causes = BTreeMap::from([("closed_with_unread_data".to_owned(), 1)]);
    report.summary.benign = Some(2);
    report.summary.harmful = 5;
    report.summary.idle_gaps = vec![IdleGap {
        seconds: Seconds(Duration::from_secs(350)),
        flows: 3,
        candidates: vec!["a load balancer".into()],
    }];
    let point = |point, input, clock| ComparedPoint {
        point,
        input,
        near: Near::Client,
        why: "packets of the clients have crossed no router here".to_owned(),
        clock,
        flows: 9,
        only_here: 1,
    };
    let clock = ComparedClock {
        offset_s: Some(Seconds(Duration(-2_000_000))),
        uncertainty_s: Some(Seconds(Duration(5_900_000))),
        packets_to_server: 36,
        packets_to_client: 33,
        unsteady: true,
    };
    report.comparison = Some(Comparison {
        points: vec![point(1, 0, ComparedClock::default()), point(2, 1, clock)],
        matched: 8,
        resets: DecidedResets { decided: 4, undecided: 1 },
        differences: vec![ComparedDifference {
            kind: "not_received",
            from: 1,
            to: 2,
            towards: Side::Server,
            packets: 3,
            before: Some("a".to_owned()),
            after: Some("b".to_owned()),
        }],
    });
    report.incidents = vec![Incident {
        id: 1,
        title: "203.0.113.200:8443 restarted".to_owned(),
        cause: "server_restart".to_owned(),
        confidence: Confidence::Likely,
        server: Some("203.0.113.200:8443".to_owned()),
        server_name: Some("lb-3".into()),
        first_time: at(70, 0),
        last_time: at(75, 0),
        flows: vec![7, 9],
        explanation: "Two connections ended at once.".to_owned(),
    }];
    let flow = report.flows.iter_mut().find(|flow| flow.id == 7).expect("flow 7");
    flow.client_name = Some("branch office".into());
    flow.server_name = Some("lb-3".into());
    flow.ports_reused = true;
    flow.continues = Some(1);
    flow.continued_as = Some(4);
    flow.benign = Some(Cow::Borrowed("both sides had closed"));
    flow.inputs = vec![0, 1];
    flow.tunnel = vec!["gre 192.0.2.1 > 192.0.2.2".into()];
    flow.vlan = vec![100, 7];
    flow.application = Some(Box::new(Application {
        protocol: "tls",
        detail: Some("ClientHello, SNI shop.example".to_owned()),
        progress: Some("0.4 ms after the ClientHello; no byte of a reply".to_owned()),
    }));
    flow.analysis.client = SideAnalysis {
        retransmitted: 1,
        out_of_order: 1,
        missing_bytes: 100,
        duplicates: 1,
        zero_windows: 1,
        keepalive_probes: 1,
        syn: true,
        fin: true,
        mss: Some(1460),
        window_scale: Some(7),
        sack_permitted: Some(true),
        timestamps: Some(true),
        ttl_min: Some(60),
        ttl_max: Some(64),
    };
    flow.analysis.server = flow.analysis.client;
    flow.icmp = vec![unreachable(76)];
    let difference = ComparedDifference {
        kind: "addresses",
        from: 1,
        to: 2,
        towards: Side::Server,
        packets: 1,
        before: Some("10.0.0.1:51812".to_owned()),
        after: Some("192.0.2.1:40001".to_owned()),
    };
    let seen_at =
        |point| FlowAtPoint { point, client: flow.client, server: flow.server, client_packets: 6, server_packets: 4 };
    flow.comparison =
        Some(Box::new(FlowComparison { points: vec![seen_at(1), seen_at(2)], differences: vec![difference.clone()] }));
    let reset = &mut flow.resets[0];
    reset.comparison = Some(Box::new(ResetComparison {
        points: vec![
            ResetAtPoint { point: 1, seen: Some(true), frames: vec![30, 31], why: None },
            ResetAtPoint { point: 2, seen: None, frames: Vec::new(), why: Some("does not have it".to_owned()) },
        ],
        made_between: [Some(1), None],
        decided: false,
        why: "capture 2 cannot tell".to_owned(),
    }));
    reset.locations = locations.clone();
    reset.sender = Sender::Middlebox;
    reset.confidence = Some(Confidence::Likely);
    reset.mechanism = Mechanism::Forged;
    reset.product = Some("guest filter".into());
    reset.hops = Some(Hops { sender: Some(3), claimed_sender: Some(9) });
    reset.obedience = Some(Obedience { obeyed: Some(true), why: "its number is the next one" });
    reset.kernel = Some(KernelWord {
        sent: Some(true),
        reason: Some("TCP_ABORT_ON_CLOSE".to_owned()),
        state: Some("TCP_CLOSE"),
        process: Some(Process { name: "nginx".to_owned(), pid: 4649 }),
        accepted: Some(true),
    });
    reset.would_decide = Some("a capture on the server's side");
    reset.evidence = vec![ResetEvidence {
        clue: "ttl",
        stance: Stance::For,
        about: Sender::Middlebox,
        weight: Weight::Strong,
        frames: vec![70],
        locations: locations.clone(),
        text: Cow::Borrowed("its TTL is 61; the server's other packets have 55"),
    }];
    let rung = |frame, flags: TcpFlags, notes: &[&'static str]| Rung {
        frame,
        time: at(71, frame as i64),
        from: Side::Server,
        flags,
        seq: 1,
        ack: flags.ack().then_some(24),
        payload_bytes: 0,
        window: Some(0),
        ttl: 61,
        gap: frame == 72,
        notes: notes.iter().map(|&note| Cow::Borrowed(note)).collect(),
    };
    let ack = TcpFlags::ACK;
    flow.ladder = Some(vec![
        rung(69, ack, &[]),
        rung(70, TcpFlags::RST.union(ack), &["TTL 61, usually 55", "in the window, not exact"]),
        rung(72, TcpFlags::RST, &["second copy"]),
    ]);
    flow.diagnosis = Some(Box::new(Diagnosis {
        cause: "injected_content_filter",
        confidence: Confidence::Likely,
        sentence: "Something on the path reset it when it saw the name.".to_owned(),
        evidence: vec![CauseEvidence {
            stance: Stance::Against,
            weight: Weight::Weak,
            frames: vec![70],
            locations,
            text: Cow::Borrowed("the name is harmless"),
        }],
        alternatives: vec![Alternative {
            cause: "idle_timeout_middlebox",
            confidence: Confidence::Possible,
            sentence: "A firewall forgot it.".to_owned(),
        }],
        remedies: vec![Cow::Borrowed("Capture on the server's side.")],
    }));
    let error = SideOutcome {
        error: "ECONNRESET",
        when: Cow::Borrowed("the next read"),
        linux: 104,
        macos: 54,
        windows: 10054,
        messages: ErrorTexts(vec![("go", Cow::Borrowed("connection reset by peer"))].into()),
    };
    flow.outcome = Some(Box::new(Outcome {
        client: Some(error.clone()),
        server: Some(error),
        request_delivered: Some(true),
        response_bytes_delivered: Some(0),
        bytes_lost: Some(512),
        safe_to_retry: SafeToRetry::Unknown,
        why: "the request may have been executed".to_owned(),
    }));
    report
}

/// Every text of the full report that can come from a packet, a file name or another part of the program.
pub fn with_text(text: &str) -> Report {
    let mut report = maximal();
    let owned = || text.to_owned();
    for input in &mut report.capture.inputs {
        input.path = owned();
        input.problems = vec![Problem { offset: 1, reason: owned() }];
    }
    report.capture.skipped_inputs = vec![SkippedInput { path: owned(), reason: owned() }];
    report.capture.undecoded = BTreeMap::from([(owned(), 7)]);
    report.capture.unsupported_link_types[0].name = Some(owned());
    report.capture.bpf = Some(owned());
    report.options = vec![owned()];
    report.capture.vantage = Some(Vantage { near: Near::Server, why: owned() });
    if let Some(trace) = &mut report.capture.kernel_trace {
        (trace.path, trace.clock, trace.problem) = (owned(), Some(owned()), Some(owned()));
    }
    report.selection = Some(Selection { criteria: vec![owned()], flows: 1, note: Some(owned()) });
    report.summary.causes = BTreeMap::from([(owned(), 1)]);
    let differ = |one: &mut ComparedDifference| (one.before, one.after) = (Some(owned()), Some(owned()));
    if let Some(comparison) = &mut report.comparison {
        comparison.points.iter_mut().for_each(|point| point.why = owned());
        comparison.differences.iter_mut().for_each(differ);
    }
    for incident in &mut report.incidents {
        incident.title = owned();
        incident.cause = owned();
        incident.server = Some(owned());
        incident.explanation = owned();
    }
    for flow in &mut report.flows {
        flow.activity = Some(text.into());
        flow.tunnel.iter_mut().for_each(|tunnel| *tunnel = text.into());
        flow.ladder.iter_mut().flatten().for_each(|rung| rung.notes = vec![owned().into()]);
        if let Some(application) = &mut flow.application {
            application.detail = Some(owned());
            application.progress = Some(owned());
        }
        flow.resets.iter_mut().flat_map(|reset| &mut reset.evidence).for_each(|one| one.text = owned().into());
        flow.resets.iter_mut().filter_map(|reset| reset.comparison.as_mut()).for_each(|reset| {
            reset.why = owned();
            reset.points.iter_mut().for_each(|point| point.why = Some(owned()));
        });
        flow.comparison.iter_mut().flat_map(|comparison| &mut comparison.differences).for_each(differ);
        for kernel in flow.resets.iter_mut().filter_map(|reset| reset.kernel.as_mut()) {
            kernel.reason = Some(owned());
            kernel.process = Some(Process { name: owned(), pid: 1 });
        }
        if let Some(diagnosis) = &mut flow.diagnosis {
            diagnosis.sentence = owned();
            diagnosis.evidence.iter_mut().for_each(|one| one.text = owned().into());
            diagnosis.alternatives.iter_mut().for_each(|one| one.sentence = owned());
            diagnosis.remedies = vec![owned().into()];
        }
        if let Some(outcome) = &mut flow.outcome {
            outcome.why = owned();
            for side in [&mut outcome.client, &mut outcome.server].into_iter().flatten() {
                side.when = owned().into();
                side.messages = ErrorTexts(vec![("go", owned().into())].into());
            }
        }
    }
    report
}

/// Texts that try to be more than text in one format or another.
pub const ATTACKS: &[&str] = &[
    "",
    " ",
    "</script><script>alert(1)</script><!--",
    "<img src=x onerror=alert(1)> &lt;b&gt; <b>",
    "\" onclick=\"alert(1)\" '",
    "a|b||c \\| `code` ``` ~~~ \\` end",
    "```\n# heading\n\n- item\n1. one\n> quote\n---\n| a | b |\n|---|---|\n/close\n/assign @me",
    "[link](https://evil.example/) ![image](https://evil.example/x.png) <https://evil.example> www.evil.example",
    "[ref]: https://evil.example  [^1] [x]",
    "@everyone @org/team #12 GH-12 OPS-12 owner/repo#3 !4 $5 ~bug %1 &6 :smile: deadbeefcafe1",
    "**bold** __bold__ *it* _it_ ~~gone~~ {color:red}red{color} {code} [~admin] $x^2$ \\(x\\)",
    "1. one",
    "- item",
    "# heading",
    "=1+1",
    "+SUM(A1)",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    ";=1+1;\t=1+1,\"=1+1",
    "\t=1\r\n=1,\"",
    "\u{1b}]0;owned\u{7}\u{9b}31m\0\u{7f}",
    "gpj\u{202e}gnp.exe \u{2066}x\u{200b}y\u{feff}\u{e0041}\u{2028}\u{2029}\u{85}",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{627}\u{644}\u{639} 日本語 e\u{301}",
];
