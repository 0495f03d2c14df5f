//! What the demo says: one line a step, with the time since it began.
//!
//! With `--json` standard output belongs to the summary, and the story goes to standard error.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// The narrator.
#[derive(Debug)]
pub(super) struct Story {
    began: Instant,
    json: bool,
    bar: Option<ProgressBar>,
}

impl Story {
    /// Begins now.
    pub(super) fn begin(json: bool) -> Self {
        Self { began: Instant::now(), json, bar: None }
    }

    /// Since the beginning.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// When the demo began.
    pub(super) const fn began(&self) -> Instant {
        self.began
    }

    /// A line about somebody or something.
    pub(super) fn say(&self, who: &str, what: &str) {
        self.line(&format!("+{} s  {who:<14} {what}", tenths(self.elapsed())));
    }

    /// A line without a time.
    pub(super) fn line(&self, text: &str) {
        // Whoever read along may have left (`| head`): the demo ends all the same, and its exit code
        // says how.
        let print = || {
            let _ = if self.json {
                writeln!(std::io::stderr(), "{text}")
            } else {
                writeln!(std::io::stdout(), "{text}")
            };
        };
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Shows a progress bar of this length, if somebody watches.
    pub(super) fn expect(&mut self, steps: u64) {
        if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("[{elapsed_precise}] {wide_bar} {msg}");
            let bar = ProgressBar::new(steps);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar = Some(bar);
        }
    }

    /// So many of the steps are done.
    pub(super) fn progress(&self, steps: u64, message: &str) {
        if let Some(bar) = &self.bar {
            bar.set_position(steps);
            bar.set_message(message.to_owned());
        }
    }

    /// Takes the progress bar away.
    pub(super) fn expect_no_more(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Seconds with one decimal, aligned.
fn tenths(time: Duration) -> String {
    format!("{:>3}.{}", time.as_secs(), time.subsec_millis() / 100)
}
