//! Money: whole numbers of an asset's smallest unit. There is no float anywhere near it.
//!
//! Decimal text is parsed exactly; more digits than the asset has is an error, because rounding a
//! person's amount is a decision that nobody asked us to take.

#[cfg(test)]
mod tests;

use std::fmt;

use crate::AccountId;

/// What an amount is an amount of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asset {
    /// The ledger's own coin; the unit is the tinybar, 1e-8 HBAR.
    Hbar,
    /// A fungible token of the ledger's token service, by its id; the unit is the token's smallest.
    Token {
        /// `0.0.n` of the token.
        id: AccountId,
        /// Digits after the point, as the network says (0 to 18).
        decimals: u8,
    },
}

impl Asset {
    /// Digits after the decimal point.
    pub const fn decimals(self) -> u8 {
        match self {
            Self::Hbar => 8,
            Self::Token { decimals, .. } => decimals,
        }
    }

    /// The amount that `text` says, exactly.
    ///
    /// # Errors
    /// Anything but digits with at most one point; more digits after the point than the asset has;
    /// more than `u64::MAX` units.
    pub fn parse(self, text: &str) -> Result<Amount, MalformedAmount> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let shape = !whole.is_empty()
            && digits(whole)
            && digits(fraction)
            && text.contains('.') != fraction.is_empty();
        if !shape {
            return Err(MalformedAmount::NotADecimal);
        }
        let decimals = usize::from(self.decimals());
        if fraction.len() > decimals {
            return Err(MalformedAmount::TooManyDecimals { asset: self, given: fraction.len() });
        }
        let units = format!("{whole}{fraction:0<decimals$}");
        match units.trim_start_matches('0') {
            "" => Ok(Amount::new(0, self)),
            units => {
                let units = units.parse().map_err(|_| MalformedAmount::TooLarge)?;
                Ok(Amount::new(units, self))
            }
        }
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hbar => f.write_str("HBAR"),
            Self::Token { id, .. } => write!(f, "{id}"),
        }
    }
}

/// A decimal text that is not an amount of the asset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedAmount {
    /// Not digits with at most one point between digits.
    #[error("an amount is digits with at most one decimal point, such as 12.5")]
    NotADecimal,
    /// More precise than the asset.
    #[error("{asset} has {} decimals, the amount has {given}", asset.decimals())]
    TooManyDecimals {
        /// The asset that was meant.
        asset: Asset,
        /// Digits after the point in the text.
        given: usize,
    },
    /// Does not fit 64 bits.
    #[error("the amount is larger than any that can exist")]
    TooLarge,
}

/// Whole units of one asset.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount {
    units: u64,
    asset: Asset,
}

impl Amount {
    /// `units` of the asset's smallest unit.
    pub const fn new(units: u64, asset: Asset) -> Self {
        Self { units, asset }
    }

    /// The number of smallest units.
    pub const fn units(self) -> u64 {
        self.units
    }

    /// What it is an amount of.
    pub const fn asset(self) -> Asset {
        self.asset
    }

    /// The sum; nothing when the assets differ or the sum does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        (self.asset == other.asset)
            .then(|| self.units.checked_add(other.units))
            .flatten()
            .map(|units| Self::new(units, self.asset))
    }

    /// The difference; nothing when the assets differ or it would be negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        (self.asset == other.asset)
            .then(|| self.units.checked_sub(other.units))
            .flatten()
            .map(|units| Self::new(units, self.asset))
    }

    /// `basis_points` ten-thousandths of it, rounded down: the deployment's fee on a budget. Down,
    /// because the contract refuses a fee above the share that the sponsor allowed.
    pub fn basis_points(self, basis_points: u16) -> Option<Self> {
        let product = u128::from(self.units) * u128::from(basis_points);
        let units = u64::try_from(product / 10_000).ok()?;
        Some(Self::new(units, self.asset))
    }

    /// The number without the asset's name, as [`Asset::parse`] reads it.
    pub fn to_decimal(self) -> String {
        let decimals = usize::from(self.asset.decimals());
        let digits = format!("{:0>width$}", self.units, width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.asset)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
