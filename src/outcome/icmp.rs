//! Error numbers of ICMP messages, as Linux maps them (`icmp_err_convert` in net/ipv4/icmp.c, `tab_unreach` in
//! net/ipv6/icmp.c).

use crate::flow::IcmpEvidence;
use crate::knowledge::errors::Errno;

/// The error that a message leads to; `None` where it ends no connection attempt, or its number is none of those known.
pub(super) fn errno(evidence: &IcmpEvidence) -> Option<Errno> {
    let error = &evidence.error;
    let family = if error.icmpv6 { V6 } else { V4 };
    let (.., errno) = family.iter().find(|(kind, codes, _)| *kind == error.icmp_type && codes.contains(&error.code))?;
    Some(*errno)
}

type Row = (u8, &'static [u8], Errno);

const V4: &[Row] = &[
    // Destination unreachable: net unknown, isolated, prohibited and the like.
    (3, &[0, 6, 9, 11], Errno::Enetunreach),
    (3, &[1, 10, 12, 13, 14, 15], Errno::Ehostunreach),
    (3, &[3], Errno::Econnrefused),
    // Time exceeded in transit, or in reassembly.
    (11, &[0, 1], Errno::Ehostunreach),
];

const V6: &[Row] = &[
    (1, &[0], Errno::Enetunreach),
    // Prohibited by an administrator, by source address policy, or by a reject route.
    (1, &[1, 5, 6], Errno::Eacces),
    (1, &[2, 3], Errno::Ehostunreach),
    (1, &[4], Errno::Econnrefused),
    (3, &[0, 1], Errno::Ehostunreach),
];
