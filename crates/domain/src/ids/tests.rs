//! Identifiers: one spelling each.

use proptest::prelude::*;

use super::*;

const UUID: &str = "0190c1f2-a3b4-7c8d-9e0f-112233445566";

#[test]
fn a_campaign_id_is_a_uuid_in_lower_case_with_hyphens() {
    assert_eq!(UUID.parse::<CampaignId>().unwrap().to_string(), UUID);
    for text in [
        "",
        "0190C1F2-A3B4-7C8D-9E0F-112233445566",
        "0190c1f2a3b47c8d9e0f112233445566",
        "{0190c1f2-a3b4-7c8d-9e0f-112233445566}",
        "0190c1f2-a3b4-7c8d-9e0f-11223344556",
        "0190c1f2-a3b4-7c8d-9e0f-1122334455660",
        "0190c1f2-a3b4-7c8d-9e0f-11223344556g",
        "0190c1f2-a3b47-c8d-9e0f-112233445566",
        "0190c1f2-a3b4-7c8d-9e0f-1122334455é",
    ] {
        assert!(text.parse::<CampaignId>().is_err(), "{text}");
    }
}

#[test]
fn the_contract_key_is_the_uuid_and_sixteen_zero_bytes() {
    let key = UUID.parse::<CampaignId>().unwrap().contract_key();
    assert_eq!(hex::encode(key), format!("{}{}", UUID.replace('-', ""), "00".repeat(16)));
}

#[test]
fn an_account_has_one_spelling() {
    assert_eq!("0.0.1234".parse(), Ok(AccountId::new(1234)));
    let elsewhere = AccountId { shard: 1, realm: 2, num: u64::MAX };
    assert_eq!("1.2.18446744073709551615".parse(), Ok(elsewhere));
    for text in [
        "",
        "1234",
        "0.0",
        "0.0.",
        "0.0.01",
        "00.0.1",
        "0.0.1.2",
        "0.0.-1",
        "0.0.+1",
        "0.0.1 ",
        "0.0.0x1",
        "0.0.1-abcde",
        "0.0.18446744073709551616",
        "4294967296.0.1",
    ] {
        assert!(text.parse::<AccountId>().is_err(), "{text}");
    }
}

#[test]
fn an_evm_address_is_read_in_any_case_and_written_in_one() {
    let address: EvmAddress = "0x00000000000000000000000000000000004E2f1A".parse().unwrap();
    assert_eq!(address.to_string(), "0x00000000000000000000000000000000004e2f1a");
    for text in ["", "0x", "00000000000000000000000000000000004e2f1a", "0x4e2f1a"] {
        assert!(text.parse::<EvmAddress>().is_err(), "{text}");
    }
}

#[test]
fn an_id_of_a_network_is_printable_ascii_of_at_most_256_bytes() {
    for text in
        ["1234567890", "did:plc:abc", "at://did:plc:abc/app.bsky.feed.post/3k", &"x".repeat(256)]
    {
        assert_eq!(text.parse::<PostId>().unwrap().as_str(), text);
        assert_eq!(text.parse::<ProfileId>().unwrap().to_string(), text);
    }
    for text in ["", " ", "1 2", "1\n", "é", &"x".repeat(257)] {
        assert!(text.parse::<ProfileId>().is_err(), "{text:?}");
        assert!(text.parse::<PostId>().is_err(), "{text:?}");
    }
}

#[test]
fn an_error_repeats_at_most_80_characters_of_what_it_refuses() {
    let error = "y".repeat(10_000).parse::<AccountId>().unwrap_err().to_string();
    assert!(error.len() < 160, "{error}");
    assert!(error.ends_with("is not a ledger account (such as 0.0.1234)"), "{error}");
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(bytes in any::<[u8; 16]>(), evm in any::<[u8; 20]>(),
                                    account in any::<(u32, u32, u64)>()) {
        let campaign = CampaignId::from_bytes(bytes);
        prop_assert_eq!(campaign.to_string().parse(), Ok(campaign));
        let evm = EvmAddress(evm);
        prop_assert_eq!(evm.to_string().parse(), Ok(evm));
        let (shard, realm, num) = account;
        let account = AccountId { shard, realm, num };
        prop_assert_eq!(account.to_string().parse(), Ok(account));
    }

    #[test]
    fn any_text_is_an_id_or_an_error(text in "[0-9.]{0,20}|0x[0-9a-f]{38,42}|\\PC{0,40}") {
        if let Ok(account) = text.parse::<AccountId>() {
            prop_assert_eq!(account.to_string(), text.clone());
        }
        let _ = text.parse::<CampaignId>();
        let _ = text.parse::<EvmAddress>();
    }
}
