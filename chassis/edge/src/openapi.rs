//! The one form of every API description: title, licence, ways to sign in, and what errors look like.

use utoipa::{
    PartialSchema as _,
    openapi::{
        Content, License, OpenApi, PathItem, Ref, RefOr, Response,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::Problem;

const PROBLEM: &str = "application/problem+json";
const BEARER: &str = "An access token (RFC 9068).";

/// The description of the service `name`, whose routes and tags `document` lists. Every operation
/// gets a `default` answer, and every problem its media type and shape.
pub fn described(mut document: OpenApi, name: &str, about: &str) -> OpenApi {
    document.info.title = format!("Stoa {name}");
    document.info.description = Some(about.to_owned());
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    document.info.license = Some(license);
    let components = document.components.get_or_insert_default();
    let mut bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    bearer.description = Some(BEARER.to_owned());
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.schemas.entry("Problem".to_owned()).or_insert_with(Problem::schema);
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        complete(operation);
    }
    document
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = path;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn complete(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        if parameter.description.is_none() {
            parameter.description = known(&parameter.name).map(str::to_owned);
        }
    }
    let responses = &mut operation.responses.responses;
    let signed_in = operation.security.as_ref().is_some_and(|ways| !ways.is_empty());
    if signed_in {
        let unknown = || problem("`unauthenticated`, `invalid-token`");
        responses.entry("401".to_owned()).or_insert_with(unknown);
    }
    responses
        .entry("default".to_owned())
        .or_insert_with(|| problem("Any other problem; its `type` is a page that explains it."));
    for (status, response) in responses.iter_mut() {
        let RefOr::T(response) = response else { continue };
        if response.description.is_empty() {
            response.description = meaning(status).to_owned();
        }
        let is_page = response.content.keys().any(|media| media == "text/html");
        if !status.starts_with(['4', '5']) || is_page {
            continue;
        }
        response.content.clear();
        response.content.insert(PROBLEM.to_owned(), RefOr::T(shape()));
    }
}

fn problem(description: &str) -> RefOr<Response> {
    let mut response = Response::new(description);
    response.content.insert(PROBLEM.to_owned(), RefOr::T(shape()));
    RefOr::T(response)
}

fn shape() -> Content {
    Content::new(Some(Ref::from_schema_name("Problem")))
}

/// What a parameter of this name means wherever it is.
fn known(parameter: &str) -> Option<&'static str> {
    match parameter.to_ascii_lowercase().as_str() {
        "limit" => Some("1 to 100, default 20"),
        "cursor" => Some("`next_cursor` of the page before"),
        "if-match" => Some("the `ETag` that was read; 412 when it is another by now"),
        "idempotency-key" => {
            Some("one effect and one answer per key; guests share keys, so make theirs random")
        }
        _ => None,
    }
}

/// What a status says of itself, where the route says nothing.
fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "Here it is.",
        "201" => "Made.",
        "202" => "Taken, and not settled yet.",
        "204" => "Done.",
        "304" => "Not changed.",
        "400" => "`invalid-query`, `malformed-json`",
        "401" => "`unauthenticated`, `invalid-token`",
        "403" => "`forbidden`",
        "404" => "`not-found`",
        "412" => "`stale-version`",
        "415" => "`unsupported-media-type`",
        "422" => "`invalid-body`",
        _ => "A problem.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Only what the macro makes of it is used.
    #[expect(dead_code)]
    #[utoipa::path(get, path = "/mugs", params(("limit" = Option<u32>, Query)),
        security(("bearer" = [])), responses((status = 200), (status = 404)))]
    async fn mugs() {}

    #[test]
    fn an_operation_says_how_to_sign_in_and_what_its_errors_look_like() {
        #[derive(utoipa::OpenApi)]
        #[openapi(paths(mugs))]
        struct Document;

        let document = described(<Document as utoipa::OpenApi>::openapi(), "mugs", "Mugs.");

        let document = serde_json::to_value(document).unwrap();
        let operation = &document["paths"]["/mugs"]["get"];
        assert_eq!(document["info"]["title"], "Stoa mugs");
        assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
        assert_eq!(operation["parameters"][0]["description"], "1 to 100, default 20");
        for status in ["401", "404", "default"] {
            let shape = &operation["responses"][status]["content"][PROBLEM]["schema"]["$ref"];
            assert_eq!(shape, "#/components/schemas/Problem", "{status}");
        }
        assert_eq!(operation["responses"]["200"]["description"], "Here it is.");
    }
}
