//! The stand-in alone, on two given addresses: `standin-hedera 127.0.0.1:50211 127.0.0.1:5600`.
//!
//! It builds in a fraction of the time of the whole program, which `cargo xtask hiero-e2e` wants;
//! people use `hashbuzz standin hedera`. It says one line of JSON when it is ready, and ends with
//! its standard input.

use std::io;

use hashbuzz_standin_hedera::{Config, start};
use tokio::io::AsyncReadExt as _;

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut addresses = std::env::args().skip(1).map(|text| text.parse());
    let mut address = || match addresses.next() {
        Some(Ok(address)) => Ok(address),
        _ => Err(io::Error::other("two addresses, please: the node's and the mirror's")),
    };
    let config = Config {
        node_listen: address()?,
        mirror_listen: address()?,
        founders: 4,
        ..Config::default()
    };
    let running = start(config).await?;
    println!("{}", running.introduction());
    let mut rest = Vec::new();
    tokio::io::stdin().read_to_end(&mut rest).await?;
    running.shutdown().await;
    Ok(())
}
