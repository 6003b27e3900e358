//! The text format, version 0.0.4 (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::{Display, Write};

use super::Counts;
use crate::report::Sender;

/// Writes what was counted.
pub(super) fn write(counts: &Counts) -> String {
    let statistics = &counts.statistics;
    let mut text = Text(String::with_capacity(4096));
    text.family("build_info", "gauge", "The program that counts.");
    text.sample("build_info", Some(("version", env!("CARGO_PKG_VERSION"))), 1);
    text.family("reset_flows_total", "counter", "Connections that were reset, by the cause of it.");
    for (cause, count) in &counts.causes {
        text.sample("reset_flows_total", Some(("cause", cause)), count);
    }
    text.family("reset_flows_by_server_total", "counter", "Connections that were reset, by server.");
    for (server, count) in &counts.servers {
        text.sample("reset_flows_by_server_total", Some(("server", server)), count);
    }
    text.family("resets_total", "counter", "Resets, by who sent them.");
    for who in Sender::ALL.map(Sender::name) {
        text.sample("resets_total", Some(("sender", who)), counts.senders.get(who).copied().unwrap_or(0));
    }
    for (name, value, help) in [
        ("frames_total", statistics.frames, "Packets captured."),
        ("captured_bytes_total", statistics.octets, "Bytes of them."),
        ("dropped_frames_total", statistics.dropped_by_kernel, "Packets that the kernel dropped for want of room."),
        ("tcp_segments_total", statistics.segments, "TCP segments."),
        ("rst_segments_total", statistics.rst_segments, "TCP segments with RST, copies of packets included."),
        ("flows_total", statistics.flows, "TCP connections seen."),
        ("flows_evicted_total", statistics.flows_evicted, "TCP connections let go of to bound memory."),
        (
            "verdicts_put_off_total",
            statistics.passed_over,
            "Resets judged only at the end, there being too many at once.",
        ),
    ] {
        text.family(name, "counter", help);
        text.sample(name, None, value);
    }
    for (name, value, help) in [
        ("flows", statistics.flows_held, "TCP connections held in memory."),
        ("waiting_flows", statistics.waiting, "Connections with a reset that wait for a verdict."),
        ("memory_bytes", statistics.memory, "Memory in use."),
        ("memory_limit_bytes", statistics.memory_limit, "Memory that --memory allows."),
    ] {
        text.family(name, "gauge", help);
        text.sample(name, None, value);
    }
    text.0
}

/// Text under way. Writing to a string cannot fail.
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP tcpautopsy_{name} {help}\n# TYPE tcpautopsy_{name} {kind}\n");
    }

    fn sample(&mut self, name: &str, label: Option<(&str, &str)>, value: impl Display) {
        let _ = match label {
            Some((label, of)) => writeln!(self.0, "tcpautopsy_{name}{{{label}=\"{}\"}} {value}", escaped(of)),
            None => writeln!(self.0, "tcpautopsy_{name} {value}"),
        };
    }
}

/// A label's value: backslash, quotation mark and line feed are escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Statistics;

    #[test]
    fn everything_counted_is_written() {
        let statistics = Statistics {
            frames: 12,
            octets: 3400,
            segments: 11,
            rst_segments: 3,
            flows: 4,
            flows_held: 2,
            flows_evicted: 1,
            dropped_by_kernel: 7,
            memory: 1 << 20,
            memory_limit: 1 << 30,
            waiting: 5,
            ..Statistics::default()
        };
        let counts = Counts {
            statistics,
            causes: [("closed_with_unread_data".to_owned(), 2), ("undetermined".to_owned(), 1)].into(),
            servers: [("192.0.2.1:80".to_owned(), 2), ("[2001:db8::1]:443".to_owned(), 1)].into(),
            senders: [("server", 3)].into(),
            ..Counts::default()
        };
        let text = write(&counts);
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples[1..],
            [
                "tcpautopsy_reset_flows_total{cause=\"closed_with_unread_data\"} 2",
                "tcpautopsy_reset_flows_total{cause=\"undetermined\"} 1",
                "tcpautopsy_reset_flows_by_server_total{server=\"192.0.2.1:80\"} 2",
                "tcpautopsy_reset_flows_by_server_total{server=\"[2001:db8::1]:443\"} 1",
                "tcpautopsy_resets_total{sender=\"client\"} 0",
                "tcpautopsy_resets_total{sender=\"server\"} 3",
                "tcpautopsy_resets_total{sender=\"middlebox\"} 0",
                "tcpautopsy_resets_total{sender=\"unknown\"} 0",
                "tcpautopsy_frames_total 12",
                "tcpautopsy_captured_bytes_total 3400",
                "tcpautopsy_dropped_frames_total 7",
                "tcpautopsy_tcp_segments_total 11",
                "tcpautopsy_rst_segments_total 3",
                "tcpautopsy_flows_total 4",
                "tcpautopsy_flows_evicted_total 1",
                "tcpautopsy_verdicts_put_off_total 0",
                "tcpautopsy_flows 2",
                "tcpautopsy_waiting_flows 5",
                "tcpautopsy_memory_bytes 1048576",
                "tcpautopsy_memory_limit_bytes 1073741824",
            ]
        );
        // Each family is announced once, before its samples.
        for sample in samples {
            let name = sample.split(['{', ' ']).next().expect("a name");
            assert_eq!(text.matches(&format!("# TYPE {name} ")).count(), 1, "{name}");
            assert_eq!(text.matches(&format!("# HELP {name} ")).count(), 1, "{name}");
        }
        assert!(text.ends_with('\n'));
    }

    #[test]
    fn labels_cannot_break_out() {
        let label = "a\"} 1\nb{c=\"\\";
        let counts = Counts { causes: [(label.to_owned(), 1)].into(), ..Counts::default() };
        assert!(write(&counts).contains("{cause=\"a\\\"} 1\\nb{c=\\\"\\\\\"} 1\n"));
    }
}
