//! A packet filter answered the SYN.

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::{Mechanism, Sender};
use crate::evidence::{Aspect, Weight};
use crate::flow::{Phase, Teardown};
use crate::tcp::Duration;

/// ICMP codes of a packet filter: host and network administratively prohibited, communication administratively prohibited
/// (RFC 1812 section 5.2.7.1), and for ICMPv6 administratively prohibited and source address failed policy (RFC 4443).
const PROHIBITED_V4: [u8; 3] = [9, 10, 13];
const PROHIBITED_V6: [u8; 3] = [1, 5, 6];

/// Rules of a packet filter are not changed so often that one is not believed to be in force for this long.
const SAME_RULE: Duration = Duration::from_secs(60);

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let flow = story.case.flow;
    if story.decisive.is_none() && story.teardown == Teardown::Refused {
        let said = flow.detail.as_ref()?.icmp.iter().find(|icmp| {
            let codes = if icmp.error.icmpv6 { PROHIBITED_V6 } else { PROHIBITED_V4 };
            codes.contains(&icmp.error.code)
        })?;
        let reporter = || question.named(said.error.reporter);
        return Some(
            question
                .candidate(Cause::RefusedByFirewall, || {
                    format!("{} prohibits this connection by a rule: it said so by ICMP", reporter())
                })
                .because(Aspect::Declared, Weight::Decisive, [said.error.frame], || {
                    format!("ICMP from {} says administratively prohibited", reporter())
                })
                .advise(|| {
                    format!(
                        "look at the packet filter of {} for a REJECT rule that matches this connection",
                        reporter()
                    )
                }),
        );
    }
    let decisive = story.decisive?;
    if decisive.reset.phase != Phase::Syn || decisive.reset.way == story.client() {
        return None;
    }
    let frame = decisive.reset.segment.frame;
    let forged = decisive.verdict.sender == Sender::Middlebox;
    let candidate = question.candidate(
        Cause::RefusedByFirewall,
        || if forged {
            "a packet filter on the path refused the connection in the server's name"
        } else {
            "a packet filter on the server's host may have refused the connection: it looks like a port without a listener"
        },
    )
    .advise("look for a REJECT rule with tcp-reset on the devices between: `nft list ruleset`, `iptables -S`")
    .advise("ask the owner of the network whether this port is allowed from this client");
    Some(if forged {
        candidate.because(Aspect::Device, Weight::Strong, [frame], "another device than the server answered the SYN")
    } else if decisive.verdict.mechanism == Mechanism::NoListener {
        let candidate = candidate.because(
            Aspect::Form,
            Weight::Weak,
            [frame],
            "a REJECT rule on the host itself makes the same reset",
        );
        return question.of_others(move |others| {
            Some(match others.filtered(SAME_RULE) {
                Some(other) => candidate.clone().because(
                    Aspect::Company,
                    Weight::Decisive,
                    [other],
                    "a packet filter on the server's host reset another connection to the same port",
                ),
                None => candidate.clone(),
            })
        });
    } else {
        candidate.because(Aspect::Form, Weight::Moderate, [frame], "the reset is none that a stack makes")
    })
}
