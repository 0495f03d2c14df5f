//! One request as a handler sees it, and what a handler answers.
//!
//! Handlers are plain functions from the world and a call to a reply. They cannot wait, so they
//! run under the world's lock, and sockets, limits and faults stay outside them.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::http::StatusCode;
use serde_json::{Map, Value};

use crate::auth::Caller;
use crate::clock;
use crate::endpoints::Endpoint;
use crate::faults::{Fault, FaultKind};
use crate::problem::Problem;
use crate::query::{self, Pairs};
use crate::world::UserId;

/// What a handler gives back.
pub(crate) type Reply = Result<Answer, Problem>;

/// A request that was let in.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) caller: Caller,
    /// Microseconds since the epoch.
    pub(crate) now: i64,
    pub(crate) path: HashMap<String, String>,
    pub(crate) query: Pairs,
    pub(crate) body: Vec<u8>,
    pub(crate) authorization: Option<String>,
    pub(crate) content_type: Option<String>,
    /// What goes wrong with this request on purpose.
    pub(crate) fault: Option<Fault>,
}

/// An answer that is no refusal.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// The API's ordinary answer.
    Json(StatusCode, Value),
    /// A page for people.
    Html(StatusCode, String),
    /// Sends a browser elsewhere.
    Redirect(String),
}

impl Answer {
    pub(crate) const fn json(body: Value) -> Self {
        Self::Json(StatusCode::OK, body)
    }

    pub(crate) const fn created(body: Value) -> Self {
        Self::Json(StatusCode::CREATED, body)
    }

    pub(crate) const fn html(status: StatusCode, body: String) -> Self {
        Self::Html(status, body)
    }

    pub(crate) const fn redirect(address: String) -> Self {
        Self::Redirect(address)
    }

    /// Absent fields are left out, never null.
    pub(crate) fn without_nulls(mut self) -> Self {
        if let Self::Json(_, Value::Object(fields)) = &mut self {
            fields.retain(|_, value| !value.is_null());
        }
        self
    }
}

impl Call {
    /// The person who asks; the endpoint table lets nobody else in where this is used.
    pub(crate) fn user(&self) -> Result<UserId, Problem> {
        self.caller.user().ok_or_else(Problem::unsupported_authentication)
    }

    /// Whether this kind of fault strikes the request.
    pub(crate) fn struck(&self, kind: FaultKind) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.kind == kind)
    }

    /// A query parameter.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        query::first(&self.query, name)
    }

    /// Refuses query parameters that the endpoint does not know.
    pub(crate) fn check_params(&self) -> Result<(), Problem> {
        let known = |name: &str| self.endpoint.params.iter().any(|group| group.contains(&name));
        match self.query.iter().find(|(name, _)| !known(name)) {
            None => Ok(()),
            Some((name, value)) => {
                let names = self.endpoint.params.concat().join(",");
                let message = format!("The query parameter [{name}] is not one of [{names}]");
                Err(Problem::invalid(name, value, &message))
            }
        }
    }

    /// A number in a query parameter.
    pub(crate) fn number(
        &self,
        name: &str,
        range: RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, Problem> {
        let Some(given) = self.param(name) else { return Ok(default) };
        let number = given.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            let message = format!(
                "The `{name}` query parameter value [{given}] is not between {} and {}",
                range.start(),
                range.end()
            );
            Problem::invalid(name, given, &message)
        })
    }

    /// An id in a query parameter.
    pub(crate) fn id<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        self.param(name).map(|given| parsed_id(name, given)).transpose()
    }

    /// An id in the path.
    pub(crate) fn path_id<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        parsed_id(name, self.path.get(name).map_or("", String::as_str))
    }

    /// 1 to 100 ids in `ids`, separated by commas, as they were written.
    pub(crate) fn ids<T: FromStr>(&self) -> Result<Vec<(String, T)>, Problem> {
        let given = self.param("ids").unwrap_or_default();
        let written: Vec<&str> = given.split(',').filter(|id| !id.is_empty()).collect();
        if !(1..=100).contains(&written.len()) {
            let message = format!(
                "The number of values in the `ids` query parameter list [{}] is not between 1 \
                 and 100",
                written.len()
            );
            return Err(Problem::invalid("ids", given, &message));
        }
        written.into_iter().map(|id| Ok((id.to_owned(), parsed_id("ids", id)?))).collect()
    }

    /// A moment in a query parameter, in microseconds since the epoch.
    pub(crate) fn moment(&self, name: &str) -> Result<Option<i64>, Problem> {
        let Some(given) = self.param(name) else { return Ok(None) };
        clock::read(given).map(Some).ok_or_else(|| {
            let message = format!("The `{name}` query parameter value [{given}] is not valid");
            Problem::invalid(name, given, &message)
        })
    }

    /// The body as a JSON object.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Problem> {
        serde_json::from_slice(&self.body)
            .map_err(|_| Problem::invalid_body("Requests with bodies must have valid JSON"))
    }

    /// The body as a form.
    pub(crate) fn form(&self) -> Pairs {
        query::pairs(&String::from_utf8_lossy(&self.body))
    }
}

fn parsed_id<T: FromStr>(name: &str, given: &str) -> Result<T, Problem> {
    given.parse().map_err(|_| {
        let message =
            format!("The `{name}` query parameter value [{given}] does not match ^[0-9]{{1,19}}$");
        Problem::invalid(name, given, &message)
    })
}
