//! A flow of any addresses, moved to those of a trace.

use super::{Ends, Event, Packet};
use crate::tcp::{Endpoint, IcmpError, Segment, SeqNum, Timestamp};

/// The events of one connection with the addresses, initial sequence numbers and times of a trace, so that [`super::print`]
/// can write them: `start` becomes 0, the server's port stays. Events of other endpoints are left out.
///
/// Initial sequence numbers that were not seen may be any number: what is printed is relative to them.
pub fn relative(
    events: &[Event],
    (client, client_isn): (Endpoint, SeqNum),
    (server, server_isn): (Endpoint, SeqNum),
    start: Timestamp,
) -> Vec<Event> {
    let time = |time: Option<Timestamp>| time.map(|time| Timestamp::from_nanos(time.since(start).0));
    events
        .iter()
        .filter_map(|event| {
            let (source, destination, ipv6) = match &event.packet {
                Packet::Segment(segment) => (segment.source, segment.destination, segment.ipv6),
                Packet::Icmp(error) => (error.quoted.source, error.quoted.destination, error.quoted.ipv6),
            };
            let from_client = match (source, destination) {
                ends if ends == (client, server) => true,
                ends if ends == (server, client) => false,
                _ => return None,
            };
            let ends = Ends { port: server.port, ipv6, ..Ends::default() };
            let (new_client, new_server) = ends.isn();
            let moved = |seq: SeqNum, of_client: bool| {
                let (old, new) = if of_client { (client_isn, new_client) } else { (server_isn, new_server) };
                new.add(seq.since(old) as u32)
            };
            let (new_source, new_destination) =
                if from_client { (ends.client(), ends.server()) } else { (ends.server(), ends.client()) };
            let packet = match event.packet {
                Packet::Segment(segment) => {
                    let mut options = segment.options;
                    if let Some((left, right)) = options.sack() {
                        options.set_sack(moved(left, !from_client), moved(right, !from_client));
                    }
                    Packet::Segment(Segment {
                        time: time(segment.time),
                        source: new_source,
                        destination: new_destination,
                        seq: if super::refuses(&segment) { segment.seq } else { moved(segment.seq, from_client) },
                        ack: if segment.flags.ack() { moved(segment.ack, !from_client) } else { segment.ack },
                        options,
                        ..segment
                    })
                }
                Packet::Icmp(error) => {
                    let mut quoted = error.quoted;
                    quoted.seq = quoted.seq.map(|seq| moved(seq, from_client));
                    (quoted.source, quoted.destination) = (new_source, new_destination);
                    let reporter = match error.reporter {
                        ip if ip == client.ip(ipv6) => ends.client().ip(ipv6),
                        ip if ip == server.ip(ipv6) => ends.server().ip(ipv6),
                        _ => super::parse::router(ipv6),
                    };
                    Packet::Icmp(IcmpError { time: time(error.time), reporter, quoted, ..error })
                }
            };
            Some(Event { packet, ..event.clone() })
        })
        .collect()
}
