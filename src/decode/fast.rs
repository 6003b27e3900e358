//! The short way for the frame that nearly all are: Ethernet, at most one VLAN tag, IPv4 without options or IPv6 without
//! extension headers, not fragmented, TCP.
//!
//! It answers only where the long way would answer the same, and a test holds it to that. It stands beside the long way because
//! it halves the time of a decoded frame: 20 ns against 40 to 45 on the project's benchmark captures, in the cache.

use super::ether::ether_type;
use super::ip::{IpHeader, protocol};
use super::walk::State;
use super::{LinkAddress, Octets, View, tcp};
use crate::capture::{Frame, LinkType};
use crate::tcp::{Device, Endpoint, Segment};

const ETHERNET: LinkType = LinkType(1);

/// Puts the segment in a plain frame at the end of `segments`; `None` for every other frame.
#[inline(always)]
pub(super) fn plain(frame: &Frame<'_>, state: &mut State, segments: &mut Vec<Segment>) -> Option<()> {
    if frame.link_type != ETHERNET {
        return None;
    }
    let octets = Octets::new(frame.bytes, frame.original_len as usize);
    let (&[_, _, _, _, _, _, source_and_type @ ..], mut rest) = octets.split_first::<14>()?;
    let source_and_type = u64::from_be_bytes(source_and_type);
    let device = Device::numbered(source_and_type >> 16, false);
    let mut kind = source_and_type as u16;
    let mut vlan = 0;
    if kind == ether_type::VLAN {
        let (&[v0, v1, t0, t1], behind) = rest.split_first()?;
        vlan = u16::from_be_bytes([v0, v1]) & 0xfff;
        kind = u16::from_be_bytes([t0, t1]);
        rest = behind;
    }
    // Each family for itself: what is known of one of them is known without a look.
    match kind {
        ether_type::IPV4 => {
            let (ip, data) = ipv4(rest)?;
            tcp::whole(frame, &ip, device, data, segments)?;
        }
        ether_type::IPV6 => {
            let (ip, data) = ipv6(rest)?;
            tcp::whole(frame, &ip, device, data, segments)?;
        }
        _ => return None,
    }
    if vlan != 0 {
        // Only now: what is no segment must leave no path behind, or the numbers of later ones depend on the way.
        segments.last_mut()?.path = state.single_vlan(vlan);
    }
    Some(())
}

/// What the headers of a frame that [`plain`] took say beside its segment.
pub(super) fn view(frame: &Frame<'_>, segment: &Segment) -> Option<View> {
    let (&[_, _, _, _, _, _, a, b, c, d, e, f, t0, t1], rest) = frame.bytes.split_first_chunk::<14>()?;
    let tags = if u16::from_be_bytes([t0, t1]) == ether_type::VLAN { 4 } else { 0 };
    let &[_, l0, l1, l2] = rest.get(tags..)?.first_chunk::<4>()?;
    let tcp = 14 + tags + if segment.ipv6 { 40 } else { 20 };
    let start = tcp + usize::from(frame.bytes.get(tcp + 12)? >> 4) * 4;
    Some(View {
        link_source: LinkAddress::new(&[a, b, c, d, e, f]),
        direction: None,
        flow_label: segment.ipv6.then(|| u32::from_be_bytes([0, l0 & 0xf, l1, l2])),
        payload: Some(start..start + segment.captured_payload as usize),
    })
}

#[inline(always)]
fn ipv4(octets: Octets<'_>) -> Option<(IpHeader, Octets<'_>)> {
    const VERSION_4_WITHOUT_OPTIONS: u8 = 0x45;
    const DONT_FRAGMENT: u16 = 0x4000;
    const MORE_AND_OFFSET: u16 = 0x3fff;
    let (&[version, tos, l0, l1, i0, i1, f0, f1, ttl, next, _, _, s0, s1, s2, s3, d0, d1, d2, d3], data) =
        octets.split_first()?;
    let total_len = usize::from(u16::from_be_bytes([l0, l1]));
    let fragment = u16::from_be_bytes([f0, f1]);
    let plain = version == VERSION_4_WITHOUT_OPTIONS && next == protocol::TCP && fragment & MORE_AND_OFFSET == 0;
    if !plain || total_len < 20 {
        return None;
    }
    let ip = IpHeader {
        source: Endpoint::v4([s0, s1, s2, s3], 0).address,
        destination: Endpoint::v4([d0, d1, d2, d3], 0).address,
        ipv6: false,
        ttl,
        tos,
        ip_id: Some(u16::from_be_bytes([i0, i1])),
        dont_fragment: fragment & DONT_FRAGMENT != 0,
    };
    Some((ip, data.limit(total_len - 20)))
}

#[inline(always)]
fn ipv6(octets: Octets<'_>) -> Option<(IpHeader, Octets<'_>)> {
    let (header, data) = octets.split_first::<40>()?;
    let [c0, c1, _, _, l0, l1, next, ttl, addresses @ ..] = header;
    let payload_len = usize::from(u16::from_be_bytes([*l0, *l1]));
    if c0 >> 4 != 6 || *next != protocol::TCP || payload_len == 0 {
        return None;
    }
    let (source, destination) = addresses.split_at(16);
    let ip = IpHeader {
        source: source.try_into().ok()?,
        destination: destination.try_into().ok()?,
        ipv6: true,
        ttl: *ttl,
        tos: c0 << 4 | c1 >> 4,
        ip_id: None,
        dont_fragment: false,
    };
    Some((ip, data.limit(payload_len)))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::super::testing::{ETHERNET as LINK, ethernet, frame, ipv4, ipv6, join, tcp, udp};
    use super::super::{DecodeLimits, Decoded, Decoder};
    use super::*;
    use crate::capture::{Capture, OpenOptions};

    /// Holds the short way against the long way.
    struct Both {
        decoder: Decoder,
        random: u64,
        /// Frames that the short way took.
        short: u64,
    }

    impl Both {
        fn new() -> Self {
            Self { decoder: Decoder::new(DecodeLimits::default()), random: 1, short: 0 }
        }

        /// A number below `bound`, from a generator of Knuth's.
        fn random(&mut self, bound: usize) -> usize {
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.random >> 33) as usize % bound
        }

        fn check(&mut self, frame: &Frame<'_>) {
            let mut segments = Vec::new();
            let short = plain(frame, &mut self.decoder.0, &mut segments);
            assert_eq!(segments.len(), usize::from(short.is_some()));
            for short in segments {
                self.short += 1;
                let seen = view(frame, &short);
                assert_eq!(self.decoder.decode_any(*frame), Decoded::Segment(short), "{frame:?}");
                assert_eq!(seen.as_ref(), Some(&self.decoder.0.view), "{frame:?}");
            }
        }

        /// The frame, and damaged ones like it: cut, with bits turned in its headers, of another link type.
        fn check_and_damage(&mut self, frame: &Frame<'_>, rounds: usize) {
            const HEADERS: usize = 100;
            self.check(frame);
            for _ in 0..rounds {
                let cut = self.random(frame.bytes.len() + 1);
                self.check(&Frame { bytes: &frame.bytes[..cut], ..*frame });
                let mut bytes = frame.bytes[..frame.bytes.len().min(2 * HEADERS)].to_vec();
                for _ in 0..=self.random(3) {
                    let at = self.random(bytes.len().clamp(1, HEADERS));
                    let bit = self.random(8);
                    if let Some(octet) = bytes.get_mut(at) {
                        *octet ^= 1 << bit;
                    }
                }
                let damaged = Frame { bytes: &bytes, ..*frame };
                self.check(&damaged);
                self.decoder.decode_any(damaged);
                let link_type = LinkType(self.random(300) as u16);
                self.decoder.decode_any(Frame { link_type, ..damaged });
            }
        }
    }

    #[test]
    fn generated_frames_read_the_same_by_both_ways() {
        let mut both = Both::new();
        let tagged = |packet: &[u8]| ethernet(0x8100, &join(&[&[0, 9, 8, 0], packet]));
        let mut without_options = tcp()[..20].to_vec();
        without_options[12] = 0x50;
        let padded = |bytes: Vec<u8>| join(&[&bytes, &[0; 7]]);
        let plain = [
            ethernet(0x800, &ipv4(6, &tcp())),
            ethernet(0x86dd, &ipv6(6, &tcp())),
            tagged(&ipv4(6, &tcp())),
            padded(ethernet(0x800, &ipv4(6, &without_options))),
        ];
        for bytes in &plain {
            let before = both.short;
            both.check(&frame(LINK, bytes));
            assert_eq!(both.short, before + 1, "this is plain: {bytes:?}");
        }
        let others = [
            udp(4789, &join(&[&[8, 0, 0, 0, 0, 0, 1, 0], &plain[0]])),
            ethernet(0x8100, &join(&[&[0, 1, 0x81, 0, 0, 2, 8, 0], &ipv4(6, &tcp())])),
            ethernet(0x86dd, &ipv6(0, &join(&[&[6, 0, 0, 0, 0, 0, 0, 0], &tcp()]))),
        ];
        for bytes in plain.iter().chain(&others) {
            both.check_and_damage(&frame(LINK, bytes), 3000);
        }
    }

    #[test]
    fn a_frame_that_is_no_segment_leaves_no_path_behind() {
        let mut no_segment = tcp();
        // A header longer than the packet.
        no_segment[12] = 0xf0;
        let tagged = |vlan: u8, tcp: &[u8]| ethernet(0x8100, &join(&[&[0, vlan, 8, 0], &ipv4(6, tcp)]));
        let [mut short, mut long] = [0; 2].map(|_| Decoder::new(DecodeLimits::default()));
        for bytes in [tagged(9, &no_segment), tagged(7, &tcp())] {
            let frame = frame(LINK, &bytes);
            assert_eq!(short.decode(&frame), long.look(&frame).0);
        }
        assert_eq!(short.paths().len(), long.paths().len());
    }

    #[test]
    fn captured_frames_read_the_same_by_both_ways() {
        let shared = std::env::var_os("TCPAUTOPSY_SHARED")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
        let Ok(folder) = std::fs::read_dir(shared.join("captures/third_party/captures")) else {
            println!("skipped: there are no captures at {}", shared.display());
            return;
        };
        let mut both = Both::new();
        for entry in folder {
            let (mut capture, _) = Capture::open(&[entry.unwrap().path()], OpenOptions::default());
            while let Some(frame) = capture.next() {
                both.check_and_damage(&frame, 2);
            }
        }
        assert!(both.short > 50_000, "only {} plain frames", both.short);
    }
}
