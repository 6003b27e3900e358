//! Parse, run, exit code; nothing else.

use std::io::Write;
use std::process::ExitCode;

use tcpautopsy::cli::Job;
#[cfg(feature = "live")]
use tcpautopsy::live;
use tcpautopsy::notes::Notes;
use tcpautopsy::{cli, run};

fn main() -> ExitCode {
    let job = match cli::job(std::env::args_os()) {
        Ok(job) => job,
        Err(answer) => {
            let _ = if answer.exit == tcpautopsy::error::ExitCode::Success {
                std::io::stdout().write_all(answer.text.as_bytes())
            } else {
                std::io::stderr().write_all(answer.text.as_bytes())
            };
            return answer.exit.into();
        }
    };
    let done = match &job {
        Job::Analyze(options) => run::analyze(options),
        #[cfg(feature = "live")]
        Job::Live(job) => live::carry_out(job),
        Job::Explain(text) => run::explain(text.as_deref()),
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
