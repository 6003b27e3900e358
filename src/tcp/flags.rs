use std::fmt;

/// The control bits of a TCP header (RFC 9293 section 3.1, RFC 3168, RFC 3540), odd combinations and reserved bits kept.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TcpFlags(u16);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x001);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x002);
    /// Reset the connection.
    pub const RST: Self = Self(0x004);
    /// Push.
    pub const PSH: Self = Self(0x008);
    /// The acknowledgement field is significant.
    pub const ACK: Self = Self(0x010);
    /// The urgent pointer is significant.
    pub const URG: Self = Self(0x020);
    /// ECN echo.
    pub const ECE: Self = Self(0x040);
    /// Congestion window reduced.
    pub const CWR: Self = Self(0x080);
    /// Accurate ECN; formerly the ECN nonce sum.
    pub const AE: Self = Self(0x100);
    /// The three bits that no standard has given a meaning.
    pub const RESERVED: Self = Self(0xe00);

    /// From the low twelve bits of the header's thirteenth and fourteenth byte.
    #[inline]
    pub fn from_bits(bits: u16) -> Self {
        Self(bits & 0xfff)
    }

    /// The twelve bits.
    #[inline]
    pub fn bits(self) -> u16 {
        self.0
    }

    /// Whether all bits of `other` are set.
    #[inline]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set.
    #[inline]
    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The bits of both.
    #[inline]
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// SYN is set.
    #[inline]
    pub fn syn(self) -> bool {
        self.intersects(Self::SYN)
    }

    /// FIN is set.
    #[inline]
    pub fn fin(self) -> bool {
        self.intersects(Self::FIN)
    }

    /// RST is set.
    #[inline]
    pub fn rst(self) -> bool {
        self.intersects(Self::RST)
    }

    /// ACK is set.
    #[inline]
    pub fn ack(self) -> bool {
        self.intersects(Self::ACK)
    }
}

/// Names in header order joined by commas, as `RST,ACK`; nothing set prints as `none`.
impl fmt::Display for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(TcpFlags, &str); 9] = [
            (TcpFlags::SYN, "SYN"),
            (TcpFlags::FIN, "FIN"),
            (TcpFlags::RST, "RST"),
            (TcpFlags::PSH, "PSH"),
            (TcpFlags::ACK, "ACK"),
            (TcpFlags::URG, "URG"),
            (TcpFlags::ECE, "ECE"),
            (TcpFlags::CWR, "CWR"),
            (TcpFlags::AE, "AE"),
        ];
        let mut separator = "";
        for (flag, name) in NAMES {
            if self.contains(flag) {
                write!(f, "{separator}{name}")?;
                separator = ",";
            }
        }
        if self.intersects(Self::RESERVED) {
            write!(f, "{separator}reserved={:x}", self.0 >> 9)?;
            separator = ",";
        }
        if separator.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

impl fmt::Debug for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_combinations_are_kept_and_named() {
        let odd = TcpFlags::RST.union(TcpFlags::FIN).union(TcpFlags::from_bits(0x200));
        assert_eq!(odd.to_string(), "FIN,RST,reserved=1");
        assert_eq!(TcpFlags::default().to_string(), "none");
    }
}
