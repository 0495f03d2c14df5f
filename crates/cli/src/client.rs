//! Acts from the command line go through the API of a server: with SQLite the server is the only
//! process that may touch the database, and everywhere the act is checked and written into the
//! audit log in one place.
//!
//! The key is read from the environment or from a file, never from an argument: arguments are
//! shown to everybody on the machine.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use reqwest::{Method, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// The server answers within 30 s, whatever it was asked.
const PATIENCE: Duration = Duration::from_secs(40);
/// The environment variable of the key.
const KEY: &str = "HASHBUZZ_API_KEY";

/// Which server is asked, by whom, and how the answer is shown. The key is read from
/// HASHBUZZ_API_KEY, or from a file. Exit codes: 0 done, 1 refused, 2 wrong arguments, 3 no answer,
/// 4 not there.
#[derive(Args)]
pub(crate) struct Connection {
    /// The server's address.
    #[arg(long, global = true, env = "HASHBUZZ_API", default_value = "http://127.0.0.1:8080")]
    api: String,
    /// A file that holds the key of an operator, instead of HASHBUZZ_API_KEY.
    #[arg(long, global = true, env = "HASHBUZZ_API_KEY_FILE")]
    api_key_file: Option<PathBuf>,
    /// Print what the server answers, as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// Why nothing was shown or done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// Nobody to ask as.
    #[error("there is no key: set {KEY}, or name a file that holds it with --api-key-file")]
    NoKey,
    /// The file of the key.
    #[error("the key cannot be read from {file}: {error}")]
    KeyFile {
        /// Which file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// No URL.
    #[error("`{0}` is no address of a server: say for example http://127.0.0.1:8080")]
    Address(String),
    /// Nobody listens.
    #[error(
        "nobody answers at {0}: start the server (`hashbuzz serve`), or name another with --api or \
         HASHBUZZ_API"
    )]
    NoServer(String),
    /// The connection broke.
    #[error("the answer was lost ({0}): look whether it was done before you repeat it")]
    Lost(String),
    /// The server's word.
    #[error("{detail} [{status} {code}]")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The problem's code.
        code: String,
        /// The problem's words.
        detail: String,
    },
    /// Not our API.
    #[error("{0} does not answer like a HashBuzz server")]
    Stranger(String),
}

impl CallError {
    fn code(&self) -> ExitCode {
        match self {
            Self::NoServer(_) | Self::Lost(_) | Self::Stranger(_) => ExitCode::from(3),
            Self::Refused { status: 404, .. } => ExitCode::from(4),
            Self::NoKey | Self::KeyFile { .. } | Self::Address(_) => ExitCode::from(2),
            Self::Refused { .. } => ExitCode::FAILURE,
        }
    }
}

/// Says what went wrong and turns it into the exit code that programs look at.
pub(crate) fn ended(outcome: Result<(), CallError>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hashbuzz: {}", crate::table::plain(&error.to_string()));
            error.code()
        }
    }
}

/// Somebody who asks a server.
pub(crate) struct Client {
    web: reqwest::Client,
    base: Url,
    key: SecretString,
}

impl Client {
    /// Gets ready to ask; nobody is asked yet.
    ///
    /// # Errors
    /// No key, or no address.
    pub(crate) fn new(connection: &Connection) -> Result<Self, CallError> {
        let address = || CallError::Address(connection.api.clone());
        let base = Url::parse(&connection.api).map_err(|_| address())?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(address());
        }
        let key = key(connection.api_key_file.as_deref())?;
        let web = reqwest::Client::builder()
            .timeout(PATIENCE)
            .build()
            .map_err(|error| CallError::Lost(error.to_string()))?;
        Ok(Self { web, base, key })
    }

    /// Reads `/v2/ops/…`.
    ///
    /// # Errors
    /// What the server says; that there is none.
    pub(crate) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, Option<String>)],
    ) -> Result<Value, CallError> {
        self.ask(Method::GET, path, query, None).await
    }

    /// Sends a body to `/v2/ops/…`.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: &Value,
    ) -> Result<Value, CallError> {
        self.ask(method, path, &[], Some(body)).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, Option<String>)],
        body: Option<&Value>,
    ) -> Result<Value, CallError> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["v2", "ops"]).extend(path);
        }
        let given: Vec<(&str, &String)> = query
            .iter()
            .filter_map(|(name, value)| value.as_ref().map(|value| (*name, value)))
            .collect();
        let mut request =
            self.web.request(method, url).query(&given).bearer_auth(self.key.expose_secret());
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| self.unanswered(&error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| CallError::Lost(words(&error)))?;
        let body: Option<Value> =
            if text.is_empty() { Some(Value::Null) } else { serde_json::from_str(&text).ok() };
        match body {
            Some(body) if status.is_success() => Ok(body),
            Some(body) if body["code"].is_string() => Err(CallError::Refused {
                status: status.as_u16(),
                code: body["code"].as_str().unwrap_or_default().to_owned(),
                detail: body["detail"].as_str().unwrap_or_default().to_owned(),
            }),
            _ => Err(CallError::Stranger(self.base.to_string())),
        }
    }

    fn unanswered(&self, error: &reqwest::Error) -> CallError {
        if error.is_connect() {
            CallError::NoServer(self.base.to_string())
        } else {
            CallError::Lost(words(error))
        }
    }
}

/// The last cause says what happened; the first one only which address was asked.
fn words(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

fn key(file: Option<&Path>) -> Result<SecretString, CallError> {
    let text = match file {
        Some(file) => std::fs::read_to_string(file)
            .map_err(|error| CallError::KeyFile { file: file.to_owned(), error })?,
        None => std::env::var(KEY).map_err(|_| CallError::NoKey)?,
    };
    let key = text.trim();
    if key.is_empty() { Err(CallError::NoKey) } else { Ok(SecretString::from(key)) }
}
