//! The TCP header, as far as it was captured.

use super::ip::IpHeader;
use super::{Octets, Undecoded};
use crate::capture::Frame;
use crate::tcp::{Device, Endpoint, PathId, Segment, SeqNum, TcpFlags, TcpOptions};

/// Octets of a header without options (RFC 9293 section 3.1).
const FIXED_HEADER: usize = 20;

/// Octets of a header up to its flags, the least that makes a segment.
const UP_TO_FLAGS: usize = 14;

/// A TCP header of which at least the flags, in the fourteenth octet, were captured.
///
/// The data offset is believed unless it lies inside the fixed header, where the flags cannot be trusted either.
pub(super) fn segment(frame: &Frame<'_>, ip: &IpHeader, data: Octets<'_>) -> Result<Segment, Undecoded> {
    let start: [u8; UP_TO_FLAGS] = data.read(0)?;
    let header_len = header_len(&start).ok_or(Undecoded::Malformed)?;
    let window = data.u16(UP_TO_FLAGS).ok();
    let mut segment = fixed(frame, ip, Device::UNKNOWN, data, &start, window);
    let captured = data.bytes();
    segment.options_complete = match captured.get(FIXED_HEADER..header_len) {
        Some(octets) => segment.options.read(octets),
        None => {
            segment.options.read(captured.get(FIXED_HEADER..).unwrap_or_default());
            false
        }
    };
    Ok(segment)
}

/// As [`segment`], put at the end of `segments`; `None` where the header was not captured whole or makes no sense.
#[inline(always)]
pub(super) fn whole(
    frame: &Frame<'_>,
    ip: &IpHeader,
    device: Device,
    data: Octets<'_>,
    segments: &mut Vec<Segment>,
) -> Option<()> {
    let header: &[u8; FIXED_HEADER] = data.bytes().first_chunk()?;
    let [.., w0, w1, _, _, _, _] = *header;
    let start = header.first_chunk()?;
    let options = data.bytes().get(FIXED_HEADER..header_len(start)?)?;
    segments.push(fixed(frame, ip, device, data, start, Some(u16::from_be_bytes([w0, w1]))));
    if !options.is_empty() {
        let segment = segments.last_mut()?;
        segment.options_complete = segment.options.read(options);
    }
    Some(())
}

/// Octets of the header by its data offset, where that lies behind the fixed header.
#[inline]
fn header_len(&[.., offset, _]: &[u8; UP_TO_FLAGS]) -> Option<usize> {
    Some(usize::from(offset >> 4) * 4).filter(|len| *len >= FIXED_HEADER)
}

/// All of a segment but its options and the layers around it.
#[inline(always)]
fn fixed(
    frame: &Frame<'_>,
    ip: &IpHeader,
    device: Device,
    data: Octets<'_>,
    start: &[u8; UP_TO_FLAGS],
    window: Option<u16>,
) -> Segment {
    let [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, f0, f1] = *start;
    let header_len = usize::from(f0 >> 4) * 4;
    let length = |octets: usize| u32::try_from(octets).unwrap_or(u32::MAX);
    Segment {
        frame: frame.number,
        time: frame.time,
        source: Endpoint { address: ip.source, port: u16::from_be_bytes([s0, s1]) },
        destination: Endpoint { address: ip.destination, port: u16::from_be_bytes([d0, d1]) },
        ipv6: ip.ipv6,
        seq: SeqNum(u32::from_be_bytes([q0, q1, q2, q3])),
        ack: SeqNum(u32::from_be_bytes([a0, a1, a2, a3])),
        flags: TcpFlags::from_bits(u16::from_be_bytes([f0, f1])),
        window,
        payload_len: length(data.len().saturating_sub(header_len)),
        captured_payload: length(data.bytes().len().saturating_sub(header_len)),
        options: TcpOptions::default(),
        options_complete: true,
        ttl: ip.ttl,
        tos: ip.tos,
        ip_id: ip.ip_id,
        dont_fragment: ip.dont_fragment,
        path: PathId::PLAIN,
        device,
        input: frame.input,
        input_frame: frame.input_frame,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ETHERNET, frame, inner, ipv4, outer, refused, segment, tcp};
    use super::*;

    #[test]
    fn fourteen_octets_show_the_flags() {
        let bytes = inner();
        let cut = |len: usize| Frame { bytes: &bytes[..20 + len], ..frame(228, &bytes) };
        let found = segment(&cut(14));
        assert!(found.flags.rst());
        assert_eq!((found.window, found.payload_len, found.captured_payload), (None, 4, 0));
        assert!(!found.options_complete);
        assert_eq!(segment(&cut(16)).window, Some(256));
        assert_eq!(segment(&cut(32)).options.timestamps(), Some((5, 6)));
        assert!(segment(&cut(32)).options_complete);
        assert_eq!(segment(&cut(34)).captured_payload, 2);
        let (_, _, reason) = super::super::testing::decode(&cut(13));
        assert_eq!(reason, Some(Undecoded::Cut));
    }

    #[test]
    fn all_twelve_bits_are_kept() {
        let mut header = tcp();
        header[12..14].copy_from_slice(&[0x8f, 0xff]);
        assert_eq!(segment(&frame(228, &ipv4(6, &header))).flags.bits(), 0xfff);
    }

    #[test]
    fn a_header_that_ends_inside_itself_is_none() {
        let mut header = tcp();
        header[12] = 0x40;
        refused(228, &ipv4(6, &header), Undecoded::Malformed);
        refused(ETHERNET, &outer(6, &header), Undecoded::Malformed);
    }

    #[test]
    fn a_header_longer_than_its_packet_has_no_data() {
        let mut header = tcp();
        header[12] = 0xf0;
        let found = segment(&frame(228, &ipv4(6, &header)));
        assert_eq!((found.payload_len, found.options_complete), (0, false));
    }
}
