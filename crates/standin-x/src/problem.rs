//! What X answers when it refuses.
//!
//! Two families: a whole request refused (a [`Problem`] with a status) and one of several things
//! that could not be had (an entry of `errors[]` beside the data, with status 200). The wording
//! matters, since clients tell the refusals apart by `detail`.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// A refused request: its status and body.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

/// The address of a kind of problem, as the wire spells it.
fn kind(slug: &str) -> String {
    format!("https://api.twitter.com/2/problems/{slug}")
}

impl Problem {
    /// A problem of no special kind.
    pub(crate) fn plain(status: StatusCode, title: &str, detail: &str) -> Self {
        let body = json!({
            "title": title, "detail": detail, "type": "about:blank", "status": status.as_u16(),
        });
        Self { status, body }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::plain(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
    }

    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::plain(StatusCode::FORBIDDEN, "Forbidden", detail)
    }

    pub(crate) fn too_many_requests() -> Self {
        let text = "Too Many Requests";
        Self::plain(StatusCode::TOO_MANY_REQUESTS, text, text)
    }

    /// App-only authentication where a person has to ask.
    pub(crate) fn unsupported_authentication() -> Self {
        Self::unsupported("OAuth 2.0 Application-Only", "OAuth 1.0a User Context")
    }

    /// A signature where only bearer tokens will do.
    pub(crate) fn unsupported_signature() -> Self {
        Self::unsupported("OAuth 1.0a User Context", "OAuth 2.0 Application-Only")
    }

    fn unsupported(given: &str, supported: &str) -> Self {
        let body = json!({
            "title": "Unsupported Authentication",
            "detail": format!(
                "Authenticating with {given} is forbidden for this endpoint.  Supported \
                 authentication types are [{supported}, OAuth 2.0 User Context]."
            ),
            "type": kind("unsupported-authentication"),
            "status": 403,
        });
        Self { status: StatusCode::FORBIDDEN, body }
    }

    /// One parameter of a request was wrong; `message` says how.
    pub(crate) fn invalid(parameter: &str, value: &str, message: &str) -> Self {
        let errors = json!([{ "parameters": { parameter: [value] }, "message": message }]);
        Self::invalid_with(&errors)
    }

    /// Several values of one parameter were wrong.
    pub(crate) fn invalid_values(parameter: &str, values: &[String], message: &str) -> Self {
        Self::invalid_with(&json!([{ "parameters": { parameter: values }, "message": message }]))
    }

    /// The body of a request was wrong as a whole.
    pub(crate) fn invalid_body(message: &str) -> Self {
        Self::invalid_with(&json!([{ "parameters": {}, "message": message }]))
    }

    fn invalid_with(errors: &Value) -> Self {
        let body = json!({
            "errors": errors,
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": kind("invalid-request"),
        });
        Self { status: StatusCode::BAD_REQUEST, body }
    }

    /// The prepaid credit is used up.
    pub(crate) fn credits_depleted(account: &str) -> Self {
        let detail = format!(
            "Your enrolled account [{account}] does not have any credits to fulfill this request."
        );
        let body = json!({
            "title": "CreditsDepleted", "detail": detail, "type": kind("credits"),
            "account_id": account, "status": 402,
        });
        Self { status: StatusCode::PAYMENT_REQUIRED, body }
    }

    /// The month's reads are used up. Waiting for the next window does not help.
    pub(crate) fn usage_cap(account: &str) -> Self {
        let body = json!({
            "title": "UsageCapExceeded", "detail": "Usage cap exceeded: Monthly product cap",
            "type": kind("usage-capped"), "account_id": account, "product_name": "pay-per-use",
            "period": "Monthly", "scope": "Product", "status": 429,
        });
        Self { status: StatusCode::TOO_MANY_REQUESTS, body }
    }

    /// The app may only read, and its owner has to change that in the console.
    pub(crate) fn oauth1_permissions() -> Self {
        let body = json!({
            "title": "Forbidden", "type": kind("oauth1-permissions"), "status": 403,
            "detail": "Your client app is not configured with the appropriate oauth1 app \
                       permissions for this endpoint.",
        });
        Self { status: StatusCode::FORBIDDEN, body }
    }

    /// The app belongs to no project that may use this version of the API.
    pub(crate) fn not_enrolled(client_id: &str) -> Self {
        let body = json!({
            "title": "Client Forbidden", "type": kind("client-forbidden"), "status": 403,
            "detail": "When authenticating requests to the API v2 endpoints, you must use keys \
                       and tokens from a developer App that is attached to a Project.",
            "reason": "client-not-enrolled", "client_id": client_id,
            "required_enrollment": "Appropriate Level of API Access",
            "registration_url": "https://developer.x.com/en/docs/projects/overview",
        });
        Self { status: StatusCode::FORBIDDEN, body }
    }

    /// Too many requests, as the older part of the API says it.
    pub(crate) fn too_many_requests_v1() -> Self {
        let body = json!({ "errors": [{ "code": 88, "message": "Rate limit exceeded" }] });
        Self { status: StatusCode::TOO_MANY_REQUESTS, body }
    }

    /// The caller's own account is suspended.
    pub(crate) fn suspended() -> Self {
        let body = json!({
            "title": "Forbidden", "type": kind("user-suspended"), "status": 403,
            "detail": "Your account is suspended and is not permitted to access this feature.",
        });
        Self { status: StatusCode::FORBIDDEN, body }
    }

    /// A list that only its owner may read.
    pub(crate) fn not_yours(resource: &str, id: &str) -> Self {
        let mut body = not_authorized(resource, "id", id);
        body["status"] = json!(403);
        Self { status: StatusCode::FORBIDDEN, body }
    }

    /// A thing that does not exist, where that is a refusal of the whole request.
    pub(crate) fn not_found(resource: &str, parameter: &str, id: &str) -> Self {
        let mut body = missing(resource, parameter, id);
        body["status"] = json!(404);
        Self { status: StatusCode::NOT_FOUND, body }
    }

    /// An answer of the OAuth endpoints, which follow RFC 6749 and not the rest of the API.
    pub(crate) fn oauth(status: StatusCode, error: &str, description: &str) -> Self {
        Self { status, body: json!({ "error": error, "error_description": description }) }
    }
}

/// An entry of `errors[]`: something asked for does not exist (any more).
pub(crate) fn missing(resource: &str, parameter: &str, value: &str) -> Value {
    json!({
        "value": value,
        "detail": format!("Could not find {resource} with {parameter}: [{value}]."),
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": value,
        "type": kind("resource-not-found"),
    })
}

/// An entry of `errors[]`: the account asked for is suspended.
pub(crate) fn user_suspended(parameter: &str, value: &str) -> Value {
    json!({
        "value": value,
        "detail": format!("User has been suspended: [{value}]."),
        "title": "Forbidden",
        "resource_type": "user",
        "parameter": parameter,
        "resource_id": value,
        "type": kind("resource-not-found"),
    })
}

/// An entry of `errors[]`: it exists, but not for this caller.
pub(crate) fn not_authorized(resource: &str, parameter: &str, value: &str) -> Value {
    json!({
        "value": value,
        "detail": format!(
            "Sorry, you are not authorized to see the {resource} with {parameter}: [{value}]."
        ),
        "title": "Authorization Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": value,
        "type": kind("not-authorized-for-resource"),
    })
}
