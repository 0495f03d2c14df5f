//! What a point does in an armed program.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::statement::written;
use crate::{AT, RECORD};

/// Outside of every context.
const NOWHERE: &str = "loop";

tokio::task_local! {
    static CONTEXT: String;
}

/// What the environment asked for when the first point was reached.
struct Plan {
    record: Option<File>,
    at: Option<String>,
    /// How often each site was reached in each context.
    reached: Mutex<HashMap<String, u64>>,
}

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let record = std::env::var_os(RECORD).map(|path| {
        // One write a line, at the end of the file: several processes may share it.
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.expect("the file for the record can be written")
    });
    Plan { record, at: std::env::var(AT).ok(), reached: Mutex::default() }
});

/// Names the context of every point that `future` reaches in its own task.
pub fn within<F: Future>(context: &str, future: F) -> impl Future<Output = F::Output> + use<F> {
    CONTEXT.scope(context.to_owned(), future)
}

/// A point was reached.
pub fn hit(site: &str) {
    PLAN.reach(site);
}

/// A point at a statement was reached. Reads change nothing, so nothing is lost there that is not
/// lost at their neighbours.
pub fn hit_statement(site: &str, sql: &str) {
    if let Some((verb, table)) = written(sql) {
        PLAN.reach(&format!("{site} {verb} {table}"));
    }
}

impl Plan {
    fn reach(&self, site: &str) {
        if self.record.is_none() && self.at.is_none() {
            return;
        }
        let context = CONTEXT.try_with(Clone::clone).unwrap_or_else(|_| NOWHERE.to_owned());
        let place = format!("{site}@{context}");
        let label = {
            let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
            let times = reached.entry(place.clone()).or_default();
            *times += 1;
            format!("{place}#{times}")
        };
        if let Some(mut record) = self.record.as_ref() {
            let written = record.write_all(format!("{label}\n").as_bytes());
            written.expect("the record can be written");
        }
        if self.at.as_ref() == Some(&label) {
            std::process::abort();
        }
    }
}
