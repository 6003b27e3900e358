//! The JSON report, its schema and its page: three descriptions of one contract.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tcpautopsy::output::json;
use tcpautopsy::report::*;

use crate::support::{reports, schema, validate};

const PAGE: &str = include_str!("../../docs/json.md");

fn written(report: &Report) -> Value {
    let mut out = Vec::new();
    json::write(report, &mut out).expect("writing to memory");
    serde_json::from_slice(&out).expect("JSON")
}

#[test]
fn full_and_empty_reports_are_valid() {
    for report in [reports::maximal(), reports::everything(), reports::ipv6(), reports::hostile(), Report::default()] {
        validate(&written(&report)).expect("a valid report");
    }
}

#[test]
fn every_word_of_every_closed_set_is_valid() {
    let mut report = reports::one_reset();
    let template = report.flows.pop().expect("a flow");
    for teardown in Teardown::ALL {
        report.flows.push(Flow { teardown, ..template.clone() });
    }
    let mechanisms = Mechanism::ALL;
    let (phases, senders, forms) = (Phase::ALL, Sender::ALL, Form::ALL);
    let confidences = [None, Some(Confidence::Possible), Some(Confidence::Likely), Some(Confidence::Certain)];
    report.flows[0].resets = (0..mechanisms.len())
        .map(|nth| Reset {
            mechanism: mechanisms[nth],
            phase: phases[nth % phases.len()],
            sender: senders[nth % senders.len()],
            confidence: confidences[nth % confidences.len()],
            form: forms[nth % forms.len()],
            ..template.resets[0].clone()
        })
        .collect();
    let input = report.capture.inputs[0].clone();
    report.capture.inputs = [None, Some(Compression::Gzip), Some(Compression::Zstd), Some(Compression::Lz4)]
        .map(|compression| Input { compression, ..input.clone() })
        .into();
    validate(&written(&report)).expect("a valid report");
    for near in Near::ALL {
        report.capture.vantage = Some(Vantage { near, why: "so".to_owned() });
        validate(&written(&report)).expect("a valid report");
    }
}

#[test]
fn the_full_report_fills_every_field_of_the_schema() {
    let report = written(&reports::maximal());
    let mut missing = Vec::new();
    for (path, fields) in paths_of_schema() {
        let objects = reach(&report, &path);
        let is_filled = |field: &String| objects.iter().any(|object| object.get(field).is_some_and(|it| !it.is_null()));
        missing.extend(fields.into_iter().filter(|field| !is_filled(field)).map(|field| format!("{path} {field}")));
    }
    assert!(missing.is_empty(), "the fixture leaves out {missing:?}");
}

/// The values that a path of the page leads to.
fn reach(value: &Value, path: &str) -> Vec<Value> {
    path.split('.').filter(|step| !step.is_empty()).fold(vec![value.clone()], |values, step| {
        let name = step.trim_end_matches("[]");
        let next = values.iter().filter_map(|value| value.get(name));
        match step.ends_with("[]") {
            true => next.filter_map(Value::as_array).flatten().cloned().collect(),
            false => next.cloned().collect(),
        }
    })
}

#[test]
fn a_broken_report_is_found_out() {
    let good = written(&reports::maximal());
    type Spoil = fn(&mut Value);
    let breaks: [(&str, Spoil); 14] = [
        ("an unknown field", |it| it["flows"][0]["new"] = json!(1)),
        ("an unknown field deep down", |it| it["flows"][3]["resets"][0]["segments"][0]["new"] = json!(1)),
        ("a missing field", |it| drop(it["capture"].as_object_mut().unwrap().remove("frames"))),
        ("another schema", |it| it["schema"] = json!("tcpautopsy.report/2")),
        ("frame 0", |it| it["flows"][0]["first_frame"] = json!(0)),
        ("a reset without frames", |it| it["flows"][0]["resets"][0]["frames"] = json!([])),
        ("empty locations", |it| it["flows"][0]["resets"][0]["locations"] = json!([])),
        ("an unheard-of teardown", |it| it["flows"][0]["teardown"] = json!("aborted")),
        ("a time without nanoseconds", |it| it["flows"][0]["first_time"] = json!("2026-11-21T10:26:00Z")),
        ("a time elsewhere", |it| it["flows"][0]["first_time"] = json!("2026-11-21T10:26:00.123456789+01:00")),
        ("a duration in words", |it| it["flows"][0]["duration_s"] = json!("1.25")),
        ("a null count", |it| it["capture"]["frames"] = Value::Null),
        ("a negative count", |it| it["summary"]["teardown"]["fin"] = json!(-1)),
        ("flags without RST", |it| it["flows"][0]["resets"][0]["segments"][0]["flags"] = json!("ACK")),
    ];
    validate(&good).expect("a valid report");
    for (what, spoil) in breaks {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert_ne!(bad, good, "{what} changed nothing");
        assert!(validate(&bad).is_err(), "{what} was not noticed");
    }
}

#[test]
fn locations_stand_only_in_reports_of_several_inputs() {
    assert!(written(&reports::one_reset())["flows"][0]["resets"][0].get("locations").is_none());
    let several = written(&reports::maximal());
    assert_eq!(several["flows"][3]["resets"][0]["locations"], json!([{"input": 1, "frame": 3}]));
}

#[test]
fn fields_stand_in_the_order_of_the_page() {
    let mut out = Vec::new();
    json::write(&reports::maximal(), &mut out).expect("writing to memory");
    let text = String::from_utf8(out).expect("UTF-8");
    let flows = text.split("\"flows\": [").last().expect("flows");
    // The one that has all fields.
    let flow = flows.split_at(flows.find("      \"id\": 7,").expect("flow 7")).1;
    let fields = documented()[".flows[]"].clone();
    // Fields of a flow, and only they, are six spaces deep.
    let written: Vec<_> = flow
        .lines()
        .filter_map(|line| line.strip_prefix("      \"")?.split_once('"').map(|(field, _)| field.to_owned()))
        .take(fields.len())
        .collect();
    assert_eq!(written, fields);
}

#[test]
fn the_page_has_exactly_the_fields_of_the_schema() {
    let page: BTreeMap<_, BTreeSet<_>> =
        documented().into_iter().map(|(path, fields)| (path, fields.into_iter().collect())).collect();
    let schema = paths_of_schema();
    assert_eq!(page.keys().collect::<Vec<_>>(), schema.keys().collect::<Vec<_>>());
    for (path, fields) in schema {
        assert_eq!(page[&path], fields, "{path}");
    }
}

#[test]
fn the_page_has_every_word_of_every_closed_set() {
    let mut words = BTreeSet::new();
    collect_words(&serde_json::from_str(schema::SCHEMA).expect("JSON"), &mut words);
    assert!(words.contains("reset_after_fin") && words.contains("RSTOS0"), "{words:?}");
    for word in words {
        assert!(PAGE.contains(&format!("`{word}`")), "docs/json.md does not mention `{word}`");
    }
}

fn collect_words(schema: &Value, words: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match key.as_str() {
                    "enum" => words
                        .extend(value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned)),
                    "const" => words.extend(value.as_str().map(str::to_owned)),
                    _ => collect_words(value, words),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect_words(value, words)),
        _ => {}
    }
}

#[test]
fn nothing_but_the_report_derives_serialize() {
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { sources(&path, found) } else { found.push(path) }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&src, &mut found);
    let derive = |path: &PathBuf| std::fs::read_to_string(path).expect("text").contains("Serialize)]");
    let (inside, outside): (Vec<_>, Vec<_>) =
        found.into_iter().filter(derive).partition(|path| path.starts_with(src.join("report")));
    assert!(!inside.is_empty());
    assert_eq!(outside, Vec::<PathBuf>::new());
}

/// The fields that the page describes, by path, in its order.
fn documented() -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut paths: Vec<String> = Vec::new();
    for line in PAGE.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            paths = heading.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        } else if let Some(row) = line.strip_prefix("| `") {
            let (field, _) = row.split_once('`').expect("a field in code");
            for path in &paths {
                found.entry(path.clone()).or_default().push(field.to_owned());
            }
        }
    }
    found
}

/// The fields of every object of the schema, by path.
fn paths_of_schema() -> BTreeMap<String, BTreeSet<String>> {
    let schema: Value = serde_json::from_str(schema::SCHEMA).expect("JSON");
    let mut found = BTreeMap::new();
    walk(&schema, &schema, String::new(), &mut found);
    found
}

fn walk(root: &Value, part: &Value, path: String, found: &mut BTreeMap<String, BTreeSet<String>>) {
    if let Some(name) = part.get("$ref").and_then(Value::as_str) {
        let part = root.pointer(name.trim_start_matches('#')).expect("a definition");
        walk(root, part, path.clone(), found);
    }
    part.get("anyOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .for_each(|part| walk(root, part, path.clone(), found));
    if let Some(items) = part.get("items") {
        walk(root, items, format!("{path}[]"), found);
    }
    if let Some(properties) = part.get("properties").and_then(Value::as_object) {
        assert_eq!(part.get("additionalProperties"), Some(&Value::Bool(false)), "{path} is not strict");
        let at = if path.is_empty() { "." } else { &path };
        found.insert(at.to_owned(), properties.keys().cloned().collect());
        properties.iter().for_each(|(field, part)| walk(root, part, format!("{path}.{field}"), found));
    }
}
