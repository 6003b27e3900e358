use std::borrow::Cow;
use std::fmt::Write;

/// Makes text from a packet or a file name safe to show: whatever would move the cursor, change colours, reorder or hide
/// text is written as its escape, `\u{202e}`.
///
/// A backslash stays as it is, so the result is for eyes and cannot be turned back.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    // Most texts are plain, which is told at once.
    let is_plain = text.bytes().all(|octet| matches!(octet, b' '..=b'~'));
    if is_plain || !text.contains(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\t' => safe.push_str("\\t"),
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            // Writing to a string cannot fail.
            c if is_deceptive(c) => drop(write!(safe, "\\u{{{:x}}}", u32::from(c))),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// The same of a text that is not needed otherwise, which is seldom copied.
pub(super) fn sanitized(text: String) -> String {
    if let Cow::Owned(safe) = sanitize(&text) {
        return safe;
    }
    text
}

/// Whether a character does something else than show itself.
///
/// Controls (Unicode's Cc, with them ESC and the one-octet CSI), and what Unicode calls default ignorable: bidirectional
/// controls (UAX #9), zero-width characters, fillers, variation selectors, tags; also line and paragraph separators and
/// interlinear annotations.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_becomes_visible() {
        assert_eq!(sanitize("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(sanitize("a\u{9b}31mb"), "a\\u{9b}31mb");
        assert_eq!(sanitize("one\r\ntwo\t"), "one\\r\\ntwo\\t");
        assert_eq!(sanitize("\u{8}\0\u{7f}"), "\\u{8}\\u{0}\\u{7f}");
    }

    #[test]
    fn what_reorders_or_hides_becomes_visible() {
        assert_eq!(sanitize("gpj\u{202e}pacp"), "gpj\\u{202e}pacp");
        assert_eq!(sanitize("a\u{200b}b\u{2066}c\u{feff}"), "a\\u{200b}b\\u{2066}c\\u{feff}");
        assert_eq!(sanitize("\u{e0041}\u{2028}"), "\\u{e0041}\\u{2028}");
    }

    #[test]
    fn ordinary_text_is_untouched_and_not_copied() {
        for text in ["", "C:\\capture 1.pcap", "Überfall-日本語.pcapng", "naïve 'quoted' \"text\""] {
            assert!(matches!(sanitize(text), Cow::Borrowed(same) if same == text));
        }
    }
}
