//! Zeek's `conn_state` and `history` of one connection, as a default run of Zeek would log them.
//!
//! One [`ZeekConn`] follows one connection between two endpoints, from the first captured segment to the moment at which
//! Zeek would have written its line; what comes later changes nothing any more. The rules were read from Zeek's sources
//! (src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc, src/analyzer/protocol/tcp/, src/Reassem.cc,
//! scripts/base/protocols/conn/main.zeek) and include its oddities: the value of a line that equals Zeek's is that it can
//! be looked up there.
//!
//! It refuses to judge: nothing here says who is to blame. And it cannot say some things:
//! * Checksums are not verified, as with Zeek's option `-C`: no letter `c`.
//! * What analysers of protocols find out is unknown: no letter `x`, no longer patience with SSH on another port.
//! * A segment whose options were cut by the snap length counts here; Zeek skips it.
//! * Zeek's timers run on the packets of the whole capture, here on those of the connection.

mod blocks;
mod defaults;
mod history;
mod reassembly;
mod side;
mod state;
mod stream;
#[cfg(test)]
mod tests;

use super::Way;
use crate::tcp::{Duration, Segment, TcpFlags, Timestamp};
use blocks::Blocks;
use history::{History, letter};
use side::{Counted, Mark, Role, Side, State};
pub use state::ConnState;
pub use stream::Ready;

/// The shortest silence after which Zeek may give a connection up.
pub const SHORTEST_PATIENCE: Duration = defaults::SHORTEST;

/// One connection as Zeek sees it.
#[derive(Clone, Debug)]
pub struct ZeekConn {
    /// The sender of the first segment and its peer.
    ends: [Side; 2],
    /// What the timer that runs counts from: see [`Self::patience`].
    clock: Option<Timestamp>,
    rare: Option<Box<Rare>>,
    history: History,
    facts: u16,
}

/// What few connections need.
#[derive(Clone, Debug, Default)]
struct Rare {
    /// Letters beyond those in place.
    more_history: Vec<u8>,
    /// Data ahead of a hole, of either side.
    blocks: [Blocks; 2],
    /// How often a count of either side passed 2¹⁶.
    carries: [[u16; 3]; 2],
    /// Where the last SYN of either side was, relative, where that is not 0.
    last_syn: [u64; 2],
    /// Where the last FIN that the history knows was, where a later one in an odd combination of flags moved the end.
    last_fin: [Option<u64>; 2],
    /// What is beyond the low word of where the last RST of either side was.
    last_rst: [u8; 2],
}

/// Facts about the connection that are true or false.
mod fact {
    /// The peer of the first sender is the originator.
    pub const SWAPPED: u16 = 1;
    /// The start of the connection was not seen.
    pub const PARTIAL: u16 = 1 << 1;
    /// The originator has sent something.
    pub const HEARD_ORIGINATOR: u16 = 1 << 2;
    /// The responder has sent something.
    pub const HEARD_RESPONDER: u16 = 1 << 3;
    /// It is over and only kept for stragglers.
    pub const CLOSING: u16 = 1 << 4;
    /// A RST ended Zeek's regular looks at the connection.
    pub const RESET_SEEN: u16 = 1 << 5;
    /// An end was seen and waits for data.
    pub const CLOSE_DEFERRED: u16 = 1 << 6;
    /// Zeek would have written its line.
    pub const ENDED: u16 = 1 << 7;
    /// It left the handshake, and may be silent longer.
    pub const PATIENT: u16 = 1 << 8;
    /// It may be silent much longer.
    pub const VERY_PATIENT: u16 = 1 << 9;
}

impl ZeekConn {
    /// The connection after its first segment: decides who the originator is, and takes the segment in.
    pub fn start(first: &Segment) -> Self {
        let mut conn =
            Self { ends: [Side::new(); 2], clock: first.time, rare: None, history: History::default(), facts: 0 };
        if is_answer_of_server(first) {
            conn.facts |= fact::SWAPPED;
            conn.add_letter(b'^');
        }
        conn.process(Way::Forward, first);
        conn
    }

    /// Takes in the next captured segment of the same two endpoints, whatever it is: a copy of an earlier one is, to Zeek,
    /// a retransmission.
    pub fn segment(&mut self, way: Way, segment: &Segment) {
        if self.ended() {
            return;
        }
        if self.timed_out(segment.time) || self.is_reuse(segment) {
            self.facts |= fact::ENDED;
            return;
        }
        self.process(way, segment);
    }

    /// Whether Zeek would have written its line before the last segment given, and taken that one for a new connection.
    #[inline]
    pub fn ended(&self) -> bool {
        self.is(fact::ENDED)
    }

    /// Which way the originator's segments go: those with upper-case letters.
    #[cfg(test)]
    fn originator_way(&self) -> Way {
        if self.originator() == Way::Forward as usize { Way::Forward } else { Way::Back }
    }

    /// The summary so far.
    pub fn conn_state(&self) -> ConnState {
        let (originator, responder) = (&self.ends[self.originator()], &self.ends[self.originator() ^ 1]);
        let no_data = originator.size(responder) == 0 && responder.size(originator) == 0;
        state::summarise(originator.state(), responder.state(), no_data, || self.history())
    }

    /// The history so far; empty only where no segment had flags or data.
    pub fn history(&self) -> String {
        let more = self.rare.as_ref().map_or(&[][..], |rare| &rare.more_history);
        self.history.as_bytes().iter().chain(more).map(|&letter| char::from(letter)).collect()
    }

    fn process(&mut self, way: Way, segment: &Segment) {
        let me = way as usize;
        let peer = me ^ 1;
        // Zeek asks once; a segment that exchanges the roles is treated by the old ones to its end.
        let role = self.role(me);
        let (flags, len) = (segment.flags, segment.payload_len);
        let was_attempt = self.is_attempt();

        self.update_partial(flags, role);
        let end = segment.seq_end();
        self.ends[me].open(flags, segment.seq, end);
        let at = self.ends[me].relative_seq(segment.seq);
        self.record(me, flags, at.octets, len);

        let zero_window = segment.window == Some(0) && !flags.rst();
        if zero_window && self.ends[peer].state() != State::Closed && self.ends[me].state() != State::Reset {
            self.count(me, Counted::ZeroWindow);
        }
        if flags.fin() {
            self.ends[me].set_fin(at.octets.wrapping_add(u64::from(segment.seq_len())));
        }

        let mut acked = 0;
        if flags.ack() {
            if self.ends[peer].state() == State::Inactive {
                acked = 1;
                self.ends[peer].open_from_ack(segment.ack);
            } else {
                let ack = self.ends[peer].relative_ack(segment.ack);
                if !ack.underflow {
                    acked = ack.octets;
                    if !flags.rst() {
                        self.ends[peer].acknowledge(segment.ack);
                    }
                }
            }
        }
        if self.ends[me].advance(end, flags, len) {
            self.count(me, Counted::Retransmission);
        }

        let ends_side = self.advance_state(me, role, segment);
        if flags.ack() {
            self.ack_received(peer, acked, segment.time);
        }
        self.facts |= heard(role);
        if len > 0 && !flags.rst() && !at.underflow && segment.captured_payload >= len {
            self.data_sent(me, at.octets.wrapping_add(u64::from(flags.syn())), len);
        }
        self.check_end_of_data(me, segment.time);
        if ends_side {
            self.close_side(me, segment.time);
        }

        let attempt_goes_on = was_attempt && self.is_attempt();
        if segment.time.is_some() && !self.is(fact::CLOSING) && !attempt_goes_on {
            self.clock = segment.time;
        }
    }

    // Roles.

    #[inline]
    fn is(&self, fact: u16) -> bool {
        self.facts & fact != 0
    }

    #[inline]
    fn originator(&self) -> usize {
        usize::from(self.facts & fact::SWAPPED)
    }

    #[inline]
    fn role(&self, side: usize) -> Role {
        if side == self.originator() { Role::Originator } else { Role::Responder }
    }

    fn exchange_roles(&mut self) {
        let [a, b] = &mut self.ends;
        Side::swap_history(a, b);
        let heard = self.facts & (fact::HEARD_ORIGINATOR | fact::HEARD_RESPONDER);
        let exchanged = (heard & fact::HEARD_ORIGINATOR) << 1 | (heard & fact::HEARD_RESPONDER) >> 1;
        self.facts = (self.facts ^ fact::SWAPPED) & !heard & !fact::PARTIAL | exchanged;
    }

    #[inline]
    fn update_partial(&mut self, flags: TcpFlags, role: Role) {
        let partial = match role {
            Role::Originator if !self.is(fact::HEARD_ORIGINATOR) => !flags.syn() || flags.ack(),
            Role::Responder if !self.is(fact::HEARD_RESPONDER | fact::PARTIAL) => !flags.syn(),
            _ => return,
        };
        self.facts = self.facts & !fact::PARTIAL | if partial { fact::PARTIAL } else { 0 };
    }

    // History.

    /// Writes down the kind of a segment, before it has had any effect on the states.
    #[inline]
    fn record(&mut self, me: usize, flags: TcpFlags, at: u64, len: u32) {
        /// As many bits as a side keeps of a place in its stream.
        const KEPT: u64 = (1 << 40) - 1;
        let (syn, fin, rst) = (flags.syn(), flags.fin(), flags.rst());
        let at = at & KEPT;
        match (syn, fin, rst) {
            (false, false, false) => {
                if len > 0 {
                    self.record_once(me, Mark::DATA, b'D');
                } else if flags.ack() {
                    self.record_once(me, Mark::ACK, b'A');
                }
            }
            (true, false, false) => {
                let upper = if flags.ack() { b'H' } else { b'S' };
                let before = self.rare.as_ref().map_or(0, |rare| rare.last_syn[me]);
                if !self.record_once(me, Mark::SYN, upper) && before != at {
                    self.add_own_letter(me, upper);
                }
                if before != at {
                    self.rare().last_syn[me] = at;
                }
            }
            (false, true, false) => {
                let place = (at + u64::from(len)) & KEPT;
                let before = self.last_fin(me);
                if !self.record_once(me, Mark::FIN, b'F') && before != place {
                    self.add_own_letter(me, b'F');
                }
                if let Some(rare) = &mut self.rare {
                    rare.last_fin[me] = None;
                }
            }
            (false, false, true) => {
                let (word, beyond) = (at as u32, (at >> 32) as u8);
                let before = (self.ends[me].last_rst, self.rare.as_ref().map_or(0, |rare| rare.last_rst[me]));
                if !self.record_once(me, Mark::RST, b'R') && before != (word, beyond) {
                    self.add_own_letter(me, b'R');
                }
                self.ends[me].last_rst = word;
                if before.1 != beyond {
                    self.rare().last_rst[me] = beyond;
                }
            }
            (_, true, true) => {
                self.keep_last_fin(me);
                self.record_once(me, Mark::FIN_RST, b'I');
            }
            (true, fin, _) => {
                if fin {
                    self.keep_last_fin(me);
                }
                self.record_once(me, Mark::MULTI, b'Q');
            }
        }
    }

    /// Where the last FIN of the history was: one before what the FIN ended, unless an odd combination of flags came between.
    fn last_fin(&self, me: usize) -> u64 {
        let kept = self.rare.as_ref().and_then(|rare| rare.last_fin[me]);
        kept.unwrap_or_else(|| self.ends[me].fin().unwrap_or(1) - 1)
    }

    fn keep_last_fin(&mut self, me: usize) {
        if self.ends[me].has(Mark::FIN) {
            let place = self.last_fin(me);
            self.rare().last_fin[me] = Some(place);
        }
    }

    /// Writes the letter unless it is there; `true` where it was not.
    #[inline]
    fn record_once(&mut self, me: usize, mark: Mark, upper: u8) -> bool {
        if self.ends[me].has(mark) {
            return false;
        }
        // A scan with SYN and ACK is answered by a RST or not at all. An ACK or data, from either side, tells that the SYN
        // was missed and its answer was a true one.
        if matches!(upper, b'A' | b'D') && self.history.as_bytes() == b"H" {
            self.exchange_roles();
            self.history.replace(b"^h");
            self.facts |= fact::HEARD_ORIGINATOR;
            if self.ends[me].has(mark) {
                return false;
            }
        }
        self.ends[me].set(mark);
        self.add_own_letter(me, upper);
        true
    }

    fn add_own_letter(&mut self, me: usize, upper: u8) {
        self.add_letter(letter(upper, self.role(me)));
    }

    fn add_letter(&mut self, letter: u8) {
        if !self.history.push(letter) {
            self.rare().more_history.push(letter);
        }
    }

    fn count(&mut self, me: usize, what: Counted) {
        let low = self.ends[me].count(what);
        let carry = match low {
            0 => {
                let carry = &mut self.rare().carries[me][what as usize];
                *carry = carry.saturating_add(1);
                *carry
            }
            _ => self.rare.as_ref().map_or(0, |rare| rare.carries[me][what as usize]),
        };
        let count = u32::from(carry) << 16 | u32::from(low);
        if count > 0 && 10u32.pow(count.ilog10()) == count {
            let upper = match what {
                Counted::Retransmission => b'T',
                Counted::ZeroWindow => b'W',
                Counted::Gap => b'G',
            };
            self.add_own_letter(me, upper);
        }
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    // States.

    fn set_state(&mut self, side: usize, state: State) {
        let left_handshake = !state.is_handshake() && self.ends.iter().all(|end| end.state().is_handshake());
        if left_handshake {
            self.facts = self.facts & !fact::VERY_PATIENT | fact::PATIENT;
        }
        self.ends[side].set_state(state);
    }

    /// What the flags do to the state of the sender; `true` where they end its side.
    #[inline]
    fn advance_state(&mut self, me: usize, role: Role, segment: &Segment) -> bool {
        let flags = segment.flags;
        match self.ends[me].state() {
            State::Inactive => self.leave_inactive(me, role, segment),
            State::SynSent | State::SynAckSent => {
                if flags.fin() {
                    self.set_state(me, State::Closed);
                }
                if flags.rst() {
                    self.set_state(me, State::Reset);
                    self.facts |= fact::RESET_SEEN;
                }
                flags.intersects(TcpFlags::FIN.union(TcpFlags::RST))
            }
            State::Established | State::Partial => {
                if !flags.intersects(TcpFlags::SYN.union(TcpFlags::FIN).union(TcpFlags::RST)) {
                    return false;
                }
                self.leave_established(me, flags)
            }
            State::Closed => {
                // After both sides have ended, a RST is an afterthought.
                if !flags.rst() || self.ends[me ^ 1].state() == State::Closed {
                    return false;
                }
                self.set_state(me, State::Reset);
                !self.ends[me].has(Mark::CLOSED)
            }
            State::Reset => false,
        }
    }

    fn leave_inactive(&mut self, me: usize, role: Role, segment: &Segment) -> bool {
        let (flags, peer) = (segment.flags, me ^ 1);
        if flags.syn() {
            match role {
                Role::Originator => {
                    self.set_state(me, if flags.ack() { State::SynAckSent } else { State::SynSent });
                }
                Role::Responder => self.answer_syn(me, segment),
            }
        }
        if flags.fin() {
            self.set_state(me, State::Closed);
        }
        if flags.rst() {
            self.set_state(me, State::Reset);
        }
        if self.ends[me].state() == State::Inactive {
            let originator = self.ends[self.originator()].state();
            if role == Role::Responder && segment.payload_len == 0 && originator == State::SynSent {
                // Some stacks acknowledge a SYN before they answer it with their own.
            } else if flags.ack() && self.ends[peer].state() == State::Established {
                // The SYN was missed, its answer was not.
                self.set_state(me, State::Established);
                self.facts = self.facts & !fact::PARTIAL | heard(role);
            } else {
                self.set_state(me, State::Partial);
            }
        }
        flags.intersects(TcpFlags::FIN.union(TcpFlags::RST))
    }

    /// A SYN, with or without ACK, from the responder.
    fn answer_syn(&mut self, me: usize, segment: &Segment) {
        let peer = me ^ 1;
        if !segment.flags.ack() && self.ends[peer].state() == State::SynAckSent {
            // The SYN was captured after its answer.
            self.exchange_roles();
            self.add_letter(b'^');
            self.set_state(peer, State::Established);
            self.facts |= fact::HEARD_ORIGINATOR;
        }
        if self.ends[peer].state() == State::SynSent {
            self.set_state(peer, State::Established);
        }
        self.set_state(me, State::Established);
        if self.ends[peer].state() != State::Partial && defaults::is_interactive(self.service_port(me, segment)) {
            self.facts |= fact::VERY_PATIENT;
        }
    }

    /// The port of the service, from a segment of `me`.
    fn service_port(&self, me: usize, segment: &Segment) -> u16 {
        let (own, other) = (segment.source.port, segment.destination.port);
        let (originator, responder) = if me == self.originator() { (own, other) } else { (other, own) };
        let originator_unseen = self.ends[self.originator()].state() == State::Inactive;
        if originator_unseen && !defaults::is_likely_server(responder) && defaults::is_likely_server(originator) {
            return originator;
        }
        responder
    }

    fn leave_established(&mut self, me: usize, flags: TcpFlags) -> bool {
        let peer = me ^ 1;
        let peer_was = (self.ends[peer].state(), self.ends[peer].previous());
        if flags.syn() && !flags.ack() && self.ends[me].state() == State::Partial && peer_was.0 == State::Inactive {
            self.set_state(me, State::SynSent);
        }
        if flags.rst() {
            self.set_state(me, State::Reset);
            if peer_was != (State::Reset, State::Established) {
                self.facts |= fact::RESET_SEEN;
            }
            return true;
        }
        if flags.fin() {
            self.set_state(me, State::Closed);
            if peer_was == (State::Reset, State::Closed) {
                // A RST after a FIN is an impatient end, and an end all the same.
                self.set_state(peer, State::Closed);
            }
        }
        flags.fin()
    }

    // The end.

    /// Marks the end of one side, and of the connection where nothing else is to be expected.
    fn close_side(&mut self, me: usize, time: Option<Timestamp>) {
        if self.is_data_pending(me) {
            self.facts |= fact::CLOSE_DEFERRED;
            return;
        }
        self.facts &= !fact::CLOSE_DEFERRED;
        if self.ends[me].has(Mark::CLOSED) {
            return;
        }
        self.ends[me].set(Mark::CLOSED);
        let peer = &self.ends[me ^ 1];
        let complete =
            self.ends[me].state() == State::Reset || peer.has(Mark::CLOSED) || peer.state() == State::Inactive;
        if complete {
            self.facts |= fact::CLOSING;
            self.clock = time.or(self.clock);
        }
    }

    /// A first SYN without an answer.
    #[inline]
    fn is_attempt(&self) -> bool {
        let (originator, responder) = (&self.ends[self.originator()], &self.ends[self.originator() ^ 1]);
        responder.state() == State::Inactive && matches!(originator.state(), State::SynSent | State::SynAckSent)
    }

    #[inline]
    fn timed_out(&self, now: Option<Timestamp>) -> bool {
        let Some((now, since)) = now.zip(self.clock) else { return false };
        let silence = now.since(since);
        silence >= defaults::SHORTEST && silence >= self.patience()
    }

    /// How long after [`Self::clock`] Zeek gives the connection up: after its first SYN, its end, or its last segment.
    fn patience(&self) -> Duration {
        if self.is(fact::CLOSING) {
            return defaults::CLOSED;
        }
        if self.is_attempt() {
            return defaults::ATTEMPT;
        }
        let one_side_ended = self.ends.iter().any(|end| end.has(Mark::CLOSED));
        let hopeless = self.ends.iter().any(|end| matches!(end.state(), State::Reset | State::Inactive));
        if one_side_ended && hopeless && !self.is(fact::RESET_SEEN) {
            return defaults::HALF_RESET;
        }
        if self.is(fact::VERY_PATIENT) {
            defaults::INACTIVE_INTERACTIVE
        } else if self.is(fact::PATIENT) {
            defaults::INACTIVE
        } else {
            defaults::INACTIVE_UNANSWERED
        }
    }

    /// Whether a SYN opens another connection between the same endpoints.
    #[inline]
    fn is_reuse(&self, segment: &Segment) -> bool {
        if !segment.flags.syn() {
            return false;
        }
        let (originator, responder) = (&self.ends[self.originator()], &self.ends[self.originator() ^ 1]);
        let opener = if segment.flags.ack() {
            if originator.state() != State::Inactive {
                return false;
            }
            responder
        } else {
            originator
        };
        if self.ends.iter().any(|end| end.has(Mark::CLOSED)) {
            return true;
        }
        let captured_after_its_answer = !segment.flags.ack()
            && originator.state() == State::SynAckSent
            && responder.state() == State::Inactive
            && segment.seq == responder.start;
        segment.seq != opener.start && !captured_after_its_answer
    }
}

fn heard(role: Role) -> u16 {
    match role {
        Role::Originator => fact::HEARD_ORIGINATOR,
        Role::Responder => fact::HEARD_RESPONDER,
    }
}

/// Whether a first segment without the look of a connection request seems, by its ports, to come from the server.
fn is_answer_of_server(first: &Segment) -> bool {
    let (source, destination) = (first.source.port, first.destination.port);
    let is_request = first.flags.syn() && !first.flags.ack();
    if is_request || !defaults::is_likely_server(source) {
        return false;
    }
    // Where both ports are a server's, the lower one is more likely to be; but a SYN with ACK may be a scan.
    !defaults::is_likely_server(destination) || !first.flags.syn() && source < destination
}
