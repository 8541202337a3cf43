//! The API description of the services together, and of each alone.
use crate::ops;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use utoipa::openapi::OpenApi;

const SCHEMAS: &str = "#/components/schemas/";

/// What a service promises over REST, and its name.
pub type Described = (&'static str, OpenApi);

/// What a process with these services promises, its own operations included. A name that two
/// services give to different shapes is told apart by the name of the service.
pub fn merged(services: &[Described]) -> Result<Value, serde_json::Error> {
    let mut merged = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Stoa",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A shop: users, products, orders and payments. Money is in minor units \
                of its currency: 1299 EUR is 12.99 euros. Lists come in pages; what goes wrong is \
                a problem (RFC 9457) whose `type` is [a page](/problems).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {},
        "components": {},
        "tags": [],
    });
    for (name, description) in services {
        add(&mut merged, name, serde_json::to_value(description)?);
    }
    add(&mut merged, "edge", serde_json::to_value(edge::ops::openapi())?);
    add(&mut merged, "stoa", serde_json::to_value(ops::openapi())?);
    Ok(merged)
}

fn add(merged: &mut Value, part: &str, mut document: Value) {
    let known = &merged["components"]["schemas"];
    let schemas = document["components"]["schemas"].as_object();
    let other: BTreeSet<String> = schemas
        .into_iter()
        .flatten()
        .filter(|(name, schema)| known.get(name).is_some_and(|known| bare(known) != bare(schema)))
        .map(|(name, _)| name.clone())
        .collect();
    if !other.is_empty() {
        rename(&mut document, part, &other);
    }
    let Value::Object(document) = document else { return };
    for (key, value) in document {
        match (key.as_str(), value) {
            ("paths", Value::Object(paths)) => extend(&mut merged["paths"], paths),
            ("components", Value::Object(groups)) => {
                for (group, entries) in groups {
                    if let Value::Object(entries) = entries {
                        extend(&mut merged["components"][group], entries);
                    }
                }
            }
            ("tags", Value::Array(tags)) => {
                if let Value::Array(known) = &mut merged["tags"] {
                    known.extend(tags);
                }
            }
            // What is left is about the document as a whole, and the merged one has its own.
            (_, _) => {}
        }
    }
}

/// Adds entries; one that is there already stays.
fn extend(into: &mut Value, entries: Map<String, Value>) {
    if into.is_null() {
        *into = json!({});
    }
    if let Value::Object(into) = into {
        for (name, entry) in entries {
            into.entry(name).or_insert(entry);
        }
    }
}

/// A schema without the words that only explain it.
fn bare(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, value)| {
                !(value.is_string() && *name == "description") && *name != "example"
            })
            .map(|(name, value)| (name.clone(), bare(value)))
            .collect(),
        Value::Array(items) => items.iter().map(bare).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

/// Puts `part.` before these names of schemas, where they are defined and where they are used.
fn rename(document: &mut Value, part: &str, names: &BTreeSet<String>) {
    if let Value::Object(schemas) = &mut document["components"]["schemas"] {
        for name in names {
            if let Some(schema) = schemas.remove(name) {
                schemas.insert(format!("{part}.{name}"), schema);
            }
        }
    }
    refer(document, part, names);
}

fn refer(value: &mut Value, part: &str, names: &BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|value| refer(value, part, names)),
        Value::Array(items) => items.iter_mut().for_each(|value| refer(value, part, names)),
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(SCHEMAS).filter(|name| names.contains(*name)) {
                *text = format!("{SCHEMAS}{part}.{name}");
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ServiceName;
    use crate::system::describe;

    #[tokio::test]
    async fn the_merged_description_has_every_path_of_every_service() {
        let services = describe(&ServiceName::ALL).await.unwrap();

        let merged = merged(&services).unwrap();

        for (name, description) in &services {
            assert!(!description.paths.paths.is_empty(), "{name}");
            for path in description.paths.paths.keys() {
                assert!(merged["paths"].get(path).is_some(), "{path}");
            }
        }
        assert!(merged["paths"].get("/v1/ops/dead-letters").is_some());
    }

    #[tokio::test]
    async fn every_reference_leads_somewhere() {
        fn check(value: &Value, merged: &Value) {
            match value {
                Value::Object(fields) => fields.values().for_each(|value| check(value, merged)),
                Value::Array(items) => items.iter().for_each(|value| check(value, merged)),
                Value::String(text) => {
                    if let Some(name) = text.strip_prefix(SCHEMAS) {
                        assert!(merged["components"]["schemas"].get(name).is_some(), "{text}");
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
        let merged = merged(&describe(&ServiceName::ALL).await.unwrap()).unwrap();

        check(&merged, &merged);
    }

    #[test]
    fn a_name_with_two_shapes_is_told_apart() {
        let document = |schema: Value| {
            json!({
                "paths": {format!("/{schema}"): {"$ref": "#/components/schemas/Money"}},
                "components": {"schemas": {"Money": schema}},
            })
        };
        let mut merged = json!({"paths": {}, "components": {}});

        add(&mut merged, "a", document(json!({"type": "object", "description": "x"})));
        add(&mut merged, "b", document(json!({"type": "object", "description": "y"})));
        add(&mut merged, "c", document(json!({"type": "string"})));

        let schemas = merged["components"]["schemas"].as_object().unwrap();
        assert_eq!(schemas.keys().collect::<Vec<_>>(), ["Money", "c.Money"]);
        let of_c = &merged["paths"]["/{\"type\":\"string\"}"]["$ref"];
        assert_eq!(of_c, "#/components/schemas/c.Money");
    }
}
