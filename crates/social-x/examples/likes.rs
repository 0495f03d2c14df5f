//! Asks the real X who liked a post: the quickest way to see whether what this crate believes of
//! X still holds. Costs a few cents and one request of the window.
//!
//! `X_TOKEN=… cargo run -p hashbuzz-social-x --example likes -- <id of a post of that profile>`

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::{PostId, Time};
use hashbuzz_social::{Access, Collect, Network as _};
use hashbuzz_social_x::{Settings, X};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let token = std::env::var("X_TOKEN").map_err(|_| "set X_TOKEN to a user's OAuth 2.0 token")?;
    let post: PostId = std::env::args().nth(1).ok_or("name the post by its id")?.parse()?;
    let mut settings = Settings::new(Arc::new(now));
    if let Ok(base) = std::env::var("X_API_BASE") {
        settings.api_base = base;
    }
    let x = X::new(settings)?;
    let access = Access::oauth2(token);
    println!("{:?}", x.me(&access).await?);
    let list = x.list_of(&post, Kind::Like).key;
    let mut collect = Collect { list, posted_at: now(), cursor: None };
    loop {
        let page = x.engagements(&access, &collect).await?;
        for sighting in &page.sightings {
            println!("{:?}", sighting.author);
        }
        println!("{} people, proves absence: {}", page.sightings.len(), page.proves_absence);
        collect.cursor = page.next;
        if collect.cursor.is_none() {
            return Ok(());
        }
    }
}

fn now() -> Time {
    #[expect(clippy::disallowed_methods, reason = "an example runs in the present")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
