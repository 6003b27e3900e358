//! Text that is not ours, so that no renderer of Markdown takes it for anything but text.

use std::fmt::Write;

use crate::output::sanitize::sanitize;

/// Characters of one text that are shown: a name of kilobytes would bury the rest of a ticket.
const LONGEST: usize = 600;

/// Prose that may hold text from a packet: words that a renderer could take for more than words stand as code.
///
/// Backslashes would not do: GitHub, GitLab and Jira look for `@name`, `#12`, `ABC-12`, `:smile:`, `/close`, addresses and
/// hashes after Markdown has been dealt with, but never within code. The result has no line feed, pipe or backtick that is
/// not its own, so it can stand in a cell of a table.
pub(super) fn prose(text: &str) -> String {
    let text = cut(text);
    let mut prose = String::with_capacity(text.len() + 16);
    for word in sanitize(&text).split([' ', '\u{a0}']).filter(|word| !word.is_empty()) {
        let is_first = prose.is_empty();
        if !is_first {
            prose.push(' ');
        }
        let opening = word.len() - word.trim_start_matches(['(', '"', '\'']).len();
        let (before, rest) = word.split_at(opening);
        let core = rest.trim_end_matches(['.', ',', ';', ':', ')', '"', '\'', '?', '!']);
        let after = rest.get(core.len()..).unwrap_or_default();
        if is_plain(core) && !(is_first && begins_list(rest)) {
            prose.push_str(word);
        } else if core.is_empty() {
            prose.push_str(&code(word));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(prose, "{before}{}{after}", code(core));
        }
    }
    prose
}

/// Prose of ours with commands between backticks, which stand as code; all else of it as in [`prose`].
pub(super) fn advice(text: &str) -> String {
    const BETWEEN: &[char] = &[',', ';', '.', ':', ')'];
    let mut advice = String::with_capacity(text.len() + 16);
    for (nth, part) in text.split('`').enumerate() {
        if nth % 2 == 1 {
            advice.push_str(&code(part));
            continue;
        }
        // What ends a sentence behind a command is no word of its own.
        let rest = part.trim_start_matches(BETWEEN);
        let words = if rest.is_empty() || rest.starts_with(' ') { rest } else { part };
        advice.push_str(part.get(..part.len() - words.len()).unwrap_or_default());
        let blank = |is: bool| if is { " " } else { "" };
        let inner = words.trim();
        advice.push_str(blank(words.starts_with(' ')));
        advice.push_str(&prose(inner));
        advice.push_str(blank(words.ends_with(' ') && !inner.is_empty()));
    }
    advice
}

/// Text in a code span, where Markdown has no power.
///
/// A backtick could end the span and a pipe the cell of a table, and how to write them there is a matter of the renderer:
/// they become escapes, as other deceptive characters do.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", verbatim(text))
}

/// The text of a code span or of a line in a code block.
pub(super) fn verbatim(text: &str) -> String {
    sanitize(&cut(text)).replace('\u{a0}', " ").replace('`', "\\u{60}").replace('|', "\\u{7c}")
}

fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Whether a word is nothing but a word or a number.
fn is_plain(word: &str) -> bool {
    let chars: Vec<char> = word.chars().collect();
    let Some(first) = chars.first() else { return false };
    let digit = |at: Option<&char>| at.is_some_and(char::is_ascii_digit);
    let is_harmless = |(at, &c): (usize, &char)| {
        let (before, after) = (at.checked_sub(1).and_then(|at| chars.get(at)), chars.get(at + 1));
        match c {
            c if c.is_alphanumeric() => true,
            // 10:26:00.123, 1,000; but no host name and no shortcode
            '.' | ',' | ':' => digit(before) && digit(after),
            '-' | '\'' | '+' | '/' | '×' => before.is_some() && after.is_some(),
            '%' => digit(before) && after.is_none(),
            '–' | '→' | '…' => true,
            _ => false,
        }
    };
    // 10.0.0.5 would be plain, but an address reads better as code; and some clients make a link of it.
    let dots = chars.iter().filter(|&&c| c == '.').count();
    (first.is_alphanumeric() || matches!(first, '–' | '→'))
        && chars.iter().enumerate().all(is_harmless)
        && dots < 2
        && !is_reference(word)
}

/// Whether a word looks like the hash of a commit or the key of an issue (`ABC-12`).
fn is_reference(word: &str) -> bool {
    let is_hash = word.len() >= 7
        && word.bytes().all(|octet| octet.is_ascii_hexdigit())
        && word.bytes().any(|octet| octet.is_ascii_alphabetic())
        && word.bytes().any(|octet| octet.is_ascii_digit());
    let is_key = word.split_once('-').is_some_and(|(project, number)| {
        project.starts_with(|c: char| c.is_ascii_alphabetic()) && number.starts_with(|c: char| c.is_ascii_digit())
    });
    is_hash || is_key
}

/// Whether a word at the beginning of a line makes it an item of a numbered list.
fn begins_list(word: &str) -> bool {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < word.len() && matches!(rest, "." | ")")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_in_advice_are_code_and_nothing_else_gets_through() {
        for (text, expected) in [
            ("run `ss -ltn` now", "run `ss -ltn` now"),
            (
                "look: `journalctl`, `dmesg` (out of memory), its status",
                "look: `journalctl`, `dmesg` (out of memory), its status",
            ),
            ("see `a`.", "see `a`."),
            ("no command", "no command"),
            ("`a`:smile: `b`@me", "`a``:smile`: `b``@me`"),
            ("odd ` @me", "odd ` @me`"),
            ("", ""),
        ] {
            assert_eq!(advice(text), expected, "{text}");
        }
    }

    #[test]
    fn ordinary_prose_stays_as_it_is() {
        for text in [
            "server owed an answer for 1.2 s; 512 B sent, none back",
            "The server's application closed (RFC 9293) with 1,000 bytes unread.",
            "at 10:26:00.123, 5% of it",
            "its TTL is 61 (55–56 elsewhere): three hops nearer",
            "Überfall → 日本語",
            "half-closed, RST+ACK and/or FIN",
        ] {
            assert_eq!(prose(text), text);
        }
    }

    #[test]
    fn what_renderers_act_on_becomes_code() {
        for (text, safe) in [
            ("see @admin now", "see `@admin` now"),
            ("fixes #12", "fixes `#12`"),
            ("a|b", "`a\\u{7c}b`"),
            ("a `b` c", "a `\\u{60}b\\u{60}` c"),
            ("<img src=x>", "`<img` `src=x>`"),
            ("[x](http://evil.example/)", "`[x](http://evil.example/`)"),
            ("go to http://evil.example.", "go to `http://evil.example`."),
            ("name shop.example, no reply", "name `shop.example`, no reply"),
            ("www.evil.example", "`www.evil.example`"),
            ("from 10.0.0.5:443 or 2001:db8::1", "from `10.0.0.5:443` or `2001:db8::1`"),
            ("**bold** _it_ ~~no~~", "`**bold**` `_it_` `~~no~~`"),
            ("one\n/close\n", "`one\\n/close\\n`"),
            ("/close", "`/close`"),
            ("> quote", "`>` quote"),
            ("- item", "`-` item"),
            ("1. item", "`1`. item"),
            ("seen in frame 1. Then", "seen in frame 1. Then"),
            ("# heading", "`#` heading"),
            (":smile: a:b:", "`:smile`: `a:b`:"),
            ("OPS-12 and deadbeef1", "`OPS-12` and `deadbeef1`"),
            ("&lt;b&gt;", "`&lt;b&gt`;"),
            ("a\\", "`a\\`"),
            ("... !!", "`...` `!!`"),
            ("gpj\u{202e}gnp", "`gpj\\u{202e}gnp`"),
            ("$x^2$ !3", "`$x^2$` `!3`"),
        ] {
            assert_eq!(prose(text), safe, "{text:?}");
        }
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let shown = prose(&"x".repeat(10_000));
        assert_eq!(shown.chars().count(), LONGEST + 1);
        assert!(shown.ends_with('…'));
    }
}
