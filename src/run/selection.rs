//! Which flows the command line asks for.

use std::collections::HashSet;

use crate::cli::Options;
use crate::flow::{Flow, Flows, Roles, Teardown, Way};
use crate::report::{self, Selection};
use crate::select::{FlowView, Span};

/// The answer to the options that narrow the report.
pub struct Chosen {
    /// The flows, by id.
    pub ids: HashSet<u64>,
    criteria: Vec<String>,
    note: Option<String>,
}

/// What the user asked for, for the report, which counts the flows itself; `None` where that is everything.
pub fn narrowed(options: &Options, chosen: Option<&Chosen>) -> Option<Selection> {
    let kinds: Vec<&str> = options.only.iter().map(|kind| kind.name()).collect();
    let only = Some(kinds.join(" or ")).filter(|kinds| !kinds.is_empty());
    if chosen.is_none() && only.is_none() {
        return None;
    }
    let (criteria, note) = chosen.map(|chosen| (chosen.criteria.clone(), chosen.note.clone())).unwrap_or_default();
    let criteria = criteria.into_iter().chain(only.map(|kinds| format!("verdict {kinds}"))).collect();
    Some(Selection { criteria, flows: 0, note })
}

/// The flows asked for; `None` where every flow is. `with_frame` tells the flow that a frame belongs to.
pub fn choose(options: &Options, flows: &Flows, with_frame: impl FnOnce(u64) -> Option<u64>) -> Option<Chosen> {
    let is_known = |id| flows.iter().any(|flow| flow.id == id);
    narrow(among_all(options, flows), options, (flows.totals.flows, is_known), with_frame)
}

/// The connections asked for, of which several points each have their view: those that an option speaks of at any point.
/// `number`: that of the connection of a flow; `last`: the highest of them.
pub fn choose_connections(
    options: &Options,
    points: &[Flows],
    number: impl Fn(u64) -> u64,
    last: u64,
    with_frame: impl FnOnce(u64) -> Option<u64>,
) -> Option<Chosen> {
    let mut chosen: Option<Chosen> = None;
    for flows in points {
        let Some(found) = among_all(options, flows) else { continue };
        let numbers = found.ids.iter().map(|&id| number(id));
        match &mut chosen {
            Some(chosen) => chosen.ids.extend(numbers),
            None => chosen = Some(Chosen { ids: numbers.collect(), ..found }),
        }
    }
    if let Some(chosen) = chosen.as_mut().filter(|chosen| !chosen.ids.is_empty()) {
        chosen.note = None;
    }
    narrow(chosen, options, (last, |id| (1..=last).contains(&id)), with_frame)
}

/// Of these the one that `--flow` or `--frame` names.
fn narrow(
    mut chosen: Option<Chosen>,
    options: &Options,
    (last, is_known): (u64, impl Fn(u64) -> bool),
    with_frame: impl FnOnce(u64) -> Option<u64>,
) -> Option<Chosen> {
    let named = match (options.flow, options.frame) {
        (Some(id), _) => {
            let known = is_known(id).then_some(id);
            Some((known, format!("flow {id}"), format!("there is no flow {id}: they are numbered from 1 to {last}")))
        }
        (None, Some(frame)) => {
            let missing = format!("frame {frame} belongs to no flow");
            Some((with_frame(frame), format!("frame {frame}"), missing))
        }
        (None, None) => None,
    };
    if let Some((known, criterion, missing)) = named {
        let chosen =
            chosen.get_or_insert_with(|| Chosen { ids: known.into_iter().collect(), criteria: Vec::new(), note: None });
        chosen.ids.retain(|&id| known == Some(id));
        chosen.criteria.push(criterion);
        chosen.note = if known.is_none() { Some(missing) } else { chosen.note.take() };
    }
    chosen
}

fn among_all(options: &Options, flows: &Flows) -> Option<Chosen> {
    let selection = &options.selection;
    if selection.is_everything() {
        return None;
    }
    let (views, ids): (Vec<FlowView>, Vec<u64>) = flows.iter().map(|flow| (view(flow, flows), flow.id)).unzip();
    let first = views.iter().filter_map(|view| view.first_time).min();
    let last = views.iter().filter_map(|view| view.last_time).max();
    let span = first.zip(last).map(|(first, last)| Span { first, last });
    let (ids, note) = match selection.choose(&views, span, &options.zone) {
        Ok(found) => (found.flows.iter().filter_map(|&index| ids.get(index)).copied().collect(), found.remark),
        Err(why) => (HashSet::new(), Some(why)),
    };
    Some(Chosen { ids, criteria: selection.criteria(), note })
}

fn view(flow: &Flow, flows: &Flows) -> FlowView {
    let client = Roles::of(flow).from_client;
    let end = |way: Way| (flow.stream.endpoints[way].ip(flow.stream.ipv6), flow.stream.endpoints[way].port);
    FlowView {
        client: end(client),
        server: end(client.reverse()),
        first_time: flow.first_time,
        last_time: flow.last_time(),
        resets: flow.resets().iter().filter_map(|reset| reset.segment.time).collect(),
        ended_well: !report::Teardown::from(Teardown::of(flow, flows.end)).ended_badly(),
    }
}
