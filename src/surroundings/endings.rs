//! When and how the connections of each address ended, across flows.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use crate::flow::{Ended, Flow, Profile, Way};
use crate::prefetch;
use crate::tcp::{Duration, Endpoint, FrameNumber, Timestamp};

/// Sockets of one process end within this when it dies: those with much to send take a moment (0.25 to 1 s decided the recorded
/// captures alike).
pub const SAME_EXIT: Duration = Duration::from_millis(250);

/// Endings that are remembered of one address.
const MOST_ENDINGS: usize = 100_000;

/// Endings that are looked at around one moment: whoever ends more connections at once is no riddle, and a flood of them
/// must not take time by its square.
const LOOKED_AT: usize = 1000;

/// Endings of one address from which on those of a port are worth finding without a look at the others.
const MANY: usize = 64;

/// How one side of a connection ended it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By FIN.
    Fin,
    /// By RST with ACK out of a live connection.
    Abort,
    /// By RST alone.
    Answer,
    /// It refused a SYN.
    Refusal,
    /// It accepted a SYN: no ending, but what a refusal is to be compared with.
    Acceptance,
    /// It sent data on a connection that is older than the capture: the first of it that was captured.
    Service,
}

impl Kind {
    /// Whether it is no ending, but shows that whoever listens on the port lived.
    pub fn shows_life(self) -> bool {
        matches!(self, Self::Acceptance | Self::Service)
    }

    fn of(ended: &Ended) -> Self {
        match (ended.flags.rst(), ended.flags.ack()) {
            (true, true) if ended.seq_is_zero => Self::Refusal,
            (true, true) => Self::Abort,
            (true, false) => Self::Answer,
            (false, _) => Self::Fin,
        }
    }
}

/// What one side did.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// When.
    pub time: Timestamp,
    /// What.
    pub kind: Kind,
    /// Its own port.
    pub port: u16,
    /// In which flow.
    pub flow: u64,
    /// In which frame.
    pub frame: FrameNumber,
}

/// The endings of each address.
#[derive(Default)]
pub struct Endings {
    by_address: HashMap<[u8; 16], OfAddress, RandomState>,
}

#[derive(Default)]
struct OfAddress {
    /// In the order of time; where they are many, those of each port together and in that order. Most have one.
    endings: SmallVec<[Ending; 1]>,
    /// The place of each in the order of time; none where they are few.
    by_time: Box<[u32]>,
}

impl OfAddress {
    /// Those of one port in the order of time, parted at a moment: the first half latest first. Whether what ended just then counts to
    /// it, `is_first` says.
    fn parted(
        &self,
        port: u16,
        moment: Timestamp,
        is_first: bool,
    ) -> (impl Iterator<Item = &Ending>, impl Iterator<Item = &Ending>) {
        // The few are gone through, whatever their ports.
        let is_few = self.by_time.is_empty();
        let at = self.endings.partition_point(|ending| match is_few || ending.port == port {
            true => ending.time < moment || is_first && ending.time == moment,
            false => ending.port < port,
        });
        let (before, behind) = self.endings.split_at(at);
        let of_port = move |ending: &&Ending| ending.port == port;
        let goes_on = move |ending: &&Ending| is_few || ending.port == port;
        (before.iter().rev().take_while(goes_on).filter(of_port), behind.iter().take_while(goes_on).filter(of_port))
    }

    /// Those from a moment on, in the order of time.
    fn since(&self, moment: Timestamp) -> impl Iterator<Item = &Ending> {
        let few: &[Ending] = if self.by_time.is_empty() { &self.endings } else { &[] };
        let few = few.get(few.partition_point(|ending| ending.time < moment)..).unwrap_or_default();
        let ending = |&place: &u32| self.endings.get(place as usize);
        let is_before = |place: &u32| ending(place).is_some_and(|ending| ending.time < moment);
        let many = self.by_time.get(self.by_time.partition_point(is_before)..).unwrap_or_default();
        few.iter().chain(many.iter().filter_map(ending))
    }

    /// Puts them in order, once all are known.
    fn sort(&mut self) {
        self.endings.sort_by_key(|ending| ending.time);
        if self.endings.len() < MANY {
            return;
        }
        let mut by_port: Vec<(u16, u32)> = self.endings.iter().map(|ending| ending.port).zip(0..).collect();
        by_port.sort_unstable();
        self.by_time = vec![0; by_port.len()].into();
        for (&(_, at), place) in by_port.iter().zip(0..) {
            self.by_time[at as usize] = place;
        }
        let moved: Vec<Ending> = by_port.iter().map(|&(_, at)| self.endings[at as usize]).collect();
        self.endings = moved.into();
    }
}

impl Endings {
    /// Those of these flows.
    pub(super) fn of_flows(flows: &[&Flow]) -> Self {
        let mut endings = Self::default();
        prefetch::ahead(flows).for_each(|flow: &Flow| endings.learn(flow));
        endings.by_address.values_mut().for_each(OfAddress::sort);
        endings
    }

    /// Takes in how a flow's sides ended it.
    fn learn(&mut self, flow: &Flow) {
        for way in Way::BOTH {
            let own = flow.stream.endpoints[way];
            let side = Profile::of(flow, way);
            let accepted = side.accepted.map(|(time, frame)| (time, frame, Kind::Acceptance));
            let is_older = flow.is_midstream() && flow.ends[way].octets > 0;
            let served = flow.first_time.filter(|_| is_older).map(|time| (time, flow.first_frame, Kind::Service));
            let ended = side.ended.map(|ended| (ended.time, ended.frame, Kind::of(&ended)));
            for (time, frame, kind) in accepted.into_iter().chain(served).chain(ended) {
                let OfAddress { endings, .. } = self.by_address.entry(own.address).or_default();
                if endings.len() < MOST_ENDINGS {
                    endings.push(Ending { time, kind, port: own.port, flow: flow.id, frame });
                }
            }
        }
    }

    /// Those of an address within some time of a moment.
    pub fn near(&self, address: [u8; 16], time: Timestamp, within: Duration) -> impl Iterator<Item = &Ending> {
        let (from, until) = (time.plus(Duration(-within.0)), time.plus(within));
        let found = self.by_address.get(&address).map(|all| all.since(from));
        found.into_iter().flatten().take(LOOKED_AT).take_while(move |ending| ending.time <= until)
    }

    /// Those of one port within some time of a moment.
    pub fn near_port(&self, end: Endpoint, time: Timestamp, within: Duration) -> impl Iterator<Item = &Ending> {
        let (from, until) = (time.plus(Duration(-within.0)), time.plus(within));
        let found = self.by_address.get(&end.address).map(|all| all.parted(end.port, from, false).1);
        found.into_iter().flatten().take(LOOKED_AT).take_while(move |ending| ending.time <= until)
    }

    /// The next ones of a port after a moment.
    pub fn after(&self, end: Endpoint, time: Timestamp) -> impl Iterator<Item = &Ending> {
        let found = self.by_address.get(&end.address).map(|all| all.parted(end.port, time, true).1);
        found.into_iter().flatten().take(LOOKED_AT)
    }

    /// The last ones of a port before a moment, latest first.
    pub fn before(&self, end: Endpoint, time: Timestamp) -> impl Iterator<Item = &Ending> {
        let found = self.by_address.get(&end.address).map(|all| all.parted(end.port, time, false).0);
        found.into_iter().flatten().take(LOOKED_AT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::testing::Scene;

    impl Endings {
        /// All endings by an address, in the order of time.
        fn of(&self, address: [u8; 16]) -> Vec<Ending> {
            let first = Timestamp::from_nanos(i64::MIN);
            self.by_address.get(&address).map_or(Vec::new(), |all| all.since(first).copied().collect())
        }
    }

    #[test]
    fn those_of_a_port_are_found_among_many_as_among_few() {
        let ending = |at: u64| Ending {
            time: Timestamp::from_nanos(at as i64 / 2),
            kind: Kind::Fin,
            port: (at * at % 5) as u16,
            flow: at,
            frame: FrameNumber::FIRST,
        };
        for count in [0, 1, 3, 63, 64, 200] {
            let mut endings = Endings::default();
            let all = (0..count).rev().map(ending).collect();
            endings.by_address.insert([7; 16], OfAddress { endings: all, ..OfAddress::default() });
            endings.by_address.values_mut().for_each(OfAddress::sort);
            assert_eq!(endings.by_address[&[7; 16]].by_time.is_empty(), count < MANY as u64);
            let in_time = endings.of([7; 16]);
            assert!(in_time.len() == count as usize && in_time.is_sorted_by_key(|one| one.time));
            for port in 0..6 {
                let end = Endpoint { address: [7; 16], port };
                for moment in -1..=count as i64 / 2 + 1 {
                    let time = Timestamp::from_nanos(moment);
                    let here = |is_wanted: &dyn Fn(i64) -> bool| -> Vec<u64> {
                        let wanted = in_time.iter().filter(|one| one.port == port);
                        wanted.filter(|one| is_wanted(one.time.nanos() - moment)).map(|one| one.flow).collect()
                    };
                    let mut before: Vec<u64> = endings.before(end, time).map(|one| one.flow).collect();
                    before.reverse();
                    assert_eq!(before, here(&|apart| apart < 0));
                    assert!(endings.after(end, time).map(|one| one.flow).eq(here(&|apart| apart > 0)));
                    let near = endings.near_port(end, time, Duration(3)).map(|one| one.flow);
                    assert!(near.eq(here(&|apart| apart.abs() <= 3)));
                }
            }
        }
    }

    #[test]
    fn the_first_ending_of_each_side_is_kept_in_the_order_of_time() {
        let scene = Scene::of(
            "0   c S  0
             1   s SA 0 ack 1
             2   c A  1 ack 1
             50  s FA 1 ack 1
             51  c RA 1 ack 2
             52  c R  1
             10  c S  0 flow 1
             11  s SA 0 ack 1 flow 1
             30  s RA 1 ack 1 flow 1
             40  c S  0 flow 2
             41  s R  1 flow 2",
        );
        let server = scene.flow(0).stream.endpoints.back;
        let of: Vec<(Kind, u16)> =
            scene.surroundings.endings.of(server.address).iter().map(|ending| (ending.kind, ending.port)).collect();
        use Kind::{Abort, Acceptance, Answer, Fin};
        assert_eq!(of, [(Acceptance, 443), (Acceptance, 443), (Abort, 443), (Answer, 443), (Fin, 443)]);
        let client = scene.flow(0).stream.endpoints.forward.address;
        let of: Vec<Kind> = scene.surroundings.endings.of(client).iter().map(|ending| ending.kind).collect();
        assert_eq!(of, [Abort], "what follows the first ending is its echo");
    }

    #[test]
    fn who_sends_data_on_an_older_connection_serves_it() {
        let scene = Scene::of(
            "0  c PA 1 ack 1 len 10
             1  s PA 1 ack 11 len 5
             2  c A  11 ack 6
             10 c A  1 ack 1 flow 1
             20 s FA 1 ack 1 flow 1",
        );
        let server = scene.flow(0).stream.endpoints.back.address;
        let kinds: Vec<Kind> = scene.surroundings.endings.of(server).iter().map(|ending| ending.kind).collect();
        assert_eq!(kinds, [Kind::Service, Kind::Fin], "who sends none may be gone");
    }

    #[test]
    fn a_refusal_is_told_by_its_number() {
        let scene = Scene::of("0 c S 0\n 1 s RA 3001 ack 1");
        let server = scene.flow(0).stream.endpoints.back.address;
        let kinds: Vec<Kind> = scene.surroundings.endings.of(server).iter().map(|ending| ending.kind).collect();
        assert_eq!(kinds, [Kind::Refusal]);
    }

    #[test]
    fn near_means_within_the_bound_on_both_sides() {
        let scene =
            Scene::of("0 c FA 1 ack 1\n 100 c FA 1 ack 1 flow 1\n 200 c FA 1 ack 1 flow 2\n 301 c FA 1 ack 1 flow 3");
        let client = scene.flow(0).stream.endpoints.forward.address;
        let at = Timestamp::from_nanos(200_000_000);
        let near = |millis| {
            let endings = &scene.surroundings.endings;
            endings.near(client, at, Duration::from_millis(millis)).count()
        };
        assert_eq!([near(0), near(99), near(100), near(200), near(1000)], [1, 1, 2, 4, 4]);
    }
}
