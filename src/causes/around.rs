//! What the other flows say about why one ended: built once, then only read.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::OnceLock;

use foldhash::fast::RandomState;

use super::story::Story;
use crate::attribution::{Mechanism, Sender};
use crate::evidence::Confidence;
use crate::flow::{Flow, Phase, Roles};
use crate::knowledge::idle_timeouts::{self, IdleTimeout, Place};
use crate::knowledge::site::Site;
use crate::prefetch;
use crate::tcp::{Duration, Endpoint, FrameNumber, Timestamp};

/// Connections remembered in all; a capture with more is told by the first ones.
const MOST: usize = 1_000_000;

/// Octets that a connection takes with its places in the lists, where each has its own client: twice over, as tables grow.
const OCTETS: usize = 2 * size_of::<Connection>() + 200;

/// Names of connections that ended well that are remembered.
const MOST_NAMED: usize = 4096;

/// Connections that a packet filter on a host reset that are remembered: few hosts do that.
const MOST_FILTERED: usize = 1024;

/// The length of a name in the DNS (RFC 1035 section 2.3.4), and of a port.
const LONGEST_NAME: usize = 255 + 6;

/// Connections looked at before and after one: enough to know a limit, a rate or a scan by, and few enough that a million of
/// them do not take time by its square.
const NEIGHBOURS: usize = 256;

/// The same of all connections of the capture: those of many seconds on a busy network's edge.
const MOMENT: usize = 2048;

/// By how many connections of a list one is asked for ahead of its use.
const AHEAD: usize = 8;

/// One connection, as seen from afar.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// Its flow.
    pub flow: u64,
    /// The client's address.
    pub client: [u8; 16],
    /// The server.
    pub server: Endpoint,
    /// When it was asked for.
    pub began: Timestamp,
    /// When it ended, if it did.
    pub ended: Option<Timestamp>,
    /// Its first frame.
    pub frame: FrameNumber,
    /// The frame of the decisive reset.
    pub reset: Option<FrameNumber>,
    /// Whether it was granted.
    pub accepted: bool,
    /// Whether data went either way.
    pub has_data: bool,
    /// Who sent the decisive reset.
    pub sender: Option<Sender>,
    /// And how.
    pub mechanism: Option<Mechanism>,
    /// Whether that is more than possible.
    pub is_sure: bool,
    /// The decisive reset is in the client's name.
    pub by_client: bool,
    /// A long silence before the end.
    pub pause: Option<Duration>,
}

/// The connections of a capture by client and by server.
pub struct Around {
    most: usize,
    connections: Vec<Connection>,
    /// When each of them began, once more and close together: they are mostly looked for by that.
    begins: Vec<Timestamp>,
    /// Whether no clock went backwards among them.
    in_order: bool,
    by_client: OnceLock<Index<[u8; 16]>>,
    by_server: OnceLock<Index<Endpoint>>,
    /// Those that were granted and had data: the place of each and the port of its server.
    used: Vec<(u32, u16)>,
    named: Vec<Named>,
    /// Where a packet filter on the server's host reset connections: the server, when each began, and the frame of the reset.
    filtered: Vec<(Endpoint, Timestamp, FrameNumber)>,
    /// What is known of the place beforehand.
    pub site: Site,
}

/// A connection that was answered and ended well, by the name that its client had asked for.
#[derive(Clone, Debug)]
pub struct Named {
    /// The client's address.
    pub client: [u8; 16],
    /// The server.
    pub server: Endpoint,
    /// When it was asked for.
    pub began: Timestamp,
    /// Its first frame.
    pub frame: FrameNumber,
    /// The name. Text from packets, but only characters that hosts' names have.
    pub name: Box<str>,
}

impl Default for Around {
    fn default() -> Self {
        Self::within(usize::MAX)
    }
}

impl Around {
    /// Whose idle limit a silence of this length may be, those that the site has set first.
    pub fn idle_limits(&self, gap: Duration, place: Place) -> Vec<&IdleTimeout> {
        let known = idle_timeouts::candidates(gap, &self.site.limits);
        known.into_iter().filter(|limit| limit.place == place).collect()
    }

    /// Remembers what fits in so many octets.
    pub fn within(octets: usize) -> Self {
        Self {
            most: MOST.min(octets / OCTETS),
            connections: Vec::new(),
            begins: Vec::new(),
            in_order: true,
            by_client: OnceLock::new(),
            by_server: OnceLock::new(),
            used: Vec::new(),
            named: Vec::new(),
            filtered: Vec::new(),
            site: Site::default(),
        }
    }

    /// Makes room for so many connections, or as many as are remembered.
    pub fn expect(&mut self, connections: usize) {
        let room = connections.min(self.most);
        self.connections.reserve_exact(room);
        self.begins.reserve_exact(room);
    }

    /// What is remembered of a flow that was judged; nothing where it has no time.
    pub fn outline(story: &Story<'_>) -> Option<Connection> {
        let verdict = story.verdict();
        connection(story.case.flow, story.case.roles).map(|plain| Connection {
            ended: if story.decisive.is_some() { story.ended() } else { plain.ended },
            reset: story.decisive.map(|decisive| decisive.reset.segment.frame),
            accepted: story.phase().map_or(plain.accepted, |phase| phase > Phase::Syn && plain.accepted),
            has_data: !story.is_dataless(),
            sender: verdict.map(|verdict| verdict.sender),
            mechanism: verdict.map(|verdict| verdict.mechanism),
            is_sure: verdict.and_then(|verdict| verdict.confidence) > Some(Confidence::Possible),
            by_client: story.from_client(),
            pause: story.pause.map(|pause| pause.length),
            ..plain
        })
    }

    /// Takes in a flow that was judged.
    pub fn learn(&mut self, story: &Story<'_>) {
        self.add(Self::outline(story));
    }

    /// Takes in a flow that ended well.
    pub fn learn_good(&mut self, flow: &Flow, name: Option<String>) {
        self.add(connection(flow, Roles::of(flow)));
        name.iter().for_each(|name| self.learn_name(flow, name));
    }

    /// Takes in the name that was asked for in a flow that ended well.
    pub fn learn_name(&mut self, flow: &Flow, name: &str) {
        if let Some(Connection { client, server, began, frame, .. }) = connection(flow, Roles::of(flow))
            && self.wants_name_of(flow)
            && is_host_name(name)
        {
            self.named.push(Named { client, server, began, frame, name: name.into() });
        }
    }

    /// Whether the name that was asked for in a flow that ended well would be remembered: where it was answered, and there is
    /// room for one more.
    pub fn wants_name_of(&self, flow: &Flow) -> bool {
        self.named.len() < MOST_NAMED && flow.ends[Roles::of(flow).from_client.reverse()].octets > 0
    }

    /// Where a packet filter on the server's host reset a connection that began within so long of a moment.
    pub fn filtered_near(&self, server: Endpoint, moment: Timestamp, within: Duration) -> Option<FrameNumber> {
        let is_near = |began: Timestamp| began.since(moment).0.saturating_abs() <= within.0;
        self.filtered.iter().find(|(of, began, _)| *of == server && is_near(*began)).map(|&(.., frame)| frame)
    }

    /// Connections that were answered and ended well, with the names that were asked for, as far as these were read.
    pub fn named(&self) -> &[Named] {
        &self.named
    }

    /// Takes in the outline of a flow.
    pub fn add(&mut self, connection: Option<Connection>) {
        let Some(connection) = connection.filter(|_| self.connections.len() < self.most) else { return };
        if connection.mechanism == Some(Mechanism::PacketFilter) && !connection.by_client && connection.is_sure {
            let room = MOST_FILTERED.saturating_sub(self.filtered.len());
            let seen = connection.reset.map(|reset| (connection.server, connection.began, reset));
            self.filtered.extend(seen.into_iter().take(room));
        }
        self.in_order &= self.begins.last().is_none_or(|last| *last <= connection.began);
        self.begins.push(connection.began);
        if connection.accepted && connection.has_data {
            self.used.push((self.connections.len() as u32, connection.server.port));
        }
        self.connections.push(connection);
        self.by_client.take();
        self.by_server.take();
    }

    /// Makes the lists of each client's and of each server's connections, in either order, before anybody asks for them: two
    /// steps that two threads can take.
    pub fn lists(&self) -> [Box<dyn Fn() + Sync + '_>; 2] {
        [Box::new(|| _ = self.clients()), Box::new(|| _ = self.servers())]
    }

    fn with_client(&self, address: [u8; 16]) -> &[u32] {
        self.clients().get(&address)
    }

    fn with_server(&self, server: Endpoint) -> &[u32] {
        self.servers().get(&server)
    }

    fn clients(&self) -> &Index<[u8; 16]> {
        self.by_client.get_or_init(|| Index::of(&self.connections, |one| one.client))
    }

    fn servers(&self) -> &Index<Endpoint> {
        self.by_server.get_or_init(|| Index::of(&self.connections, |one| one.server))
    }

    /// The connections of a client's address in the order in which they began.
    pub fn of_client(&self, address: [u8; 16]) -> impl Iterator<Item = &Connection> {
        self.list(self.with_client(address))
    }

    /// The connections to a server's address and port in the order in which they began.
    pub fn of_server(&self, server: Endpoint) -> impl Iterator<Item = &Connection> {
        self.list(self.with_server(server))
    }

    /// The connections to a port that were granted and had data and began within some time of a moment, of those that began shortly
    /// before and after it.
    pub fn used_near(&self, port: u16, moment: Timestamp, within: Duration) -> impl Iterator<Item = &Connection> {
        let at = self.begins.partition_point(|began| *began < moment);
        let mut window = at.saturating_sub(MOMENT)..at.saturating_add(MOMENT).min(self.connections.len());
        if self.in_order {
            // Those too early and too late need no look each.
            let near = self.begins.get(window.clone()).unwrap_or_default();
            let (earliest, latest) = (moment.plus(Duration(-within.0)), moment.plus(within));
            let begin = near.partition_point(|began| *began < earliest);
            let end = near.partition_point(|began| *began <= latest);
            window = window.start + begin..window.start + end;
        }
        let place_of = |bound: usize| self.used.partition_point(|(place, _)| (*place as usize) < bound);
        let used = self.used.get(place_of(window.start)..place_of(window.end)).unwrap_or_default();
        let of_port = used.iter().filter(move |(_, to)| *to == port);
        let near = of_port.filter_map(|(place, _)| self.connections.get(*place as usize));
        near.filter(move |one| one.began.since(moment).0.saturating_abs() <= within.0)
    }

    /// The connection of the flow with this id, if it is remembered: flows are taken in in the order of their ids.
    pub fn of_flow(&self, id: u64) -> Option<&Connection> {
        self.connections.binary_search_by_key(&id, |one| one.flow).ok().and_then(|at| self.connections.get(at))
    }

    /// Those to a server that began shortly before and after a moment, in the order in which they began.
    pub fn near_server(&self, server: Endpoint, time: Timestamp) -> impl Iterator<Item = &Connection> + Clone {
        self.window(self.with_server(server), time)
    }

    /// Of [`Self::near_server`] those that began before that moment.
    pub fn before_at_server(&self, server: Endpoint, time: Timestamp) -> impl Iterator<Item = &Connection> {
        let indices = self.with_server(server);
        let (begin, at, end) = self.place(indices, time);
        // Where a clock went backwards some lie behind it.
        let end = if self.in_order { at } else { end };
        self.list(indices.get(begin..end).unwrap_or_default()).filter(move |one| one.began < time)
    }

    /// Of [`Self::near_server`] those that began after that moment.
    pub fn after_at_server(&self, server: Endpoint, time: Timestamp) -> impl Iterator<Item = &Connection> {
        let indices = self.with_server(server);
        let (begin, at, end) = self.place(indices, time);
        let begin = if self.in_order { at } else { begin };
        self.list(indices.get(begin..end).unwrap_or_default()).filter(move |one| one.began > time)
    }

    /// Those of a client's address that began shortly before and after a moment.
    pub fn near_client(&self, address: [u8; 16], time: Timestamp) -> impl Iterator<Item = &Connection> + Clone {
        self.window(self.with_client(address), time)
    }

    fn window<'s>(&'s self, indices: &'s [u32], time: Timestamp) -> impl Iterator<Item = &'s Connection> + Clone {
        let (begin, _, end) = self.place(indices, time);
        self.list(indices.get(begin..end).unwrap_or_default())
    }

    /// Where a moment lies among some connections, between the bounds of those that began shortly before and after it.
    fn place(&self, indices: &[u32], time: Timestamp) -> (usize, usize, usize) {
        let began = |index: u32| self.begins.get(index as usize).copied();
        // Flows are learnt in the order in which they began; where a clock goes backwards the window is only less exact.
        let at = indices.partition_point(|&index| began(index).is_some_and(|began| began < time));
        (at.saturating_sub(NEIGHBOURS), at, at.saturating_add(NEIGHBOURS).min(indices.len()))
    }

    fn list<'s>(&'s self, indices: &'s [u32]) -> impl Iterator<Item = &'s Connection> + Clone {
        let at = |index: u32| self.connections.get(index as usize);
        indices.iter().enumerate().filter_map(move |(place, &index)| {
            // Neighbours lie anywhere in memory.
            if let Some(next) = indices.get(place + AHEAD).and_then(|&next| at(next)) {
                prefetch::value(next, 0, size_of::<Connection>());
            }
            at(index)
        })
    }
}

/// The connections that have something in common, made when somebody first asks.
struct Index<K> {
    /// The numbers of those that are in common.
    numbers: HashMap<K, u32, RandomState>,
    /// Where the connections of each number begin in the list, and where the last ones end.
    begins: Vec<u32>,
    /// Places of connections, those of one number together and in their order.
    list: Vec<u32>,
}

impl<K: Eq + Hash> Index<K> {
    fn of(connections: &[Connection], key: impl Fn(&Connection) -> K) -> Self {
        let mut numbers: HashMap<K, u32, RandomState> = HashMap::default();
        let number = |one| {
            let next = numbers.len() as u32;
            *numbers.entry(key(one)).or_insert(next)
        };
        let numbered: Vec<u32> = connections.iter().map(number).collect();
        let mut begins = vec![0; numbers.len() + 1];
        for &number in &numbered {
            begins.get_mut(number as usize + 1).into_iter().for_each(|count| *count += 1);
        }
        let mut sum = 0;
        begins.iter_mut().for_each(|count| {
            sum += *count;
            *count = sum;
        });
        let mut list = vec![0; numbered.len()];
        let mut next = begins.clone();
        for (number, place) in numbered.into_iter().zip(0..) {
            let Some(next) = next.get_mut(number as usize) else { continue };
            list.get_mut(*next as usize).into_iter().for_each(|free| *free = place);
            *next += 1;
        }
        Self { numbers, begins, list }
    }

    fn get(&self, key: &K) -> &[u32] {
        let places = self.numbers.get(key).and_then(|&number| {
            let [begin, end] = *self.begins.get(number as usize..)?.first_chunk::<2>()?;
            self.list.get(begin as usize..end as usize)
        });
        places.unwrap_or_default()
    }
}

/// Whether a text can be the name or address of a host, with a port or without.
fn is_host_name(text: &str) -> bool {
    let is_usual = |octet: u8| octet.is_ascii_alphanumeric() || b".-_:[]".contains(&octet);
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(is_usual)
}

fn connection(flow: &Flow, roles: Roles) -> Option<Connection> {
    let client = roles.from_client;
    Some(Connection {
        flow: flow.id,
        client: flow.stream.endpoints[client].address,
        server: flow.stream.endpoints[client.reverse()],
        began: flow.first_time?,
        ended: if flow.both_fins() { flow.last_time() } else { None },
        frame: flow.first_frame,
        reset: None,
        accepted: flow.established() || flow.ends[client.reverse()].sent_syn_ack(),
        has_data: flow.ends.forward.octets + flow.ends.back.octets > 0,
        sender: None,
        mechanism: None,
        is_sure: false,
        by_client: false,
        pause: None,
    })
}
