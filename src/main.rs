//! Parse, run, exit code; nothing else.

use std::io::Write;
use std::process::ExitCode;

use tcpautopsy::notes::Notes;
use tcpautopsy::{cli, run};

fn main() -> ExitCode {
    let options = match cli::parse(std::env::args_os()) {
        Ok(options) => options,
        Err(answer) => {
            let _ = if answer.exit == tcpautopsy::error::ExitCode::Success {
                std::io::stdout().write_all(answer.text.as_bytes())
            } else {
                std::io::stderr().write_all(answer.text.as_bytes())
            };
            return answer.exit.into();
        }
    };
    match run::analyze(&options) {
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
