//! The API description of the services together, and of each alone.
use crate::cli::ServiceName;
use crate::ops;
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};

/// What one service promises over REST.
pub fn of(service: ServiceName) -> OpenApi {
    match service {
        ServiceName::Users => users::openapi(),
        ServiceName::Products => OpenApi::default(), // TEMP
        ServiceName::Orders => orders::http::openapi(),
        ServiceName::Payments => payments::openapi(),
    }
}

/// What a process with these services promises, its own operations included.
pub fn merged(services: &[ServiceName]) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Stoa")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Users, products, orders and payments."))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").build()))
        .build();
    let parts = services.iter().map(|service| of(*service));
    parts
        .chain([edge::ops::openapi(), ops::openapi()])
        .fold(OpenApiBuilder::new().info(info).build(), OpenApi::merge_from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_name_means_one_shape_in_all_services() {
        let mut known: BTreeMap<String, (&str, serde_json::Value)> = BTreeMap::new();
        for service in ServiceName::ALL {
            let schemas = of(service).components.map(|c| c.schemas).unwrap_or_default();
            for (name, schema) in schemas {
                let schema = serde_json::to_value(schema).unwrap();
                if let Some((other, shape)) = known.get(&name) {
                    assert_eq!(shape, &schema, "{name} of {other} and of {}", service.as_str());
                }
                known.insert(name, (service.as_str(), schema));
            }
        }
    }

    #[test]
    fn the_merged_description_has_every_path_of_every_service() {
        let merged = merged(&ServiceName::ALL);

        for service in ServiceName::ALL {
            for path in of(service).paths.paths.keys() {
                assert!(merged.paths.paths.contains_key(path), "{path}");
            }
        }
        assert!(merged.paths.paths.contains_key("/v1/ops/dead-letters"));
    }
}
