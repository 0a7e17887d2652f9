// SPDX-License-Identifier: Apache-2.0
// Options, time and memory: the same protocol as ../measure (Go).

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{json, Value};

pub const FAIL: i32 = 2;

pub fn die(what: &str) -> ! {
	eprintln!("cedar: {what}");
	std::process::exit(FAIL)
}

pub struct Options {
	pub dir: PathBuf,
	pub folder: String,
	pub requests: usize,
	pub repeats: usize,
	pub max_seconds: f64,
	pub decisions: Option<PathBuf>,
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> T {
	text.parse().unwrap_or_else(|_| die(&format!("{name} wants a number, not {text}")))
}

// The workload's folder comes first, `--name value` after it.
pub fn options(folder: &str) -> Options {
	let mut args = std::env::args().skip(1);
	let dir = args.next().unwrap_or_else(|| die("usage: DRIVER WORKLOADDIR [--requests N] [--repeats R] \
	    [--max-seconds S] [--decisions FILE] [--cpu N] [--folder NAME]"));
	let mut o = Options {
		dir: dir.into(),
		folder: folder.into(),
		requests: usize::MAX,
		repeats: 7,
		max_seconds: 60.0,
		decisions: None,
	};
	while let Some(name) = args.next() {
		let value = args.next().unwrap_or_else(|| die(&format!("{name} wants a value")));
		match name.as_str() {
			"--requests" => o.requests = number(&name, &value),
			"--repeats" => o.repeats = number::<usize>(&name, &value).max(1),
			"--max-seconds" => o.max_seconds = number(&name, &value),
			"--decisions" => o.decisions = Some(value.into()),
			"--folder" => o.folder = value,
			"--cpu" => pin(number(&name, &value)),
			_ => die(&format!("no option {name}")),
		}
	}
	o
}

fn pin(cpu: usize) {
	let done = unsafe {
		let mut set: libc::cpu_set_t = std::mem::zeroed();
		libc::CPU_SET(cpu, &mut set);
		libc::sched_setaffinity(0, std::mem::size_of::<libc::cpu_set_t>(), &set)
	};
	if done != 0 {
		eprintln!("cedar: cannot be kept on processor {cpu}");
	}
}

// Resident and highest resident memory, in KiB.
pub fn memory() -> (i64, i64) {
	let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } / 1024;
	let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
	let pages: i64 = statm.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
	let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
	let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
	let peak = peak.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0);
	(pages * page, peak)
}

// What taking the time twice costs in itself.
fn timer_cost() -> f64 {
	let mut cost: Vec<f64> = (0..100_000)
		.map(|_| {
			let t = Instant::now();
			t.elapsed().as_nanos() as f64
		})
		.collect();
	at(&mut cost, 0.5)
}

fn at(samples: &mut [f64], share: f64) -> f64 {
	samples.sort_by(|a, b| a.total_cmp(b));
	let last = samples.len() - 1;
	samples[((share * samples.len() as f64).ceil() as usize).clamp(1, last + 1) - 1]
}

fn round(ns: f64) -> f64 {
	(ns * 10.0).round() / 10.0
}

pub struct Set<'a> {
	pub name: &'a str,
	pub there: usize, // requests in the file
	pub expected: &'a [Option<bool>],
}

// One measured configuration: prints nothing, gives its fields and decisions.
// The first pass warms up, gives the decisions, and says how many requests the time
// allows, were every later pass as slow; then passes are timed, then single calls.
pub fn run<F: FnMut(usize) -> bool>(o: &Options, set: &Set, mut f: F) -> (Value, Vec<bool>) {
	let start = Instant::now();
	let spent = || start.elapsed().as_secs_f64() / o.max_seconds;
	let all = set.expected.len();
	let mut got = Vec::with_capacity(all);
	while got.len() < all && (got.len() < 10 || spent() < 0.8 / (o.repeats + 2) as f64) {
		got.push(f(got.len()));
	}
	let n = got.len();

	let mut pass = Vec::with_capacity(o.repeats);
	while pass.is_empty() || pass.len() < o.repeats && spent() < 0.8 {
		let t = Instant::now();
		for i in 0..n {
			black_box(f(black_box(i)));
		}
		pass.push(t.elapsed().as_nanos() as f64 / n as f64);
	}
	let timer = timer_cost();
	let single = if n >= 10_000 { n } else { o.repeats * n };
	let mut call = Vec::with_capacity(single);
	while call.is_empty() || call.len() < single && spent() < 1.0 {
		for i in 0..n {
			let t = Instant::now();
			black_box(f(black_box(i)));
			let d: Duration = t.elapsed();
			call.push((d.as_nanos() as f64 - timer).max(0.0));
		}
	}
	let wrong = got.iter().zip(set.expected).filter(|(g, e)| e.is_some_and(|e| e != **g)).count();
	const PERCENTS: [f64; 11] = [1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9];
	let percentiles: Vec<[f64; 2]> = PERCENTS.iter().map(|p| [*p, round(at(&mut call, p / 100.0))]).collect();
	let fields = json!({
		"set": set.name, "requests": n, "requests_there": set.there, "repeats": pass.len(),
		"bounded": n < all || pass.len() < o.repeats,
		"min_ns": round(at(&mut pass, 0.0)), "median_ns": round(at(&mut pass, 0.5)),
		"p50_ns": round(at(&mut call, 0.5)), "p99_ns": round(at(&mut call, 0.99)), "calls": call.len(),
		"percentiles": percentiles,
		"timer": format!("clock_gettime, {timer:.0} ns subtracted"), "wrong": wrong,
	});
	(fields, got)
}

pub fn read(path: &Path) -> String {
	fs::read_to_string(path).unwrap_or_else(|e| die(&format!("{}: {e}", path.display())))
}
