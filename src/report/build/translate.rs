//! The words of other rooms in those of the report.

use crate::attribution;
use crate::evidence;
use crate::flow;
use crate::report::{Confidence, Form, Mechanism, Near, Phase, Sender, Stance, Teardown, Weight};
use crate::surroundings;

impl From<flow::Teardown> for Teardown {
    fn from(teardown: flow::Teardown) -> Self {
        match teardown {
            flow::Teardown::Fin => Self::Fin,
            flow::Teardown::Reset => Self::Reset,
            flow::Teardown::Refused => Self::Refused,
            flow::Teardown::ResetAfterFin => Self::ResetAfterFin,
            flow::Teardown::Unanswered => Self::Unanswered,
            flow::Teardown::HalfClosed => Self::HalfClosed,
            flow::Teardown::Open => Self::Open,
        }
    }
}

impl From<attribution::Sender> for Sender {
    fn from(sender: attribution::Sender) -> Self {
        match sender {
            attribution::Sender::Client => Self::Client,
            attribution::Sender::Server => Self::Server,
            attribution::Sender::Middlebox => Self::Middlebox,
            attribution::Sender::Unknown => Self::Unknown,
        }
    }
}

impl From<attribution::Mechanism> for Mechanism {
    fn from(mechanism: attribution::Mechanism) -> Self {
        match mechanism {
            attribution::Mechanism::NoListener => Self::NoListener,
            attribution::Mechanism::NoConnection => Self::NoConnection,
            attribution::Mechanism::TimeWait => Self::TimeWait,
            attribution::Mechanism::DataAfterClose => Self::DataAfterClose,
            attribution::Mechanism::AbortUnreadData => Self::AbortUnreadData,
            attribution::Mechanism::Abort => Self::Abort,
            attribution::Mechanism::KeepaliveTimeout => Self::KeepaliveTimeout,
            attribution::Mechanism::BacklogOverflow => Self::BacklogOverflow,
            attribution::Mechanism::UnacceptableAck => Self::UnacceptableAck,
            attribution::Mechanism::PacketFilter => Self::PacketFilter,
            attribution::Mechanism::Forged => Self::Forged,
            attribution::Mechanism::Unknown => Self::Unknown,
        }
    }
}

impl From<surroundings::Near> for Near {
    fn from(near: surroundings::Near) -> Self {
        match near {
            surroundings::Near::Client => Self::Client,
            surroundings::Near::Server => Self::Server,
            surroundings::Near::Between => Self::Between,
            surroundings::Near::Unknown => Self::Unknown,
        }
    }
}

impl From<evidence::Confidence> for Confidence {
    fn from(confidence: evidence::Confidence) -> Self {
        match confidence {
            evidence::Confidence::Possible => Self::Possible,
            evidence::Confidence::Likely => Self::Likely,
            evidence::Confidence::Certain => Self::Certain,
        }
    }
}

impl From<evidence::Stance> for Stance {
    fn from(stance: evidence::Stance) -> Self {
        match stance {
            evidence::Stance::For => Self::For,
            evidence::Stance::Against => Self::Against,
        }
    }
}

impl From<evidence::Weight> for Weight {
    fn from(weight: evidence::Weight) -> Self {
        match weight {
            evidence::Weight::Weak => Self::Weak,
            evidence::Weight::Moderate => Self::Moderate,
            evidence::Weight::Strong => Self::Strong,
            evidence::Weight::Decisive => Self::Decisive,
        }
    }
}

impl From<flow::Form> for Form {
    fn from(form: flow::Form) -> Self {
        match form {
            flow::Form::Rst => Self::Rst,
            flow::Form::RstAck => Self::RstAck,
        }
    }
}

impl From<flow::Phase> for Phase {
    fn from(phase: flow::Phase) -> Self {
        match phase {
            flow::Phase::Syn => Self::Syn,
            flow::Phase::Handshake => Self::Handshake,
            flow::Phase::Data => Self::Data,
            flow::Phase::Closing => Self::Closing,
            flow::Phase::Closed => Self::Closed,
        }
    }
}
