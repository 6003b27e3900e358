use std::fmt;

/// An error number by its POSIX name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Errno {
    /// Written after the peer had closed.
    Epipe,
    /// Ended by this side's own system.
    Econnaborted,
    /// A reset came.
    Econnreset,
    /// Nothing came.
    Etimedout,
    /// A reset answered the SYN.
    Econnrefused,
    /// The network dropped the connection.
    Enetreset,
    /// Used after it had ended.
    Enotconn,
    /// ICMP said that there is no way.
    Ehostunreach,
    /// ICMP said that there is no way to the whole network.
    Enetunreach,
    /// ICMPv6 said that it is prohibited.
    Eacces,
}

/// Name, text, and the number on Linux, on macOS and FreeBSD, and on Windows (Winsock).
///
/// Sources: the libc crate, Python's `errno`, libuv's `uv/errno.h` and `src/win/error.c`, Microsoft's list of Winsock errors.
const TABLE: [(Errno, &str, &str, [u16; 3]); 10] = [
    (Errno::Epipe, "EPIPE", "Broken pipe", [32, 32, 10058]),
    (Errno::Econnaborted, "ECONNABORTED", "Software caused connection abort", [103, 53, 10053]),
    (Errno::Econnreset, "ECONNRESET", "Connection reset by peer", [104, 54, 10054]),
    (Errno::Etimedout, "ETIMEDOUT", "Connection timed out", [110, 60, 10060]),
    (Errno::Econnrefused, "ECONNREFUSED", "Connection refused", [111, 61, 10061]),
    (Errno::Enetreset, "ENETRESET", "Network dropped connection on reset", [102, 52, 10052]),
    (Errno::Enotconn, "ENOTCONN", "Socket is not connected", [107, 57, 10057]),
    (Errno::Ehostunreach, "EHOSTUNREACH", "No route to host", [113, 65, 10065]),
    (Errno::Enetunreach, "ENETUNREACH", "Network is unreachable", [101, 51, 10051]),
    (Errno::Eacces, "EACCES", "Permission denied", [13, 13, 10013]),
];

/// Further numbers that Windows has for the same: system errors of pipes and of overlapped I/O, and libuv's codes.
const ALSO: [(i32, Errno, &str); 9] = [
    (64, Errno::Econnreset, "ERROR_NETNAME_DELETED of Windows, from overlapped I/O"),
    (109, Errno::Epipe, "ERROR_BROKEN_PIPE of Windows"),
    (121, Errno::Etimedout, "ERROR_SEM_TIMEOUT of Windows"),
    (232, Errno::Epipe, "ERROR_NO_DATA of Windows"),
    (-4047, Errno::Epipe, "libuv on Windows"),
    (-4079, Errno::Econnaborted, "libuv on Windows"),
    (-4077, Errno::Econnreset, "libuv on Windows"),
    (-4039, Errno::Etimedout, "libuv on Windows"),
    (-4078, Errno::Econnrefused, "libuv on Windows"),
];

impl Errno {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Epipe,
        Self::Econnaborted,
        Self::Econnreset,
        Self::Etimedout,
        Self::Econnrefused,
        Self::Enetreset,
        Self::Enotconn,
        Self::Ehostunreach,
        Self::Enetunreach,
        Self::Eacces,
    ];

    fn row(self) -> &'static (Self, &'static str, &'static str, [u16; 3]) {
        // Every variant has its row: a test counts them.
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[2])
    }

    /// `ECONNRESET` and so on.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What `strerror` says in the C locale of a POSIX system.
    pub fn text(self) -> &'static str {
        self.row().2
    }

    /// The number on Linux.
    pub fn linux(self) -> u16 {
        self.row().3[0]
    }

    /// The number on macOS and FreeBSD.
    pub fn macos(self) -> u16 {
        self.row().3[1]
    }

    /// The number of Winsock.
    pub fn windows(self) -> u16 {
        self.row().3[2]
    }

    /// The error of this name, in any case, also with Winsock's `WSA` before it.
    pub fn named(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let name = upper.strip_prefix("WSA").unwrap_or(&upper);
        Self::ALL.into_iter().find(|errno| errno.name() == name)
    }

    /// Every error that has this number somewhere, with the system; a minus sign, as Node.js prints it, is no matter.
    pub fn numbered(number: i32) -> Vec<(Self, &'static str)> {
        let mut found = Vec::new();
        for (errno, _, _, numbers) in TABLE {
            let [linux, macos, windows] = numbers.map(i32::from);
            let system = match number.saturating_abs() {
                n if n == linux && n == macos => "Linux, macOS and FreeBSD",
                n if n == linux => "Linux",
                n if n == macos => "macOS and FreeBSD",
                n if n == windows => "Windows",
                _ => continue,
            };
            found.push((errno, system));
        }
        found.extend(ALSO.iter().filter(|also| also.0 == number).map(|also| (also.1, also.2)));
        found
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_own_row() {
        for errno in Errno::ALL {
            assert_eq!(errno.row().0, errno);
            assert_eq!(Errno::named(errno.name()), Some(errno));
            assert_eq!(Errno::named(&format!("wsa{errno}")), Some(errno));
        }
    }

    #[test]
    fn the_number_tells_the_system() {
        use Errno::*;
        for (number, expected) in [
            (104, vec![(Econnreset, "Linux")]),
            (-104, vec![(Econnreset, "Linux")]),
            (54, vec![(Econnreset, "macOS and FreeBSD")]),
            (10054, vec![(Econnreset, "Windows")]),
            (32, vec![(Epipe, "Linux, macOS and FreeBSD")]),
            (61, vec![(Econnrefused, "macOS and FreeBSD")]),
            (-4077, vec![(Econnreset, "libuv on Windows")]),
            (4077, vec![]),
            (7, vec![]),
            (i32::MIN, vec![]),
        ] {
            assert_eq!(Errno::numbered(number), expected, "{number}");
        }
    }
}
