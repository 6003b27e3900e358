//! The 19 tampering signatures of Sundara Raman et al., "Global, Passive Detection of Connection Tampering",
//! ACM SIGCOMM 2023 (doi 10.1145/3603269.3604875): their published names, by the stage that the connection had reached.
//!
//! They are defined on what a server sees of a client, so the resets come in the client's name. A match says that something
//! ended the connection early, and not who: the paper found benign look-alikes (scanners, Happy Eyeballs).

use std::fmt;

/// How far the client had come when the connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// After a single SYN.
    PostSyn,
    /// After the handshake's ACK.
    PostAck,
    /// After the first segment with data.
    PostPsh,
    /// After several segments with data.
    PostData,
}

macro_rules! signatures {
    ($($variant:ident, $stage:ident, $name:literal, $meaning:literal;)*) => {
        /// A tampering signature by its published name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Signature {
            $(#[doc = concat!($name, ": ", $meaning, ".")] $variant,)*
        }

        impl Signature {
            /// All of them, in the order of the paper.
            pub const ALL: [Self; 19] = [$(Self::$variant),*];

            /// The published name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What followed the stage, in words.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// The stage it belongs to.
            pub fn stage(self) -> Stage {
                match self { $(Self::$variant => Stage::$stage,)* }
            }
        }
    };
}

// One row a signature: `∅` is silence of more than three seconds.
signatures! {
    SynNothing, PostSyn, "⟨SYN → ∅⟩", "silence after a single SYN";
    SynRst, PostSyn, "⟨SYN → RST⟩", "one or more RST after a single SYN";
    SynRstAck, PostSyn, "⟨SYN → RST+ACK⟩", "one or more RST+ACK after a single SYN";
    SynRstRstAck, PostSyn, "⟨SYN → RST; RST+ACK⟩", "RST and RST+ACK after a single SYN";
    AckNothing, PostAck, "⟨SYN; ACK → ∅⟩", "silence after the handshake";
    AckRst, PostAck, "⟨SYN; ACK → RST⟩", "exactly one RST after the handshake";
    AckRstRst, PostAck, "⟨SYN; ACK → RST; RST⟩", "more than one RST after the handshake";
    AckRstAck, PostAck, "⟨SYN; ACK → RST+ACK⟩", "exactly one RST+ACK after the handshake";
    AckRstAckRstAck, PostAck, "⟨SYN; ACK → RST+ACK; RST+ACK⟩", "more than one RST+ACK after the handshake";
    PshNothing, PostPsh, "⟨PSH+ACK → ∅⟩", "silence after the first data";
    PshRst, PostPsh, "⟨PSH+ACK → RST⟩", "exactly one RST after the first data";
    PshRstAck, PostPsh, "⟨PSH+ACK → RST+ACK⟩", "exactly one RST+ACK after the first data";
    PshRstRstAck, PostPsh, "⟨PSH+ACK → RST; RST+ACK⟩", "at least one RST and one RST+ACK after the first data";
    PshRstAckRstAck, PostPsh, "⟨PSH+ACK → RST+ACK; RST+ACK⟩", "at least two RST+ACK after the first data";
    PshRstSameRst, PostPsh, "⟨PSH+ACK → RST = RST⟩", "several RST with one acknowledgement number after the first data";
    PshRstOtherRst, PostPsh, "⟨PSH+ACK → RST ≠ RST⟩", "several RST whose acknowledgement numbers change, after the first data";
    PshRstZeroRst, PostPsh, "⟨PSH+ACK → RST; RST₀⟩", "several RST, one of them acknowledging 0, after the first data";
    DataRst, PostData, "⟨PSH+ACK; Data → RST⟩", "one or more RST later than right after the first data";
    DataRstAck, PostData, "⟨PSH+ACK; Data → RST+ACK⟩", "one or more RST+ACK later than right after the first data";
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_paper_by_stage() {
        let names: std::collections::BTreeSet<_> = Signature::ALL.iter().map(|signature| signature.name()).collect();
        assert_eq!(names.len(), 19);
        let of = |stage| Signature::ALL.iter().filter(|signature| signature.stage() == stage).count();
        assert_eq!([Stage::PostSyn, Stage::PostAck, Stage::PostPsh, Stage::PostData].map(of), [4, 5, 8, 2]);
        assert!(Signature::ALL.is_sorted_by_key(|signature| signature.stage()));
        for signature in Signature::ALL {
            let start = match signature.stage() {
                Stage::PostSyn => "⟨SYN → ",
                Stage::PostAck => "⟨SYN; ACK → ",
                Stage::PostPsh => "⟨PSH+ACK → ",
                Stage::PostData => "⟨PSH+ACK; Data → ",
            };
            assert!(signature.to_string().starts_with(start) && signature.name().ends_with('⟩'), "{signature}");
        }
    }
}
