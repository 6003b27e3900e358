//! The answers of `tcpautopsy explain`, as text.

use std::fmt::Write;

use crate::causes::Cause;
use crate::knowledge::errors::{Errno, Event, Meaning, Messages, lookup};

/// Lines are no longer than this.
const WIDTH: usize = 80;

/// The column in which the texts of lists begin: behind the longest name of a cause.
const TEXT_COLUMN: usize = 28;

/// How to take a capture that tells: what every answer of `unknown` or `undetermined` leads to.
const CAPTURING: &str = include_str!("../docs/capturing.md");

/// The name of that page.
const CAPTURING_NAME: &str = "capturing";

/// The list of all causes.
pub fn causes() -> String {
    let mut text = String::from("Causes. `tcpautopsy explain CAUSE` prints the page of one.\n\n");
    text += &list(Cause::ALL);
    text += "\nAn error text or a number is explained as well: tcpautopsy explain ECONNRESET\n";
    text += "How to take a capture that tells more: tcpautopsy explain capturing\n";
    text
}

/// The page of a cause, that about capturing, or what an error means.
///
/// # Errors
/// Where nothing is known of it, a message that names what is near.
pub fn explain(text: &str) -> Result<String, String> {
    if text.trim().eq_ignore_ascii_case(CAPTURING_NAME) {
        return Ok(CAPTURING.to_owned());
    }
    if let Some(cause) = cause_named(text) {
        return Ok(cause.page().to_owned());
    }
    match lookup(text).as_slice() {
        [] => Err(unknown(text)),
        meanings => {
            Ok(meanings.iter().map(|meaning| explain_error(meaning, meanings.len() > 1)).collect::<Vec<_>>().join("\n"))
        }
    }
}

/// The cause of this id or title, however it is written.
fn cause_named(text: &str) -> Option<Cause> {
    let plain = |text: &str| text.trim().to_lowercase().replace([' ', '-'], "_");
    let name = plain(text);
    Cause::ALL.iter().copied().find(|cause| cause.id() == name || plain(cause.title()) == name)
}

fn explain_error(meaning: &Meaning, one_of_several: bool) -> String {
    let Meaning { speaker, event, errno, trap } = *meaning;
    let mut text = match errno {
        Some(errno) => format!(
            "{errno}, \"{}\":\n{} on Linux, {} on macOS and FreeBSD, {} on Windows.\n",
            errno.text(),
            errno.linux(),
            errno.macos(),
            errno.windows()
        ),
        None => "An error without a number of its own.\n".to_owned(),
    };
    // Writing to a text cannot fail.
    if one_of_several || errno.is_none() {
        let _ = writeln!(text, "Said by: {speaker}.");
    }
    let _ = writeln!(text, "\n{}", wrap(event.text(), 0));
    if let Some(trap) = trap {
        let _ = writeln!(text, "\n{}", wrap(trap, 0));
    }
    let messages: Vec<_> = Messages::of(event).iter().collect();
    if !messages.is_empty() {
        text += "\nIt looks like this:\n\n";
        for (name, message) in messages {
            let _ = writeln!(text, "  {name:<9}{}", wrap(message, 11));
        }
    }
    text += "\nCauses that may lie behind it:\n\n";
    text += &list(behind(event));
    text += "\n`tcpautopsy explain CAUSE` prints its page. Which one it was, a capture tells:\n";
    text += "tcpautopsy CAPTURE --log-line 'THE LINE OF THE LOG'\n";
    text
}

/// The causes that an event on the wire may have, the frequent before the rare.
fn behind(event: Event) -> &'static [Cause] {
    use Cause::*;
    match event {
        Event::Refused => &[RefusedNoListener, ServerRestart, RefusedByFirewall, RateLimited, ConnectionLimit],
        Event::RefusedOrReset => &[
            RefusedNoListener,
            ServerRestart,
            RefusedByFirewall,
            BacklogOverflow,
            ConnectionLimit,
            RateLimited,
            AbortLinger0,
        ],
        Event::Reset => &[
            StaleKeepaliveReuse,
            ClosedWithUnreadData,
            IdleTimeoutMiddlebox,
            PeerLostState,
            ServerRestart,
            ProcessKilled,
            AbortLinger0,
            IdleTimeoutEndpoint,
            ConnectionLimit,
            BacklogOverflow,
            RateLimited,
            ClientAbort,
            ProtocolMismatch,
            InjectedContentFilter,
            InjectedBlindOrInvalid,
            TimewaitReset,
        ],
        Event::ResetOrClosed => &[
            StaleKeepaliveReuse,
            ClosedWithUnreadData,
            ServerRestart,
            ProcessKilled,
            IdleTimeoutEndpoint,
            IdleTimeoutMiddlebox,
            PeerLostState,
            ConnectionLimit,
            AbortLinger0,
        ],
        Event::ResetInTls => {
            &[ProtocolMismatch, InjectedContentFilter, BacklogOverflow, ConnectionLimit, ClosedWithUnreadData]
        }
        Event::WrittenAfterClose => {
            &[DataAfterClose, StaleKeepaliveReuse, ClientAbort, ServerRestart, ProcessKilled, ClosedWithUnreadData]
        }
        Event::ClosedWithoutAnswer => {
            &[StaleKeepaliveReuse, ServerRestart, ProcessKilled, ConnectionLimit, IdleTimeoutEndpoint, ProtocolMismatch]
        }
        Event::ClientGone => &[ClientAbort, HealthCheck, HalfOpenScan],
        Event::Silence => &[UnansweredSyn, UnansweredData, KeepaliveFailure, IdleTimeoutMiddlebox],
        Event::OwnTimeLimit => &[UnansweredSyn, UnansweredData, IdleTimeoutMiddlebox, BacklogOverflow],
        Event::Unreachable => &[IcmpUnreachable, RefusedByFirewall, UnansweredSyn],
        Event::EndedHere => &[UnansweredData, KeepaliveFailure, BacklogOverflow],
        Event::UsedAfterEnd => &[DataAfterClose, ClosedWithUnreadData, AbortLinger0],
    }
}

fn list(causes: &[Cause]) -> String {
    causes
        .iter()
        .map(|cause| {
            format!("  {:<width$}{}\n", cause.id(), wrap(cause.summary(), TEXT_COLUMN), width = TEXT_COLUMN - 2)
        })
        .collect()
}

/// Breaks a text into lines; it begins in this column, and the lines after the first are indented to it.
fn wrap(text: &str, column: usize) -> String {
    let mut wrapped = String::new();
    let mut at = column;
    for word in text.split_whitespace() {
        if at > column && at + 1 + word.len() > WIDTH {
            let _ = write!(wrapped, "\n{:column$}", "");
            at = column;
        } else if at > column {
            wrapped.push(' ');
            at += 1;
        }
        wrapped.push_str(word);
        at += word.len();
    }
    wrapped
}

/// What to say of a text that nothing is known of: what it is near to, and where the list is.
fn unknown(text: &str) -> String {
    /// From this likeness on a name is worth showing; typing errors of one or two letters are above 0.9.
    const ALIKE: f64 = 0.8;
    const SHOWN: usize = 3;
    let lower = text.trim().to_lowercase();
    let names = Cause::ALL
        .iter()
        .map(|cause| cause.id())
        .chain([CAPTURING_NAME])
        .chain(Errno::ALL.iter().flat_map(|e| [e.name(), e.text()]));
    let likeness = |name: &str| {
        let name = name.to_lowercase();
        if lower.len() > 2 && name.contains(&lower.replace([' ', '-'], "_")) {
            return 1.0;
        }
        strsim::jaro_winkler(&name, &lower)
    };
    let mut near: Vec<_> = names.map(|name| (likeness(name), name)).filter(|(alike, _)| *alike >= ALIKE).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let near: Vec<_> = near.iter().take(SHOWN).map(|(_, name)| format!("`{name}`")).collect();
    let way_out = match near.as_slice() {
        [] => "write a cause, an error text as `connection reset by peer`, a name as ECONNRESET or a number as 104"
            .to_owned(),
        [name] => format!("is it {name}?"),
        [first @ .., last] => format!("is it {} or {last}?", first.join(", ")),
    };
    format!("nothing is known of `{}`: {way_out} (`tcpautopsy explain` lists the causes)", shortened(text))
}

fn shortened(text: &str) -> String {
    const MAX: usize = 60;
    match text.char_indices().nth(MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_gives_its_page_however_it_is_written() {
        for cause in Cause::ALL {
            assert_eq!(explain(cause.id()).as_deref(), Ok(cause.page()));
            assert_eq!(explain(cause.title()).as_deref(), Ok(cause.page()), "{}", cause.title());
        }
        assert_eq!(explain("Stale-Keepalive-Reuse").as_deref(), Ok(Cause::StaleKeepaliveReuse.page()));
    }

    #[test]
    fn how_to_capture_is_a_page_of_its_own() {
        assert_eq!(explain("capturing").as_deref(), Ok(CAPTURING));
        assert_eq!(explain(" Capturing"), explain("capturing"));
        assert!(causes().contains("explain capturing"));
    }

    #[test]
    fn the_list_has_every_cause_and_fits_the_terminal() {
        let text = causes();
        for cause in Cause::ALL {
            assert!(text.contains(&format!("  {} ", cause.id())), "{cause}");
        }
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }

    #[test]
    fn an_error_is_explained_with_its_causes() {
        for (text, parts) in [
            ("ECONNRESET", &["104 on Linux, 54 on macOS", "os error 104", "closed_with_unread_data"][..]),
            ("10054", &["ECONNRESET", "A RST came"]),
            ("broken pipe", &["EPIPE", "FIN", "data_after_close"]),
            ("socket hang up", &["without a number", "there was no reset", "stale_keepalive_reuse"]),
            ("52", &["ENETRESET", "curl: (52)"]),
            ("curl: (7) Failed to connect", &["looks like a refusal", "refused_no_listener", "backlog_overflow"]),
            ("SD--", &["HAProxy", "process_killed"]),
        ] {
            let answer = explain(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            for part in parts {
                assert!(answer.contains(part), "{text}: no `{part}` in:\n{answer}");
            }
            assert!(answer.lines().all(|line| line.chars().count() <= WIDTH), "{answer}");
        }
    }

    #[test]
    fn every_event_has_causes_and_every_cause_an_event() {
        let events = [
            Event::Refused,
            Event::RefusedOrReset,
            Event::Reset,
            Event::ResetOrClosed,
            Event::ResetInTls,
            Event::WrittenAfterClose,
            Event::ClosedWithoutAnswer,
            Event::ClientGone,
            Event::Silence,
            Event::OwnTimeLimit,
            Event::Unreachable,
            Event::EndedHere,
            Event::UsedAfterEnd,
        ];
        assert!(events.iter().all(|event| !behind(*event).is_empty()));
        for cause in Cause::ALL {
            assert!(events.iter().any(|event| behind(*event).contains(cause)), "{cause}");
        }
    }

    #[test]
    fn what_is_unknown_leads_to_what_is_near() {
        for (text, near) in [
            ("ECONRESET", "`ECONNRESET`"),
            ("idle", "`idle_timeout_endpoint`"),
            ("stale_keepalive_reus", "`stale_keepalive_reuse`"),
            ("helth_check", "`health_check`"),
            ("capturin", "`capturing`"),
            ("xyzzy", "connection reset by peer"),
            ("", "an error text"),
        ] {
            let error = explain(text).expect_err(text);
            assert!(error.contains(near) && error.contains("`tcpautopsy explain` lists"), "{error}");
            assert!(!error.contains('\n') && !error.ends_with('.'));
        }
        assert!(explain(&"ü".repeat(5_000)).expect_err("unknown").chars().count() < 400);
    }
}
