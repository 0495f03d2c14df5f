//! Questions about publishing: what was done, what was perhaps done, and how to find out.

use hashbuzz_domain::PostId;

use super::{World, find, publish, text_post};
use crate::{NewPost, ReadError, Refusal, WriteError};

/// `me` names the immutable id and the handle.
pub async fn a_profile_is_known_by_its_access(world: &dyn World) {
    let (one, other) = (world.brand().await, world.brand().await);
    for brand in [&one, &other] {
        let profile = world.network().me(&brand.access).await.expect("a linked profile is known");
        assert_eq!((profile.id, profile.handle), (brand.id.clone(), brand.handle.clone()));
    }
    assert_ne!(one.id, other.id);
}

/// Before it exists nothing is found; afterwards it, and only under its own text and author.
pub async fn a_published_post_is_found(world: &dyn World) {
    let (brand, other) = (world.brand().await, world.brand().await);
    let (post, since) = (text_post("A campaign begins today."), world.now());
    assert_eq!(find(world, &brand, &post, since, &[]).await, None, "nothing was published yet");
    let id = publish(world, &brand, &post).await;
    world.settle().await;
    assert_eq!(find(world, &brand, &post, since, &[]).await, Some(id));
    let another = text_post("Another campaign begins today.");
    assert_eq!(find(world, &brand, &another, since, &[]).await, None, "another text");
    assert_eq!(find(world, &other, &post, since, &[]).await, None, "another author");
}

/// A remote id belongs to one effect: what is taken is never found for the next one.
pub async fn a_post_that_another_effect_owns_is_not_found_again(world: &dyn World) {
    let (brand, since) = (world.brand().await, world.now());
    let post = text_post("Only one may own this.");
    let id = publish(world, &brand, &post).await;
    world.settle().await;
    assert_eq!(find(world, &brand, &post, since, &[id]).await, None);
}

/// The same text as a post and as replies to two posts is three posts.
pub async fn a_reply_is_told_from_the_same_text_elsewhere(world: &dyn World) {
    let (brand, since) = (world.brand().await, world.now());
    let first = publish(world, &brand, &text_post("The first of two posts.")).await;
    let second = publish(world, &brand, &text_post("The second of two posts.")).await;
    let under = |target: &PostId| NewPost {
        text: "Who takes part is rewarded.".to_owned(),
        reply_to: Some(target.clone()),
        media: Vec::new(),
    };
    let reply = publish(world, &brand, &under(&first)).await;
    world.settle().await;
    assert_eq!(find(world, &brand, &under(&first), since, &[]).await, Some(reply));
    assert_eq!(find(world, &brand, &under(&second), since, &[]).await, None, "another target");
    let alone = text_post("Who takes part is rewarded.");
    assert_eq!(find(world, &brand, &alone, since, &[]).await, None, "it answers nothing");
}

/// What was published long before the intent is not what the intent published.
pub async fn an_earlier_post_is_not_taken_for_this_one(world: &dyn World) {
    let brand = world.brand().await;
    let post = text_post("Every week the same words.");
    publish(world, &brand, &post).await;
    world.pass(3_600).await;
    assert_eq!(find(world, &brand, &post, world.now(), &[]).await, None);
}

/// Whatever the network rewrites, the post is recognised.
pub async fn texts_survive_the_network(world: &dyn World) {
    let (brand, since) = (world.brand().await, world.now());
    let texts = [
        "Fish & chips <fresh> \"daily\" &amp; 'hot'",
        "Cafe\u{301} na\u{ef}ve \u{2014} \u{4e2d}\u{6587} \u{ac00}",
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} and \u{1f44d}\u{1f3fd}",
        "Two lines\n\nand one more.\nEnd",
        "Read https://example.com/a/path?one=1&two=2 and https://example.org today",
        "#Hashtag and 100% of $HBAR, (really)!",
    ];
    let mut ids = Vec::new();
    for text in texts {
        ids.push(publish(world, &brand, &text_post(text)).await);
    }
    world.settle().await;
    for (text, id) in texts.iter().zip(ids) {
        let found = find(world, &brand, &text_post(text), since, &[]).await;
        assert_eq!(found, Some(id), "{text}");
    }
}

/// A lost answer is an unknown outcome, and the post is there once.
pub async fn a_lost_answer_is_found_exactly_once(world: &dyn World) {
    let (brand, since) = (world.brand().await, world.now());
    let post = text_post("Nobody heard the answer.");
    world.lose_next_answer().await;
    let outcome = world.network().create_post(&brand.access, &post).await;
    assert!(matches!(outcome, Err(WriteError::Unknown(_))), "{outcome:?}");
    world.settle().await;
    let found = find(world, &brand, &post, since, &[]).await.expect("the post was made");
    let again = find(world, &brand, &post, since, std::slice::from_ref(&found)).await;
    assert_eq!(again, None, "it was sent more than once");
}

/// Deleting twice is a success twice, and what is deleted is not found.
pub async fn a_deletion_may_be_repeated(world: &dyn World) {
    let (brand, since) = (world.brand().await, world.now());
    let post = text_post("This will not last.");
    let id = publish(world, &brand, &post).await;
    for time in ["first", "second"] {
        let outcome = world.network().delete_post(&brand.access, &id).await;
        assert_eq!(outcome, Ok(()), "the {time} time");
    }
    world.settle().await;
    assert_eq!(find(world, &brand, &post, since, &[]).await, None);
}

/// A deletion whose answer was lost is unknown, and repeating it is a success.
pub async fn a_lost_deletion_may_be_repeated(world: &dyn World) {
    let brand = world.brand().await;
    let id = publish(world, &brand, &text_post("This will not last either.")).await;
    world.lose_next_answer().await;
    let outcome = world.network().delete_post(&brand.access, &id).await;
    assert!(matches!(outcome, Err(WriteError::Unknown(_))), "{outcome:?}");
    assert_eq!(world.network().delete_post(&brand.access, &id).await, Ok(()));
}

/// Every use of a revoked access asks for a new link; another profile's is not touched.
pub async fn a_revoked_access_asks_for_a_new_link(world: &dyn World) {
    let (brand, other) = (world.brand().await, world.brand().await);
    let (post, since) = (text_post("Still welcome."), world.now());
    let id = publish(world, &brand, &post).await;
    world.revoke(&brand).await;
    let network = world.network();
    let me = network.me(&brand.access).await;
    assert!(matches!(me, Err(ReadError::Unauthorized(_))), "{me:?}");
    let found = network.find_post(&brand.access, &brand.id, &post, since, &[]).await;
    assert!(matches!(found, Err(ReadError::Unauthorized(_))), "{found:?}");
    let created = network.create_post(&brand.access, &text_post("No longer.")).await;
    assert!(matches!(created, Err(WriteError::Unauthorized(_))), "{created:?}");
    let deleted = network.delete_post(&brand.access, &id).await;
    assert!(matches!(deleted, Err(WriteError::Unauthorized(_))), "{deleted:?}");
    assert!(network.me(&other.access).await.is_ok());
}

/// A limit names a time to come, and what was limited was not done.
pub async fn a_limited_request_says_until_when(world: &dyn World) {
    let (brand, since) = (world.brand().await, world.now());
    let network = world.network();
    world.limit_next().await;
    match network.me(&brand.access).await {
        Err(ReadError::RateLimited { until, .. }) => assert!(until > world.now()),
        other => panic!("a limited read ended as {other:?}"),
    }
    let post = text_post("One too many.");
    world.limit_next().await;
    match network.create_post(&brand.access, &post).await {
        Err(WriteError::RateLimited { until, .. }) => assert!(until > world.now()),
        other => panic!("a limited write ended as {other:?}"),
    }
    world.settle().await;
    assert_eq!(find(world, &brand, &post, since, &[]).await, None, "it was limited and done");
}

/// The longest text that fits is accepted, and one character more is refused as invalid.
pub async fn the_measure_is_the_network_s(world: &dyn World) {
    let brand = world.brand().await;
    let network = world.network();
    assert!(!network.measure("").fits(), "an empty text is no post");
    for (unit, link) in
        [("a", ""), ("\u{4e2d}", ""), ("\u{1f44d}\u{1f3fd}", ""), ("b", "https://example.com/x ")]
    {
        let mut text = link.to_owned();
        while network.measure(&format!("{text}{unit}")).fits() {
            text.push_str(unit);
        }
        publish(world, &brand, &text_post(&text)).await;
        text.push_str(unit);
        let refused = network.create_post(&brand.access, &text_post(&text)).await;
        let invalid = matches!(
            refused,
            Err(WriteError::Refused { refusal: Refusal::Invalid | Refusal::NotPermitted, .. })
        );
        assert!(invalid, "a text that does not fit by {unit}: {refused:?}");
    }
}
