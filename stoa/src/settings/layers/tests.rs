//! What a layer says, and what is told when it is wrong.
use super::*;
use serde::Deserialize;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Inner {
    wait_ms: u64,
    code: String,
    names: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Outer {
    listen: Option<String>,
    inner: Inner,
}

fn variable(name: &str) -> Origin {
    Origin::Variable(name.to_owned())
}

#[test]
fn text_becomes_whatever_the_field_asks_for() {
    let mut layers = Layers::default();
    layers.text(&["inner", "wait_ms"], "250", variable("A"));
    layers.text(&["inner", "code"], "0042", variable("B"));
    layers.text(&["inner", "names"], "a, b", variable("C"));
    layers.text(&["listen"], "x", variable("D"));

    let read: Outer = layers.read().unwrap();

    let inner = Inner { wait_ms: 250, code: "0042".into(), names: vec!["a".into(), "b".into()] };
    assert_eq!(read, Outer { listen: Some("x".into()), inner });
}

#[test]
fn the_earlier_layer_wins_key_by_key() {
    let mut layers = Layers::default();
    layers.text(&["inner", "wait_ms"], "1", variable("A"));
    layers.file("listen = 'f'\n[inner]\nwait_ms = 2\ncode = 'f'".parse().unwrap(), "stoa.toml");

    let read: Outer = layers.read().unwrap();

    assert_eq!((read.inner.wait_ms, read.inner.code.as_str()), (1, "f"));
    assert_eq!(read.listen.as_deref(), Some("f"));
}

#[test]
fn a_wrong_setting_is_named_with_its_place() {
    let check = |name: &str, text: &str, file: &str, expected: &str| {
        let mut layers = Layers::default();
        if !name.is_empty() {
            let path: Vec<&str> = name.split('.').collect();
            layers.text(&path, text, variable("STOA_X"));
        }
        layers.file(file.parse().unwrap(), "stoa.toml");
        assert_eq!(layers.read::<Outer>().unwrap_err().to_string(), expected);
    };

    check(
        "inner.wait_ms",
        "soon",
        "",
        "STOA_X: setting inner.wait_ms: `soon` is not a whole number",
    );
    check(
        "inner.wait",
        "1",
        "",
        "STOA_X: setting inner.wait: unknown; known are: wait_ms, code, names",
    );
    check("", "", "lisen = 'x'", "stoa.toml: setting lisen: unknown; known are: listen, inner");
    check(
        "",
        "",
        "[inner]\nwait_ms = 'x'",
        "stoa.toml: setting inner.wait_ms: invalid type: string \"x\", expected u64",
    );
    check(
        "",
        "",
        "inner = 3",
        "stoa.toml: setting inner: invalid type: integer `3`, expected struct Inner",
    );
}
