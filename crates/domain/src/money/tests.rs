//! Money: exact in both directions, and refused where it would not be.

use proptest::prelude::*;

use super::*;

const GOLD: Asset = Asset::Token { id: AccountId::new(1234), decimals: 2 };
const WHOLE: Asset = Asset::Token { id: AccountId::new(1235), decimals: 0 };
const FINE: Asset = Asset::Token { id: AccountId::new(1236), decimals: 18 };

fn units(asset: Asset, text: &str) -> Result<u64, MalformedAmount> {
    asset.parse(text).map(Amount::units)
}

#[test]
fn decimal_text_is_parsed_exactly() {
    for (asset, text, expected) in [
        (Asset::Hbar, "4.35", 435_000_000),
        (Asset::Hbar, "0", 0),
        (Asset::Hbar, "0.00000001", 1),
        (Asset::Hbar, "12.50", 1_250_000_000),
        (Asset::Hbar, "007", 700_000_000),
        (Asset::Hbar, "184467440737.09551615", u64::MAX),
        (GOLD, "20", 2_000),
        (GOLD, "0.07", 7),
        (WHOLE, "18446744073709551615", u64::MAX),
        (FINE, "18.446744073709551615", u64::MAX),
    ] {
        assert_eq!(units(asset, text), Ok(expected), "{text} {asset}");
    }
}

#[test]
fn what_is_no_decimal_is_refused() {
    let texts = [
        "", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1.2.3", " 1", "1 ", "0x1", "１", "NaN",
        "1_000",
    ];
    for text in texts {
        assert_eq!(units(Asset::Hbar, text), Err(MalformedAmount::NotADecimal), "{text:?}");
    }
}

#[test]
fn more_decimals_than_the_asset_has_are_refused_even_when_they_are_zeros() {
    assert_eq!(
        units(GOLD, "0.070").unwrap_err().to_string(),
        "0.0.1234 has 2 decimals, the amount has 3"
    );
    assert!(units(WHOLE, "1.0").is_err());
    assert!(units(Asset::Hbar, "0.000000001").is_err());
}

#[test]
fn more_than_can_exist_is_refused() {
    for (asset, text) in [
        (Asset::Hbar, "184467440737.09551616"),
        (WHOLE, "18446744073709551616"),
        (FINE, "18.446744073709551616"),
        (WHOLE, "99999999999999999999999999999999999999999999"),
    ] {
        assert_eq!(units(asset, text), Err(MalformedAmount::TooLarge), "{text}");
    }
}

#[test]
fn amounts_are_shown_without_needless_zeros_and_with_their_asset() {
    assert_eq!(Amount::new(1_250_000_000, Asset::Hbar).to_string(), "12.5 HBAR");
    assert_eq!(Amount::new(1, Asset::Hbar).to_string(), "0.00000001 HBAR");
    assert_eq!(Amount::new(0, Asset::Hbar).to_string(), "0 HBAR");
    assert_eq!(Amount::new(2_000, GOLD).to_string(), "20 0.0.1234");
    assert_eq!(Amount::new(10, WHOLE).to_decimal(), "10");
}

#[test]
fn different_assets_are_never_added_or_subtracted() {
    let (hbar, gold) = (Amount::new(5, Asset::Hbar), Amount::new(3, GOLD));
    assert_eq!(hbar.checked_add(gold), None);
    assert_eq!(hbar.checked_sub(gold), None);
    let other_decimals = Asset::Token { id: AccountId::new(1234), decimals: 3 };
    assert_eq!(gold.checked_add(Amount::new(1, other_decimals)), None);
}

#[test]
fn sums_and_differences_that_do_not_fit_are_none() {
    let (most, one) = (Amount::new(u64::MAX, GOLD), Amount::new(1, GOLD));
    assert_eq!(most.checked_add(one), None);
    assert_eq!(one.checked_sub(most), None);
    assert_eq!(most.checked_sub(one).and_then(|less| less.checked_add(one)), Some(most));
}

#[test]
fn a_fee_is_rounded_down() {
    let fee = |units, basis_points| Amount::new(units, GOLD).basis_points(basis_points);
    assert_eq!(fee(10_000, 1_000), Some(Amount::new(1_000, GOLD)));
    assert_eq!(fee(19, 1_000), Some(Amount::new(1, GOLD)));
    assert_eq!(fee(9, 1_000), Some(Amount::new(0, GOLD)));
    assert_eq!(fee(u64::MAX, 10_000), Some(Amount::new(u64::MAX, GOLD)));
    assert_eq!(fee(u64::MAX, 10_001), None);
}

fn asset() -> impl Strategy<Value = Asset> {
    let token = (any::<u64>(), 0..=18_u8)
        .prop_map(|(num, decimals)| Asset::Token { id: AccountId::new(num), decimals });
    prop_oneof![Just(Asset::Hbar), token]
}

proptest! {
    #[test]
    fn what_is_shown_is_parsed_back(asset in asset(), units in any::<u64>()) {
        let amount = Amount::new(units, asset);
        prop_assert_eq!(asset.parse(&amount.to_decimal()), Ok(amount));
    }

    #[test]
    fn any_text_is_an_amount_or_an_error(asset in asset(), text in "[0-9.]{0,24}|\\PC{0,8}") {
        if let Ok(amount) = asset.parse(&text) {
            prop_assert_eq!(asset.parse(&amount.to_decimal()), Ok(amount));
        }
    }

    #[test]
    fn a_fee_is_never_above_its_share(units in any::<u64>(), basis_points in 0..=10_000_u16) {
        let fee = Amount::new(units, Asset::Hbar).basis_points(basis_points).unwrap().units();
        let exact = u128::from(units) * u128::from(basis_points);
        prop_assert!(u128::from(fee) * 10_000 <= exact);
        prop_assert!(exact < (u128::from(fee) + 1) * 10_000);
    }
}
