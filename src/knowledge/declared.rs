//! What the sender of a reset says about its reason, in the payload or in an option.

use std::borrow::Cow;

/// A reason that the sender gave itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason<'a> {
    /// What kind of sender writes so.
    pub dialect: Dialect,
    /// What it says, from the capture where the dialect is free text: hostile until escaped.
    pub text: Cow<'a, str>,
    /// The number that says it, where there is one.
    pub code: Option<u16>,
}

/// Who writes reasons in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Solaris, HP-UX and old Mac OS: the name of the kernel's case.
    Unix,
    /// The diagnostic payload of draft-boucadair-tcpm-rst-diagnostic-payload.
    Diagnostic,
    /// Any other readable text, as F5 BIG-IP writes with `tm.rstcause.pkt`.
    Text,
}

/// Texts of the kernels of Solaris, HP-UX and old Mac OS (p0f 2, p0fr.fp), and what they mean.
const UNIX: [(&str, &str); 6] = [
    ("No TCP/No listener", "nothing listens on the port"),
    ("No TCP", "no such connection"),
    ("tcp_disconnect", "the application disconnected"),
    ("new data when detached", "data came after the application had closed"),
    ("tcp_fin_wait_2_timeout", "the peer did not close in time after this side had"),
    ("tcp_close, during connect", "the application gave up while connecting"),
];

/// Causes of draft-boucadair-tcpm-rst-diagnostic-payload by their numbers, from 1; 8 to 14 are for devices on the path.
const DIAGNOSTIC: [&str; 17] = [
    "illegal option",
    "desynchronised state",
    "new data after close",
    "aborted by the application",
    "unexpected acknowledgement",
    "unexpected SYN",
    "security compartment mismatch",
    "malformed segment",
    "not authorised",
    "resource limit exceeded",
    "network failure",
    "reset received from the peer",
    "destination unreachable",
    "connection timed out",
    "too much outstanding data",
    "unacceptable performance",
    "interference by a middlebox",
];

/// Those of them that are for devices on the path.
pub const ON_PATH: std::ops::RangeInclusive<u16> = 8..=14;

/// Marks a coded diagnostic payload, and a textual one.
const CODED: [u8; 2] = [0x33, 0xaa];
const TEXTUAL: [u8; 2] = [0xf3, 0x17];

/// Reasons longer than this are cut: the draft allows 255 octets.
const MAX_TEXT: usize = 255;

/// Shorter texts say nothing and may be chance.
const MIN_TEXT: usize = 4;

/// What the data of a reset say about its reason; `None` where it is no text and no known format.
pub fn reason(payload: &[u8]) -> Option<Reason<'_>> {
    if let Some(rest) = payload.strip_prefix(&CODED) {
        let &[high, low, ..] = rest else { return None };
        let code = u16::from_be_bytes([high, low]);
        let index = usize::from(code).checked_sub(1)?;
        let text = DIAGNOSTIC.get(index).copied().unwrap_or("a cause that is not in the draft");
        return Some(Reason { dialect: Dialect::Diagnostic, text: text.into(), code: Some(code) });
    }
    if let Some(rest) = payload.strip_prefix(&TEXTUAL) {
        let text = readable(rest)?;
        return Some(Reason { dialect: Dialect::Diagnostic, text: text.into(), code: None });
    }
    let text = readable(payload)?;
    let dialect = if UNIX.iter().any(|(known, _)| text == *known) { Dialect::Unix } else { Dialect::Text };
    Some(Reason { dialect, text: text.into(), code: None })
}

impl Reason<'_> {
    /// What the text means, where it is one of a fixed list.
    pub fn meaning(&self) -> Option<&'static str> {
        UNIX.iter().find(|(known, _)| self.dialect == Dialect::Unix && self.text == *known).map(|(_, meaning)| *meaning)
    }
}

/// The octets as a text without what pads its ends, if it is one: UTF-8 without control characters other than line breaks and the like.
fn readable(octets: &[u8]) -> Option<&str> {
    let octets = octets.get(..MAX_TEXT).unwrap_or(octets);
    let text = match std::str::from_utf8(octets) {
        Ok(text) => text,
        // A cut in the middle of a character.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(octets.get(..error.valid_up_to())?).ok()?,
        Err(_) => return None,
    };
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    (text.len() >= MIN_TEXT && !text.contains(|c: char| c.is_control() && !c.is_whitespace())).then_some(text)
}

/// Why a Multipath TCP endpoint reset a subflow: the reason code of MP_TCPRST in words (RFC 8684 section 3.6).
pub fn mptcp(code: u8) -> &'static str {
    match code {
        0 => "unspecified error",
        1 => "error in Multipath TCP itself",
        2 => "lack of resources",
        3 => "administratively prohibited",
        4 => "too much outstanding data",
        5 => "unacceptable performance",
        6 => "interference by a middlebox detected",
        _ => "a reason that RFC 8684 does not know",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_formats_are_read() {
        for (payload, dialect, text, code) in [
            (&b"No TCP/No listener"[..], Dialect::Unix, "No TCP/No listener", None),
            (b"tcp_close, during connect\0", Dialect::Unix, "tcp_close, during connect", None),
            (b"No Local Listener", Dialect::Text, "No Local Listener", None),
            (b"\x33\xaa\x00\x03\x00\x00\x00\x00", Dialect::Diagnostic, "new data after close", Some(3)),
            (b"\x33\xaa\x00\x11", Dialect::Diagnostic, "interference by a middlebox", Some(17)),
            (b"\x33\xaa\xff\xff", Dialect::Diagnostic, "a cause that is not in the draft", Some(0xffff)),
            ("\u{0}".as_bytes(), Dialect::Text, "", None),
            (b"\xf3\x17\xc3\xbcberlastet", Dialect::Diagnostic, "überlastet", None),
        ] {
            let expected = (!text.is_empty()).then(|| Reason { dialect, text: text.into(), code });
            assert_eq!(reason(payload), expected, "{payload:?}");
        }
    }

    #[test]
    fn other_octets_are_no_reason() {
        for payload in [
            &b""[..],
            b"abc",
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"\x33\xaa",
            b"\x33\xaa\x00",
            b"\x33\xaa\x00\x00",
            b"\xf3\x17",
            b"text\x1b[31m and more",
            b"\xff\xfe\xfd\xfc",
        ] {
            assert_eq!(reason(payload), None, "{payload:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let long = "ü".repeat(400);
        let found = reason(long.as_bytes()).expect("a text");
        assert_eq!(found.text.len(), 254);
    }

    #[test]
    fn fixed_texts_have_a_meaning() {
        assert!(UNIX.iter().all(|(text, meaning)| reason(text.as_bytes()).unwrap().meaning() == Some(*meaning)));
        assert_eq!(reason(b"No Local Listener").unwrap().meaning(), None);
    }

    #[test]
    fn mptcp_reasons_are_told_apart() {
        let texts: std::collections::BTreeSet<_> = (0..=7).map(mptcp).collect();
        assert_eq!(texts.len(), 8);
        assert_eq!(mptcp(7), mptcp(255));
    }
}
