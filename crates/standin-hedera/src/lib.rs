//! A server that answers like a Hedera node (gRPC) and a mirror node (REST); contracts run in revm.
