//! Which flows the user asks for: by endpoint, by time, by a pasted log line.
//!
//! Plain values and functions over a small view of each flow. Does no I/O, looks up no name and reads no clock:
//! the zone of a time without one is an argument, a missing day or year comes from the capture.
//!
//! The run makes one [`FlowView`] of each flow once all input is read, because only then are the last segments and the end of the
//! capture known, and asks [`Selection::choose`] which of them to report. Where [`Selection::is_everything`], it need not.

mod absence;
mod criteria;
mod endpoint;
mod flow_view;
mod log_line;
mod matching;
mod scan;
mod when;

use jiff::tz::TimeZone;

pub use endpoint::EndpointFilter;
pub use flow_view::FlowView;
pub use log_line::{LogLine, LoggedError, Mention, Role};
pub use matching::Fit;
pub use when::{Around, DEFAULT_TOLERANCE, Span, WrittenTime};

use crate::tcp::Timestamp;

/// All that narrows the report to some flows; a flow has to pass every part that is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// The server is this one.
    pub server: Option<EndpointFilter>,
    /// Each of these is one of the flow's ends.
    pub endpoints: Vec<EndpointFilter>,
    /// It lived then or later.
    pub from: Option<WrittenTime>,
    /// It lived then or earlier.
    pub to: Option<WrittenTime>,
    /// It lived near that time.
    pub around: Option<Around>,
    /// The line speaks of it.
    pub log_line: Option<LogLine>,
}

/// The flows that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Places in the slice of flows: in its order, or for a log line the likeliest first. Never empty where something was asked for.
    pub flows: Vec<usize>,
    /// For a log line: how much of it fits.
    pub fit: Option<Fit>,
    /// What the user should know before taking these for the ones they meant; one clause in lower case.
    pub remark: Option<String>,
}

/// What sentences about the capture as a whole need.
struct Capture<'a> {
    span: Option<Span>,
    zone: &'a TimeZone,
}

impl Capture<'_> {
    fn show(&self, moment: Timestamp) -> String {
        jiff::Timestamp::from_nanosecond(moment.nanos().into()).map_or_else(
            |_| moment.nanos().to_string(),
            |moment| moment.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
        )
    }
}

impl Selection {
    /// Whether nothing was asked for, so that all flows pass and none needs to be looked at.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// The flows that pass, or one sentence (lower case, no full stop) why none does.
    ///
    /// `capture` reaches from the first to the last frame with a time; `zone` is the one that times are shown in.
    pub fn choose(&self, flows: &[FlowView], capture: Option<Span>, zone: &TimeZone) -> Result<Found, String> {
        let capture = Capture { span: capture, zone };
        let mut left = Left { flows, places: (0..flows.len()).collect() };
        if let Some(server) = &self.server {
            let passes = |flow: &FlowView| server.matches(flow.server.0, flow.server.1);
            left.narrow(passes, || absence::endpoint_missing(server, true, flows))?;
        }
        for endpoint in &self.endpoints {
            let passes =
                |flow: &FlowView| [flow.client, flow.server].iter().any(|&(ip, port)| endpoint.matches(ip, port));
            left.narrow(passes, || absence::endpoint_missing(endpoint, false, flows))?;
        }
        self.narrow_by_window(&mut left, &capture)?;
        if let Some(around) = &self.around {
            let passes = |flow: &FlowView| flow.gap_to_life(&around.time).is_some_and(|gap| gap <= around.tolerance);
            left.narrow(passes, || absence::window_missing(&[&around.time], &capture))?;
        }
        match &self.log_line {
            Some(line) => matching::find(line, flows, &left.places, &capture),
            None => Ok(Found { flows: left.places, fit: None, remark: None }),
        }
    }

    fn narrow_by_window(&self, left: &mut Left<'_>, capture: &Capture<'_>) -> Result<(), String> {
        let from = self.from.as_ref().map(|time| (time, time.within(capture.span)));
        let start = from.as_ref().and_then(|(_, from)| *from);
        let to = self.to.as_ref().map(|time| {
            // Written in full it means what it says, also where that lies before --from.
            (time, start.and_then(|start| time.after(start)).or_else(|| time.within(capture.span)))
        });
        if let (Some((from, Some(start))), Some((to, Some(end)))) = (&from, &to)
            && end.last < start.first
        {
            return Err(format!("{} of --to lies before {} of --from", to.text(), from.text()));
        }
        if from.is_none() && to.is_none() {
            return Ok(());
        }
        let passes = |flow: &FlowView| {
            flow.life().is_some_and(|life| {
                from.as_ref().is_none_or(|(_, from)| from.is_some_and(|from| life.last >= from.first))
                    && to.as_ref().is_none_or(|(_, to)| to.is_some_and(|to| life.first <= to.last))
            })
        };
        let times: Vec<&WrittenTime> = [&self.from, &self.to].into_iter().flatten().collect();
        left.narrow(passes, || absence::window_missing(&times, capture))
    }
}

/// The flows that have passed so far.
struct Left<'a> {
    flows: &'a [FlowView],
    places: Vec<usize>,
}

impl Left<'_> {
    /// Keeps those that pass; an error that says why where none is left.
    fn narrow(&mut self, passes: impl Fn(&FlowView) -> bool, why: impl FnOnce() -> String) -> Result<(), String> {
        self.places.retain(|&place| self.flows.get(place).is_some_and(&passes));
        if self.places.is_empty() { Err(why()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
