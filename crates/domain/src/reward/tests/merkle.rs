//! The commitment, against roots and proofs that version 1.0.8 of the npm package
//! `@openzeppelin/merkle-tree` gave for the same lines (`StandardMerkleTree.of(values, types)`).

use crate::CampaignId;
use crate::reward::merkle::*;

const SALT: [u8; 32] = [0x5a; 32];
const ROOTS: [(usize, &str); 6] = [
    (1, "d5b138aab733439cb3ac6687e9de46260d84eb6d52ca83dfaf10c5f428253128"),
    (2, "a04948f325d9abd04b11d0ca0e8740a6959d7b935e23ef2fec0a56147a42ccaf"),
    (3, "90fea1701eda5832e682f02f17c09f87736726e1cd6bbb94e4c7aca79fd841b3"),
    (5, "5c20cd489bfcbb4970574d8a0bbe3c2be8d3e14a737af5c0f840b93699ad2de9"),
    (8, "c535e9f78ca25afc298e5bb9018e447656bb087425a24dac1b218531ae904d59"),
    (13, "3c9d5694884d83df1bbd7465da7ef6375fa8710f657c7c5e6ce28ec04bb9ff04"),
];

fn campaign() -> CampaignId {
    "0190c1f2-a3b4-7c8d-9e0f-112233445566".parse().unwrap()
}

fn scope() -> Scope {
    let contract = "0x00000000000000000000000000000000004e2f1a".parse().unwrap();
    Scope { chain: 296, contract, campaign: campaign() }
}

/// Lines 0 to `count`: profile 1000 + i receives 25,000,000 + i.
fn leaves(count: usize) -> Vec<Hash> {
    let line = |i: u32| {
        let profile = (1_000 + i).to_string().parse().unwrap();
        scope().leaf(i, &profile_digest(&SALT, &profile), 25_000_000 + u64::from(i))
    };
    (0..u32::try_from(count).unwrap()).map(line).collect()
}

#[test]
fn a_profile_goes_in_as_a_salted_digest() {
    let digest = profile_digest(&SALT, &"1000".parse().unwrap());
    assert_eq!(
        hex::encode(digest),
        "7c18cf7f64e426b452c36612174e2ab6848b12b8f2adbef57abda40e8c992279"
    );
}

#[test]
fn roots_are_those_of_the_reference_implementation() {
    for (count, root) in ROOTS {
        assert_eq!(hex::encode(Tree::new(&leaves(count)).root()), root, "{count} lines");
    }
}

#[test]
fn the_largest_values_are_encoded_as_the_reference_does() {
    let widest = Scope { chain: 295, contract: crate::EvmAddress([0xff; 20]), ..scope() };
    let leaf = widest.leaf(u32::MAX, &profile_digest(&SALT, &"x".parse().unwrap()), u64::MAX);
    assert_eq!(
        hex::encode(leaf),
        "cf69b714dcd556389babaf1c5c60e84354f184c5240d472801ce62932f53636b"
    );
}

#[test]
fn proofs_are_those_of_the_reference_implementation() {
    let tree = Tree::new(&leaves(5));
    let proof = |position| -> Vec<String> {
        tree.proof(position).unwrap().iter().map(hex::encode).collect()
    };
    assert_eq!(
        proof(1),
        [
            "23477008a4d5569e5e2ff4c179e391891c9030bdb7e1ee73cda794c180455465",
            "d5b138aab733439cb3ac6687e9de46260d84eb6d52ca83dfaf10c5f428253128",
            "0e0badf4b70847343240b43eed48fc0627c9ad436d27b1631bcd86f7ee25f630",
        ]
    );
    assert_eq!(
        proof(3),
        [
            "35e59edf9493535f99e01ba4f986ad1126be9710b1feb5f960cf2e2595f9d290",
            "630f5c41a56afc7fcc5f7b7dfc06567d0eabd354380077bbe25b61f190d5e44c",
        ]
    );
}

#[test]
fn the_empty_tree_has_a_root_of_zeros_and_no_proofs() {
    let tree = Tree::new(&[]);
    assert_eq!(tree.root(), [0; 32]);
    assert_eq!(tree.proof(0), None);
}

#[test]
fn a_single_line_is_its_own_root() {
    let leaves = leaves(1);
    let tree = Tree::new(&leaves);
    assert_eq!((tree.root(), tree.proof(0)), (leaves[0], Some(vec![])));
}

#[test]
fn every_proof_leads_to_the_root_and_to_no_other() {
    for count in 1..=33 {
        let leaves = leaves(count);
        let tree = Tree::new(&leaves);
        let other = Tree::new(&self::leaves(count + 1)).root();
        for (position, leaf) in leaves.iter().enumerate() {
            let proof = tree.proof(position).unwrap();
            assert!(verify(&tree.root(), *leaf, &proof), "{position} of {count}");
            assert!(!verify(&other, *leaf, &proof), "{position} of {count}");
        }
        assert_eq!(tree.proof(count), None);
    }
}

#[test]
fn another_index_profile_amount_or_scope_is_another_leaf() {
    let (ann, bob) = (["ann", "bob"]).map(|id| profile_digest(&SALT, &id.parse().unwrap())).into();
    let leaf = scope().leaf(0, &ann, 7);
    let elsewhere = CampaignId::from_bytes([1; 16]);
    for other in [
        scope().leaf(1, &ann, 7),
        scope().leaf(0, &bob, 7),
        scope().leaf(0, &ann, 8),
        Scope { chain: 297, ..scope() }.leaf(0, &ann, 7),
        Scope { contract: crate::EvmAddress([1; 20]), ..scope() }.leaf(0, &ann, 7),
        Scope { campaign: elsewhere, ..scope() }.leaf(0, &ann, 7),
    ] {
        assert_ne!(leaf, other);
    }
    assert_ne!(profile_digest(&[1; 32], &"ann".parse().unwrap()), ann);
}
