use super::SeqNum;

/// What the options of one TCP header said, as far as they were captured.
///
/// Walked by length (RFC 9293 section 3.1), so that an unknown kind hides nothing behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpOptions {
    /// Timestamps option: TSval and TSecr (RFC 7323 section 3).
    pub timestamps: Option<(u32, u32)>,
    /// The first block of a SACK option: left edge and right edge (RFC 2018). A first block below the acknowledgement is a duplicate report (RFC 2883).
    pub sack: Option<(SeqNum, SeqNum)>,
    /// Maximum segment size, octets (RFC 9293 section 3.7.1).
    pub mss: Option<u16>,
    /// Window scale shift count as sent; above 14 counts as 14 (RFC 7323 section 2.3).
    pub window_scale: Option<u8>,
    /// SACK-Permitted (RFC 2018).
    pub sack_permitted: bool,
    /// Why a Multipath TCP endpoint reset the subflow: the reason octet of MP_TCPRST (RFC 8684 section 3.6).
    pub mptcp_reset_reason: Option<u8>,
}

impl TcpOptions {
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
                self.timestamps = Some((u32::from_be_bytes([v0, v1, v2, v3]), u32::from_be_bytes([e0, e1, e2, e3])));
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
                        (MSS, &[a, b]) => self.mss = Some(u16::from_be_bytes([a, b])),
                        (WINDOW_SCALE, &[shift]) => self.window_scale = Some(shift),
                        (SACK_PERMITTED, []) => self.sack_permitted = true,
                        (SACK, &[a, b, c, d, e, f, g, h, ..]) => {
                            self.sack = Some((SeqNum(word(a, b, c, d)), SeqNum(word(e, f, g, h))));
                        }
                        (TIMESTAMPS, &[a, b, c, d, e, f, g, h]) => {
                            self.timestamps = Some((word(a, b, c, d), word(e, f, g, h)));
                        }
                        (MPTCP, &[subtype, reason]) if subtype >> 4 == MPTCP_RESET => {
                            self.mptcp_reset_reason = Some(reason);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_syn_options_are_read() {
        let (options, clean) = TcpOptions::parse(&[2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7]);
        assert!(clean);
        assert_eq!((options.mss, options.window_scale, options.sack_permitted), (Some(1460), Some(7), true));
        assert_eq!(options.timestamps, Some((1, 0)));
    }

    #[test]
    fn the_usual_layout_reads_as_any_other() {
        let octets = [1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4];
        let mut walked = TcpOptions::default();
        assert!(walked.walk(&octets));
        assert_eq!(TcpOptions::parse(&octets), (walked, true));
        assert_eq!(TcpOptions::parse(&octets).0.timestamps, Some((0x102, 0x304)));
    }

    #[test]
    fn an_unknown_kind_hides_nothing() {
        let (options, clean) = TcpOptions::parse(&[253, 4, 9, 9, 3, 3, 2]);
        assert!(clean);
        assert_eq!(options.window_scale, Some(2));
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
        assert_eq!(options.sack, Some((SeqNum(5), SeqNum(9))));
        assert_eq!(options.mptcp_reset_reason, Some(6));
    }
}
