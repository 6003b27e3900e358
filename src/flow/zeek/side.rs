//! One side of a connection as Zeek keeps it: its state, its place in sequence space, what was seen of it.

use crate::tcp::{SeqNum, TcpFlags};

/// Beyond this distance Zeek trusts neither the sequence number of a SYN or RST nor an acknowledgement of zero (`TOO_LARGE_SEQ_DELTA`).
const TOO_FAR: i32 = 1 << 20;

/// Who opened the connection, as far as Zeek can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sent the SYN.
    Originator,
    /// Answers it.
    Responder,
}

/// What an observer knows of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing seen.
    Inactive,
    /// A SYN, and no answer.
    SynSent,
    /// A SYN with ACK from the originator.
    SynAckSent,
    /// Traffic without a handshake.
    Partial,
    /// The handshake.
    Established,
    /// A FIN.
    Closed,
    /// A RST.
    Reset,
}

impl State {
    fn from_bits(bits: u16) -> Self {
        match bits & 7 {
            0 => Self::Inactive,
            1 => Self::SynSent,
            2 => Self::SynAckSent,
            3 => Self::Partial,
            4 => Self::Established,
            5 => Self::Closed,
            _ => Self::Reset,
        }
    }

    /// Before or within the handshake.
    pub fn is_handshake(self) -> bool {
        matches!(self, Self::Inactive | Self::SynSent | Self::SynAckSent)
    }
}

/// Facts about one side that are true or false, in one word with its two states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u16);

impl Mark {
    /// A SYN is in the history.
    pub const SYN: Self = Self(1 << 6);
    /// A FIN is in the history.
    pub const FIN: Self = Self(1 << 7);
    /// A RST is in the history.
    pub const RST: Self = Self(1 << 8);
    /// FIN with RST is in the history.
    pub const FIN_RST: Self = Self(1 << 9);
    /// Data is in the history.
    pub const DATA: Self = Self(1 << 10);
    /// An ACK without data is in the history.
    pub const ACK: Self = Self(1 << 11);
    /// Another odd combination of flags is in the history.
    pub const MULTI: Self = Self(1 << 12);
    /// Its end has been dealt with.
    pub const CLOSED: Self = Self(1 << 13);
    /// All of its data has been accounted for.
    pub const END_OF_DATA: Self = Self(1 << 14);
    /// Its data is no longer followed.
    pub const SKIP: Self = Self(1 << 15);

    /// All that the history says; belongs to the role, not to the endpoint.
    const HISTORY: u16 = 0x7f << 6;
}

/// A count that reaches the history at its first, tenth, hundredth... time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Data not beyond what was sent before: `t`.
    Retransmission,
    /// A window of zero: `w`.
    ZeroWindow,
    /// Acknowledged data that the capture lacks: `g`.
    Gap,
}

/// One side of a connection.
///
/// Relative numbers count octets from the initial sequence number. They are kept in 40 bits (low word and `_wraps`),
/// which suffice for 1 TiB a direction; beyond that they wrap.
#[derive(Clone, Copy, Debug, Default)]
pub struct Side {
    /// The initial sequence number, or one less than the first number seen.
    pub start: SeqNum,
    /// After the last octet sent.
    pub last: SeqNum,
    /// The highest acknowledgement of the peer.
    pub acked: SeqNum,
    /// After the FIN, relative; 0 where there was none.
    fin: u32,
    /// Data up to here is accounted for, relative.
    in_order: u32,
    /// How far below `in_order` the data lies that the peer has acknowledged.
    trimmed: i32,
    /// Where the last RST was, relative, low word.
    pub last_rst: u32,
    last_wraps: u8,
    acked_wraps: u8,
    fin_wraps: u8,
    in_order_wraps: u8,
    counts: [u16; 3],
    /// State, previous state, [`Mark`]s.
    marks: u16,
}

impl Side {
    /// The side before its first segment.
    pub fn new() -> Self {
        Self { in_order: 1, ..Self::default() }
    }

    /// Its state.
    #[inline]
    pub fn state(&self) -> State {
        State::from_bits(self.marks)
    }

    /// Its state before this one.
    #[inline]
    pub fn previous(&self) -> State {
        State::from_bits(self.marks >> 3)
    }

    /// Changes the state; a change to the same state is none.
    pub fn set_state(&mut self, state: State) {
        if state != self.state() {
            self.marks = self.marks & !0x3f | (self.marks & 7) << 3 | state as u16;
        }
    }

    /// Whether the mark is there.
    #[inline]
    pub fn has(&self, mark: Mark) -> bool {
        self.marks & mark.0 != 0
    }

    /// Leaves the mark.
    #[inline]
    pub fn set(&mut self, mark: Mark) {
        self.marks |= mark.0;
    }

    /// Exchanges what the history says of two sides that exchange their roles.
    pub fn swap_history(a: &mut Self, b: &mut Self) {
        let differ = (a.marks ^ b.marks) & Mark::HISTORY;
        a.marks ^= differ;
        b.marks ^= differ;
    }

    /// Counts modulo 2¹⁶; the value is what the count is now.
    pub fn count(&mut self, what: Counted) -> u16 {
        let count = &mut self.counts[what as usize];
        *count = count.wrapping_add(1);
        *count
    }

    /// Takes the start of its sequence space from a segment, where that is still open.
    pub fn open(&mut self, flags: TcpFlags, first: SeqNum, end: SeqNum) {
        let anew = match self.state() {
            State::Inactive if !flags.syn() => {
                // As though a SYN had been seen, so that the first octet is number 1 all the same.
                self.start = first.add(u32::MAX);
                self.acked = self.start;
                self.last = first;
                false
            }
            State::Inactive => true,
            State::SynSent | State::SynAckSent | State::Established | State::Partial => {
                flags.syn() && self.must_move(first)
            }
            // Numbers that only a RST gave are not worth keeping against a SYN: the RST may have been forged.
            State::Reset => flags.syn() && self.previous() == State::Inactive,
            State::Closed => false,
        };
        if anew {
            (self.start, self.acked, self.last) = (first, first, end);
        }
    }

    fn must_move(&self, first: SeqNum) -> bool {
        first != self.start || matches!(self.state(), State::Established | State::Partial)
    }

    /// Takes the start of its sequence space from an acknowledgement by the peer.
    pub fn open_from_ack(&mut self, ack: SeqNum) {
        let start = ack.add(u32::MAX);
        (self.start, self.acked, self.last) = (start, start, start);
    }

    /// A sequence number in relative terms.
    #[inline]
    pub fn relative_seq(&self, seq: SeqNum) -> Relative {
        self.relative(seq, self.last, self.last_wraps)
    }

    /// An acknowledgement by the peer in relative terms.
    #[inline]
    pub fn relative_ack(&self, ack: SeqNum) -> Relative {
        self.relative(ack, self.acked, self.acked_wraps)
    }

    #[inline]
    fn relative(&self, number: SeqNum, near: SeqNum, wraps: u8) -> Relative {
        let distance = number.since(near);
        let wraps = if distance < 0 && number.0 > near.0 {
            wraps.saturating_sub(1)
        } else if distance > 0 && number.0 < near.0 {
            wraps.wrapping_add(1)
        } else {
            wraps
        };
        if wraps == 0 {
            let distance = number.since(self.start);
            // Between 2 and 4 GiB this takes a connection to have gone backwards. So does Zeek.
            return Relative { octets: i64::from(distance) as u64, underflow: distance < 0 };
        }
        Relative { octets: full(number, wraps).wrapping_sub(u64::from(self.start.0)), underflow: false }
    }

    /// Takes in a new acknowledgement.
    #[inline]
    pub fn acknowledge(&mut self, ack: SeqNum) {
        let advance = ack.since(self.acked);
        // An acknowledgement of 0 far ahead is a broken stack rather than a large connection that ends there.
        if advance > 0 && !(ack.0 == 0 && advance > TOO_FAR) {
            self.acked_wraps = self.acked_wraps.wrapping_add(u8::from(ack.0 < self.acked.0));
            self.acked = ack;
        }
    }

    /// Takes in where a segment ended; `true` where it repeated data.
    #[inline]
    pub fn advance(&mut self, end: SeqNum, flags: TcpFlags, len: u32) -> bool {
        let ahead = end.since(self.last);
        if flags.intersects(TcpFlags::SYN.union(TcpFlags::RST)) && !(-TOO_FAR..=TOO_FAR).contains(&ahead) {
            return false;
        }
        // A connection of which only SYN and FIN were captured may be longer than 2 GiB.
        let only_ends = flags.fin() && self.last == self.start.add(1);
        if !only_ends && (self.state() == State::Reset || ahead <= 0) {
            return self.state() != State::Reset && len > 0;
        }
        self.last_wraps = self.last_wraps.wrapping_add(u8::from(end.0 < self.last.0));
        self.last = end;
        false
    }

    /// Whether nothing but its SYN was acknowledged.
    #[inline]
    pub fn no_data_acked(&self) -> bool {
        full(self.acked, self.acked_wraps).wrapping_sub(u64::from(self.start.0)) <= 1
    }

    /// Octets of data it sent, by its own numbers or its peer's acknowledgements.
    pub fn size(&self, peer: &Self) -> u64 {
        let half_open_abort =
            self.previous() == State::SynSent && self.state() == State::Reset && peer.state() == State::Inactive;
        if half_open_abort && !self.no_data_acked() {
            return 0;
        }
        let end = self.sent().max(full(self.acked, self.acked_wraps));
        let size = end.wrapping_sub(u64::from(self.start.0)).saturating_sub(1);
        size.saturating_sub(u64::from(self.fin().is_some()))
    }

    fn sent(&self) -> u64 {
        full(self.last, self.last_wraps)
    }

    /// Whether data up to its last octet is neither delivered nor known to be missing.
    pub fn has_hole_before_end(&self) -> bool {
        let delivered = u64::from(self.start.0) + self.in_order();
        // A FIN occupies the last number, a RST does not.
        self.sent() > delivered.saturating_add(1)
    }

    /// After its last FIN, relative.
    #[inline]
    pub fn fin(&self) -> Option<u64> {
        Some(join(self.fin, self.fin_wraps)).filter(|&fin| fin != 0)
    }

    /// Takes in a FIN.
    pub fn set_fin(&mut self, relative: u64) {
        (self.fin, self.fin_wraps) = split(relative);
    }

    /// Data up to here is accounted for, relative.
    #[inline]
    pub fn in_order(&self) -> u64 {
        join(self.in_order, self.in_order_wraps)
    }

    /// Moves [`Self::in_order`], and leaves [`Self::trimmed`] where it is.
    #[inline]
    pub fn set_in_order(&mut self, relative: u64) {
        let trimmed = self.trimmed();
        (self.in_order, self.in_order_wraps) = split(relative);
        self.set_trimmed(trimmed);
    }

    /// Data up to here is acknowledged and done with, relative.
    #[inline]
    pub fn trimmed(&self) -> u64 {
        self.in_order().wrapping_sub(i64::from(self.trimmed) as u64)
    }

    /// Whether the side is in the middle of its stream, `next` and `acked` are where it stands, and no number is near a wrap.
    pub fn streams(&self, next: SeqNum, acked: SeqNum, clearance: u32) -> bool {
        const ESTABLISHED: u16 = State::Established as u16;
        let nothing_wraps = self.start.0 <= self.acked.0
            && self.acked.0 <= self.last.0
            && self.last.0 < u32::MAX - clearance
            && self.last.0 - self.start.0 < (1 << 31) - clearance
            && self.last_wraps | self.acked_wraps | self.in_order_wraps == 0;
        self.marks & (7 | Mark::SKIP.0) == ESTABLISHED
            && self.fin().is_none()
            && self.last == next
            && self.acked == acked
            && self.trimmed >= 0
            && nothing_wraps
    }

    /// Whether all that was sent is accounted for, or (`Some(true)`) all that is outstanding is not; `None` for a mixture.
    pub fn lacks_outstanding(&self) -> Option<bool> {
        let (sent, acked) = (self.last.0.wrapping_sub(self.start.0), self.acked.0.wrapping_sub(self.start.0));
        match self.in_order {
            all if all == sent => Some(false),
            acknowledged if acknowledged == acked => Some(true),
            _ => None,
        }
    }

    /// Whether an acknowledgement of more than the SYN was seen.
    pub fn data_acked(&self) -> bool {
        self.acked.since(self.start) > 1
    }

    /// How many gaps can be counted before the next one that the history tells, or before the count overflows.
    pub fn gaps_left(&self) -> u16 {
        let count = self.counts[Counted::Gap as usize];
        let told = [1, 10, 100, 1_000, 10_000, u16::MAX].into_iter().find(|&told| told > count);
        told.map_or(0, |told| told - count - 1)
    }

    /// Takes in a stretch of its stream at once: where it and the acknowledgements stand now, whether what is outstanding
    /// was not captured whole, and how many gaps may still be counted.
    pub fn catch_up(&mut self, next: SeqNum, acked: SeqNum, is_cut: bool, gaps_left: u16) {
        let trimmed = self.trimmed().max(u64::from(acked.0.wrapping_sub(self.start.0)));
        self.counts[Counted::Gap as usize] += self.gaps_left() - gaps_left;
        (self.last, self.acked) = (next, acked);
        self.in_order = if is_cut { acked } else { next }.0.wrapping_sub(self.start.0);
        self.set_trimmed(trimmed);
    }

    /// Moves [`Self::trimmed`].
    #[inline]
    pub fn set_trimmed(&mut self, relative: u64) {
        let below = self.in_order().wrapping_sub(relative) as i64;
        self.trimmed = below.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
    }
}

/// A number relative to the start of its sequence space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relative {
    /// Octets from the start, two's complement where it lies before.
    pub octets: u64,
    /// Whether it lies before the start.
    pub underflow: bool,
}

#[inline]
fn full(number: SeqNum, wraps: u8) -> u64 {
    join(number.0, wraps)
}

#[inline]
fn join(low: u32, wraps: u8) -> u64 {
    u64::from(wraps) << 32 | u64::from(low)
}

#[inline]
fn split(relative: u64) -> (u32, u8) {
    (relative as u32, (relative >> 32) as u8)
}
