//! The test world: the system over real sockets, on a clock that the test moves.
