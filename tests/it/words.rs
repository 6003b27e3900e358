//! docs/words.md: one word for one thing in all that the program prints.

use std::collections::BTreeSet;

use tcpautopsy::causes::Cause;

use crate::support::program;

const PAGE: &str = include_str!("../../docs/words.md");

/// The words that are not used, each with the one that is.
fn shunned() -> Vec<(&'static str, &'static str)> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.flat_map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [word, _, not] = cells[..] else { panic!("three cells: {row}") };
        not.split(", ").filter(|not| !not.is_empty()).map(move |not| (not, word))
    })
    .collect()
}

/// Whether a text has a word, or the plural of it, by itself.
fn has_word(text: &str, word: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        let after = after.strip_prefix('s').unwrap_or(after);
        !before.ends_with(is_letter) && !after.starts_with(is_letter)
    })
}

fn printed(arguments: &[&str]) -> String {
    let output = program::run(arguments);
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn words_are_found_whole_and_in_the_plural() {
    assert!(has_word("two octets.", "octet") && has_word("octet", "octet"));
    assert!(!has_word("octet_string", "octet") && !has_word("doctet", "octet"));
    assert!(shunned().contains(&("octet", "byte")) && shunned().len() > 10);
}

#[test]
fn nothing_is_called_by_two_words() {
    let mut texts: Vec<(String, String)> = Vec::new();
    for (name, path) in program::samples() {
        let path = path.to_string_lossy().into_owned();
        for format in ["table", "markdown", "csv", "html", "json"] {
            texts.push((format!("{name}, {format}"), printed(&[&path, "--all-flows", "--format", format])));
        }
        texts.push((format!("show {name}"), printed(&["show", &path, "--from", "1970-01-01"])));
    }
    for cause in Cause::ALL {
        texts.push((format!("explain {cause}"), printed(&["explain", cause.id()])));
    }
    texts.push(("explain".to_owned(), printed(&["explain"])));
    for error in ["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNREFUSED", "socket hang up", "i/o timeout"] {
        texts.push((format!("explain {error}"), printed(&["explain", error])));
    }
    let with_libpcap: &[&[&str]] = &[&["live", "--help"], &["interfaces", "--help"]];
    let with_libpcap = if cfg!(feature = "live") { with_libpcap } else { &[] };
    for job in [&["--help"][..], &["explain", "--help"]].iter().chain(with_libpcap).copied() {
        texts.push((job.join(" "), printed(job)));
    }
    let mut faults = BTreeSet::new();
    for (what, text) in &texts {
        assert!(text.len() > 40, "{what}: {text}");
        for (not, word) in shunned() {
            if has_word(text, not) {
                let line = text.lines().find(|line| has_word(line, not)).unwrap_or(text);
                let at = line.find(not).unwrap_or(0);
                let around: String = line.chars().skip(at.saturating_sub(40)).take(100).collect();
                faults.insert(format!("{not} where {word} is the word, in {what}: {around}"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
