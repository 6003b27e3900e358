use super::*;
use crate::tcp::{FrameNumber, QuotedSegment, TcpFlags, Timestamp};

fn segments(text: &str) -> Vec<Segment> {
    parse(text).expect("a trace").iter().filter_map(|event| event.segment().copied()).collect()
}

#[test]
fn the_words_say_what_the_page_of_the_room_says() {
    let text = "
        # a comment, and an empty line

        c clock 1000 ttl 60
        0    c S  0 win 64240 mss 1460 sackok wscale 7 tos 16
        24.5 s SA 0 ack 1 id 0 ttl 255 nodf nowin ts 7 9   # comment
        25   c PA 1 ack 1 data \"GET /\\x00\\\"\\\\ #\\r\\n\" len 100 cap 50 mac 3
        30   s R  1 ackfield 77 reuse 2 mprst 6 vlan 4 optcut sack 1 5
        31   c .  -5 copy nots flow 2 port 80 client 9 server 8 frame 90
        32   c FA 7 ack 3 v6
        33   s RA 0 raw ack 1 flow 7
        -    s XZR 1";
    let events = parse(text).expect("a trace");
    let all = segments(text);
    let [syn, syn_ack, data, reset, odd, fin, refusal, untimed] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((syn.options.timestamps(), syn.ttl, syn.tos, syn.window), (Some((1000, 0)), 60, 16, Some(64240)));
    assert_eq!(
        (syn.options.mss(), syn.options.sack_permitted(), syn.options.window_scale()),
        (Some(1460), true, Some(7))
    );
    assert_eq!((syn_ack.time, syn_ack.window), (Some(Timestamp::from_nanos(24_500_000)), None));
    assert_eq!((syn_ack.ip_id, syn_ack.dont_fragment, syn_ack.ack), (Some(0), false, CLIENT_ISN.add(1)));
    assert_eq!((data.options.timestamps(), data.payload_len, data.captured_payload), (Some((1025, 7)), 100, 50));
    assert_eq!(events[2].payload, b"GET /\0\"\\ #\r\n");
    assert_eq!(events[2].device, Some(3));
    assert_eq!(data.ip_id, syn.ip_id.map(|id| id + 1));
    assert_eq!((reset.ack, reset.seq), (SeqNum(77), SERVER_ISN.add(1).add(2 << 28)));
    assert_eq!((reset.options.mptcp_reset_reason(), reset.path.0, reset.options_complete), (Some(6), 4, false));
    assert_eq!(reset.options.sack(), Some((CLIENT_ISN.add(1).add(2 << 28), CLIENT_ISN.add(5).add(2 << 28))));
    assert_eq!((odd.source, odd.destination.port), (Endpoint::v4([192, 0, 2, 9], 40_002), 80));
    assert_eq!(odd.ip_id, reset.ip_id);
    assert_eq!((odd.flags, odd.options.timestamps(), odd.frame.get()), (TcpFlags::default(), None, 90));
    assert_eq!((fin.ipv6, fin.ip_id, fin.dont_fragment, fin.frame.get()), (true, None, false, 91));
    assert_eq!(refusal.seq, SeqNum(0));
    assert_eq!((untimed.time, untimed.flags), (None, TcpFlags::from_bits(0xa04)));
}

#[test]
fn icmp_errors_quote_a_segment() {
    let events = parse(
        "0 c S 0
         5 r icmp unreachable port
         6 s icmp unreachable prohibited v6
         7 r icmp exceeded about s quote 9
         8 r icmp 3 10 noquote mac 2",
    );
    let events = events.expect("a trace");
    let errors: Vec<_> = events
        .iter()
        .filter_map(|event| match event.packet {
            Packet::Icmp(error) => Some((error.icmp_type, error.code, error.reporter.to_string(), error.quoted.seq)),
            Packet::Segment(_) => None,
        })
        .collect();
    assert_eq!(
        errors,
        [
            (3, 3, "203.0.113.1".to_owned(), Some(CLIENT_ISN)),
            (1, 1, "2001:db8:5::5".to_owned(), Some(CLIENT_ISN)),
            (11, 0, "203.0.113.1".to_owned(), Some(SERVER_ISN.add(9))),
            (3, 10, "203.0.113.1".to_owned(), None),
        ]
    );
    assert_eq!(parse(&print(&events)), Ok(events));
}

#[test]
fn errors_name_line_and_word() {
    for (text, message) in [
        ("0 c S 0\nx c S 0", "line 2: `x`: no time in milliseconds"),
        ("0.1234567 c S 0", "line 1: `0.1234567`: no time in milliseconds"),
        ("99999999999999999 c S 0", "line 1: `99999999999999999`: no time in milliseconds"),
        ("1e3 c S 0", "line 1: `1e3`: no time in milliseconds"),
        ("0", "line 1: c or s is missing: who sent it"),
        ("0 x S 0", "line 1: `x`: the sender is c, s, or for ICMP r"),
        ("0 r S 0", "line 1: `r`: a router sends nothing but ICMP here"),
        ("0 c", "line 1: flags are missing"),
        ("0 c Q 0", "line 1: `Q`: flags are letters of FSRPAUECNXYZ, or a single ."),
        ("0 c S", "line 1: `S`: a number is missing after it"),
        ("0 c S 4294967296", "line 1: `4294967296`: no number, or out of range"),
        ("0 c S 0 len", "line 1: `len`: a number is missing after it"),
        ("0 c S 0 ttl 256", "line 1: `256`: no number, or out of range"),
        ("0 c S 0 win -1", "line 1: `-1`: no number, or out of range"),
        ("0 c S 0 wim 5", "line 1: `wim`: no such word"),
        ("0 c S 0 flow 30000", "line 1: `flow`: the client's port would be above 65535"),
        ("0 c S 0 frame 0", "line 1: `frame`: frames count from 1"),
        ("0 c S 0 data x", "line 1: `x`: after data goes a text in quotation marks"),
        ("0 c S 0 data \"x", "line 1: `\\\"x`: the closing quotation mark is missing"),
        ("0 c S 0 data \"\\xg0\"", "line 1: `\\\"\\\\xg0\\\"`: two hexadecimal digits go after \\x"),
        ("0 c S 0 data \"x\"5", "line 1: `5`: a blank is missing after the quoted text"),
        ("0 c S 0 data \"xy\" len 1", "line 1: `len`: less than the data that is given"),
        ("0 c S 0 copy", "line 1: `copy`: no identification before it to copy"),
        ("0 c S 0 cap 1", "line 1: `cap`: more than the data of the segment"),
        ("0 c S 0 \"x\"", "line 1: `\\\"`: quoted text only goes after data"),
        ("0 r icmp", "line 1: the kind of ICMP error is missing"),
        ("0 r icmp unreachable socket", "line 1: `unreachable`: no such ICMP error"),
        ("0 r icmp 3 3 win 5", "line 1: `win`: no such word for ICMP"),
        ("s ttl", "line 1: `ttl`: a number is missing after it"),
        ("0 c S 0 \u{1b}[31m", "line 1: `\\u{1b}[31m`: no such word"),
    ] {
        assert_eq!(parse(text).map_err(|error| error.to_string()), Err(message.to_owned()), "{text}");
    }
}

/// Numbers that only depend on the seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) == 0).then(|| value(self))
    }

    fn event(&mut self, number: u64) -> Event {
        let ends = Ends {
            client: self.below(3) as u8,
            flow: self.below(4) as u16 * 8_000,
            server: 5,
            port: [443, 80, 65_535][self.below(3) as usize],
            ipv6: self.below(5) == 0,
        };
        let frame = FrameNumber::new(number * 2 + self.below(2)).expect("not 0");
        let time =
            (self.below(9) != 0).then(|| Timestamp::from_nanos(self.below(1 << 31) as i64 * 1_000 - 500_000_000));
        let (mut source, mut destination) = (ends.client(), ends.server());
        let from_client = self.below(2) == 0;
        if !from_client {
            std::mem::swap(&mut source, &mut destination);
        }
        let device = self.maybe(|random| random.below(256) as u8);
        if self.below(8) == 0 {
            let reporter = [ends.client().ip(ends.ipv6), ends.server().ip(ends.ipv6), parse::router(ends.ipv6)]
                [self.below(3) as usize];
            let seq = self.maybe(|random| SeqNum(random.below(1 << 32) as u32));
            let quoted = QuotedSegment { source, destination, ipv6: ends.ipv6, seq };
            let (icmp_type, code) = (self.below(12) as u8, self.below(14) as u8);
            let error = IcmpError { frame, time, reporter, icmpv6: ends.ipv6, icmp_type, code, quoted };
            return Event { packet: Packet::Icmp(error), payload: Vec::new(), device };
        }
        let payload: Vec<u8> =
            self.maybe(|random| (0..20).map(|_| random.below(256) as u8).collect()).unwrap_or_default();
        let payload_len = payload.len() as u32 + self.below(3) as u32;
        let flags = TcpFlags::from_bits(self.below(1 << 12) as u16);
        let mut options = crate::tcp::TcpOptions::default();
        self.maybe(|random| options.set_timestamps(random.below(1 << 32) as u32, random.below(1 << 32) as u32));
        self.maybe(|random| {
            options.set_sack(SeqNum(random.below(1 << 32) as u32), SeqNum(random.below(99) as u32));
        });
        self.maybe(|random| options.set_mss(random.below(1 << 16) as u16));
        self.maybe(|random| options.set_window_scale(random.below(256) as u8));
        self.maybe(|_| options.permit_sack());
        self.maybe(|random| options.set_mptcp_reset_reason(random.below(256) as u8));
        let segment = Segment {
            frame,
            time,
            source,
            destination,
            ipv6: ends.ipv6,
            seq: SeqNum(self.below(1 << 31) as u32 * 2),
            ack: SeqNum(self.below(1 << 31) as u32 * 2),
            flags,
            window: self.maybe(|random| random.below(1 << 16) as u16),
            payload_len,
            captured_payload: payload_len - self.below(2).min(payload_len.into()) as u32,
            options,
            options_complete: self.below(2) == 0,
            ttl: self.below(256) as u8,
            tos: self.below(256) as u8,
            // An IPv6 packet has one where it was fragmented.
            ip_id: (!ends.ipv6 || self.below(2) == 0).then(|| self.below(1 << 16) as u16),
            dont_fragment: !ends.ipv6 && self.below(2) == 0,
            path: crate::tcp::PathId(self.below(3) as u32),
            device: crate::tcp::Device::UNKNOWN,
            input: 0,
            input_frame: frame,
        };
        Event { packet: Packet::Segment(segment), payload, device }
    }
}

#[test]
fn what_is_printed_reads_as_it_was() {
    for seed in 0..2_000 {
        let mut random = Random(seed);
        let events: Vec<_> = (1..=1 + random.below(12)).map(|number| random.event(number)).collect();
        let text = print(&events);
        assert!(text.bytes().all(|octet| octet == b'\n' || (b' '..=b'~').contains(&octet)), "{text:?}");
        assert_eq!(parse(&text), Ok(events), "{text}");
    }
}

#[test]
fn no_text_makes_it_panic() {
    let words = "0 c s r S 0 SA RA ack 1 len data \"x\" \" \\ \\x # icmp unreachable port 99999999999 -1 - . v6 id copy \
                 frame flow about quote clock ts sack \u{85} é \n \n \n";
    let words: Vec<_> = words.split(' ').collect();
    let mut random = Random(1);
    let mut read = 0;
    for _ in 0..20_000 {
        let length = 1 + random.below(9);
        let text: Vec<_> = (0..length).map(|_| words[random.below(words.len() as u64) as usize]).collect();
        let line = format!("0 c A 1 {}", text.join(" "));
        let both = [text.join(" "), line];
        for text in both {
            if let Ok(events) = parse(&text) {
                assert_eq!(parse(&print(&events)), Ok(events), "{text}");
                read += 1;
            }
        }
    }
    assert!(read > 500, "only {read} of the texts were traces");
}

#[test]
fn a_foreign_flow_is_moved_to_the_addresses_of_a_trace() {
    let text = "0 c S 0 port 22\n1.5 s SA 0 ack 1 id 0 port 22\n2 c A 1 ack 1 sack 5 9 port 22\n3 s icmp unreachable port quote 1 port 22\n";
    let events = parse(text).expect("a trace");
    let (client, server) = (Endpoint::v4([10, 1, 1, 1], 51_812), Endpoint::v4([10, 2, 2, 2], 22));
    let far = |event: &Event| {
        let mut event = event.clone();
        let swap = |end: &mut Endpoint| *end = if end.port == 22 { server } else { client };
        match &mut event.packet {
            Packet::Segment(segment) => {
                let from_client = segment.destination.port == 22;
                let (own, peer) = if from_client { (7, 900) } else { (900, 7) };
                segment.seq = segment.seq.add(own);
                segment.ack = if segment.flags.ack() { segment.ack.add(peer) } else { segment.ack };
                if let Some((left, right)) = segment.options.sack() {
                    segment.options.set_sack(left.add(peer), right.add(peer));
                }
                segment.time = segment.time.map(|time| time.plus(crate::tcp::Duration::from_secs(1_795_256_760)));
                swap(&mut segment.source);
                swap(&mut segment.destination);
            }
            Packet::Icmp(error) => {
                error.reporter = server.ip(false);
                error.quoted.seq = error.quoted.seq.map(|seq| seq.add(7));
                error.time = error.time.map(|time| time.plus(crate::tcp::Duration::from_secs(1_795_256_760)));
                swap(&mut error.quoted.source);
                swap(&mut error.quoted.destination);
            }
        }
        event
    };
    let mut foreign: Vec<_> = events.iter().map(far).collect();
    assert_eq!(print(&foreign).lines().next(), Some("# frame 1: of other addresses"));
    let ends = Ends { port: 22, ..Ends::default() };
    let (client_isn, server_isn) = (ends.isn().0.add(7), ends.isn().1.add(900));
    foreign.push(Event { payload: Vec::new(), ..parse("9 c A 1").expect("a trace").remove(0) });
    let moved = relative(
        &foreign,
        (client, client_isn),
        (server, server_isn),
        Timestamp::from_nanos(1_795_256_760_000_000_000),
    );
    assert_eq!(moved, events);
    assert_eq!(print(&moved), text);
}
