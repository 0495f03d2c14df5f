//! What the ledger charges, what its coin is worth, and what a payout will take.

/// What the ledger charges now. The network changes the rate every hour, and seldom the price of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// Tinybars for one unit of gas.
    pub gas_tinybar: u64,
    /// So many US cents are worth [`Prices::hbar`].
    pub cents: u64,
    /// HBAR that are worth [`Prices::cents`].
    pub hbar: u64,
}

impl Prices {
    /// What tinybars are worth, in millionths of a dollar, rounded down. None when the network does
    /// not say what its coin is worth.
    pub fn usd_micros(&self, tinybar: u64) -> Option<u64> {
        // A HBAR is 100,000,000 tinybars, a cent is 10,000 millionths of a dollar.
        let worth = u128::from(tinybar).checked_mul(self.cents.into())?;
        let micros = worth.checked_div(u128::from(self.hbar) * 10_000)?;
        u64::try_from(micros).ok()
    }
}

/// What it takes to pay everybody of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayoutPlan {
    /// People who are paid.
    pub recipients: usize,
    /// Transactions: each is filled up to what its bytes and its gas allow.
    pub transactions: usize,
    /// Gas that all of them are expected to use. Their limits are higher: a recipient may be a
    /// contract that burns what it is given.
    pub gas: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tinybars_are_worth_follows_from_the_rate() {
        let prices = Prices { gas_tinybar: 106, cents: 8, hbar: 1 };
        assert_eq!(prices.usd_micros(100_000_000), Some(80_000));
        assert_eq!(prices.usd_micros(1_249), Some(0));
        assert_eq!(prices.usd_micros(1_250), Some(1));
        assert_eq!(prices.usd_micros(u64::MAX), Some(14_757_395_258_967_641));
        // As the network gives it: 30,000 HBAR for 580,000 cents.
        let prices = Prices { gas_tinybar: 106, cents: 580_000, hbar: 30_000 };
        assert_eq!(prices.usd_micros(100_000_000), Some(193_333));
        assert_eq!(Prices { hbar: 0, ..prices }.usd_micros(1), None);
    }
}
