//! Frames that belong to no TCP connection: UDP and now and then ARP.

use super::frame::{Address, Frame, Link};
use super::payload::{Payload, Slice};
use super::random::Random;

const ARP_SHARE: f64 = 0.02;
const PROTOCOL_UDP: u8 = 17;
const LARGEST_DATAGRAM: u32 = 1252;

/// Makes the next one.
pub fn write(frame: &mut Frame, pool: &Payload, random: &mut Random) {
    let host = random.bits().to_be_bytes();
    if random.chance(ARP_SHARE) {
        frame.arp([198, 18, host[0], host[1]], [198, 18, 0, 1], host[2]);
        return;
    }
    let link = Link {
        from: Address::V4([198, 18, host[0], host[1]]),
        to: Address::V4([198, 19, 255, host[2] & 7]),
        stations: [1, 2],
        vlans: [None, None],
        ttl: 64,
        ip_id: u16::from_be_bytes([host[3], host[4]]),
    };
    let payload: Slice = pool.slice(1 + random.below(LARGEST_DATAGRAM) as usize, random);
    let mut header = [0; 8];
    header[0..2].copy_from_slice(&(1024 + (u16::from(host[5]) << 4)).to_be_bytes());
    header[2..4].copy_from_slice(&443_u16.to_be_bytes());
    header[4..6].copy_from_slice(&(8 + payload.length as u16).to_be_bytes());
    frame.transport(&link, PROTOCOL_UDP, &header, 6, payload, pool);
}
