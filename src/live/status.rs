//! The line of counts that stands below the events on a terminal.

use std::fmt::Write;

use super::statistics::Statistics;

/// Causes named in the line; the others are counted together.
const CAUSES: usize = 3;

/// `12 flows, 340 packets/s, 3 reset: 2 connection_refused, 1 undetermined; kernel dropped 0; 120 of 1024 MiB`.
pub(super) fn text(statistics: &Statistics) -> String {
    let mut text = format!(
        "{} flows, {:.0} packets/s, {} reset",
        statistics.flows, statistics.frames_per_second, statistics.judged
    );
    let mut causes: Vec<(&String, &u64)> = statistics.causes.iter().collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let others: u64 = causes.iter().skip(CAUSES).map(|(_, count)| **count).sum();
    let named = causes.iter().take(CAUSES).map(|(cause, count)| format!("{count} {cause}"));
    let named: Vec<String> = named.chain((others > 0).then(|| format!("{others} others"))).collect();
    if !named.is_empty() {
        let _ = write!(text, ": {}", named.join(", "));
    }
    let (used, limit) = (statistics.memory >> 20, statistics.memory_limit >> 20);
    let _ = write!(text, "; kernel dropped {}; memory {used} of {limit} MiB", statistics.dropped_by_kernel);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_causes_are_named() {
        let mut statistics = Statistics { flows: 12, frames_per_second: 340.4, judged: 10, ..Statistics::default() };
        statistics.memory_limit = 1 << 30;
        assert_eq!(text(&statistics), "12 flows, 340 packets/s, 10 reset; kernel dropped 0; memory 0 of 1024 MiB");
        for (count, cause) in [(1, "a"), (5, "b"), (2, "c"), (1, "d"), (1, "e")] {
            statistics.causes.insert(cause.to_owned(), count);
        }
        assert!(text(&statistics).contains("10 reset: 5 b, 2 c, 1 a, 2 others; kernel"), "{}", text(&statistics));
    }
}
