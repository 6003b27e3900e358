//! What was asked for, in words for the report.

use std::net::SocketAddr;

use super::Selection;
use super::log_line::LogLine;

impl Selection {
    /// One phrase for each thing asked for.
    pub fn criteria(&self) -> Vec<String> {
        let mut criteria = Vec::new();
        criteria.extend(self.server.iter().map(|server| format!("server {server}")));
        criteria.extend(self.endpoints.iter().map(|endpoint| format!("endpoint {endpoint}")));
        criteria.extend(self.from.iter().map(|time| format!("from {}", time.text())));
        criteria.extend(self.to.iter().map(|time| format!("to {}", time.text())));
        criteria.extend(
            self.around
                .iter()
                .map(|around| format!("within {} s of {}", around.tolerance.as_secs_f64(), around.time.text())),
        );
        criteria.extend(self.log_line.as_ref().map(|line| format!("the log line's {}", what_it_says(line))));
        criteria
    }
}

/// What was read out of the line, so that a misreading can be seen.
fn what_it_says(line: &LogLine) -> String {
    let mentions = line.mentions.iter().map(|mention| match mention.port {
        Some(port) => SocketAddr::from((mention.ip, port)).to_string(),
        None => mention.ip.to_string(),
    });
    let ports = line.ports.iter().map(|port| format!("port {port}"));
    let error = line.error.iter().map(ToString::to_string);
    let time = line.time.iter().map(|time| time.text().to_owned());
    mentions.chain(ports).chain(error).chain(time).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::{Around, EndpointFilter};
    use super::*;

    #[test]
    fn each_thing_asked_for_is_named() {
        let zone = TimeZone::UTC;
        let line = "read tcp 10.0.0.1:51812->10.0.0.5:443: read: connection reset by peer";
        let selection = Selection {
            endpoints: vec!["[2001:db8::1]:443".parse::<EndpointFilter>().expect("an endpoint")],
            around: Some(Around::parse("2026-11-21T10:26:05±30", &zone).expect("a time")),
            log_line: Some(LogLine::parse(line, &zone).expect("a line")),
            ..Selection::default()
        };
        assert_eq!(
            selection.criteria(),
            [
                "endpoint [2001:db8::1]:443",
                "within 30 s of 2026-11-21T10:26:05",
                "the log line's 10.0.0.1:51812, 10.0.0.5:443, ECONNRESET"
            ]
        );
        assert_eq!(Selection::default().criteria(), [""; 0]);
    }
}
