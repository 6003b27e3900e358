//! Addresses and names within sentences.

use std::net::IpAddr;

use super::key::Key;

/// Words of ours that stand beside names in what is said of an application.
const OURS: &[&str] = &[
    "a",
    "about",
    "after",
    "alert",
    "and",
    "answer",
    "as",
    "at",
    "before",
    "body",
    "byte",
    "bytes",
    "cancel",
    "client",
    "closed",
    "complete",
    "connection",
    "data",
    "database",
    "end",
    "fatal",
    "first",
    "followed",
    "for",
    "from",
    "had",
    "handshake",
    "head",
    "idle",
    "in",
    "is",
    "keep-alive",
    "last",
    "ms",
    "ns",
    "no",
    "not",
    "of",
    "on",
    "open",
    "over",
    "part",
    "query",
    "reply",
    "request",
    "response",
    "s",
    "sent",
    "server",
    "server's",
    "client's",
    "silent",
    "still",
    "the",
    "then",
    "to",
    "was",
    "were",
    "with",
    "without",
    "µs",
    "min",
    "h",
    "kb",
    "mb",
    "gb",
    "b",
    "%",
    "sni",
    "host",
    "alpn",
    "clienthello",
    "serverhello",
    "tls",
    "http",
    "ssh",
    "dns",
    "ftp",
    "smtp",
    "imap",
    "mysql",
    "postgresql",
    "redis",
    "get",
    "head",
    "post",
    "put",
    "delete",
    "options",
    "connect",
    "trace",
    "patch",
    "openssh",
    "h2",
    "http/2",
    "http/1.1",
    "http/1.0",
    "node.js",
    "asp.net",
    "warning",
    "close_notify",
];

/// Shorter words are not looked for in other texts: they would be found everywhere.
const TELLING: usize = 4;

impl Key {
    /// A text of ours in which addresses, names, paths, quoted words and the words `known` to be foreign are others.
    pub(super) fn text(&self, text: &str, known: &[String]) -> String {
        self.words(text, true, |core| self.known(core, known))
    }

    /// A text of ours that names products and files of ours, as advice does: only addresses and words `known` are others.
    pub(super) fn advice(&self, text: &str, known: &[String]) -> String {
        self.words(text, false, |core| self.known(core, known))
    }

    fn known(&self, word: &str, known: &[String]) -> Option<String> {
        known.iter().any(|foreign| foreign.eq_ignore_ascii_case(word)).then(|| self.name("word", word))
    }

    /// A text that is partly foreign: of it only numbers and words of ours stay. Foreign words are added to `known`.
    pub(super) fn foreign_text(&self, text: &str, known: &mut Vec<String>) -> String {
        self.words(text, true, |core| {
            let is_number = core.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-'));
            if is_number || OURS.contains(&core.to_lowercase().as_str()) {
                return None;
            }
            if core.chars().count() >= TELLING {
                known.push(core.to_owned());
            }
            Some(self.name("word", core))
        })
    }

    /// Goes through the words between blanks; `other` gives another for a word that is neither address nor name.
    fn words(&self, text: &str, has_names: bool, mut other: impl FnMut(&str) -> Option<String>) -> String {
        const AROUND: &[char] =
            &['(', ')', '"', '\'', '`', ',', ';', '<', '>', '{', '}', '“', '”', '‘', '’', '!', '?', '='];
        let mut new = String::with_capacity(text.len());
        let mut quoted = false;
        for piece in text.split_inclusive(char::is_whitespace) {
            let word = piece.trim_end_matches(char::is_whitespace);
            let blank = piece.get(word.len()..).unwrap_or_default();
            let start = word.len() - word.trim_start_matches(AROUND).len();
            let (before, rest) = word.split_at(start);
            let mut core = rest.trim_end_matches(AROUND);
            // A full stop or colon at the end belongs to the sentence.
            core = core.trim_end_matches(['.', ':']);
            let after = rest.get(core.len()..).unwrap_or_default();
            quoted |= has_names && before.contains(['"', '“']);
            new.push_str(before);
            match self.renamed(core, has_names).or_else(|| other(core)) {
                Some(renamed) => new.push_str(&renamed),
                None if quoted
                    && !core.is_empty()
                    && !core.starts_with(|c: char| c.is_ascii_digit())
                    && !is_ours(core) =>
                {
                    new.push_str(&self.name("word", core));
                }
                None => new.push_str(core),
            }
            quoted &= !after.contains(['"', '”']);
            new.push_str(after);
            new.push_str(blank);
        }
        new
    }

    /// Another for an address, a link address, a name with dots, or a path; `None` for other words.
    fn renamed(&self, word: &str, has_names: bool) -> Option<String> {
        if let Some(ip) = address(word) {
            return Some(self.ip(ip).to_string());
        }
        if let Some(inner) = word.strip_prefix('[')
            && let Some((ip, port)) = inner.split_once(']')
        {
            return address(ip).map(|ip| format!("[{}]{port}", self.ip(ip)));
        }
        // With a port, a prefix length, or between two ends.
        for separator in ["->", "/", ":"] {
            if let Some((left, right)) = word.rsplit_once(separator)
                && (address(left).is_some() || (separator == "->" && !left.is_empty()))
            {
                let right = self.renamed(right, has_names).unwrap_or_else(|| right.to_owned());
                return Some(format!(
                    "{}{separator}{right}",
                    self.renamed(left, has_names).unwrap_or_else(|| left.to_owned())
                ));
            }
        }
        if let Some(mac) = link_address(word) {
            let mut octets = mac;
            self.mac(&mut octets);
            return Some(octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":"));
        }
        let lower = word.to_lowercase();
        if !has_names || is_ours(&lower) {
            return None;
        }
        if word.len() > 1 && word.starts_with('/') {
            return Some(format!("/{}", self.name("path", word)));
        }
        is_name(word).then(|| format!("{}.invalid", self.name("name", word)))
    }
}

fn is_ours(word: &str) -> bool {
    OURS.contains(&word.to_lowercase().as_str())
}

fn address(word: &str) -> Option<IpAddr> {
    // A lone colon or number is none to `parse`; a scope is the host's own affair.
    word.split('%').next()?.parse().ok()
}

/// Four to eight pairs of digits with colons between.
fn link_address(word: &str) -> Option<Vec<u8>> {
    let pairs: Vec<&str> = word.split(':').collect();
    let octets = pairs.iter().map(|pair| (pair.len() == 2).then(|| u8::from_str_radix(pair, 16).ok())?);
    let octets: Vec<u8> = octets.collect::<Option<_>>()?;
    // Three pairs may be a time of day.
    (4..=8).contains(&octets.len()).then_some(octets)
}

/// A host name, a mail address, a URL, an identifier with a part behind a dot that begins with a letter.
fn is_name(word: &str) -> bool {
    // Two letters: "e.g." is no name.
    let is_label = |label: &str| label.chars().take(2).filter(|c| c.is_alphabetic()).count() == 2;
    let has_label = word.split('.').skip(1).any(is_label);
    let begins = word.starts_with(|c: char| c.is_alphanumeric() || c == '*' || c == '_');
    (begins && has_label) || word.contains("://") || word.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::new([9; 32])
    }

    #[test]
    fn nothing_of_a_name_is_left_and_the_sentence_stands() {
        for (text, gone) in [
            ("192.0.2.1 prohibits this connection by a rule", &["192.0.2.1"][..]),
            ("gre 192.0.2.1 > 192.0.2.2", &["192.0.2.1", "192.0.2.2"]),
            ("10.0.0.5:443 and [2001:db8::5]:443 restarted", &["10.0.0.5", "2001:db8::5"]),
            ("net 10.1.0.0/16", &["10.1.0.0"]),
            ("10.0.0.1:51812->10.0.0.5:443", &["10.0.0.1", "10.0.0.5"]),
            ("it came from link address 00:00:5e:00:53:01, others from 00:00:5e:00:53:14", &["5e:00:53"]),
            ("ClientHello, SNI shop.example", &["shop"]),
            ("GET /secret?x=1, Host shop.example:8080", &["secret", "shop"]),
            ("it said \"no entry for user alice\" and closed", &["alice"]),
            ("mail of bob@corp.example", &["bob", "corp"]),
        ] {
            let new = key().text(text, &[]);
            for word in gone {
                assert!(!new.contains(word), "{new}");
            }
            assert_eq!(new.split(' ').count(), text.split(' ').count(), "{new}");
            assert_eq!(new, key().text(text, &[]), "the same every time");
        }
    }

    #[test]
    fn words_and_numbers_of_ours_stay() {
        for text in [
            "client sent 23 B, reset 57.3 ms later",
            "TTL 128, usually 63; IP-ID 0x2a17",
            "on 2026-11-21 at 10:58:43.084 UTC (frames 8-9)",
            "RFC 9293 section 3.5.3.",
            "Linux 5.10 or later",
        ] {
            assert_eq!(key().text(text, &[]), text);
        }
    }

    #[test]
    fn foreign_words_are_remembered() {
        let mut known = Vec::new();
        let detail = key().foreign_text("database payroll, 3 bytes after the request", &mut known);
        assert!(!detail.contains("payroll") && detail.ends_with(", 3 bytes after the request"), "{detail}");
        assert_eq!(known, ["payroll"]);
        assert!(!key().text("the server of payroll closed", &known).contains("payroll"));
    }
}
