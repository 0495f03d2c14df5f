//! Who takes part: brands with a deposit, people with and without a wallet.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbuzz_app::account::{Role, issue_api_key, link_brand, link_personal, register};
use hashbuzz_domain::{AccountId, EvmAddress, Span};
use hashbuzz_ledger_hedera::Wallet;
use hashbuzz_outbox::Clock as _;
use hashbuzz_social::Access;
use reqwest::Method;
use serde_json::{Value, json};

use crate::far::{Opened, XUser, read};
use crate::world::{POCKET, SEEN};
use crate::{Answer, Api, HBAR, World};

/// The highest fee that campaigners allow, in basis points.
const FEE_BPS: u16 = 1_000;
/// Weeks over which the days are spread on which people joined the network.
const OLDEST: usize = 500;
/// What a participant has at the beginning.
const SMALL_CHANGE: u64 = HBAR;

/// A brand: a funded account with a linked profile and a key of our API.
pub struct Campaigner {
    /// Our API in their hands.
    pub api: Api,
    /// Their name at the social network.
    pub handle: String,
    pub(crate) account: AccountId,
    pub(crate) opened: Opened,
    wallet: Wallet,
}

/// Somebody who engages.
#[derive(Clone, Debug)]
pub struct Participant {
    /// Their id at the social network.
    pub profile: String,
    handle: String,
    opened: Opened,
}

impl Participant {
    /// Their name at the social network.
    pub fn handle(&self) -> &str {
        &self.handle
    }
}

impl Campaigner {
    /// Their account on the ledger.
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// Its address.
    ///
    /// # Panics
    /// Never: the ledger hands out addresses.
    pub fn address(&self) -> EvmAddress {
        self.opened.evm_address.parse().expect("an address")
    }
}

impl World {
    /// A campaigner with `deposit` tinybars in the escrow, all of which campaigns may take.
    ///
    /// # Panics
    /// As [`World::new`].
    pub async fn campaigner(&self, deposit: u64) -> Campaigner {
        let opened = self.hedera.open(1, POCKET).await.remove(0);
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        let brand = self.profiles(&[format!("brand{number}")]).await.remove(0);
        self.clock.advance(SEEN);
        let account = self.registered(&opened, Role::Campaigner).await;
        let (token, secret) = (brand.oauth1.token.clone(), brand.oauth1.secret.clone());
        let access = Access::oauth1(token, secret);
        link_brand(self.app(), account, access).await.expect("a brand can be linked");
        let wallet = Wallet::new(&self.network, account, &opened.private_key.clone().into())
            .await
            .expect("a wallet opens");
        let key = issue_api_key(self.app(), account, "test").await.expect("a key can be made");
        let api = Api::new(self.http.clone(), Arc::clone(&self.base), Some(key));
        let campaigner = Campaigner { api, handle: brand.handle, account, opened, wallet };
        if deposit > 0 {
            self.deposit(&campaigner, deposit).await;
        }
        campaigner
    }

    /// The campaigner puts more into the escrow, and allows it.
    ///
    /// # Panics
    /// When the ledger refuses.
    pub async fn deposit(&self, by: &Campaigner, amount: u64) {
        let allowed = self.available(by).await + amount;
        by.wallet
            .deposit_and_allow(self.contract, amount, allowed, FEE_BPS, self.clock.time())
            .await
            .expect("a deposit is taken");
        self.clock.advance(SEEN);
    }

    /// The campaigner takes free balance out of the escrow.
    ///
    /// # Panics
    /// When the ledger refuses.
    pub async fn withdraw(&self, by: &Campaigner, amount: u64) {
        by.wallet
            .withdraw(self.contract, amount, self.clock.time())
            .await
            .expect("a withdrawal is allowed");
        self.clock.advance(SEEN);
    }

    /// Free balance in the escrow, in tinybars, as the chain says.
    ///
    /// # Panics
    /// When the ledger does not answer.
    pub async fn available(&self, by: &Campaigner) -> u64 {
        let address = by.opened.evm_address.parse().expect("an address");
        let funds = self.app().ledger.sponsor_funds(address, hashbuzz_domain::Asset::Hbar).await;
        funds.expect("the ledger answers").free
    }

    /// The brand removes the app from its account.
    pub async fn revoke(&self, brand: &Campaigner) {
        let whom = json!({ "user": brand.handle });
        self.x.post::<Value>("/_standin/revoke", &whom).await;
    }

    /// The brand agrees again, and its profile is linked once more: from now on by OAuth 2.0.
    ///
    /// # Panics
    /// When it cannot be.
    pub async fn link_again(&self, brand: &Campaigner) {
        let (state, code) = self.signs_in(&brand.api, "brand", &brand.handle).await;
        let (status, body) = self.comes_back(&brand.api, &state, &code).await;
        assert_eq!(status, 200, "{body}");
    }

    /// Somebody goes to the network to link a profile, and agrees there as `handle`: what comes back
    /// with them.
    ///
    /// # Panics
    /// When the sign-in cannot be begun.
    pub async fn signs_in(&self, api: &Api, link_as: &str, handle: &str) -> (String, String) {
        let wanted = json!({ "link_as": link_as });
        let begun = api.send_json(Method::POST, "/v2/profiles/sign-ins", &wanted).await;
        assert_eq!(begun.0, 201, "{}", begun.1);
        let page = begun.1["url"].as_str().expect("a page to go to");
        self.x.consent(page, handle).await
    }

    /// What we say to whoever comes back from the network.
    pub async fn comes_back(&self, api: &Api, state: &str, code: &str) -> Answer {
        let back = json!({ "state": state, "code": code });
        api.send_json(Method::POST, "/v2/profiles/sign-ins/return", &back).await
    }

    /// People at the social network, with no wallet; their ids.
    pub async fn crowd(&self, count: usize) -> Vec<String> {
        let first = self.people.fetch_add(count, Ordering::Relaxed);
        let handles: Vec<String> = (first..first + count).map(|n| format!("crowd{n}")).collect();
        self.profiles(&handles).await.into_iter().map(|user| user.id).collect()
    }

    /// What people do, now or later, in the stand-in's own form.
    ///
    /// # Panics
    /// When one of these acts cannot be.
    pub async fn acts(&self, acts: &[Value]) {
        for acts in acts.chunks(50_000) {
            let answer: Value = self.x.post("/_standin/acts", &acts.into()).await;
            let rows = answer["acts"].as_array().expect("a row for each act");
            let refused = rows.iter().find(|row| row["refused"].is_string());
            assert!(refused.is_none(), "{refused:?}");
        }
    }

    /// What X has counted.
    pub async fn x_counted(&self) -> Value {
        self.x.get("/_standin/counters").await
    }

    /// Now, in microseconds.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Requests that X has had at an endpoint, whatever became of them.
    pub async fn asked_x(&self, endpoint: &str) -> u64 {
        let counters: Value = self.x.get("/_standin/counters").await;
        let routes = counters["requests"].as_array().expect("a list");
        let of = routes.iter().filter(|row| row["route"] == endpoint);
        of.map(|row| row["count"].as_u64().expect("a count")).sum()
    }

    /// People who have linked a wallet.
    pub async fn participants(&self, count: usize) -> Vec<Participant> {
        let people = self.passers_by(count).await;
        for person in &people {
            self.link(person).await;
        }
        people
    }

    /// People whom the system does not know.
    pub async fn passers_by(&self, count: usize) -> Vec<Participant> {
        let first = self.people.fetch_add(count, Ordering::Relaxed);
        let handles: Vec<String> = (first..first + count).map(|n| format!("person{n}")).collect();
        let profiles = self.profiles(&handles).await;
        let accounts = self.hedera.open(count, SMALL_CHANGE).await;
        self.clock.advance(SEEN);
        let both = profiles.into_iter().zip(accounts);
        both.map(|(x, opened)| Participant { profile: x.id, handle: x.handle, opened }).collect()
    }

    /// Somebody links their wallet.
    ///
    /// # Panics
    /// When they cannot.
    pub async fn link(&self, person: &Participant) {
        let account = self.registered(&person.opened, Role::Participant).await;
        let profile = person.profile.parse().expect("a profile id");
        link_personal(self.app(), account, profile, &person.handle).await.expect("they can link");
    }

    /// What somebody received so far, in tinybars, by the ledger's word.
    ///
    /// # Panics
    /// When the ledger does not answer.
    pub async fn received(&self, person: &Participant) -> u64 {
        let path = format!("/api/v1/accounts/{}", person.opened.account);
        let account: Value = self.hedera.get(&path).await;
        let balance = account["balance"]["balance"].as_u64().expect("an account has a balance");
        balance - SMALL_CHANGE
    }

    async fn registered(&self, opened: &Opened, role: Role) -> AccountId {
        let account = opened.account.parse().expect("an account id");
        let address = opened.evm_address.parse().expect("an address");
        register(self.app(), account, address, &[role]).await.expect("they can be registered");
        account
    }

    /// Ordinary people: years old, each born on a day of their own, with friends.
    async fn profiles(&self, handles: &[String]) -> Vec<XUser> {
        let born = |age: usize| {
            let days = 400 + 7 * u32::try_from(age % OLDEST).expect("a small number");
            let at = self.clock.now() - Span::from_secs(days * 86_400).micros();
            written(at)
        };
        let first = self.people.load(Ordering::Relaxed);
        let person = |(n, handle): (usize, &String)| {
            json!({
                "handle": handle, "created_at": born(first + n), "followers": 180,
                "following": 210, "posts": 900,
            })
        };
        let people: Vec<Value> = handles.iter().enumerate().map(person).collect();
        let answer: Value = self.x.post("/_standin/users", &people.into()).await;
        read(answer["users"].clone())
    }
}

/// A moment as X writes it.
fn written(micros: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(micros).expect("a date of this age");
    time.to_string()
}
