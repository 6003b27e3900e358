//! Reasons that somebody gave in words or codes before the connection ended, or in the reset itself.

use super::text::bounded;
use crate::flow::Way;
use crate::knowledge::declared as known;
use crate::tcp::{FrameNumber, Timestamp};
use crate::timeline::Sighting;

/// A reason that an endpoint, or whoever spoke in its name, gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// Which way it went.
    pub by: Way,
    /// The frame that carried it.
    pub frame: FrameNumber,
    /// When.
    pub time: Option<Timestamp>,
    /// What kind of reason it is.
    pub reason: Reason,
    /// The words, as they came or as the code's document has them. May hold text from packets.
    pub text: String,
}

/// What kind of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Too many connections, clients or requests, or no room for more.
    Limit,
    /// The peer was too slow, or idle for too long.
    Timeout,
    /// The request was too large.
    TooLarge,
    /// The service shuts down, or is not ready.
    Unavailable,
    /// The peer's identity, certificate or password was not accepted.
    Refused,
    /// The peer's messages made no sense, or no common version or algorithm was found.
    Protocol,
    /// The code of a diagnostic payload (draft-boucadair-tcpm-rst-diagnostic-payload), from 1.
    Diagnostic(u16),
    /// The reason of an MP_TCPRST option (RFC 8684 section 3.6).
    Multipath(u8),
    /// Text in the data of a reset.
    ResetText,
    /// Another error.
    Other,
}

/// What a reset says of itself: in its data (RFC 9293 section 3.5.3 allows text there; F5 BIG-IP, Solaris and HP-UX write
/// some) or in an MP_TCPRST option.
pub fn of_reset(reset: &Sighting) -> Option<Declared> {
    let segment = &reset.segment;
    let declared =
        |reason, text| Some(Declared { by: reset.way, frame: segment.frame, time: segment.time, reason, text });
    if !segment.flags.rst() {
        return None;
    }
    if let Some(code) = segment.options.mptcp_reset_reason() {
        return declared(Reason::Multipath(code), known::mptcp(code).to_owned());
    }
    let given = known::reason(&reset.payload)?;
    let reason = given.code.map_or(Reason::ResetText, Reason::Diagnostic);
    declared(reason, bounded(given.text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Dialogue;
    use super::*;

    fn of(data: &[u8]) -> Option<(Reason, String)> {
        let timeline = Dialogue::new().reset(Way::Back, 1.0, data).timeline();
        of_reset(timeline.sightings.last()?).map(|declared| (declared.reason, declared.text))
    }

    #[test]
    fn data_of_a_reset_is_read() {
        let text = |text: &str| Some((Reason::ResetText, text.to_owned()));
        for (data, expected) in [
            (&b""[..], None),
            (b"\0\0\0\0\0\0", None),
            (b"abc", None),
            (b"\x01\x02\x03\x04\x05\x06\x07\x08", None),
            (b"tcp_disconnect", text("tcp_disconnect")),
            (b"BIG-IP: [0x21a1b1c:2094] No local listener\0\0", text("BIG-IP: [0x21a1b1c:2094] No local listener")),
            (b"\x33\xaa\x00\x0a\0\0\0\0", Some((Reason::Diagnostic(10), "resource limit exceeded".to_owned()))),
            (b"\x33\xaa\x00\x00\0\0\0\0", None),
            (b"\x33\xaa\xff\xff", Some((Reason::Diagnostic(65_535), "a cause that is not in the draft".to_owned()))),
            (b"HTTP/1.1 403 Forbidden\r\n\r\n", text("HTTP/1.1 403 Forbidden")),
            (b"\x33\xaa\x00", None),
            (b"\xf3\x17policy", text("policy")),
            (b"\xf3\x17", None),
        ] {
            assert_eq!(of(data), expected, "{data:?}");
        }
    }

    #[test]
    fn only_resets_are_asked() {
        let timeline = Dialogue::new().client(1.0, b"tcp_disconnect").timeline();
        assert_eq!(timeline.sightings.last().and_then(of_reset), None);
    }

    #[test]
    fn a_multipath_reason_has_its_words() {
        for (code, text) in [(3, "administratively prohibited"), (9, "a reason that RFC 8684 does not know")] {
            let mut timeline = Dialogue::new().reset(Way::Back, 1.0, b"").timeline();
            let reset = timeline.sightings.last_mut().expect("a reset");
            reset.segment.options.set_mptcp_reset_reason(code);
            let declared = of_reset(reset).expect("a reason");
            assert_eq!((declared.reason, declared.text.as_str()), (Reason::Multipath(code), text));
        }
    }
}
