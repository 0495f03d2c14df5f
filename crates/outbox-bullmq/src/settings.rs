//! What an operator says about Redis, checked before anything connects.
//!
//! The URL carries the password, so it is a secret as a whole: errors say what to write instead of
//! repeating what was written, and only host, port and database are ever shown.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bullmq::options::{RedisConnectionOptions, TlsCerts};
use hashbuzz_outbox::Queue;
use redis::{Client, TlsCertificates};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

const PORT: u16 = 6379;
const PREFIX: &str = "hashbuzz";
/// Longer than a lease of the engine (60 s), so that work which takes as long as it may needs no
/// renewal.
const LOCK: Duration = Duration::from_secs(90);
const SHORTEST_LOCK: Duration = Duration::from_secs(1);

/// A setting that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The URL.
    #[error(
        "the Redis URL {0}; write `redis://host:6379`, or in full \
         `rediss://user:password@host:6379/2` (rediss is TLS, 2 the database; `@ : / # ? %` in a \
         password are written as %40 %3A %2F %23 %3F %25)"
    )]
    Url(&'static str),
    /// The file with the certificate of a private authority.
    #[error("the root certificate {file}: {reason}")]
    RootCertificate {
        /// Where it was looked for.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The first part of every key.
    #[error("the Redis prefix `{0}` is empty or has a colon; write letters, digits and dashes")]
    Prefix(String),
    /// How long a worker may keep a job.
    #[error("a lock of {0:?} is too short; write 1 second or more, normally 90")]
    Lock(Duration),
}

/// Where Redis is and how it is used.
#[derive(Clone)]
pub struct RedisSettings {
    url: SecretString,
    place: String,
    tls: bool,
    root: Option<Vec<u8>>,
    prefix: String,
    queues: Vec<Queue>,
    lock: Duration,
}

impl RedisSettings {
    /// Settings for the server at `url`, everything else as it normally is: prefix `hashbuzz`, all
    /// queues, a lock of 90 s.
    ///
    /// # Errors
    /// [`SettingsError::Url`], which says what to write.
    pub fn new(url: SecretString) -> Result<Self, SettingsError> {
        let (place, tls) = read(url.expose_secret()).map_err(SettingsError::Url)?;
        if tls {
            // Whoever was first keeps it; there is only this one in the program.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let queues = Queue::ALL.to_vec();
        Ok(Self { url, place, tls, root: None, prefix: PREFIX.into(), queues, lock: LOCK })
    }

    /// Trusts the authority whose certificate (PEM) is in `file`, instead of the public ones.
    ///
    /// # Errors
    /// [`SettingsError`] when the URL is not `rediss://`, or the file holds no certificate.
    pub fn root_certificate(mut self, file: &Path) -> Result<Self, SettingsError> {
        if !self.tls {
            return Err(SettingsError::Url("has a root certificate, but is not `rediss://`"));
        }
        let wrong = |reason: String| SettingsError::RootCertificate { file: file.into(), reason };
        let pem = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
        if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
            return Err(wrong("there is no PEM certificate in it".into()));
        }
        self.root = Some(pem);
        self.client().map_err(|error| wrong(error.to_string()))?;
        Ok(self)
    }

    /// The first part of every key, so that several installations can share a server.
    ///
    /// # Errors
    /// [`SettingsError::Prefix`] when it is empty or has a colon.
    pub fn prefix(mut self, prefix: &str) -> Result<Self, SettingsError> {
        if prefix.trim().is_empty() || prefix.contains(':') {
            return Err(SettingsError::Prefix(prefix.to_owned()));
        }
        prefix.clone_into(&mut self.prefix);
        Ok(self)
    }

    /// The queues that this process takes jobs from. It may publish to all of them.
    #[must_use]
    pub fn queues(mut self, queues: &[Queue]) -> Self {
        self.queues = Queue::ALL.into_iter().filter(|queue| queues.contains(queue)).collect();
        self
    }

    /// How long a job stays with this process. What is not settled nine tenths into it goes back
    /// to its queue.
    ///
    /// # Errors
    /// [`SettingsError::Lock`] below a second.
    pub fn lock(mut self, lock: Duration) -> Result<Self, SettingsError> {
        if lock < SHORTEST_LOCK {
            return Err(SettingsError::Lock(lock));
        }
        self.lock = lock;
        Ok(self)
    }

    /// Host, port and database, for people.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The first part of every key.
    pub fn prefix_name(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn served(&self) -> &[Queue] {
        &self.queues
    }

    pub(crate) const fn lock_duration(&self) -> Duration {
        self.lock
    }

    /// A client for what BullMQ does not do.
    ///
    /// # Errors
    /// A certificate that the client does not take.
    pub fn client(&self) -> redis::RedisResult<Client> {
        let url = self.url.expose_secret();
        match &self.root {
            None => Client::open(url),
            Some(root) => {
                let root_cert = Some(root.clone());
                Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert })
            }
        }
    }

    pub(crate) fn options(&self) -> RedisConnectionOptions {
        let options = RedisConnectionOptions::new().url(self.url.expose_secret());
        match &self.root {
            None => options,
            Some(root) => {
                options.tls_certs(TlsCerts { root_cert: Some(root.clone()), ..TlsCerts::default() })
            }
        }
    }
}

impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings")
            .field("place", &self.place)
            .field("tls", &self.tls)
            .field("root_certificate", &self.root.is_some())
            .field("prefix", &self.prefix)
            .field("queues", &self.queues)
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}

/// What may be shown of a URL, and whether it means TLS.
fn read(url: &str) -> Result<(String, bool), &'static str> {
    let url = Url::parse(url).map_err(|_| "is not a URL")?;
    let tls = match url.scheme() {
        "redis" => false,
        "rediss" => true,
        _ => return Err("does not begin with `redis://` or `rediss://`"),
    };
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or("names no host")?;
    if ["0.0.0.0", "[::]"].contains(&host) {
        return Err("names an address that a server listens on, but nobody can connect to");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has more after the database number, beginning with `?` or `#`");
    }
    if !url.username().is_empty() && url.password().is_none_or(str::is_empty) {
        return Err("has a user without a password (a password alone is `redis://:password@host`)");
    }
    let path = url.path().trim_start_matches('/');
    let database: u32 = match path {
        "" => 0,
        number => number.parse().map_err(|_| "has a database that is not a number")?,
    };
    let port = url.port().unwrap_or(PORT);
    Ok((format!("{host}:{port}, database {database}"), tls))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> Result<RedisSettings, SettingsError> {
        RedisSettings::new(SecretString::from(url.to_owned()))
    }

    fn refusal(url: &str) -> String {
        settings(url).expect_err("refused").to_string()
    }

    #[test]
    fn a_url_is_read_as_operators_write_it() {
        for (url, place, tls) in [
            ("redis://localhost", "localhost:6379, database 0", false),
            ("redis://127.0.0.1:7000/", "127.0.0.1:7000, database 0", false),
            ("rediss://:secret@cache.example.org/12", "cache.example.org:6379, database 12", true),
            ("redis://worker:s%40crit@[::1]:6380/3", "[::1]:6380, database 3", false),
        ] {
            let read = settings(url).expect("accepted");
            assert_eq!((read.place(), read.tls), (place, tls), "{url}");
        }
    }

    #[test]
    fn a_url_that_makes_no_sense_is_refused_with_what_to_write() {
        for url in [
            "",
            "localhost",
            "localhost:6379",
            "http://localhost:6379",
            "unix:///run/redis.sock",
            "redis://",
            "redis://:secret@",
            "redis://localhost:port",
            "redis://localhost:99999",
            "redis://localhost/first",
            "redis://localhost/-1",
            "redis://localhost/1/2",
            "redis://localhost?db=3",
            "rediss://localhost/#insecure",
            "redis://worker@localhost",
            "redis://0.0.0.0:6379",
            "redis://:sec#ret@localhost",
            "redis://:sec/ret@localhost",
        ] {
            let said = refusal(url);
            assert!(said.contains("rediss://user:password@host:6379/2"), "{url}: {said}");
        }
    }

    #[test]
    fn neither_errors_nor_debug_show_the_password() {
        let fine = settings("redis://worker:hunter2@localhost/4").expect("accepted");
        let debug = format!("{fine:?} {:?}", fine.options());
        assert!(debug.contains("localhost:6379, database 4"), "{debug}");

        for said in [
            debug,
            refusal("redis://:hunter2@localhost/x"),
            refusal("redis://:hunter2@"),
            refusal("hunter2"),
            format!("{:?}", settings("http://:hunter2@localhost").expect_err("refused")),
        ] {
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn a_root_certificate_needs_tls_and_has_to_be_one() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let plain = settings("redis://localhost").expect("accepted");
        assert!(plain.root_certificate(file.path()).is_err());

        for text in ["", "-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n"] {
            std::fs::write(file.path(), text).expect("written");
            let tls = settings("rediss://localhost").expect("accepted");
            let said = tls.root_certificate(file.path()).expect_err("refused").to_string();
            assert!(said.contains(&file.path().display().to_string()), "{said}");
        }
        let tls = settings("rediss://localhost").expect("accepted");
        assert!(tls.root_certificate(Path::new("/nowhere/at/all.pem")).is_err());
    }

    #[test]
    fn prefix_and_lock_have_bounds() {
        let fine = || settings("redis://localhost").expect("accepted");

        assert!(fine().prefix("").is_err());
        assert!(fine().prefix("a:b").is_err());
        assert!(fine().lock(Duration::from_millis(999)).is_err());
        assert!(fine().prefix("staging").and_then(|s| s.lock(SHORTEST_LOCK)).is_ok());
    }
}
