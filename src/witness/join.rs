//! Which report is about which captured reset, and what it means that there is none.
//!
//! A report names both ends and no sequence number. Of several resets between the same ends it is about one of the form that it
//! speaks of, and of these about the one that passed when its host's other packets pass: so long after their reports. A listening
//! socket that answers names no other end; then port and moment decide, and only where nothing else could be meant.

use std::collections::{HashMap, HashSet};

use super::Process;
use super::clock::{Clock, Fit, Unjoined};
use super::log::{Event, Log};
use crate::flow::{Flows, Form, ResetSegment};
use crate::tcp::{Endpoint, FrameNumber};

/// Packets between the same ends that a report is compared with.
const MOST_FITS: usize = 64;

/// Comparisons of reports with packets, and the same of one listening socket within a moment.
const MOST_COMPARISONS: usize = 1 << 18;
const MOST_AT_ONCE: usize = 1024;

/// What the kernel of a host says of a captured reset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// That it sent it.
    pub sent: Option<Word>,
    /// That it sent none, though its log would have it.
    pub silence: Option<Silence>,
    /// That it accepted it: the packet reached the host, and ended its connection.
    pub accepted: bool,
}

/// A kernel's report that it sent a reset.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// Why, by the name that the kernel has for it.
    pub reason: Option<String>,
    /// The state of the socket that sent it, if one did.
    pub state: Option<&'static str>,
    /// The program whose call led to it, if one did.
    pub process: Option<Process>,
    /// Whether the report names both ends; a listening socket's names its port.
    pub names_both_ends: bool,
    /// Whether another report knows the packet's address as one of the host.
    pub is_known_host: bool,
    /// Whether the clocks were compared by something else than this one report.
    pub is_timed: bool,
}

/// A kernel has no report of a reset that bears an address of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence;

/// What a log says of the resets of a capture.
#[derive(Clone, Debug, Default)]
pub struct Testimony {
    heard: HashMap<FrameNumber, Heard>,
    /// How the clocks were compared, or why they could not be; `None` where there is no log.
    pub clock: Option<Result<Clock, Unjoined>>,
    /// Reports that were found to be about a captured reset.
    pub joined: u64,
}

/// A captured reset.
struct Seen<'a> {
    reset: &'a ResetSegment,
    /// Nanoseconds since 1970.
    time: i64,
}

/// An address of the host, and whether packets are sent or accepted there.
type Place = ([u8; 16], bool);

/// From whom to whom, and whether by IPv6.
type Key = (Endpoint, Endpoint, bool);

impl Seen<'_> {
    fn key(&self) -> Key {
        let segment = &self.reset.segment;
        (segment.source, segment.destination, segment.ipv6)
    }

    /// What a change of addresses leaves alone.
    fn numbers(&self) -> (u32, u32) {
        (self.reset.segment.seq.0, self.reset.segment.ack.0)
    }
}

impl Testimony {
    /// What a kernel says of a reset, by the frame that carried it.
    pub fn of(&self, frame: FrameNumber) -> Option<&Heard> {
        self.heard.get(&frame)
    }

    /// Joins a log with the resets of a capture. Copies of packets are left out: they are judged as what they copy.
    pub fn new(log: &Log, flows: &Flows) -> Self {
        let seen: Vec<Seen<'_>> = flows
            .iter()
            .flat_map(|flow| flow.resets())
            .filter(|reset| !reset.duplicate)
            .filter_map(|reset| Some(Seen { reset, time: reset.segment.time?.nanos() }))
            .collect();
        let mut between: HashMap<Key, Vec<usize>> = HashMap::new();
        for (at, one) in seen.iter().enumerate() {
            between.entry(one.key()).or_default().push(at);
        }
        let mut fits: Vec<(Fit, usize)> = Vec::new();
        for (event, report) in log.events.iter().enumerate() {
            let Some(places) = key(report).and_then(|key| between.get(&key)) else { continue };
            if fits.len() >= MOST_COMPARISONS {
                break;
            }
            let fit = |at: usize| {
                let one = seen.get(at).filter(|one| can_be(report, one.reset))?;
                let apart = one.time.saturating_sub(report.time);
                Some((Fit { event, time: report.time, apart }, at))
            };
            fits.extend(places.iter().take(MOST_FITS).filter_map(|&at| fit(at)));
        }
        let clock = if log.events.is_empty() {
            Err(if log.untimed > 0 { Unjoined::NoSeconds } else { Unjoined::NoReports })
        } else {
            let times = || log.events.iter().map(|report| report.time);
            let span = times().max().unwrap_or(0).saturating_sub(times().min().unwrap_or(0));
            let alone: Vec<Fit> = fits.iter().map(|(fit, _)| *fit).collect();
            Clock::new(log.marks.iter().copied(), &alone, span)
        };
        let mut testimony = Self::default();
        if let Ok(clock) = &clock {
            let mut join = Join {
                log,
                clock,
                seen: &seen,
                ways: HashMap::new(),
                sent: vec![None; seen.len()],
                said: vec![false; log.events.len()],
            };
            join.measure_ways(&fits);
            let accepted = join.by_ends(&fits);
            join.by_port();
            let others = join.others();
            testimony.joined = join.said.iter().filter(|said| **said).count() as u64;
            for (at, one) in seen.iter().enumerate() {
                let sent = join.word(at);
                let silence = if sent.is_none() { join.silence(at, &others) } else { None };
                let heard = Heard { sent, silence, accepted: accepted.get(at) == Some(&true) };
                if heard != Heard::default() {
                    testimony.heard.insert(one.reset.segment.frame, heard);
                }
            }
        }
        testimony.clock = Some(clock);
        testimony
    }
}

/// The ends of the packets that a report may be about.
fn key(report: &Event) -> Option<Key> {
    let ends = report.fields.ends;
    let peer = ends.peer?;
    Some(if report.is_sent { (ends.local, peer, ends.ipv6) } else { (peer, ends.local, ends.ipv6) })
}

/// Whether a report can be about a packet of this form: Linux aborts by RST with ACK (`tcp_send_active_reset`), and answers by a
/// bare RST, or to a segment without ACK by one with ACK and sequence number 0 (`tcp_v4_send_reset`).
fn can_be(report: &Event, reset: &ResetSegment) -> bool {
    match report.fields.is_answer.filter(|_| report.is_sent) {
        Some(true) => reset.form() == Form::Rst || reset.segment.seq.0 == 0,
        Some(false) => reset.form() == Form::RstAck,
        None => true,
    }
}

/// What the lack of a report is held against.
struct Others {
    /// Whether any report is about a captured reset.
    is_joined: bool,
    /// When reports were made that are about none, in order.
    times: Vec<i64>,
    /// Between whom, where they say so.
    between: HashSet<Key>,
    /// Of the resets with a report, by their numbers: when they passed, and between whom.
    sent: HashMap<(u32, u32), Vec<(i64, Key)>>,
}

struct Join<'a> {
    log: &'a Log,
    clock: &'a Clock,
    seen: &'a [Seen<'a>],
    /// For each address of the host: how long after its reports the packets that it sends, or that it accepts, pass.
    ways: HashMap<Place, i64>,
    /// For each captured reset the report that it was sent.
    sent: Vec<Option<usize>>,
    /// Whether a report was found to be about one.
    said: Vec<bool>,
}

impl Join<'_> {
    /// How far a packet passed from when the report was made, by the wall clock.
    fn off(&self, event: usize, at: usize) -> Option<(Place, i64)> {
        let report = self.log.events.get(event)?;
        let off = self.seen.get(at)?.time.saturating_sub(self.clock.wall(report.time));
        let is_near = off.saturating_abs() <= self.clock.tolerance(report.time);
        is_near.then_some(((report.fields.ends.local.address, report.is_sent), off))
    }

    /// Learns from reports that fit one packet, and packets that fit one report, how long it usually takes.
    fn measure_ways(&mut self, fits: &[(Fit, usize)]) {
        let near: Vec<_> =
            fits.iter().filter_map(|(fit, at)| Some((fit.event, *at, self.off(fit.event, *at)?))).collect();
        let (mut of_event, mut of_packet) = (HashMap::<_, u32>::new(), HashMap::<_, u32>::new());
        for (event, at, ((_, is_sent), _)) in &near {
            *of_event.entry(*event).or_default() += 1;
            *of_packet.entry((*at, *is_sent)).or_default() += 1;
        }
        let mut took: HashMap<Place, Vec<i64>> = HashMap::new();
        for (event, at, (place, off)) in near {
            if of_event.get(&event) == Some(&1) && of_packet.get(&(at, place.1)) == Some(&1) {
                took.entry(place).or_default().push(off);
            }
        }
        for (place, mut took) in took {
            took.sort_unstable();
            self.ways.extend(took.get(took.len() / 2).map(|&usual| (place, usual)));
        }
    }

    /// Gives each report that names both ends the nearest packet between them; says which packets were accepted.
    fn by_ends(&mut self, fits: &[(Fit, usize)]) -> Vec<bool> {
        let mut accepted = vec![false; self.seen.len()];
        let mut near: Vec<(i64, usize, usize)> = fits
            .iter()
            .filter_map(|(fit, at)| {
                let (place, off) = self.off(fit.event, *at)?;
                let usual = self.ways.get(&place).copied().unwrap_or(0);
                Some((off.saturating_sub(usual).saturating_abs(), fit.event, *at))
            })
            .collect();
        near.sort_unstable();
        for (_, event, at) in near {
            let (Some(report), Some(said)) = (self.log.events.get(event), self.said.get_mut(event)) else { continue };
            if *said {
                continue;
            }
            if report.is_sent {
                if let Some(sent @ None) = self.sent.get_mut(at) {
                    *sent = Some(event);
                    *said = true;
                }
            } else if let Some(accepted @ false) = accepted.get_mut(at)
                // What a receiver must not obey it did not accept: another packet is meant.
                && self.seen.get(at).is_some_and(|one| one.reset.in_window != Some(false))
            {
                *accepted = true;
                *said = true;
            }
        }
        accepted
    }

    /// Gives reports of listening sockets to packets from their port, where all that could be meant say the same and there is
    /// one for each packet.
    fn by_port(&mut self) {
        let mut listeners: HashMap<u16, Vec<usize>> = HashMap::new();
        for (event, report) in self.log.events.iter().enumerate() {
            if report.is_sent && report.fields.ends.peer.is_none() {
                listeners.entry(report.fields.ends.local.port).or_default().push(event);
            }
        }
        let mut from_port: HashMap<u16, Vec<usize>> = HashMap::new();
        for (at, one) in self.seen.iter().enumerate() {
            let port = one.reset.segment.source.port;
            let is_answer = one.reset.form() == Form::Rst || one.reset.segment.seq.0 == 0;
            let may_be_ours = self.is_local(at) || !self.is_local_receiver(at);
            if is_answer && self.sent.get(at) == Some(&None) && may_be_ours && listeners.contains_key(&port) {
                from_port.entry(port).or_default().push(at);
            }
        }
        for (port, places) in from_port {
            let Some(reports) = listeners.get(&port) else { continue };
            let mut reports: Vec<(i64, usize)> = reports
                .iter()
                .filter_map(|&event| Some((self.clock.wall(self.log.events.get(event)?.time), event)))
                .collect();
            reports.sort_unstable();
            let mut packets: Vec<(i64, usize)> = places
                .iter()
                .filter_map(|&at| Some((self.seen.get(at)?.time.saturating_sub(self.usual(at)), at)))
                .collect();
            packets.sort_unstable();
            for &(time, at) in &packets {
                let apart = self.clock.tolerance(self.clock.moment(time)) / 2;
                let near = |times: &[(i64, usize)]| {
                    let from = times.partition_point(|(other, _)| *other < time.saturating_sub(apart));
                    let to = times.partition_point(|(other, _)| *other <= time.saturating_add(apart));
                    (from, to.max(from))
                };
                let ((from, to), (first, last)) = (near(&reports), near(&packets));
                let reports = reports.get(from..to).unwrap_or_default();
                if reports.len() > MOST_AT_ONCE {
                    continue;
                }
                let says = |event: usize| {
                    self.log.events.get(event).map(|report| (&report.fields.reason, report.fields.state))
                };
                let agree = reports.windows(2).all(|pair| matches!(pair, [(_, a), (_, b)] if says(*a) == says(*b)));
                if !agree || reports.len() < last - first {
                    continue;
                }
                let unsaid = |(_, event): &&(i64, usize)| self.said.get(*event) == Some(&false);
                let nearest =
                    reports.iter().filter(unsaid).min_by_key(|(other, _)| other.saturating_sub(time).saturating_abs());
                if let Some(&(_, event)) = nearest
                    && let (Some(sent), Some(said)) = (self.sent.get_mut(at), self.said.get_mut(event))
                {
                    *sent = Some(event);
                    *said = true;
                }
            }
        }
    }

    /// How long after their reports the packets usually pass that come from where this one says it does.
    fn usual(&self, at: usize) -> i64 {
        let place = self.seen.get(at).map(|one| (one.reset.segment.source.address, true));
        place.and_then(|place| self.ways.get(&place)).copied().unwrap_or(0)
    }

    /// Whether a captured reset bears an address that the log knows as its host's.
    fn is_local(&self, at: usize) -> bool {
        let segment = self.seen.get(at).map(|one| &one.reset.segment);
        segment.is_some_and(|segment| self.log.locals.contains(&(segment.source.address, segment.ipv6)))
    }

    /// Whether it was sent to one: a log that knows only the receiver is the receiver's.
    fn is_local_receiver(&self, at: usize) -> bool {
        let segment = self.seen.get(at).map(|one| &one.reset.segment);
        segment.is_some_and(|segment| self.log.locals.contains(&(segment.destination.address, segment.ipv6)))
    }

    /// Whether the difference of the clocks rests on more than one report.
    fn is_timed(&self) -> bool {
        self.clock.from_marks || self.clock.agreeing > 1
    }

    fn word(&self, at: usize) -> Option<Word> {
        let report = self.log.events.get((*self.sent.get(at)?)?)?;
        Some(Word {
            reason: report.fields.reason.as_deref().map(str::to_owned),
            state: report.fields.state,
            process: report.process.clone(),
            names_both_ends: report.fields.ends.peer.is_some(),
            is_known_host: self.is_local(at),
            is_timed: self.is_timed(),
        })
    }

    /// Whether the lack of a report says something: the host's resets are reported, all of them; the clocks are known, nothing
    /// of that moment was lost, and no report could be meant after all: one is left over, or one is about the same reset under
    /// another address (NAT).
    fn silence(&self, at: usize, others: &Others) -> Option<Silence> {
        let one = self.seen.get(at)?;
        if !self.log.gives_reasons() || !self.is_timed() || !others.is_joined || !self.is_local(at) {
            return None;
        }
        let moment = self.clock.moment(one.time);
        let apart = self.clock.tolerance(moment);
        if !self.log.covers(moment.saturating_sub(apart), moment.saturating_add(apart)) {
            return None;
        }
        let next = others.times.get(others.times.partition_point(|time| *time < moment.saturating_sub(apart)));
        let is_left_over = next.is_some_and(|time| *time <= moment.saturating_add(apart));
        let key = one.key();
        let mut alike = others.sent.get(&one.numbers()).into_iter().flatten();
        let is_translated =
            alike.any(|(time, other)| *other != key && time.saturating_sub(one.time).saturating_abs() <= apart);
        (!is_left_over && !is_translated && !others.between.contains(&key)).then_some(Silence)
    }

    /// What the lack of a report is held against.
    fn others(&self) -> Others {
        let reports = || self.log.events.iter().zip(&self.said).filter(|(report, said)| report.is_sent && !**said);
        let mut times: Vec<i64> = reports().map(|(report, _)| report.time).collect();
        times.sort_unstable();
        let mut sent: HashMap<_, Vec<_>> = HashMap::new();
        for (one, _) in self.seen.iter().zip(&self.sent).filter(|(_, sent)| sent.is_some()) {
            let alike = sent.entry(one.numbers()).or_default();
            if alike.len() < MOST_AT_ONCE {
                alike.push((one.time, one.key()));
            }
        }
        let between = reports().filter_map(|(report, _)| key(report)).collect();
        Others { is_joined: !sent.is_empty(), times, between, sent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::testing::Scene;
    use crate::attribution::{Judged, Mechanism, Sender};
    use crate::evidence::Confidence;

    /// Two connections that the server aborts 30 ms apart, seen by the client; both look the same.
    const WIRE: &str = "
        s ttl 57
        0   c S  0 win 64240 mss 1460 sackok wscale 7
        20  s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0
        20  c A  1 ack 1
        21  c PA 1 ack 1 len 40
        41  s A  1 ack 41
        200 s RA 1 ack 41
        300 c S  0 flow 1 win 64240 mss 1460 sackok wscale 7
        320 s SA 0 flow 1 ack 1 win 65160 mss 1460 sackok wscale 7 id 0
        320 c A  1 flow 1 ack 1
        321 c PA 1 flow 1 ack 1 len 40
        341 s A  1 flow 1 ack 41
        500 s RA 1 flow 1 ack 41";

    /// A line of the server's trace, whose clock began when the trace's time was 0, and which is 10 ms away.
    fn line(millis: u32, event: &str) -> String {
        format!("nginx-7 [000] ..... {}.{:03}000: {event}\n", 70 + millis / 1000, millis % 1000)
    }

    fn sent(millis: u32, port: u16, reason: &str) -> String {
        let ends = format!("src=198.51.100.5:443 dest=192.0.2.1:{port}");
        line(millis, &format!("tcp_send_reset: skbaddr=(null) skaddr=1 {ends} state=TCP_CLOSE reason={reason}"))
    }

    /// The verdicts on the first resets of both connections.
    fn judged(wire: &str, log: &str) -> Vec<Judged> {
        // What is said to come from `server 9` is the last reset once more, under another address.
        let last = std::cell::Cell::new(None);
        let mut scene = Scene::seen(wire, |segment, _| {
            if segment.source.address.last() == Some(&9) {
                (segment.seq, segment.ack) = last.get().expect("a reset before");
            } else if segment.flags.rst() {
                last.set(Some((segment.seq, segment.ack)));
            }
        });
        let mut read = Log::new(99);
        log.lines().for_each(|line| read.take(line.as_bytes()));
        scene.surroundings.testimony = Testimony::new(&read, &scene.flows);
        let count = scene.flows.iter().count();
        (0..count).flat_map(|flow| scene.judged_of(flow)).collect()
    }

    fn told(wire: &str, log: &str) -> Vec<String> {
        let words = judged(wire, log).into_iter().map(|judged| match judged.heard.as_deref().cloned() {
            None => "nothing".to_owned(),
            Some(Heard { sent: Some(word), accepted, .. }) => {
                let process = word.process.map_or_else(String::new, |process| format!(" {}", process.name));
                let accepted = if accepted { " accepted" } else { "" };
                format!("{}{process}{accepted}", word.reason.unwrap_or_default())
            }
            Some(Heard { silence: Some(Silence), .. }) => "silent".to_owned(),
            Some(_) => "accepted".to_owned(),
        });
        words.collect()
    }

    #[test]
    fn a_report_belongs_to_the_reset_between_its_ends() {
        let both = sent(190, 40000, "TCP_ABORT_ON_CLOSE") + &sent(490, 40001, "TCP_STATE");
        assert_eq!(told(WIRE, &both), ["TCP_ABORT_ON_CLOSE nginx", "TCP_STATE nginx"]);
        let of = judged(WIRE, &both);
        assert_eq!(of[0].mechanism, Mechanism::AbortUnreadData);
        assert_eq!((of[1].mechanism, of[1].or_else), (Mechanism::Abort, None));
        for one in &of {
            assert_eq!((one.sender, one.confidence), (Sender::Server, Some(Confidence::Certain)));
        }
        for (log, expected) in [
            // Other ports, another address, the other direction.
            (sent(190, 40002, "TCP_STATE"), ["nothing", "nothing"]),
            (sent(190, 40000, "TCP_STATE").replace("192.0.2.1:", "192.0.2.2:"), ["nothing", "nothing"]),
            (
                sent(190, 40000, "TCP_STATE").replace("src=", "x=").replace("dest=", "src=").replace("x=", "dest="),
                ["nothing", "nothing"],
            ),
            // Another time than the others agree on: the same ports an hour later.
            (both.clone() + &sent(3_600_000, 40000, "TCP_STATE"), ["TCP_ABORT_ON_CLOSE nginx", "TCP_STATE nginx"]),
            // Nothing tells which of two moments is meant.
            (sent(190, 40000, "TCP_STATE") + &sent(900, 40001, "TCP_STATE"), ["nothing", "nothing"]),
            // An old kernel gives no reason; the sender is known all the same.
            (both.replace(" reason=TCP_ABORT_ON_CLOSE", "").replace(" reason=TCP_STATE", ""), [" nginx", " nginx"]),
            // An answer is no abort: it has another form.
            (both.replace("(null)", "12ab"), ["nothing", "nothing"]),
            // In a softirq nobody's call.
            (both.replace(" .....", " ..s1."), ["TCP_ABORT_ON_CLOSE", "TCP_STATE"]),
        ] {
            assert_eq!(told(WIRE, &log), expected, "{log}");
        }
    }

    #[test]
    fn one_report_alone_counts_less() {
        let alone = judged(WIRE, &sent(190, 40000, "TCP_ABORT_ON_CLOSE"));
        let weight =
            |judged: &Judged| judged.evidence.iter().find(|one| one.clue == "kernel_sent").map(|one| one.weight);
        assert_eq!(weight(&alone[0]), Some(crate::evidence::Weight::Strong));
        let marked = sent(190, 40000, "TCP_STATE") + &line(0, &format!("tracing_mark_write: {}", mark(0)));
        assert_eq!(weight(&judged(WIRE, &marked)[0]), Some(crate::evidence::Weight::Decisive));
    }

    /// What the wall clock of a trace says after so many milliseconds.
    fn mark(millis: i64) -> String {
        let first = Scene::of(WIRE).flows.iter().filter_map(|flow| flow.first_time).min().expect("a time");
        Log::mark(first.nanos() + millis * 1_000_000)
    }

    #[test]
    fn silence_speaks_only_where_a_report_would_be_there() {
        let reason = "TCP_ABORT_ON_CLOSE";
        let begin = line(0, &format!("tracing_mark_write: {}", mark(0)));
        let end = line(1000, &format!("tracing_mark_write: {}", mark(1000)));
        let first = sent(190, 40000, reason);
        let whole = format!("{begin}{first}{end}");
        assert_eq!(told(WIRE, &whole), [&format!("{reason} nginx"), "silent"]);
        let named = format!("{reason} nginx");
        let later = line(1000, "sched_switch: x");
        for (log, second) in [
            // The trace ends too early, or events were lost then.
            (begin.clone() + &first + &line(450, "x_y: z"), "nothing"),
            (format!("{begin}{first}CPU:0 [LOST 3 EVENTS]\n{end}"), "nothing"),
            (format!("# entries-in-buffer/entries-written: 2/9\n{first}{later}"), "nothing"),
            // One report alone says nothing of the clocks.
            (line(0, "x_y: z") + &first + &later, "nothing"),
            // A kernel without reasons is silent about resets that no socket sent.
            (whole.replace(&format!(" reason={reason}"), ""), "nothing"),
            // A report of that moment is left over: the address may be another behind a router (NAT).
            (whole.clone() + &sent(480, 51000, reason).replace("198.51.100.5", "10.0.0.5"), "nothing"),
            // A report between these ends is left over.
            (whole.clone() + &sent(900, 40001, reason), "nothing"),
            // A listening socket may have been it.
            (
                whole.clone()
                    + &line(490, "tcp_send_reset: src=0.0.0.0:443 dest=0.0.0.0:0 state=TCP_LISTEN reason=TCP_FLAGS"),
                "nothing",
            ),
        ] {
            assert_eq!(told(WIRE, &log)[1], second, "{log}");
            assert!(told(WIRE, &log)[0].is_empty() || told(WIRE, &log)[0].contains("nginx"), "{named} in {log}");
        }
        // The capture was taken elsewhere: a filter on the host, or a forger as far away as the host.
        let silent = judged(WIRE, &whole).pop().expect("the second");
        assert!(silent.confidence < Some(Confidence::Certain), "{silent:#?}");
        assert!(silent.sender == Sender::Unknown || silent.mechanism == Mechanism::PacketFilter);
        // The same reset passes once more under the address that the host has towards others (NAT).
        let known = "tcp_retransmit_skb: sport=1 dport=2 saddr=198.51.100.9 daddr=192.0.2.9 state=x";
        let translated = WIRE.replace("flow 1", "server 9").replace("300 c", "150 c").replace("500 s", "201 s");
        let translated: String = translated
            .lines()
            .filter(|line| !line.contains("server 9") || line.contains("RA"))
            .map(|line| format!("{line}\n"))
            .collect();
        let with_both = format!("{begin}{}{first}{end}", line(1, known));
        assert_eq!(told(&translated, &with_both)[1], "nothing");
        let later = translated.replace("201 s", "400 s");
        assert_eq!(told(&later, &with_both)[1], "silent", "too late for that");
        // Nobody knows the address as the host's.
        let other = whole.replace("198.51.100.5", "198.51.100.6");
        assert_eq!(told(WIRE, &other), ["nothing", "nothing"]);
    }

    #[test]
    fn a_receiver_accepted_what_its_kernel_says_it_did() {
        let received = |millis: u32, port: u16| {
            let text =
                format!("tcp_receive_reset: family=AF_INET sport={port} dport=443 saddr=192.0.2.1 daddr=198.51.100.5");
            line(millis, &text)
        };
        let log = received(201, 40000) + &sent(190, 40000, "TCP_STATE") + &sent(490, 40001, "TCP_STATE");
        assert_eq!(told(WIRE, &log), ["TCP_STATE nginx accepted", "TCP_STATE nginx"]);
        let obedience = judged(WIRE, &log)[0].obedience.expect("judged");
        assert!(obedience.obeyed == Some(true) && obedience.why.contains("tcp_receive_reset"));
    }

    #[test]
    fn of_two_resets_the_one_of_that_form_and_moment_is_meant() {
        // A device resets in the server's name; 7 ms later the server's own abort comes. Its report was made when the forgery
        // passed here.
        let forged = WIRE.replace("500 s RA 1 flow 1 ack 41", "493 s R 1 flow 1\n 500 s RA 1 flow 1 ack 41");
        let alike = WIRE
            .replace("500 s RA 1 flow 1 ack 41", "493 s RA 1 flow 1 ack 41 ttl 99\n 500 s RA 1 flow 1 ack 41 id 77");
        let both = sent(190, 40000, "TCP_STATE")
            + &sent(493, 40001, "TCP_STATE")
            + &line(0, &format!("tracing_mark_write: {}", mark(0)))
            + &line(1000, &format!("tracing_mark_write: {}", mark(1000)));
        assert_eq!(told(&forged, &both), ["TCP_STATE nginx", "silent", "TCP_STATE nginx"]);
        assert_eq!(told(&alike, &both), ["TCP_STATE nginx", "silent", "TCP_STATE nginx"]);
    }

    #[test]
    fn a_listening_socket_is_believed_where_nothing_else_can_be_meant() {
        let wire = "
            s ttl 57
            0   c A 500 ack 700
            20  s R 700
            400 c A 500 flow 1 ack 700
            420 s R 700 flow 1";
        let listener = |millis: u32, reason: &str| {
            line(
                millis,
                &format!("tcp_send_reset: skbaddr=1 src=0.0.0.0:443 dest=0.0.0.0:0 state=TCP_LISTEN reason={reason}"),
            )
        };
        let known = |millis: u32| {
            line(millis, "tcp_retransmit_skb: sport=1 dport=2 saddr=198.51.100.5 daddr=192.0.2.9 state=x")
        };
        let first = Scene::of(wire).flows.iter().filter_map(|flow| flow.first_time).min().expect("a time");
        let mark = line(0, &format!("tracing_mark_write: {}", Log::mark(first.nanos())));
        let log = |reports: &str| format!("{mark}{}{reports}", known(1));
        assert_eq!(told(wire, &log(&listener(10, "TCP_FLAGS"))), ["TCP_FLAGS", "nothing"]);
        let both = log(&(listener(10, "TCP_FLAGS") + &listener(410, "TCP_FLAGS")));
        assert_eq!(told(wire, &both), ["TCP_FLAGS", "TCP_FLAGS"]);
        // Nothing else knows the address as the host's: it counts less.
        let unknown = mark.clone() + &listener(10, "TCP_FLAGS");
        assert_eq!(told(wire, &unknown), ["TCP_FLAGS", "nothing"]);
        let weight = |log: &str| {
            judged(wire, log)[0].evidence.iter().find(|one| one.clue == "kernel_sent").map(|one| one.weight)
        };
        assert_eq!(weight(&unknown), Some(crate::evidence::Weight::Moderate));
        assert_eq!(weight(&log(&listener(10, "TCP_FLAGS"))), Some(crate::evidence::Weight::Strong));
        // Another port, another moment, and a log that is the receiver's.
        for other in [
            log(&listener(10, "TCP_FLAGS").replace(":443", ":444")),
            log(&listener(2000, "TCP_FLAGS")),
            unknown.clone() + &known(1).replace("198.51.100.5", "192.0.2.1"),
        ] {
            assert_eq!(told(wire, &other), ["nothing", "nothing"], "{other}");
        }
        // Two packets at once and one report; or two reports that differ.
        let at_once = wire.replace("400 c", "1 c").replace("420 s", "21 s");
        assert_eq!(told(&at_once, &log(&listener(10, "TCP_FLAGS"))), ["nothing", "nothing"]);
        let differ = log(&(listener(10, "TCP_FLAGS") + &listener(11, "INVALID_SYN")));
        assert_eq!(told(&at_once, &differ), ["nothing", "nothing"]);
    }

    #[test]
    fn damaged_lines_do_no_harm() {
        let sample = include_str!("../../samples/kernel_witness/kernel.trace");
        let flows = Scene::of(WIRE).flows;
        let whole = sent(190, 40000, "TCP_STATE") + sample + &sent(490, 40001, "TCP_STATE");
        let mut state = 1u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or(0) % below
        };
        for _ in 0..300 {
            let mut octets = whole.clone().into_bytes();
            for _ in 0..=random(20) {
                let at = random(octets.len());
                match random(3) {
                    0 => octets[at] = b"0123456789.:=[]()-# \n\xff"[random(22)],
                    1 => drop(octets.remove(at)),
                    _ => octets.insert(at, b'9'),
                }
            }
            let mut log = Log::new(20);
            octets.split(|octet| *octet == b'\n').for_each(|line| log.take(line));
            let testimony = Testimony::new(&log, &flows);
            assert!(testimony.joined <= log.sent + log.received);
        }
    }

    #[test]
    fn a_log_that_cannot_be_joined_says_why() {
        let flows = Scene::of(WIRE).flows;
        for (text, why) in [
            (String::new(), Unjoined::NoReports),
            (line(5, "tcp_retransmit_skb: sport=1 dport=2 saddr=10.0.0.1 daddr=10.0.0.2"), Unjoined::NoReports),
            (sent(5, 40000, "TCP_STATE").replace("70.005000", "705000"), Unjoined::NoSeconds),
            (sent(5, 50000, "TCP_STATE"), Unjoined::NothingInCommon),
            (sent(5, 40000, "TCP_STATE") + &sent(6, 40001, "TCP_STATE"), Unjoined::Ambiguous),
        ] {
            let mut log = Log::new(99);
            text.lines().for_each(|line| log.take(line.as_bytes()));
            let problem = Testimony::new(&log, &flows).clock.and_then(Result::err);
            assert_eq!(problem, Some(why), "{text}");
            assert!(!why.why().ends_with('.'));
        }
    }
}
