//! The other flows, as one of them asks about them.

use super::around::{Around, Connection, Named};
use super::{Candidate, Cause};
use crate::evidence::{Text, Words};
use crate::flow::{Flow, Roles};
use crate::knowledge::idle_timeouts::{IdleTimeout, Place};
use crate::tcp::{Duration, Endpoint, FrameNumber, Timestamp};

/// What a cause says, given the other flows.
type Answer = dyn Fn(&Others<'_>) -> Option<Candidate> + Send + Sync;

/// What a cause has to ask of the other flows once they are known.
pub(super) struct Pending {
    /// It holds what it needs of its own flow, so that nobody has to look at that flow's segments a second time.
    pub answer: Box<Answer>,
    /// Whether it asks for [`Others::named`].
    pub asks_for_names: bool,
}

impl Pending {
    /// Octets that it takes beside itself.
    pub fn octets(&self) -> usize {
        size_of_val(&*self.answer)
    }
}

/// The other flows, seen from one.
pub(super) struct Others<'a> {
    around: &'a Around,
    /// The flow that asks.
    flow: u64,
    client: [u8; 16],
    server: Endpoint,
    began: Option<Timestamp>,
    words: Words,
}

impl<'a> Others<'a> {
    /// Those around a flow.
    pub fn new(around: &'a Around, flow: &Flow, roles: Roles, words: Words) -> Self {
        let ends = &flow.stream.endpoints;
        let (client, server) = (ends[roles.from_client].address, ends[roles.from_client.reverse()]);
        Self { around, flow: flow.id, client, server, began: flow.first_time, words }
    }

    /// A cause that says this.
    pub fn candidate(&self, cause: Cause, sentence: impl Text) -> Candidate {
        Candidate::new(self.words, cause, sentence)
    }

    /// The server of the flow that asks.
    pub fn server(&self) -> Endpoint {
        self.server
    }

    /// Whether a connection is not the one that asks.
    pub fn is_other(&self, one: &Connection) -> bool {
        one.flow != self.flow
    }

    /// Connections to the same server that began shortly before and after this one.
    pub fn near_server(&self) -> impl Iterator<Item = &'a Connection> + Clone {
        self.began.map(|time| self.around.near_server(self.server, time)).into_iter().flatten()
    }

    /// Where a packet filter on the server's host reset another connection to this port, within some time of this one.
    pub fn filtered(&self, within: Duration) -> Option<FrameNumber> {
        self.around.filtered_near(self.server, self.began?, within)
    }

    /// Those that began shortly before a moment.
    pub fn before(&self, time: Timestamp) -> impl Iterator<Item = &'a Connection> {
        self.around.before_at_server(self.server, time)
    }

    /// Those that began shortly after a moment.
    pub fn after(&self, time: Timestamp) -> impl Iterator<Item = &'a Connection> {
        self.around.after_at_server(self.server, time)
    }

    /// Of the connections near this one others that ended within some time of a moment.
    pub fn ended_near(&self, moment: Timestamp, within: Duration) -> impl Iterator<Item = &'a Connection> {
        let flow = self.flow;
        let ended =
            move |one: &Connection| one.ended.is_some_and(|end| end.since(moment).0.saturating_abs() <= within.0);
        self.near_server().filter(move |one| one.flow != flow && ended(one))
    }

    /// Connections of the same client that began shortly before and after this one.
    pub fn near_client(&self) -> impl Iterator<Item = &'a Connection> + Clone {
        self.began.map(|time| self.around.near_client(self.client, time)).into_iter().flatten()
    }

    /// Connections to the server's address that ended well, by the names that their clients had asked for: for questions of
    /// [`named_others`](super::question::Question::of_named_others) alone, since names are only read where somebody asks for them.
    pub fn named(&self) -> impl Iterator<Item = &'a Named> + Clone {
        let server = self.server.address;
        self.around.named().iter().filter(move |other| other.server.address == server)
    }

    /// Whose idle limit a silence of this length may be.
    pub fn idle_limits(&self, gap: Duration, place: Place) -> Vec<&'a IdleTimeout> {
        self.around.idle_limits(gap, place)
    }
}

/// `1 other connection`, `2 other connections`.
pub(super) fn other_connections(count: usize) -> String {
    format!("{count} other connection{}", if count == 1 { "" } else { "s" })
}
