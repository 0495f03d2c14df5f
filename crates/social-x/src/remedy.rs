//! The one place that turns an answer, or its absence, into a remedy.
//!
//! Reads and writes differ in one thing only: what left no answer has perhaps happened. Kinds of
//! refusal are told apart by the problem's type or code and, where X gives neither, by its words;
//! what is not recognised fails this request only and condemns neither token nor account.

use hashbuzz_domain::Time;
use hashbuzz_social::{Full, ReadError, Refusal, WriteError};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::problem::Problem;
use crate::{limits, rates};

/// An answer: whatever came back, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Whether it says that nothing is paid for any more.
    pub(crate) fn is_no_credit(&self, problem: &Problem) -> bool {
        self.status == StatusCode::PAYMENT_REQUIRED
            || problem.kind == "credits"
            || problem.title == "CreditsDepleted"
    }

    /// Whether it says that something is used up which comes back by itself.
    pub(crate) fn is_limited(&self, problem: &Problem) -> bool {
        // 185 is version 1's daily limit of posts, sent with 403.
        self.status == StatusCode::TOO_MANY_REQUESTS
            || limits::is_usage_cap(problem)
            || problem.has_code(&[88, 185])
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It does not fit into what may still be asked; nothing has left.
    Full(Full),
    /// The request cannot be made: nothing to send it with, or not by X's rules.
    Unsendable(String),
    /// No connection came about, so nothing of the request has left.
    NotSent(String),
    /// It may have been received.
    NoAnswer(String),
}

/// What an answer that is no success means, before it is known whether it was a read or a write.
enum Meaning {
    RateLimited {
        until: Time,
        scope: String,
    },
    NoCredit {
        until: Time,
    },
    Unauthorized,
    /// Nobody took the request, and whoever asks is not to blame: a clock that is off, or no
    /// such endpoint at this address.
    NotTaken,
    Gone,
    Refused(Refusal),
    NoSense,
}

fn meaning(answer: &Answer, problem: &Problem, now: Time) -> Meaning {
    let status = answer.status.as_u16();
    if answer.is_no_credit(problem) {
        return Meaning::NoCredit { until: rates::credit_again(now) };
    }
    if answer.is_limited(problem) {
        let (until, scope) = limits::wait(&answer.headers, problem, now);
        return Meaning::RateLimited { until, scope };
    }
    match status {
        401 if problem.has_code(&[135]) => Meaning::NotTaken,
        401 => Meaning::Unauthorized,
        400 if problem.has_code(&[89, 215]) => Meaning::Unauthorized,
        404 | 410 if problem.from_x => Meaning::Gone,
        404 | 410 => Meaning::NotTaken,
        408 | 425 => Meaning::NoSense,
        403 => Meaning::Refused(refusal(problem)),
        400 | 413 | 414 | 415 | 422 | 431 => Meaning::Refused(match refusal(problem) {
            Refusal::NotPermitted => Refusal::Invalid,
            named => named,
        }),
        400..=499 => Meaning::Refused(Refusal::NotPermitted),
        _ => Meaning::NoSense,
    }
}

fn refusal(problem: &Problem) -> Refusal {
    if problem.has_code(&[187]) || problem.says(&["duplicate content", "already said that"]) {
        Refusal::Duplicate
    } else if problem.has_code(&[385, 433])
        || problem.says(&[
            "reply to this conversation is not allowed",
            "only reply to or quote",
            "attempted to reply to a",
            "restricted who can reply",
        ])
    {
        Refusal::ReplyNotAllowed
    } else if problem.kind == "user-suspended"
        || problem.has_code(&[63, 64])
        || problem.says(&["is suspended", "has been suspended", "user-suspended"])
    {
        Refusal::Suspended
    } else if problem.says(&["media ids are invalid", "invalid mediaid"]) {
        Refusal::Media
    } else if problem.kind == "invalid-request"
        || problem.has_code(&[186])
        || problem.says(&["invalid url", "one cashtag", "too long"])
    {
        Refusal::Invalid
    } else {
        Refusal::NotPermitted
    }
}

/// The remedy for a read whose answer is no success.
pub(crate) fn of_read(answer: &Answer, now: Time) -> ReadError {
    let problem = Problem::read(&answer.body);
    let words = problem.words_or(&format!("status {}", answer.status.as_u16()));
    match meaning(answer, &problem, now) {
        Meaning::RateLimited { until, scope } => ReadError::RateLimited { until, scope },
        Meaning::NoCredit { until } => ReadError::NoCredit { until, words },
        Meaning::Unauthorized => ReadError::Unauthorized(words),
        Meaning::Gone => ReadError::Gone(words),
        Meaning::Refused(_) => ReadError::Refused(words),
        Meaning::NotTaken | Meaning::NoSense => ReadError::Unavailable(words),
    }
}

/// The remedy for a write whose answer is no success.
pub(crate) fn of_write(answer: &Answer, now: Time) -> WriteError {
    let problem = Problem::read(&answer.body);
    let words = problem.words_or(&format!("status {}", answer.status.as_u16()));
    match meaning(answer, &problem, now) {
        Meaning::RateLimited { until, scope } => WriteError::RateLimited { until, scope },
        Meaning::NoCredit { until } => WriteError::NoCredit { until, words },
        Meaning::Unauthorized => WriteError::Unauthorized(words),
        Meaning::NotTaken => WriteError::Unavailable(words),
        Meaning::Gone => WriteError::Refused { refusal: Refusal::Gone, detail: words },
        Meaning::Refused(refusal) => WriteError::Refused { refusal, detail: words },
        Meaning::NoSense => WriteError::Unknown(words),
    }
}

/// The remedy for a read without an answer.
pub(crate) fn of_unread(failure: Failure) -> ReadError {
    match failure {
        Failure::Full(Full::Until { until, why }) => ReadError::RateLimited { until, scope: why },
        Failure::Full(error @ Full::Unavailable(_)) => ReadError::Unavailable(error.to_string()),
        Failure::Unsendable(why) => ReadError::Refused(why),
        Failure::NotSent(why) | Failure::NoAnswer(why) => ReadError::Unavailable(why),
    }
}

/// The remedy for a write without an answer.
pub(crate) fn of_unwritten(failure: Failure) -> WriteError {
    match failure {
        Failure::Full(Full::Until { until, why }) => WriteError::RateLimited { until, scope: why },
        Failure::Full(error @ Full::Unavailable(_)) => WriteError::Unavailable(error.to_string()),
        Failure::Unsendable(why) => WriteError::Refused { refusal: Refusal::Invalid, detail: why },
        Failure::NotSent(why) => WriteError::Unavailable(why),
        Failure::NoAnswer(why) => WriteError::Unknown(why),
    }
}

/// The remedy for a success that carries only `errors`: X answers 200 for a post that is gone.
pub(crate) fn of_partial(errors: &[serde_json::Value]) -> ReadError {
    let Some(problem) = errors.first().map(Problem::from_value) else {
        return ReadError::Unavailable("an answer without data and without a reason".to_owned());
    };
    let words = problem.words_or("no reason given");
    match problem.kind.as_str() {
        "resource-not-found" => ReadError::Gone(words),
        "not-authorized-for-resource" | "not-authorized-for-field" | "disallowed-resource" => {
            ReadError::Refused(words)
        }
        _ => ReadError::Unavailable(words),
    }
}
