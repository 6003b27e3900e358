//! What stands in the place of libpcap where the program is built without its feature `live`.

use super::LinkType;

/// A filter; without libpcap there is none.
pub enum Filter {}

impl Filter {
    /// Says what to do instead.
    ///
    /// # Errors
    /// Always.
    pub fn new(_: &str) -> Result<Self, String> {
        Err("this program was built without libpcap, which knows what filters mean: choose flows by --server, \
             --endpoint or --around, let tcpdump filter the capture first (tcpdump -r a.pcap -w b.pcap 'tcp port 443'), \
             or build the program with its feature `live`"
            .to_owned())
    }

    pub(super) fn passes(&mut self, _: LinkType, _: &[u8]) -> Result<bool, &str> {
        match *self {}
    }
}

/// That there is none.
pub fn libpcap_version() -> String {
    "without libpcap: it can neither watch interfaces nor filter by --bpf".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_refused_with_a_way_out() {
        let error = Filter::new("tcp port 80").err().unwrap_or_default();
        assert!(error.contains("--server") && error.contains("tcpdump -r") && error.contains("`live`"), "{error}");
    }
}
