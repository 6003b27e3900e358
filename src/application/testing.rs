//! Conversations for tests.

use super::{Application, End, read};
use crate::flow::testing::segment;
use crate::flow::{RoleSource, Roles, Way};
use crate::tcp::{SeqNum, TcpFlags, Timestamp};
use crate::timeline::{Sighting, Timeline};

/// A connection, built message by message. It begins with both SYNs; numbers cross the wrap.
#[derive(Clone)]
pub(super) struct Dialogue {
    sightings: Vec<Sighting>,
    next: [SeqNum; 2],
    port: u16,
}

const START: [SeqNum; 2] = [SeqNum(u32::MAX - 5), SeqNum(u32::MAX - 200)];

impl Dialogue {
    pub fn new() -> Self {
        let mut dialogue = Self { sightings: Vec::new(), next: START, port: 9999 };
        for way in Way::BOTH {
            dialogue.push(way, START[way as usize].add(u32::MAX), 0.0, b"", 0, 0, TcpFlags::SYN);
        }
        dialogue
    }

    /// The server's port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        for one in &mut self.sightings {
            let segment = &mut one.segment;
            let server = if one.way == Way::Back { &mut segment.source } else { &mut segment.destination };
            server.port = port;
        }
        self
    }

    #[allow(clippy::too_many_arguments)]
    fn push(&mut self, way: Way, seq: SeqNum, millis: f64, data: &[u8], len: usize, kept: usize, flags: TcpFlags) {
        let frame = self.sightings.len() as u64 + 1;
        let mut segment = segment(frame, (millis * 1000.0) as i64);
        segment.seq = seq;
        segment.flags = flags.union(TcpFlags::ACK);
        segment.payload_len = len as u32;
        segment.captured_payload = len as u32;
        segment.destination.port = self.port;
        if way == Way::Back {
            std::mem::swap(&mut segment.source, &mut segment.destination);
        }
        let payload = data[..kept.min(data.len())].to_vec().into();
        self.sightings.push(Sighting {
            segment,
            way,
            copy: false,
            after_gap: false,
            link_source: None,
            direction: None,
            flow_label: None,
            payload,
        });
    }

    fn say(mut self, way: Way, millis: f64, data: &[u8], len: usize, kept: usize) -> Self {
        let seq = self.next[way as usize];
        self.next[way as usize] = seq.add(len as u32);
        self.push(way, seq, millis, data, len, kept, TcpFlags::PSH);
        self
    }

    /// The client sends this at this millisecond.
    pub fn client(self, millis: f64, data: &[u8]) -> Self {
        self.say(Way::Forward, millis, data, data.len(), data.len())
    }

    /// The server sends this at this millisecond.
    pub fn server(self, millis: f64, data: &[u8]) -> Self {
        self.say(Way::Back, millis, data, data.len(), data.len())
    }

    /// One of them sends so many octets that were not kept.
    pub fn unkept(self, way: Way, millis: f64, len: usize) -> Self {
        self.say(way, millis, b"", len, 0)
    }

    /// The client sends this, of which the first octets were kept.
    pub fn client_kept(self, data: &[u8], kept: usize) -> Self {
        self.say(Way::Forward, 0.0, data, data.len(), kept)
    }

    /// The client sends this from an offset of its stream.
    pub fn client_at(mut self, offset: u32, data: &[u8]) -> Self {
        self.push(Way::Forward, START[0].add(offset), 0.0, data, data.len(), data.len(), TcpFlags::PSH);
        self
    }

    /// One of them closes its side.
    pub fn fin(mut self, way: Way, millis: f64) -> Self {
        let seq = self.next[way as usize];
        self.push(way, seq, millis, b"", 0, 0, TcpFlags::FIN);
        self
    }

    /// One of them resets, with this data in the reset.
    pub fn reset(mut self, way: Way, millis: f64, data: &[u8]) -> Self {
        let seq = self.next[way as usize];
        self.push(way, seq, millis, data, data.len(), data.len(), TcpFlags::RST);
        self
    }

    /// As if the capture had begun behind the handshake.
    pub fn forget_handshake(&mut self) {
        self.sightings.drain(..2);
    }

    /// Its segments.
    pub fn timeline(&self) -> Timeline {
        Timeline { sightings: self.sightings.clone(), left_out: 0 }
    }

    /// What the room says of it if it ends at this millisecond.
    pub fn read(&self, millis: f64) -> Application {
        let roles = Roles { from_client: Way::Forward, source: RoleSource::Syn };
        let place = self.sightings.iter().position(|one| one.segment.flags.rst()).unwrap_or(self.sightings.len());
        let time = Some(Timestamp::from_nanos((millis * 1e6) as i64));
        read(&self.timeline(), roles, End { place, time })
    }

    /// The phrase of progress if it ends at this millisecond.
    pub fn progress(&self, millis: f64) -> String {
        self.read(millis).progress.unwrap_or_default()
    }
}

/// Reads a dialogue cut after every octet of either side, each direction alone, and with every octet damaged: nothing may panic.
pub(super) fn abuse(client: &[u8], server: &[u8]) {
    for cut in 0..=client.len() {
        Dialogue::new().client(1.0, &client[..cut]).read(2.0);
        Dialogue::new().client(1.0, &client[..cut]).server(1.5, server).read(2.0);
        Dialogue::new().client_kept(client, cut).server(1.5, server).read(2.0);
    }
    for cut in 0..=server.len() {
        Dialogue::new().server(1.0, &server[..cut]).read(2.0);
        Dialogue::new().client(1.0, client).server(1.5, &server[..cut]).read(2.0);
    }
    let mut random = 99u32;
    for _ in 0..2000 {
        let (mut one, mut other) = (client.to_vec(), server.to_vec());
        for _ in 0..3 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let side = if random & 1 == 0 { &mut one } else { &mut other };
            if !side.is_empty() {
                let at = (random >> 8) as usize % side.len();
                side[at] = [0, 0xff, (random >> 24) as u8, b'\n'][(random >> 2) as usize % 4];
            }
        }
        Dialogue::new().client(1.0, &one).server(1.5, &other).read(2.0);
    }
}
