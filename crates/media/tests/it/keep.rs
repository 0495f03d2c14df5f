//! Keeping: in pieces, under a digest, and nothing of what is refused.

use std::path::Path;

use bytes::Bytes;
use futures::stream;
use futures::{StreamExt as _, TryStreamExt as _};
use hashbuzz_domain::media::Format;
use hashbuzz_media::{KeepError, Kept, Limits, MediaStore, Refusal, StoreError, samples};

type Piece = Result<Bytes, String>;

fn pieces(bytes: &[u8], size: usize) -> Vec<Piece> {
    bytes.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect()
}

async fn kept(store: &MediaStore, bytes: &[u8], size: usize) -> Result<Kept, KeepError> {
    store.keep(stream::iter(pieces(bytes, size))).await
}

/// Files in a folder, below it too.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.file_name().expect("a name").to_string_lossy().into_owned());
        }
    }
    found
}

#[tokio::test]
async fn what_is_kept_is_read_in_pieces_under_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let store = MediaStore::in_folder(folder.path(), Limits::default()).unwrap();
    let video = samples::mp4(64, 48, 2_000, 3_000_000);
    let one = kept(&store, &video, 9_777).await.unwrap();
    let again = kept(&store, &video, 65_536).await.unwrap();

    assert_eq!(one, again);
    assert_eq!(one.facts.format, Format::Mp4);
    assert_eq!(files(folder.path()), [one.digest.to_string()]);
    assert_eq!(one.digest.to_string().parse(), Ok(one.digest));
    let middle = store.read(one.digest, 1_048_576, 1_000).await.unwrap();
    assert_eq!(middle, video[1_048_576..1_049_576]);
    let all: Vec<Bytes> = store.stream(one.digest).await.unwrap().try_collect().await.unwrap();
    assert_eq!(all.concat(), video);
}

#[tokio::test]
async fn what_is_forgotten_is_missing_and_may_be_forgotten_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = MediaStore::in_folder(folder.path(), Limits::default()).unwrap();
    let one = kept(&store, &samples::png(9, 9, 1), 64).await.unwrap();
    store.forget(one.digest).await.unwrap();
    store.forget(one.digest).await.unwrap();
    assert!(matches!(store.read(one.digest, 0, 4).await, Err(StoreError::Missing)));
    assert_eq!(files(folder.path()), [""; 0]);
}

#[tokio::test]
async fn nothing_is_left_of_what_is_refused_or_breaks_off() {
    let folder = tempfile::tempdir().unwrap();
    let store = MediaStore::in_folder(folder.path(), Limits::default()).unwrap();
    let picture = samples::png(40, 40, 1);

    let refused = kept(&store, &picture[..picture.len() - 9], 16).await.unwrap_err();
    assert!(matches!(refused, KeepError::Refused(Refusal::Broken { .. })), "{refused}");
    let refused = kept(&store, b"", 1).await.unwrap_err();
    assert!(matches!(refused, KeepError::Refused(Refusal::Empty)), "{refused}");
    let refused = kept(&store, b"GIF", 1).await.unwrap_err();
    assert!(matches!(refused, KeepError::Refused(Refusal::UnknownFormat)), "{refused}");
    let mut broken = pieces(&picture, 16);
    broken[2] = Err("reset".to_owned());
    let refused = store.keep(stream::iter(broken)).await.unwrap_err();
    assert!(matches!(refused, KeepError::BrokeOff(_)), "{refused}");
    assert_eq!(files(folder.path()), [""; 0]);
}

#[tokio::test]
async fn a_body_without_end_is_refused_at_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let store = MediaStore::in_folder(folder.path(), Limits::default()).unwrap();
    let head = samples::png(8, 8, 1);
    let endless = stream::once(async move { Ok::<_, String>(Bytes::from(head)) })
        .chain(stream::repeat_with(|| Ok(Bytes::from_static(&[0; 65_536]))));
    let refused = store.keep(endless).await.unwrap_err();
    assert!(matches!(refused, KeepError::Refused(Refusal::TooLarge { .. })), "{refused}");
    assert_eq!(refused.to_string(), "a picture may have at most 5 MB: make it smaller");
}
