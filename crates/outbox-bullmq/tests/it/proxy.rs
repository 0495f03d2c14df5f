//! A way to Redis that can go silent: what was connected stays connected, and nothing comes through.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// Connections that were made before this number was reached are silent.
    silent_below: Arc<watch::Sender<u64>>,
    made: watch::Receiver<u64>,
}

impl Proxy {
    pub(crate) async fn to(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let silent_below = Arc::new(watch::Sender::new(0));
        let (count, made) = watch::channel(0);
        let silence = Arc::clone(&silent_below);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = *count.borrow();
                count.send_replace(number + 1);
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else {
                    continue;
                };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pass(from_client, to_server, number, silence.subscribe()));
                tokio::spawn(pass(from_server, to_client, number, silence.subscribe()));
            }
        });
        Self { port, silent_below, made }
    }

    /// From now on nothing comes through the connections that there are.
    pub(crate) fn go_silent(&self) {
        self.silent_below.send_replace(*self.made.borrow());
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    number: u64,
    mut silence: watch::Receiver<u64>,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        tokio::select! {
            biased;
            () = async { drop(silence.wait_for(|below| number < *below).await) } => break,
            read = from.read(&mut buffer) => match read {
                Ok(0) | Err(_) => return,
                Ok(read) => if to.write_all(&buffer[..read]).await.is_err() { return },
            },
        }
    }
    // Neither closed nor answered.
    std::future::pending::<()>().await;
}
