//! POP3: RFC 1939, RFC 2449, RFC 2595.

use super::lines::{self, Grammar, Meaning, Reply, word};
use super::text::first_line;
use super::{Application, Protocol, Talk};

const GRAMMAR: Grammar =
    Grammar { protocol: Protocol::Pop3, command: |line| word(line, &COMMANDS), reply, ends: |_| true, to_tls: "STLS" };

const COMMANDS: [&str; 14] =
    ["USER", "PASS", "APOP", "AUTH", "CAPA", "STLS", "STAT", "LIST", "RETR", "DELE", "NOOP", "RSET", "TOP", "UIDL"];

fn reply(line: &[u8]) -> Option<Reply> {
    let is = |status: &[u8]| line.strip_prefix(status).is_some_and(|rest| matches!(rest.first(), None | Some(b' ')));
    let meaning = if is(b"+OK") {
        Meaning::Yes
    } else if is(b"-ERR") {
        Meaning::No
    } else {
        return None;
    };
    Some(Reply { code: None, meaning })
}

/// Whether a server that begins so speaks this.
pub(super) fn is_server(octets: &[u8]) -> bool {
    // Redis says +OK too, but never more than that.
    octets.starts_with(b"+OK ")
}

/// IANA: pop3.
const PORT: u16 = 110;

pub(super) fn read(talk: &Talk<'_>) -> Option<Application> {
    let greeting = talk.server.opening();
    let by_port = talk.port == PORT && reply(first_line(greeting)).is_some();
    (is_server(greeting) || by_port).then(|| lines::read(&GRAMMAR, talk))
}

#[cfg(test)]
mod tests {
    use super::super::Protocol;
    use super::super::testing::{Dialogue, abuse};

    #[test]
    fn commands_and_replies() {
        let begun = Dialogue::new().server(1.0, b"+OK ready\r\n").client(2.0, b"USER me\r\n");
        let found = begun.read(2.5);
        assert_eq!(
            (found.protocol, found.progress.as_deref()),
            (Some(Protocol::Pop3), Some("0.5 ms after USER; no byte of a reply"))
        );
        let idle = begun
            .server(3.0, b"+OK\r\n")
            .client(4.0, b"RETR 1\r\n")
            .server(5.0, b"+OK 9 octets\r\n")
            .server(6.0, b"text\r\n.\r\n");
        assert_eq!(idle.progress(600_006.0), "idle for 600.0 s after the reply to RETR");
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        abuse(b"USER a\r\nSTLS\r\n", b"+OK hi\r\n-ERR no\r\n+OK\r\n");
    }
}
