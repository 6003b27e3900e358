//! Parts of a flow in the report: how its sides fared, single segments, what applications saw.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::flow::{self, Way};
use crate::knowledge::errors::{Errno, Event, Messages};
use crate::knowledge::site::Site;
use crate::outcome;
use crate::report::{ErrorTexts, IcmpMessage, Outcome, ResetSegment, SafeToRetry, SideAnalysis, SideOutcome, icmp};

pub(super) fn outcome_of(found: outcome::Outcome) -> Outcome {
    Outcome {
        client: found.client.as_ref().map(side_outcome),
        server: found.server.as_ref().map(side_outcome),
        request_delivered: found.request_delivered,
        response_bytes_delivered: found.response_bytes_delivered,
        bytes_lost: found.bytes_lost,
        safe_to_retry: match found.safe_to_retry {
            outcome::SafeToRetry::Yes => SafeToRetry::Yes,
            outcome::SafeToRetry::No => SafeToRetry::No,
            outcome::SafeToRetry::Unknown => SafeToRetry::Unknown,
        },
        why: found.why,
    }
}

pub(super) fn side_outcome(side: &outcome::SideOutcome) -> SideOutcome {
    let errno = side.errno;
    // Texts hold one number: those of an event that another number stands for would be wrong.
    let texts = Some(side.event).filter(|event| event.errno() == Some(errno)).and_then(|event| TEXTS.get(&event));
    SideOutcome {
        error: errno.name(),
        when: Cow::Borrowed(side.when),
        linux: errno.linux().into(),
        macos: errno.macos().into(),
        windows: errno.windows().into(),
        messages: texts.map(|texts| ErrorTexts(Cow::Borrowed(&texts.0))).unwrap_or_default(),
    }
}

/// The texts of each event that an error number stands for, in the order of their names.
static TEXTS: LazyLock<BTreeMap<Event, ErrorTexts>> = LazyLock::new(|| {
    let texts = |event: Event| {
        let Messages { python, go, java, node, rust, dotnet, curl, nginx } = Messages::of(event);
        let texts = [
            ("curl", curl),
            ("dotnet", dotnet),
            ("go", go),
            ("java", java),
            ("nginx", nginx),
            ("node", node),
            ("python", python),
            ("rust", rust),
        ];
        ErrorTexts(texts.into_iter().filter_map(|(name, text)| Some((name, Cow::Borrowed(text?)))).collect())
    };
    Errno::ALL.into_iter().map(Event::of).map(|event| (event, texts(event))).collect()
});

pub(super) fn reset_segment(reset: &flow::ResetSegment) -> ResetSegment {
    let segment = &reset.segment;
    ResetSegment {
        frame: segment.frame.get(),
        time: segment.time.map(Into::into),
        flags: segment.flags,
        seq: segment.seq.0,
        ack: segment.ack.0,
        window: segment.window,
        ttl: segment.ttl,
        ip_id: segment.ip_id,
        payload_bytes: segment.payload_len,
        duplicate: reset.duplicate,
    }
}

pub(super) fn side(flow: &flow::Flow, way: Way) -> SideAnalysis {
    let (end, side) = (&flow.ends[way], &flow.stream.sides[way]);
    let rare = flow.rare(way);
    let count = |of: fn(&flow::Rare) -> u64| rare.map_or(0, of);
    let asked = end.sent_syn() || end.sent_syn_ack();
    SideAnalysis {
        retransmitted: count(|rare| rare.retransmitted.into()),
        out_of_order: count(|rare| rare.out_of_order.into()),
        missing_bytes: count(|rare| rare.holes.missing()),
        duplicates: count(|rare| rare.duplicates.into()),
        zero_windows: count(|rare| rare.zero_windows.into()),
        keepalive_probes: count(|rare| rare.keepalive_probes.into()),
        syn: asked,
        fin: end.fin_end().is_some(),
        mss: end.mss(),
        window_scale: end.window_scale(),
        sack_permitted: asked.then_some(end.sack_permitted()),
        timestamps: side.spoke().then_some(side.timestamps()),
        ttl_min: side.ttl().map(|(low, _)| low),
        ttl_max: side.ttl().map(|(_, high)| high),
    }
}

pub(super) fn icmp_message(evidence: &flow::IcmpEvidence, site: &Site) -> IcmpMessage {
    let error = &evidence.error;
    IcmpMessage {
        frame: error.frame.get(),
        time: error.time.map(Into::into),
        icmp_type: error.icmp_type,
        code: error.code,
        reporter: error.reporter,
        reporter_name: site.name(error.reporter).map(Into::into),
        text: icmp::text(error.icmpv6, error.icmp_type, error.code),
    }
}
