//! Problems in OpenAPI.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{ArrayBuilder, Schema, Type},
    },
};

use super::Problem;

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let number = || ObjectBuilder::new().schema_type(Type::Integer);
        let field = ObjectBuilder::new()
            .property("pointer", text().description(Some("JSON pointer into the body")))
            .required("pointer")
            .property("detail", text())
            .required("detail");
        ObjectBuilder::new()
            .description(Some("What went wrong (RFC 9457)."))
            .property("type", text().description(Some("the page of this problem")))
            .required("type")
            .property("title", text())
            .required("title")
            .property("status", number())
            .required("status")
            .property("detail", text())
            .required("detail")
            .property("code", text().description(Some("stable slug")))
            .required("code")
            .property("errors", ArrayBuilder::new().items(field))
            .property("retry_after", number().description(Some("seconds")))
            .property("trace_id", text())
            .into()
    }
}

impl ToSchema for Problem {}
