//! The features: accounts, campaigns, engagement, closing, treasury, and their HTTP API.
