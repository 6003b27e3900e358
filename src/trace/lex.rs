//! A line into words and quoted octets.

use super::TraceError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    Quoted(Vec<u8>),
}

/// The words of a line, numbered from 1; a comment is none.
pub(super) fn tokens(number: usize, line: &str) -> Result<Vec<Token<'_>>, TraceError> {
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (octets, after) = unquote(quoted).map_err(|reason| TraceError::new(number, rest, reason))?;
            if after.starts_with(|c: char| !c.is_whitespace()) {
                return Err(TraceError::new(number, after, "a blank is missing after the quoted text"));
            }
            found.push(Token::Quoted(octets));
            rest = after.trim_start();
        } else {
            let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            found.push(Token::Word(word));
            rest = after.trim_start();
        }
    }
    Ok(found)
}

/// The octets up to the closing quotation mark, and what follows it.
fn unquote(text: &str) -> Result<(Vec<u8>, &str), &'static str> {
    let mut octets = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok((octets, chars.as_str())),
            '\\' => octets.push(match chars.next() {
                Some('r') => b'\r',
                Some('n') => b'\n',
                Some('t') => b'\t',
                Some('\\') => b'\\',
                Some('"') => b'"',
                Some('x') => {
                    let digit = |c: Option<char>| c.and_then(|c| c.to_digit(16));
                    let (high, low) = (digit(chars.next()), digit(chars.next()));
                    let (Some(high), Some(low)) = (high, low) else {
                        return Err("two hexadecimal digits go after \\x");
                    };
                    (high << 4 | low) as u8
                }
                _ => return Err("after \\ goes r, n, t, \\, \" or xNN"),
            }),
            other => octets.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err("the closing quotation mark is missing")
}

/// The octets as a quoted text of printable ASCII.
pub(super) fn quote(octets: &[u8]) -> String {
    let mut text = String::from("\"");
    for &octet in octets {
        match octet {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'"' | b'\\' => text.extend(['\\', char::from(octet)]),
            b' '..=b'~' => text.push(char::from(octet)),
            other => text.push_str(&format!("\\x{other:02x}")),
        }
    }
    text.push('"');
    text
}
