//! A Redis server of a test's own: a child process on a free port, ended by its process id.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hashbuzz_outbox_bullmq::{RedisSettings, examine};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// Which program it is, where that is not the one on PATH.
const PROGRAM: &str = "HASHBUZZ_TEST_REDIS";
/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(20);
/// A port that was free can be taken before the server has it.
const TRIES: u32 = 5;

/// How a server is set up.
#[derive(Clone, Copy, Default)]
pub(crate) struct Kind {
    pub(crate) password: Option<&'static str>,
    /// With a certificate of an authority that nobody knows.
    pub(crate) tls: bool,
    /// Writes each command to a file before it answers.
    pub(crate) append_only: bool,
}

pub(crate) struct Server {
    kind: Kind,
    port: u16,
    process: Option<Child>,
    folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::of(Kind::default()).await
    }

    pub(crate) async fn of(kind: Kind) -> Self {
        let folder =
            tempfile::Builder::new().prefix("hashbuzz-redis-").tempdir().expect("a folder");
        if kind.tls {
            certify(folder.path());
        }
        let mut server = Self { kind, port: 0, process: None, folder };
        for _ in 0..TRIES {
            server.port = free_port();
            if server.runs().await {
                return server;
            }
        }
        panic!("no redis-server in {TRIES} tries; is it installed?");
    }

    /// Starts it again, on the same port. What it knows is what it kept.
    pub(crate) async fn start_again(&mut self) {
        assert!(self.runs().await, "the server does not start again");
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("the process is ours");
            process.wait().expect("it ends");
        }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Where clients find it, with everything that they need to be let in.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.kind.tls { "rediss" } else { "redis" };
        let password = self.kind.password.map(|word| format!(":{word}@")).unwrap_or_default();
        format!("{scheme}://{password}127.0.0.1:{}", self.port)
    }

    /// The certificate of the authority, when there is TLS.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(crate) fn settings(&self) -> RedisSettings {
        let settings = RedisSettings::new(self.url().into()).expect("a URL");
        if !self.kind.tls {
            return settings;
        }
        settings.root_certificate(&self.authority()).expect("a certificate")
    }

    /// One command, as an operator would give it.
    pub(crate) async fn tell<T: ::redis::FromRedisValue>(&self, words: &[&str]) -> T {
        assert!(!self.kind.tls, "only without TLS");
        let client = ::redis::Client::open(self.url()).expect("a URL");
        let mut connection =
            client.get_multiplexed_async_connection().await.expect("the server is there");
        let mut command = ::redis::cmd(words[0]);
        for word in &words[1..] {
            command.arg(*word);
        }
        command.query_async(&mut connection).await.expect("the server obeys")
    }

    async fn runs(&mut self) -> bool {
        self.kill();
        let folder = self.folder.path();
        let log = std::fs::File::create(folder.join("log")).expect("a log");
        let program = std::env::var_os(PROGRAM).unwrap_or_else(|| "redis-server".into());
        let mut command = Command::new(program);
        command.args(["--bind", "127.0.0.1", "--save", "", "--dir"]).arg(folder);
        let port = self.port.to_string();
        if self.kind.tls {
            command.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
            command.arg("--tls-cert-file").arg(folder.join("server.pem"));
            command.arg("--tls-key-file").arg(folder.join("server.key"));
        } else {
            command.args(["--port", &port]);
        }
        if let Some(password) = self.kind.password {
            command.args(["--requirepass", password]);
        }
        if self.kind.append_only {
            command.args(["--appendonly", "yes", "--appendfsync", "always"]);
        }
        command.stdin(Stdio::null()).stderr(log.try_clone().expect("a log")).stdout(log);
        self.process = Some(command.spawn().expect("redis-server can be started"));
        self.answers().await
    }

    /// Whether it lets us in before it ends or takes too long.
    async fn answers(&mut self) -> bool {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let settings = self.settings();
        let waiting = async {
            loop {
                look.tick().await;
                let process = self.process.as_mut().expect("it was just started");
                if process.try_wait().expect("the process is ours").is_some() {
                    return false;
                }
                if examine(&settings).await.is_ok() {
                    return true;
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or(false)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// An authority, and a certificate of it for the loopback address.
fn certify(folder: &Path) {
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let certificate = authority.self_signed(&key).expect("a certificate");
    let issuer = Issuer::new(authority, key);
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let server_key = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(names).expect("parameters");
    let server = server.signed_by(&server_key, &issuer).expect("a certificate");
    for (name, text) in [
        ("ca.pem", certificate.pem()),
        ("server.pem", server.pem()),
        ("server.key", server_key.serialize_pem()),
    ] {
        std::fs::write(folder.join(name), text).expect("written");
    }
}
