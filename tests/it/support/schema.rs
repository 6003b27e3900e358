//! The JSON Schemas of the report and of a line of NDJSON, as tests hold both against them.

use std::sync::LazyLock;

use jsonschema::{Registry, Validator};
use serde_json::Value;

pub const SCHEMA: &str = include_str!("../../../docs/report.schema.json");
pub const FLOW_SCHEMA: &str = include_str!("../../../docs/flow.schema.json");

/// Holds a JSON report against `docs/report.schema.json`; the error lists every violation with the place it was found at.
pub fn validate(report: &Value) -> Result<(), String> {
    static VALIDATOR: LazyLock<Validator> =
        LazyLock::new(|| jsonschema::validator_for(&parsed(SCHEMA)).expect("the schema is a JSON Schema"));
    violations(&VALIDATOR, report)
}

/// Holds a line of NDJSON against `docs/flow.schema.json`.
pub fn validate_line(line: &Value) -> Result<(), String> {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
        let report = parsed(SCHEMA);
        let name = report["$id"].as_str().expect("a name").to_owned();
        let registry = Registry::new().add(name, report).expect("a name").prepare().expect("a registry");
        let options = jsonschema::options().with_registry(&registry);
        options.build(&parsed(FLOW_SCHEMA)).expect("the schema is a JSON Schema")
    });
    violations(&VALIDATOR, line)
}

/// Does so with every such line of an output, whatever else it has.
#[track_caller]
pub fn validate_lines(output: &[u8]) {
    for line in output.split(|octet| *octet == b'\n').filter(|line| line.starts_with(b"{\"schema\":\"tcpautopsy.flow/"))
    {
        let line: Value = serde_json::from_slice(line).expect("JSON");
        if let Err(error) = validate_line(&line) {
            panic!("against the schema: {error}\n{line}");
        }
    }
}

fn parsed(schema: &str) -> Value {
    serde_json::from_str(schema).expect("the schema is JSON")
}

fn violations(validator: &Validator, value: &Value) -> Result<(), String> {
    let all: Vec<_> =
        validator.iter_errors(value).map(|error| format!("at {}: {error}", error.instance_path())).collect();
    if all.is_empty() { Ok(()) } else { Err(all.join("\n")) }
}
