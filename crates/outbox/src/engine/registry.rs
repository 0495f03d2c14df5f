//! Which handler serves which kind.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use async_trait::async_trait;
use hashbuzz_db::{DbError, Tx};

use crate::event::{Handle, Message, Retry, Verdict};
use crate::{Failure, Turn};

/// The kinds that a program handles.
pub struct Registry<C> {
    handlers: BTreeMap<&'static str, Box<dyn Erased<C>>>,
}

#[async_trait]
trait Erased<C>: Send + Sync {
    fn retry(&self) -> Retry;
    async fn handle(&self, cx: &C, turn: Turn) -> Result<Verdict, Failure>;
    async fn gave_up(&self, cx: &C, tx: &Tx, payload: &str, why: &str) -> Result<(), DbError>;
}

struct Of<M>(PhantomData<fn() -> M>);

#[async_trait]
impl<C: Send + Sync, M: Handle<C>> Erased<C> for Of<M> {
    fn retry(&self) -> Retry {
        M::RETRY
    }

    async fn handle(&self, cx: &C, turn: Turn) -> Result<Verdict, Failure> {
        match serde_json::from_str::<M>(&turn.leased.payload) {
            Ok(message) => message.handle(cx, turn).await,
            Err(error) => {
                Ok(Verdict::Never { why: format!("the payload cannot be read: {error}") })
            }
        }
    }

    async fn gave_up(&self, cx: &C, tx: &Tx, payload: &str, why: &str) -> Result<(), DbError> {
        match serde_json::from_str::<M>(payload) {
            Ok(message) => message.gave_up(cx, tx, why).await,
            Err(_) => Ok(()),
        }
    }
}

impl<C: Send + Sync + 'static> Default for Registry<C> {
    fn default() -> Self {
        Self { handlers: BTreeMap::new() }
    }
}

impl<C: Send + Sync + 'static> Registry<C> {
    /// Adds the handler of `M`. Two handlers of one kind are a mistake in the program.
    ///
    /// # Panics
    /// When the kind already has one.
    #[must_use]
    pub fn with<M: Handle<C>>(mut self) -> Self {
        let before = self.handlers.insert(M::KIND, Box::new(Of::<M>(PhantomData)));
        assert!(before.is_none(), "two handlers for {}", <M as Message>::KIND);
        self
    }

    /// The kinds, in alphabetical order.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.handlers.keys().copied()
    }

    /// How often and how patiently events of `kind` are tried.
    pub(super) fn retry(&self, kind: &str) -> Retry {
        self.handlers.get(kind).map_or(Retry::OUTSIDE, |handler| handler.retry())
    }

    /// Handles one turn; nothing when the kind is not known.
    pub(super) async fn handle(&self, cx: &C, turn: Turn) -> Option<Result<Verdict, Failure>> {
        let handler = self.handlers.get(turn.leased.kind.as_str())?;
        // A failure that was recorded ends there; only lost leases come this far.
        if turn.lost() >= i64::from(handler.retry().attempts) {
            let why = format!("its worker disappeared {} times in a row", turn.lost());
            return Some(Ok(Verdict::Never { why }));
        }
        Some(handler.handle(cx, turn).await)
    }

    /// After how many failures an event of `kind` gives up.
    pub fn attempts(&self, kind: &str) -> Option<u32> {
        self.handlers.get(kind).map(|handler| handler.retry().attempts)
    }

    /// Tells whoever waits for an event that it will not be handled, in the transaction that makes
    /// it so: a dead letter, or set aside by a person.
    ///
    /// # Errors
    /// The database's.
    pub async fn gave_up(
        &self,
        cx: &C,
        tx: &Tx,
        kind: &str,
        payload: &str,
        why: &str,
    ) -> Result<(), DbError> {
        match self.handlers.get(kind) {
            Some(handler) => handler.gave_up(cx, tx, payload, why).await,
            None => Ok(()),
        }
    }
}
