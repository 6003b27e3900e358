//! Finds the flow that a log line speaks of, or says what the capture has instead.

use std::net::{IpAddr, SocketAddr};

use super::absence;
use super::flow_view::FlowView;
use super::log_line::{LogLine, Mention, Role};
use super::when::{DEFAULT_TOLERANCE, Span};
use super::{Capture, Found};
use crate::tcp::Duration;

/// How much of a flow the line names; later is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Nothing: the flow is only near in time and did not end well.
    Time,
    /// The server's port, from a line that has a name where the address should be.
    Port,
    /// One address.
    Address,
    /// Both addresses.
    Addresses,
    /// One address with its port.
    Endpoint,
    /// Both addresses, one of them with its port.
    EndpointAndAddress,
    /// Both addresses with their ports.
    Both,
}

/// A flow that fits, by its place in the slice.
struct Candidate {
    index: usize,
    fit: Fit,
    /// Whether each address is at the end where the line's words put it, and the server's port is one that the line has apart from addresses.
    agrees: bool,
    /// From the line's time to a reset or the last segment.
    to_event: Option<Duration>,
    /// Whether the flow lived near the line's time, as far as either is known.
    is_near: bool,
}

/// The flows of `among` (places in `flows`) that fit the line best, the likeliest first; or why there are none.
///
/// More of the line's addresses and ports beats less. Among equals those near the line's time count, of these those that did not end well,
/// and the nearest comes first: the error is logged when the application meets the reset or the last segment, or shortly after.
pub(super) fn find(
    line: &LogLine,
    flows: &[FlowView],
    among: &[usize],
    capture: &Capture<'_>,
) -> Result<Found, String> {
    let mut candidates: Vec<Candidate> =
        among.iter().filter_map(|&index| candidate(line, index, flows.get(index)?)).collect();
    let Some(best) = candidates.iter().map(|candidate| candidate.fit).max() else {
        return Err(absence::explain(line, flows, among, capture));
    };
    candidates.retain(|candidate| candidate.fit == best);
    retain_if_any(&mut candidates, |candidate| candidate.agrees);

    let mut remarks = Vec::new();
    if candidates.iter().any(|candidate| candidate.is_near) {
        candidates.retain(|candidate| candidate.is_near);
    } else if best == Fit::Both {
        remarks.extend(absence::far_in_time(line, nearest(&candidates, flows), capture));
    } else {
        return Err(absence::far_in_time(line, nearest(&candidates, flows), capture).unwrap_or_default());
    }
    if best != Fit::Both {
        retain_if_any(&mut candidates, |candidate| flows.get(candidate.index).is_some_and(|flow| !flow.ended_well));
        remarks.extend(absence::missing_half(line, best));
    }
    // Flows without a time come last; the sort is stable, so that equals stay in the order of the capture.
    candidates.sort_by_key(|candidate| candidate.to_event.unwrap_or(Duration(i64::MAX)));
    let remark = (!remarks.is_empty()).then(|| remarks.join("; "));
    Ok(Found { flows: candidates.into_iter().map(|candidate| candidate.index).collect(), fit: Some(best), remark })
}

fn retain_if_any(candidates: &mut Vec<Candidate>, wanted: impl Fn(&Candidate) -> bool) {
    if candidates.iter().any(&wanted) {
        candidates.retain(wanted);
    }
}

fn nearest<'a>(candidates: &[Candidate], flows: &'a [FlowView]) -> Option<&'a FlowView> {
    flows.get(candidates.iter().min_by_key(|candidate| candidate.to_event.unwrap_or(Duration(i64::MAX)))?.index)
}

fn candidate(line: &LogLine, index: usize, flow: &FlowView) -> Option<Candidate> {
    let (fit, agrees) = fit(line, flow)?;
    // Without any address, a flow that ended well is no candidate at all, nor is one that is far off.
    if fit == Fit::Time && flow.ended_well {
        return None;
    }
    let time = line.time.as_ref();
    let to_event = time.and_then(|time| flow.gap_to_event(time));
    let to_life = time.and_then(|time| flow.gap_to_life(time));
    let is_near = match fit {
        Fit::Time => to_event.is_some_and(|gap| gap <= DEFAULT_TOLERANCE),
        _ => to_life.is_none_or(|gap| gap <= DEFAULT_TOLERANCE),
    };
    (fit != Fit::Time || is_near).then_some(Candidate { index, fit, agrees, to_event, is_near })
}

/// How well the flow fits the line's addresses and ports, and whether it does so in the roles that the line gives them.
fn fit(line: &LogLine, flow: &FlowView) -> Option<(Fit, bool)> {
    if line.mentions.is_empty() {
        return if line.ports.is_empty() {
            Some((Fit::Time, true))
        } else {
            line.ports.contains(&flow.server.1).then_some((Fit::Port, true))
        };
    }
    let mention = |index: usize| line.mentions.get(index);
    let mut best = None;
    // Which of the two is the client is not the line's to say: both programs log, each seeing itself as local.
    let both_ways = |(a, b): (usize, usize)| [(a, b), (b, a)];
    if line.pairs.is_empty() {
        let all = 0..line.mentions.len();
        for client in all.clone() {
            best = best.max(as_ends(mention(client), None, flow)).max(as_ends(None, mention(client), flow));
            for server in all.clone().filter(|&server| server != client) {
                best = best.max(as_ends(mention(client), mention(server), flow));
            }
        }
    }
    for (client, server) in line.pairs.iter().copied().flat_map(both_ways) {
        best = best.max(as_ends(mention(client), mention(server), flow));
    }
    let has_port = line.ports.is_empty() || line.ports.contains(&flow.server.1);
    best.map(|(fit, agrees)| (fit, agrees && has_port))
}

/// The fit if these mentions are the flow's ends; `None` where one of them is not.
fn as_ends(client: Option<&Mention>, server: Option<&Mention>, flow: &FlowView) -> Option<(Fit, bool)> {
    let agrees = client.is_none_or(|mention| mention.role != Some(Role::Server))
        && server.is_none_or(|mention| mention.role != Some(Role::Client));
    let ends = [(client, flow.client), (server, flow.server)];
    let mut ports = 0;
    for (mention, endpoint) in ends {
        let Some(mention) = mention else { continue };
        is_at(mention, endpoint).then_some(())?;
        ports += u8::from(mention.port.is_some());
    }
    let both = client.is_some() && server.is_some();
    let fit = match (both, ports) {
        (true, 2..) => Fit::Both,
        (true, 1) => Fit::EndpointAndAddress,
        (true, 0) => Fit::Addresses,
        (false, 1..) => Fit::Endpoint,
        (false, 0) => Fit::Address,
    };
    Some((fit, agrees))
}

/// Whether the mention is this endpoint, as far as it says.
pub(super) fn is_at(mention: &Mention, (ip, port): (IpAddr, u16)) -> bool {
    mention.ip == ip.to_canonical() && mention.port.is_none_or(|wanted| wanted == port)
}

/// `10.0.0.5:443`, or the address alone.
pub(super) fn show(mention: &Mention) -> String {
    mention.port.map_or_else(|| mention.ip.to_string(), |port| SocketAddr::from((mention.ip, port)).to_string())
}

/// Whether a span of the capture is known to be over before the other begins, and by how much.
pub(super) fn distance(capture: Span, time: Span) -> Option<(bool, Duration)> {
    if time.first > capture.last {
        Some((true, time.first.since(capture.last)))
    } else if time.last < capture.first {
        Some((false, capture.first.since(time.last)))
    } else {
        None
    }
}
