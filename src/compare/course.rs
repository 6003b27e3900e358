//! On which side of the points the hosts are.
//!
//! The command line has the client's side first, yet connections may be asked for from the other side, too, and people mix up files.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::clock::way_to_server;
use super::connection::{Connection, View};
use super::crossing::Crossing;
use super::point::Point;
use crate::flow::Way;

/// All wanted connections at every point, each with its course: what its own segments say, else what those of the same hosts do,
/// else the order of the command line.
pub fn align(points: &[Point<'_>], connections: &[Connection], crossings: &mut [Option<Crossing<'_>>]) {
    let mut sides: HashMap<[u8; 16], i64, RandomState> = HashMap::default();
    let mut open = Vec::new();
    for (place, (connection, crossing)) in connections.iter().zip(crossings.iter_mut()).enumerate() {
        let (Some(crossing), Some(to_server)) = (crossing, way_to_server(connection, points)) else { continue };
        match course(connection, points, crossing, to_server) {
            0 => open.push((place, to_server)),
            falls => {
                crossing.ascending = if falls < 0 { to_server.reverse() } else { to_server };
                for (way, side) in [(to_server, falls.signum()), (to_server.reverse(), -falls.signum())] {
                    addresses(connection, points, way).for_each(|host| *sides.entry(host).or_default() += side);
                }
            }
        }
    }
    for (place, to_server) in open {
        let (Some(connection), Some(Some(crossing))) = (connections.get(place), crossings.get_mut(place)) else {
            continue;
        };
        let side = |way| -> i64 { addresses(connection, points, way).filter_map(|host| sides.get(&host)).sum() };
        let falls = side(to_server).saturating_sub(side(to_server.reverse()));
        crossing.ascending = if falls < 0 { to_server.reverse() } else { to_server };
    }
}

/// The addresses that a host of the connection has at the points.
fn addresses(connection: &Connection, points: &[Point<'_>], way: Way) -> impl Iterator<Item = [u8; 16]> {
    let of = move |view: &View| {
        let flow = points.get(view.point)?.flow(view.flow)?;
        Some(flow.stream.endpoints[view.way(way)].address)
    };
    let mut known: Vec<[u8; 16]> = connection.views.iter().filter_map(of).collect();
    known.sort_unstable();
    known.dedup();
    known.into_iter()
}

/// Positive where what goes to the server passes the points in their order, negative where it passes them the other way round.
///
/// Routers lower the time to live; else the point that hears of the server later is nearer to the client.
fn course(connection: &Connection, points: &[Point<'_>], crossing: &Crossing<'_>, to_server: Way) -> i64 {
    let mut falls = 0i64;
    for one in 0..points.len() {
        for other in one + 1..points.len() {
            for (here, there) in crossing.common(one, other).filter(|(here, _)| !here.identity.flags.rst()) {
                let passed = i64::from(here.sighting.segment.ttl) - i64::from(there.sighting.segment.ttl);
                falls += if here.identity.way == to_server { passed.signum() } else { -passed.signum() };
            }
        }
    }
    if falls != 0 {
        return falls;
    }
    let answered = |view: &View| points.get(view.point)?.flow(view.flow)?.handshake_times().0;
    let mut times = connection.views.iter().filter_map(answered);
    let (Some(first), Some(last)) = (times.next(), times.next_back()) else { return 0 };
    first.0.saturating_sub(last.0)
}
