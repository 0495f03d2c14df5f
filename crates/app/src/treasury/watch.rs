//! `ESCROW_WATCH`: reads the contract's log.
//!
//! After     the system started; then itself, every `watch_every`.
//! Asks      the ledger for one page of the contract's log.
//! Stores    each entry once (by consensus time and log index), and how far we got.
//! Then      itself: at once while there is more, else later.
//! Twice     changes nothing: entries are unique.
//! Never     —
//!
//! Why at all, when balances are read from the chain: an operator wants to see who deposited what
//! and when, and a stranger's accounts must agree with ours entry by entry.

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};
use hashbuzz_outbox::{Due, Failure, Handle, Message, Queue, Turn, Verdict, enqueue_at};
use serde::{Deserialize, Serialize};

use super::store;
use crate::App;

/// Look at the contract's log.
#[derive(Serialize, Deserialize)]
pub struct WatchEscrow {}

impl Message for WatchEscrow {
    const KIND: &'static str = "ESCROW_WATCH.v1";
    const QUEUE: Queue = Queue::Ledger;
    const RETRY: hashbuzz_outbox::Retry = crate::timetable::FOREVER;

    fn dedupe(&self) -> Option<String> {
        Some("escrow_watch".to_owned())
    }
}

#[async_trait]
impl Handle<App> for WatchEscrow {
    async fn handle(&self, app: &App, turn: Turn) -> Result<Verdict, Failure> {
        let cursor = store::cursor(&app.db).await?;
        let page = match app.ledger.escrow_events(cursor.as_ref()).await {
            Ok(page) => page,
            Err(error) => return Err(Failure(error.to_string())),
        };
        let tx = app.db.begin().await?;
        for event in &page.events {
            store::save_entry(&tx, event).await?;
        }
        if let Some(next) = &page.next {
            store::save_cursor(&tx, next).await?;
        }
        let now = turn.now();
        let at = if page.more { now } else { now + app.settings.watch_every.micros() };
        enqueue_at(&tx, now, &Self {}, Due { at, account: None }).await?;
        Ok(Verdict::Done(turn.commit(tx).await?))
    }

    async fn gave_up(&self, _: &App, _: &Tx, _: &str) -> Result<(), DbError> {
        Ok(())
    }
}
