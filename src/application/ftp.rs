//! The control connection of FTP: RFC 959, RFC 4217.

use super::lines::{self, Grammar, ends_numbered, first_word, greeting, numbered, word};
use super::text::first_line;
use super::{Application, Protocol, Talk};

const GRAMMAR: Grammar = Grammar {
    protocol: Protocol::Ftp,
    command: |line| word(line, &COMMANDS),
    reply: numbered,
    ends: ends_numbered,
    to_tls: "AUTH",
};

const COMMANDS: [&str; 38] = [
    "USER", "PASS", "ACCT", "CWD", "CDUP", "QUIT", "PORT", "PASV", "EPRT", "EPSV", "TYPE", "MODE", "STRU", "RETR",
    "STOR", "STOU", "APPE", "ALLO", "REST", "RNFR", "RNTO", "ABOR", "DELE", "RMD", "MKD", "PWD", "LIST", "NLST",
    "MLSD", "MLST", "SIZE", "SYST", "STAT", "HELP", "NOOP", "FEAT", "AUTH", "SITE",
];

/// Whether a server that begins so speaks this.
pub(super) fn is_server(octets: &[u8]) -> bool {
    greeting(octets).is_some_and(|reply| matches!(reply.code, Some(120 | 220 | 421 | 530)))
        && first_line(octets).windows(3).any(|word| word.eq_ignore_ascii_case(b"FTP"))
}

/// IANA: ftp.
const PORT: u16 = 21;

pub(super) fn read(talk: &Talk<'_>) -> Option<Application> {
    let opening = talk.server.opening();
    let logs_in = || first_word(talk.client.opening(), &["USER"]).is_some();
    let speaks = is_server(opening) || (greeting(opening).is_some() && (talk.port == PORT || logs_in()));
    speaks.then(|| lines::read(&GRAMMAR, talk))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Dialogue, abuse};
    use super::super::{Protocol, Reason};

    #[test]
    fn commands_and_replies() {
        let begun = Dialogue::new().server(1.0, b"220 ready\r\n").client(2.0, b"USER me\r\n");
        let found = begun.read(2.5);
        assert_eq!(
            (found.protocol, found.progress.as_deref()),
            (Some(Protocol::Ftp), Some("0.5 ms after USER; no byte of a reply"))
        );
        let idle = begun
            .server(3.0, b"331 password?\r\n")
            .client(4.0, b"PASS secret\r\n")
            .server(5.0, b"230-hi\r\n230 in\r\n");
        let found = idle.read(300_005.0);
        assert_eq!(found.progress.as_deref(), Some("idle for 300.0 s after the reply to PASS"));
        assert!(!format!("{found:?}").contains("secret"));
    }

    #[test]
    fn a_server_without_room() {
        let found = Dialogue::new().port(21).server(1.0, b"421 Too many users\r\n").read(2.0);
        assert_eq!(
            (found.protocol, found.limit_declared().map(|limit| limit.reason)),
            (Some(Protocol::Ftp), Some(Reason::Limit))
        );
        // On another port, nothing says what this is.
        assert_eq!(Dialogue::new().server(1.0, b"421 Too many users\r\n").read(2.0).protocol, None);
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        abuse(b"USER a\r\nAUTH TLS\r\n", b"220 FTP\r\n331 a\r\n234 b\r\n");
    }
}
