//! What the comparison of several points found, in the words of the report.

use super::{
    ComparedClock, ComparedDifference, ComparedPoint, Comparison, DecidedResets, Endpoint, FlowAtPoint, FlowComparison,
    ResetAtPoint, ResetComparison, Side,
};
use crate::attribution::{self, Judged};
use crate::compare::{Clocks, Connection, Difference, Kind, Passage, Point};
use crate::evidence::{Aspect, Weight};
use crate::flow::Way;
use crate::surroundings;

/// What is said of all points. `vantages`: where each was taken; `differences`: those of every connection.
pub fn comparison<'d>(
    points: &[Point<'_>],
    connections: &[Connection],
    clocks: &Clocks,
    vantages: &[surroundings::Vantage],
    differences: impl IntoIterator<Item = &'d Difference>,
) -> Comparison {
    let told = points.iter().zip(vantages).enumerate().map(|(place, (point, vantage))| {
        let clock = clocks.of(place);
        let alone = |connection: &&Connection| !connection.is_matched() && connection.at(place).next().is_some();
        ComparedPoint {
            point: place + 1,
            input: u16::try_from(place).unwrap_or(u16::MAX),
            near: vantage.near.into(),
            why: vantage.why.to_owned(),
            clock: ComparedClock {
                offset_s: clock.offset.map(Into::into),
                uncertainty_s: clock.uncertainty.map(Into::into),
                packets_to_server: clock.to_server,
                packets_to_client: clock.to_client,
                unsteady: clock.unsteady,
            },
            flows: point.flows().len() as u64,
            only_here: connections.iter().filter(alone).count() as u64,
        }
    });
    let mut all: Vec<ComparedDifference> = Vec::new();
    for difference in differences.into_iter().map(difference) {
        let alike = |one: &&mut ComparedDifference| {
            (one.kind, one.from, one.to, one.towards)
                == (difference.kind, difference.from, difference.to, difference.towards)
        };
        match all.iter_mut().find(alike) {
            Some(known) => known.packets += difference.packets,
            None => all.push(difference),
        }
    }
    Comparison {
        points: told.collect(),
        matched: connections.iter().filter(|connection| connection.is_matched()).count() as u64,
        resets: DecidedResets::default(),
        differences: all,
    }
}

/// What is said of one connection, whose client sends `from_client`.
pub fn flow_comparison(
    connection: &Connection,
    points: &[Point<'_>],
    from_client: Way,
    differences: &[Difference],
) -> FlowComparison {
    let at = |view: &crate::compare::View| {
        let flow = points.get(view.point)?.flow(view.flow)?;
        let (client, server) = (view.way(from_client), view.way(from_client.reverse()));
        let end = |way: Way| {
            let end = flow.stream.endpoints[way];
            Endpoint { ip: end.ip(flow.stream.ipv6), port: end.port }
        };
        Some(FlowAtPoint {
            point: view.point + 1,
            client: end(client),
            server: end(server),
            client_packets: flow.ends[client].segments.into(),
            server_packets: flow.ends[server].segments.into(),
        })
    };
    FlowComparison {
        points: connection.views.iter().filter_map(at).collect(),
        differences: differences.iter().map(difference).collect(),
    }
}

/// What is said of the resets of one episode, each with its verdict. `points`: how many there are.
pub(super) fn reset_comparison(passages: &[(&Passage, &Judged)], points: usize) -> Option<ResetComparison> {
    let &(first, judged) = passages.first()?;
    let at = |point: usize| {
        let seen = passages.iter().flat_map(|(passage, _)| &passage.seen).filter(|seen| seen.point == point);
        let mut frames: Vec<u64> = seen.map(|seen| seen.input_frame.get()).collect();
        frames.sort_unstable();
        frames.dedup();
        let absence = first.unseen.iter().find(|(place, _)| *place == point).map(|(_, absence)| absence);
        let absence = absence.filter(|_| frames.is_empty());
        ResetAtPoint {
            point: point + 1,
            seen: if frames.is_empty() { absence?.is_proof().then_some(false) } else { Some(true) },
            frames,
            why: absence.map(ToString::to_string),
        }
        .into()
    };
    let nearest = first.nearest()?.point + 1;
    let behind = first.made_behind().map(|(point, _)| point + 1);
    let made_between = if first.ascending { [behind, Some(nearest)] } else { [Some(nearest), behind] };
    let decisive = judged.evidence.iter().find(|piece| {
        piece.weight == Weight::Decisive && (piece.aspect == Aspect::Elsewhere || piece.clue == attribution::LOCAL)
    });
    let host = if first.to_server { "client" } else { "server" };
    let why = match decisive {
        Some(piece) => piece.text.clone().into_owned(),
        None => match first.beyond().first() {
            Some((point, absence)) => format!("capture {} {absence}", point + 1),
            None => {
                format!("capture {nearest} is the nearest to the {host} and has it; what is beyond was not captured")
            }
        },
    };
    Some(ResetComparison {
        points: (0..points).filter_map(at).collect(),
        made_between,
        decided: decisive.is_some(),
        why,
    })
}

fn difference(difference: &Difference) -> ComparedDifference {
    let (before, after) = difference.example.clone().unzip();
    ComparedDifference {
        kind: match difference.kind {
            Kind::NotReceived => "not_received",
            Kind::NeverSent => "never_sent",
            Kind::Addresses => "addresses",
            Kind::Ttl => "ttl",
            Kind::Mss => "mss",
            Kind::WindowScale => "window_scale",
            Kind::Sack => "sack_permitted",
            Kind::Timestamps => "timestamps",
            Kind::Window => "window",
            Kind::SequenceNumbers => "sequence_numbers",
            Kind::Identification => "ip_id",
        },
        from: difference.from + 1,
        to: difference.to + 1,
        towards: if difference.to_server { Side::Server } else { Side::Client },
        packets: difference.packets,
        before,
        after,
    }
}
