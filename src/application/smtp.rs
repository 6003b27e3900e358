//! SMTP: RFC 5321, RFC 3207.

use super::lines::{self, Grammar, ends_numbered, first_word, greeting, numbered, word};
use super::text::first_line;
use super::{Application, Protocol, Talk};

const GRAMMAR: Grammar = Grammar {
    protocol: Protocol::Smtp,
    command: |line| word(line, &COMMANDS),
    reply: numbered,
    ends: ends_numbered,
    to_tls: "STARTTLS",
};

const COMMANDS: [&str; 15] = [
    "HELO", "EHLO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "STARTTLS", "AUTH", "VRFY", "EXPN",
    "HELP",
];

/// Whether a client that begins so speaks this: others have no such greeting.
pub(super) fn is_client(octets: &[u8]) -> bool {
    first_word(octets, &["HELO", "EHLO", "LHLO"]).is_some()
}

/// Whether a server that begins so speaks this: FTP greets with the same numbers.
pub(super) fn is_server(octets: &[u8]) -> bool {
    greeting(octets).is_some_and(|reply| matches!(reply.code, Some(220 | 421 | 554)))
        && first_line(octets).windows(4).any(|word| word.eq_ignore_ascii_case(b"SMTP"))
}

/// Ports of mail (IANA: smtp, submissions, submission).
const PORTS: [u16; 3] = [25, 465, 587];

pub(super) fn read(talk: &Talk<'_>) -> Option<Application> {
    let opening = talk.server.opening();
    let by_port = || PORTS.contains(&talk.port) && greeting(opening).is_some();
    let speaks = is_client(talk.client.opening()) || is_server(opening) || by_port();
    speaks.then(|| lines::read(&GRAMMAR, talk))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Dialogue, abuse};
    use super::super::{Protocol, Reason};

    const GREETING: &[u8] = b"220 mx.example ESMTP\r\n";

    #[test]
    fn commands_replies_and_a_message() {
        let greeted = Dialogue::new().server(1.0, GREETING);
        assert_eq!(greeted.progress(1.5), "0.5 ms after the server's greeting");
        let asked = greeted.client(2.0, b"EHLO me\r\n");
        assert_eq!(asked.progress(5002.0), "waiting for the reply to EHLO for 5.0 s");
        let half = asked.clone().server(3.0, b"250-mx.example\r\n250-SIZE\r\n");
        assert_eq!(half.progress(3.5), "in the middle of the reply to EHLO, 26 bytes received");
        let data = asked.server(3.0, b"250 ok\r\n").client(4.0, b"DATA\r\n").server(5.0, b"354 go\r\n");
        let sending = data.client(6.0, b"Subject: x\r\n\r\nDATA\r\n").client(7.0, b"more");
        assert_eq!(sending.progress(8.0), "in the middle of the content of the message, 24 bytes sent");
        let sent = sending.client(8.0, b"\r\n.\r\n");
        assert_eq!(sent.progress(8.5), "0.5 ms after the content of the message; no byte of a reply");
        let found = sent.server(9.0, b"250 queued\r\n").read(310_009.0);
        assert_eq!(found.progress.as_deref(), Some("idle for 310.0 s after the reply to the content of the message"));
        assert_eq!((found.requests, found.status), (2, Some(250)));
    }

    #[test]
    fn a_service_that_ends() {
        for (line, reason) in [
            (&b"421 4.7.0 mx.example ESMTP Too many connections\r\n"[..], Reason::Limit),
            (b"421 mx.example ESMTP timeout exceeded\r\n", Reason::Timeout),
            (b"421 mx.example SMTP service not available\r\n", Reason::Unavailable),
        ] {
            let found = Dialogue::new().server(1.0, line).read(2.0);
            assert_eq!(found.declared.first().map(|declared| declared.reason), Some(reason), "{line:?}");
            assert_eq!((found.status, found.protocol), (Some(421), Some(Protocol::Smtp)));
        }
    }

    #[test]
    fn secrets_are_not_kept() {
        let found = Dialogue::new().server(1.0, GREETING).client(2.0, b"AUTH PLAIN c2VjcmV0\r\n").read(3.0);
        assert!(!format!("{found:?}").contains("c2VjcmV0"));
    }

    #[test]
    fn what_follows_starttls_is_tls() {
        let begun = Dialogue::new()
            .server(1.0, GREETING)
            .client(2.0, b"STARTTLS\r\n")
            .server(3.0, b"220 go\r\n")
            .client(4.0, b"\x16\x03\x01\0\x05\x01\0\0\x01\0");
        let found = begun.clone().server(5.0, b"\x15\x03\x03\0\x02\x02\x28").read(5.5);
        assert_eq!(found.progress.as_deref(), Some("0.5 ms after the server's fatal alert handshake_failure"));
        assert_eq!(found.protocol, Some(Protocol::Smtp));
        assert_eq!(begun.progress(4.5), "0.5 ms after the ClientHello; no byte of a reply");
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        abuse(b"EHLO a\r\nDATA\r\nx\r\n.\r\n", b"220 mx ESMTP\r\n250-a\r\n250 b\r\n354 go\r\n421 too many\r\n");
    }
}
