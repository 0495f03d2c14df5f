//! Connections that can be cut.
//!
//! The worst thing a network does to a client is to lose the answer to something that has been
//! done. Every accepted connection therefore comes with a [`Hangup`], which a request handler finds
//! among the request's extensions: pulling it resets the connection before another byte goes out.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use axum::extract::connect_info::Connected as AxumConnected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tonic::codegen::tokio_stream::Stream;
use tonic::transport::server::Connected;

/// Cuts one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hangup(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    cut: AtomicBool,
    waiting: Mutex<[Option<Waker>; 2]>,
}

/// The two halves of a connection wait separately.
#[derive(Clone, Copy)]
enum Half {
    Read = 0,
    Write = 1,
}

impl Hangup {
    /// Resets the connection. Nothing written after this reaches the client.
    pub(crate) fn cut(&self) {
        self.0.cut.store(true, Ordering::SeqCst);
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.iter_mut().filter_map(Option::take).for_each(Waker::wake);
    }

    fn check(&self, half: Half, context: &Context<'_>) -> io::Result<()> {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting[half as usize] = Some(context.waker().clone());
        match self.0.cut.load(Ordering::SeqCst) {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        }
    }
}

/// All open connections of a running network, to be cut when it stops.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switchboard(Arc<Mutex<Vec<Weak<Shared>>>>);

impl Switchboard {
    pub(crate) fn cut_all(&self) {
        let lines = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        lines.iter().filter_map(Weak::upgrade).for_each(|shared| Hangup(shared).cut());
    }

    fn add(&self, hangup: &Hangup) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|line| line.strong_count() > 0);
        lines.push(Arc::downgrade(&hangup.0));
    }
}

/// A listening socket whose connections can be cut.
pub(crate) struct Lines {
    listener: TcpListener,
    switchboard: Switchboard,
}

impl Lines {
    pub(crate) async fn bind(address: SocketAddr, switchboard: Switchboard) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, switchboard })
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    fn line(&self, stream: TcpStream) -> Line {
        let hangup = Hangup::default();
        self.switchboard.add(&hangup);
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        Line { stream, hangup }
    }
}

impl Stream for Lines {
    type Item = io::Result<Line>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let accepted = self.listener.poll_accept(context);
        accepted.map(|accepted| Some(accepted.map(|(stream, _)| self.line(stream))))
    }
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        (self.line(stream), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.address()
    }
}

/// An accepted connection.
pub(crate) struct Line {
    stream: TcpStream,
    hangup: Hangup,
}

impl Line {
    fn check(&self, half: Half, context: &Context<'_>) -> io::Result<()> {
        self.hangup.check(half, context).inspect_err(|_| {
            // Without lingering, closing the socket resets the connection.
            if let Err(error) = self.stream.set_zero_linger() {
                tracing::debug!(%error, "a connection is closed instead of reset");
            }
        })
    }
}

impl Connected for Line {
    type ConnectInfo = Hangup;

    fn connect_info(&self) -> Hangup {
        self.hangup.clone()
    }
}

impl AxumConnected<IncomingStream<'_, Lines>> for Hangup {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().hangup.clone()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(Half::Read, context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(Half::Write, context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(Half::Write, context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
