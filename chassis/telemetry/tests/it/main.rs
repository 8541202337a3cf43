//! What a program with telemetry says, read from outside: each scene runs in a process of its own.

mod scenes;

use std::process::{Command, Output};

use serde_json::Value;

/// Runs a scene and returns what it wrote to standard error.
fn log_of(scene: &str, env: &[(&str, &str)]) -> String {
    let output = run(scene, env);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).expect("the log is UTF-8")
}

fn run(scene: &str, env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("tests run from a file"));
    command.args(["--exact", "scenes::play", "--ignored", "--nocapture"]);
    command.env_remove("RUST_BACKTRACE").env(scenes::SCENE, scene).envs(env.iter().copied());
    command.output().expect("a test can run itself")
}

fn json_lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn a_pretty_line_has_level_target_message_fields_and_trace_and_no_color_outside_of_a_terminal() {
    let log = log_of("pretty", &[]);

    let lines: Vec<_> = log.lines().collect();
    let [plain, traced, spanned] = lines.as_slice() else { panic!("{log}") };
    let (time, rest) = plain.split_once(' ').unwrap();
    assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
    assert_eq!(rest, " INFO it::scenes: order placed order.id=\"order_1\" lines=2");
    assert!(traced.ends_with("waited trace_id=4bf92f3577b34da6a3ce929d0e0e4736"), "{traced}");
    assert!(spanned.contains(" WARN import{file=\"a.csv\"}: it::scenes: bad row"), "{spanned}");
    assert!(!log.contains('\x1b'), "{log:?}");
}

#[test]
fn a_json_line_is_one_flat_object_with_its_trace() {
    let lines = json_lines(&log_of("json", &[]));

    let mut plain = lines[0].clone();
    let time = plain.as_object_mut().unwrap().remove("timestamp").unwrap();
    assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
    let expected = serde_json::json!({
        "level": "INFO", "target": "it::scenes", "message": "order \"placed\"\nindeed",
        "order.id": "order_1", "lines": 2, "late": false, "delta": -3,
    });
    assert_eq!(plain, expected);
    assert_eq!(lines[1]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    let spans = serde_json::json!([{"name": "import", "fields": {"file": "a.csv", "row": 7}}]);
    assert_eq!(lines[2]["spans"], spans);
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_panic_is_told_once_with_its_place_and_its_trace_although_it_is_caught() {
    let lines = json_lines(&log_of("panic", &[]));

    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["level"], "ERROR");
    assert_eq!(lines[0]["message"], "panicked: line 7");
    assert_eq!(lines[0]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    let place = lines[0]["panic.location"].as_str().unwrap();
    assert!(place.contains("tests/it/scenes.rs:"), "{place}");
    assert_eq!(lines[0].get("panic.backtrace"), None);
}

#[test]
fn back_traces_are_told_when_asked_for_and_not_more_than_one_a_second() {
    let lines = json_lines(&log_of("panics", &[("RUST_BACKTRACE", "1")]));

    assert_eq!(lines.len(), 200);
    let traced = lines.iter().filter(|line| line.get("panic.backtrace").is_some()).count();
    assert!((1..=20).contains(&traced), "{traced}");
}

#[test]
fn a_panic_is_told_also_when_everything_is_muted() {
    let log = log_of("muted", &[]);

    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("ERROR panic: panicked: boom"), "{log}");
}

#[test]
fn the_filter_decides_what_is_logged() {
    let log = log_of("filter", &[]);

    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(log.contains("store: kept") && log.contains("relay: kept"), "{log}");
}

#[test]
fn every_line_is_written_when_the_guard_is_dropped() {
    let log = log_of("many", &[]);

    let numbers: Vec<_> = log.lines().map(|line| line.rsplit_once('=').unwrap().1).collect();
    let expected: Vec<_> = (0..5000).map(|n| n.to_string()).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn a_reader_that_does_not_read_holds_up_nobody_and_lost_lines_are_counted() {
    let output = run("flood", &[]);

    assert!(output.status.success(), "{output:?}");
    let log = String::from_utf8(output.stderr).unwrap();
    let last = log.lines().last().unwrap();
    assert!(last.contains("log lines were lost"), "{last}");
}

#[test]
fn metrics_are_rendered_for_prometheus() {
    let output = run("metrics", &[]);

    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "# HELP stoa_orders_placed_total Orders placed.",
        "# TYPE stoa_orders_placed_total counter",
        "stoa_orders_placed_total{channel=\"web\"} 3",
        "# TYPE stoa_wait_seconds histogram",
        "stoa_wait_seconds_bucket{le=\"0.005\"} 1",
        "stoa_wait_seconds_bucket{le=\"0.05\"} 2",
        "stoa_wait_seconds_bucket{le=\"+Inf\"} 2",
        "stoa_wait_seconds_count 2",
        "# TYPE stoa_group_batches histogram",
        "stoa_group_batches_bucket{le=\"8\"} 1",
        "stoa_body_bytes_bucket{le=\"1024\"} 1",
        "stoa_panics_total 0",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    let figure = |name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("{name}\n{text}")).parse().unwrap()
    };
    assert!(figure("process_resident_memory_bytes") > 500_000.0);
    assert!((3.0..100.0).contains(&figure("process_open_fds")));
    assert!((2.0..50.0).contains(&figure("process_threads")));
}

#[test]
fn telemetry_is_set_up_once() {
    let log = log_of("twice", &[]);

    assert!(log.contains("refused: telemetry is set up already"), "{log}");
}

#[test]
fn nothing_is_rendered_before_telemetry_is_set_up() {
    assert_eq!(telemetry::render_metrics(), "");
}
