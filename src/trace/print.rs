//! Events to text.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::lex::quote;
use super::parse::{FLAG_LETTERS, ICMP_NAMES, own_and_peer};
use super::{Ends, Event, Packet, first_id, refuses};
use crate::tcp::{FrameNumber, IcmpError, Segment, Timestamp};

/// Writes the events as a trace: reading it gives the same events.
///
/// Addresses must be those of a trace: [`super::relative`] makes them so. A packet of other addresses becomes a comment.
/// Which input a packet came from is not written.
pub fn print(events: &[Event]) -> String {
    let mut printer = Printer::default();
    for event in events {
        // Writing to a text cannot fail.
        let _ = printer.event(event);
    }
    printer.text
}

#[derive(Default)]
struct Printer {
    text: String,
    last_frame: Option<FrameNumber>,
    counted: BTreeMap<(Ends, bool), u16>,
}

impl Printer {
    fn event(&mut self, event: &Event) -> fmt::Result {
        match &event.packet {
            Packet::Segment(segment) => {
                let forth = Ends::of(segment.source, segment.destination, segment.ipv6).map(|ends| (ends, true));
                let back = || Ends::of(segment.destination, segment.source, segment.ipv6).map(|ends| (ends, false));
                let Some((ends, from_client)) = forth.or_else(back) else { return self.stranger(segment.frame) };
                self.segment(segment, &event.payload, ends, from_client)?;
                self.packet(ends, event.device, segment.frame)
            }
            Packet::Icmp(error) => {
                let quoted = &error.quoted;
                let forth = Ends::of(quoted.source, quoted.destination, quoted.ipv6).map(|ends| (ends, true));
                let back = || Ends::of(quoted.destination, quoted.source, quoted.ipv6).map(|ends| (ends, false));
                let Some((ends, about_client)) = forth.or_else(back) else { return self.stranger(error.frame) };
                self.icmp(error, ends, about_client)?;
                self.packet(ends, event.device, error.frame)
            }
        }
    }

    fn stranger(&mut self, frame: FrameNumber) -> fmt::Result {
        writeln!(self.text, "# frame {frame}: of other addresses")
    }

    fn segment(&mut self, segment: &Segment, payload: &[u8], ends: Ends, from_client: bool) -> fmt::Result {
        let (own, peer) = own_and_peer(ends, 0, from_client);
        let id = self.id(segment, ends, from_client);
        let text = &mut self.text;
        time(text, segment.time)?;
        write!(text, " {} ", if from_client { 'c' } else { 's' })?;
        flags(text, segment)?;
        match refuses(segment) {
            true => write!(text, " 0 raw")?,
            false => write!(text, " {}", segment.seq.since(own))?,
        }
        match (segment.flags.ack(), segment.ack.since(peer), segment.ack.0) {
            (true, 0, _) | (false, _, 0) => {}
            (true, ack, _) => write!(text, " ack {ack}")?,
            (false, _, field) => write!(text, " ackfield {field}")?,
        }
        if !payload.is_empty() {
            write!(text, " data {}", quote(payload))?;
        }
        if payload.len() as u64 != u64::from(segment.payload_len) {
            write!(text, " len {}", segment.payload_len)?;
        }
        if segment.captured_payload != segment.payload_len {
            write!(text, " cap {}", segment.captured_payload)?;
        }
        match segment.window {
            Some(500) => {}
            Some(window) => write!(text, " win {window}")?,
            None => write!(text, " nowin")?,
        }
        if segment.ttl != 64 {
            write!(text, " ttl {}", segment.ttl)?;
        }
        if segment.tos != 0 {
            write!(text, " tos {}", segment.tos)?;
        }
        if let Some(id) = id {
            write!(text, " id {id}")?;
        }
        if !segment.dont_fragment && !segment.ipv6 {
            write!(text, " nodf")?;
        }
        let options = &segment.options;
        if let Some(mss) = options.mss() {
            write!(text, " mss {mss}")?;
        }
        if options.sack_permitted() {
            write!(text, " sackok")?;
        }
        if let Some(shift) = options.window_scale() {
            write!(text, " wscale {shift}")?;
        }
        if let Some((value, echo)) = options.timestamps() {
            write!(text, " ts {value} {echo}")?;
        }
        if let Some((left, right)) = options.sack() {
            write!(text, " sack {} {}", left.since(peer), right.since(peer))?;
        }
        if let Some(reason) = options.mptcp_reset_reason() {
            write!(text, " mprst {reason}")?;
        }
        if !segment.options_complete {
            write!(text, " optcut")?;
        }
        if segment.path.0 != 0 {
            write!(text, " vlan {}", segment.path.0)?;
        }
        Ok(())
    }

    /// The identification where it is not the one that the reader would count.
    fn id(&mut self, segment: &Segment, ends: Ends, from_client: bool) -> Option<u16> {
        let counted = self.counted.entry((ends, from_client)).or_default();
        let next = counted.wrapping_add(1);
        let id = segment.ip_id?;
        if !ends.ipv6 && id == first_id(ends, from_client).wrapping_add(next) {
            *counted = next;
            return None;
        }
        Some(id)
    }

    fn icmp(&mut self, error: &IcmpError, ends: Ends, about_client: bool) -> fmt::Result {
        let (own, _) = own_and_peer(ends, 0, about_client);
        let text = &mut self.text;
        time(text, error.time)?;
        // The language has one router: which of several it was is lost.
        let reporter = match error.reporter {
            ip if ip == ends.client().ip(ends.ipv6) => 'c',
            ip if ip == ends.server().ip(ends.ipv6) => 's',
            _ => 'r',
        };
        write!(text, " {reporter} icmp")?;
        let kind = (error.icmp_type, error.code);
        let named = ICMP_NAMES.iter().find(|(.., v6, numbers)| (*v6, *numbers) == (ends.ipv6, kind));
        match named {
            Some((name, "", ..)) => write!(text, " {name}")?,
            Some((name, code, ..)) => write!(text, " {name} {code}")?,
            None => write!(text, " {} {}", error.icmp_type, error.code)?,
        }
        if !about_client {
            write!(text, " about s")?;
        }
        match error.quoted.seq {
            Some(seq) => write!(text, " quote {}", seq.since(own))?,
            None => write!(text, " noquote")?,
        }
        Ok(())
    }

    fn packet(&mut self, ends: Ends, device: Option<u8>, frame: FrameNumber) -> fmt::Result {
        let text = &mut self.text;
        let usual = Ends::default();
        if ends.flow != usual.flow {
            write!(text, " flow {}", ends.flow)?;
        }
        if ends.port != usual.port {
            write!(text, " port {}", ends.port)?;
        }
        if ends.client != usual.client {
            write!(text, " client {}", ends.client)?;
        }
        if ends.server != usual.server {
            write!(text, " server {}", ends.server)?;
        }
        if ends.ipv6 {
            write!(text, " v6")?;
        }
        if let Some(device) = device {
            write!(text, " mac {device}")?;
        }
        if frame != self.last_frame.map_or(FrameNumber::FIRST, FrameNumber::next) {
            write!(text, " frame {frame}")?;
        }
        self.last_frame = Some(frame);
        text.push('\n');
        Ok(())
    }
}

/// Milliseconds, with as many decimals as there are.
fn time(text: &mut String, time: Option<Timestamp>) -> fmt::Result {
    let Some(time) = time else { return text.write_char('-') };
    let nanos = time.nanos();
    let (sign, size) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    write!(text, "{sign}{}", size / 1_000_000)?;
    match size % 1_000_000 {
        0 => Ok(()),
        part => text.write_str(format!(".{part:06}").trim_end_matches('0')),
    }
}

fn flags(text: &mut String, segment: &Segment) -> fmt::Result {
    let bits = segment.flags.bits();
    if bits == 0 {
        return text.write_char('.');
    }
    FLAG_LETTERS
        .iter()
        .enumerate()
        .filter(|(place, _)| bits & (1 << place) != 0)
        .try_for_each(|(_, letter)| text.write_char(*letter))
}
