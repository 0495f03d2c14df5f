// @xdevplatform/xdk, X's own SDK. It asks in the vocabulary of the newest specification
// (`post.fields`), turns every name of an answer into camel case, and hands errors on as they came.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { beforeEach, test } from "node:test";
import { ApiError, Client, OAuth1 } from "@xdevplatform/xdk";

import {
  act,
  afresh,
  app,
  base,
  counters,
  fault,
  mp4,
  people,
  png,
  set,
  word,
} from "./standin.mjs";

beforeEach(afresh);

const bearing = (user) => new Client({ baseUrl: base, accessToken: user.oauth2.access_token });

function signing(user) {
  const oauth1 = new OAuth1({
    apiKey: app.consumer_key,
    apiSecret: app.consumer_secret,
    callback: "oob",
  });
  oauth1.accessToken = { accessToken: user.oauth1.token, accessTokenSecret: user.oauth1.secret };
  return new Client({ baseUrl: base, oauth1 });
}

/** The error that a promise fails with. */
async function refusal(promise) {
  const error = await promise.then(
    () => assert.fail("it was not refused"),
    (error) => error,
  );
  assert.ok(error instanceof ApiError, String(error.stack));
  return error;
}

test("a person is known by a signature and by a bearer token", async () => {
  const [ann] = await people(1);
  for (const client of [bearing(ann), signing(ann)]) {
    const me = await client.users.getMe({ userFields: ["created_at", "public_metrics"] });
    assert.equal(me.data.id, ann.id);
    assert.equal(me.data.publicMetrics.followersCount, 0);
  }
});

test("a post, its reply and its end, in either vocabulary", async () => {
  const [ann] = await people(1);
  const client = bearing(ann);
  for (const vocabulary of ["tweet", "post"]) {
    await set({ vocabulary });
    const post = await client.posts.create({ text: word() });
    const text = word();
    const reply = await client.posts.create({
      text,
      reply: { in_reply_to_tweet_id: post.data.id },
    });
    const fields = { postFields: ["conversation_id", "referenced_posts", "public_metrics"] };
    const found = await client.posts.getById(reply.data.id, fields);
    assert.equal(found.data.conversationId, post.data.id);
    const names = Object.keys(found.data);
    assert.ok(
      names.includes(vocabulary === "post" ? "referencedPosts" : "referencedTweets"),
      names.join(),
    );
    assert.equal((await client.posts.delete(reply.data.id)).data.deleted, true);
    const gone = await client.posts.getById(reply.data.id);
    assert.equal(gone.data, undefined);
    assert.equal(gone.errors[0].title, "Not Found Error");
  }
});

test("a signed post", async () => {
  const [ann] = await people(1);
  const post = await signing(ann).posts.create({ text: `Signed & sent ${word()}` });
  assert.match(post.data.text, /^Signed &amp; sent/);
});

test("the same text again is refused", async () => {
  const [ann] = await people(1);
  const text = word();
  await bearing(ann).posts.create({ text });
  const error = await refusal(bearing(ann).posts.create({ text }));
  assert.equal(error.status, 403);
  assert.match(error.data.detail, /duplicate content/);
});

test("a hundred posts are looked up at once", async () => {
  const [ann] = await people(1);
  const client = bearing(ann);
  const posts = await act(Array(99).fill(ann), "post", undefined, word());
  const ids = [...posts.map((post) => post.id), "1"];
  const found = await client.posts.getByIds(ids, { postFields: ["public_metrics"] });
  assert.equal(found.data.length, 99);
  assert.equal(found.errors.length, 1);
  assert.equal((await refusal(client.posts.getByIds([...ids, "2"]))).status, 400);
});

/** Reads pages to the end, by the tokens that the SDK hands on. */
async function all(read) {
  const rows = [];
  let token;
  do {
    const page = await read(token);
    rows.push(...(page.data ?? []));
    token = page.meta?.nextToken;
  } while (token);
  return rows;
}

test("lists are read to their ends", async () => {
  const [ann, ...fans] = await people(26);
  const client = bearing(ann);
  const { data: post } = await client.posts.create({ text: word() });
  for (const kind of ["like", "repost"]) await act(fans, kind, post.id);
  await act(fans, "quote", post.id, word());
  await act(fans, "reply", post.id, word());
  const ids = new Set(fans.map((fan) => fan.id));
  const { posts } = client;
  const page = (paginationToken) => ({
    maxResults: 10,
    paginationToken,
    postFields: ["author_id"],
  });
  const listed = (paginationToken) => ({ maxResults: 10, paginationToken });
  const query = `in_reply_to_tweet_id:${post.id}`;
  const lists = {
    likers: [(token) => posts.getLikingUsers(post.id, listed(token)), "id"],
    reposters: [(token) => posts.getRepostedBy(post.id, listed(token)), "id"],
    reposts: [(token) => posts.getReposts(post.id, page(token)), "authorId"],
    quotes: [(token) => posts.getQuoted(post.id, page(token)), "authorId"],
    replies: [(token) => posts.searchRecent(query, page(token)), "authorId"],
  };
  for (const [name, [read, key]] of Object.entries(lists)) {
    const rows = await all(read);
    assert.equal(rows.length, 25, name);
    assert.deepEqual(new Set(rows.map((row) => row[key])), ids, name);
  }
});

test("timelines, people and counts", async () => {
  const [ann, bob] = await people(2);
  const client = bearing(ann);
  const tag = word();
  await act(Array(7).fill(ann), "post", undefined, tag);
  const timeline = await all((paginationToken) =>
    client.users.getPosts(ann.id, { maxResults: 5, paginationToken }),
  );
  assert.equal(timeline.length, 7);
  const known = await client.users.getByUsernames([bob.handle, "nobody_at_all"]);
  assert.equal(known.data[0].id, bob.id);
  assert.equal(known.errors.length, 1);
  assert.equal((await client.users.getByIds([ann.id, bob.id])).data.length, 2);
  assert.equal((await client.users.getByUsername(bob.handle)).data.id, bob.id);
  const own = new Client({ baseUrl: base, bearerToken: app.bearer_token });
  const counts = await own.posts.getCountsRecent(tag, { granularity: "day" });
  assert.equal(counts.meta.totalTweetCount, 7);
});

test("limits are in the headers, refusals too", async () => {
  const [ann] = await people(1);
  const client = bearing(ann);
  const answer = await client.users.getMe({ requestOptions: { raw: true } });
  assert.equal(answer.headers.get("x-rate-limit-limit"), "75");
  // The SDK hands the headers of a post on only when it was refused.
  await fault({ on: "create_post", kind: "status", status: 429, used_up: "app_day" });
  const refused = await refusal(client.posts.create({ text: word() }));
  assert.equal(refused.headers.get("x-rate-limit-remaining"), "99");
  assert.equal(refused.headers.get("x-app-limit-24hour-remaining"), "0");
  assert.ok(refused.headers.has("x-user-limit-24hour-reset"));
  await fault({ on: "me", kind: "status", status: 429, retry_after_secs: 42 });
  const error = await refusal(client.users.getMe());
  assert.equal(error.status, 429);
  assert.equal(error.headers.get("x-rate-limit-remaining"), "0");
  assert.equal(error.data.title, "Too Many Requests");
});

test("an empty account and an app that may not", async () => {
  const [ann] = await people(1);
  await set({ credits: 0 });
  const unpaid = await refusal(bearing(ann).users.getMe());
  assert.equal(unpaid.status, 402);
  assert.match(unpaid.data.type, /\/2\/problems\/credits$/);
  await set({ credits: null });
  const own = new Client({ baseUrl: base, bearerToken: app.bearer_token, accessToken: "wrong" });
  assert.equal((await refusal(own.users.getMe())).status, 401);
});

test("a picture and a film, in pieces and at once", async () => {
  const [ann] = await people(1);
  const client = bearing(ann);
  const picture = png(3000);
  const once = await client.media.upload({
    media: picture.toString("base64"),
    media_category: "tweet_image",
  });
  const begun = await client.media.initializeUpload({
    media_type: "video/mp4",
    media_category: "tweet_video",
    total_bytes: 2000,
  });
  const film = mp4(2000);
  for (const [segment_index, part] of [film.subarray(0, 1500), film.subarray(1500)].entries()) {
    await client.media.appendUpload(begun.data.id, {
      segment_index,
      media: part.toString("base64"),
    });
  }
  const ended = await client.media.finalizeUpload(begun.data.id);
  assert.equal(ended.data.processingInfo.state, "pending");
  const early = await refusal(client.posts.create({ media: { media_ids: [begun.data.id] } }));
  assert.equal(early.data.errors[0].message, "Your media IDs are invalid.");
  await set({ media_processing_ms: 0 });
  let state;
  do {
    const status = await client.media.getUploadStatus(begun.data.id, { command: "STATUS" });
    state = status.data.processingInfo.state;
  } while (state !== "succeeded");
  await client.media.createMetadata({
    id: once.data.id,
    metadata: { alt_text: { text: "A cat" } },
  });
  for (const id of [once.data.id, begun.data.id]) {
    await client.posts.create({ text: word(), media: { media_ids: [id] } });
  }
  const media = (await counters()).media;
  const hash = (bytes) => createHash("sha256").update(bytes).digest("hex");
  const counted = (id) => media.find((row) => row.id === id);
  assert.equal(counted(once.data.id).sha256, hash(picture));
  assert.equal(counted(begun.data.id).sha256, hash(film));
  assert.equal(counted(begun.data.id).posts.length, 1);
});

test("likes and reposts", async () => {
  const [ann, bob] = await people(2);
  const { data: post } = await bearing(ann).posts.create({ text: word() });
  const client = bearing(bob);
  assert.equal((await refusal(client.users.likePost(bob.id, { tweet_id: post.id }))).status, 403);
  await set({ enterprise: true });
  assert.equal((await client.users.likePost(bob.id, { tweet_id: post.id })).data.liked, true);
  assert.equal((await client.users.repostPost(bob.id, { tweet_id: post.id })).data.retweeted, true);
  assert.equal((await client.users.unrepostPost(bob.id, post.id)).data.retweeted, false);
  assert.equal((await client.users.unlikePost(bob.id, post.id)).data.liked, false);
});
