// SPDX-License-Identifier: Apache-2.0
// cedar WORKLOADDIR [options]: the requests of a workload through Cedar, one line of
// JSON for each configuration and set. See ../README for the form of both.

mod measure;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::time::Instant;

use cedar_policy::{
	Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
	RestrictedExpression, Schema,
};
use measure::{die, memory, options, read, run, Options, Set};
use serde_json::{json, Map, Value};

// A request as the host holds it: texts, and the types' names as it keeps them.
struct Asked {
	subject: (EntityTypeName, String),
	action: (EntityTypeName, String),
	resource: (EntityTypeName, String),
	context: Map<String, Value>,
}

#[derive(Default)]
struct Names(HashMap<String, EntityTypeName>);

impl Names {
	fn get(&mut self, name: &str) -> EntityTypeName {
		let parse = || EntityTypeName::from_str(name).unwrap_or_else(|e| die(&format!("type {name}: {e}")));
		self.0.entry(name.to_string()).or_insert_with(parse).clone()
	}
}

fn text(v: &Value, part: &str, key: &str) -> String {
	v[part][key].as_str().unwrap_or_else(|| die(&format!("a request has no {part}.{key}"))).to_string()
}

fn asked(v: &Value, names: &mut Names) -> Asked {
	Asked {
		subject: (names.get(&text(v, "subject", "type")), text(v, "subject", "id")),
		action: (names.get("Action"), text(v, "action", "name")),
		resource: (names.get(&text(v, "resource", "type")), text(v, "resource", "id")),
		context: v["context"].as_object().cloned().unwrap_or_default(),
	}
}

fn uid(of: &(EntityTypeName, String)) -> EntityUid {
	EntityUid::from_type_name_and_id(of.0.clone(), EntityId::new(&of.1))
}

fn expression(v: &Value) -> RestrictedExpression {
	match v {
		Value::Bool(b) => RestrictedExpression::new_bool(*b),
		Value::Number(n) => RestrictedExpression::new_long(
			n.as_i64().unwrap_or_else(|| die("a number in a context is not a whole one"))),
		Value::String(s) => RestrictedExpression::new_string(s.clone()),
		Value::Array(a) => RestrictedExpression::new_set(a.iter().map(expression)),
		Value::Object(o) => RestrictedExpression::new_record(o.iter().map(|(k, v)| (k.clone(), expression(v))))
			.unwrap_or_else(|e| die(&format!("context: {e}"))),
		Value::Null => die("a context holds null"),
	}
}

fn build(a: &Asked) -> Request {
	let context = if a.context.is_empty() {
		Context::empty()
	} else {
		Context::from_pairs(a.context.iter().map(|(k, v)| (k.clone(), expression(v))))
			.unwrap_or_else(|e| die(&format!("context: {e}")))
	};
	Request::new(uid(&a.subject), uid(&a.action), uid(&a.resource), context, None)
		.unwrap_or_else(|e| die(&format!("request: {e}")))
}

struct Loaded {
	policies: PolicySet,
	entities: Entities,
	fields: Value,
}

fn load(dir: &Path) -> Loaded {
	let (before, _) = memory();
	// The highest mark starts anew here; where it may not, it holds what came before.
	let _ = fs::write("/proc/self/clear_refs", "5");
	let start = Instant::now();
	let policies = PolicySet::from_str(&read(&dir.join("policies.cedar")))
		.unwrap_or_else(|e| die(&format!("policies.cedar: {e}")));
	let schema_path = dir.join("schema.json");
	let schema = schema_path.exists().then(|| {
		Schema::from_json_str(&read(&schema_path)).unwrap_or_else(|e| die(&format!("schema.json: {e}")))
	});
	let entities = Entities::from_json_str(&read(&dir.join("entities.json")), schema.as_ref())
		.unwrap_or_else(|e| die(&format!("entities.json: {e}")));
	drop(schema);
	let ms = start.elapsed().as_secs_f64() * 1e3;
	let (after, peak) = memory();
	let fields = json!({
		"peer": "cedar", "version": cedar_policy::get_sdk_version().to_string(),
		"load_ms": (ms * 1e3).round() / 1e3, "rss_kb": after - before, "peak_kb": (peak - before).max(0),
	});
	Loaded { policies, entities, fields }
}

fn line(loaded: &Loaded, config: &str, fields: Value) {
	let mut all = loaded.fields.as_object().unwrap().clone();
	all.insert("config".into(), config.into());
	all.extend(fields.as_object().unwrap().clone());
	println!("{}", Value::Object(all));
}

// Both configurations of one set of requests; gives a byte for each request of the file.
fn measure_set(o: &Options, loaded: &Loaded, names: &mut Names, name: &str, path: &Path) -> Vec<u8> {
	let file = read(path);
	let there = file.lines().filter(|l| !l.is_empty()).count();
	let mut expected = Vec::new();
	let mut texts = Vec::new();
	for l in file.lines().filter(|l| !l.is_empty()).take(o.requests) {
		let v: Value = serde_json::from_str(l).unwrap_or_else(|e| die(&format!("{}: {e}", path.display())));
		expected.push(v["expected"].as_bool());
		texts.push(asked(&v, names));
	}
	let built: Vec<Request> = texts.iter().map(build).collect();
	let set = Set { name, there, expected: &expected };
	let authorizer = Authorizer::new();
	let allows = |r: &Request| {
		authorizer.is_authorized(r, &loaded.policies, &loaded.entities).decision() == Decision::Allow
	};
	let (fields, _) = run(o, &set, |i| allows(&built[i]));
	line(loaded, "prepared", fields);
	let (fields, got) = run(o, &set, |i| allows(&build(&texts[i])));
	line(loaded, "strings", fields);
	let mut bytes: Vec<u8> = got.iter().map(|g| if *g { b'1' } else { b'0' }).collect();
	bytes.resize(there, b'.');
	bytes
}

fn main() {
	let o = options("cedar");
	let dir = o.dir.join(&o.folder);
	if !dir.is_dir() {
		println!("{}", json!({ "skipped": format!("no folder {} in the workload", o.folder) }));
		return;
	}
	let loaded = load(&dir);
	let mut names = Names::default();
	let mut decisions = measure_set(&o, &loaded, &mut names, "fixed", &o.dir.join("requests.jsonl"));
	let stream = o.dir.join("stream.jsonl");
	if stream.exists() {
		decisions.extend(measure_set(&o, &loaded, &mut names, "stream", &stream));
	}
	if let Some(path) = &o.decisions {
		fs::write(path, decisions).unwrap_or_else(|e| die(&format!("{}: {e}", path.display())));
	}
	std::process::exit(0) // not after freeing a million policies one by one
}
