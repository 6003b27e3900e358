//! Which flows of several points are one connection.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::point::Point;
use crate::flow::{Flow, Pair, Way};
use crate::tcp::{Endpoint, SeqNum};

/// Comparisons made at most to find translated flows without a handshake: a few seconds' work.
const MOST_COMPARISONS: u64 = 50_000_000;

/// Octets around a number within which it may belong to the same stream: the largest window without scaling (RFC 9293).
const NEAR: i32 = 1 << 16;

/// One connection as one point saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The point, from 0 in the order of the path.
    pub point: usize,
    /// The flow's place among those of the point.
    pub flow: usize,
    /// Whether its [`Way::Forward`] is the connection's back.
    pub flipped: bool,
    /// What is to be added to its sequence numbers to get the connection's, for each way of the connection.
    pub shift: Pair<u32>,
}

/// The flows of several points that are one connection; ways and numbers are those of the first.
#[derive(Clone, Debug)]
pub struct Connection {
    /// In the order of the path; a point where the connection's addresses changed has more than one.
    pub views: Vec<View>,
}

impl View {
    /// The connection's way of the flow's.
    pub fn way(&self, way: Way) -> Way {
        if self.flipped { way.reverse() } else { way }
    }

    /// The connection's number of a sequence number sent this way of the connection.
    pub fn seq(&self, way: Way, seq: SeqNum) -> SeqNum {
        seq.add(self.shift[way])
    }
}

impl Connection {
    /// Its views at a point.
    pub fn at(&self, point: usize) -> impl Iterator<Item = &View> {
        self.views.iter().filter(move |view| view.point == point)
    }

    /// Whether more than one point saw it.
    pub fn is_matched(&self) -> bool {
        let mut points = self.views.iter().map(|view| view.point);
        let first = points.next();
        points.any(|point| Some(point) != first)
    }
}

/// Both endpoints in their order, and whether the addresses are IPv6.
type Ends = (Endpoint, Endpoint, bool);

/// A flow among all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    point: usize,
    flow: usize,
}

/// All connections, in the order of their first frames.
pub fn connections(points: &[Point<'_>]) -> Vec<Connection> {
    let mut links = Links::new(points);
    links.by_ends();
    links.by_initial_numbers();
    links.in_midstream();
    links.finish()
}

/// What is known so far.
struct Links<'p, 'a> {
    points: &'p [Point<'a>],
    /// Where the nodes of each point begin.
    begins: Vec<usize>,
    /// For each node another of its connection that was there before it, or itself; and how its numbers relate to that one's.
    parents: Vec<(usize, bool, Pair<u32>)>,
}

impl<'p, 'a> Links<'p, 'a> {
    fn new(points: &'p [Point<'a>]) -> Self {
        let mut begins = Vec::with_capacity(points.len());
        let mut count = 0;
        for point in points {
            begins.push(count);
            count += point.flows().len();
        }
        let parents = (0..count).map(|index| (index, false, Pair::default())).collect();
        Self { points, begins, parents }
    }

    fn nodes(&self) -> impl Iterator<Item = (Node, &'a Flow)> + use<'p, 'a> {
        let points = self.points;
        points.iter().enumerate().flat_map(|(point, flows)| {
            flows.flows().iter().enumerate().map(move |(flow, &facts)| (Node { point, flow }, facts))
        })
    }

    fn index(&self, node: Node) -> usize {
        self.begins.get(node.point).copied().unwrap_or_default() + node.flow
    }

    fn root(&self, mut index: usize) -> (usize, bool, Pair<u32>) {
        let (mut flipped, mut shift) = (false, Pair::default());
        while let Some(&(parent, flip, by)) = self.parents.get(index).filter(|(parent, ..)| *parent != index) {
            // `by` is in the ways of the parent.
            shift = sum(if flip { swapped(shift) } else { shift }, by);
            flipped ^= flip;
            index = parent;
        }
        (index, flipped, shift)
    }

    /// Makes two nodes one connection. `shift`: what the numbers of `other` lack to be those of `one`, in the ways of `one`.
    fn join(&mut self, one: Node, other: Node, flipped: bool, shift: Pair<u32>) {
        let (a, b) = (self.index(one), self.index(other));
        let ((root_a, flip_a, shift_a), (root_b, flip_b, shift_b)) = (self.root(a), self.root(b));
        if root_a == root_b {
            return;
        }
        // In the ways of `one`: other -> one; then in those of one's root.
        let to_one = if flip_a { swapped(shift) } else { shift };
        let to_root = sum(to_one, shift_a);
        // What takes root_b to other is the inverse of what takes other to root_b.
        let flip = flip_a ^ flipped ^ flip_b;
        let back = negated(if flip { swapped(shift_b) } else { shift_b });
        let by = sum(back, to_root);
        // The earlier root stays: its ways are the connection's.
        if root_a < root_b {
            if let Some(parent) = self.parents.get_mut(root_b) {
                *parent = (root_a, flip, by);
            }
        } else if let Some(parent) = self.parents.get_mut(root_a) {
            *parent = (root_b, flip, negated(if flip { swapped(by) } else { by }));
        }
    }

    /// The same addresses and ports, and numbers that fit.
    fn by_ends(&mut self) {
        let mut by_ends: HashMap<Ends, Vec<(Node, &Flow)>, RandomState> = HashMap::default();
        for (node, flow) in self.nodes() {
            let (one, other) = (flow.stream.endpoints.forward, flow.stream.endpoints.back);
            by_ends.entry((one.min(other), one.max(other), flow.stream.ipv6)).or_default().push((node, flow));
        }
        let mut groups: Vec<_> = by_ends.into_values().filter(|group| group.len() > 1).collect();
        groups.sort_unstable_by_key(|group| group.first().map(|(node, _)| *node));
        for group in groups {
            for (at, &(one, a)) in group.iter().enumerate() {
                for &(other, b) in group.get(at + 1..).unwrap_or_default() {
                    if one.point == other.point {
                        continue;
                    }
                    let flipped = a.stream.endpoints.forward != b.stream.endpoints.forward;
                    if fits(a, b, flipped) {
                        self.join(one, other, flipped, Pair::default());
                    } else if let Some(shift) = renumbered(a, b, flipped)
                        && group.iter().filter(|(node, _)| node.point == one.point).count() == 1
                        && group.iter().filter(|(node, _)| node.point == other.point).count() == 1
                    {
                        self.join(one, other, flipped, shift);
                    }
                }
            }
        }
    }

    /// Other addresses, and the same initial sequence numbers of both sides; or of one, with one endpoint the same.
    fn by_initial_numbers(&mut self) {
        let mut by_both: HashMap<(SeqNum, SeqNum), Vec<(Node, bool)>, RandomState> = HashMap::default();
        let mut by_one: HashMap<(SeqNum, Endpoint), Vec<(Node, bool)>, RandomState> = HashMap::default();
        for (node, flow) in self.nodes() {
            let client = if flow.ends.forward.sent_syn() { Way::Forward } else { Way::Back };
            let (Some(asked), answered) = (flow.ends[client].syn_seq(), flow.ends[client.reverse()].syn_seq()) else {
                continue;
            };
            if !flow.ends[client].sent_syn() {
                continue;
            }
            if let Some(answered) = answered {
                by_both.entry((asked, answered)).or_default().push((node, client == Way::Back));
            }
            for way in Way::BOTH {
                let end = flow.stream.endpoints[way];
                by_one.entry((asked, end)).or_default().push((node, client == Way::Back));
            }
        }
        let mut groups: Vec<_> = by_both.into_values().chain(by_one.into_values()).collect();
        // A capture on all interfaces of a translator has both names of a connection at one point.
        groups.retain(|group| {
            group.iter().any(|(node, _)| group.first().is_some_and(|(first, _)| first.point != node.point))
        });
        groups.sort_unstable_by_key(|group| group.first().map(|(node, _)| *node));
        for group in groups {
            let Some(&(first, flipped)) = group.first() else { continue };
            for &(other, flip) in group.get(1..).unwrap_or_default() {
                self.join(first, other, flipped != flip, Pair::default());
            }
        }
    }

    /// One endpoint the same, and both streams within those of a flow elsewhere: what a translator made of a connection whose
    /// handshake one of the captures lacks.
    fn in_midstream(&mut self) {
        let mut by_end: HashMap<Endpoint, Vec<(Node, &Flow)>, RandomState> = HashMap::default();
        for (node, flow) in self.nodes() {
            for way in Way::BOTH {
                by_end.entry(flow.stream.endpoints[way]).or_default().push((node, flow));
            }
        }
        let mut left = MOST_COMPARISONS;
        let midstream: Vec<(Node, &Flow)> = self.nodes().filter(|(_, flow)| flow.is_midstream()).collect();
        for (node, flow) in midstream {
            let connection = self.root(self.index(node)).0;
            for (way, end) in Way::BOTH.map(|way| (way, flow.stream.endpoints[way])) {
                for &(other, there) in by_end.get(&end).into_iter().flatten() {
                    let Some(rest) = left.checked_sub(1) else { return };
                    left = rest;
                    if other.point == node.point || self.root(self.index(other)).0 == connection {
                        continue;
                    }
                    let flipped = there.stream.endpoints[way] != end;
                    if both_fit(there, flow, flipped) {
                        self.join(other, node, flipped, Pair::default());
                    }
                }
            }
        }
    }

    fn finish(self) -> Vec<Connection> {
        let mut connections: Vec<Connection> = Vec::new();
        let mut of_root: HashMap<usize, usize, RandomState> = HashMap::default();
        for (node, _) in self.nodes() {
            let (root, flipped, shift) = self.root(self.index(node));
            let view = View { point: node.point, flow: node.flow, flipped, shift };
            let place = *of_root.entry(root).or_insert_with(|| {
                connections.push(Connection { views: Vec::new() });
                connections.len() - 1
            });
            if let Some(connection) = connections.get_mut(place) {
                connection.views.push(view);
            }
        }
        let began = |connection: &Connection| {
            let first = |view: &View| Some(self.points.get(view.point)?.flow(view.flow)?.first_frame);
            connection.views.iter().filter_map(first).min()
        };
        connections.sort_by_key(began);
        connections
    }
}

fn swapped(pair: Pair<u32>) -> Pair<u32> {
    Pair { forward: pair.back, back: pair.forward }
}

fn sum(one: Pair<u32>, other: Pair<u32>) -> Pair<u32> {
    Pair { forward: one.forward.wrapping_add(other.forward), back: one.back.wrapping_add(other.back) }
}

fn negated(pair: Pair<u32>) -> Pair<u32> {
    Pair { forward: pair.forward.wrapping_neg(), back: pair.back.wrapping_neg() }
}

/// The numbers that a side sent, from the first to behind the last: as it sent them, or as the other side acknowledged them.
fn stream(flow: &Flow, way: Way) -> Option<(SeqNum, SeqNum)> {
    let (own, peer) = (&flow.stream.sides[way], &flow.stream.sides[way.reverse()]);
    match (own.next(), peer.acked()) {
        (Some(next), _) => {
            let octets = u32::try_from(flow.ends[way].octets.min(1 << 30)).unwrap_or_default();
            let first = flow.ends[way].syn_seq().filter(|syn| !next.before(*syn));
            Some((first.unwrap_or(next.add(octets.wrapping_neg())), next))
        }
        (None, Some(acked)) => Some((acked, acked)),
        (None, None) => {
            let mut resets = flow.resets().iter().filter(|reset| reset.way == way);
            resets.next().map(|reset| (reset.segment.seq, reset.segment.seq))
        }
    }
}

/// Whether two streams may be one; `None` where one of them is not known.
fn overlap(one: Option<(SeqNum, SeqNum)>, other: Option<(SeqNum, SeqNum)>, slack: i32) -> Option<bool> {
    let ((from, to), (first, last)) = (one?, other?);
    Some(first.since(to) <= slack && from.since(last) <= slack)
}

fn in_ways(way: Way, flipped: bool) -> Way {
    if flipped { way.reverse() } else { way }
}

/// Whether the numbers of at least one side fit, and those of none contradict.
fn fits(a: &Flow, b: &Flow, flipped: bool) -> bool {
    let mut any = false;
    for way in Way::BOTH {
        let there = in_ways(way, flipped);
        if let (Some(one), Some(other)) = (a.ends[way].syn_seq(), b.ends[there].syn_seq()) {
            // Where both captures have the SYN, its number is the connection's.
            if one != other {
                return false;
            }
            any = true;
            continue;
        }
        match overlap(stream(a, way), stream(b, there), NEAR) {
            Some(false) => return false,
            Some(true) => any = true,
            None => {}
        }
    }
    any
}

/// Whether both streams of `b` lie within those of `a`, or the other way round.
fn both_fit(a: &Flow, b: &Flow, flipped: bool) -> bool {
    Way::BOTH.iter().all(|&way| overlap(stream(a, way), stream(b, in_ways(way, flipped)), 0) == Some(true))
}

/// What the numbers of `b` lack to be those of `a`, where a device on the way gave the connection other ones: both captures have
/// the handshake, and either side sent as much here as there.
fn renumbered(a: &Flow, b: &Flow, flipped: bool) -> Option<Pair<u32>> {
    let mut shift = Pair::default();
    let mut octets = 0;
    for way in Way::BOTH {
        let there = in_ways(way, flipped);
        let (one, other) = (a.ends[way].syn_seq()?, b.ends[there].syn_seq()?);
        shift[way] = one.0.wrapping_sub(other.0);
        if a.ends[way].octets != b.ends[there].octets {
            return None;
        }
        octets += a.ends[way].octets;
    }
    (octets > 0).then_some(shift)
}
