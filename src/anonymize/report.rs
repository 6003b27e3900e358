//! A report with other names.
//!
//! Report, capture and flow are taken apart without `..`, so that the compiler asks of every new field whether it names
//! somebody.

use std::borrow::Cow;

use super::key::Key;
use crate::report::{
    Application, Capture, ComparedDifference, Comparison, Diagnosis, Endpoint, Flow, FlowAtPoint, FlowComparison,
    IcmpMessage, Incident, Input, KernelTrace, KernelWord, Outcome, Report, Reset, ResetComparison, Selection,
    SideOutcome, SkippedInput, Vantage,
};

impl Key {
    /// Renames everybody in a report.
    pub fn report(&self, report: &mut Report) {
        let mut known = Vec::new();
        for flow in &mut report.flows {
            if let Some(application) = &mut flow.application {
                self.application(application, &mut known);
            }
        }
        known.sort_unstable();
        known.dedup();
        let Report { schema: _, tool: _, options, capture, selection, comparison, summary: _, incidents, flows } =
            report;
        options.iter_mut().for_each(|option| *option = self.option(option));
        self.capture(capture);
        if let Some(Selection { criteria, flows: _, note }) = selection {
            criteria.iter_mut().chain(note).for_each(|text| *text = self.text(text, &known));
        }
        if let Some(Comparison { points, matched: _, resets: _, differences }) = comparison {
            points.iter_mut().for_each(|point| point.why = self.text(&point.why, &known));
            self.differences(differences, &known);
        }
        for incident in incidents {
            let Incident {
                id: _,
                title,
                cause: _,
                confidence: _,
                server,
                first_time: _,
                last_time: _,
                flows: _,
                explanation,
                server_name: _,
            } = incident;
            [title, explanation].into_iter().chain(server).for_each(|text| *text = self.text(text, &known));
        }
        flows.iter_mut().for_each(|flow| self.flow(flow, &known));
    }

    fn application(&self, application: &mut Application, known: &mut Vec<String>) {
        let Application { protocol: _, detail, progress } = application;
        if let Some(detail) = detail {
            *detail = self.foreign_text(detail, known);
        }
        // Its words are those of the detail, or of errors: too many of them are ordinary to be looked for elsewhere.
        if let Some(progress) = progress {
            *progress = self.foreign_text(progress, &mut Vec::new());
        }
    }

    fn capture(&self, capture: &mut Capture) {
        let Capture {
            inputs,
            skipped_inputs,
            frames: _,
            bpf,
            filtered_frames: _,
            tcp_segments: _,
            rst_segments: _,
            flows: _,
            undecoded_frames: _,
            undecoded: _,
            unsupported_link_types: _,
            duplicate_frames: _,
            fragments: _,
            icmp_errors: _,
            icmp_without_flow: _,
            aggregated_frames: _,
            dropped_by_kernel: _,
            missed_one_in: _,
            disordered: _,
            dropped: _,
            vantage,
            kernel_trace,
        } = capture;
        for (nth, input) in (1..).zip(inputs) {
            let Input { path, problems, .. } = input;
            *path = format!("input-{nth}");
            problems.iter_mut().for_each(|problem| problem.reason = self.text(&problem.reason, &[]));
        }
        for (nth, SkippedInput { path, reason }) in (1..).zip(skipped_inputs) {
            *path = format!("skipped-input-{nth}");
            // It names the file.
            "it could not be read".clone_into(reason);
        }
        if let Some(bpf) = bpf {
            *bpf = self.text(bpf, &[]);
        }
        if let Some(KernelTrace { path, clock, problem, .. }) = kernel_trace {
            "kernel-trace".clone_into(path);
            clock.iter_mut().chain(problem).for_each(|text| *text = self.text(text, &[]));
        }
        if let Some(Vantage { near: _, why }) = vantage {
            *why = self.text(why, &[]);
        }
    }

    /// Only differing addresses name anybody.
    fn differences(&self, differences: &mut [ComparedDifference], known: &[String]) {
        for ComparedDifference { before, after, .. } in differences {
            before.iter_mut().chain(after).for_each(|text| *text = self.text(text, known));
        }
    }

    fn flow(&self, flow: &mut Flow, known: &[String]) {
        let Flow {
            id: _,
            client,
            server,
            // The file of --knowledge has other names since it was read.
            client_name: _,
            server_name: _,
            roles: _,
            // One of our phrases.
            roles_why: _,
            first_frame: _,
            last_frame: _,
            ports_reused: _,
            continues: _,
            continued_as: _,
            inputs: _,
            first_time: _,
            last_time: _,
            rtt_s: _,
            client_packets: _,
            server_packets: _,
            client_bytes: _,
            server_bytes: _,
            tunnel,
            vlan: _,
            teardown: _,
            activity,
            zeek: _,
            // Renamed first, for the words that others may repeat.
            application: _,
            analysis: _,
            icmp,
            resets,
            ladder,
            diagnosis,
            outcome,
            benign,
            comparison,
        } = flow;
        for Endpoint { ip, port: _ } in [client, server] {
            *ip = self.ip(*ip);
        }
        let text = |text: &str| self.text(text, known);
        let cow = |text: &mut Cow<'static, str>| *text = Cow::Owned(self.text(text, known));
        tunnel.iter_mut().for_each(|tunnel| *tunnel = text(tunnel).into());
        if let Some(activity) = activity {
            *activity = text(activity).into();
        }
        for IcmpMessage { reporter, .. } in icmp {
            *reporter = self.ip(*reporter);
        }
        benign.iter_mut().for_each(cow);
        ladder.iter_mut().flatten().flat_map(|rung| &mut rung.notes).for_each(cow);
        for Reset { evidence, comparison, kernel, .. } in resets {
            if let Some(KernelWord { reason, process, .. }) = kernel {
                reason.iter_mut().for_each(|reason| *reason = text(reason));
                process.iter_mut().for_each(|process| process.name = self.name("word", &process.name));
            }
            evidence.iter_mut().for_each(|piece| cow(&mut piece.text));
            if let Some(ResetComparison { points, why, .. }) = comparison.as_deref_mut() {
                points.iter_mut().filter_map(|point| point.why.as_mut()).chain([why]).for_each(|why| *why = text(why));
            }
        }
        if let Some(FlowComparison { points, differences }) = comparison.as_deref_mut() {
            for FlowAtPoint { client, server, .. } in points {
                [client, server].into_iter().for_each(|end| end.ip = self.ip(end.ip));
            }
            self.differences(differences, known);
        }
        if let Some(diagnosis) = diagnosis.as_deref_mut() {
            let Diagnosis { cause: _, confidence: _, sentence, evidence, alternatives, remedies } = diagnosis;
            *sentence = text(sentence);
            evidence.iter_mut().for_each(|piece| cow(&mut piece.text));
            alternatives.iter_mut().for_each(|other| other.sentence = text(&other.sentence));
            remedies.iter_mut().for_each(|remedy| *remedy = Cow::Owned(self.advice(remedy, known)));
        }
        if let Some(outcome) = outcome.as_deref_mut() {
            let Outcome { client, server, why, .. } = outcome;
            *why = text(why);
            for SideOutcome { messages, when: _, .. } in [client, server].into_iter().flatten() {
                // Go's errors begin with both addresses.
                messages
                    .0
                    .to_mut()
                    .iter_mut()
                    .for_each(|(_, message)| *message = Cow::Owned(self.advice(message, known)));
            }
        }
    }
}
