//! The line of counts that stands below the events on a terminal.

use super::statistics::Statistics;

/// Causes named in the line; the others are counted together.
const CAUSES: usize = 3;

/// `12 flows, 340 packets/s, 3 reset: 2 connection_refused, 1 undetermined; kernel dropped 0; memory 120 of 1024 MiB`, with as much of
/// it as so many columns have room for: causes leave first, and memory before what was dropped.
pub(super) fn text(statistics: &Statistics, width: Option<usize>) -> String {
    let (flows, rate, reset) = (statistics.flows, statistics.frames_per_second, statistics.judged);
    let dropped = statistics.dropped_by_kernel;
    let (used, limit) = (statistics.memory >> 20, statistics.memory_limit >> 20);
    let long = |named: usize| {
        let causes = causes(statistics, named);
        format!(
            "{flows} flows, {rate:.0} packets/s, {reset} reset{causes}; kernel dropped {dropped}; memory {used} of {limit} MiB"
        )
    };
    let fits = |text: &String| width.is_none_or(|width| text.len() <= width);
    let middle = || format!("{flows} flows, {rate:.0} packets/s, {reset} reset; kernel dropped {dropped}");
    let short = || format!("{flows} flows, {rate:.0}/s, {reset} reset, {dropped} dropped");
    (0..=CAUSES).rev().map(long).find(&fits).or_else(|| Some(middle()).filter(&fits)).unwrap_or_else(short)
}

/// The commonest causes, so many of them, and how often there were others.
fn causes(statistics: &Statistics, named: usize) -> String {
    let mut causes: Vec<(&String, &u64)> = statistics.causes.iter().collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let others: u64 = causes.iter().skip(named).map(|(_, count)| **count).sum();
    let told = causes.iter().take(named).map(|(cause, count)| format!("{count} {cause}"));
    let told: Vec<String> = told.chain((others > 0).then(|| format!("{others} others"))).collect();
    if told.is_empty() || named == 0 { String::new() } else { format!(": {}", told.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(causes: &[(u64, &str)]) -> Statistics {
        let mut statistics = Statistics { flows: 12, frames_per_second: 340.4, judged: 10, ..Statistics::default() };
        statistics.memory_limit = 1 << 30;
        for (count, cause) in causes {
            statistics.causes.insert((*cause).to_owned(), *count);
        }
        statistics
    }

    #[test]
    fn the_commonest_causes_are_named() {
        let none = statistics(&[]);
        assert_eq!(text(&none, None), "12 flows, 340 packets/s, 10 reset; kernel dropped 0; memory 0 of 1024 MiB");
        let some = text(&statistics(&[(1, "a"), (5, "b"), (2, "c"), (1, "d"), (1, "e")]), None);
        assert!(some.contains("10 reset: 5 b, 2 c, 1 a, 2 others; kernel"), "{some}");
    }

    #[test]
    fn what_has_no_room_leaves_in_order_of_its_worth() {
        let statistics = statistics(&[(7, "closed_with_unread_data"), (2, "abort_linger0"), (1, "process_killed")]);
        const BEGIN: &str = "12 flows, 340 packets/s, 10 reset";
        const END: &str = "; kernel dropped 0; memory 0 of 1024 MiB";
        for (width, expected) in [
            (200, format!("{BEGIN}: 7 closed_with_unread_data, 2 abort_linger0, 1 process_killed{END}")),
            (132, format!("{BEGIN}: 7 closed_with_unread_data, 2 abort_linger0, 1 others{END}")),
            (80, format!("{BEGIN}{END}")),
            (60, format!("{BEGIN}; kernel dropped 0")),
            (40, "12 flows, 340/s, 10 reset, 0 dropped".to_owned()),
            // The line is cut, and what counts most stands in front.
            (5, "12 flows, 340/s, 10 reset, 0 dropped".to_owned()),
        ] {
            let text = text(&statistics, Some(width));
            assert!(text.len() <= width.max(40), "{width}: {text}");
            assert_eq!(text, expected, "{width}");
        }
    }
}
