//! Classic pcap: a file header, then records of a header and octets. See
//! [draft-ietf-opsawg-pcap](https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/); the dialects that the draft leaves
//! out are those that libpcap and Wireshark tell apart by the file header. Dialects that only a look at later records
//! could guess (Nokia, two Linux patches of 1999) are not attempted: the guess would differ between a file and a pipe.

use super::LinkType;
use super::bytes::{Order, octets};
use super::error::Reason;
use super::record::{Damage, Record, max_captured};
use super::scout::{Scouts, fetch_ahead};
use super::source::Source;
use crate::tcp::Timestamp;

/// Magic numbers as the writer's machine saw them.
const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;
/// Kuznetzov's Linux patch: each record header has eight octets more (interface, protocol, packet type).
const MODIFIED: u32 = 0xa1b2_cd34;
/// Ixia's "lcap": the file header has four octets more (the size of what follows).
const IXIA_HARDWARE: u32 = 0x1c00_01ac;
const IXIA_SOFTWARE: u32 = 0x1c00_01ab;

const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

/// A reader of one pcap file.
#[derive(Clone)]
pub(super) struct Pcap {
    layout: Layout,
    scouts: Scouts,
}

/// How the records of a file are laid out.
#[derive(Clone, Copy)]
struct Layout {
    order: Order,
    record_header: usize,
    nanos_per_fraction: i64,
    lengths: Lengths,
    link_type: LinkType,
    /// What records have beside their frames; in few files anything.
    around: Option<Around>,
    max_captured: u32,
}

/// What a record has around its frame.
#[derive(Clone, Copy)]
struct Around {
    /// Octets in front of it.
    padding: u32,
    /// Octets of frame check sequence at its end.
    fcs: u32,
}

/// In which order a record header has its two lengths.
#[derive(Clone, Copy)]
enum Lengths {
    CapturedFirst,
    /// Before version 2.3, and DG/UX.
    OriginalFirst,
    /// Version 2.3 was written either way; where the first is larger it must be the original one.
    SmallerIsCaptured,
}

struct Fields {
    seconds: u32,
    fraction: u32,
    captured: u32,
    original: u32,
}

/// Whether a file that starts with `head` is pcap, and its byte order.
pub(super) fn detect(head: [u8; 4]) -> Option<(Order, u32)> {
    [Order::Little, Order::Big]
        .into_iter()
        .map(|order| (order, order.u32(head)))
        .find(|(_, magic)| matches!(*magic, MICROSECONDS | NANOSECONDS | MODIFIED | IXIA_HARDWARE | IXIA_SOFTWARE))
}

impl Pcap {
    /// Reads the file header and leaves the cursor behind it.
    pub(super) fn open(source: &mut Source) -> Result<Self, Reason> {
        let cut = |source: &Source| Reason::CutHeader { octets: source.rest().len(), of: FILE_HEADER };
        if !source.need(FILE_HEADER) {
            return Err(cut(source));
        }
        let header: [u8; FILE_HEADER] = octets(source.rest(), 0).ok_or_else(|| cut(source))?;
        let [m0, m1, m2, m3, a0, a1, b0, b1, .., l0, l1, l2, l3] = header;
        let Some((order, magic)) = detect([m0, m1, m2, m3]) else {
            return Err(Reason::Unsupported("pcap with an unknown magic number".into()));
        };
        let (major, minor) = (order.u16([a0, a1]), order.u16([b0, b1]));
        let network = order.u32([l0, l1, l2, l3]);
        if major < 2 {
            return Err(Reason::Unsupported(format!("pcap of version {major}.{minor}, older than 2.0")));
        }
        if network & 0x03ff_0000 != 0 {
            return Err(Reason::Unsupported(format!("pcap with reserved bits set in its link type 0x{network:08x}")));
        }
        let header_len = match magic {
            IXIA_HARDWARE | IXIA_SOFTWARE => FILE_HEADER + 4,
            _ => FILE_HEADER,
        };
        if !source.need(header_len) {
            return Err(Reason::CutHeader { octets: source.rest().len(), of: header_len });
        }
        source.advance(header_len);

        let aix = if magic == MICROSECONDS && (major, minor) == (2, 2) { aix_link_type(network) } else { None };
        let link_type = aix.unwrap_or(LinkType(network as u16));
        let nanoseconds = matches!(magic, NANOSECONDS | IXIA_HARDWARE) || aix.is_some();
        let around = Around {
            padding: if aix == Some(FDDI) { 3 } else { 0 },
            // Bit 26 says that bits 28 to 31 count the check sequence in units of two octets.
            fcs: if network & 0x0400_0000 != 0 { (network >> 28) * 2 } else { 0 },
        };
        let layout = Layout {
            order,
            record_header: if magic == MODIFIED { RECORD_HEADER + 8 } else { RECORD_HEADER },
            nanos_per_fraction: if nanoseconds { 1 } else { 1000 },
            lengths: match (major, minor) {
                (2, 0..=2) | (543, _) => Lengths::OriginalFirst,
                (2, 3) => Lengths::SmallerIsCaptured,
                _ => Lengths::CapturedFirst,
            },
            link_type,
            around: Some(around).filter(|around| around.padding > 0 || around.fcs > 0),
            max_captured: max_captured(link_type),
        };
        Ok(Self { layout, scouts: Scouts::default() })
    }

    /// The next record, where all of it is at hand and makes sense.
    #[inline(always)]
    pub(super) fn at_hand(&mut self, source: &mut Source) -> Option<Record> {
        let fields = self.layout.at(source.rest())?;
        let record = self.layout.record(&fields, source.at());
        source.advance(self.layout.whole(&fields));
        if self.scouts.short {
            fetch_ahead(source.memory(), source.at());
        }
        if self.scouts.step(source.at()) {
            self.scout(source);
        }
        Some(record)
    }

    /// The records that lie in `memory` from the cursor on and begin in front of `until`, or of where scouts go out next.
    #[inline(always)]
    pub(super) fn walk<'a>(&'a mut self, memory: &'a [u8], cursor: &'a mut usize, until: usize) -> Walk<'a> {
        Walk {
            memory,
            at: *cursor,
            until: until.min(self.scouts.due()),
            layout: self.layout,
            is_short: self.scouts.short,
            records: 0,
            cut: 0,
            scouts: &mut self.scouts,
            cursor,
        }
    }

    /// The next record; `None` at a proper end.
    pub(super) fn next(&mut self, source: &mut Source) -> Result<Option<Record>, Damage> {
        loop {
            let at_hand = self.at_hand(source);
            if at_hand.is_some() || !self.wait(source)? {
                return Ok(at_hand);
            }
        }
    }

    /// Whether [`Self::again`] finds every record.
    pub(super) fn looks_up(&self) -> bool {
        self.layout.around.is_none_or(|around| around.padding == 0)
    }

    /// The record whose octets begin at `at`, which was met before.
    #[inline]
    pub(super) fn again(&self, memory: &[u8], at: usize) -> Option<Record> {
        let header = memory.get(at.checked_sub(self.layout.record_header)?..)?.first_chunk()?;
        Some(self.layout.record(&self.layout.fields(header), at - self.layout.record_header))
    }

    #[cold]
    fn scout(&mut self, source: &Source) {
        /// Seconds that records near each other may lie apart.
        const APART: u32 = 24 * 60 * 60;
        let layout = self.layout;
        let Some(memory) = source.mapped() else { return self.scouts.dismiss() };
        source.reach();
        let Some(here) = octets(memory, source.at()) else { return };
        let earliest = layout.order.u32(here).saturating_sub(APART);
        self.scouts.run(memory, source.at(), |record| {
            let fields = layout.fields(record.first_chunk()?);
            let plausible = fields.seconds.wrapping_sub(earliest) <= 2 * APART
                && i64::from(fields.fraction) * layout.nanos_per_fraction < 1_000_000_000
                && fields.captured <= layout.max_captured
                && fields.captured <= fields.original;
            plausible.then_some(layout.whole(&fields))
        });
    }

    /// Waits until a whole record is at hand: `false` at a proper end.
    #[cold]
    fn wait(&self, source: &mut Source) -> Result<bool, Damage> {
        let offset = source.offset();
        let damage = |reason| Err(Damage { offset, reason });
        let cut = |source: &Source, what: &str, of: usize| {
            let had = source.rest().len();
            damage(match source.failure() {
                Some(failure) => format!("reading failed within a {what}: {failure}"),
                None => format!("the file ends within a {what}, after {had} of {of} bytes"),
            })
        };
        if !source.need(self.layout.record_header) {
            return match (source.rest().len(), source.failure()) {
                (0, None) => Ok(false),
                (0, Some(failure)) => damage(format!("reading failed: {failure}")),
                _ => cut(source, "record header", self.layout.record_header),
            };
        }
        let Some(header) = source.rest().first_chunk() else { return Ok(false) };
        let captured = self.layout.fields(header).captured;
        if captured > self.layout.max_captured {
            let most = self.layout.max_captured;
            return damage(format!("a record claims {captured} captured bytes, more than the {most} there can be"));
        }
        let whole = self.layout.record_header + captured as usize;
        if !source.need(whole) {
            return cut(source, "record", whole);
        }
        Ok(true)
    }
}

/// A walk over records at hand. How far it went is noted when it is dropped, so that it can be held in registers until then.
pub(super) struct Walk<'a> {
    memory: &'a [u8],
    at: usize,
    until: usize,
    layout: Layout,
    /// Whether to fetch what lies ahead.
    is_short: bool,
    records: usize,
    cut: u64,
    scouts: &'a mut Scouts,
    cursor: &'a mut usize,
}

impl<'a> Walk<'a> {
    /// Records that were cut by the snap length, of those it went over.
    pub(super) fn cut(&self) -> u64 {
        self.cut
    }

    /// The next record and its octets; `None` where it does not lie at hand, makes no sense, or is from before `latest`, so that
    /// there is more to do than to go over it.
    #[inline(always)]
    pub(super) fn next(&mut self, latest: Option<Timestamp>) -> Option<(Record, &'a [u8])> {
        if self.at >= self.until {
            return None;
        }
        let fields = self.layout.at(self.memory.get(self.at..)?)?;
        let record = self.layout.record(&fields, self.at);
        if record.time < latest {
            return None;
        }
        if self.is_short {
            fetch_ahead(self.memory, self.at);
        }
        self.at += self.layout.whole(&fields);
        self.records += 1;
        self.cut += u64::from(record.cut);
        Some((record, self.memory.get(record.at..)?.get(..record.len as usize)?))
    }
}

impl Drop for Walk<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.cursor = self.at;
        self.scouts.count(self.records);
    }
}

impl Layout {
    #[inline]
    fn fields(&self, header: &[u8; RECORD_HEADER]) -> Fields {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *header;
        let number = self.order.u32s([[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]]);
        let [seconds, fraction, first, second] = number;
        let swapped = match self.lengths {
            Lengths::CapturedFirst => false,
            Lengths::OriginalFirst => true,
            Lengths::SmallerIsCaptured => first > second,
        };
        let (captured, original) = if swapped { (second, first) } else { (first, second) };
        Fields { seconds, fraction, captured, original }
    }

    /// The record whose header begins at `at`.
    #[inline]
    fn record(&self, fields: &Fields, at: usize) -> Record {
        // Seconds are unsigned, as Wireshark reads them; a fraction of more than a second runs over instead of failing.
        let nanos = i64::from(fields.seconds) * 1_000_000_000 + i64::from(fields.fraction) * self.nanos_per_fraction;
        let (time, at) = (Some(Timestamp::from_nanos(nanos)), at + self.record_header);
        let Fields { captured, original, .. } = *fields;
        match self.around {
            None => Record::new(time, self.link_type, at, captured, original, 0),
            Some(Around { padding, fcs }) => Record::new(
                time,
                self.link_type,
                at + padding.min(captured) as usize,
                captured.saturating_sub(padding),
                original.saturating_sub(padding),
                fcs,
            ),
        }
    }

    /// The header that `rest` begins with, where all of its record is at hand and makes sense.
    #[inline(always)]
    fn at(&self, rest: &[u8]) -> Option<Fields> {
        let fields = self.fields(rest.first_chunk()?);
        (fields.captured <= self.max_captured && self.whole(&fields) <= rest.len()).then_some(fields)
    }

    /// Octets of a record with its header.
    #[inline]
    fn whole(&self, fields: &Fields) -> usize {
        self.record_header + fields.captured as usize
    }
}

const ETHERNET: LinkType = LinkType(1);
const TOKEN_RING: LinkType = LinkType(6);
const FDDI: LinkType = LinkType(10);
const LOOPBACK: LinkType = LinkType(0);

/// AIX writes version 2.2 with interface types of RFC 1573 in place of link types, and times in nanoseconds.
fn aix_link_type(network: u32) -> Option<LinkType> {
    match network {
        6 => Some(ETHERNET),
        9 => Some(TOKEN_RING),
        15 => Some(FDDI),
        24 => Some(LOOPBACK),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Taken, Writer, check, check_cut_and_flipped, walk, walk_in_pieces, whole};
    use super::*;

    const ORDERS: [Order; 2] = [Order::Little, Order::Big];
    const FRAME: &[u8] = b"fourteen octets";

    #[test]
    fn microseconds_and_nanoseconds_in_both_orders() {
        for order in ORDERS {
            for (magic, nanos) in [(MICROSECONDS, 7_000), (NANOSECONDS, 7)] {
                let file = Writer::new(order).pcap_header(magic, (2, 4), 1).record(3, 7, FRAME, FRAME.len() as u32);
                check(&file.bytes, &[whole(3_000_000_000 + nanos, FRAME)]);
            }
        }
    }

    #[test]
    fn the_modified_variant_has_longer_record_headers() {
        for order in ORDERS {
            let file = Writer::new(order).pcap_header(MODIFIED, (2, 4), 1);
            let file = file.u32(3).u32(7).u32(2).u32(2).u32(99).u16(0x800).u16(4).raw(b"ab");
            let file = file.u32(4).u32(7).u32(1).u32(1).u32(99).u16(0x800).u16(4).raw(b"c");
            check(&file.bytes, &[whole(3_000_007_000, b"ab"), whole(4_000_007_000, b"c")]);
        }
    }

    #[test]
    fn ixia_writes_a_longer_file_header() {
        for (magic, nanos) in [(IXIA_HARDWARE, 7), (IXIA_SOFTWARE, 7_000)] {
            let file = Writer::new(Order::Little).pcap_header(magic, (2, 4), 1).u32(18).record(3, 7, b"ab", 2);
            check(&file.bytes, &[whole(3_000_000_000 + nanos, b"ab")]);
        }
    }

    #[test]
    fn lengths_stood_the_other_way_round_before_2_3() {
        let old = Writer::new(Order::Little).pcap_header(MICROSECONDS, (2, 2), 1);
        let dgux = Writer::new(Order::Little).pcap_header(MICROSECONDS, (543, 0), 1);
        let either = Writer::new(Order::Little).pcap_header(MICROSECONDS, (2, 3), 1);
        let cut = Taken { original: 9, cut: true, ..whole(1_000_000_000, b"ab") };
        for (file, lengths) in [(&old, [9, 2]), (&dgux, [9, 2]), (&either, [9, 2]), (&either, [2, 9])] {
            let file = file.clone().u32(1).u32(0).u32(lengths[0]).u32(lengths[1]).raw(b"ab");
            check(&file.bytes, std::slice::from_ref(&cut));
        }
    }

    #[test]
    fn aix_names_interface_types_and_counts_nanoseconds() {
        let file = Writer::new(Order::Big).pcap_header(MICROSECONDS, (2, 2), 6);
        check(&file.u32(1).u32(5).u32(2).u32(2).raw(b"ab").bytes, &[whole(1_000_000_005, b"ab")]);
        let fddi = Writer::new(Order::Big).pcap_header(MICROSECONDS, (2, 2), 15);
        let frame = Taken { link_type: FDDI, ..whole(1_000_000_005, b"ab") };
        check(&fddi.u32(1).u32(5).u32(5).u32(5).raw(b"???ab").bytes, &[frame]);
    }

    #[test]
    fn the_check_sequence_is_stripped_where_it_was_captured() {
        let file = Writer::new(Order::Little).pcap_header(MICROSECONDS, (2, 4), 0x2400_0001);
        let file =
            file.record(0, 0, b"abcdFCS!", 8).record(0, 0, b"abcdFC", 8).record(0, 0, b"ab", 8).record(0, 0, b"a", 1);
        let cut = |bytes: &[u8]| Taken { original: 4, cut: true, ..whole(0, bytes) };
        check(&file.bytes, &[whole(0, b"abcd"), cut(b"abcd"), cut(b"ab"), whole(0, b"")]);
    }

    #[test]
    fn other_upper_bits_of_the_link_type_are_refused() {
        let file = Writer::new(Order::Little).pcap_header(MICROSECONDS, (2, 4), 0x0001_0001);
        assert!(matches!(walk_in_pieces(&file.bytes, usize::MAX), Err(Reason::Unsupported(_))));
    }

    #[test]
    fn a_file_of_only_a_header_is_a_complete_capture_of_nothing() {
        check(&Writer::new(Order::Little).pcap().bytes, &[]);
    }

    #[test]
    fn times_run_from_1970_to_2106_and_odd_fractions_run_over() {
        let file = Writer::new(Order::Little).pcap().record(u32::MAX, 999_999, b"a", 1).record(0, u32::MAX, b"a", 1);
        check(&file.bytes, &[whole(4_294_967_295_999_999_000, b"a"), whole(4_294_967_295_000, b"a")]);
    }

    #[test]
    fn more_captured_than_there_was_is_believed() {
        let file = Writer::new(Order::Little).pcap().record(0, 0, b"abc", 1);
        check(&file.bytes, &[whole(0, b"abc")]);
    }

    #[test]
    fn lengths_beyond_reason_are_damage() {
        let good = Writer::new(Order::Little).pcap().record(0, 0, b"a", 1);
        for (length, network) in [(256 << 10, true), ((256 << 10) + 1, false), (u32::MAX, false)] {
            let walked = walk(&good.clone().u32(0).u32(0).u32(length).u32(length).bytes);
            let (offset, reason) = walked.damage.unwrap();
            assert_eq!((walked.frames.len(), offset), (1, 41));
            assert_eq!(reason.contains("ends within a record"), network, "{reason}");
        }
        let usb = Writer::new(Order::Little).pcap_header(MICROSECONDS, (2, 4), 249);
        let large = vec![7; 1 << 20];
        assert_eq!(walk(&usb.record(0, 0, &large, 1 << 20).bytes).frames[0].bytes, large);
    }

    #[test]
    fn garbage_after_a_good_start_is_damage() {
        let walked = walk(&Writer::new(Order::Little).pcap().record(0, 0, b"a", 1).raw(&[0xee; 40]).bytes);
        assert_eq!((walked.frames, walked.damage.map(|damage| damage.0)), (vec![whole(0, b"a")], Some(41)));
    }

    #[test]
    fn every_cut_and_every_flip() {
        for order in ORDERS {
            let file = Writer::new(order).pcap().record(1, 0, b"abc", 3).record(2, 0, b"", 9).record(3, 0, FRAME, 99);
            check_cut_and_flipped(&file.bytes, &[24, 43, 59]);
        }
    }
}
