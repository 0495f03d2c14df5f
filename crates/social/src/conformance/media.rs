//! Questions about media: uploads in pieces, what comes of them, and which posts show them.

use hashbuzz_domain::UploadId;
use hashbuzz_domain::media::{Facts, Format};

use super::{Brand, World, find, publish};
use crate::{NewPost, Refusal, UploadState, Uploaded, WriteError};

/// Looks at an upload that is worked on, before the exam gives up.
const LOOKS: usize = 100;

/// A picture or a moving one of so many bytes, of which only the first matter here.
fn medium(format: Format, bytes: usize) -> (Facts, Vec<u8>) {
    let head: &[u8] = match format {
        Format::Gif => b"GIF89a\x10\0\x10\0",
        _ => b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\x10",
    };
    let mut file = head.to_vec();
    file.resize(bytes, 7);
    let bytes = u64::try_from(bytes).unwrap_or_default();
    (Facts { format, bytes, width: 16, height: 16, frames: 1, duration: None }, file)
}

fn showing(text: &str, media: &[&UploadId]) -> NewPost {
    let media = media.iter().copied().cloned().collect();
    NewPost { text: text.to_owned(), reply_to: None, media }
}

/// Begins an upload and sends all of it.
async fn sent(world: &dyn World, brand: &Brand, format: Format) -> UploadId {
    let network = world.network();
    let piece = usize::try_from(network.media_rules().piece).unwrap_or(usize::MAX);
    // Two pieces and a bit.
    let (facts, file) = medium(format, piece * 2 + 11);
    let begun = network.begin_upload(&brand.access, &facts).await.expect("an upload is begun");
    for (number, bytes) in (0..).zip(file.chunks(piece)) {
        let appended =
            network.append_upload(&brand.access, &begun.upload, number, bytes.to_vec()).await;
        assert_eq!(appended, Ok(()), "piece {number}");
    }
    begun.upload
}

/// How an upload stands once nobody works on it any more.
async fn settled(world: &dyn World, brand: &Brand, upload: &UploadId) -> UploadState {
    let network = world.network();
    let mut uploaded: Option<Uploaded> =
        network.finish_upload(&brand.access, upload).await.map(Some).expect("it is finished");
    for _ in 0..LOOKS {
        match uploaded.map_or(UploadState::Ready, |uploaded| uploaded.state) {
            UploadState::Processing(wait) => {
                world.pass(u32::try_from(wait.secs()).unwrap_or(u32::MAX)).await;
            }
            state => return state,
        }
        uploaded = network.upload_state(&brand.access, upload).await.expect("it is looked at");
    }
    panic!("the network works on it without end");
}

async fn refused_for_its_media(world: &dyn World, brand: &Brand, post: &NewPost) {
    let since = world.now();
    let refused = world.network().create_post(&brand.access, post).await;
    let named = matches!(refused, Err(WriteError::Refused { refusal: Refusal::Media, .. }));
    assert!(named, "{refused:?}");
    world.settle().await;
    assert_eq!(find(world, brand, post, since, &[]).await, None, "it was refused and done");
}

/// What was uploaded in pieces is shown, and its post is told from one with the same text that
/// shows nothing.
pub async fn what_was_uploaded_in_pieces_is_shown(world: &dyn World) {
    let (brand, since) = (world.brand().await, world.now());
    for format in [Format::Png, Format::Gif] {
        let upload = sent(world, &brand, format).await;
        assert_eq!(settled(world, &brand, &upload).await, UploadState::Ready);
        let described =
            world.network().describe_upload(&brand.access, &upload, "Stripes, red and blue").await;
        assert_eq!(described, Ok(()));
        let text = format!("Look at this {}.", format.kind());
        let bare = publish(world, &brand, &showing(&text, &[])).await;
        let post = showing(&text, &[&upload]);
        let id = publish(world, &brand, &post).await;
        world.settle().await;
        assert_eq!(find(world, &brand, &post, since, &[]).await, Some(id));
        assert_eq!(find(world, &brand, &showing(&text, &[]), since, &[]).await, Some(bare));
    }
}

/// An answer that was lost is asked for again at every step of an upload, and does no harm.
pub async fn every_step_of_an_upload_may_be_repeated(world: &dyn World) {
    let brand = world.brand().await;
    let network = world.network();
    let (facts, file) = medium(Format::Png, 64);
    world.lose_next_answer_of_an_upload().await;
    let lost = network.begin_upload(&brand.access, &facts).await;
    assert!(matches!(lost, Err(WriteError::Unknown(_))), "{lost:?}");
    let begun = network.begin_upload(&brand.access, &facts).await.expect("another is begun");
    world.lose_next_answer_of_an_upload().await;
    let lost = network.append_upload(&brand.access, &begun.upload, 0, file.clone()).await;
    assert!(matches!(lost, Err(WriteError::Unknown(_))), "{lost:?}");
    let again = network.append_upload(&brand.access, &begun.upload, 0, file).await;
    assert_eq!(again, Ok(()), "the same piece again");
    world.lose_next_answer_of_an_upload().await;
    let lost = network.finish_upload(&brand.access, &begun.upload).await;
    assert!(matches!(lost, Err(WriteError::Unknown(_))), "{lost:?}");
    network.upload_state(&brand.access, &begun.upload).await.expect("it may be looked at");
    assert_eq!(settled(world, &brand, &begun.upload).await, UploadState::Ready);
    publish(world, &brand, &showing("Nothing was lost.", &[&begun.upload])).await;
}

/// A post that names what is not finished, expired or another's is refused as such, and not made.
pub async fn what_cannot_be_shown_is_refused_for_its_media(world: &dyn World) {
    let (brand, other) = (world.brand().await, world.brand().await);
    let unfinished = sent(world, &brand, Format::Png).await;
    refused_for_its_media(world, &brand, &showing("Too early.", &[&unfinished])).await;
    let foreign = sent(world, &other, Format::Png).await;
    assert_eq!(settled(world, &other, &foreign).await, UploadState::Ready);
    refused_for_its_media(world, &brand, &showing("Not mine.", &[&foreign])).await;
    let old = sent(world, &brand, Format::Png).await;
    assert_eq!(settled(world, &brand, &old).await, UploadState::Ready);
    world.pass(30 * 86_400).await;
    refused_for_its_media(world, &brand, &showing("Too late.", &[&old])).await;
    let late = world.network().append_upload(&brand.access, &unfinished, 0, vec![1]).await;
    let remedy =
        matches!(late, Err(WriteError::Refused { refusal: Refusal::Gone | Refusal::Media, .. }));
    assert!(remedy, "an upload that is gone: {late:?}");
}

/// What the network cannot use is said to have failed, with its reason, and is not shown.
pub async fn a_medium_that_the_network_cannot_use_says_so(world: &dyn World) {
    let brand = world.brand().await;
    world.spoil_next_medium().await;
    let upload = sent(world, &brand, Format::Gif).await;
    let state = settled(world, &brand, &upload).await;
    assert!(matches!(&state, UploadState::Failed(why) if !why.is_empty()), "{state:?}");
    refused_for_its_media(world, &brand, &showing("Spoilt.", &[&upload])).await;
}
