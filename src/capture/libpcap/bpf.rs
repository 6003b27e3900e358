//! Filters in libpcap's syntax, compiled by libpcap, for frames that are already here.
//!
//! `less`, `greater` and `len` see the captured length: the compiled program is not told the original one.

use std::collections::BTreeMap;

use pcap::{BpfProgram, Capture, Linktype};

use crate::capture::LinkType;

/// An expression, and its programs for the link types met so far.
pub struct Filter {
    expression: String,
    programs: BTreeMap<LinkType, Result<BpfProgram, String>>,
}

impl Filter {
    /// Takes `expression` if libpcap can compile it for Ethernet; else says why it cannot.
    pub fn new(expression: &str) -> Result<Self, String> {
        const ETHERNET: LinkType = LinkType(1);
        let program = compile(expression, ETHERNET)
            .map_err(|error| format!("bad filter '{expression}': {error}; see `man pcap-filter`"))?;
        Ok(Self { expression: expression.to_owned(), programs: BTreeMap::from([(ETHERNET, Ok(program))]) })
    }

    /// Whether a frame passes; `Err` where the expression has no meaning for its link type.
    pub(in crate::capture) fn passes(&mut self, link_type: LinkType, bytes: &[u8]) -> Result<bool, &str> {
        let program = self.programs.entry(link_type).or_insert_with(|| compile(&self.expression, link_type));
        match program {
            Ok(program) => Ok(program.filter(bytes)),
            Err(error) => Err(error),
        }
    }
}

fn compile(expression: &str, link_type: LinkType) -> Result<BpfProgram, String> {
    let plain = |error: pcap::Error| match error {
        pcap::Error::PcapError(text) => text,
        other => other.to_string(),
    };
    Capture::dead(Linktype(dlt(link_type))).and_then(|dead| dead.compile(expression, true)).map_err(plain)
}

/// libpcap compiles for its own DLT_ numbers, which differ from the LINKTYPE_ numbers of files where systems had
/// disagreed (pcap/dlt.h).
fn dlt(link_type: LinkType) -> i32 {
    match link_type.0 {
        100 => 11,
        101 => 12,
        102 => 15,
        103 => 16,
        106 => 19,
        same => same.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_expression_is_named() {
        let error = Filter::new("tcp prt 80").err().unwrap_or_default();
        assert!(error.starts_with("bad filter 'tcp prt 80': "), "{error}");
    }

    #[test]
    fn each_link_type_has_its_own_program() {
        let mut filter = Filter::new("ip proto 6").unwrap();
        let mut ip = [0u8; 40];
        ip[0] = 0x45;
        ip[9] = 6;
        assert_eq!(filter.passes(LinkType(101), &ip), Ok(true));
        assert_eq!(filter.passes(LinkType(1), &ip), Ok(false));
        ip[9] = 17;
        assert_eq!(filter.passes(LinkType(101), &ip), Ok(false));
    }

    #[test]
    fn a_link_type_without_such_a_field_is_an_error() {
        let mut filter = Filter::new("ether host 1:2:3:4:5:6").unwrap();
        assert!(filter.passes(LinkType(101), &[0; 40]).is_err());
    }
}
