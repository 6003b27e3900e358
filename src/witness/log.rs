//! The reports of a kernel, taken in line by line, and which moments they cover.

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::Process;
use super::fields::{self, Fields};
use super::format::Formats;
use super::line::{self, Kind, Line, Parsed};
use crate::knowledge::kernel_reasons;

/// Reports on resets that a saved trace may have: some hundred octets each. Of more the latest are kept.
pub const MOST_EVENTS: usize = 200_000;

/// Addresses of this host, processors, losses and marks that are remembered.
const MOST_OTHERS: usize = 4096;

/// Octets of a line that are looked at: the longest known has about 300, the longest line of a format file 3,000.
const MOST_LINE: usize = 16_384;

/// What stands before the time in a mark (see [`Log::mark`]).
const MARK: &str = "tcpautopsy wall=";

/// A report on a reset.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Sent by this host, or else accepted by it.
    pub is_sent: bool,
    /// Nanoseconds of the trace's clock.
    pub time: i64,
    /// What it says.
    pub fields: Fields,
    /// Whose call it was, where it was a call.
    pub process: Option<Process>,
}

/// When something was heard of a processor.
#[derive(Clone, Copy, Debug)]
struct Processor {
    first: i64,
    last: i64,
    /// Events were lost since its last line.
    loses: bool,
}

/// The reports of one kernel.
#[derive(Clone, Debug, Default)]
pub struct Log {
    most_events: usize,
    pub(super) events: VecDeque<Event>,
    /// Addresses that are this host's, each with whether it is one of IPv6.
    pub(super) locals: HashSet<([u8; 16], bool)>,
    /// Moments of the trace's clock with what the wall clock said, both in nanoseconds.
    pub(super) marks: VecDeque<(i64, i64)>,
    formats: Formats,
    clock: Option<String>,
    has_reasons: bool,
    processors: BTreeMap<u32, Processor>,
    /// From and to when a processor's events were lost.
    losses: Vec<(i64, i64)>,
    /// Nothing before it is sure to be known.
    not_before: Option<i64>,
    is_overrun: bool,
    is_lossy: bool,
    /// Reports on resets, kept or not.
    pub sent: u64,
    /// Reports on resets that this host accepted, kept or not.
    pub received: u64,
    /// Events that the kernel or its reader lost, as far as they were counted.
    pub lost: u64,
    /// Reports without a time in seconds.
    pub untimed: u64,
    /// Reports on resets that could not be read.
    pub unread: u64,
}

impl Log {
    /// An empty log that keeps so many reports on resets.
    pub fn new(most_events: usize) -> Self {
        Self { most_events, ..Self::default() }
    }

    /// Takes in lines of `trace`, `trace_pipe`, of `perf script`, or of an event's `format` file, each with or without its end.
    pub fn take(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line.get(..MOST_LINE).unwrap_or(line));
        match line::parse(&line) {
            Parsed::Event(event) => self.event(&event),
            Parsed::Lost { cpu, events } => self.lose(cpu, events),
            Parsed::Entries { held, written } => {
                self.is_overrun |= written > held;
                self.lost = self.lost.saturating_add(written.saturating_sub(held));
            }
            Parsed::Clock(name) => self.clock = Some(name.to_owned()),
            Parsed::Nothing => self.formats.take(&line),
        }
    }

    /// A text which, written into `trace_marker`, tells a log the wall clock's time: nanoseconds since 1970.
    pub fn mark(nanos: i64) -> String {
        format!("{MARK}{}.{:09}", nanos.max(0) / 1_000_000_000, nanos.max(0) % 1_000_000_000)
    }

    /// The name of the trace's clock, where the log has the file `trace_clock`.
    pub fn clock(&self) -> Option<&str> {
        self.clock.as_deref()
    }

    /// Whether its kernel gives reasons. Such a kernel (Linux 6.10 and later) also reports resets that no socket sent; an older
    /// one is silent about them.
    pub(super) fn gives_reasons(&self) -> bool {
        self.formats.has_reason.unwrap_or(false) || self.has_reasons
    }

    /// Whether any report of this stretch of time would be in the log.
    pub(super) fn covers(&self, from: i64, to: i64) -> bool {
        let processors = || self.processors.values();
        // A buffer that ran over has lost its oldest events, of each processor up to another moment.
        let first = processors().map(|one| one.first);
        let begin = if self.is_overrun { first.max() } else { first.min() };
        let (Some(begin), Some(end)) = (begin, processors().map(|one| one.last).max()) else { return false };
        let open = processors().filter(|one| one.loses).map(|one| (one.last, i64::MAX));
        !self.is_lossy
            && from >= begin
            && to <= end
            && self.not_before.is_none_or(|least| from > least)
            && self.losses.iter().copied().chain(open).all(|(since, until)| to < since || from > until)
    }

    fn event(&mut self, line: &Line<'_>) {
        let Some(time) = line.time else {
            self.untimed += u64::from(matches!(line.kind, Kind::Sent | Kind::Received));
            return;
        };
        self.hear(line.cpu, time);
        match line.kind {
            Kind::Sent | Kind::Received => self.reset(line, time),
            Kind::Retransmitted => {
                if let Some(fields) = fields::read(line.text, &self.formats) {
                    self.learn_local(&fields);
                }
            }
            Kind::Mark => {
                if let Some(wall) = line.text.strip_prefix(MARK).and_then(line::nanos) {
                    self.marks.push_back((time, wall));
                    if self.marks.len() > MOST_OTHERS {
                        self.marks.pop_front();
                    }
                }
            }
            Kind::Other => {}
        }
    }

    fn reset(&mut self, line: &Line<'_>, time: i64) {
        let is_sent = line.kind == Kind::Sent;
        let Some(fields) = fields::read(line.text, &self.formats) else {
            self.unread += 1;
            return;
        };
        *if is_sent { &mut self.sent } else { &mut self.received } += 1;
        self.has_reasons |= fields.reason.is_some();
        self.learn_local(&fields);
        // Softirqs run in the time of whichever task was there.
        let may_be_call = fields
            .reason
            .as_deref()
            .is_none_or(|reason| kernel_reasons::reason(reason).is_some_and(|reason| reason.by_call));
        let is_call = is_sent && fields.is_answer == Some(false) && line.in_process == Some(true) && may_be_call;
        let process = is_call.then(|| Process { name: line.task.to_owned(), pid: line.pid });
        self.events.push_back(Event { is_sent, time, fields, process });
        if self.events.len() > self.most_events {
            self.not_before = self.events.pop_front().map(|event| event.time).max(self.not_before);
        }
    }

    fn learn_local(&mut self, fields: &Fields) {
        if fields.ends.peer.is_some() && self.locals.len() < MOST_OTHERS {
            self.locals.insert((fields.ends.local.address, fields.ends.ipv6));
        }
    }

    fn hear(&mut self, cpu: u32, time: i64) {
        if self.processors.len() >= MOST_OTHERS && !self.processors.contains_key(&cpu) {
            return;
        }
        let known = self.processors.entry(cpu).or_insert(Processor { first: time, last: time, loses: false });
        let since = known.last;
        known.last = since.max(time);
        known.first = known.first.min(time);
        if std::mem::take(&mut known.loses) {
            self.losses.push((since, time));
            self.is_lossy |= self.losses.len() > MOST_OTHERS;
        }
    }

    fn lose(&mut self, cpu: u32, events: u64) {
        self.lost = self.lost.saturating_add(events);
        match self.processors.get_mut(&cpu) {
            Some(known) => known.loses = true,
            // Before its first line: since nobody knows when.
            None => self.is_overrun = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str) -> Log {
        let mut log = Log::new(9);
        text.lines().for_each(|line| log.take(line.as_bytes()));
        log
    }

    const ENDS: &str = "src=192.0.2.1:80 dest=192.0.2.2:9 state=TCP_CLOSE";

    #[test]
    fn a_process_is_named_for_a_call_alone() {
        for (head, text, expected) in [
            // close, abort, disconnect: the task that was running made the call.
            ("nginx-7 [000] .....", "skbaddr=0 @ reason=TCP_ABORT_ON_CLOSE", Some("nginx")),
            ("ss-7 [000] ...1.", "skbaddr=(null) @ reason=TCP_STATE", Some("ss")),
            // In a softirq it is whichever task was there.
            ("nginx-7 [000] ..s1.", "skbaddr=0 @ reason=TCP_STATE", None),
            ("nginx-7 [000] ..s1.", "skbaddr=0 @ reason=TCP_KEEPALIVE_TIMEOUT", None),
            // An answer may be made in a task's time as well.
            ("nginx-7 [000] .....", "skbaddr=77 @ reason=NO_SOCKET", None),
            ("nginx-7 [000] .....", "skbaddr=77 @ reason=TCP_STATE", None),
            ("nginx-7 [000] .....", "skbaddr=0 @ reason=TCP_ABORT_ON_MEMORY", None),
            // Nothing says what was running, or whether it was an answer.
            ("nginx-7 [000]", "skbaddr=0 @ reason=TCP_STATE", None),
            ("nginx-7 [000] .....", "@ reason=TCP_STATE", None),
            // Before there were reasons.
            ("nginx-7 [000] ....", "skbaddr=(null) @", Some("nginx")),
            ("nginx-7 [000] ....", "skbaddr=12 @", None),
            ("nginx-7 [000] ..s.", "skbaddr=(null) @", None),
        ] {
            let line = format!("{head} 1.5: tcp_send_reset: {}", text.replace('@', ENDS));
            let log = log(&line);
            let process = log.events[0].process.as_ref().map(|process| process.name.as_str());
            assert_eq!(process, expected, "{line}");
        }
        let received = log("nginx-7 [000] ..... 1.5: tcp_receive_reset: sport=1 dport=2 saddr=10.0.0.1 daddr=10.0.0.2");
        assert!(received.events[0].process.is_none() && received.received == 1);
    }

    #[test]
    fn what_may_be_missing_is_not_covered() {
        const SECOND: i64 = 1_000_000_000;
        let beat = |cpu: u32, time: u32| format!("a-1 [{cpu:03}] ..... {time}.0: sched_switch: x\n");
        let beats = [beat(0, 10), beat(1, 14), beat(0, 20)].concat();
        for (text, from, to, expected) in [
            (beats.clone(), 10, 20, true),
            (beats.clone(), 9, 12, false),
            (beats.clone(), 12, 21, false),
            (String::new(), 0, 0, false),
            // The buffer ran over: before its first line of each processor something may be missing.
            (format!("# entries-in-buffer/entries-written: 3/5 #P:2\n{beats}"), 12, 13, false),
            (format!("# entries-in-buffer/entries-written: 3/5 #P:2\n{beats}"), 15, 16, true),
            (format!("# entries-in-buffer/entries-written: 3/3 #P:2\n{beats}"), 12, 13, true),
            // The reader was too slow: between two lines of that processor.
            (format!("{}CPU:0 [LOST 3 EVENTS]\n{}{}", beat(0, 10), beat(1, 14), beat(0, 20)), 12, 13, false),
            (format!("{}CPU:0 [LOST 3 EVENTS]\n{}{}", beat(0, 10), beat(0, 14), beat(0, 20)), 15, 16, true),
            (format!("{}{}CPU:0 [LOST 3 EVENTS]\n{}", beat(0, 10), beat(0, 12), beat(1, 20)), 15, 16, false),
            (format!("{}CPU:2 [LOST EVENTS]\n{}{}", beat(0, 10), beat(2, 14), beat(0, 20)), 12, 13, false),
        ] {
            assert_eq!(log(&text).covers(from * SECOND, to * SECOND), expected, "{from} to {to} in\n{text}");
        }
    }

    #[test]
    fn marks_tell_the_time_and_come_back() {
        let wall = 1_795_285_838_666_452_184;
        let log = log(&format!("bash-1 [000] ...1. 3.5: tracing_mark_write: {}\n", Log::mark(wall)));
        assert_eq!(log.marks, [(3_500_000_000, wall)]);
        assert_eq!(Log::mark(-5), "tcpautopsy wall=0.000000000");
    }

    #[test]
    fn memory_is_bounded_and_the_latest_is_kept() {
        const MOST: usize = 50;
        let mut log = Log::new(MOST);
        for second in 0..=MOST {
            log.take(format!("a-1 [000] ..... {second}.0: tcp_send_reset: {ENDS}").as_bytes());
        }
        for address in 0..MOST_OTHERS + 9 {
            let [.., high, low] = address.to_be_bytes();
            let text = format!(
                "a-1 [{address}] ..... 1.0: tcp_retransmit_skb: sport=1 dport=2 saddr=10.0.{high}.{low} daddr=10.9.9.9"
            );
            log.take(text.as_bytes());
            log.take(b"a-1 [0] ..... 1.0: tracing_mark_write: tcpautopsy wall=1.0");
        }
        assert_eq!((log.events.len(), log.sent), (MOST, MOST as u64 + 1));
        assert_eq!((log.locals.len(), log.processors.len(), log.marks.len()), (MOST_OTHERS, MOST_OTHERS, MOST_OTHERS));
        assert!(!log.covers(0, 1) && log.covers(2_000_000_000, 3_000_000_000));
    }

    #[test]
    fn no_octets_are_too_odd() {
        let mut log = Log::new(9);
        let long =
            [b"x".repeat(1 << 20), b" [000] ..... 1.5: tcp_send_reset: ".to_vec(), b"a=b ".repeat(9999)].concat();
        for line in [
            &b"\xff\xfe: tcp_send_reset: \0"[..],
            &long,
            b"\n",
            b"[[[]]]: : :",
            b"a-1 [000] ..... 1.5: tcp_send_reset: src=\xff",
        ] {
            log.take(line);
        }
        assert_eq!((log.sent, log.unread), (0, 1));
    }
}
