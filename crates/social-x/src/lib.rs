//! The X API v2 behind the social port.
