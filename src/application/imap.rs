//! IMAP: RFC 9051.

use super::lines::{self, Grammar, Meaning, Reply, word};
use super::{Application, Protocol, Talk};

const GRAMMAR: Grammar = Grammar { protocol: Protocol::Imap, command, reply, ends, to_tls: "STARTTLS" };

const COMMANDS: [&str; 31] = [
    "CAPABILITY",
    "NOOP",
    "LOGOUT",
    "STARTTLS",
    "AUTHENTICATE",
    "LOGIN",
    "ENABLE",
    "SELECT",
    "EXAMINE",
    "CREATE",
    "DELETE",
    "RENAME",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "LIST",
    "LSUB",
    "NAMESPACE",
    "STATUS",
    "APPEND",
    "IDLE",
    "CLOSE",
    "UNSELECT",
    "EXPUNGE",
    "SEARCH",
    "FETCH",
    "STORE",
    "COPY",
    "MOVE",
    "UID",
    "ID",
    "CHECK",
];

/// The longest tag that a client can be expected to choose.
const MOST_TAG: usize = 24;

/// The rest of a line behind its tag.
fn behind_tag(line: &[u8]) -> Option<&[u8]> {
    let space = line.iter().take(MOST_TAG).position(|&octet| octet == b' ').filter(|&space| space > 0)?;
    let (tag, rest) = line.split_at(space);
    tag.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'*' | b'.' | b'_' | b'-')).then_some(())?;
    rest.strip_prefix(b" ")
}

fn command(line: &[u8]) -> Option<String> {
    if line == b"DONE" {
        return Some("DONE".to_owned());
    }
    word(behind_tag(line)?, &COMMANDS)
}

fn reply(line: &[u8]) -> Option<Reply> {
    if line.starts_with(b"+ ") {
        return Some(Reply { code: None, meaning: Meaning::Continue });
    }
    let status = word(behind_tag(line)?, &["OK", "NO", "BAD", "PREAUTH", "BYE"]);
    let meaning = match status.as_deref() {
        Some("OK" | "PREAUTH") => Meaning::Yes,
        Some("NO" | "BAD") => Meaning::No,
        Some(_) => Meaning::Goodbye,
        // Untagged data belongs to the reply that ends behind it.
        None => line.starts_with(b"* ").then_some(Meaning::Continue)?,
    };
    Some(Reply { code: None, meaning })
}

/// Whether a line ends a reply, or asks for more.
fn ends(line: &[u8]) -> bool {
    line.starts_with(b"+ ") || reply(line).is_some_and(|reply| reply.meaning != Meaning::Continue)
}

/// Whether a server that begins so speaks this.
pub(super) fn is_server(octets: &[u8]) -> bool {
    [&b"* OK "[..], b"* PREAUTH ", b"* BYE "].iter().any(|greeting| octets.starts_with(greeting))
}

pub(super) fn read(talk: &Talk<'_>) -> Option<Application> {
    is_server(talk.server.opening()).then(|| lines::read(&GRAMMAR, talk))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Dialogue, abuse};
    use super::super::{Protocol, Reason};

    #[test]
    fn commands_and_replies() {
        let begun = Dialogue::new().server(1.0, b"* OK ready\r\n").client(2.0, b"a1 LOGIN me secret\r\n");
        let found = begun.read(2.5);
        assert_eq!(
            (found.protocol, found.progress.as_deref()),
            (Some(Protocol::Imap), Some("0.5 ms after LOGIN; no byte of a reply"))
        );
        assert!(!format!("{found:?}").contains("secret"));
        let idle = begun.server(3.0, b"a1 OK in\r\n").client(4.0, b"a2 IDLE\r\n").server(5.0, b"+ idling\r\n");
        assert_eq!(idle.progress(1_740_005.0), "idle for 1740.0 s after the reply to IDLE");
        let bye = idle.server(6.0, b"* BYE Autologout; idle for too long\r\n").read(7.0);
        assert_eq!(bye.declared.first().map(|declared| declared.reason), Some(Reason::Timeout));
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        abuse(b"a1 LOGIN a b\r\na2 STARTTLS\r\n", b"* OK hi\r\na1 OK\r\na2 OK\r\n* BYE\r\n");
    }
}
