use std::fmt;

use super::SeqNum;

/// What the options of one TCP header said, as far as they were captured.
///
/// Walked by length (RFC 9293 section 3.1), so that an unknown kind hides nothing behind it.
// Which options there are is told by one octet for all of them, so that a segment takes two cache lines and not more. What is not
// there is zero: two are the same exactly if they say the same.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct TcpOptions {
    timestamps: (u32, u32),
    sack: (SeqNum, SeqNum),
    mss: u16,
    window_scale: u8,
    mptcp_reset_reason: u8,
    present: u8,
}

/// Which options there are.
mod present {
    pub const TIMESTAMPS: u8 = 1;
    pub const SACK: u8 = 1 << 1;
    pub const MSS: u8 = 1 << 2;
    pub const WINDOW_SCALE: u8 = 1 << 3;
    pub const SACK_PERMITTED: u8 = 1 << 4;
    pub const MPTCP_RESET: u8 = 1 << 5;
}

impl TcpOptions {
    #[inline]
    fn when<T>(&self, bit: u8, value: T) -> Option<T> {
        (self.present & bit != 0).then_some(value)
    }

    /// Timestamps option: TSval and TSecr (RFC 7323 section 3).
    #[inline]
    pub fn timestamps(&self) -> Option<(u32, u32)> {
        self.when(present::TIMESTAMPS, self.timestamps)
    }

    /// The first block of a SACK option: left edge and right edge (RFC 2018). A first block below the acknowledgement is a duplicate report (RFC 2883).
    #[inline]
    pub fn sack(&self) -> Option<(SeqNum, SeqNum)> {
        self.when(present::SACK, self.sack)
    }

    /// Maximum segment size, octets (RFC 9293 section 3.7.1).
    #[inline]
    pub fn mss(&self) -> Option<u16> {
        self.when(present::MSS, self.mss)
    }

    /// Window scale shift count as sent; above 14 counts as 14 (RFC 7323 section 2.3).
    #[inline]
    pub fn window_scale(&self) -> Option<u8> {
        self.when(present::WINDOW_SCALE, self.window_scale)
    }

    /// SACK-Permitted (RFC 2018).
    #[inline]
    pub fn sack_permitted(&self) -> bool {
        self.present & present::SACK_PERMITTED != 0
    }

    /// Why a Multipath TCP endpoint reset the subflow: the reason octet of MP_TCPRST (RFC 8684 section 3.6).
    #[inline]
    pub fn mptcp_reset_reason(&self) -> Option<u8> {
        self.when(present::MPTCP_RESET, self.mptcp_reset_reason)
    }

    /// Sets TSval and TSecr.
    #[inline]
    pub fn set_timestamps(&mut self, value: u32, echo: u32) {
        self.timestamps = (value, echo);
        self.present |= present::TIMESTAMPS;
    }

    /// Sets the edges of the first SACK block.
    pub fn set_sack(&mut self, left: SeqNum, right: SeqNum) {
        self.sack = (left, right);
        self.present |= present::SACK;
    }

    /// Sets the maximum segment size.
    pub fn set_mss(&mut self, mss: u16) {
        self.mss = mss;
        self.present |= present::MSS;
    }

    /// Sets the window scale shift count.
    pub fn set_window_scale(&mut self, shift: u8) {
        self.window_scale = shift;
        self.present |= present::WINDOW_SCALE;
    }

    /// Adds SACK-Permitted.
    pub fn permit_sack(&mut self) {
        self.present |= present::SACK_PERMITTED;
    }

    /// Sets why a Multipath TCP endpoint reset the subflow.
    pub fn set_mptcp_reset_reason(&mut self, reason: u8) {
        self.mptcp_reset_reason = reason;
        self.present |= present::MPTCP_RESET;
    }

    /// What the octets between the fixed header and the data offset say, or as many of them as were captured.
    ///
    /// The second value is that of [`Self::read`].
    pub fn parse(octets: &[u8]) -> (Self, bool) {
        let mut found = Self::default();
        let clean = found.read(octets);
        (found, clean)
    }

    /// Adds what the octets between the fixed header and the data offset say.
    ///
    /// Tells whether the walk ended cleanly: at the end of the list, or exactly at the end of the octets.
    #[inline]
    pub fn read(&mut self, octets: &[u8]) -> bool {
        /// What stands before a timestamps option that is alone, so that it ends with four octets (RFC 7323 appendix A).
        const ALONE: [u8; 4] = [1, 1, 8, 10];
        match *octets {
            // All that most segments have.
            [a, b, c, d, v0, v1, v2, v3, e0, e1, e2, e3] if [a, b, c, d] == ALONE => {
                self.set_timestamps(u32::from_be_bytes([v0, v1, v2, v3]), u32::from_be_bytes([e0, e1, e2, e3]));
                true
            }
            [] => true,
            _ => self.walk(octets),
        }
    }

    #[inline(never)]
    fn walk(&mut self, mut octets: &[u8]) -> bool {
        const END: u8 = 0;
        const NO_OPERATION: u8 = 1;
        const MSS: u8 = 2;
        const WINDOW_SCALE: u8 = 3;
        const SACK_PERMITTED: u8 = 4;
        const SACK: u8 = 5;
        const TIMESTAMPS: u8 = 8;
        const MPTCP: u8 = 30;
        /// The subtype of MP_TCPRST (RFC 8684 section 8.2).
        const MPTCP_RESET: u8 = 0x8;

        let word = |a, b, c, d| u32::from_be_bytes([a, b, c, d]);
        loop {
            octets = match *octets {
                [] | [END, ..] => return true,
                [NO_OPERATION, ref rest @ ..] => rest,
                [kind, length, ref rest @ ..] => {
                    let length = usize::from(length).checked_sub(2);
                    let Some((value, rest)) = length.and_then(|length| rest.split_at_checked(length)) else {
                        return false;
                    };
                    match (kind, value) {
                        (MSS, &[a, b]) => self.set_mss(u16::from_be_bytes([a, b])),
                        (WINDOW_SCALE, &[shift]) => self.set_window_scale(shift),
                        (SACK_PERMITTED, []) => self.permit_sack(),
                        (SACK, &[a, b, c, d, e, f, g, h, ..]) => {
                            self.set_sack(SeqNum(word(a, b, c, d)), SeqNum(word(e, f, g, h)));
                        }
                        (TIMESTAMPS, &[a, b, c, d, e, f, g, h]) => {
                            self.set_timestamps(word(a, b, c, d), word(e, f, g, h));
                        }
                        (MPTCP, &[subtype, reason]) if subtype >> 4 == MPTCP_RESET => {
                            self.set_mptcp_reset_reason(reason);
                        }
                        _ => {}
                    }
                    rest
                }
                [_] => return false,
            };
        }
    }
}

impl fmt::Debug for TcpOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TcpOptions")
            .field("timestamps", &self.timestamps())
            .field("sack", &self.sack())
            .field("mss", &self.mss())
            .field("window_scale", &self.window_scale())
            .field("sack_permitted", &self.sack_permitted())
            .field("mptcp_reset_reason", &self.mptcp_reset_reason())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_syn_options_are_read() {
        let (options, clean) = TcpOptions::parse(&[2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7]);
        assert!(clean);
        assert_eq!((options.mss(), options.window_scale(), options.sack_permitted()), (Some(1460), Some(7), true));
        assert_eq!(options.timestamps(), Some((1, 0)));
    }

    #[test]
    fn the_usual_layout_reads_as_any_other() {
        let octets = [1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4];
        let mut walked = TcpOptions::default();
        assert!(walked.walk(&octets));
        assert_eq!(TcpOptions::parse(&octets), (walked, true));
        assert_eq!(TcpOptions::parse(&octets).0.timestamps(), Some((0x102, 0x304)));
    }

    #[test]
    fn an_unknown_kind_hides_nothing() {
        let (options, clean) = TcpOptions::parse(&[253, 4, 9, 9, 3, 3, 2]);
        assert!(clean);
        assert_eq!(options.window_scale(), Some(2));
    }

    #[test]
    fn lies_about_the_length_end_the_walk() {
        for octets in [&[8u8, 0, 1, 2][..], &[8, 1, 1], &[8], &[2, 40, 1]] {
            let (options, clean) = TcpOptions::parse(octets);
            assert!(!clean, "{octets:?}");
            assert_eq!(options, TcpOptions::default());
        }
    }

    #[test]
    fn sack_and_mptcp_reset_are_read() {
        let (options, _) = TcpOptions::parse(&[1, 1, 5, 10, 0, 0, 0, 5, 0, 0, 0, 9, 30, 4, 0x80, 6]);
        assert_eq!(options.sack(), Some((SeqNum(5), SeqNum(9))));
        assert_eq!(options.mptcp_reset_reason(), Some(6));
    }
}
