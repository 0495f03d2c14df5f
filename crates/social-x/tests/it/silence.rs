//! What becomes of a request without an answer: a read is asked again, a write that may have left
//! is unknown, one that never left was certainly not done.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hashbuzz_social::{Network as _, NewPost, ReadError, WriteError};
use hashbuzz_social_x::X;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::far::{access, settings};

/// Serves raw bytes to every connection; returns the address and how many connections came.
async fn raw(answer: Vec<u8>, hang: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            seen.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            tokio::spawn(serve(stream, answer, hang));
        }
    });
    (address, count)
}

async fn serve(mut stream: TcpStream, answer: Vec<u8>, hang: bool) {
    let mut buffer = vec![0; 65_536];
    let _ = stream.read(&mut buffer).await;
    let _ = stream.write_all(&answer).await;
    if hang {
        // Until the client goes away.
        while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    }
}

fn hello() -> NewPost {
    NewPost { text: "hello".to_owned(), reply_to: None, media: Vec::new() }
}

async fn both(x: &X) -> (ReadError, WriteError) {
    let read = x.me(&access()).await.unwrap_err();
    let write = x.create_post(&access(), &hello()).await.unwrap_err();
    (read, write)
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_an_unknown_write_and_is_not_repeated() {
    let (address, connections) = raw(Vec::new(), false).await;
    let (read, write) = both(&X::new(settings(&address)).unwrap()).await;
    assert!(matches!(read, ReadError::Unavailable(_)), "{read}");
    assert!(matches!(write, WriteError::Unknown(_)), "{write}");
    assert_eq!(connections.load(Ordering::SeqCst), 2, "one connection a request");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_unknown_write() {
    let part = b"HTTP/1.1 201 Created\r\ncontent-length: 500\r\n\r\n{\"data\":{\"id\":\"1\"";
    let (address, _) = raw(part.to_vec(), false).await;
    let (read, write) = both(&X::new(settings(&address)).unwrap()).await;
    assert!(matches!(read, ReadError::Unavailable(_)), "{read}");
    assert!(matches!(write, WriteError::Unknown(_)), "{write}");
}

#[tokio::test]
async fn a_refusal_that_breaks_off_is_still_a_refusal() {
    let part = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 500\r\n\r\n{\"tit";
    let (address, _) = raw(part.to_vec(), false).await;
    let (read, write) = both(&X::new(settings(&address)).unwrap()).await;
    assert!(matches!(read, ReadError::Unauthorized(_)), "{read}");
    assert!(matches!(write, WriteError::Unauthorized(_)), "{write}");
}

#[tokio::test]
async fn silence_beyond_the_time_limit_is_an_unknown_write() {
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"] {
        let (address, _) = raw(answer.as_bytes().to_vec(), true).await;
        let mut settings = settings(&address);
        settings.request_timeout = Duration::from_millis(150);
        let (read, write) = both(&X::new(settings).unwrap()).await;
        assert!(matches!(read, ReadError::Unavailable(_)), "{read}");
        assert!(matches!(write, WriteError::Unknown(_)), "{write}");
    }
}

#[tokio::test]
async fn what_never_left_was_certainly_not_done() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for address in [nobody.as_str(), "http://name.invalid"] {
        let (read, write) = both(&X::new(settings(address)).unwrap()).await;
        assert!(matches!(read, ReadError::Unavailable(_)), "{read}");
        assert!(matches!(write, WriteError::Unavailable(_)), "{write}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let mut answer = b"HTTP/1.1 200 OK\r\n\r\n{\"data\":\"".to_vec();
    answer.resize(6 * 1024 * 1024, b'x');
    let (address, _) = raw(answer, true).await;
    let (read, write) = both(&X::new(settings(&address)).unwrap()).await;
    assert!(read.to_string().contains("longer than"), "{read}");
    assert!(matches!(write, WriteError::Unknown(_)), "{write}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, visitors) = raw(b"HTTP/1.1 200 OK\r\n\r\n{}".to_vec(), false).await;
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {elsewhere}/\r\ncontent-length: 0\r\n\r\n"
    );
    let (address, _) = raw(answer.into_bytes(), false).await;
    let (read, write) = both(&X::new(settings(&address)).unwrap()).await;
    assert!(matches!(read, ReadError::Unavailable(_)), "{read}");
    assert!(matches!(write, WriteError::Unknown(_)), "{write}");
    assert_eq!(visitors.load(Ordering::SeqCst), 0, "a token must not reach another host");
}
