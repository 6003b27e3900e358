//! Two places where text could become markup: between tags, and in a script element.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::ser::Formatter;

use crate::output::json::write_number;
use crate::output::sanitize::sanitize;

/// Text for HTML, in elements and in quoted attributes; deceptive characters are shown as escapes.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    let text = sanitize(text);
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// JSON that can stand in a script element: nothing in it can end the element or open a comment there.
pub(super) struct ForScript;

impl Formatter for ForScript {
    fn write_f64<W: ?Sized + Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        write_number(out, value)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        for piece in fragment.split_inclusive(['<', '>', '&']) {
            let plain = piece.trim_end_matches(['<', '>', '&']);
            out.write_all(plain.as_bytes())?;
            if let Some(c) = piece.get(plain.len()..).and_then(|rest| rest.chars().next()) {
                write!(out, "\\u{:04x}", u32::from(c))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::Serializer;

    use super::*;

    #[test]
    fn text_is_no_markup() {
        assert_eq!(escape("<b a=\"1\" c='2'>&amp;"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;");
        assert_eq!(escape("a\u{202e}b"), "a\\u{202e}b");
        assert!(matches!(escape("plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn json_cannot_end_its_element_and_means_the_same() {
        for text in ["</script>", "<!--<script>", "a&b<<>>c", "]]>", "\\u003c", "", "<", "é<日"] {
            let mut out = Vec::new();
            text.serialize(&mut Serializer::with_formatter(&mut out, ForScript)).unwrap();
            assert!(!out.iter().any(|octet| b"<>&".contains(octet)), "{text:?}");
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }
}
