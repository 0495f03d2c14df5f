//! Who is there from the beginning: people with keys, so that whoever starts the stand-in can ask
//! it something at once.

use serde_json::{Value, json};

use super::people::{self, Person};
use crate::server::Shared;
use crate::state::base_url;
use crate::world::World;

const NAMES: [(&str, &str); 8] = [
    ("ada", "Ada Bright"),
    ("ben", "Ben Carter"),
    ("cleo", "Cleo Dane"),
    ("dara", "Dara Ellis"),
    ("eli", "Eli Frost"),
    ("fay", "Fay Grant"),
    ("gus", "Gus Hale"),
    ("hana", "Hana Ives"),
];

/// Lets this many people in.
pub(crate) fn settle(world: &mut World, count: usize, now: i64) {
    for place in 0..count {
        let (handle, name) = match NAMES.get(place) {
            Some((handle, name)) => ((*handle).to_owned(), (*name).to_owned()),
            None => (format!("person{place}"), format!("Person {place}")),
        };
        let person = Person::called(handle, name);
        let id = people::add(world, person, now).map(|(id, _)| id);
        world.founders.extend(id);
    }
}

/// Everything that a client needs to be told: addresses, the app's keys, and the founders' keys as
/// they are now.
pub(crate) fn introduction(shared: &Shared, address: std::net::SocketAddr) -> Value {
    let world = shared.look();
    let base = base_url(address);
    let founders = world.founders.iter().filter_map(|id| world.users.get(*id));
    let users: Vec<Value> = founders
        .map(|user| {
            let mut shown = people::described(user);
            world.keys.of(user.id).into_iter().for_each(|(kind, keys)| shown[kind] = keys);
            shown
        })
        .collect();
    json!({
        "base_url": base,
        "control_url": format!("{base}/_standin"),
        "limits": world.limits.name(),
        "app": world.app.shown(),
        "users": users,
    })
}
