//! How the clocks of the points stand to each other.

use super::connection::Connection;
use super::crossing::Crossing;
use super::point::Point;
use crate::flow::{Roles, Way};
use crate::tcp::{Duration, Timestamp};

/// The clock of a point beside that of another.
///
/// A packet is never earlier behind a stretch of the path than before it. Packets that go either way therefore bound the difference
/// of two clocks from both sides, and the bounds are as far apart as the fastest round trip between the points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// By how much it is ahead of the clock of the first point; `None` where no packet was captured at both.
    pub offset: Option<Duration>,
    /// How far off that may be; `None` where packets went one way only, so that it is bounded from one side.
    pub uncertainty: Option<Duration>,
    /// Packets towards the server that it rests on.
    pub to_server: u64,
    /// Packets towards the client.
    pub to_client: u64,
    /// No one offset explains all packets: one of the clocks runs faster, or was set.
    pub unsteady: bool,
}

/// The clocks of all points, beside that of the first.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    clocks: Vec<Clock>,
}

/// What the packets captured at two points say.
#[derive(Clone, Copy, Default)]
struct Pairing {
    /// The least time from the first to the other point.
    up: Option<i64>,
    /// The same the other way.
    down: Option<i64>,
    /// Packets towards the server.
    to_server: u64,
    /// Packets towards the client.
    to_client: u64,
}

impl Clocks {
    /// What all connections say.
    pub fn new(points: &[Point<'_>], connections: &[Connection], crossings: &[Option<Crossing<'_>>]) -> Self {
        let count = points.len();
        let mut pairings = vec![Pairing::default(); count * count];
        for (connection, crossing) in connections.iter().zip(crossings) {
            let Some(crossing) = crossing else { continue };
            let Some(to_server) = way_to_server(connection, points) else { continue };
            for near in 0..count {
                for far in near + 1..count {
                    let Some(pairing) = pairings.get_mut(near * count + far) else { continue };
                    for (one, other) in crossing.common(near, far) {
                        if let (Some(here), Some(there)) = (one.sighting.time(), other.sighting.time()) {
                            let way = one.identity.way;
                            pairing.take(there.since(here).0, way == crossing.ascending, way == to_server);
                        }
                    }
                }
            }
        }
        let mut clocks: Vec<Clock> = Vec::with_capacity(count);
        for far in 0..count {
            let first = Clock { offset: Some(Duration(0)), uncertainty: Some(Duration(0)), ..Clock::default() };
            // By the surest of the points before it.
            let by = |near: usize| {
                let known: Clock = *clocks.get(near)?;
                pairings.get(near * count + far)?.clock(known)
            };
            let best =
                (0..far).rev().filter_map(by).min_by_key(|clock| clock.uncertainty.map_or(i64::MAX, |off| off.0));
            clocks.push(if far == 0 { first } else { best.unwrap_or_default() });
        }
        Self { clocks }
    }

    /// The clock of a point.
    pub fn of(&self, point: usize) -> Clock {
        self.clocks.get(point).copied().unwrap_or_default()
    }

    /// A time of a point by the clock of the first.
    pub fn common(&self, point: usize, time: Timestamp) -> Option<Timestamp> {
        Some(time.plus(Duration(self.of(point).offset?.0.saturating_neg())))
    }

    /// How far off times of two points may be when they are compared.
    pub fn slack(&self, one: usize, other: usize) -> Duration {
        let off = |point| self.of(point).uncertainty.unwrap_or(UNBOUNDED).0;
        Duration(off(one).saturating_add(off(other)).saturating_add(TICK.0))
    }
}

/// Where packets went one way only, an offset is as good as that way was fast.
const UNBOUNDED: Duration = Duration::from_secs(1);

/// What recording adds to times: interrupts are put together, and some formats keep microseconds.
const TICK: Duration = Duration::from_millis(1);

impl Pairing {
    fn take(&mut self, later: i64, goes_up: bool, to_server: bool) {
        let least = if goes_up { &mut self.up } else { &mut self.down };
        let took = if goes_up { later } else { later.saturating_neg() };
        *least = Some(least.map_or(took, |least| least.min(took)));
        *if to_server { &mut self.to_server } else { &mut self.to_client } += 1;
    }

    /// The clock of the farther point, given that of the nearer one.
    fn clock(&self, near: Clock) -> Option<Clock> {
        let base = near.offset?;
        let (own, off) = match (self.up, self.down) {
            (Some(up), Some(down)) => {
                (up.saturating_sub(down) / 2, Some(up.saturating_add(down).saturating_abs().saturating_add(1) / 2))
            }
            (Some(up), None) => (up, None),
            (None, Some(down)) => (down.saturating_neg(), None),
            (None, None) => return None,
        };
        let unsteady = self.up.zip(self.down).is_some_and(|(up, down)| up.saturating_add(down) < 0);
        Some(Clock {
            offset: Some(Duration(base.0.saturating_add(own))),
            uncertainty: near.uncertainty.zip(off).map(|(known, off)| Duration(known.0.saturating_add(off))),
            to_server: self.to_server,
            to_client: self.to_client,
            unsteady: unsteady || near.unsteady,
        })
    }
}

/// The connection's way from the client, by the first view whose handshake tells, or else by the first.
pub(super) fn way_to_server(connection: &Connection, points: &[Point<'_>]) -> Option<Way> {
    let roles = |view: &super::View| {
        let roles = Roles::of(points.get(view.point)?.flow(view.flow)?);
        Some((view.way(roles.from_client), roles.source.is_handshake()))
    };
    let mut told = connection.views.iter().filter_map(roles);
    let first = told.next()?;
    Some(if first.1 { first.0 } else { told.find(|(_, sure)| *sure).unwrap_or(first).0 })
}
