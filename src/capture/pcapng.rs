//! pcapng: sections of blocks, each section with its own byte order and interfaces. See
//! [draft-ietf-opsawg-pcapng](https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/). Names, secrets, comments and
//! custom blocks are passed over.

use super::LinkType;
use super::bytes::{Order, octets, padded};
use super::error::Reason;
use super::record::{Damage, Record, max_captured};
use super::scout::{Scouts, fetch_ahead};
use super::source::Source;
use super::tick::Tick;

/// The type of a Section Header Block, the same in both byte orders.
pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const JOURNAL_ENTRY: u32 = 9;
const CUSTOM: u32 = 0x0000_0bad;
const CUSTOM_NOT_TO_COPY: u32 = 0x4000_0bad;

const BYTE_ORDER: u32 = 0x1a2b_3c4d;

// Codes of options, each of one type of block (draft-ietf-opsawg-pcapng sections 4.2, 4.6 and 4.3).
const IF_TSRESOL: u16 = 9;
const IF_FCSLEN: u16 = 13;
const IF_TSOFFSET: u16 = 14;
const ISB_IFDROP: u16 = 5;
const ISB_OSDROP: u16 = 7;
const EPB_FLAGS: u16 = 2;
const EPB_DROPCOUNT: u16 = 4;

/// Type and length in front of a block, the length once more behind it.
const FRAME: usize = 12;
/// The largest block that is looked into: the largest packet (see [`max_captured`]) and 128 KiB of options beside it, as
/// in Wireshark. Blocks of other types may be as large as they like, they are passed over without being kept.
const MAX_BLOCK: u32 = (128 << 20) + (128 << 10) + 32;
/// Interfaces of one section: as many as the obsolete Packet Block can number. Each costs some 40 octets.
const MAX_INTERFACES: usize = 1 << 16;

/// A reader of one pcapng file.
#[derive(Clone)]
pub(super) struct Pcapng {
    order: Order,
    interfaces: Vec<Interface>,
    /// Drops of the sections that have ended.
    dropped_before: Option<u64>,
    /// Blocks since the last packet that are numbered like one.
    numbers_skipped: u32,
    /// All packets were Enhanced Packet Blocks of one section, which mean the same wherever one begins to read.
    uniform: bool,
    scouts: Scouts,
}

#[derive(Clone)]
struct Interface {
    link_type: LinkType,
    snaplen: u32,
    fcs: u32,
    tick: Tick,
    /// By the latest Interface Statistics Block, which counts from the start.
    dropped_in_all: Option<u64>,
    /// By the packets' own options, each of which counts since the packet before.
    dropped_between: Option<u64>,
}

/// The head of a block.
#[derive(Clone, Copy)]
struct Head {
    kind: u32,
    /// Octets from its start to its end, as written.
    length: u32,
    /// The same, with the padding that some writers forget.
    whole: u64,
}

impl Pcapng {
    /// Reads the first section's header and leaves the cursor behind it.
    pub(super) fn open(source: &mut Source) -> Result<Self, Reason> {
        const SMALLEST: usize = 28;
        if !source.need(SMALLEST) {
            return Err(Reason::CutHeader { octets: source.rest().len(), of: SMALLEST });
        }
        let mut reader = Self {
            order: Order::Little,
            interfaces: Vec::new(),
            dropped_before: None,
            numbers_skipped: 0,
            uniform: true,
            scouts: Scouts::default(),
        };
        match reader.wait(source) {
            Ok(Some(head)) => {
                reader.begin_section(source, head).map_err(Reason::Unsupported)?;
                source.advance(head.whole as usize);
                Ok(reader)
            }
            Ok(None) => Err(Reason::Empty),
            Err(damage) => Err(Reason::Unsupported(format!("a damaged pcapng file: {}", damage.reason))),
        }
    }

    /// Packets that the capturing machine says it dropped; `None` where it says nothing.
    pub(super) fn dropped(&self) -> Option<u64> {
        let of = |interface: &Interface| interface.dropped_in_all.or(interface.dropped_between);
        self.interfaces.iter().filter_map(of).chain(self.dropped_before).reduce(u64::saturating_add)
    }

    /// Whether [`Self::again`] finds every record.
    pub(super) fn looks_up(&self) -> bool {
        self.uniform
    }

    /// The record whose octets begin at `at`, which was met before.
    #[inline]
    pub(super) fn again(&mut self, memory: &[u8], at: usize) -> Option<Record> {
        const TO_OCTETS: usize = 28;
        let start = at.checked_sub(TO_OCTETS)?;
        let length = self.order.u32(octets(memory, start + 4)?) as usize;
        let body = memory.get(start + 8..start.checked_add(length)?.checked_sub(4)?)?;
        self.enhanced_packet(body, start + 8).ok()
    }

    /// The next record, where it is that of an Enhanced Packet Block at hand that makes sense.
    #[inline(always)]
    pub(super) fn at_hand(&mut self, source: &mut Source) -> Option<Record> {
        let head = self.packet_at_hand(source)?;
        let record = self.enhanced_packet(body(source, head), source.at() + 8).ok()?;
        source.advance(head.whole as usize);
        if self.scouts.short {
            fetch_ahead(source.memory(), source.at());
        }
        if self.scouts.step(source.at()) {
            self.scout(source);
        }
        Some(Record { numbers_skipped: std::mem::take(&mut self.numbers_skipped), ..record })
    }

    /// The next record; `None` at a proper end.
    pub(super) fn next(&mut self, source: &mut Source) -> Result<Option<Record>, Damage> {
        loop {
            let at_hand = self.at_hand(source);
            if at_hand.is_some() {
                return Ok(at_hand);
            }
            let Some(head) = self.wait(source)? else { return Ok(None) };
            let (offset, at) = (source.offset(), source.at());
            let damage = |reason| Damage { offset, reason };
            let body = body(source, head);
            let record = match head.kind {
                ENHANCED_PACKET => Some(self.enhanced_packet(body, at + 8)),
                SIMPLE_PACKET => Some(self.simple_packet(body, at + 8)),
                OBSOLETE_PACKET => Some(self.obsolete_packet(body, at + 8)),
                _ => None,
            };
            if let Some(record) = record {
                self.uniform &= head.kind == ENHANCED_PACKET;
                source.advance(head.whole as usize);
                if self.scouts.step(source.at()) {
                    self.scout(source);
                }
                let numbers_skipped = std::mem::take(&mut self.numbers_skipped);
                return record.map(|record| Some(Record { numbers_skipped, ..record })).map_err(damage);
            }
            self.other_block(source, head).map_err(damage)?;
        }
    }

    #[cold]
    fn scout(&mut self, source: &Source) {
        let Some(memory) = source.mapped() else { return self.scouts.dismiss() };
        source.reach();
        let (order, interfaces) = (self.order, self.interfaces.len());
        self.scouts.run(memory, source.at(), |block| {
            let [kind, length, interface, captured] = [0, 4, 8, 20].map(|at| octets(block, at));
            let length = order.u32(length?);
            let plausible = order.u32(kind?) == ENHANCED_PACKET
                && (order.u32(interface?) as usize) < interfaces
                && (FRAME as u32..=MAX_BLOCK).contains(&length)
                && length.is_multiple_of(4)
                && order.u32(captured?) < length;
            plausible.then_some(length as usize)
        });
    }

    #[cold]
    fn other_block(&mut self, source: &mut Source, head: Head) -> Result<(), String> {
        match head.kind {
            SECTION_HEADER => {
                self.uniform = false;
                self.begin_section(source, head)?;
            }
            INTERFACE_DESCRIPTION => self.add_interface(body(source, head))?,
            INTERFACE_STATISTICS => self.note_statistics(body(source, head)),
            JOURNAL_ENTRY | CUSTOM | CUSTOM_NOT_TO_COPY => {
                // Wireshark gives each of them a frame number; ours must be its.
                self.numbers_skipped = self.numbers_skipped.saturating_add(1);
                return self.pass_over(source, head);
            }
            _ => return self.pass_over(source, head),
        }
        source.advance(head.whole as usize);
        Ok(())
    }

    /// The next block, where it is an Enhanced Packet Block at hand and framed well.
    #[inline(always)]
    fn packet_at_hand(&self, source: &Source) -> Option<Head> {
        let rest = source.rest();
        let length = self.order.u32(octets(rest, 4)?);
        let whole = length as usize;
        let good = self.order.u32(octets(rest, 0)?) == ENHANCED_PACKET
            && (FRAME..=MAX_BLOCK as usize).contains(&whole)
            && length.is_multiple_of(4)
            && self.order.u32(octets(rest, whole - 4)?) == length;
        good.then_some(Head { kind: ENHANCED_PACKET, length, whole: u64::from(length) })
    }

    /// Sees to it that the next block is at hand and framed well, or at least its head where it is only passed over;
    /// `None` at a proper end.
    #[cold]
    fn wait(&self, source: &mut Source) -> Result<Option<Head>, Damage> {
        let offset = source.offset();
        let damage = |reason| Err(Damage { offset, reason });
        if !source.need(FRAME) {
            return match (source.rest().len(), source.failure()) {
                (0, None) => Ok(None),
                (_, Some(failure)) => damage(format!("reading failed: {failure}")),
                (had, None) => damage(format!("the file ends within a block, after {had} bytes")),
            };
        }
        let (Some(kind), Some(length), Some(third)) =
            (octets(source.rest(), 0), octets(source.rest(), 4), octets(source.rest(), 8))
        else {
            return Ok(None);
        };
        // A Section Header Block is read in its own byte order, whatever the section before had.
        let kind = self.order.u32(kind);
        let order = if kind == SECTION_HEADER { section_order(third) } else { Some(self.order) };
        let Some(order) = order else {
            return damage("a section header has no byte-order magic".into());
        };
        let length = order.u32(length);
        let head = Head { kind, length, whole: padded(u64::from(length)) };
        if (length as usize) < FRAME {
            return damage(format!("a block of type 0x{kind:08x} claims {length} bytes, fewer than its own frame"));
        }
        if !looked_into(kind) {
            return Ok(Some(head));
        }
        if length > MAX_BLOCK {
            return damage(format!(
                "a block of type {kind} claims {length} bytes, more than the {MAX_BLOCK} there can be"
            ));
        }
        if !source.need(head.whole as usize) {
            return damage(ended_within(source, head));
        }
        let trailer = octets(source.rest(), head.whole as usize - 4).map(|trailer| order.u32(trailer));
        match trailer {
            Some(trailer) if padded(u64::from(trailer)) == head.whole => Ok(Some(head)),
            _ => damage(mismatch(head, trailer.unwrap_or_default())),
        }
    }

    /// Moves over a block that is not looked into.
    fn pass_over(&self, source: &mut Source, head: Head) -> Result<(), String> {
        if !source.skip(head.whole - 4) || !source.need(4) {
            return Err(ended_within(source, head));
        }
        let trailer = octets(source.rest(), 0).map(|trailer| self.order.u32(trailer)).unwrap_or_default();
        if padded(u64::from(trailer)) != head.whole {
            return Err(mismatch(head, trailer));
        }
        source.advance(4);
        Ok(())
    }

    fn begin_section(&mut self, source: &Source, head: Head) -> Result<(), String> {
        let body = body(source, head);
        let (Some(magic), Some(major), Some(minor), true) =
            (octets(body, 0), octets(body, 4), octets(body, 6), body.len() >= 16)
        else {
            return Err(format!("a section header of {} bytes is too short", head.length));
        };
        let order = section_order(magic).ok_or("a section header has no byte-order magic")?;
        match (order.u16(major), order.u16(minor)) {
            // 1.2 is written by some and read like 1.0, says the draft.
            (1, 0 | 2) => {}
            (major, minor) => return Err(format!("a pcapng section of version {major}.{minor}, not 1.0 or 1.2")),
        }
        self.dropped_before = self.dropped();
        self.order = order;
        self.interfaces.clear();
        Ok(())
    }

    fn add_interface(&mut self, body: &[u8]) -> Result<(), String> {
        let (Some(link_type), Some(snaplen)) = (octets(body, 0), octets(body, 4)) else {
            return Err("an interface description is too short".into());
        };
        if self.interfaces.len() == MAX_INTERFACES {
            return Err(format!("a section describes more than {MAX_INTERFACES} interfaces"));
        }
        let mut tick = Tick::default();
        let (mut fcs, mut offset) = (0, 0);
        for (code, value) in options(self.order, body.get(8..).unwrap_or_default()) {
            match (code, value) {
                (IF_TSRESOL, [resolution, ..]) => tick = Tick::new(*resolution),
                // In bits, says the draft; its first example was 4, and so some write octets.
                (IF_FCSLEN, [length @ 0..8, ..]) => fcs = u32::from(*length),
                (IF_FCSLEN, [bits, ..]) => fcs = u32::from(*bits) / 8,
                (IF_TSOFFSET, _) => {
                    offset = octets(value, 0).map_or(0, |seconds| self.order.u64(seconds).cast_signed())
                }
                _ => {}
            }
        }
        self.interfaces.push(Interface {
            link_type: LinkType(self.order.u16(link_type)),
            snaplen: self.order.u32(snaplen),
            fcs,
            tick: tick.from(offset),
            dropped_in_all: None,
            dropped_between: None,
        });
        Ok(())
    }

    fn note_statistics(&mut self, body: &[u8]) {
        let order = self.order;
        let Some(interface) = octets(body, 0).and_then(|id| self.interfaces.get_mut(order.u32(id) as usize)) else {
            return;
        };
        let mut dropped = None;
        for (code, value) in options(order, body.get(12..).unwrap_or_default()) {
            if let (ISB_IFDROP | ISB_OSDROP, Some(count)) = (code, octets(value, 0)) {
                dropped = Some(dropped.unwrap_or(0u64).saturating_add(order.u64(count)));
            }
        }
        interface.dropped_in_all = dropped.or(interface.dropped_in_all);
    }

    #[inline]
    fn enhanced_packet(&mut self, body: &[u8], at: usize) -> Result<Record, String> {
        const FIXED: usize = 20;
        let Some([i0, i1, i2, i3, h0, h1, h2, h3, l0, l1, l2, l3, c0, c1, c2, c3, o0, o1, o2, o3]) =
            body.first_chunk::<FIXED>().copied()
        else {
            return Err("an enhanced packet block is too short".into());
        };
        let order = self.order;
        let packet = Packet {
            interface: order.u32([i0, i1, i2, i3]),
            time: u64::from(order.u32([h0, h1, h2, h3])) << 32 | u64::from(order.u32([l0, l1, l2, l3])),
            captured: order.u32([c0, c1, c2, c3]),
            original: order.u32([o0, o1, o2, o3]),
            fixed: FIXED,
        };
        self.timed_packet(&packet, body, at)
    }

    fn obsolete_packet(&mut self, body: &[u8], at: usize) -> Result<Record, String> {
        const FIXED: usize = 20;
        /// The writer does not know.
        const UNKNOWN: u16 = 0xffff;
        let Some([i0, i1, d0, d1, h0, h1, h2, h3, l0, l1, l2, l3, c0, c1, c2, c3, o0, o1, o2, o3]) =
            body.first_chunk::<FIXED>().copied()
        else {
            return Err("a packet block is too short".into());
        };
        let order = self.order;
        let packet = Packet {
            interface: order.u16([i0, i1]).into(),
            time: u64::from(order.u32([h0, h1, h2, h3])) << 32 | u64::from(order.u32([l0, l1, l2, l3])),
            captured: order.u32([c0, c1, c2, c3]),
            original: order.u32([o0, o1, o2, o3]),
            fixed: FIXED,
        };
        let record = self.timed_packet(&packet, body, at)?;
        let dropped = order.u16([d0, d1]);
        if dropped != UNKNOWN {
            self.note_dropped(packet.interface, dropped.into());
        }
        Ok(record)
    }

    #[inline]
    fn timed_packet(&mut self, packet: &Packet, body: &[u8], at: usize) -> Result<Record, String> {
        let Some(interface) = self.interfaces.get(packet.interface as usize) else {
            let (id, all) = (packet.interface, self.interfaces.len());
            return Err(format!("a packet names interface {id}, of {all} described"));
        };
        let captured = packet.captured as usize;
        let room = body.len().saturating_sub(packet.fixed);
        if captured > room {
            return Err(format!("a packet claims {captured} captured bytes in a block with room for {room}"));
        }
        let most = max_captured(interface.link_type);
        if packet.captured > most {
            return Err(format!("a packet claims {captured} captured bytes, more than the {most} there can be"));
        }
        let time = Some(interface.tick.time(packet.time));
        let (link_type, mut fcs) = (interface.link_type, interface.fcs);
        // Four octets hold an option's head; fewer are padding.
        if room >= captured + 4 {
            let after = packet.fixed + padded(captured as u64) as usize;
            fcs = self.packet_options(packet.interface, body.get(after..).unwrap_or_default()).unwrap_or(fcs);
        }
        Ok(Record::new(time, link_type, at + packet.fixed, packet.captured, packet.original, fcs))
    }

    /// Notes epb_dropcount; returns the length of the check sequence where epb_flags gives it.
    fn packet_options(&mut self, interface: u32, bytes: &[u8]) -> Option<u32> {
        let mut fcs = None;
        for (code, value) in options(self.order, bytes) {
            match code {
                EPB_FLAGS => {
                    let flags = self.order.u32(octets(value, 0).unwrap_or_default());
                    fcs = Some(flags >> 5 & 0xf).filter(|octets| *octets > 0).or(fcs);
                }
                EPB_DROPCOUNT => self.note_dropped(interface, self.order.u64(octets(value, 0).unwrap_or_default())),
                _ => {}
            }
        }
        fcs
    }

    fn note_dropped(&mut self, interface: u32, count: u64) {
        if let Some(interface) = self.interfaces.get_mut(interface as usize) {
            interface.dropped_between = Some(interface.dropped_between.unwrap_or(0).saturating_add(count));
        }
    }

    fn simple_packet(&self, body: &[u8], at: usize) -> Result<Record, String> {
        const FIXED: usize = 4;
        let Some(original) = octets(body, 0) else { return Err("a simple packet block is too short".into()) };
        let Some(interface) = self.interfaces.first() else {
            return Err("a simple packet block stands before any interface description".into());
        };
        let original = self.order.u32(original);
        let captured = if interface.snaplen == 0 { original } else { original.min(interface.snaplen) };
        let room = body.len().saturating_sub(FIXED);
        let most = max_captured(interface.link_type);
        if captured as usize > room {
            return Err(format!("a packet claims {captured} captured bytes in a block with room for {room}"));
        }
        if captured > most {
            return Err(format!("a packet claims {captured} captured bytes, more than the {most} there can be"));
        }
        Ok(Record::new(None, interface.link_type, at + FIXED, captured, original, interface.fcs))
    }
}

/// What the two packet blocks with a time have in common.
struct Packet {
    interface: u32,
    time: u64,
    captured: u32,
    original: u32,
    /// Octets in front of the captured ones.
    fixed: usize,
}

fn looked_into(kind: u32) -> bool {
    matches!(
        kind,
        SECTION_HEADER
            | INTERFACE_DESCRIPTION
            | OBSOLETE_PACKET
            | SIMPLE_PACKET
            | INTERFACE_STATISTICS
            | ENHANCED_PACKET
    )
}

/// What stands between the two frames of a block.
#[inline]
fn body(source: &Source, head: Head) -> &[u8] {
    source.slice(source.at() + 8, (head.whole as usize).saturating_sub(FRAME))
}

fn section_order(magic: [u8; 4]) -> Option<Order> {
    [Order::Little, Order::Big].into_iter().find(|order| order.u32(magic) == BYTE_ORDER)
}

fn ended_within(source: &Source, head: Head) -> String {
    let length = head.length;
    match source.failure() {
        Some(failure) => format!("reading failed within a block of {length} bytes: {failure}"),
        None => format!("the file ends within a block of {length} bytes"),
    }
}

fn mismatch(head: Head, trailer: u32) -> String {
    format!("a block has {} bytes by its head and {trailer} by its end", head.length)
}

/// The options of a block, as far as they make sense: a wrong length ends the list, not the file.
fn options(order: Order, mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        const END: u16 = 0;
        let code = order.u16(octets(bytes, 0)?);
        let length = order.u16(octets(bytes, 2)?);
        let value = bytes.get(4..4 + usize::from(length))?;
        bytes = bytes.get(4 + padded(length.into()) as usize..).unwrap_or_default();
        (code != END).then_some((code, value))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Taken, Writer, check, check_cut_and_flipped, walk, walk_in_pieces, whole};
    use super::*;

    const ORDERS: [Order; 2] = [Order::Little, Order::Big];

    fn section(order: Order) -> Writer {
        Writer::new(order).section()
    }

    fn ethernet(order: Order) -> Writer {
        section(order).interface(1, 0, &[])
    }

    #[track_caller]
    fn damage_after(file: &Writer, bad: Writer, reason: &str) {
        let walked = walk(&[file.bytes.as_slice(), &bad.bytes].concat());
        let (offset, said) = walked.damage.expect(reason);
        assert_eq!(walked.frames, walk(&file.bytes).frames);
        assert_eq!(offset, file.bytes.len() as u64, "{said}");
        assert!(said.contains(reason), "{said}");
    }

    #[test]
    fn all_three_packet_blocks_in_both_orders() {
        for order in ORDERS {
            let file =
                ethernet(order).enhanced(0, 5, b"enhanced", 8).simple(b"simple", 6).obsolete(0, 0, 9, b"old", 30);
            let simple = Taken { nanos: None, ..whole(0, b"simple") };
            let old = Taken { original: 30, cut: true, ..whole(9_000, b"old") };
            check(&file.bytes, &[whole(5_000, b"enhanced"), simple, old]);
        }
    }

    #[test]
    fn interfaces_differ_in_link_type_resolution_and_offset() {
        let file = section(Order::Little)
            .interface(1, 0, &[(9, &[9])])
            .interface(101, 0, &[(2, b"eth0"), (9, &[0x80 | 1]), (14, &2i64.to_le_bytes())])
            .enhanced(1, 3, b"a", 1)
            .enhanced(0, 3, b"b", 1);
        let raw = Taken { link_type: LinkType(101), ..whole(3_500_000_000, b"a") };
        check(&file.bytes, &[raw, whole(3, b"b")]);
    }

    #[test]
    fn each_section_has_its_own_order_and_interfaces() {
        let first = section(Order::Big).interface(101, 0, &[]).interface(1, 0, &[]).enhanced(1, 1, b"a", 1);
        let second = ethernet(Order::Little).enhanced(0, 2, b"b", 1);
        let both = [first.bytes, second.bytes.clone()].concat();
        check(&both, &[whole(1_000, b"a"), whole(2_000, b"b")]);
        let file = Writer { order: Order::Little, bytes: both };
        damage_after(&file, Writer::new(Order::Little).enhanced(1, 3, b"c", 1), "names interface 1, of 1 described");
    }

    #[test]
    fn a_simple_packet_is_as_long_as_the_snap_length_allows() {
        let file = section(Order::Little).interface(1, 3, &[]).simple(b"abc", 99).simple(b"ab", 2);
        let frame = |bytes: &[u8], original, cut| Taken { nanos: None, original, cut, ..whole(0, bytes) };
        check(&file.bytes, &[frame(b"abc", 99, true), frame(b"ab", 2, false)]);
    }

    #[test]
    fn unknown_blocks_are_passed_over_whatever_their_size() {
        let large = vec![0xaa; 600 << 10];
        for kind in [4, 10, 0x0bad, 0x8000_0001] {
            let file = ethernet(Order::Big).block(kind, b"").enhanced(0, 1, b"a", 1).block(kind, &large);
            check(&file.enhanced(0, 2, b"b", 1).bytes, &[whole(1_000, b"a"), whole(2_000, b"b")]);
        }
    }

    #[test]
    fn a_block_that_claims_four_gigabytes_costs_nothing() {
        let file = ethernet(Order::Little);
        damage_after(&file, Writer::new(Order::Little).u32(0x8000_0001).u32(u32::MAX - 3).u32(0), "the file ends");
        damage_after(&file, Writer::new(Order::Little).u32(6).u32(u32::MAX - 3).u32(0), "more than the");
    }

    #[test]
    fn drops_come_from_statistics_else_from_packets() {
        let eight = 8u64.to_le_bytes();
        let two = 2u64.to_le_bytes();
        let none = ethernet(Order::Little).enhanced(0, 1, b"a", 1);
        assert_eq!(walk(&none.bytes).dropped, None);
        let packets = none.clone().enhanced_with(0, 2, b"b", 1, &[(4, &two)]).obsolete(0, 3, 3, b"c", 1);
        assert_eq!(walk(&packets.bytes).dropped, Some(5));
        assert_eq!(walk(&packets.clone().obsolete(0, 0xffff, 3, b"c", 1).bytes).dropped, Some(5));
        let both = packets.statistics(0, &[(4, &two), (5, &two)]).statistics(0, &[(5, &eight), (7, &two)]);
        assert_eq!(walk(&both.bytes).dropped, Some(10));
        let again = both.section().interface(1, 0, &[]).statistics(0, &[(5, &two)]);
        assert_eq!(walk(&again.bytes).dropped, Some(12));
    }

    #[test]
    fn the_check_sequence_is_told_by_the_interface_or_the_packet() {
        let flags = (2u32 << 5).to_le_bytes();
        for length in [4, 32] {
            let file = section(Order::Little).interface(1, 0, &[(13, &[length])]).enhanced(0, 0, b"abFCS!", 6);
            let file = file.enhanced_with(0, 0, b"abcFC", 5, &[(2, &flags)]);
            check(&file.bytes, &[whole(0, b"ab"), whole(0, b"abc")]);
        }
    }

    #[test]
    fn lies_about_lengths_are_damage() {
        let order = Order::Little;
        let new = || Writer::new(order);
        let file = ethernet(order).enhanced(0, 1, b"a", 1);
        damage_after(&file, new().u32(6).u32(11).u32(11), "fewer than its own frame");
        damage_after(&file, new().u32(6).u32(0).u32(0), "fewer than its own frame");
        damage_after(&file, new().block(6, b"too short"), "too short");
        damage_after(&file, new().u32(9).u32(16).u32(0).u32(20), "16 bytes by its head and 20 by its end");
        damage_after(&file, new().u32(1).u32(20).u64(0).u32(24), "20 bytes by its head and 24 by its end");
        let claims = |captured: u32| new().u32(0).u32(0).u32(0).u32(captured).u32(captured).raw(b"abcd").bytes;
        damage_after(&file, new().block(6, &claims(5)), "room for 4");
        damage_after(&file, new().block(6, &claims(u32::MAX)), "room for 4");
        damage_after(&file, new().block(3, &new().u32(5).raw(b"abcd").bytes), "room for 4");
        damage_after(&section(order), new().simple(b"a", 1), "before any interface");
        let large = vec![0; (256 << 10) + 1];
        damage_after(&file, new().enhanced(0, 0, &large, 1), "more than the 262144 there can be");
    }

    #[test]
    fn options_that_make_no_sense_end_their_list_and_nothing_else() {
        let file = section(Order::Little).interface(1, 0, &[(9, &[])]).block(1, b"\x01\0\0\0\0\0\0\0\x09\0\xff\xff");
        check(&file.enhanced(1, 1, b"a", 1).bytes, &[whole(1_000, b"a")]);
    }

    #[test]
    fn versions_other_than_1_0_and_1_2_are_not_guessed_at() {
        let version = |major, minor| {
            let body = Writer::new(Order::Little).u32(BYTE_ORDER).u16(major).u16(minor).u64(u64::MAX).bytes;
            Writer::new(Order::Little).block(SECTION_HEADER, &body)
        };
        assert!(walk_in_pieces(&version(1, 2).bytes, usize::MAX).is_ok());
        assert!(matches!(walk_in_pieces(&version(2, 0).bytes, usize::MAX), Err(Reason::Unsupported(_))));
        damage_after(&ethernet(Order::Little).enhanced(0, 1, b"a", 1), version(2, 0), "version 2.0");
    }

    #[test]
    fn a_section_without_packets_is_complete() {
        check(&section(Order::Little).bytes, &[]);
    }

    #[test]
    fn every_cut_and_every_flip() {
        for order in ORDERS {
            let start = Writer::new(order).section();
            let described = start.clone().interface(1, 64, &[(9, &[6]), (13, &[0])]);
            let one = described.clone().enhanced_with(0, 1 << 40, b"abc", 3, &[(2, &[0; 4])]);
            let named = one.clone().block(4, b"name");
            let two = named.clone().simple(b"simple", 6);
            let counted = two.clone().statistics(0, &[(5, &[0; 8])]);
            let all = counted.clone().obsolete(0, 1, 7, b"old", 3);
            let ends = [start, described, one, named, two, counted].map(|part| part.bytes.len());
            check_cut_and_flipped(&all.bytes, &ends);
        }
    }
}
