//! Events that must not be lost, and effects that must not happen twice.
