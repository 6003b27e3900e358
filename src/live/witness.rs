//! What the kernel of this host says of resets while it is watched (`--kernel-witness`).
//!
//! The events are switched on in a trace instance of our own, so that nobody else's tracing is disturbed, and read from its
//! `trace_pipe`. All files are opened before rights are given up. To remove the instance takes rights, too: a second process of
//! this program keeps them, waits until the first has ended, however it ended, and does nothing else.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use super::event::Observer;
use super::statistics::Statistics;
use crate::cli;
use crate::error::{Error, ExitCode};
use crate::witness::Log;

/// Where tracefs is mounted: since Linux 4.1, and before.
const PLACES: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/// The events, the first of which there has to be.
const EVENTS: [&str; 3] = ["tcp_send_reset", "tcp_receive_reset", "tcp_retransmit_skb"];

/// How instances of ours are named, with the number of the process behind.
const INSTANCE: &str = "tcpautopsy-";

/// Reports kept, each some 300 octets: `memory.rs` counts with them.
const MOST_EVENTS: usize = 20_000;

/// Octets of a line that are kept.
const MOST_LINE: usize = 16_384;

/// How often the trace is looked at.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(50);

/// How long it takes until what was reported has been read.
const SETTLED_AFTER: Duration = Duration::from_millis(250);

/// How long to try to remove an instance: it cannot be as long as somebody has a file of it open.
const REMOVED_WITHIN: Duration = Duration::from_secs(5);

/// The trace of this host's kernel.
pub(super) struct Tracing {
    log: Arc<Mutex<Log>>,
    pipe: Option<File>,
    marker: Option<File>,
    stop: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    warden: Child,
}

impl Tracing {
    /// Switches the events on. Takes root's rights.
    ///
    /// # Errors
    /// Why that is not possible, and what to do.
    pub(super) fn open() -> Result<Self, String> {
        let root = root()?;
        let instance = root.join("instances").join(format!("{INSTANCE}{}", std::process::id()));
        let failed = |what: &Path| {
            let what = what.display().to_string();
            move |error: io::Error| match error.kind() {
                ErrorKind::PermissionDenied => rights(),
                _ => format!("{what}: {error}"),
            }
        };
        let warden = start_warden(&instance).map_err(|error| format!("no process to clean up with: {error}"))?;
        match fs::create_dir(&instance) {
            // Of a process that had our number before.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made.map_err(failed(&instance))?,
        }
        // From here on the warden removes it, also where the rest fails.
        let mut log = Log::new(MOST_EVENTS);
        let place = |name: &str| instance.join(name);
        for event in EVENTS {
            let format = fs::read(place(&format!("events/tcp/{event}/format"))).unwrap_or_default();
            format.split(|octet| *octet == b'\n').for_each(|line| log.take(line));
        }
        set(&place("trace_clock"), "mono").map_err(failed(&instance))?;
        for line in fs::read(place("trace_clock")).unwrap_or_default().split(|octet| *octet == b'\n') {
            log.take(line);
        }
        let pipe = File::open(place("trace_pipe")).map_err(failed(&place("trace_pipe")))?;
        rustix::io::ioctl_fionbio(&pipe, true).map_err(|error| failed(&place("trace_pipe"))(error.into()))?;
        let marker = File::options().write(true).open(place("trace_marker")).map_err(failed(&place("trace_marker")))?;
        for event in EVENTS {
            let switch = place(&format!("events/tcp/{event}/enable"));
            // Without the first there is nothing to hear; the others only tell more.
            match set(&switch, "1") {
                Err(error) if event == EVENTS[0] => return Err(failed(&switch)(error)),
                _ => {}
            }
        }
        let mut tracing = Self {
            log: Arc::new(Mutex::new(log)),
            pipe: Some(pipe),
            marker: Some(marker),
            stop: Arc::default(),
            reader: None,
            warden,
        };
        tracing.mark();
        Ok(tracing)
    }

    /// Begins to read; where the reports go.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(super) fn start(&mut self) -> io::Result<Arc<Mutex<Log>>> {
        if let Some(pipe) = self.pipe.take() {
            let (log, stop) = (Arc::clone(&self.log), Arc::clone(&self.stop));
            let reader = thread::Builder::new().name("kernel".to_owned()).spawn(move || read(pipe, &log, &stop))?;
            self.reader = Some(reader);
        }
        Ok(Arc::clone(&self.log))
    }

    /// Whoever tells the trace the time again and again.
    ///
    /// # Errors
    /// When the operating system gives no second handle.
    pub(super) fn marks(&self) -> io::Result<Marks> {
        let marker = self.marker.as_ref().map(File::try_clone).transpose()?;
        Ok(Marks { marker })
    }

    /// Waits until what was reported has been read.
    pub(super) fn settle(&mut self) {
        thread::sleep(SETTLED_AFTER);
        self.mark();
        thread::sleep(SETTLED_AFTER);
    }

    fn mark(&mut self) {
        self.marker.iter_mut().for_each(mark);
    }
}

impl Drop for Tracing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        // An instance with an open file cannot be removed.
        (self.pipe, self.marker) = (None, None);
        drop(self.warden.stdin.take());
        let _ = self.warden.wait();
    }
}

/// Tells the trace the wall clock's time, which compares the clocks and shows that the trace is on.
pub(super) struct Marks {
    marker: Option<File>,
}

impl Observer for Marks {
    fn tick(&mut self, _: &Statistics) {
        self.marker.iter_mut().for_each(mark);
    }

    fn end(&mut self, _: &Statistics) {
        self.marker = None;
    }
}

fn mark(marker: &mut File) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let nanos = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
    // Without it the clocks are compared by what matches.
    let _ = marker.write_all(Log::mark(nanos).as_bytes());
}

/// What is behind a lock. Who panicked while it was held left it whole but for a line, or a segment.
pub(super) fn locked<T>(log: &Mutex<T>) -> MutexGuard<'_, T> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(mut pipe: File, log: &Mutex<Log>, stop: &AtomicBool) {
    let mut octets = vec![0; 64 << 10];
    let mut line = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        match pipe.read(&mut octets) {
            Ok(read @ 1..) => {
                let mut log = locked(log);
                for piece in octets.get(..read).unwrap_or_default().split_inclusive(|octet| *octet == b'\n') {
                    let room = MOST_LINE.saturating_sub(line.len());
                    line.extend_from_slice(piece.get(..room).unwrap_or(piece));
                    if piece.ends_with(b"\n") {
                        log.take(&line);
                        line.clear();
                    }
                }
            }
            _ => thread::sleep(LOOKED_AT_EVERY),
        }
    }
}

fn set(file: &Path, value: &str) -> io::Result<()> {
    File::options().write(true).open(file)?.write_all(value.as_bytes())
}

/// Where tracefs is, with the event that there has to be.
fn root() -> Result<PathBuf, String> {
    let mut found = None;
    for place in PLACES.map(Path::new) {
        match place.join("events").metadata() {
            Ok(_) => found = found.or(Some(place)),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(rights()),
            Err(_) => {}
        }
    }
    let Some(root) = found else {
        return Err(if Path::new("/sys/kernel").exists() {
            format!("tracefs is not mounted: `mount -t tracefs none {}`, or a kernel without tracing", PLACES[0])
        } else {
            "this system has no tracefs, which only Linux has".to_owned()
        });
    };
    match root.join("events/tcp").join(EVENTS[0]).metadata() {
        Ok(_) => Ok(root.to_owned()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(rights()),
        Err(_) => Err(format!("this kernel has no tracepoint tcp:{}: Linux 4.16 and later have it", EVENTS[0])),
    }
}

fn rights() -> String {
    "this user may not read the kernel's trace; run it as root (with --user NAME it gives that up)".to_owned()
}

/// Starts the process that removes the instance once this one has ended. In a process group of its own, so that Ctrl-C is not for it.
fn start_warden(instance: &Path) -> io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(cli::warden(instance)).current_dir("/").stdin(Stdio::piped());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

/// Waits for the end of standard input, and removes a trace instance of ours.
///
/// # Errors
/// None: nobody is left to hear of them.
pub(super) fn warden(instance: &Path) -> Result<ExitCode, Error> {
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        // They are for the other process; its end is this one's.
        let _ = signal_hook::flag::register(signal, Arc::default());
    }
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    if is_ours(instance) {
        let _ = set(&instance.join("events/enable"), "0");
        let until = Instant::now() + REMOVED_WITHIN;
        while fs::remove_dir(instance).is_err_and(|error| error.kind() != ErrorKind::NotFound) && Instant::now() < until
        {
            thread::sleep(LOOKED_AT_EVERY);
        }
    }
    Ok(ExitCode::Success)
}

/// Whether a path is that of an instance which this program makes.
fn is_ours(instance: &Path) -> bool {
    let name = instance.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(INSTANCE));
    let is_number = name.is_some_and(|name| !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_digit()));
    let parent = instance.parent();
    is_number && PLACES.iter().any(|place| parent == Some(&Path::new(place).join("instances")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_instances_are_removed() {
        for (path, expected) in [
            ("/sys/kernel/tracing/instances/tcpautopsy-12", true),
            ("/sys/kernel/debug/tracing/instances/tcpautopsy-12", true),
            ("/sys/kernel/tracing/instances/tcpautopsy-", false),
            ("/sys/kernel/tracing/instances/tcpautopsy-1/../other", false),
            ("/sys/kernel/tracing/instances/other", false),
            ("/tmp/instances/tcpautopsy-12", false),
            ("tcpautopsy-12", false),
            ("/", false),
        ] {
            assert_eq!(is_ours(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn what_comes_in_pieces_becomes_lines() {
        let folder = std::env::temp_dir().join(format!("tcpautopsy-pipe-{}", std::process::id()));
        let line = "a-1 [000] ..... 1.5: tcp_send_reset: src=192.0.2.1:80 dest=192.0.2.2:9 state=TCP_CLOSE\n";
        fs::write(&folder, [line, line, &"x".repeat(100_000), "\n", line].concat()).expect("a file");
        let (log, stop) = (Arc::new(Mutex::new(Log::new(9))), Arc::new(AtomicBool::new(false)));
        let pipe = File::open(&folder).expect("it was written");
        let reader = {
            let (log, stop) = (Arc::clone(&log), Arc::clone(&stop));
            thread::spawn(move || read(pipe, &log, &stop))
        };
        let until = Instant::now() + Duration::from_secs(10);
        while locked(&log).sent < 3 && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
        stop.store(true, Ordering::Relaxed);
        reader.join().expect("no panic");
        fs::remove_file(&folder).expect("it was there");
        assert_eq!(locked(&log).sent, 3);
    }
}
