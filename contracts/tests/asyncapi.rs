//! Holds `asyncapi.yaml` against the types of this crate: kinds, fields, examples, both ways.

use std::collections::{BTreeMap, BTreeSet};

use contracts::events::{orders, payments, products, users};
use contracts::{Contract, commands};
use kernel::Role;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// Reads the document as JSON values.
fn document() -> Value {
    let text = include_str!("../asyncapi.yaml");
    let documents = Yaml::load_from_str(text).expect("asyncapi.yaml is YAML");
    to_json(documents.first().expect("one document"))
}

fn to_json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::String(text)) => json!(text.as_ref()),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Sequence(items) => items.iter().map(to_json).collect(),
        Yaml::Mapping(map) => map
            .iter()
            .map(|(key, value)| (key.as_str().expect("keys are text").to_owned(), to_json(value)))
            .collect::<Map<_, _>>()
            .into(),
        Yaml::Value(Scalar::FloatingPoint(_))
        | Yaml::Representation(..)
        | Yaml::Tagged(..)
        | Yaml::Alias(_)
        | Yaml::BadValue => panic!("not used in this document: {yaml:?}"),
    }
}

/// What the document says about one message.
struct Documented {
    kind: String,
    required: BTreeSet<String>,
    properties: BTreeSet<String>,
    example: Value,
}

fn documented(document: &Value) -> BTreeMap<String, Documented> {
    let names = document["components"]["messages"].as_object().expect("messages");
    names
        .iter()
        .map(|(name, message)| {
            let schema = &document["components"]["schemas"][name];
            let documented = Documented {
                kind: message["name"].as_str().expect("a name").to_owned(),
                required: texts(&schema["required"]),
                properties: schema["properties"]
                    .as_object()
                    .expect("fields")
                    .keys()
                    .cloned()
                    .collect(),
                example: message["examples"][0]["payload"].clone(),
            };
            (name.clone(), documented)
        })
        .collect()
}

fn texts(list: &Value) -> BTreeSet<String> {
    let items = list.as_array().expect("a list").iter();
    items.map(|item| item.as_str().expect("text").to_owned()).collect()
}

/// The documented example reads as `T` and comes out the same, with exactly the documented fields.
fn check<T: Contract>(name: &str, role: Role, seen: &mut BTreeSet<&'static str>) {
    let document = document();
    let documented = documented(&document);
    let message = documented.get(name).unwrap_or_else(|| panic!("{name} is not documented"));

    let value: T = serde_json::from_value(message.example.clone())
        .unwrap_or_else(|error| panic!("the example of {name} does not read: {error}"));
    let back = serde_json::to_value(&value).expect("contracts serialise");

    assert_eq!(message.kind, T::KIND, "{name}");
    assert_eq!(T::ROLE, role, "{name}");
    assert_eq!(back, message.example, "{name}");
    let fields: BTreeSet<String> = back.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(fields, message.properties, "{name}");
    for field in &message.required {
        let mut without = message.example.clone();
        without.as_object_mut().expect("an object").remove(field);
        assert!(serde_json::from_value::<T>(without).is_err(), "{name}.{field} is not required");
    }
    let mut more = message.example.clone();
    more["added_later"] = json!("a newer sender knows more");
    assert!(serde_json::from_value::<T>(more).is_ok(), "{name} refuses an unknown field");
    assert!(seen.insert(T::KIND), "{} is declared twice", T::KIND);
}

macro_rules! check_all {
    ($role:expr, $seen:expr, $module:ident: $($name:ident),+ $(,)?) => {
        $(check::<$module::$name>(stringify!($name), $role, $seen);)+
        let declared: BTreeSet<_> = $module::KINDS.iter().copied().collect();
        let checked: BTreeSet<_> = [$(<$module::$name as Contract>::KIND),+].into();
        assert_eq!(declared, checked, "a kind of this module is not checked");
    };
}

#[test]
fn every_message_is_documented_as_it_is() {
    let mut seen = BTreeSet::new();

    check_all!(Role::Command, &mut seen, commands: ReserveStock, CommitStock, ReleaseStock);
    check_all!(Role::Event, &mut seen, products:
        ProductPublished, ProductArchived, PriceChanged, StockAdjusted, StockReserved,
        StockRejected, StockReleased, StockCommitted, StockExpired);
    check_all!(Role::Event, &mut seen, orders:
        OrderPlaced, OrderConfirmed, OrderRejected, OrderCanceled, OrderCompleted);
    check_all!(Role::Event, &mut seen, payments:
        PaymentAuthorized, PaymentCaptured, PaymentVoided, PaymentFailed, PaymentActionRequired,
        RefundPending, RefundSucceeded, RefundFailed);
    check_all!(Role::Event, &mut seen, users: UserRegistered, UserUpdated, UserErased);

    let document = document();
    let documented: BTreeSet<String> =
        documented(&document).into_values().map(|message| message.kind).collect();
    assert_eq!(documented, seen.into_iter().map(str::to_owned).collect());
}

#[test]
fn every_message_travels_on_one_channel() {
    let document = document();

    let channels = document["channels"].as_object().expect("channels");
    let mut carried = Vec::new();
    for channel in channels.values() {
        let messages = channel["messages"].as_object().expect("messages");
        carried.extend(messages.keys().cloned());
    }
    carried.sort();

    let all: Vec<String> = documented(&document).into_keys().collect();
    assert_eq!(carried, all);
}

#[test]
fn every_reference_resolves() {
    let document = document();
    let mut open = vec![&document];

    while let Some(value) = open.pop() {
        if let Some(reference) = value.get("$ref") {
            let pointer = reference.as_str().expect("text").strip_prefix('#').expect("local");
            assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
        }
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(map) => open.extend(map.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[test]
fn a_kind_names_context_aggregate_fact_and_version() {
    let modules =
        [commands::KINDS, products::KINDS, orders::KINDS, payments::KINDS, users::KINDS].concat();

    for kind in modules {
        let parts: Vec<&str> = kind.split('.').collect();

        let context = parts.first().expect("split gives one");
        assert!(["users", "products", "orders", "payments"].contains(context), "{kind}");
        let expected = if commands::KINDS.contains(&kind) { 3 } else { 4 };
        assert_eq!(parts.len(), expected, "{kind}");
        assert_eq!(parts.last(), Some(&"v1"), "{kind}");
    }
}
