//! What a run has to say, as plain values: the one thing that every output format renders.
//!
//! The JSON report is these types in declaration order; `docs/json.md` describes it field by field and
//! `docs/report.schema.json` holds it to that. This is the only module that derives `Serialize`, so that no type of the
//! analysis becomes part of the contract by accident. It computes nothing about a capture: [`build`] fills in what is
//! known, and what is not known is `None`, which becomes `null`.

mod build;
mod capture;
mod compared;
mod comparison;
mod diagnosis;
mod filter;
mod flow;
mod icmp;
mod interfaces;
mod kernel;
mod kind;
mod ladder;
mod names;
mod reset;
mod summary;
mod time;
mod words;

pub use build::{Compared, Findings, Gist, IsSelected, PathsOf, Take, Tell, Told, Verdict, Wanted, build};
pub use capture::{
    Capture, Compression, Dropped, Format, Fragments, Input, Near, Problem, SkippedInput, UnsupportedLinkType, Vantage,
};
pub use compared::{comparison, flow_comparison};
pub use comparison::{
    ComparedClock, ComparedDifference, ComparedPoint, Comparison, DecidedResets, FlowAtPoint, FlowComparison,
    ResetAtPoint, ResetComparison,
};
pub use diagnosis::{
    Alternative, CauseEvidence, Confidence, Diagnosis, ErrorTexts, Outcome, SafeToRetry, SideOutcome, Stance, Weight,
};
pub use flow::{Analysis, Application, Endpoint, Flow, FlowLine, IcmpMessage, Roles, SideAnalysis, Teardown, Zeek};
pub use interfaces::{Address, INTERFACES_SCHEMA, Interface, Interfaces};
pub use kernel::{KernelTrace, KernelWord, OffsetFrom, Process};
pub use kind::Kind;
pub use ladder::{RUNGS, Rung};
pub use reset::{Form, Hops, Location, Mechanism, Obedience, Phase, Reset, ResetEvidence, ResetSegment, Sender, Side};
pub use summary::{IdleGap, Incident, Selection, SenderCounts, Summary, TeardownCounts};
pub use time::{Seconds, Time};

use serde::Serialize;

/// Name and version of the JSON contract. Adding a field keeps it; removing or changing one raises the number.
pub const SCHEMA: &str = "tcpautopsy.report/1";

/// The same for a flow that stands alone; its number rises with that of [`SCHEMA`].
pub const FLOW_SCHEMA: &str = "tcpautopsy.flow/1";

/// Everything a run found out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// What wrote the report.
    pub tool: Tool,
    /// The options that shaped it, as typed.
    pub options: Vec<String>,
    /// What was read.
    pub capture: Capture,
    /// What the user asked to see of it; `None` for all of it.
    pub selection: Option<Selection>,
    /// What captures at several points say of each other; `None` where there was nothing to compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// Counts over the selected flows.
    pub summary: Summary,
    /// Many flows that died of one thing.
    pub incidents: Vec<Incident>,
    /// The flows worth a look, in the order of their identifiers; those whose resets harmed nobody behind the others.
    pub flows: Vec<Flow>,
}

/// The program that wrote a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl Report {
    /// The same without its flows: what `--summary` asks for.
    #[must_use]
    pub fn summary_only(&self) -> Self {
        Self {
            schema: self.schema,
            tool: self.tool,
            options: self.options.clone(),
            capture: self.capture.clone(),
            selection: self.selection.clone(),
            comparison: self.comparison.clone(),
            summary: self.summary.clone(),
            incidents: self.incidents.clone(),
            flows: Vec::new(),
        }
    }
}

impl Default for Report {
    /// The report of nothing, by this version of this program.
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            options: Vec::new(),
            capture: Capture::default(),
            selection: None,
            comparison: None,
            summary: Summary::default(),
            incidents: Vec::new(),
            flows: Vec::new(),
        }
    }
}
