//! What the applications saw: which error on which side, what was lost, and whether asking again can do harm.
//!
//! Plain functions of the [`Story`] of a flow. A kernel tells its application nothing but an error number; which one follows
//! from the state of its socket when the end came ([`SideOutcome`]), and that state follows from what had passed. The numbers
//! and texts themselves stand in `knowledge`.

mod delivery;
mod icmp;
mod retry;
mod side;
#[cfg(test)]
mod tests;

pub use retry::SafeToRetry;
pub use side::SideOutcome;

use crate::causes::Story;
use crate::flow::Teardown;
use delivery::Delivery;

/// What the applications saw, what was lost, and whether asking again can do harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the client saw; `None` where it got no error, or ended the connection itself.
    pub client: Option<SideOutcome>,
    /// The same of the server.
    pub server: Option<SideOutcome>,
    /// Whether the server's stack acknowledged all of the last request; `None` where there was none, or the capture does not
    /// tell.
    pub request_delivered: Option<bool>,
    /// Octets that the client's stack has of what the server sent since the last request.
    pub response_bytes_delivered: Option<u64>,
    /// Octets of both sides that were sent and never acknowledged, and those that lay unread in an aborted socket: its
    /// application may have read some of them without an answer.
    pub bytes_lost: Option<u64>,
    /// Whether asking again can do harm.
    pub safe_to_retry: SafeToRetry,
    /// Why that is so.
    pub why: String,
}

/// What the applications of a flow saw; `None` where it ended well, or goes on.
pub fn of(story: &Story<'_>) -> Option<Outcome> {
    let client = story.client();
    let (client, server) = (side::of(story, client), side::of(story, client.reverse()));
    let went_well = matches!(story.teardown, Teardown::Fin | Teardown::Open) && story.decisive.is_none();
    if went_well && client.is_none() && server.is_none() {
        return None;
    }
    let delivery = Delivery::of(story);
    let (safe_to_retry, why) = retry::judge(story, &delivery);
    Some(Outcome {
        client,
        server,
        request_delivered: delivery.request_delivered(),
        response_bytes_delivered: delivery.response_arrived,
        bytes_lost: delivery.lost,
        safe_to_retry,
        why,
    })
}
