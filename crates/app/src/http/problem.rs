//! Errors as RFC 9457 problems: a stable code, a sentence for people, and for bad input the field and
//! what to do about it.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hashbuzz_db::DbError;
use hashbuzz_domain::campaign::FieldError;
use hashbuzz_media::{KeepError, StoreError};
use hashbuzz_social::Unavailable;
use serde::Serialize;

use crate::account::AccountError;
use crate::campaign::transition::Refused;
use crate::treasury::BalanceError;

/// One problem.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Wrong>,
}

/// One wrong field.
#[derive(Debug, Serialize)]
struct Wrong {
    field: String,
    code: String,
    message: String,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("https://docs.hashbuzz.dev/errors/{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// Nobody, or nobody known, asks.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "auth.required",
            "send an API key: `Authorization: Bearer hb_…`",
        )
    }

    /// Whoever asks has no right to, and knowing so gives nothing away.
    pub(crate) fn forbidden(role: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "auth.role", format!("this needs the role `{role}`"))
    }

    /// Not there, or somebody else's: the two look alike on purpose.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no such thing, or it is not yours")
    }

    /// The body, path or query cannot be read.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "request.malformed", detail)
    }

    /// Fields are wrong.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        let wrong = |error: FieldError| Wrong {
            field: error.field.to_owned(),
            code: error.code.to_owned(),
            message: error.message,
        };
        let errors: Vec<Wrong> = errors.into_iter().map(wrong).collect();
        let detail = match errors.first() {
            Some(first) => format!("{}: {}", first.field, first.message),
            None => "the request is not valid".to_owned(),
        };
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "draft.invalid", detail);
        problem.errors = errors;
        problem
    }

    /// Not in this state.
    pub(crate) fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// Another system does not answer now.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "upstream.unavailable", detail)
    }

    /// A picture or video that is not taken.
    pub(crate) fn medium(refusal: &hashbuzz_media::Refusal) -> Self {
        let status = match refusal {
            hashbuzz_media::Refusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            hashbuzz_media::Refusal::UnknownFormat => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, refusal.code(), refusal.to_string())
    }

    /// This process cannot do its work.
    pub(crate) fn stuck(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "process.stuck", detail)
    }

    /// Our own fault: people get a code, the log gets the rest.
    fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "a request failed");
        let detail = "something went wrong here; it was logged. Nothing was changed";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        Self::internal(&error)
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(format!("nothing was changed; try again: {error}"))
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing => Self::new(StatusCode::GONE, "media.missing", error.to_string()),
            StoreError::Unavailable(_) => Self::internal(&error),
        }
    }
}

impl From<KeepError> for Problem {
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::Refused(refusal) => Self::medium(&refusal),
            KeepError::BrokeOff(_) => Self::malformed(error.to_string()),
            KeepError::Busy => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "media.busy",
                "too many media are on their way here: try again in a minute",
            ),
            KeepError::Store(error) => error.into(),
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        Self::internal(&error)
    }
}

impl From<BalanceError> for Problem {
    fn from(error: BalanceError) -> Self {
        match error {
            BalanceError::Ledger(error) => {
                Self::unavailable(format!("the ledger does not answer; try again: {error}"))
            }
            BalanceError::Unknown(_) => Self::not_found(),
            BalanceError::Db(error) => Self::internal(&error),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        use hashbuzz_domain::campaign::Refusal as R;
        match refused {
            Refused::Domain(refusal) => {
                let code = match refusal {
                    R::AlreadyPublishing => "campaign.already_publishing",
                    R::NotApproved => "campaign.not_approved",
                    R::NotADraft => "campaign.not_a_draft",
                    R::NotInReview => "campaign.not_in_review",
                    R::OwnCampaign => "campaign.own",
                    R::Published => "campaign.published",
                    R::NotRunning => "campaign.not_running",
                    R::NotStalled => "campaign.not_stalled",
                    R::TooLateToRollBack => "campaign.too_late_to_roll_back",
                    R::Undecided => "campaign.undecided",
                    R::Over => "campaign.over",
                    R::Stale => "campaign.stale",
                };
                Self::conflict(code, refusal.to_string())
            }
            Refused::Balance => Self::conflict(
                "balance.insufficient",
                "the escrow balance or allowance does not cover budget and fee: deposit and allow \
                 more, or lower the budget; GET /v2/balance shows what there is",
            ),
            Refused::Db(error) => Self::internal(&error),
        }
    }
}
