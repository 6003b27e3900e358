//! The thread that captures: it only moves frames, so that the kernel's buffer does not overflow while others think.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::queue::{End, Queue};
use crate::capture::{Capture, Frames, InputSummary, Interface, InterfaceOptions};

/// How long to wait for frames before looking at anything else.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// How often the kernel is asked how many frames it dropped.
const COUNTED_EVERY: Duration = Duration::from_millis(250);

/// How long to go on taking frames that came before the end was asked for.
const LAST_FRAMES: Duration = Duration::from_millis(500);

/// How often a lost interface is looked for.
const LOOKED_FOR_EVERY: Duration = Duration::from_millis(500);

/// Where frames come from.
pub(super) enum Source {
    /// An interface, how to open it again, and whether to do so when it was lost.
    Interface { name: String, interface: Option<Box<Interface>>, options: InterfaceOptions, wait: bool },
    /// A stream of a capture file.
    Stream(Box<Capture>),
}

impl Source {
    /// Starts to capture.
    pub(super) fn start(self, queue: &Arc<Queue>) -> io::Result<JoinHandle<()>> {
        let queue = Arc::clone(queue);
        thread::Builder::new().name("capture".to_owned()).spawn(move || {
            let end = match self {
                Self::Interface { name, interface, options, wait } => {
                    Watch { name, options, wait, number: 0, dropped: 0, is_down: false }.run(interface, &queue)
                }
                Self::Stream(capture) => stream(*capture, &queue),
            };
            queue.end(end);
        })
    }
}

/// A capture on an interface that may come and go.
struct Watch {
    name: String,
    options: InterfaceOptions,
    wait: bool,
    /// The number of the last frame.
    number: u64,
    /// Frames dropped before the interface was opened anew.
    dropped: u64,
    /// It was down when last looked at.
    is_down: bool,
}

impl Watch {
    fn run(mut self, mut interface: Option<Box<Interface>>, queue: &Queue) -> End {
        loop {
            let Some(mut open) = interface.take() else {
                match self.look_for(queue) {
                    Some(found) => interface = Some(found),
                    None => return End::Asked,
                }
                continue;
            };
            let lost = self.read(&mut open, queue);
            self.dropped += open.dropped();
            queue.dropped(self.dropped);
            match lost {
                Ok(()) => return End::Asked,
                Err(reason) if self.wait => queue.tell(format!("{}: {reason}; waiting for it", self.name)),
                Err(reason) => return End::Lost(reason),
            }
        }
    }

    /// Takes frames until the end is asked for.
    fn read(&mut self, interface: &mut Interface, queue: &Queue) -> Result<(), String> {
        let is_listed = state(&self.name).is_some();
        // Another interface than the one that was lost, perhaps.
        self.is_down = false;
        let mut counted = Instant::now();
        let mut until = None;
        loop {
            if until.is_none() && queue.is_closed() {
                until = Some(Instant::now() + LAST_FRAMES);
            }
            wait(interface);
            let mut taken = 0;
            loop {
                let number = &mut self.number;
                let Some(read) = queue.fill(|frames| interface.read(number, frames)) else { return Ok(()) };
                let read = read?;
                taken += read;
                if read == 0 || until.is_some_and(|until| Instant::now() > until) {
                    break;
                }
            }
            if counted.elapsed() >= COUNTED_EVERY || until.is_some() {
                counted = Instant::now();
                queue.dropped(self.dropped + interface.dropped());
                self.look_at(is_listed, queue)?;
            }
            if let Some(until) = until
                && (taken == 0 || Instant::now() > until)
            {
                return Ok(());
            }
        }
    }

    /// Notes whether the interface is up, since libpcap keeps that to itself. Interfaces that the system does not list, as `any`,
    /// are always up.
    fn look_at(&mut self, is_listed: bool, queue: &Queue) -> Result<(), String> {
        let is_up = match state(&self.name) {
            None if is_listed => return Err("the interface disappeared".to_owned()),
            None => true,
            Some(is_up) => is_up,
        };
        match (is_up, self.wait) {
            (false, false) => return Err("the interface went down".to_owned()),
            (false, true) if !self.is_down => {
                queue.tell(format!("{}: the interface went down; waiting for it", self.name));
            }
            (true, _) if self.is_down => queue.tell(format!("{} is up again", self.name)),
            _ => {}
        }
        self.is_down = !is_up;
        Ok(())
    }

    /// Waits for the interface; `None` where the end was asked for.
    fn look_for(&self, queue: &Queue) -> Option<Box<Interface>> {
        while !queue.is_closed() {
            if let Ok(interface) = Interface::open(&self.name, &self.options) {
                queue.tell(format!("listening on {}, {}", self.name, interface.link_type()));
                return Some(Box::new(interface));
            }
            thread::sleep(LOOKED_FOR_EVERY);
        }
        None
    }
}

/// Waits for frames, not for long.
fn wait(interface: &Interface) {
    let descriptor = interface.descriptor();
    let mut polled = [PollFd::new(&descriptor, PollFlags::IN)];
    let waited = poll(&mut polled, Some(&PATIENCE));
    if waited.is_err() || polled.iter().any(|one| one.revents().intersects(PollFlags::ERR)) {
        // Reading says what is wrong; should it not, this must not become a busy loop.
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether the interface with this name is up; `None` where the system lists none.
fn state(name: &str) -> Option<bool> {
    let mut all = nix::ifaddrs::getifaddrs().ok()?;
    let found = all.find(|one| one.interface_name == name)?;
    Some(found.flags.contains(nix::net::if_::InterfaceFlags::IFF_UP))
}

/// Takes the frames of a stream as they come.
fn stream(mut capture: Capture, queue: &Queue) -> End {
    // The next frame is waited for outside, so that those before it can be had.
    while let Some(frame) = capture.next() {
        if queue.is_closed() || queue.fill(|frames: &mut Frames| frames.push(&frame)).is_none() {
            return End::Asked;
        }
    }
    capture.finish().pop().map_or(End::Asked, |summary: InputSummary| End::Proper(summary))
}
