//! A server that answers like the X API v2, as unforgiving as the real one.
