//! What the report says of the capture as a whole.

use super::Findings;
use crate::capture::InputSummary;
use crate::report::{Capture, Dropped, Fragments, Input, UnsupportedLinkType, Vantage};

pub(super) fn capture(findings: Findings<'_>, dropped: Dropped) -> Capture {
    let counts = findings.decoded;
    let totals = &findings.flows.totals;
    let kernel = findings.inputs.iter().filter_map(|input| input.dropped_by_kernel);
    Capture {
        frames: findings.inputs.iter().map(|input| input.frames).sum(),
        bpf: findings.bpf,
        filtered_frames: findings.filtered_frames,
        tcp_segments: totals.segments,
        rst_segments: totals.resets,
        flows: totals.flows,
        undecoded_frames: counts.unreadable(),
        undecoded: counts.unreadable_by_reason().map(|(reason, frames)| (reason.name().to_owned(), frames)).collect(),
        unsupported_link_types: counts
            .link_types
            .iter()
            .map(|(link_type, &frames)| UnsupportedLinkType {
                number: link_type.0,
                name: link_type.name().map(str::to_owned),
                frames,
            })
            .collect(),
        duplicate_frames: totals.duplicates,
        fragments: Fragments {
            fragments: counts.fragments,
            reassembled: counts.reassembled,
            incomplete: counts.incomplete_datagrams(),
        },
        icmp_errors: totals.icmp_errors,
        icmp_without_flow: totals.icmp_without_flow,
        aggregated_frames: counts.aggregated,
        dropped_by_kernel: kernel.reduce(u64::saturating_add),
        missed_one_in: findings.faults.misses_one_in,
        disordered: findings.faults.is_disordered,
        dropped,
        vantage: findings.vantage.map(|vantage| Vantage { near: vantage.near.into(), why: vantage.why.to_owned() }),
        kernel_trace: findings.kernel_trace,
        inputs: findings.inputs.into_iter().map(input).collect(),
        skipped_inputs: findings.skipped_inputs,
    }
}

fn input(input: InputSummary) -> Input {
    Input {
        path: input.path,
        sha256: None,
        format: input.format.into(),
        compression: input.compression.map(Into::into),
        link_types: input.link_types.iter().map(ToString::to_string).collect(),
        frames: input.frames,
        bytes: input.bytes,
        first_time: input.first_time.map(Into::into),
        last_time: input.last_time.map(Into::into),
        time_reversals: input.time_reversals,
        cut_frames: input.cut_frames,
        complete: input.complete,
        problems: input.problems.into_iter().map(Into::into).collect(),
    }
}
