//! The layers around a segment, each combination stored once.
//!
//! Addresses and identifiers are kept as they were on the line: the two directions of a flow through a tunnel have two paths.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;

use crate::tcp::PathId;

/// Different paths kept apart; those that come later share one. Room for a mobile core's bearers, at some 150 octets each.
const MAX_PATHS: usize = 65_536;

/// VLAN identifiers (IEEE 802.1Q: twelve bits).
const VLANS: usize = 4096;

/// Something around an IP header that a packet was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// A VLAN tag (IEEE 802.1Q, 802.1ad). A priority tag, whose identifier is 0, names no VLAN and is not listed.
    Vlan {
        /// 1 to 4095.
        id: u16,
    },
    /// An MPLS label (RFC 3032).
    Mpls {
        /// Twenty bits.
        label: u32,
    },
    /// A PPPoE session (RFC 2516).
    Pppoe {
        /// The session identifier.
        session: u16,
    },
    /// A tunnel over IP.
    Tunnel {
        /// Which, with its identifiers.
        kind: Tunnel,
        /// Source of the outer IP header.
        source: IpAddr,
        /// Destination of the outer IP header.
        destination: IpAddr,
    },
    /// The path was seen after the bound on paths was reached; what it was is not kept.
    Unlisted,
}

/// The tunnels over IP that are looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tunnel {
    /// IPv4 in IPv4 or IPv6 in IPv6 (RFC 2003, RFC 2473).
    IpInIp,
    /// IPv6 in IPv4 (RFC 4213).
    SixInFour,
    /// IPv4 in IPv6 (RFC 2473).
    FourInSix,
    /// MPLS in IP (RFC 4023).
    MplsInIp,
    /// Ethernet in IP (RFC 3378), also as segment routing has it (RFC 8986).
    EtherIp,
    /// GRE (RFC 2784, RFC 2890), also in UDP (RFC 8086).
    Gre {
        /// The key, where one is carried.
        key: Option<u32>,
    },
    /// PPTP's enhanced GRE (RFC 2637).
    Pptp {
        /// The peer's call identifier.
        call: u16,
    },
    /// A mirrored Ethernet frame in GRE (draft-foschiano-erspan).
    Erspan {
        /// The session identifier; `None` for type I, which has none.
        session: Option<u16>,
    },
    /// VXLAN (RFC 7348), also with the generic protocol extension.
    Vxlan {
        /// The network identifier.
        vni: u32,
    },
    /// Geneve (RFC 8926).
    Geneve {
        /// The network identifier.
        vni: u32,
    },
    /// GTP-U (3GPP TS 29.281).
    GtpU {
        /// The tunnel endpoint identifier.
        teid: u32,
    },
    /// Teredo (RFC 4380).
    Teredo,
    /// AYIYA (draft-massar-v6ops-ayiya).
    Ayiya,
    /// L2TP version 2 (RFC 2661).
    L2tp {
        /// The tunnel identifier.
        tunnel: u16,
        /// The session identifier.
        session: u16,
    },
    /// L2TP version 3 (RFC 3931).
    L2tpV3 {
        /// The session identifier.
        session: u32,
    },
    /// MPLS in UDP (RFC 7510).
    MplsInUdp,
    /// LISP (RFC 9300).
    Lisp,
    /// CAPWAP's data channel (RFC 5415).
    Capwap,
    /// The TaZmen Sniffer Protocol, mirrored frames.
    Tzsp,
}

/// The paths seen, each with a small number.
///
/// Which number a path gets depends on the frames in front of it and on nothing else.
#[derive(Clone, Debug)]
pub struct Paths {
    /// By number.
    lists: Vec<Box<[Layer]>>,
    numbers: HashMap<Box<[Layer]>, PathId, foldhash::fast::RandomState>,
    /// The path of a single VLAN tag, which is nearly every path there is.
    single_vlan: Box<[Option<PathId>; VLANS]>,
    /// The path looked up last: neighbours in a capture often share theirs.
    last: PathId,
}

impl Paths {
    /// What every path beyond the bound becomes.
    const OVERFLOW: PathId = PathId(u32::MAX);

    pub(super) fn new() -> Self {
        Self {
            lists: vec![Box::default()],
            numbers: HashMap::from_iter([(Box::default(), PathId::PLAIN)]),
            single_vlan: Box::new([None; VLANS]),
            last: PathId::PLAIN,
        }
    }

    /// The layers of a path, outermost first.
    pub fn layers(&self, path: PathId) -> &[Layer] {
        match self.lists.get(path.0 as usize) {
            Some(layers) => layers,
            None => &[Layer::Unlisted],
        }
    }

    /// The identifiers of a path's VLAN tags, outermost first, in and around tunnels.
    pub fn vlans(&self, path: PathId) -> Vec<u16> {
        let id = |layer: &Layer| match *layer {
            Layer::Vlan { id } => Some(id),
            Layer::Mpls { .. } | Layer::Pppoe { .. } | Layer::Tunnel { .. } | Layer::Unlisted => None,
        };
        self.layers(path).iter().filter_map(id).collect()
    }

    /// The layers of a path that are no VLAN tags, outermost first.
    pub fn tunnels(&self, path: PathId) -> Vec<Layer> {
        self.layers(path).iter().copied().filter(|layer| !matches!(layer, Layer::Vlan { .. })).collect()
    }

    /// How many paths there are, the plain one included.
    #[allow(clippy::len_without_is_empty)] // there is always the plain one
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// The number of a path; `None` where it is new and there is no room left.
    pub(super) fn intern(&mut self, layers: &[Layer]) -> Option<PathId> {
        if layers.is_empty() {
            return Some(PathId::PLAIN);
        }
        if self.layers(self.last) == layers {
            return Some(self.last);
        }
        let path = match self.numbers.get(layers) {
            Some(&path) => path,
            None => self.add(layers)?,
        };
        self.last = path;
        Some(path)
    }

    /// The number of the path of one VLAN tag.
    #[inline]
    pub(super) fn single_vlan(&mut self, id: u16) -> Option<PathId> {
        let known = self.single_vlan.get(usize::from(id)).copied().flatten();
        if known.is_some() { known } else { self.intern(&[Layer::Vlan { id }]) }
    }

    /// What to call a path that [`Self::intern`] had no room for.
    pub(super) fn overflow() -> PathId {
        Self::OVERFLOW
    }

    #[cold]
    fn add(&mut self, layers: &[Layer]) -> Option<PathId> {
        if self.lists.len() >= MAX_PATHS {
            return None;
        }
        let path = PathId(u32::try_from(self.lists.len()).ok()?);
        self.lists.push(layers.into());
        self.numbers.insert(layers.into(), path);
        if let [Layer::Vlan { id }] = *layers
            && let Some(slot) = self.single_vlan.get_mut(usize::from(id))
        {
            *slot = Some(path);
        }
        Some(path)
    }
}

/// As `vlan 100` or `vxlan 100 (10.0.0.1 > 10.0.0.2)`.
impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vlan { id } => write!(f, "vlan {id}"),
            Self::Mpls { label } => write!(f, "mpls {label}"),
            Self::Pppoe { session } => write!(f, "pppoe {session}"),
            Self::Tunnel { kind, source, destination } => write!(f, "{kind} ({source} > {destination})"),
            Self::Unlisted => f.write_str("unlisted"),
        }
    }
}

impl fmt::Display for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IpInIp => f.write_str("ip-in-ip"),
            Self::SixInFour => f.write_str("6in4"),
            Self::FourInSix => f.write_str("4in6"),
            Self::MplsInIp => f.write_str("mpls-in-ip"),
            Self::EtherIp => f.write_str("etherip"),
            Self::Gre { key: Some(key) } => write!(f, "gre {key}"),
            Self::Gre { key: None } => f.write_str("gre"),
            Self::Pptp { call } => write!(f, "pptp {call}"),
            Self::Erspan { session: Some(session) } => write!(f, "erspan {session}"),
            Self::Erspan { session: None } => f.write_str("erspan"),
            Self::Vxlan { vni } => write!(f, "vxlan {vni}"),
            Self::Geneve { vni } => write!(f, "geneve {vni}"),
            Self::GtpU { teid } => write!(f, "gtp-u {teid}"),
            Self::Teredo => f.write_str("teredo"),
            Self::Ayiya => f.write_str("ayiya"),
            Self::L2tp { tunnel, session } => write!(f, "l2tp {tunnel}/{session}"),
            Self::L2tpV3 { session } => write!(f, "l2tpv3 {session}"),
            Self::MplsInUdp => f.write_str("mpls-in-udp"),
            Self::Lisp => f.write_str("lisp"),
            Self::Capwap => f.write_str("capwap"),
            Self::Tzsp => f.write_str("tzsp"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vxlan(vni: u32) -> Layer {
        let [source, destination] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(IpAddr::from);
        Layer::Tunnel { kind: Tunnel::Vxlan { vni }, source, destination }
    }

    #[test]
    fn equal_layers_share_a_number_and_others_do_not() {
        let mut paths = Paths::new();
        assert_eq!(paths.intern(&[]), Some(PathId::PLAIN));
        let tagged = paths.intern(&[Layer::Vlan { id: 5 }]);
        assert_eq!(paths.single_vlan(5), tagged);
        assert_ne!(paths.single_vlan(6), tagged);
        let nested = paths.intern(&[Layer::Vlan { id: 5 }, vxlan(7), Layer::Vlan { id: 9 }]).unwrap();
        assert_ne!(Some(nested), paths.intern(&[Layer::Vlan { id: 5 }, vxlan(8), Layer::Vlan { id: 9 }]));
        assert_eq!(paths.vlans(nested), [5, 9]);
        assert_eq!(paths.tunnels(nested), [vxlan(7)]);
        assert_eq!(paths.len(), 5);
    }

    #[test]
    fn the_bound_on_paths_holds() {
        let mut paths = Paths::new();
        let found = (0..).map(|label| paths.intern(&[Layer::Mpls { label }])).take_while(Option::is_some).count();
        assert_eq!(found, MAX_PATHS - 1);
        assert_eq!(paths.intern(&[Layer::Mpls { label: 3 }]), Some(PathId(4)), "known ones are still found");
        assert_eq!(paths.layers(Paths::overflow()), [Layer::Unlisted]);
    }

    #[test]
    fn layers_are_written_for_people() {
        assert_eq!(vxlan(100).to_string(), "vxlan 100 (10.0.0.1 > 10.0.0.2)");
        assert_eq!(Layer::Vlan { id: 7 }.to_string(), "vlan 7");
    }
}
