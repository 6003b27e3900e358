//! A bar on standard error while long inputs are read, or a line of counts. The only user of indicatif.
//!
//! It only looks on: the readers count, a thread of its own draws. Where standard error is no terminal there is no thread and no bar.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::Verbosity;

/// How long a run may last before it shows a bar: whatever is over sooner, nobody had to wait for
/// (about half of the second at which a person's train of thought breaks, Nielsen, "Usability Engineering", 1993, section 5.5).
const PATIENCE: Duration = Duration::from_millis(500);

/// How often the bar is drawn.
const INTERVAL: Duration = Duration::from_millis(100);

/// A bar that may be on the screen; dropping it clears it.
pub struct Bar {
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

/// Watches a run and draws how far it is, until the bar is dropped.
///
/// `done` is asked about ten times a second: octets of input read, and how many there are where that is known.
pub fn watch(verbosity: Verbosity, done: impl Fn() -> (u64, Option<u64>) + Send + 'static) -> Bar {
    if !shows(verbosity) {
        return Bar { running: None };
    }
    watch_on(ProgressDrawTarget::stderr(), done)
}

/// Whether there is somebody to show a bar to, on a terminal that can take it away again.
fn shows(verbosity: Verbosity) -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    verbosity != Verbosity::Quiet && !is_dumb && std::io::stderr().is_terminal()
}

/// A line of counts at the bottom of standard error while something goes on that has no end; none where that is no terminal.
pub struct Status {
    bar: Option<ProgressBar>,
}

impl Status {
    /// A line that shows nothing yet.
    pub fn new(verbosity: Verbosity) -> Self {
        Self {
            bar: shows(verbosity)
                .then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(line())),
        }
    }

    /// Shows another text.
    pub fn show(&self, text: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_message(text());
            bar.tick();
        }
    }

    /// Lets `write` write to the terminal while the line is away.
    pub fn aside(&self, write: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the line away.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line() -> ProgressStyle {
    ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn watch_on(target: ProgressDrawTarget, done: impl Fn() -> (u64, Option<u64>) + Send + 'static) -> Bar {
    let (stop, stopped) = channel();
    let draw = move || {
        // Measures from the start, so that the rate is right when it is first shown.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let started = Instant::now();
        let mut target = Some(target);
        // Waiting for the next drawing and for the end are one: a run that is over is not held up.
        while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let (octets, total) = done();
            if let Some(target) = target.take_if(|_| started.elapsed() >= PATIENCE) {
                bar.set_style(style(total.is_some()));
                bar.set_draw_target(target);
            }
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(octets);
        }
        bar.finish_and_clear();
    };
    // A machine that has no thread left for a bar does without.
    let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(draw).ok();
    Bar { running: thread.map(|thread| (stop, thread)) }
}

/// What the line shows; where the end is not known (a pipe), neither a bar nor the time left.
fn style(knows_total: bool) -> ProgressStyle {
    let template = if knows_total {
        "{bytes} of {total_bytes} [{wide_bar}] {bytes_per_sec}, {eta} left"
    } else {
        "{bytes} read, {bytes_per_sec}, {elapsed}"
    };
    // Constants, which the tests see drawn.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            drop(stop);
            // A panic of the drawing thread has been reported, and is no reason to lose the report.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    /// A terminal of 80 columns that remembers what was written to it.
    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl Screen {
        fn text(&self) -> String {
            self.0.lock().unwrap().clone()
        }

        fn put(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.put(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.put(text)
        }
        fn clear_line(&self) -> io::Result<()> {
            self.put("<clear>")
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Watches until `done` has been asked `times` times, and gives what is on the screen after the end.
    fn watch_for(times: usize, total: Option<u64>) -> String {
        let screen = Screen::default();
        let (asked, asks) = channel();
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        let bar = watch_on(target, move || {
            let _ = asked.send(());
            (3 << 20, total)
        });
        for _ in 0..times {
            asks.recv().unwrap();
        }
        drop(bar);
        screen.text()
    }

    #[test]
    fn a_long_run_shows_how_far_it_is_and_clears_up() {
        let text = watch_for(10, Some(4 << 20));
        assert!(text.contains("3.00 MiB of 4.00 MiB [") && text.contains("/s, ") && text.contains(" left"), "{text}");
        assert!(text.trim_end().ends_with("<clear>"), "{text}");
    }

    #[test]
    fn a_pipe_has_no_end_to_be_seen() {
        let text = watch_for(10, None);
        assert!(text.contains("3.00 MiB read, ") && !text.contains("left"), "{text}");
    }

    #[test]
    fn a_short_run_shows_nothing() {
        assert_eq!(watch_for(1, Some(4 << 20)).replace("<clear>", ""), "");
    }
}
