// The SDK that most of the Hedera world uses, against the stand-in's node and mirror.
//
// Everything goes through the SDK's public API, as an application would do it; only the addresses
// are the stand-in's.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  AccountAllowanceApproveTransaction,
  AccountBalanceQuery,
  AccountCreateTransaction,
  AccountId,
  AccountInfoQuery,
  Client,
  ContractCallQuery,
  ContractCreateFlow,
  ContractExecuteTransaction,
  ContractFunctionParameters,
  FileAppendTransaction,
  FileContentsQuery,
  FileCreateTransaction,
  Hbar,
  PrivateKey,
  Status,
  TokenAssociateTransaction,
  TokenCreateTransaction,
  TokenInfoQuery,
  TopicCreateTransaction,
  TopicInfoQuery,
  TopicMessageQuery,
  TopicMessageSubmitTransaction,
  Transaction,
  TransactionReceiptQuery,
  TransactionRecordQuery,
  TransferTransaction,
} from "@hiero-ledger/sdk";

const line = process.env.HASHBUZZ_STANDIN_HEDERA;
if (!line) {
  throw new Error("HASHBUZZ_STANDIN_HEDERA is not set: run these tests by `cargo xtask sdk`");
}
const said = JSON.parse(line);

const client = Client.forNetwork(
  { [said.node]: AccountId.fromString(said.node_account) },
  { scheduleNetworkUpdate: false },
);
client.setMirrorNetwork([said.mirror]);
const operator = AccountId.fromString(said.operator.account);
const operatorKey = PrivateKey.fromStringDer(said.operator.private_key);
client.setOperator(operator, operatorKey);
after(() => client.close());

/** Opens an account; answers its id and key. */
async function account({ key = PrivateKey.generateED25519(), hbar = 10, slots = 0 } = {}) {
  const response = await new AccountCreateTransaction()
    .setKeyWithoutAlias(key.publicKey)
    .setInitialBalance(new Hbar(hbar))
    .setMaxAutomaticTokenAssociations(slots)
    .execute(client);
  return { id: (await response.getReceipt(client)).accountId, key };
}

/** Signs with another key too, sends, and waits for the receipt. */
async function signed(transaction, ...keys) {
  const frozen = await transaction.freezeWith(client);
  for (const key of keys) await frozen.sign(key);
  return (await frozen.execute(client)).getReceipt(client);
}

/** The mirror is a little behind. */
async function mirror(path, wanted = () => true) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const response = await fetch(`http://${said.mirror}/api/v1/${path}`);
    const body = await response.json();
    if (response.ok && wanted(body)) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the mirror does not come to know ${path}`);
}

test("accounts are opened, asked and paid, with both kinds of keys", async () => {
  for (const key of [PrivateKey.generateED25519(), PrivateKey.generateECDSA()]) {
    const { id } = await account({ key, hbar: 3 });
    const info = await new AccountInfoQuery().setAccountId(id).execute(client);
    assert.equal(info.key.toString(), key.publicKey.toString());

    const response = await new TransferTransaction()
      .addHbarTransfer(operator, Hbar.fromTinybars(-700))
      .addHbarTransfer(id, Hbar.fromTinybars(700))
      .setTransactionMemo("seven hundred")
      .execute(client);
    const record = await response.getRecord(client);
    assert.equal(record.receipt.status, Status.Success);
    assert.equal(record.transactionMemo, "seven hundred");
    assert.ok(record.transfers.some((transfer) => transfer.amount.toTinybars().eq(700)));
    const balance = await new AccountBalanceQuery().setAccountId(id).execute(client);
    assert.equal(balance.hbars.toTinybars().toString(), "300000700");
  }
});

test("a transaction survives being stored, and is carried out once", async () => {
  const { id } = await account();
  const frozen = await new TransferTransaction()
    .addHbarTransfer(operator, Hbar.fromTinybars(-5))
    .addHbarTransfer(id, Hbar.fromTinybars(5))
    .freezeWith(client)
    .sign(operatorKey);
  const bytes = frozen.toBytes();
  const first = await Transaction.fromBytes(bytes).execute(client);
  await first.getReceipt(client);
  await assert.rejects(Transaction.fromBytes(bytes).execute(client), (error) => {
    return error.status === Status.DuplicateTransaction;
  });
  const receipt = await new TransactionReceiptQuery()
    .setTransactionId(first.transactionId)
    .execute(client);
  assert.equal(receipt.status, Status.Success);
  const balance = await new AccountBalanceQuery().setAccountId(id).execute(client);
  assert.equal(balance.hbars.toTinybars().toString(), "1000000005");
});

test("a token is made, associated, given and taken by allowance", async () => {
  const created = await signed(
    new TokenCreateTransaction()
      .setTokenName("Buzz")
      .setTokenSymbol("BZZ")
      .setDecimals(2)
      .setInitialSupply(1_000)
      .setTreasuryAccountId(operator)
      .setAdminKey(operatorKey.publicKey)
      .setSupplyKey(operatorKey.publicKey),
  );
  const token = created.tokenId;
  const info = await new TokenInfoQuery().setTokenId(token).execute(client);
  assert.equal(info.symbol, "BZZ");
  assert.equal(info.totalSupply.toString(), "1000");

  const give = (to, amount) =>
    new TransferTransaction()
      .addTokenTransfer(token, operator, -amount)
      .addTokenTransfer(token, to, amount);
  const receiver = await account();
  await assert.rejects(signed(give(receiver.id, 10)), (error) => {
    return error.status === Status.TokenNotAssociatedToAccount;
  });
  await signed(
    new TokenAssociateTransaction().setAccountId(receiver.id).setTokenIds([token]),
    receiver.key,
  );
  await signed(give(receiver.id, 10));
  const withSlots = await account({ slots: -1 });
  await signed(give(withSlots.id, 20));
  const path = `accounts/${withSlots.id}/tokens`;
  const shown = await mirror(path, (body) => body.tokens.length > 0);
  assert.equal(shown.tokens[0].balance, 20);
  assert.equal(shown.tokens[0].automatic_association, true);

  await signed(
    new AccountAllowanceApproveTransaction().approveTokenAllowance(
      token,
      receiver.id,
      operator,
      6,
    ),
    receiver.key,
  );
  await signed(
    new TransferTransaction()
      .addApprovedTokenTransfer(token, receiver.id, -6)
      .addTokenTransfer(token, operator, 6),
  );
  const balance = await new AccountBalanceQuery().setAccountId(receiver.id).execute(client);
  assert.equal(balance.tokens.get(token).toString(), "4");
});

test("messages of a topic are numbered, hashed and delivered", { timeout: 60_000 }, async () => {
  const created = await signed(
    new TopicCreateTransaction().setTopicMemo("anchors").setSubmitKey(operatorKey.publicKey),
  );
  const topic = created.topicId;
  const receipt = await signed(
    new TopicMessageSubmitTransaction().setTopicId(topic).setMessage("first"),
  );
  assert.equal(receipt.topicSequenceNumber.toString(), "1");
  assert.equal(receipt.topicRunningHash.length, 48);
  const long = "x".repeat(2_500);
  await (
    await new TopicMessageSubmitTransaction().setTopicId(topic).setMessage(long).execute(client)
  ).getReceipt(client);
  const info = await new TopicInfoQuery().setTopicId(topic).execute(client);
  assert.equal(info.sequenceNumber.toString(), "4");

  const shown = await mirror(`topics/${topic}/messages`, (body) => body.messages.length === 4);
  assert.equal(Buffer.from(shown.messages[0].message, "base64").toString(), "first");
  assert.equal(
    shown.messages[0].running_hash,
    Buffer.from(receipt.topicRunningHash).toString("base64"),
  );
  assert.equal(shown.messages[3].chunk_info.number, 3);

  const received = await new Promise((resolve, reject) => {
    const messages = [];
    const handle = new TopicMessageQuery()
      .setTopicId(topic)
      .setStartTime(0)
      .subscribe(client, (_, error) => reject(error), (message) => {
        messages.push(Buffer.from(message.contents).toString());
        if (messages.length === 2) {
          handle.unsubscribe();
          resolve(messages);
        }
      });
  });
  assert.deepEqual(received, ["first", long]);
});

test("a file is written, continued and read", async () => {
  const created = await signed(
    new FileCreateTransaction().setKeys([operatorKey.publicKey]).setContents("one "),
  );
  await signed(
    new FileAppendTransaction().setFileId(created.fileId).setContents("two".repeat(2_000)),
  );
  const contents = await new FileContentsQuery().setFileId(created.fileId).execute(client);
  assert.equal(Buffer.from(contents).toString(), `one ${"two".repeat(2_000)}`);
});

// Stores its first word; called with nothing, it returns what it has stored.
const RUNTIME = "3615600c57600035600055005b60005460005260206000f3";
const BYTECODE = `601880600b6000396000f3${RUNTIME}`;

test("a contract is created, called and asked", async () => {
  const response = await new ContractCreateFlow()
    .setBytecode(BYTECODE)
    .setGas(200_000)
    .execute(client);
  const contract = (await response.getReceipt(client)).contractId;
  const word = new ContractFunctionParameters().addUint256(42)._build();
  const call = await new ContractExecuteTransaction()
    .setContractId(contract)
    .setGas(100_000)
    .setFunctionParameters(word)
    .execute(client);
  const record = await new TransactionRecordQuery()
    .setTransactionId(call.transactionId)
    .execute(client);
  assert.equal(record.receipt.status, Status.Success);
  assert.ok(record.contractFunctionResult.gasUsed.gt(21_000));
  const answer = await new ContractCallQuery()
    .setContractId(contract)
    .setGas(100_000)
    .setFunctionParameters(new Uint8Array())
    .execute(client);
  assert.equal(answer.getUint256(0).toString(), "42");
  const path = `contracts/${contract}/results`;
  const shown = await mirror(path, (body) => body.results.length === 2);
  assert.equal(shown.results[0].result, "SUCCESS");
});

test("what the network refuses is refused with its code", async () => {
  const { id } = await account({ hbar: 1 });
  // Somebody else's HBAR, without the signature.
  const steal = new TransferTransaction()
    .addHbarTransfer(id, Hbar.fromTinybars(-1))
    .addHbarTransfer(operator, Hbar.fromTinybars(1));
  await assert.rejects(signed(steal), (error) => error.status === Status.InvalidSignature);
  const unbalanced = new TransferTransaction().addHbarTransfer(operator, Hbar.fromTinybars(-1));
  await assert.rejects(unbalanced.execute(client), (error) => {
    return error.status === Status.InvalidAccountAmounts;
  });
});
