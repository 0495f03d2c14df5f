//! Small contracts, assembled by hand.

/// Puts a constructor around a contract of fewer than 256 bytes.
pub(crate) fn deployable(runtime: &str) -> Vec<u8> {
    let runtime = hex::decode(runtime).unwrap();
    let length = u8::try_from(runtime.len()).unwrap();
    // PUSH1 length, DUP1, PUSH1 11, PUSH1 0, CODECOPY, PUSH1 0, RETURN
    let mut code = vec![0x60, length, 0x80, 0x60, 11, 0x60, 0, 0x39, 0x60, 0, 0xf3];
    code.extend(runtime);
    code
}

/// Sends the value it gets to the address in its first word and returns whether that worked; what
/// could not be sent stays.
pub(crate) const FORWARDER: &str = "60006000600060003460003561fffff160005260206000f3";

/// Emits two events with the first word as the topic and the second word as the data.
pub(crate) const LOGGER: &str = "60203560005260003560206000a160003560206000a100";

/// Reverts with de ad be ef.
pub(crate) const REVERTER: &str = "63deadbeef6000526004601cfd";

/// Returns the block's timestamp.
pub(crate) const TIMEKEEPER: &str = "4260005260206000f3";

/// Stores its second word under its first, and then fails if there is a third word.
pub(crate) const STORE: &str = "6020356000355560403515600f57fe5b00";

/// Creates a contract that accepts value, gives it the value it gets and returns its address.
pub(crate) const FACTORY: &str = "6b600180600b6000396000f300600052600c601434f060005260206000f3";

/// Destroys itself in favour of the address in its first word.
pub(crate) const BEQUEATHER: &str = "600035ff";

/// Calls the address in its first word with the bytes after it, and answers like what it called.
pub(crate) const CALLER: &str =
    "6020360360206000376000600060203603600060006000355af13d600060003e6027573d6000fd5b3d6000f3";

/// The same, but it always reverts in the end.
pub(crate) const REGRETTER: &str =
    "6020360360206000376000600060203603600060006000355af13d600060003e503d6000fd";

/// The same, but whatever happens to what it called, it succeeds and returns nothing.
pub(crate) const IGNORER: &str = "6020360360206000376000600060203603600060006000355af15000";
