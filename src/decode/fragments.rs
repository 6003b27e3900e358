//! Fragmented IP packets, put together within a bound (RFC 791 section 3.2, RFC 8200 section 4.5).
//!
//! Where fragments overlap, the octets that came first stay, whoever wrote them. Fragments cut by the snap length take part
//! with their length on the line; the packet then has fewer captured octets than octets.

use std::collections::{HashMap, VecDeque};

use super::ip::IpHeader;
use super::{DecodeCounts, Octets};
use crate::tcp::{Duration, PathId, Timestamp};

/// What a fragmented packet may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Memory for the fragments of all incomplete packets, octets.
    pub fragment_octets: usize,
    /// Incomplete packets at a time.
    pub datagrams: usize,
    /// Capture time after which an incomplete packet is given up.
    pub fragment_age: Duration,
    /// Fragments seen after which an incomplete packet is given up, for captures without times.
    pub fragment_distance: u64,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self {
            // Linux: net.ipv4.ipfrag_high_thresh.
            fragment_octets: 4 << 20,
            // Leaves each the room for a packet of 1,500 octets and its records within the bound above.
            datagrams: 2048,
            // Linux: net.ipv4.ipfrag_time; RFC 8200 allows 60 s, RFC 1122 asks for 60 to 120 s, which lets more reused identifications meet.
            fragment_age: Duration::from_secs(30),
            // An identification of IPv4 comes again after 65,536 packets.
            fragment_distance: 65_536,
        }
    }
}

/// What a fragment costs in addition to its octets.
const PIECE_OVERHEAD: usize = 64;

/// The fields that fragments of one packet share, and the layers they came in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct DatagramKey {
    pub source: [u8; 16],
    pub destination: [u8; 16],
    pub ipv6: bool,
    pub identification: u32,
    /// IPv6 identifies a packet without it; two that differ in nothing else are still two packets.
    pub protocol: u8,
    pub path: PathId,
}

/// Where a fragment belongs.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Octets in front of it.
    pub offset: usize,
    /// Whether others come behind it.
    pub more: bool,
}

/// Octets that no other piece of the packet covers.
struct Piece {
    start: usize,
    end: usize,
    /// The captured ones, from `start`.
    captured: Vec<u8>,
}

struct Datagram {
    /// Sorted by place.
    pieces: Vec<Piece>,
    /// Where the fragment without successors ended.
    total: Option<usize>,
    /// The header of the fragment at offset 0.
    header: Option<IpHeader>,
    cost: usize,
    /// Distinguishes it from an earlier packet with the same key.
    serial: u64,
}

/// A packet put together.
pub(super) struct Whole {
    /// The header of its first fragment.
    pub header: IpHeader,
    /// Octets captured without a hole, from the start.
    pub captured: Vec<u8>,
    /// Octets it had.
    pub len: usize,
}

struct Begun {
    key: DatagramKey,
    serial: u64,
    time: Option<Timestamp>,
}

/// All incomplete packets.
pub(super) struct Fragments {
    limits: DecodeLimits,
    waiting: HashMap<DatagramKey, Datagram, foldhash::fast::RandomState>,
    /// In the order of their first fragments; finished ones stay until they reach the front.
    order: VecDeque<Begun>,
    cost: usize,
    /// Fragments seen, which makes the serial numbers too.
    seen: u64,
    /// The serial number of the packet that the latest fragment belongs to.
    pub latest: u64,
}

impl Fragments {
    pub fn new(limits: DecodeLimits) -> Self {
        Self { limits, waiting: HashMap::default(), order: VecDeque::new(), cost: 0, seen: 0, latest: 0 }
    }

    /// Takes one fragment; gives the packet if that completes it.
    pub fn add(
        &mut self,
        key: DatagramKey,
        place: Place,
        header: IpHeader,
        data: Octets<'_>,
        time: Option<Timestamp>,
        counts: &mut DecodeCounts,
    ) -> Option<Whole> {
        counts.fragments += 1;
        self.seen += 1;
        self.expire(time, counts);
        if data.len() == 0 {
            return None;
        }
        let serial = self.seen;
        let datagram = self.waiting.entry(key).or_insert_with(|| {
            counts.datagrams += 1;
            self.order.push_back(Begun { key, serial, time });
            Datagram { pieces: Vec::new(), total: None, header: None, cost: 0, serial }
        });
        self.latest = datagram.serial;
        if place.offset == 0 && datagram.header.is_none() {
            datagram.header = Some(header);
        }
        let end = place.offset + data.len();
        if !place.more && datagram.total.is_none() {
            datagram.total = Some(end);
        }
        let before = datagram.cost;
        datagram.insert(place.offset, end, data.bytes());
        self.cost += datagram.cost - before;
        if datagram.is_complete() {
            let datagram = self.waiting.remove(&key)?;
            self.cost -= datagram.cost;
            counts.reassembled += 1;
            return datagram.assemble();
        }
        self.make_room(counts);
        None
    }

    /// Gives up what has waited too long.
    fn expire(&mut self, now: Option<Timestamp>, counts: &mut DecodeCounts) {
        while let Some(oldest) = self.order.front() {
            let waits = self.waiting.get(&oldest.key).is_some_and(|datagram| datagram.serial == oldest.serial);
            let late = now.zip(oldest.time).is_some_and(|(now, begun)| now.since(begun) > self.limits.fragment_age);
            let far = self.seen - oldest.serial > self.limits.fragment_distance;
            if waits && !late && !far {
                return;
            }
            counts.expired += u64::from(self.drop_oldest());
        }
    }

    /// Gives up the oldest until the rest is within the bounds.
    fn make_room(&mut self, counts: &mut DecodeCounts) {
        while self.cost > self.limits.fragment_octets || self.waiting.len() > self.limits.datagrams {
            if self.order.is_empty() {
                return;
            }
            counts.crowded_out += u64::from(self.drop_oldest());
        }
    }

    /// Forgets the entry at the front; whether its packet was still waiting.
    fn drop_oldest(&mut self) -> bool {
        let Some(oldest) = self.order.pop_front() else { return false };
        if self.waiting.get(&oldest.key).is_none_or(|datagram| datagram.serial != oldest.serial) {
            return false;
        }
        self.cost -= self.waiting.remove(&oldest.key).map_or(0, |datagram| datagram.cost);
        true
    }
}

impl Datagram {
    /// Keeps what is not yet there of the octets from `start` to `end`, of which `captured` are known.
    fn insert(&mut self, start: usize, end: usize, captured: &[u8]) {
        let mut from = start;
        let mut at = self.pieces.partition_point(|piece| piece.end <= start);
        while from < end {
            let (gap_end, next) = match self.pieces.get(at) {
                Some(piece) => (piece.start.min(end), piece.end),
                None => (end, end),
            };
            if from < gap_end {
                let known = captured.get(from - start..).unwrap_or_default();
                let known = known.get(..gap_end - from).unwrap_or(known);
                self.pieces.insert(at, Piece { start: from, end: gap_end, captured: known.to_vec() });
                self.cost += PIECE_OVERHEAD + known.len();
                at += 1;
            }
            from = next;
            at += 1;
        }
    }

    fn is_complete(&self) -> bool {
        let Some(total) = self.total.filter(|_| self.header.is_some()) else { return false };
        let mut covered = 0;
        for piece in &self.pieces {
            if piece.start > covered || covered >= total {
                break;
            }
            covered = piece.end;
        }
        covered >= total
    }

    fn assemble(self) -> Option<Whole> {
        let len = self.total?;
        let mut captured = Vec::new();
        for piece in &self.pieces {
            captured.extend_from_slice(&piece.captured);
            if captured.len() < piece.end {
                break;
            }
        }
        captured.truncate(len);
        Some(Whole { header: self.header?, captured, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: DatagramKey = DatagramKey {
        source: [1; 16],
        destination: [2; 16],
        ipv6: false,
        identification: 7,
        protocol: 6,
        path: PathId(0),
    };

    const HEADER: IpHeader = IpHeader {
        source: [1; 16],
        destination: [2; 16],
        ipv6: false,
        ttl: 64,
        tos: 0,
        ip_id: Some(7),
        dont_fragment: false,
    };

    struct Table {
        fragments: Fragments,
        counts: DecodeCounts,
    }

    impl Table {
        fn new(limits: DecodeLimits) -> Self {
            Self { fragments: Fragments::new(limits), counts: DecodeCounts::default() }
        }

        fn add(&mut self, identification: u32, offset: usize, data: &[u8], more: bool) -> Option<Vec<u8>> {
            self.add_at(0, identification, offset, Octets::new(data, 0), more).map(|whole| whole.captured)
        }

        fn add_at(
            &mut self,
            seconds: i64,
            identification: u32,
            offset: usize,
            data: Octets,
            more: bool,
        ) -> Option<Whole> {
            let time = Some(Timestamp::from_nanos(0).plus(Duration::from_secs(seconds)));
            let key = DatagramKey { identification, ..KEY };
            self.fragments.add(key, Place { offset, more }, HEADER, data, time, &mut self.counts)
        }
    }

    #[test]
    fn any_order_completes() {
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut table = Table::new(DecodeLimits::default());
            let mut results = order.map(|i| table.add(1, i * 2, &[i as u8; 2], i < 2));
            assert_eq!(results[2].take(), Some(vec![0, 0, 1, 1, 2, 2]), "{order:?}");
            assert_eq!(results, [None, None, None]);
            assert_eq!((table.counts.fragments, table.counts.datagrams, table.counts.reassembled), (3, 1, 1));
            assert_eq!(table.fragments.cost, 0);
        }
    }

    #[test]
    fn in_an_overlap_the_first_wins() {
        let mut table = Table::new(DecodeLimits::default());
        assert_eq!(table.add(1, 2, &[1; 3], true), None);
        assert_eq!(table.add(1, 6, &[2; 2], true), None);
        assert_eq!(table.add(1, 0, &[3; 9], true), None);
        assert_eq!(table.add(1, 1, &[4; 9], false), Some(vec![3, 3, 1, 1, 1, 3, 2, 2, 3, 4]));
    }

    proptest::proptest! {
        /// A packet of 48 octets at most, an octet at a time: whoever came first wrote it.
        #[test]
        fn reassembly_agrees_with_a_map_of_octets(
            fragments in proptest::collection::vec((0..32usize, 1..16usize, proptest::bool::weighted(0.8)), 1..14),
        ) {
            let mut table = Table::new(DecodeLimits::default());
            let mut model = [None; 48];
            let mut total = None;
            for (value, (start, len, more)) in (1..).zip(fragments) {
                let seen = table.add(1, start, &vec![value; len], more);
                for octet in &mut model[start..start + len] {
                    octet.get_or_insert(value);
                }
                if !more {
                    total.get_or_insert(start + len);
                }
                let whole: Option<Vec<u8>> = total.and_then(|total| model[..total].iter().copied().collect());
                assert_eq!(seen, whole);
                if whole.is_some() {
                    assert_eq!(table.fragments.cost, 0);
                    (model, total) = ([None; 48], None);
                }
            }
        }
    }

    #[test]
    fn a_cut_fragment_counts_with_its_length() {
        let mut table = Table::new(DecodeLimits::default());
        assert!(table.add_at(0, 1, 0, Octets::new(&[1, 2], 8), true).is_none());
        let whole = table.add_at(0, 1, 8, Octets::new(&[3, 4], 4), false).unwrap();
        assert_eq!((whole.captured, whole.len), (vec![1, 2], 12));
    }

    #[test]
    fn without_its_start_or_its_end_nothing_completes() {
        let mut table = Table::new(DecodeLimits::default());
        assert_eq!(table.add(1, 8, &[0; 8], false), None);
        assert_eq!(table.add(2, 0, &[0; 8], true), None);
        assert_eq!(table.add(2, 8, &[], false), None);
        assert_eq!(table.counts.incomplete_datagrams(), 2);
    }

    #[test]
    fn age_and_bounds_give_up_the_oldest() {
        let mut table = Table::new(DecodeLimits { datagrams: 2, ..DecodeLimits::default() });
        let data = Octets::new(&[0; 8], 8);
        assert!(table.add_at(0, 1, 0, data, true).is_none());
        assert!(table.add_at(31, 1, 8, data, false).is_none(), "too late");
        assert_eq!((table.counts.expired, table.counts.datagrams), (1, 2));
        assert!(table.add_at(31, 2, 0, data, true).is_none());
        assert!(table.add_at(31, 3, 0, data, true).is_none());
        assert_eq!(table.counts.crowded_out, 1);
        assert!(table.add_at(31, 3, 8, data, false).is_some());

        let mut small = Table::new(DecodeLimits { fragment_octets: 100, ..DecodeLimits::default() });
        assert_eq!(small.add(1, 0, &[0; 40], true), None);
        assert_eq!(small.counts.crowded_out, 1);
        assert_eq!(small.fragments.cost, 0);
    }
}
