//! Topics: who may send, how messages are numbered and hashed, and how the mirror tells of them.

use std::time::Duration;

use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{self as proto, ResponseCodeEnum as Code};
use sha2::{Digest, Sha384};

use crate::harness::{EPOCH, Net, Owner};

async fn topic_of(net: &Net, owner: &Owner) -> i64 {
    let create = proto::ConsensusCreateTopicTransactionBody {
        submit_key: Some(owner.public()),
        auto_renew_period: Some(proto::Duration { seconds: 7_776_000 }),
        ..Default::default()
    };
    let (receipt, code) = net.carry_out(owner, Data::ConsensusCreateTopic(create)).await;
    assert_eq!(code, Code::Success);
    receipt.topic_id.unwrap().topic_num
}

fn say(topic: i64, message: &str) -> Data {
    Data::ConsensusSubmitMessage(proto::ConsensusSubmitMessageTransactionBody {
        topic_id: Some(proto::TopicId { shard_num: 0, realm_num: 0, topic_num: topic }),
        message: message.as_bytes().to_vec(),
        chunk_info: None,
    })
}

#[tokio::test]
async fn the_running_hash_can_be_computed_from_what_the_mirror_tells() {
    let net = Net::manual().await;
    let owner = net.owner(100).await;
    let topic = topic_of(&net, &owner).await;
    let mut hash = [0; 48];
    for (n, text) in ["first", "second"].into_iter().enumerate() {
        let (receipt, code) = net.carry_out(&owner, say(topic, text)).await;
        assert_eq!(code, Code::Success);
        assert_eq!(receipt.topic_sequence_number, n as u64 + 1);
        assert_eq!(receipt.topic_running_hash_version, 3);
        net.advance(Duration::from_secs(1));
        let shown = net.ok(&format!("/api/v1/topics/0.0.{topic}/messages/{}", n + 1)).await;
        let at = shown["consensus_timestamp"].as_str().unwrap();
        let (seconds, nanos) = at.split_once('.').unwrap();
        let (seconds, nanos): (i64, i32) = (seconds.parse().unwrap(), nanos.parse().unwrap());
        assert!(seconds >= EPOCH);
        let id = |num: i64| [[0; 8], [0; 8], num.to_be_bytes()].concat();
        let text = Sha384::digest(text);
        let input = [
            hash.as_slice(),
            &3_i64.to_be_bytes(),
            &id(owner.num),
            &id(topic),
            &seconds.to_be_bytes(),
            &nanos.to_be_bytes(),
            &(n as u64 + 1).to_be_bytes(),
            text.as_slice(),
        ];
        hash = Sha384::digest(input.concat()).into();
        assert_eq!(receipt.topic_running_hash, hash);
    }
}

#[tokio::test]
async fn only_who_has_the_submit_key_may_send_and_nothing_empty_or_too_long() {
    let net = Net::manual().await;
    let owners = net.owners(2, 100).await;
    let topic = topic_of(&net, &owners[0]).await;
    let refused = net.carry_out(&owners[1], say(topic, "hello")).await.1;
    assert_eq!(refused, Code::InvalidSignature);
    let long = net.carry_out(&owners[0], say(topic, &"x".repeat(1_025))).await.1;
    assert_eq!(long, Code::MessageSizeTooLarge);
    let unknown = net.carry_out(&owners[0], say(999_999, "hello")).await.1;
    assert_eq!(unknown, Code::InvalidTopicId);
    net.advance(Duration::from_secs(1));
    let shown = net.ok(&format!("/api/v1/topics/0.0.{topic}/messages")).await;
    assert_eq!(shown["messages"].as_array().unwrap().len(), 0);
}
