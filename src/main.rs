//! Parse, run, exit code; nothing else.

use std::io::Write;
use std::process::ExitCode;

use tcpautopsy::cli::{Answer, Job};
use tcpautopsy::error::{self, Error};
#[cfg(feature = "live")]
use tcpautopsy::live;
use tcpautopsy::notes::Notes;
use tcpautopsy::{cli, run};

/// In place of that of musl, which keeps threads waiting for each other. Elsewhere the system's own serves: see
/// `docs/performance.md` for what huge pages would gain and cost.
#[cfg(all(target_os = "linux", target_env = "musl"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let done = match cli::job(std::env::args_os()) {
        Ok(Job::Analyze(options)) => run::analyze(&options),
        #[cfg(feature = "live")]
        Ok(Job::Live(job)) => live::carry_out(&job),
        Ok(Job::Explain(text)) => run::explain(text.as_deref()),
        Err(answer) => say(&answer),
    };
    match done {
        Ok(code) => code.into(),
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            for line in error.lines() {
                Notes::default().error(line);
            }
            error.exit_code().into()
        }
    }
}

/// What was asked for goes to standard output, what was wrong to standard error.
fn say(answer: &Answer) -> Result<error::ExitCode, Error> {
    if answer.exit == error::ExitCode::Success {
        std::io::stdout().write_all(answer.text.as_bytes()).map_err(|error| Error::write(None, error))?;
    } else {
        // Nobody is left to tell where that fails.
        let _ = std::io::stderr().write_all(answer.text.as_bytes());
    }
    Ok(answer.exit)
}
