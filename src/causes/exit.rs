//! Whether a process or its host went away: several of its connections ended in the same moment.

use super::story::{Decisive, Story};
use crate::evidence::Words;
use crate::surroundings::{Kind, SAME_EXIT};
use crate::tcp::{Duration, FrameNumber, Timestamp};

/// So many others at least; two may end together by chance.
const OTHERS: usize = 2;

/// A new connection is accepted or refused this soon afterwards, if that is to tell about the end.
const SOON: Duration = Duration::from_secs(120);

/// The end of many connections at once.
pub(super) struct Exit {
    /// Connections that ended in the same moment, this one not counted; where nothing is told, so many at least.
    pub others: usize,
    /// Where some of them ended.
    pub frames: Vec<FrameNumber>,
    /// How many of them ended by an abort, this one counted; likewise.
    pub aborts: usize,
    /// Whether any ended by FIN, this one counted.
    pub has_fin: bool,
    /// The first connection accepted afterwards, where none was refused before; or one accepted between two of the ends. An older one
    /// of which the capture has nothing before counts likewise where it was served.
    pub accepted: Option<FrameNumber>,
    /// The first refusal afterwards.
    pub refused: Option<FrameNumber>,
    /// How many were refused until the next one was accepted.
    pub refusals: usize,
    /// The first connection accepted after the refusals, and how long after the end.
    pub back: Option<(FrameNumber, Duration)>,
}

impl Story<'_> {
    /// Whether the decisive reset, or the FIN in front of it, was part of one. Looks at the sender of the reset.
    pub(super) fn process_exit(&self) -> Option<&Exit> {
        self.exit.get_or_init(|| of(self)).as_ref()
    }
}

fn of(story: &Story<'_>) -> Option<Exit> {
    let decisive = story.decisive?;
    let way = decisive.reset.way;
    let fin = story.fin(way);
    let time = fin.map_or(decisive.reset.segment.time, |fin| fin.time())?;
    at(story, way, time)
}

fn at(story: &Story<'_>, way: crate::flow::Way, time: Timestamp) -> Option<Exit> {
    let own = story.case.flow.stream.endpoints[way];
    let endings = &story.case.surroundings.endings;
    let mut frames = Vec::new();
    let mut others = 0;
    // Where its FIN was its end in that moment, its reset came behind it.
    let aborts = |decisive: Decisive<'_>| decisive.verdict.is_active && decisive.reset.way == way;
    let own_abort = story.fin(way).is_none() && story.decisive.is_some_and(aborts);
    let mut aborts = usize::from(own_abort);
    let mut has_fin = story.fin(way).is_some();
    // Whoever takes a connection between two ends has not gone with the first.
    let mut went_on = None;
    // Where nobody is told how many there were, it is enough to know that there were.
    let is_told = story.case.words >= Words::Sentence;
    for ending in endings.near_port(own, time, SAME_EXIT) {
        let ends = matches!(ending.kind, Kind::Fin | Kind::Abort);
        if ends && ending.flow != story.case.flow.id {
            others += 1;
            aborts += usize::from(ending.kind == Kind::Abort);
            has_fin |= ending.kind == Kind::Fin;
            if is_told && frames.len() < 4 {
                frames.push(ending.frame);
            }
            if !is_told && others >= OTHERS && aborts > 0 && has_fin && ending.time >= time {
                break;
            }
        } else if ending.kind.shows_life() && others > 0 && ending.time < time {
            went_on = went_on.or(Some(ending.frame));
        }
    }
    let mut exit = Exit { others, frames, aborts, has_fin, accepted: None, refused: None, refusals: 0, back: None };
    for next in endings.after(own, time).take_while(|ending| ending.time.since(time) <= SOON) {
        match next.kind {
            Kind::Refusal => {
                exit.refused = exit.refused.or(Some(next.frame));
                exit.refusals += 1;
            }
            Kind::Acceptance => {
                if exit.refusals > 0 {
                    exit.back = Some((next.frame, next.time.since(time)));
                } else {
                    exit.accepted = Some(next.frame);
                }
                break;
            }
            Kind::Service if exit.refusals == 0 => {
                exit.accepted = Some(next.frame);
                break;
            }
            _ => {}
        }
    }
    if exit.refusals == 0 {
        exit.accepted = exit.accepted.or(went_on);
    }
    (exit.others >= OTHERS || (exit.others > 0 && exit.refused.is_some())).then_some(exit)
}
