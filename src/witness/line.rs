//! One line of tracefs: who was running where and when, and what the event says.
//!
//! ```text
//!          python3-4649    [001] ..s1. 11622.111092: tcp_send_reset: skbaddr=... reason=NO_SOCKET
//! ```

/// The names of the events that are read.
const EVENTS: [(&str, Kind); 4] = [
    ("tcp_send_reset", Kind::Sent),
    ("tcp_receive_reset", Kind::Received),
    ("tcp_retransmit_skb", Kind::Retransmitted),
    ("tracing_mark_write", Kind::Mark),
];

/// Octets of the longest name of a clock, and some more.
const MOST_CLOCK: usize = 16;

/// Which event a line is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `tcp_send_reset`.
    Sent,
    /// `tcp_receive_reset`.
    Received,
    /// `tcp_retransmit_skb`.
    Retransmitted,
    /// Text that somebody wrote into `trace_marker`.
    Mark,
    /// Another event: it shows that the trace was on.
    Other,
}

/// A line of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Which event.
    pub kind: Kind,
    /// The task that was running, as it called itself.
    pub task: &'a str,
    /// Its number.
    pub pid: u32,
    /// The processor.
    pub cpu: u32,
    /// Whether a task was running for itself, and not a softirq or an interrupt in its time; `None` where the line has no flags.
    pub in_process: Option<bool>,
    /// Nanoseconds of the trace's clock; `None` where that does not count seconds (`counter`, `x86-tsc`).
    pub time: Option<i64>,
    /// What the event says.
    pub text: &'a str,
}

/// What a line turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parsed<'a> {
    /// An event.
    Event(Line<'a>),
    /// `CPU:1 [LOST 12 EVENTS]`: the reader was too slow; the number is 0 where it is not given.
    Lost {
        /// Of which processor.
        cpu: u32,
        /// How many.
        events: u64,
    },
    /// `# entries-in-buffer/entries-written: 7/9`: what the buffer held, and what it was given.
    Entries {
        /// In the buffer.
        held: u64,
        /// Given to it.
        written: u64,
    },
    /// The file `trace_clock`, with the clock's name in brackets.
    Clock(&'a str),
    /// Anything else.
    Nothing,
}

/// Reads a line without its end.
pub(super) fn parse(line: &str) -> Parsed<'_> {
    let trimmed = line.trim();
    if let Some(rest) = trimmed.strip_prefix("# entries-in-buffer/entries-written:") {
        let mut numbers = rest.split_whitespace().next().unwrap_or_default().split('/').map(str::parse);
        return match (numbers.next(), numbers.next()) {
            (Some(Ok(held)), Some(Ok(written))) => Parsed::Entries { held, written },
            _ => Parsed::Nothing,
        };
    }
    if let Some(lost) = trimmed.strip_prefix("CPU:").and_then(lost) {
        return lost;
    }
    if let Some(clock) = clock(trimmed) {
        return Parsed::Clock(clock);
    }
    event(trimmed).map_or(Parsed::Nothing, Parsed::Event)
}

fn lost(rest: &str) -> Option<Parsed<'_>> {
    let (cpu, rest) = rest.split_once(' ')?;
    let rest = rest.trim_start().strip_prefix("[LOST ")?.strip_suffix(']')?;
    let events = rest.strip_suffix("EVENTS")?.trim().parse().unwrap_or(0);
    Some(Parsed::Lost { cpu: cpu.parse().ok()?, events })
}

/// `[local] global counter uptime`: one name in brackets among lower-case names, of which `local` and `global` are two.
fn clock(line: &str) -> Option<&str> {
    let bare = |word: &str| word.trim_start_matches('[').trim_end_matches(']').to_owned();
    let words = || line.split_whitespace();
    if !words().any(|word| bare(word) == "local") || !words().any(|word| bare(word) == "global") {
        return None;
    }
    let is_name = |word: &str| bare(word).bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-'));
    let mut chosen = words().filter_map(|word| word.strip_prefix('[')?.strip_suffix(']'));
    let name = chosen.next()?;
    (chosen.next().is_none() && name.len() <= MOST_CLOCK && words().all(is_name)).then_some(name)
}

fn event(line: &str) -> Option<Line<'_>> {
    let (head, name, text) = split(line)?;
    // From the right: only the task's name may have blanks and anything else in it.
    let (head, time) = head.trim_end().rsplit_once(char::is_whitespace)?;
    let (before, last) = head.trim_end().rsplit_once(char::is_whitespace)?;
    let cpu = |word: &str| word.strip_prefix('[')?.strip_suffix(']')?.parse::<u32>().ok();
    let (tasks, cpu, flags) = match cpu(last) {
        Some(cpu) => (before, cpu, None),
        None => {
            let (tasks, word) = before.trim_end().rsplit_once(char::is_whitespace)?;
            (tasks, cpu(word)?, Some(last))
        }
    };
    // With the option record-tgid, the process's number follows in parentheses.
    let tasks = tasks.trim_end();
    let tasks = match tasks.strip_suffix(')').and_then(|tasks| tasks.rsplit_once('(')) {
        Some((task, tgid)) if tgid.trim().bytes().all(|c| c.is_ascii_digit() || c == b'-') => task.trim_end(),
        _ => tasks,
    };
    // perf writes a blank before the number, tracefs a hyphen.
    let (task, pid) = tasks.rsplit_once(['-', ' '])?;
    let known = EVENTS.into_iter().find(|(known, _)| *known == name);
    Some(Line {
        kind: known.map_or(Kind::Other, |(_, kind)| kind),
        task: task.trim(),
        pid: pid.parse().ok()?,
        cpu,
        in_process: flags.and_then(in_process),
        time: nanos(time),
        text: text.trim(),
    })
}

/// The head, the event's name and its text. A task's name of 15 octets cannot hold the colons and a known name between them; of
/// other events only the place in time counts.
fn split(line: &str) -> Option<(&str, &str, &str)> {
    for (at, mark) in line.match_indices(": ") {
        let (head, rest) = (line.get(..at)?, line.get(at + mark.len()..)?);
        let rest = rest.trim_start();
        let rest = rest.strip_prefix("tcp:").unwrap_or(rest);
        for (name, _) in EVENTS {
            if let Some(text) = rest.strip_prefix(name).and_then(|text| text.strip_prefix(mark)) {
                return Some((head, name, text));
            }
        }
    }
    let (head, rest) = line.split_once(": ")?;
    let (name, text) = rest.trim_start().split_once(": ")?;
    let is_name = !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b':'));
    is_name.then_some((head, name, text))
}

/// The third of the flags says what was running: a dot for a task. There are four flags, and five since Linux 5.17.
fn in_process(flags: &str) -> Option<bool> {
    let plausible = (4..=6).contains(&flags.len()) && flags.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'.');
    plausible.then(|| flags.as_bytes().get(2) == Some(&b'.'))
}

/// `11622.111092` in nanoseconds, with as many places as there are.
pub(super) fn nanos(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.trim_end_matches(':').split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    if !digits(seconds) || !digits(fraction) {
        return None;
    }
    let fraction = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let fraction = fraction.fold(0i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    seconds.parse::<i64>().ok()?.checked_mul(1_000_000_000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Line<'_> {
        match parse(line) {
            Parsed::Event(line) => line,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn heads_are_read_from_the_right() {
        let text = "skbaddr=0 state=TCP_CLOSE";
        for (head, task, pid, cpu, in_process, time) in [
            ("         python3-4649    [001] ..... 11622.049539", "python3", 4649, 1, Some(true), 11_622_049_539_000),
            ("          <idle>-0       [000] ..s1. 11622.1", "<idle>", 0, 0, Some(false), 11_622_100_000_000),
            ("   kworker/u8:2-31       [003] d.h2. 1.000001", "kworker/u8:2", 31, 3, Some(false), 1_000_001_000),
            // Four flags, and none, as older kernels and other options have it.
            ("          nginx-77       [000] .... 5.5", "nginx", 77, 0, Some(true), 5_500_000_000),
            ("          nginx-77       [000] 5.5", "nginx", 77, 0, None, 5_500_000_000),
            ("          nginx-77 (     76) [000] .... 5.5", "nginx", 77, 0, Some(true), 5_500_000_000),
            // perf script.
            ("curl 1234 [002]  12.345678", "curl", 1234, 2, None, 12_345_678_000),
            // Names are what a program likes.
            ("  a -1 [007] ..s.-99 [001] ..... 2.5", "a -1 [007] ..s.", 99, 1, Some(true), 2_500_000_000),
            ("  tcp_send_reset:-99 [001] ..... 2.5", "tcp_send_reset:", 99, 1, Some(true), 2_500_000_000),
            ("  -12 [001] ..... 2.5", "", 12, 1, Some(true), 2_500_000_000),
        ] {
            for name in ["tcp_send_reset", "tcp:tcp_send_reset"] {
                let line = format!("{head}: {name}: {text}");
                let read = read(&line);
                assert_eq!((read.kind, read.task, read.pid, read.cpu), (Kind::Sent, task, pid, cpu), "{line}");
                assert_eq!((read.in_process, read.time), (in_process, Some(time)), "{line}");
                assert_eq!(read.text, text, "{line}");
            }
        }
    }

    #[test]
    fn other_lines_are_told_apart() {
        assert_eq!(parse("CPU:1 [LOST 12 EVENTS]"), Parsed::Lost { cpu: 1, events: 12 });
        assert_eq!(parse("CPU:0 [LOST EVENTS]"), Parsed::Lost { cpu: 0, events: 0 });
        let entries = "# entries-in-buffer/entries-written: 7/9   #P:2";
        assert_eq!(parse(entries), Parsed::Entries { held: 7, written: 9 });
        assert_eq!(parse("local global [mono] mono_raw x86-tsc"), Parsed::Clock("mono"));
        let mark = read("  bash-1 [000] ...1. 3.5: tracing_mark_write: tcpautopsy wall=1.5");
        assert_eq!((mark.kind, mark.text), (Kind::Mark, "tcpautopsy wall=1.5"));
        let other = read("  bash-1 [000] ...1. 3.5: sched_switch: prev_comm=a");
        assert_eq!(other.kind, Kind::Other);
        // The clocks counter and x86-tsc count no seconds.
        assert_eq!(read("  bash-1 [000] ..... 12345: tcp_send_reset: x").time, None);
        for line in [
            "",
            "#",
            "# tracer: nop",
            "CPU:x [LOST 1 EVENTS]",
            "CPU:1 [LOST 1 EVENTS",
            "# entries-in-buffer/entries-written: 7",
            "local global mono",
            "[local] [global]",
            ": tcp_send_reset: ",
            "1.5: tcp_send_reset: src=1.2.3.4:5",
            "nginx [000] ..... 1.5: tcp_send_reset: x",
            "nginx-99999999999999 [000] ..... 1.5: tcp_send_reset: x",
            "nginx-1 [] ..... 1.5: tcp_send_reset: x",
            "]: ]: ]: ",
        ] {
            assert_eq!(parse(line), Parsed::Nothing, "{line}");
        }
    }

    #[test]
    fn times_do_not_overflow() {
        for (text, expected) in [
            ("0.000000001", Some(1)),
            ("1.9999999999999", Some(1_999_999_999)),
            ("9223372036.854775807", Some(i64::MAX)),
            ("9223372036.854775808", None),
            ("99999999999999999999.0", None),
            ("-1.5", None),
            ("1.", None),
            (".5", None),
            ("1.5e3", None),
        ] {
            assert_eq!(nanos(text), expected, "{text}");
        }
    }
}
