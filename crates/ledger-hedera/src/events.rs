//! The contract's log, page by page.
//!
//! A cursor is the consensus time and index of the last entry that was given out. Time alone would
//! not do: all entries of one transaction share it, and a batch has more than a page of them. So
//! a page is asked for from that time on, after that index, and whatever the mirror node gives
//! again all the same is dropped here.

use alloy_primitives::B256;
use alloy_sol_types::SolEventInterface as _;
use hashbuzz_domain::{Asset, CampaignId, Time};
use hashbuzz_ledger::{EscrowEvent, EscrowEventKind, EventCursor, EventPage, ReadError};

use crate::abi;
use crate::contract::IHashbuzzEscrow::IHashbuzzEscrowEvents as Event;
use crate::contract::{evm_address, units};
use crate::hedera::Hedera;
use crate::mirror::Log;
use crate::transaction_id::nanos;

/// Consensus time in nanoseconds, then index.
type Place = (i64, u64);

impl Hedera {
    pub(crate) async fn read_events(
        &self,
        after: Option<&EventCursor>,
    ) -> Result<EventPage, ReadError> {
        let seen = after.map(read_cursor).transpose()?;
        let page = match (after, seen) {
            (Some(cursor), Some((_, index))) => {
                let (timestamp, _) = split(&cursor.0)?;
                self.mirror.logs(self.escrow.contract, timestamp, Some(index)).await?
            }
            _ => self.mirror.logs(self.escrow.contract, &self.since, None).await?,
        };
        let more = page.more();
        let mut placed: Vec<(Place, EscrowEvent)> = Vec::new();
        for log in &page.logs {
            let place = place(log)?;
            if seen.is_none_or(|seen| place > seen) {
                placed.push((place, event(log, place)?));
            }
        }
        if more && placed.is_empty() {
            // Going on from the same place would never end.
            return Err(ReadError::Malformed("the log's page has nothing new".to_owned()));
        }
        if !placed.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(ReadError::Malformed("the log is not in order".to_owned()));
        }
        let events: Vec<EscrowEvent> = placed.into_iter().map(|(_, event)| event).collect();
        let next = events.last().map(|event| EventCursor(event.key.clone()));
        Ok(EventPage { events, next: next.or_else(|| after.cloned()), more })
    }
}

fn split(key: &str) -> Result<(&str, &str), ReadError> {
    key.rsplit_once('-').ok_or_else(|| ReadError::Malformed(format!("`{key}` is no cursor")))
}

fn read_cursor(cursor: &EventCursor) -> Result<Place, ReadError> {
    let error = || ReadError::Malformed(format!("`{}` is no cursor", cursor.0));
    let (timestamp, index) = split(&cursor.0)?;
    Ok((nanos(timestamp).ok_or_else(error)?, index.parse().map_err(|_| error())?))
}

fn place(log: &Log) -> Result<Place, ReadError> {
    let at = nanos(&log.timestamp)
        .ok_or_else(|| ReadError::Malformed(format!("a log entry at `{}`", log.timestamp)))?;
    Ok((at, log.index))
}

fn event(log: &Log, (at, index): Place) -> Result<EscrowEvent, ReadError> {
    Ok(EscrowEvent {
        key: format!("{}-{index}", log.timestamp),
        consensus_at: Time::from_micros(at / 1_000),
        transaction: log.transaction_hash.clone().unwrap_or_default(),
        kind: kind(log)?,
    })
}

fn kind(log: &Log) -> Result<EscrowEventKind, ReadError> {
    let malformed = || {
        ReadError::Malformed(format!("log entry {}-{} cannot be read", log.timestamp, log.index))
    };
    let topics = log
        .topics
        .iter()
        .map(|topic| topic.parse::<B256>().map_err(|_| malformed()))
        .collect::<Result<Vec<B256>, _>>()?;
    let data = log.data.as_deref().unwrap_or("0x");
    let data = data.strip_prefix("0x").and_then(|hex| hex::decode(hex).ok());
    let data = data.ok_or_else(malformed)?;
    let Some(name) = topics.first().and_then(|topic| abi::event_name(*topic)) else {
        return Ok(EscrowEventKind::Other("an event that this version does not know".to_owned()));
    };
    let other = EscrowEventKind::Other(name.to_owned());
    if !matches!(name, "Deposited" | "Withdrawn" | "Paid") {
        return Ok(other);
    }
    Ok(match Event::decode_raw_log(&topics, &data).map_err(|_| malformed())? {
        Event::Deposited(deposit) if deposit.asset.is_zero() => EscrowEventKind::Deposited {
            sponsor: evm_address(deposit.sponsor),
            asset: Asset::Hbar,
            amount: units(deposit.amount).ok_or_else(malformed)?,
        },
        Event::Withdrawn(withdrawal) if withdrawal.asset.is_zero() => EscrowEventKind::Withdrawn {
            sponsor: evm_address(withdrawal.sponsor),
            asset: Asset::Hbar,
            amount: units(withdrawal.amount).ok_or_else(malformed)?,
        },
        Event::Paid(paid) => match campaign(paid.id) {
            Some(campaign) => EscrowEventKind::Paid {
                campaign,
                index: paid.index,
                account: evm_address(paid.account),
                amount: u64::try_from(paid.amount).map_err(|_| malformed())?,
                credited: paid.credited,
            },
            None => other,
        },
        // Money in an asset that this version does not handle.
        _ => other,
    })
}

/// The campaign of a contract key; nothing for a key that is not one of ours.
fn campaign(key: B256) -> Option<CampaignId> {
    let (id, rest) = key.0.split_first_chunk::<16>()?;
    rest.iter().all(|byte| *byte == 0).then(|| CampaignId::from_bytes(*id))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use alloy_primitives::{Address, U256};
    use alloy_sol_types::SolEvent;
    use axum::Router;
    use axum::extract::RawQuery;
    use axum::routing::get;
    use hashbuzz_domain::{AccountId, EvmAddress};
    use hiero_sdk::PrivateKey;
    use serde_json::{Value, json};

    use super::*;
    use crate::contract::IHashbuzzEscrow;

    const CONTRACT: AccountId = AccountId::new(5_005);

    type Asked = Arc<Mutex<Vec<String>>>;

    /// A mirror node with this log; with `by_index` it honours the index of a cursor.
    async fn mirror(mut log: Vec<(Place, Value)>, by_index: bool) -> (Hedera, Asked) {
        log.sort_by_key(|(place, _)| *place);
        let asked = Asked::default();
        let noted = Arc::clone(&asked);
        let answer = move |RawQuery(query): RawQuery| {
            let query = query.unwrap_or_default();
            noted.lock().unwrap().push(query.clone());
            let from = parameter(&query, "timestamp=gte:").and_then(|text| nanos(&text)).unwrap();
            let index = parameter(&query, "index=gt:").and_then(|text| text.parse::<u64>().ok());
            let mut found: Vec<&Value> = log
                .iter()
                .filter(|((at, i), _)| {
                    *at > from || (*at == from && index.is_none_or(|index| !by_index || *i > index))
                })
                .map(|(_, entry)| entry)
                .collect();
            let next = (found.len() > 100).then_some("/api/v1/more");
            found.truncate(100);
            let body = json!({"logs": found, "links": {"next": next}});
            async move { axum::Json(body) }
        };
        let app = Router::new().route("/api/v1/contracts/0.0.5005/results/logs", get(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let key = PrivateKey::generate_ed25519();
        (Hedera::for_test_with_mirror(AccountId::new(2), key, CONTRACT, &base), asked)
    }

    fn parameter(query: &str, name: &str) -> Option<String> {
        query.split('&').find_map(|part| part.strip_prefix(name)).map(str::to_owned)
    }

    fn entry(at: i64, index: u64, event: &impl SolEvent) -> (Place, Value) {
        let log = event.encode_log_data();
        let topics: Vec<String> = log.topics().iter().map(ToString::to_string).collect();
        let entry = json!({
            "data": log.data.to_string(), "index": index, "topics": topics,
            "timestamp": format!("{}.{:09}", at / 1_000_000_000, at % 1_000_000_000),
            "transaction_hash": "0xabc", "bloom": "0x", "block_number": 1,
        });
        ((at, index), entry)
    }

    fn deposit(amount: u64) -> IHashbuzzEscrow::Deposited {
        IHashbuzzEscrow::Deposited {
            sponsor: Address::repeat_byte(7),
            asset: Address::ZERO,
            amount: U256::from(amount),
        }
    }

    async fn all(hedera: &Hedera) -> Vec<EscrowEvent> {
        let mut events = Vec::new();
        let mut cursor = None;
        loop {
            let page = hedera.read_events(cursor.as_ref()).await.unwrap();
            events.extend(page.events);
            cursor = page.next;
            if !page.more {
                return events;
            }
        }
    }

    #[tokio::test]
    async fn more_entries_of_one_moment_than_a_page_holds_are_all_read_once() {
        let moment = 1_700_000_000_000_000_005;
        let mut log: Vec<_> = (0..250).map(|i| entry(moment, i, &deposit(i))).collect();
        log.push(entry(moment + 1, 0, &deposit(1_000)));
        let (hedera, asked) = mirror(log, true).await;
        let events = all(&hedera).await;
        let amounts: Vec<u64> = events
            .iter()
            .map(|event| match event.kind {
                EscrowEventKind::Deposited { amount, .. } => amount,
                _ => panic!("{event:?}"),
            })
            .collect();
        assert_eq!(amounts, (0..250).chain([1_000]).collect::<Vec<u64>>());
        assert_eq!(events[249].key, "1700000000.000000005-249");
        assert_eq!(asked.lock().unwrap().len(), 3);
    }

    #[tokio::test]
    async fn entries_that_are_given_again_are_dropped() {
        let log =
            vec![entry(5, 0, &deposit(1)), entry(5, 1, &deposit(2)), entry(6, 0, &deposit(3))];
        let (hedera, _) = mirror(log, false).await;
        let cursor = EventCursor("0.000000005-0".to_owned());
        let page = hedera.read_events(Some(&cursor)).await.unwrap();
        let keys: Vec<&str> = page.events.iter().map(|event| event.key.as_str()).collect();
        assert_eq!(keys, ["0.000000005-1", "0.000000006-0"]);
        assert!(!page.more);
    }

    #[tokio::test]
    async fn at_the_end_the_cursor_stays_and_nothing_is_given() {
        let (hedera, _) = mirror(vec![entry(5, 0, &deposit(1))], true).await;
        let page = hedera.read_events(None).await.unwrap();
        let end = page.next.unwrap();
        let page = hedera.read_events(Some(&end)).await.unwrap();
        assert_eq!(page, EventPage { events: vec![], next: Some(end), more: false });

        let (empty, _) = mirror(vec![], true).await;
        let page = empty.read_events(None).await.unwrap();
        assert_eq!(page, EventPage { events: vec![], next: None, more: false });
    }

    #[tokio::test]
    async fn a_mirror_that_repeats_a_full_page_is_an_error_and_no_endless_loop() {
        let log = (0..150).map(|i| entry(5, i, &deposit(i))).collect();
        let (hedera, _) = mirror(log, false).await;
        let cursor = EventCursor("0.000000005-99".to_owned());
        let page = hedera.read_events(Some(&cursor)).await;
        assert!(matches!(page, Err(ReadError::Malformed(_))), "{page:?}");
        let page = hedera.read_events(Some(&EventCursor("nonsense".to_owned()))).await;
        assert!(matches!(page, Err(ReadError::Malformed(_))), "{page:?}");
    }

    #[tokio::test]
    async fn entries_are_told_by_what_they_mean() {
        let campaign = CampaignId::from_bytes([9; 16]);
        let paid = |id| IHashbuzzEscrow::Paid {
            id,
            index: 4,
            account: Address::repeat_byte(3),
            amount: 17,
            credited: true,
        };
        let withdrawn = IHashbuzzEscrow::Withdrawn {
            sponsor: Address::repeat_byte(7),
            asset: Address::ZERO,
            amount: U256::from(2),
        };
        let strange = IHashbuzzEscrow::Deposited { asset: Address::repeat_byte(1), ..deposit(1) };
        let log = vec![
            entry(1, 0, &paid(campaign.contract_key().into())),
            entry(1, 1, &withdrawn),
            entry(
                1,
                2,
                &IHashbuzzEscrow::BatchPaid { id: B256::ZERO, batch: 1, entries: 1, amount: 1 },
            ),
            entry(1, 3, &strange),
            entry(1, 4, &paid(B256::repeat_byte(9))),
        ];
        let (hedera, _) = mirror(log, true).await;
        let kinds: Vec<EscrowEventKind> =
            all(&hedera).await.into_iter().map(|event| event.kind).collect();
        let other = |name: &str| EscrowEventKind::Other(name.to_owned());
        assert_eq!(
            kinds,
            [
                EscrowEventKind::Paid {
                    campaign,
                    index: 4,
                    account: EvmAddress([3; 20]),
                    amount: 17,
                    credited: true,
                },
                EscrowEventKind::Withdrawn {
                    sponsor: EvmAddress([7; 20]),
                    asset: Asset::Hbar,
                    amount: 2,
                },
                other("BatchPaid"),
                other("Deposited"),
                other("Paid"),
            ]
        );
    }
}
