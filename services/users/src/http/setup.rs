//! The one-time link to the first administrator: a page without a script, and the same as JSON.

use std::sync::LazyLock;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use edge::{Json, Problem, Query, Raw};
use http::{HeaderValue, StatusCode, header};
use kernel::Fails as _;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::users::{UserBody, shown};
use crate::{
    commands::{self, Desk, SetupError},
    domain::secret::Secret,
};

/// Makes the first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupBody {
    /// From the link that the program printed.
    token: String,
    email: String,
    /// At least 12 characters, at most 128.
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkParameters {
    /// Without one the page says what a link that ran out says.
    #[serde(default)]
    token: String,
}

/// Makes the first administrator, with the token of the one-time link.
#[utoipa::path(
    post, path = "/v1/setup", operation_id = "complete_setup",
    tag = "setup", request_body = SetupBody,
    responses(
        (status = 201, body = UserBody),
        (status = 403, description = "`invalid-setup-token`", body = Problem),
        (status = 410, description = "`setup-done`", body = Problem),
        (status = 422, description = "`invalid-body`", body = Problem),
    )
)]
pub async fn complete(
    State(desk): State<Desk>,
    Json(body): Json<SetupBody>,
) -> Result<Response, Problem> {
    let SetupBody { token, email, password } = body;
    let made = commands::complete_setup(&desk, Secret::presented(token), &email, password).await;
    let mut response = shown(&made.map_err(problem)?);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

fn problem(error: SetupError) -> Problem {
    match error {
        SetupError::Done => Problem::from(error).status(StatusCode::GONE),
        SetupError::Invalid | SetupError::Register(_) => error.into(),
    }
}

/// The page behind the one-time link.
#[utoipa::path(
    get, path = "/setup", operation_id = "show_setup_form",
    tag = "setup", params(("token" = String, Query)),
    responses(
        (status = 200, description = "a form", content_type = "text/html", body = String),
        (status = 403, description = "not valid any more", content_type = "text/html"),
        (status = 410, description = "there is an administrator", content_type = "text/html"),
    )
)]
pub async fn form(
    State(desk): State<Desk>,
    Query(link): Query<LinkParameters>,
) -> Result<Response, Problem> {
    let token = Secret::presented(link.token);
    match commands::check_setup(&desk, &token).await {
        Ok(()) => {
            Ok(page(StatusCode::OK, &form_html(&token, &[], desk.settings.password_length_min)))
        }
        Err(error) => refused(&desk, error, &token),
    }
}

/// What that page sends.
#[utoipa::path(
    post, path = "/setup", operation_id = "submit_setup_form", tag = "setup",
    request_body(content = SetupBody, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 201, description = "made", content_type = "text/html", body = String),
        (status = 403, description = "not valid any more", content_type = "text/html"),
        (status = 410, description = "there is an administrator", content_type = "text/html"),
        (status = 422, description = "the form again", content_type = "text/html"),
    )
)]
pub async fn submit(State(desk): State<Desk>, Raw(body): Raw) -> Result<Response, Problem> {
    let Ok(body) = serde_urlencoded::from_bytes::<SetupBody>(&body) else {
        return Ok(page(StatusCode::BAD_REQUEST, "<p>This form was not sent by this page.</p>"));
    };
    let token = Secret::presented(body.token);
    let made = commands::complete_setup(&desk, token.clone(), &body.email, body.password).await;
    match made {
        Ok(_) => Ok(page(StatusCode::CREATED, "<p>The administrator is made. You can log in.</p>")),
        Err(error) => refused(&desk, error, &token),
    }
}

fn refused(desk: &Desk, error: SetupError, token: &Secret) -> Result<Response, Problem> {
    let told = sentence("", &error.to_string());
    match error {
        SetupError::Done => Ok(page(StatusCode::GONE, &told)),
        SetupError::Invalid => Ok(page(StatusCode::FORBIDDEN, &told)),
        SetupError::Register(error) if error.fields().is_empty() => Err(error.into()),
        SetupError::Register(error) => {
            let field = |field: kernel::FieldError| {
                format!("{} {}", field.pointer.trim_start_matches('/'), field.detail)
            };
            let length_min = desk.settings.password_length_min;
            let wrong: Vec<String> = error.fields().into_iter().map(field).collect();
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &form_html(token, &wrong, length_min)))
        }
    }
}

/// A paragraph for people out of a message for programs.
fn sentence(attributes: &str, message: &str) -> String {
    let mut rest = message.chars();
    let first = rest.next().map(|c| c.to_ascii_uppercase());
    let text: String = first.into_iter().chain(rest).collect();
    format!("<p{attributes}>{}.</p>", escaped(&text))
}

fn form_html(token: &Secret, wrong: &[String], length_min: usize) -> String {
    let wrong: String = wrong.iter().map(|text| sentence(" role=\"alert\"", text)).collect();
    format!(
        r#"<p>Make the first administrator of this shop.</p>{wrong}
<form method="post" action="/setup">
<input type="hidden" name="token" value="{}">
<label>E-mail <input type="email" name="email" required autocomplete="username"></label>
<label>Password <input type="password" name="password" required minlength="{length_min}"
 maxlength="128" autocomplete="new-password"></label>
<p>At least {length_min} characters.</p>
<button>Make administrator</button>
</form>"#,
        escaped(token.reveal())
    )
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:4rem auto;\
padding:0 1rem;color:#1b1b1b;background:#faf9f7}label{display:block;margin:1rem 0}\
input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem}\
button{font:inherit;padding:.5rem 1rem}[role=alert]{color:#a11}";

/// Nothing is loaded and nothing runs; the one style is allowed by its hash.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("a policy in ASCII is a header value")
});

fn page(status: StatusCode, main: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Stoa: first start</title>\
         <style>{STYLE}</style></head><body><main><h1>Stoa</h1>{main}</main></body></html>\n"
    );
    let html_type = HeaderValue::from_static("text/html; charset=utf-8");
    let headers =
        [(header::CONTENT_TYPE, html_type), (header::CONTENT_SECURITY_POLICY, POLICY.clone())];
    (status, headers, html).into_response()
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text_and_not_markup() {
        let token = Secret::presented("\"><script>alert(1)</script>".to_owned());
        let html = form_html(&token, &["<b>".to_owned()], 12);
        assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
    }
}
