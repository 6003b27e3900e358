//! What the user sees while an interface is watched: events on standard output, and what is being counted below them.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use super::event::{Event, Observer};
use super::statistics::Statistics;
use super::status;
use crate::cli::{Events, Verbosity};
use crate::output::{self, LineOptions};
use crate::progress::Status;
use crate::run;

/// Writes events as they come.
pub(super) struct View {
    events: Events,
    lines: LineOptions,
    status: Status,
    /// Why nothing can be written any more.
    failed: Failure,
}

/// Why nothing can be written any more, once that is so.
#[derive(Clone, Default)]
pub(super) struct Failure(Rc<RefCell<Option<io::Error>>>);

impl Failure {
    /// Whether that is so.
    pub(super) fn is_set(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Why.
    pub(super) fn take(&self) -> Option<io::Error> {
        self.0.borrow_mut().take()
    }
}

impl View {
    pub(super) fn new(events: Events, lines: LineOptions, verbosity: Verbosity) -> Self {
        Self { events, lines, status: Status::new(verbosity), failed: Failure::default() }
    }

    /// Tells of a failure to write.
    pub(super) fn failure(&self) -> Failure {
        self.failed.clone()
    }

    fn write(&mut self, event: &Event<'_>) -> io::Result<()> {
        let mut line = Vec::new();
        match self.events {
            Events::Ndjson if event.changed || !event.provisional => {
                output::ndjson::write_judged(event.flow, event.provisional, &mut line)?;
            }
            Events::Lines if event.changed => {
                line.extend(output::line(event.flow, event.provisional, &self.lines).into_bytes());
                line.push(b'\n');
            }
            Events::Lines | Events::Ndjson | Events::None => return Ok(()),
        }
        let mut written = Ok(());
        self.status.aside(|| {
            let mut out = io::stdout().lock();
            written = out.write_all(&line).and_then(|()| out.flush());
        });
        written
    }
}

impl Observer for View {
    fn event(&mut self, event: &Event<'_>) {
        if !self.failed.is_set()
            && let Err(error) = self.write(event)
        {
            *self.failed.0.borrow_mut() = Some(error);
        }
    }

    fn tick(&mut self, statistics: &Statistics) {
        self.status.show(|| status::text(statistics, run::status_width()));
    }

    fn end(&mut self, _: &Statistics) {
        self.status.clear();
    }
}
