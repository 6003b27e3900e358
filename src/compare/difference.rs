//! What changed or was lost between two points, beside resets.

use super::clock::way_to_server;
use super::connection::Connection;
use super::crossing::Crossing;
use super::point::Point;
use crate::flow::{Flow, Way};

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Packets that passed the point they came to first, and not the next.
    NotReceived,
    /// Packets that came from nowhere: the point they should have passed before does not have them.
    NeverSent,
    /// Addresses or ports.
    Addresses,
    /// The time to live, by a number that says how many routers there are.
    Ttl,
    /// The maximum segment size of a SYN.
    Mss,
    /// The window scale of a SYN.
    WindowScale,
    /// Whether a SYN permits SACK.
    Sack,
    /// Timestamps, removed or rewritten.
    Timestamps,
    /// Window fields.
    Window,
    /// Sequence numbers.
    SequenceNumbers,
    /// The IP identification.
    Identification,
}

/// One kind of difference between two points that saw a connection, one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub kind: Kind,
    /// The point that the packets pass first.
    pub from: usize,
    /// The one that they pass next.
    pub to: usize,
    /// Whether they go to the server.
    pub to_server: bool,
    /// Packets that show it.
    pub packets: u64,
    /// How the first of them differs: what it was, and what it became.
    pub example: Option<(String, String)>,
}

/// The differences between neighbouring points that saw a connection.
pub fn differences(points: &[Point<'_>], connection: &Connection, crossing: &Crossing<'_>) -> Vec<Difference> {
    let Some(server) = way_to_server(connection, points) else { return Vec::new() };
    let mut seen: Vec<usize> = connection.views.iter().map(|view| view.point).collect();
    seen.dedup();
    let mut found = Vec::new();
    for pair in seen.windows(2) {
        let &[near, far] = pair else { continue };
        for way in Way::BOTH {
            let to_server = way == server;
            let (from, to) = if way == crossing.ascending { (near, far) } else { (far, near) };
            let mut tally = Tally { found: &mut found, from, to, to_server };
            tally.headers(connection, crossing, way);
            tally.translation(points, connection, way);
            tally.losses(crossing, way);
        }
    }
    found.sort_by_key(|difference| (difference.from.min(difference.to), difference.kind, !difference.to_server));
    found
}

struct Tally<'t> {
    found: &'t mut Vec<Difference>,
    from: usize,
    to: usize,
    to_server: bool,
}

impl Tally<'_> {
    fn note(&mut self, kind: Kind, example: Option<(String, String)>) {
        let (from, to, to_server) = (self.from, self.to, self.to_server);
        let same = |one: &&mut Difference| (one.kind, one.from, one.to, one.to_server) == (kind, from, to, to_server);
        match self.found.iter_mut().find(same) {
            Some(known) => known.packets += 1,
            None => self.found.push(Difference { kind, from, to, to_server, packets: 1, example }),
        }
    }

    fn headers(&mut self, connection: &Connection, crossing: &Crossing<'_>, way: Way) {
        let renumbered = connection.at(self.from).zip(connection.at(self.to)).any(|(a, b)| a.shift != b.shift);
        for (sent, got) in crossing.common(self.from, self.to).filter(|(sent, _)| sent.identity.way == way) {
            let (a, b) = (&sent.sighting.segment, &got.sighting.segment);
            let (one, other) = (&a.options, &b.options);
            let text = |one: Option<u16>, other: Option<u16>| {
                let word = |value: Option<u16>| value.map_or_else(|| "none".to_owned(), |value| value.to_string());
                Some((word(one), word(other)))
            };
            if a.ttl != b.ttl {
                self.note(Kind::Ttl, Some((a.ttl.to_string(), b.ttl.to_string())));
            }
            if a.ip_id.zip(b.ip_id).is_some_and(|(sent, got)| sent != got) {
                self.note(Kind::Identification, text(a.ip_id, b.ip_id));
            }
            if a.window.is_some() && b.window.is_some() && a.window != b.window {
                self.note(Kind::Window, text(a.window, b.window));
            }
            if renumbered {
                self.note(Kind::SequenceNumbers, Some((a.seq.to_string(), b.seq.to_string())));
            }
            if !a.options_complete || !b.options_complete {
                continue;
            }
            if one.mss() != other.mss() {
                self.note(Kind::Mss, text(one.mss(), other.mss()));
            }
            if one.window_scale() != other.window_scale() {
                self.note(
                    Kind::WindowScale,
                    text(one.window_scale().map(Into::into), other.window_scale().map(Into::into)),
                );
            }
            if one.sack_permitted() != other.sack_permitted() {
                let word = |yes: bool| if yes { "permitted" } else { "none" }.to_owned();
                self.note(Kind::Sack, Some((word(one.sack_permitted()), word(other.sack_permitted()))));
            }
            if one.timestamps() != other.timestamps() {
                let word = |value: Option<(u32, u32)>| {
                    value.map_or_else(|| "none".to_owned(), |(value, echo)| format!("{value} {echo}"))
                };
                self.note(Kind::Timestamps, Some((word(one.timestamps()), word(other.timestamps()))));
            }
        }
    }

    fn translation(&mut self, points: &[Point<'_>], connection: &Connection, way: Way) {
        let at = |point: usize| {
            let view = connection.at(point).next()?;
            let flow: &Flow = points.get(point)?.flow(view.flow)?;
            let end = flow.stream.endpoints[view.way(way)];
            Some((end, std::net::SocketAddr::from((end.ip(flow.stream.ipv6), end.port)).to_string()))
        };
        if let (Some((sent, name)), Some((got, other))) = (at(self.from), at(self.to))
            && sent != got
        {
            self.note(Kind::Addresses, Some((name, other)));
        }
    }

    /// What either point has and the other lacks. Resets have a list of their own.
    fn losses(&mut self, crossing: &Crossing<'_>, way: Way) {
        for (here, there, kind) in [(self.from, self.to, Kind::NotReceived), (self.to, self.from, Kind::NeverSent)] {
            let passings = crossing.passings.get(here).into_iter().flatten();
            // Where segments were left out on either side, what seems missing may be among them.
            if !crossing.is_whole(here) || !crossing.is_whole(there) {
                continue;
            }
            let own = passings.enumerate().filter(|(_, one)| one.identity.way == way && one.sighting.is_ordinary());
            let missing: u32 = own.map(|(place, one)| crossing.lacking(here, place, one, there)).sum();
            (0..missing).for_each(|_| self.note(kind, None));
        }
    }
}
