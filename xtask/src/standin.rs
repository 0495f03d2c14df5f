//! A stand-in as a child process: it says one line when it is ready, and is ended by its process id.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};

/// The stand-in, which is ended when this is dropped.
pub(crate) struct Standin(Child);

impl Drop for Standin {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing left to do then.
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// Starts one and returns when it is ready, with the line that says everything.
pub(crate) fn start(program: &Path, args: &[&str]) -> anyhow::Result<(String, Standin)> {
    let child = Command::new(program)
        .args(args)
        // It ends with this pipe, should this process be killed.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    let mut standin = Standin(child);
    let output = standin.0.stdout.take().context("its standard output was piped")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).context("the stand-in cannot be read")?;
    ensure!(!line.is_empty(), "the stand-in ended before it was ready");
    Ok((line, standin))
}
