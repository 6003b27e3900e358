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
        missing.extend(fields.into_keys().filter(|field| !is_filled(field)).map(|field| format!("{path} {field}")));
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
    let fields: Vec<_> = documented()[".flows[]"].iter().map(|(field, _)| field.clone()).collect();
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
    let page: BTreeMap<_, BTreeMap<_, _>> =
        documented().into_iter().map(|(path, fields)| (path, fields.into_iter().collect())).collect();
    let schema = paths_of_schema();
    assert_eq!(page.keys().collect::<Vec<_>>(), schema.keys().collect::<Vec<_>>());
    for (path, fields) in schema {
        assert_eq!(page[&path].keys().collect::<Vec<_>>(), fields.keys().collect::<Vec<_>>(), "{path}");
    }
}

/// What is not known is null, never left out, says the page, but for two.
#[test]
fn every_field_is_required_but_those_that_the_page_excepts() {
    fn optional(schema: &Value, found: &mut BTreeSet<String>) {
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            let required = schema["required"].as_array().expect("required fields");
            found.extend(properties.keys().filter(|field| !required.contains(&json!(field))).cloned());
        }
        match schema {
            Value::Object(parts) => parts.values().for_each(|part| optional(part, found)),
            Value::Array(parts) => parts.iter().for_each(|part| optional(part, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    optional(&serde_json::from_str(schema::SCHEMA).expect("JSON"), &mut found);
    assert_eq!(found, ["comparison", "locations"].map(str::to_owned).into());
}

/// `INSTA_UPDATE=always` has it write the descriptions, as it has the other tests write their snapshots.
#[test]
fn the_schema_says_of_every_field_what_the_page_says() {
    let meanings = meanings();
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
        return std::fs::write(file, described(&meanings)).expect("a file that can be written");
    }
    let flow: Value = serde_json::from_str(schema::FLOW_SCHEMA).expect("JSON");
    let provisional = flow["properties"]["provisional"]["description"].as_str().expect("a description");
    assert!(PAGE.contains(&format!("\n| `provisional` | boolean | {provisional} |\n")));
    let schema: Value = serde_json::from_str(schema::SCHEMA).expect("JSON");
    for (pointer, meaning) in meanings {
        let description = &schema.pointer(&pointer).expect("a property")["description"];
        assert_eq!(description, &meaning, "{pointer}: INSTA_UPDATE=always writes what docs/json.md says");
    }
}

/// What the page says of every property of the schema, by the pointer to it.
fn meanings() -> BTreeMap<String, String> {
    let page = documented();
    let mut meanings = BTreeMap::new();
    for (path, pointers) in paths_of_schema() {
        for (field, meaning) in &page[&path] {
            let before = meanings.insert(pointers[field].clone(), meaning.clone());
            assert!(before.is_none_or(|before| before == *meaning), "{path} {field} has two meanings");
        }
    }
    meanings
}

/// The schema with these descriptions, and otherwise as it is: at the end of a property of one line, at the beginning of another.
fn described(meanings: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    let mut at: Vec<&str> = Vec::new();
    for line in schema::SCHEMA.lines() {
        let inner = line.trim_start();
        let indent = line.len() - inner.len();
        let Some((key, value)) = inner.strip_prefix('"').and_then(|rest| rest.split_once("\": ")) else {
            text += &format!("{line}\n");
            continue;
        };
        at.truncate(indent / 2 - 1);
        at.push(key);
        let meaning = meanings.get(&format!("/{}", at.join("/"))).map(|meaning| json!(meaning));
        match meaning {
            // Written anew above.
            None if key == "description" => {}
            None => text += &format!("{line}\n"),
            Some(meaning) if value == "{" => text += &format!("{line}\n{:indent$}  \"description\": {meaning},\n", ""),
            Some(meaning) => {
                let (object, comma) = line.strip_suffix(',').map_or((line, ""), |object| (object, ","));
                let object = object.strip_suffix('}').expect("an object");
                let object = object.split(", \"description\": ").next().unwrap_or_default();
                text += &format!("{object}, \"description\": {meaning}}}{comma}\n");
            }
        }
    }
    text
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

/// The fields that the page describes and what it says of each, by path, in its order.
fn documented() -> BTreeMap<String, Vec<(String, String)>> {
    let mut found: BTreeMap<String, Vec<_>> = BTreeMap::new();
    let mut paths: Vec<String> = Vec::new();
    for line in PAGE.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            paths = heading.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        } else if let Some(row) = line.strip_prefix("| `") {
            let cells: Vec<_> = row.trim_end_matches(" |").splitn(3, " | ").collect();
            let [field, _, meaning] = cells[..] else { panic!("not three cells: {line}") };
            for path in &paths {
                found
                    .entry(path.clone())
                    .or_default()
                    .push((field.trim_end_matches('`').to_owned(), unlinked(meaning)));
            }
        }
    }
    found
}

/// Markdown with the texts of its links alone.
fn unlinked(text: &str) -> String {
    let mut parts = text.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    first
        + &parts
            .map(|part| match part.split_once("](").and_then(|(link, rest)| Some((link, rest.split_once(')')?.1))) {
                Some((link, rest)) => format!("{link}{rest}"),
                None => format!("[{part}"),
            })
            .collect::<String>()
}

/// The fields of every object of the schema with the pointer to each, by path.
fn paths_of_schema() -> BTreeMap<String, BTreeMap<String, String>> {
    let schema: Value = serde_json::from_str(schema::SCHEMA).expect("JSON");
    let mut found = BTreeMap::new();
    walk(&schema, "", String::new(), &mut found);
    found
}

fn walk(root: &Value, pointer: &str, path: String, found: &mut BTreeMap<String, BTreeMap<String, String>>) {
    let part = root.pointer(pointer).expect("a part of the schema");
    if let Some(name) = part.get("$ref").and_then(Value::as_str) {
        walk(root, name.trim_start_matches('#'), path.clone(), found);
    }
    for nth in 0..part.get("anyOf").and_then(Value::as_array).map_or(0, Vec::len) {
        walk(root, &format!("{pointer}/anyOf/{nth}"), path.clone(), found);
    }
    if part.get("items").is_some() {
        walk(root, &format!("{pointer}/items"), format!("{path}[]"), found);
    }
    if let Some(properties) = part.get("properties").and_then(Value::as_object) {
        // What a flow has beside these is for those to say that refer to it.
        let strict = part.get("additionalProperties") == Some(&Value::Bool(false)) || pointer == "/$defs/flow";
        assert!(strict, "{path} is not strict");
        let at = if path.is_empty() { "." } else { &path };
        let pointers = properties.keys().map(|field| (field.clone(), format!("{pointer}/properties/{field}")));
        let pointers: BTreeMap<_, _> = pointers.collect();
        found.insert(at.to_owned(), pointers.clone());
        pointers.iter().for_each(|(field, pointer)| walk(root, pointer, format!("{path}.{field}"), found));
    }
}
