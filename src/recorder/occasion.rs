//! What is worth a file: a word of `--record-when`.

use std::str::FromStr;

use crate::causes::Cause;
use crate::report::{Flow, Sender};

/// A kind of verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Any reset.
    Any,
    /// Resets that harmed somebody.
    Harmful,
    /// Connections that ended by this cause.
    Cause(Cause),
    /// Resets by this sender.
    Sender(Sender),
}

impl Occasion {
    /// Whether a verdict is one of these.
    pub fn is_met(self, flow: &Flow) -> bool {
        match self {
            Self::Any => !flow.resets.is_empty(),
            Self::Harmful => !flow.resets.is_empty() && flow.benign.is_none(),
            Self::Cause(cause) => flow.diagnosis.as_ref().is_some_and(|diagnosis| diagnosis.cause == cause.id()),
            Self::Sender(sender) => flow.resets.iter().any(|reset| reset.sender == sender),
        }
    }
}

impl FromStr for Occasion {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let sender = Sender::ALL.into_iter().find(|sender| sender.name() == word);
        Ok(match (word, sender) {
            ("any", _) => Self::Any,
            ("harmful", _) => Self::Harmful,
            (_, Some(sender)) => Self::Sender(sender),
            (cause, None) => Self::Cause(cause.parse().map_err(|_| {
                "there are any, harmful, a sender (client, server, middlebox, unknown) and the causes that \
                 `tcpautopsy explain` lists"
                    .to_owned()
            })?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_senders_causes_or_kinds() {
        for (word, expected) in [
            ("any", Occasion::Any),
            ("harmful", Occasion::Harmful),
            ("middlebox", Occasion::Sender(Sender::Middlebox)),
            ("closed_with_unread_data", Occasion::Cause(Cause::ClosedWithUnreadData)),
        ] {
            assert_eq!(word.parse(), Ok(expected));
        }
        for word in ["", "Any", "closed", "any,harmful"] {
            assert!(word.parse::<Occasion>().unwrap_err().contains("harmful"), "{word}");
        }
    }
}
