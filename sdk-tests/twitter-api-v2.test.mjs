// twitter-api-v2, the SDK that most posting tools use. It reads the limits of every answer, the
// daily ones too, and uploads in pieces.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import http from "node:http";
import { beforeEach, test } from "node:test";
import { TwitterApi } from "twitter-api-v2";

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

/** The SDK, unchanged: a plain agent lets it speak plain HTTP, and its prefix is a field. */
function pointed(keys) {
  const client = new TwitterApi(keys, { httpAgent: new http.Agent() });
  client.v2._prefix = `${base}/2/`;
  return client.v2;
}

const signing = (user) =>
  pointed({
    appKey: app.consumer_key,
    appSecret: app.consumer_secret,
    accessToken: user.oauth1.token,
    accessSecret: user.oauth1.secret,
  });
const bearing = (user) => pointed(user.oauth2.access_token);

/** The error that a promise fails with. */
async function refusal(promise) {
  const error = await promise.then(
    () => assert.fail("it was not refused"),
    (error) => error,
  );
  assert.equal(error.error, true, String(error.stack));
  return error;
}

test("a person is the same by a signature and by a bearer token", async () => {
  const [ann] = await people(1);
  for (const client of [signing(ann), bearing(ann)]) {
    const me = await client.me({ "user.fields": ["created_at", "public_metrics"] });
    assert.equal(me.data.id, ann.id);
    assert.equal(me.data.username, ann.handle);
    assert.equal(me.data.public_metrics.tweet_count, 0);
  }
});

test("a wrong secret is refused with what the SDK calls an authentication error", async () => {
  const [ann] = await people(1);
  const forged = signing({ oauth1: { ...ann.oauth1, secret: "guessed" } });
  const error = await refusal(forged.me());
  assert.equal(error.code, 401);
  assert.equal(error.isAuthError, true);
});

test("a post, its reply and its end", async () => {
  const [ann] = await people(1);
  const client = signing(ann);
  const post = await client.tweet(`Hello & welcome ☑ ${word()}`);
  assert.match(post.data.text, /^Hello &amp; welcome ☑ /);
  const reply = await client.reply(`And more ${word()}`, post.data.id);
  const found = await client.singleTweet(reply.data.id, {
    "tweet.fields": ["conversation_id", "referenced_tweets", "created_at"],
    expansions: ["author_id", "referenced_tweets.id"],
  });
  assert.equal(found.data.conversation_id, post.data.id);
  assert.deepEqual(found.data.referenced_tweets, [{ type: "replied_to", id: post.data.id }]);
  assert.equal(found.includes.users[0].id, ann.id);
  assert.equal(found.includes.tweets[0].id, post.data.id);
  const gone = await client.deleteTweet(reply.data.id);
  assert.equal(gone.data.deleted, true);
  const missing = await client.singleTweet(reply.data.id);
  assert.equal(missing.data, undefined);
  assert.equal(missing.errors[0].title, "Not Found Error");
});

test("the same text again is refused", async () => {
  const [ann] = await people(1);
  const text = `Only once ${word()}`;
  await signing(ann).tweet(text);
  const error = await refusal(bearing(ann).tweet(text));
  assert.equal(error.code, 403);
  assert.equal(error.data.detail, "You are not allowed to create a Tweet with duplicate content.");
});

test("a hundred posts are looked up at once, and not one more", async () => {
  const [ann] = await people(1);
  const client = signing(ann);
  const posts = await act(Array(99).fill(ann), "post", undefined, word());
  const ids = [...posts.map((post) => post.id), "1"];
  const found = await client.tweets(ids, { "tweet.fields": ["public_metrics"] });
  assert.equal(found.data.length, 99);
  assert.equal(found.data[0].public_metrics.retweet_count, 0);
  assert.equal(found.errors.length, 1);
  const error = await refusal(client.tweets([...ids, "2"]));
  assert.equal(error.code, 400);
  assert.equal(error.isInvalidRequest ?? true, true);
});

test("lists are read to their ends", async () => {
  const [ann, ...fans] = await people(26);
  const client = signing(ann);
  const { data: post } = await client.tweet(`Spread ${word()}`);
  for (const kind of ["like", "repost"]) await act(fans, kind, post.id);
  await act(fans, "quote", post.id, `quoting ${word()}`);
  await act(fans, "reply", post.id, `replying ${word()}`);
  const expected = new Set(fans.map((fan) => fan.id));

  const paged = { asPaginator: true, max_results: 10 };
  for (const list of ["tweetLikedBy", "tweetRetweetedBy"]) {
    const seen = [];
    const pages = await client[list](post.id, paged);
    for await (const user of pages) seen.push(user.id);
    assert.equal(seen.length, 25, list);
    assert.deepEqual(new Set(seen), expected, list);
    assert.equal(pages.done, true, list);
  }
  const authors = { "tweet.fields": ["author_id"], max_results: 10 };
  const lists = [
    await client.quotes(post.id, authors),
    await client.search(`in_reply_to_tweet_id:${post.id}`, authors),
    await client.search(`conversation_id:${post.id} is:reply`, authors),
    await client.search(`quotes_of_tweet_id:${post.id}`, authors),
    await client.search(`retweets_of_tweet_id:${post.id}`, authors),
  ];
  for (const [at, pages] of lists.entries()) {
    const seen = [];
    for await (const row of pages) seen.push(row.author_id);
    assert.equal(seen.length, 25, String(at));
    assert.deepEqual(new Set(seen), expected, String(at));
  }
  const alternatives = await client.search(
    `(from:${fans[0].handle} OR from:${fans[1].handle}) is:reply`,
  );
  assert.equal(alternatives.meta.result_count, 2);
  const counted = await client.singleTweet(post.id, { "tweet.fields": ["public_metrics"] });
  const { like_count, retweet_count, reply_count, quote_count } = counted.data.public_metrics;
  assert.deepEqual([like_count, retweet_count, reply_count, quote_count], [25, 25, 25, 25]);
});

test("a timeline goes on from where it was left", async () => {
  const [ann] = await people(1);
  const client = signing(ann);
  const posts = await act(Array(12).fill(ann), "post", undefined, word());
  const first = await client.userTimeline(ann.id, { max_results: 5 });
  assert.equal(first.meta.newest_id, posts[11].id);
  await first.fetchLast(100);
  assert.equal(first.tweets.length, 12);
  const since = await client.userTimeline(ann.id, { since_id: posts[9].id, max_results: 5 });
  assert.deepEqual(
    since.tweets.map((post) => post.id),
    [posts[11].id, posts[10].id],
  );
});

test("people are found by their ids and their handles", async () => {
  const [ann, bob] = await people(2);
  const client = signing(ann);
  const byId = await client.users([ann.id, bob.id]);
  assert.deepEqual(
    byId.data.map((user) => user.username),
    [ann.handle, bob.handle],
  );
  const byHandle = await client.usersByUsernames([bob.handle, "nobody_at_all"]);
  assert.equal(byHandle.data[0].id, bob.id);
  assert.equal(byHandle.errors[0].value, "nobody_at_all");
  const one = await client.userByUsername(bob.handle);
  assert.equal(one.data.id, bob.id);
});

test("posts are counted by the app itself", async () => {
  const [ann] = await people(1);
  const tag = word();
  await act(Array(3).fill(ann), "post", undefined, tag);
  const counts = await pointed(app.bearer_token).tweetCountRecent(tag, { granularity: "day" });
  assert.equal(counts.meta.total_tweet_count, 3);
  assert.equal(
    counts.data.reduce((sum, day) => sum + day.tweet_count, 0),
    3,
  );
});

test("every answer says how much is left, and a post says it of the day too", async () => {
  const [ann] = await people(1);
  const client = signing(ann);
  const saved = [];
  const post = await client.post("tweets", { text: word() }, { fullResponse: true });
  saved.push(post.rateLimit);
  assert.equal(post.rateLimit.limit, 100);
  assert.equal(post.rateLimit.remaining, 99);
  assert.equal(post.rateLimit.userDay.remaining, post.rateLimit.userDay.limit - 1);
  assert.ok(post.rateLimit.day.limit >= post.rateLimit.userDay.limit);
  for (let left = 98; left >= 0; left -= 1) await client.tweet(word());
  const error = await refusal(client.tweet(word()));
  assert.equal(error.code, 429);
  assert.equal(error.rateLimitError, true);
  assert.equal(error.rateLimit.remaining, 0);
  assert.ok(error.rateLimit.reset > Date.now() / 1000);
  assert.equal(error.rateLimit.userDay.remaining, error.rateLimit.userDay.limit - 100);
});

test("a day may be used up while the quarter of an hour looks open", async () => {
  const [ann] = await people(1);
  await fault({
    on: "create_post",
    kind: "status",
    status: 429,
    used_up: "user_day",
    retry_after_secs: 5000,
  });
  const error = await refusal(signing(ann).tweet(word()));
  assert.equal(error.code, 429);
  assert.equal(error.rateLimit.remaining, 99);
  assert.equal(error.rateLimit.userDay.remaining, 0);
  assert.ok(error.rateLimit.userDay.reset - Date.now() / 1000 > 4000);
});

test("an empty account and a used-up month are not the same", async () => {
  const [ann] = await people(1);
  const client = signing(ann);
  await set({ credits: 0 });
  const unpaid = await refusal(client.tweet(word()));
  assert.equal(unpaid.code, 402);
  assert.equal(unpaid.data.title, "CreditsDepleted");
  await set({ credits: null, reads_left: 0 });
  const capped = await refusal(client.singleTweet("1"));
  assert.equal(capped.code, 429);
  assert.equal(capped.data.title, "UsageCapExceeded");
  assert.ok(capped.rateLimit.remaining > 0);
});

test("a picture with a description, and a film that is waited for", async () => {
  const [ann] = await people(1);
  for (const [n, client] of [signing(ann), bearing(ann)].entries()) {
    const picture = png(2_500_000 + n);
    const image = await client.uploadMedia(picture, { media_type: "image/png" });
    const described = await client.createMediaMetadata(image, { alt_text: { text: "A cat" } });
    assert.equal(described.data.associated_metadata.alt_text.text, "A cat");
    const film = await client.uploadMedia(mp4(1_200_000 + n), { media_type: "video/mp4" });
    const post = await client.tweet(word(), { media: { media_ids: [image] } });
    await client.tweet({ media: { media_ids: [film] } });
    const shown = await client.singleTweet(post.data.id, {
      expansions: ["attachments.media_keys"],
      "media.fields": ["url", "alt_text", "width", "height"],
    });
    const [media] = shown.includes.media;
    assert.equal(media.media_key, shown.data.attachments.media_keys[0]);
    assert.deepEqual(
      [media.type, media.alt_text, media.width, media.height],
      ["photo", "A cat", 3, 2],
    );
    const counted = (await counters()).media.find((media) => media.id === image);
    assert.equal(counted.sha256, createHash("sha256").update(picture).digest("hex"));
    assert.equal(counted.segments, 3);
  }
});

test("a film that cannot be shown, and ids that are not good", async () => {
  const [ann, bob] = await people(2);
  const client = signing(ann);
  await fault({ kind: "media_fails" });
  await assert.rejects(
    client.uploadMedia(mp4(1000), { media_type: "video/mp4" }),
    /processing failed/,
  );
  const foreign = await signing(bob).uploadMedia(png(1000), { media_type: "image/png" });
  const error = await refusal(client.tweet(word(), { media: { media_ids: [foreign] } }));
  assert.equal(error.code, 400);
  assert.equal(error.errors[0].message, "Your media IDs are invalid.");
  assert.deepEqual(error.errors[0].parameters, { "media.media_ids": [foreign] });
});

test("likes are for enterprise customers, reposts for everybody", async () => {
  const [ann, bob] = await people(2);
  const { data: post } = await signing(ann).tweet(word());
  const client = bearing(bob);
  assert.equal((await refusal(client.like(bob.id, post.id))).code, 403);
  await set({ enterprise: true });
  assert.equal((await client.like(bob.id, post.id)).data.liked, true);
  assert.equal((await client.unlike(bob.id, post.id)).data.liked, false);
  assert.equal((await client.retweet(bob.id, post.id)).data.retweeted, true);
  assert.equal((await client.unretweet(bob.id, post.id)).data.retweeted, false);
});

test("what comes from in front of the API is no JSON", async () => {
  const [ann] = await people(1);
  await fault({ on: "me", kind: "html_error" });
  const error = await refusal(signing(ann).me());
  assert.equal(error.code, 503);
});

test("a lost answer is a broken request, and the post exists", async () => {
  const [ann] = await people(1);
  const client = signing(ann);
  for (const kind of ["drop_after_apply", "half_body"]) {
    await fault({ on: "create_post", kind });
    const text = word();
    const error = await client.tweet(text).then(
      () => assert.fail(kind),
      (error) => error,
    );
    assert.ok(["request", "partial-response"].includes(error.type), `${kind}: ${error.type}`);
    const timeline = await client.userTimeline(ann.id);
    assert.equal(timeline.tweets[0].text, text);
  }
});
