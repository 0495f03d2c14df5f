//! One life, to be disturbed.

use hashbuzz_testkit::{Campaigner, HBAR, Participant, World, awareness, samples};
use serde_json::json;

/// A campaign with a moving picture and a late participant, from its draft to its end.
pub(crate) struct Life {
    pub(crate) brand: Campaigner,
    people: Vec<Participant>,
    late: Participant,
    pub(crate) id: String,
}

impl Life {
    /// Published, and nothing done yet.
    pub(crate) async fn begin(world: &World) -> Self {
        let brand = world.campaigner(110 * HBAR).await;
        let people = world.participants(2).await;
        let late = world.passers_by(1).await.remove(0);
        let gif = world.medium(&brand, samples::gif(16, 16, 2), "stripes").await;
        let mut draft = awareness("100", "2", "5");
        draft["media"] = json!([gif]);
        let id = world.published(&brand, &draft).await;
        Self { brand, people, late, id }
    }

    /// It runs, people engage, one links a wallet late, it ends.
    pub(crate) async fn live(&self, world: &World) {
        world.work_until(&self.id, "Running").await;
        self.engage(world).await;
        world.work_until(&self.id, "Claimable").await;
        world.link(&self.late).await;
        world.work_until_quiet().await;
    }

    /// People do what people do.
    pub(crate) async fn engage(&self, world: &World) {
        let posts = world.posts(&self.id).await;
        world.like(&self.people, &posts[0]).await;
        world.reply(&self.people[..1], &posts[0]).await;
        world.like(std::slice::from_ref(&self.late), &posts[1]).await;
    }

    /// The late one links.
    pub(crate) async fn link_late(&self, world: &World) {
        world.link(&self.late).await;
    }

    /// It ended as an undisturbed one does.
    pub(crate) async fn check(&self, world: &World) {
        let view = self.brand.api.campaign(&self.id).await;
        assert_eq!(view["state"], "Closed", "{view:#}");
        assert_eq!(view["money"]["paid"], "11");
        assert_eq!(view["money"]["refunded"], "89");
        assert_eq!(view["money"]["fee"], "10");
        assert_eq!(world.received(&self.people[0]).await, 7 * HBAR);
        assert_eq!(world.received(&self.people[1]).await, 2 * HBAR);
        assert_eq!(world.received(&self.late).await, 2 * HBAR);
        assert_eq!(world.available(&self.brand).await, 89 * HBAR);
        let counted = world.counted().await;
        assert_eq!(counted.posts.len(), 4, "{:?}", counted.posts);
        let shown = counted.posts.iter().map(|post| post["media"].as_array().map_or(0, Vec::len));
        assert_eq!(shown.collect::<Vec<_>>(), [1, 0, 0, 0], "{:?}", counted.posts);
        assert_eq!(counted.calls.len(), 6, "{:?}", counted.calls);
    }
}
