use super::sayings::{CURL, HAPROXY, SAYINGS};
use super::{Errno, Event};

/// One reading of an error text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// Who prints it so, or on which system the number means this.
    pub speaker: &'static str,
    /// What happened on the wire.
    pub event: Event,
    /// The error number behind it, where one is named or certain.
    pub errno: Option<Errno>,
    /// What it is often taken for.
    pub trap: Option<&'static str>,
}

impl Meaning {
    fn of_errno((errno, speaker): (Errno, &'static str)) -> Self {
        Self { speaker, event: Event::of(errno), errno: Some(errno), trap: None }
    }

    fn of_event(event: Event, speaker: &'static str) -> Self {
        Self { speaker, event, errno: event.errno(), trap: None }
    }
}

/// What an error text, an error's name or a number may mean; nothing where nothing in it is known.
///
/// A text has one meaning, that of the most telling words in it; a bare number has one for each system that uses it.
pub fn lookup(text: &str) -> Vec<Meaning> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i32>() {
        let mut found: Vec<_> = Errno::numbered(number).into_iter().map(Meaning::of_errno).collect();
        let curl = CURL.iter().filter(|(code, _)| *code == number);
        found.extend(curl.map(|(_, event)| Meaning::of_event(*event, "the exit code of curl")));
        return found;
    }
    let lower = text.to_lowercase();
    if let Some(saying) = SAYINGS.iter().find(|saying| saying.words.iter().all(|word| lower.contains(word))) {
        let mut meaning = Meaning::of_event(saying.event, saying.speaker);
        meaning.trap = saying.trap;
        return vec![meaning];
    }
    if let Some(errno) = words(text).find_map(Errno::named) {
        return vec![Meaning::of_errno((errno, "the name of the error"))];
    }
    if let Some((_, event)) = haproxy(text) {
        return vec![Meaning::of_event(event, "HAProxy, termination state")];
    }
    numbers(&lower).into_iter().map(Meaning::of_errno).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// A termination state, as `SD--` in a log line, or its first two letters alone.
fn haproxy(text: &str) -> Option<(&'static str, Event)> {
    let known = |state: &str| HAPROXY.iter().find(|(code, _)| *code == state).copied();
    let in_line = |word: &str| {
        let (state, cookies) = word.split_at_checked(2)?;
        let is_state = cookies.len() == 2 && cookies.chars().all(|c| c == '-' || c.is_ascii_uppercase());
        // Four capital letters are a word; a state without cookies ends in two dashes.
        if is_state && cookies.contains('-') { known(state) } else { None }
    };
    known(text).or_else(|| text.split_whitespace().find_map(in_line))
}

/// Numbers of errors that the text marks as such: `errno 104`, `os error 104`, `[Errno 54]`, `code: -4077`; Winsock's anywhere.
fn numbers(lower: &str) -> Vec<(Errno, &'static str)> {
    const MARKS: [&str; 5] = ["errno", "error", "code", "winerror", "err"];
    const WINSOCK: std::ops::Range<i32> = 10_000..10_200;
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut before = "";
    for word in lower.split(|c| !is_part(c)).filter(|word| !word.is_empty()) {
        if let Ok(number) = word.parse::<i32>()
            && (MARKS.contains(&before) || WINSOCK.contains(&number))
        {
            let found = Errno::numbered(number);
            if !found.is_empty() {
                return found;
            }
        }
        before = word;
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Event, Option<Errno>)> {
        lookup(text).into_iter().map(|meaning| (meaning.event, meaning.errno)).collect()
    }

    #[test]
    fn pasted_texts_are_understood() {
        use Event::*;
        for (text, event) in [
            ("ECONNRESET", Reset),
            ("econnreset", Reset),
            ("WSAECONNRESET", Reset),
            ("104", Reset),
            ("54", Reset),
            ("10054", Reset),
            (" -104 ", Reset),
            ("broken pipe", WrittenAfterClose),
            ("BrokenPipeError: [Errno 32] Broken pipe", WrittenAfterClose),
            ("Error: socket hang up { code: 'ECONNRESET' }", ClosedWithoutAnswer),
            ("Error: read ECONNRESET at TCP.onStreamRead (errno: -104)", Reset),
            ("An existing connection was forcibly closed by the remote host", Reset),
            ("Npgsql.NpgsqlException: ... (10054)", Reset),
            ("curl: (56) Recv failure: Connection reset by peer", Reset),
            ("curl: (35) Recv failure: Connection reset by peer", ResetInTls),
            ("curl: (7) Failed to connect to shop.example port 443: Connection refused", RefusedOrReset),
            ("curl: (52) Empty reply from server", ClosedWithoutAnswer),
            (
                "[error] 7#7: *9 recv() failed (104: Connection reset by peer) while reading response header from upstream",
                Reset,
            ),
            ("upstream prematurely closed connection while reading response header from upstream", ClosedWithoutAnswer),
            (
                "upstream timed out (110: Connection timed out) while reading response header from upstream",
                OwnTimeLimit,
            ),
            ("upstream timed out (110: Connection timed out) while connecting to upstream", Silence),
            ("read tcp 10.0.0.1:51812->10.0.0.5:443: read: connection reset by peer", Reset),
            ("dial tcp 10.0.0.5:443: connect: connection refused", Refused),
            ("java.net.SocketException: Connection reset", Reset),
            ("Os { code: 111, kind: ConnectionRefused, message: \"Connection refused\" }", Refused),
            ("something failed: os error 104", Reset),
            ("errno=110", Silence),
            ("10.0.0.1:3342 [..] web web/s1 0/0/0/-1/3 502 0 - - SH-- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"", ResetOrClosed),
            ("SC", Refused),
            ("sD", OwnTimeLimit),
            (
                "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
                ResetOrClosed,
            ),
            ("net::ERR_CONNECTION_RESET", Reset),
            ("connect EHOSTUNREACH 10.0.0.5:443", Unreachable),
        ] {
            let events: Vec<_> = read(text).into_iter().map(|(event, _)| event).collect();
            assert_eq!(events, [event], "{text}");
        }
    }

    #[test]
    fn a_bare_number_may_mean_several_things() {
        assert_eq!(read("52"), [(Event::Silence, Some(Errno::Enetreset)), (Event::ClosedWithoutAnswer, None)]);
        assert_eq!(read("7"), [(Event::RefusedOrReset, None)]);
    }

    #[test]
    fn what_is_unknown_stays_unknown() {
        for text in [
            "",
            "hello",
            "12345",
            "-1",
            "4",
            "port 104 is open",
            "10.0.0.1:104",
            "sd",
            "Sd",
            "SENT --",
            "é",
            "99999999999999",
        ] {
            assert_eq!(lookup(text), [], "{text}");
        }
    }

    #[test]
    fn a_special_saying_is_not_hidden_by_a_general_one() {
        for (at, saying) in SAYINGS.iter().enumerate() {
            let text = saying.words.join(" ");
            let first = SAYINGS.iter().position(|other| other.words.iter().all(|word| text.contains(word)));
            assert_eq!(first, Some(at), "{text}");
            assert_eq!(text, text.to_lowercase());
        }
    }

    #[test]
    fn the_messages_of_an_event_lead_back_to_it() {
        for event in [
            Event::Refused,
            Event::Reset,
            Event::ResetInTls,
            Event::WrittenAfterClose,
            Event::ClosedWithoutAnswer,
            Event::Silence,
            Event::Unreachable,
        ] {
            for (speaker, message) in super::super::Messages::of(event).iter() {
                let read: Vec<_> = lookup(message).into_iter().map(|meaning| meaning.event).collect();
                let looks_alike = matches!(
                    (event, read.as_slice()),
                    // The text of the system in the TLS handshake is that of any reset; curl (7) covers more than a refusal.
                    (Event::ResetInTls, [Event::Reset]) | (Event::Refused, [Event::RefusedOrReset])
                );
                assert!(read == [event] || looks_alike, "{speaker}: {message}: {read:?}");
            }
        }
    }
}
