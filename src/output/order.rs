//! Which flows of a report matter most, and when things happened.

use crate::report::{Flow, Report, Teardown, Time};

/// The flows as people want to read them: the most urgent first, then by time.
pub(super) fn by_urgency(flows: &[Flow]) -> Vec<&Flow> {
    let mut flows: Vec<_> = flows.iter().collect();
    flows.sort_by_cached_key(|flow| (urgency(flow), when(flow).is_none(), when(flow), flow.first_frame, flow.id));
    flows
}

/// The first key of the order: what a person came for stands on top, and within that time decides.
///
/// "Connection reset by peer" comes of a reset to a connection that lived; refusals and silence show as other errors and
/// come in crowds (a scan, a server that is down), which would bury the resets.
fn urgency(flow: &Flow) -> u8 {
    /// Behind all others.
    const HARMLESS: u8 = 6;
    if flow.benign.is_some() {
        return HARMLESS;
    }
    match flow.teardown {
        Teardown::Reset | Teardown::ResetAfterFin => 0,
        Teardown::Refused => 1,
        Teardown::Unanswered | Teardown::HalfClosed | Teardown::Fin | Teardown::Open if !flow.resets.is_empty() => 0,
        Teardown::Unanswered => 2,
        Teardown::HalfClosed => 3,
        Teardown::Open => 4,
        Teardown::Fin => 5,
    }
}

/// Whether somebody may have been harmed: not where the report says otherwise, both sides had closed before the reset, it
/// was not heeded, or the connection is well.
pub(super) fn needs_attention(flow: &Flow) -> bool {
    match flow.teardown {
        _ if flow.benign.is_some() => false,
        Teardown::Reset | Teardown::Refused | Teardown::Unanswered | Teardown::HalfClosed => true,
        Teardown::ResetAfterFin | Teardown::Fin | Teardown::Open => false,
    }
}

/// Flows whose reset harmed nobody: as the report judges it, else those of its list.
pub(super) fn benign(report: &Report) -> u64 {
    let listed = || report.flows.iter().filter(|flow| !flow.resets.is_empty() && !needs_attention(flow)).count() as u64;
    report.summary.benign.unwrap_or_else(listed)
}

/// The time that stands for a flow: of its first reset, or of its end.
pub(super) fn when(flow: &Flow) -> Option<Time> {
    flow.resets.first().and_then(|reset| reset.time).or(flow.last_time)
}

/// The earliest and the latest time of the capture.
pub(super) fn report_span(report: &Report) -> Option<(Time, Time)> {
    let inputs = report.capture.inputs.iter().flat_map(|input| [input.first_time, input.last_time]);
    let flows = report.flows.iter().flat_map(|flow| [flow.first_time, flow.last_time]);
    inputs.chain(flows).flatten().fold(None, |span: Option<(Time, Time)>, time| match span {
        Some((first, last)) => Some((first.min(time), last.max(time))),
        None => Some((time, time)),
    })
}
