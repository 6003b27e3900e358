//! The segments that tell how a flow ended, one a rung.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;

use super::reset::as_text;
use super::{Side, Time};
use crate::flow::{Flow, Pair, Roles, Way};
use crate::tcp::{SeqNum, TcpFlags};
use crate::timeline::{Sighting, Timeline};

/// Rungs of one flow in a report: a handshake, what stands around a reset, and the frames that evidence names.
pub const RUNGS: usize = 40;

/// Rungs of all flows of a report together: some six megabytes as JSON, which a mail server still takes.
pub(super) const RUNGS_OF_A_REPORT: usize = 20_000;

/// Rungs that a single reset takes on either side.
const AROUND: usize = 4;

/// Resets of one flow whose neighbours are shown.
const RESETS: usize = 4;

/// Segments of a handshake: SYN, SYN-ACK, ACK and the first data.
const HANDSHAKE: usize = 4;

/// One segment of a flow.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rung {
    /// Its frame.
    pub frame: u64,
    /// When it was captured.
    pub time: Option<Time>,
    /// Whose address and port it bears.
    pub from: Side,
    /// Its control bits as `PSH,ACK`.
    #[serde(serialize_with = "as_text")]
    pub flags: TcpFlags,
    /// Sequence number relative to the first of its sender, modulo 2³² (Wireshark's `tcp.seq`).
    pub seq: u32,
    /// Acknowledgement number relative to the first of the receiver; `None` where ACK is not set.
    pub ack: Option<u32>,
    /// Octets of data that it carried.
    pub payload_bytes: u32,
    /// Window field, unscaled.
    pub window: Option<u16>,
    /// Time to live or hop limit on arrival.
    pub ttl: u8,
    /// Whether segments of the flow between the rung before and this one are not shown.
    pub gap: bool,
    /// What is odd about it, a clause each.
    pub notes: Vec<Cow<'static, str>>,
}

/// Up to `most` rungs of a flow in capture order: all of its segments where there are no more, else the handshake, what
/// stands around its first resets, its end and the `decisive` frames. `None` where there is no room for so many.
pub(super) fn rungs(
    flow: &Flow,
    timeline: &Timeline,
    decisive: impl Fn() -> BTreeSet<u64>,
    most: usize,
    room: usize,
) -> Option<Vec<Rung>> {
    let sightings = &timeline.sightings;
    let chosen = choose(sightings, decisive, most);
    if chosen.len() > room {
        return None;
    }
    let mut chosen = chosen.into_iter().peekable();
    let client = Roles::of(flow).from_client;
    let mut reader = Reader::new(flow, sightings);
    let (mut rungs, mut gap) = (Vec::with_capacity(chosen.len()), false);
    for (place, sighting) in sightings.iter().enumerate() {
        let notes = reader.take(sighting);
        gap |= sighting.after_gap;
        if chosen.next_if_eq(&place).is_none() {
            gap = true;
            continue;
        }
        let segment = &sighting.segment;
        let relative = |seq: SeqNum, way: Way| seq.0.wrapping_sub(reader.first[way].unwrap_or(seq).0);
        rungs.push(Rung {
            frame: segment.frame.get(),
            time: segment.time.map(Into::into),
            from: if sighting.way == client { Side::Client } else { Side::Server },
            flags: segment.flags,
            seq: relative(segment.seq, sighting.way),
            ack: segment.flags.ack().then(|| relative(segment.ack, sighting.way.reverse())),
            payload_bytes: segment.payload_len,
            window: segment.window,
            ttl: segment.ttl,
            gap: std::mem::take(&mut gap),
            notes,
        });
    }
    Some(rungs)
}

/// The places of the segments to show, in their order.
fn choose(sightings: &[Sighting], decisive: impl Fn() -> BTreeSet<u64>, most: usize) -> Vec<usize> {
    if sightings.len() <= most {
        return (0..sightings.len()).collect();
    }
    let decisive = decisive();
    let resets = || (0..sightings.len()).filter(|&at| sightings.get(at).is_some_and(|one| one.segment.flags.rst()));
    let named = || {
        (0..sightings.len()).filter(|&at| sightings.get(at).is_some_and(|one| decisive.contains(&one.frame().get())))
    };
    let around = resets().take(RESETS).flat_map(|at| at.saturating_sub(AROUND)..=at + AROUND);
    let end = sightings.len().saturating_sub(2)..sightings.len();
    let mut chosen = BTreeSet::new();
    // What matters most comes first.
    for place in resets().take(RESETS).chain(named()).chain(0..HANDSHAKE).chain(around).chain(end).chain(resets()) {
        if chosen.len() >= most {
            break;
        }
        if place < sightings.len() {
            chosen.insert(place);
        }
    }
    chosen.into_iter().collect()
}

/// Follows the segments of a flow as far as to say what is odd about each.
struct Reader<'a> {
    flow: &'a Flow,
    /// What relative numbers count from, as Wireshark chooses it.
    first: Pair<Option<SeqNum>>,
    /// The number after the last octet seen.
    next: Pair<Option<SeqNum>>,
    /// The highest acknowledgement, and the window with it.
    acked: Pair<Option<(SeqNum, Option<u16>)>>,
    /// The time to live that most segments have.
    usual_ttl: Pair<Option<u8>>,
}

impl<'a> Reader<'a> {
    fn new(flow: &'a Flow, sightings: &[Sighting]) -> Self {
        Self {
            flow,
            first: Pair::default(),
            next: Pair::default(),
            acked: Pair::default(),
            usual_ttl: Pair { forward: usual_ttl(sightings, Way::Forward), back: usual_ttl(sightings, Way::Back) },
        }
    }

    /// Takes in the next segment and says what is odd about it.
    fn take(&mut self, sighting: &Sighting) -> Vec<Cow<'static, str>> {
        let (segment, way) = (&sighting.segment, sighting.way);
        let mut notes: Vec<Cow<'static, str>> = Vec::new();
        // A SYN is 0; in mid-stream the first octet seen is 1.
        let before = |seq: SeqNum| SeqNum(seq.0.wrapping_sub(1));
        self.first[way].get_or_insert_with(|| if segment.flags.syn() { segment.seq } else { before(segment.seq) });
        if segment.flags.ack() {
            self.first[way.reverse()].get_or_insert_with(|| before(segment.ack));
        }
        if sighting.after_gap {
            (self.next, self.acked) = (Pair::default(), Pair::default());
        }
        if sighting.copy {
            return vec!["second copy".into()];
        }
        if let Some(usual) = self.usual_ttl[way].filter(|&usual| usual != segment.ttl) {
            notes.push(format!("TTL {}, usually {usual}", segment.ttl).into());
        }
        if segment.flags.rst() {
            let reset = self.flow.resets().iter().find(|reset| reset.segment.frame == segment.frame);
            match reset.map(|reset| (reset.in_window, reset.exact)) {
                Some((Some(false), _)) => notes.push("outside the window".into()),
                Some((Some(true), Some(false))) => notes.push("in the window, not exact".into()),
                _ => {}
            }
            return notes;
        }
        notes.extend(self.place(sighting));
        if segment.window == Some(0) && !segment.flags.syn() {
            notes.push("zero window".into());
        }
        if segment.flags.ack() {
            notes.extend(self.acknowledgement(sighting));
        }
        notes
    }

    /// Where its octets stand among those of its sender.
    fn place(&mut self, sighting: &Sighting) -> Option<Cow<'static, str>> {
        let (segment, way) = (&sighting.segment, sighting.way);
        let known = self.next[way];
        self.next[way] = Some(known.map_or(segment.seq_end(), |next| next.max(segment.seq_end())));
        let next = known?;
        match (segment.seq.since(next), segment.seq_end().since(next)) {
            (1.., _) => Some(format!("{} B before it not seen", segment.seq.since(next)).into()),
            // RFC 9293 section 3.8.4: the octet before the next one, or none.
            (-1, ..=0) if segment.payload_len <= 1 && !segment.flags.syn() && !segment.flags.fin() => {
                Some("keepalive probe".into())
            }
            (_, ..=0) if segment.seq_len() > 0 => Some("sent before".into()),
            (..=-1, 1..) => Some("partly sent before".into()),
            _ => None,
        }
    }

    /// What its acknowledgement says.
    fn acknowledgement(&mut self, sighting: &Sighting) -> Option<Cow<'static, str>> {
        let (segment, way) = (&sighting.segment, sighting.way);
        let known = self.acked[way];
        let is_new = known.is_none_or(|(acked, _)| !segment.ack.before(acked));
        if is_new {
            self.acked[way] = Some((segment.ack, segment.window));
        }
        let sent = self.next[way.reverse()]?;
        if segment.ack.after(sent) {
            return Some(format!("acknowledges {} B not seen", segment.ack.since(sent)).into());
        }
        // RFC 5681 section 2.
        let repeats =
            known == Some((segment.ack, segment.window)) && segment.seq_len() == 0 && segment.ack.before(sent);
        repeats.then_some("duplicate ACK".into())
    }
}

/// The time to live of most segments but resets that go one way; `None` where there are none.
fn usual_ttl(sightings: &[Sighting], way: Way) -> Option<u8> {
    let mut counts = [0_u32; 256];
    for sighting in sightings.iter().filter(|one| one.way == way && one.is_ordinary()) {
        if let Some(count) = counts.get_mut(usize::from(sighting.segment.ttl)) {
            *count += 1;
        }
    }
    let (ttl, &count) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    u8::try_from(ttl).ok().filter(|_| count > 0)
}
