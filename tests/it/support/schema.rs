//! The JSON Schema of the report, as a test holds reports against it.

use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

pub const SCHEMA: &str = include_str!("../../../docs/report.schema.json");

/// Holds a JSON report against `docs/report.schema.json`; the error lists every violation with the place it was found at.
pub fn validate(report: &Value) -> Result<(), String> {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    let validator = VALIDATOR.get_or_init(|| {
        let schema = serde_json::from_str(SCHEMA).expect("the schema is JSON");
        jsonschema::validator_for(&schema).expect("the schema is a JSON Schema")
    });
    let violations: Vec<_> =
        validator.iter_errors(report).map(|error| format!("at {}: {error}", error.instance_path())).collect();
    if violations.is_empty() { Ok(()) } else { Err(violations.join("\n")) }
}
