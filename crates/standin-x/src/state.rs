//! The world in a file, so that a restart goes on where the last run ended.
//!
//! The file is written whole, beside its place, and then moved there: whoever reads it finds the
//! old world or the new one. It is written within a second of a change, so a process that is
//! killed loses what came after. A file that cannot be understood is never overwritten.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::world::World;

/// Counts changes of the file's shape.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize)]
struct Written<'a> {
    format: u32,
    address: SocketAddr,
    world: &'a World,
}

#[derive(Debug, Deserialize)]
struct Read {
    /// Where the stand-in listened when the file was written.
    address: SocketAddr,
    world: World,
}

#[derive(Debug, Deserialize)]
struct Format {
    format: u32,
}

/// The world in this file, which now listens at `address`; nothing when there is no file.
pub(crate) fn load(path: &Path, address: SocketAddr) -> io::Result<Option<World>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, &error.to_string())),
    };
    let format: Format =
        serde_json::from_slice(&bytes).map_err(|error| unreadable(path, &error.to_string()))?;
    if format.format != FORMAT {
        let why = format!("it has format {}, and this program writes {FORMAT}", format.format);
        return Err(unreadable(path, &why));
    }
    let read: Read =
        serde_json::from_slice(&bytes).map_err(|error| unreadable(path, &error.to_string()))?;
    let mut world = read.world;
    if world.settings.public_base_url == base_url(read.address) {
        world.settings.public_base_url = base_url(address);
    }
    Ok(Some(world))
}

/// The world as it stands in a file.
pub(crate) fn written(world: &World, address: SocketAddr) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(&Written { format: FORMAT, address, world })?)
}

/// Puts these bytes in the place of the file.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// What a client is told that the stand-in's address is, unless somebody says otherwise.
pub(crate) fn base_url(address: SocketAddr) -> String {
    format!("http://{address}")
}

fn unreadable(path: &Path, why: &str) -> io::Error {
    let message = format!("the state in {} cannot be read: {why}", path.display());
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Maps whose keys are no strings, as lists of pairs.
pub(crate) mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<'a, M, K, V, S>(map: &'a M, serializer: S) -> Result<S::Ok, S::Error>
    where
        &'a M: IntoIterator<Item = (&'a K, &'a V)>,
        K: Serialize + 'a,
        V: Serialize + 'a,
        S: Serializer,
    {
        serializer.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, M, K, V, D>(deserializer: D) -> Result<M, D::Error>
    where
        M: FromIterator<(K, V)>,
        K: Deserialize<'de>,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
