//! Kinds of verdicts, by the words of `--only`, `--fail-on` and `--record-when`.

use std::str::FromStr;

use super::{Flow, Sender};
use crate::causes::Cause;

/// A kind of verdict on a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It was reset.
    Any,
    /// Its resets harmed somebody.
    Harmful,
    /// Nothing explains how it ended.
    Undetermined,
    /// It ended by this cause.
    Cause(Cause),
    /// It was reset by this sender.
    Sender(Sender),
}

impl Kind {
    /// Whether a flow that was reset, or did not end well, is of this kind. `senders`: those of its resets; `cause`: the name of why it
    /// ended; `benign`: whether its resets harmed nobody.
    pub fn is_it(self, senders: &[Sender], cause: Option<&str>, benign: bool) -> bool {
        match self {
            Self::Any => !senders.is_empty(),
            Self::Harmful => !senders.is_empty() && !benign,
            Self::Undetermined => cause.is_none(),
            Self::Cause(one) => cause == Some(one.id()),
            Self::Sender(one) => senders.contains(&one),
        }
    }

    /// The same of a flow in the report.
    pub fn is_of(self, flow: &Flow) -> bool {
        let senders: Vec<Sender> = flow.resets.iter().map(|reset| reset.sender).collect();
        let cause = flow.diagnosis.as_ref().map(|diagnosis| diagnosis.cause);
        self.is_it(&senders, cause, flow.benign.is_some())
    }

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Harmful => "harmful",
            Self::Undetermined => "undetermined",
            Self::Cause(cause) => cause.id(),
            Self::Sender(sender) => sender.name(),
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let senders = Sender::ALL.into_iter().map(Self::Sender);
        let causes = Cause::ALL.iter().copied().map(Self::Cause);
        let mut all = [Self::Any, Self::Harmful, Self::Undetermined].into_iter().chain(senders).chain(causes);
        all.find(|kind| kind.name() == word).ok_or_else(|| {
            "there are any, harmful, undetermined, a sender (client, server, middlebox, unknown) and the causes that \
             `tcpautopsy explain` lists"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_senders_causes_or_kinds() {
        for (word, expected) in [
            ("any", Kind::Any),
            ("harmful", Kind::Harmful),
            ("undetermined", Kind::Undetermined),
            ("middlebox", Kind::Sender(Sender::Middlebox)),
            ("closed_with_unread_data", Kind::Cause(Cause::ClosedWithUnreadData)),
        ] {
            assert_eq!((word.parse(), expected.name()), (Ok(expected), word));
        }
        for word in ["", "Any", "closed", "any,harmful"] {
            assert!(word.parse::<Kind>().unwrap_err().contains("harmful"), "{word}");
        }
    }

    #[test]
    fn a_verdict_is_of_the_kinds_that_it_names() {
        use Sender::{Client, Middlebox, Server};
        let kinds = ["any", "harmful", "undetermined", "server", "middlebox", "process_killed"];
        let of = |senders: &[Sender], cause, benign| {
            let is_it = |word: &&str| word.parse::<Kind>().expect("a kind").is_it(senders, cause, benign);
            kinds.into_iter().filter(is_it).collect::<Vec<_>>()
        };
        assert_eq!(of(&[], None, false), ["undetermined"]);
        assert_eq!(of(&[], Some("unanswered_syn"), false), [""; 0]);
        assert_eq!(of(&[Client], Some("client_abort"), true), ["any"]);
        assert_eq!(of(&[Server, Middlebox], None, false), ["any", "harmful", "undetermined", "server", "middlebox"]);
        assert_eq!(of(&[Server], Some("process_killed"), false), ["any", "harmful", "server", "process_killed"]);
    }
}
