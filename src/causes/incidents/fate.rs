use crate::attribution::{Hops, Sender};
use crate::causes::idle_gaps::Rest;
use crate::causes::{Cause, Diagnosis, Harmless, Story};
use crate::evidence::Confidence;
use crate::tcp::{Duration, Endpoint, Timestamp};

/// How one flow ended and why, as far as other flows are to be compared with it.
#[derive(Clone, Debug)]
pub struct Fate {
    /// Its id.
    pub flow: u64,
    /// Why it ended; `None` where nothing explains it.
    pub cause: Option<Cause>,
    /// How sure that is.
    pub confidence: Confidence,
    /// The client.
    pub client: Endpoint,
    /// The server.
    pub server: Endpoint,
    /// Whether they are IPv6 addresses.
    pub ipv6: bool,
    /// When it began.
    pub began: Option<Timestamp>,
    /// When it ended: with the FIN of the reset's sender if there was one, else with the reset.
    pub ended: Option<Timestamp>,
    /// The silence that led to the end.
    pub gap: Option<Duration>,
    /// Whether the address of one side changed in the middle.
    pub moved: bool,
    /// Whether the decisive reset is in the client's name.
    pub by_client: bool,
    /// Who sent it.
    pub sender: Option<Sender>,
    /// How far its senders are.
    pub hops: Option<Hops>,
    /// The name that the client asked for.
    pub name: Option<Box<str>>,
    /// Why its resets harmed nobody.
    pub harmless: Option<Harmless>,
}

/// Characters of a name that are kept.
const LONGEST_NAME: usize = 80;

fn shortened(name: &str) -> Box<str> {
    let mut characters = name.chars();
    let mut kept: String = characters.by_ref().take(LONGEST_NAME).collect();
    kept.push_str(if characters.next().is_some() { "…" } else { "" });
    kept.into()
}

impl Fate {
    /// That of a flow.
    pub fn of(story: &Story<'_>, diagnosis: Option<&Diagnosis>, harmless: Option<Harmless>) -> Self {
        let flow = story.case.flow;
        let verdict = story.verdict();
        let cause = diagnosis.map(|found| found.best.cause);
        let fin = story.decisive.and_then(|decisive| story.fin(decisive.reset.way));
        Self {
            flow: flow.id,
            cause,
            confidence: diagnosis.map_or(Confidence::Possible, |found| found.confidence),
            client: flow.stream.endpoints[story.client()],
            server: flow.stream.endpoints[story.client().reverse()],
            ipv6: flow.stream.ipv6,
            began: flow.first_time,
            ended: fin.map_or(story.ended(), |fin| fin.time()),
            gap: Rest::of(story).and_then(|rest| rest.that_led_to(cause)),
            moved: story.case.earlier().is_some() || story.case.later().is_some(),
            by_client: story.from_client(),
            sender: verdict.map(|verdict| verdict.sender),
            hops: verdict.and_then(|verdict| verdict.hops),
            name: story.application.name.as_deref().map(shortened),
            harmless,
        }
    }

    /// Whether an incident of it tells by which names other flows were connected, should this be its cause: a filter that refuses names
    /// is known by those that it lets through.
    pub fn asks_for_names(&self, cause: Cause) -> bool {
        cause == Cause::InjectedContentFilter && self.name.is_some()
    }
}

/// The fates of a capture, as many as memory allows.
#[derive(Default)]
pub struct Fates {
    kept: Vec<Fate>,
}

impl Fates {
    /// Fates that are kept; later flows of a capture with more of them belong to no incident.
    pub const MOST: usize = 100_000;

    /// Keeps one more, if there is room.
    pub fn add(&mut self, fate: Fate) {
        if self.kept.len() < Self::MOST {
            self.kept.push(fate);
        }
    }

    /// Those that were kept, in the order in which they came.
    pub fn as_slice(&self) -> &[Fate] {
        &self.kept
    }
}
