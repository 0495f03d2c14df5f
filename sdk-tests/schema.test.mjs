// Every endpoint of the stand-in, asked rightly and wrongly, and its answers held against X's own
// specification, in the vocabulary of that version.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { act, afresh, app, base, control, fault, mp4, people, png, set, word } from "./standin.mjs";
import { Specification, absent } from "./specification.mjs";

// Kinds of problems that the wire has and version 2.167 does not list, and what each says beside
// title, detail, type and status. Without a kind are those that need no explanation.
const KINDS = {
  "about:blank": [],
  credits: ["account_id"],
  "usage-capped": ["account_id", "period", "product_name", "scope"],
  "client-forbidden": ["client_id", "reason", "registration_url", "required_enrollment"],
  "unsupported-authentication": [],
  "user-suspended": [],
};
const kind = (body) => body.type?.split("/").at(-1);

// Where the stand-in does what X's wire does, or did when it was last seen, and the specification
// says something else. Each has its reason, and has to occur; anything else is a failure.
const DEVIATIONS = [
  ...Object.entries(KINDS).map(([name, more]) => ({
    why: `version 2.167 does not list the kind ${name}, which the wire has`,
    fits: ({ status, body }) => status >= 400 && kind(body) === name,
    still: ({ status, type, body }) => {
      const { title, detail, status: said, type: _, ...rest } = body;
      const told = [title, detail, ...Object.values(rest)].every((it) => typeof it === "string");
      const names = Object.keys(rest).sort().join() === more.join();
      return told && names && said === status && type === "application/problem+json";
    },
  })),
  {
    why: "an invalid request says in `errors` which parameters were wrong",
    fits: ({ status, body }) => status === 400 && body.type?.endsWith("/invalid-request"),
    still: ({ body }, specification) => {
      const { errors, ...rest } = body;
      const described = errors.every(
        (error) => typeof error.message === "string" && typeof error.parameters === "object",
      );
      return described && specification.problem(rest).length === 0;
    },
  },
  {
    why: "a used-up window may be answered in the form of version 1.1, as it is now and then",
    fits: ({ status, body }) => status === 429 && body.type === undefined,
    still: ({ body, type }) => body.errors[0].code === 88 && type === "application/json",
  },
];

// Addresses that the specification leaves out: signing in is documented in prose.
const UNDESCRIBED = new Set([
  "oauth2_token",
  "oauth2_revoke",
  "app_token",
  "consent_page",
  "consent",
]);

// The stand-in names path parameters as its code does.
const TEMPLATES = {
  "/2/users/{id}/retweets/{tweet_id}": "/2/users/{id}/retweets/{source_tweet_id}",
};

describe("answers", { skip: absent }, () => {
  const specification = absent ? undefined : new Specification();
  const seen = new Map();
  const occurred = new Set();
  let endpoints;

  beforeEach(async () => {
    await afresh();
    await set({ vocabulary: "post", enterprise: true, media_processing_ms: 0 });
    endpoints ??= (await control("GET", "endpoints")).endpoints;
  });

  /** Asks, and holds the answer against the specification; the body. */
  async function ask(name, { token, path = {}, query = "", body }, expected) {
    const endpoint = endpoints.find((endpoint) => endpoint.name === name);
    const filled = endpoint.path.replace(/\{(\w+)\}/g, (_, key) => path[key]);
    const response = await fetch(`${base}${filled}${query && `?${query}`}`, {
      method: endpoint.method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const answer = {
      status: response.status,
      type: response.headers.get("content-type").split(";")[0],
      body: await response.json(),
    };
    const what = `${name} ${filled} ${answer.status} ${JSON.stringify(answer.body)}`;
    assert.equal(answer.status, expected, what);
    const template = TEMPLATES[endpoint.path] ?? endpoint.path;
    const deviation = DEVIATIONS.find((deviation) => deviation.fits(answer));
    if (deviation) {
      occurred.add(deviation.why);
      assert.ok(deviation.still(answer, specification), `${deviation.why}: ${what}`);
    } else {
      assert.deepEqual(specification.findings(endpoint.method, template, answer), [], what);
    }
    const outcomes = seen.get(name) ?? new Set();
    seen.set(name, outcomes.add(answer.status < 300 ? "success" : "refusal"));
    return answer.body;
  }

  const POST =
    "post.fields=author_id,conversation_id,created_at,public_metrics,entities,attachments," +
    "referenced_posts,in_reply_to_user_id,reply_settings,possibly_sensitive,paid_partnership" +
    "&expansions=author_id,referenced_posts,in_reply_to_user_id,attachments.media_keys," +
    "entities.mentions.username" +
    "&media.fields=url,alt_text,width,height,preview_image_url,variants,public_metrics,duration_ms" +
    "&user.fields=created_at,public_metrics,description,profile_image_url,protected,verified," +
    "verified_type,most_recent_post_id";
  const USER =
    "user.fields=created_at,public_metrics,description,profile_image_url,protected," +
    "verified,verified_type,most_recent_post_id";

  const PLAIN = "post.fields=created_at,public_metrics";

  test("what is not described would be found", async () => {
    const me = (data) =>
      specification.findings("GET", "/2/users/me", {
        status: 200,
        type: "application/json",
        body: { data },
      });
    const ann = { id: "1", name: "Ann", username: "ann" };
    assert.deepEqual(me(ann), []);
    assert.match(me({ ...ann, age: 5 })[0], /must NOT have additional properties age/);
    assert.match(me({ ...ann, id: 1 })[0], /must be string/);
    assert.match(me({ ...ann, public_metrics: { tweet_count: 1 } }).join(), /post_count/);
    assert.equal(
      specification.problem({ title: "x", detail: "x", type: "about:blank" }).length > 0,
      true,
    );
  });

  test("posts and what people do with them", async () => {
    const [ann, bob] = await people(2);
    const token = ann.oauth2.access_token;
    const bobs = bob.oauth2.access_token;
    const text = `@${bob.handle} #tag $HBAR <https://hashbuzz.example/${word()}>`;
    const { data: post } = await ask(
      "create_post",
      { token, body: { text, paid_partnership: true } },
      201,
    );
    await ask("create_post", { token, body: { text } }, 403);
    await ask("create_post", { token, body: { text: 5 } }, 400);
    const reply = { text: word(), reply: { in_reply_to_tweet_id: post.id } };
    const { data: answer } = await ask("create_post", { token: bobs, body: reply }, 201);
    const { data: quote } = await ask(
      "create_post",
      { token: bobs, body: { text: word(), quote_tweet_id: post.id } },
      201,
    );
    await ask("like", { token: bobs, path: { id: bob.id }, body: { tweet_id: post.id } }, 200);
    await ask("like", { token: bobs, path: { id: ann.id }, body: { tweet_id: post.id } }, 400);
    await ask("repost", { token: bobs, path: { id: bob.id }, body: { tweet_id: post.id } }, 200);
    await ask("repost", { token: bobs, path: { id: bob.id }, body: { tweet_id: "1" } }, 404);
    const ids = `ids=${post.id},${answer.id},${quote.id},1`;
    await ask("posts_by_ids", { token, query: `${ids}&${POST}` }, 200);
    await ask("posts_by_ids", { token, query: "ids=1" }, 200);
    await ask("posts_by_ids", { token, query: "ids=x" }, 400);
    await ask("posts_by_ids", { token: "wrong", query: ids }, 401);
    await ask("post_by_id", { token, path: { id: answer.id }, query: POST }, 200);
    await ask("post_by_id", { token, path: { id: "1" } }, 200);
    await ask("post_by_id", { token, path: { id: "x" } }, 400);
    await ask("liking_users", { token, path: { id: post.id }, query: USER }, 200);
    await ask("liking_users", { token: bobs, path: { id: post.id } }, 403);
    await ask("liking_users", { token: app.bearer_token, path: { id: post.id } }, 403);
    for (const list of ["reposted_by", "reposts", "quotes"]) {
      const query = list === "reposted_by" ? USER : POST;
      await ask(list, { token, path: { id: post.id }, query }, 200);
      await ask(list, { token, path: { id: answer.id } }, 200);
      await ask(list, { token, path: { id: "1" } }, 200);
      await ask(list, { token, path: { id: post.id }, query: "max_results=101" }, 400);
    }
    await ask("unlike", { token: bobs, path: { id: bob.id, tweet_id: post.id } }, 200);
    await ask("unlike", { token: bobs, path: { id: ann.id, tweet_id: post.id } }, 400);
    await ask("unrepost", { token: bobs, path: { id: bob.id, tweet_id: post.id } }, 200);
    await ask("unrepost", { token: bobs, path: { id: ann.id, tweet_id: post.id } }, 400);
    await ask("delete_post", { token: bobs, path: { id: post.id } }, 403);
    await ask("delete_post", { token, path: { id: post.id } }, 200);
    const dangling = await ask("post_by_id", { token, path: { id: quote.id }, query: POST }, 200);
    assert.equal(dangling.errors.length, 1);
    await ask("delete_post", { token, path: { id: post.id } }, 404);
  });

  test("searching, counting, and what somebody wrote", async () => {
    const [ann] = await people(1);
    const token = ann.oauth2.access_token;
    const tag = word();
    const posts = await act(Array(12).fill(ann), "post", undefined, tag);
    const first = await ask(
      "search_recent",
      { token, query: `query=${tag}&max_results=10&${POST}` },
      200,
    );
    await ask(
      "search_recent",
      { token, query: `query=${tag}&next_token=${first.meta.next_token}` },
      200,
    );
    await ask("search_recent", { token, query: `query=${word()}` }, 200);
    await ask("search_recent", { token, query: "query=is:reply" }, 400);
    for (const granularity of ["minute", "hour", "day"]) {
      await ask("count_recent", { token, query: `query=${tag}&granularity=${granularity}` }, 200);
    }
    await ask("count_recent", { token, query: `query=${tag}&granularity=week` }, 400);
    await ask("timeline", { token, path: { id: ann.id }, query: `max_results=5&${POST}` }, 200);
    await ask("timeline", { token, path: { id: ann.id }, query: `since_id=${posts[11].id}` }, 200);
    await ask("timeline", { token, path: { id: "1" } }, 200);
    await ask("timeline", { token, path: { id: ann.id }, query: "max_results=4" }, 400);
  });

  test("people", async () => {
    const [ann, gone] = await people(2);
    const token = ann.oauth2.access_token;
    await control("POST", "acts", [{ user: ann.id, kind: "post", text: word() }]);
    await ask("me", { token, query: `${USER}&expansions=most_recent_post_id&${PLAIN}` }, 200);
    await ask("me", { token: app.bearer_token }, 403);
    await ask("me", { token, query: "user.fields=age" }, 400);
    await ask("users_by_ids", { token, query: `ids=${ann.id},1&${USER}` }, 200);
    await ask("users_by_ids", { token, query: "ids=" }, 400);
    await ask("user_by_id", { token, path: { id: ann.id }, query: USER }, 200);
    await ask("user_by_id", { token, path: { id: "1" } }, 200);
    await ask("user_by_id", { token, path: { id: "x" } }, 400);
    await ask("user_by_username", { token, path: { username: ann.handle }, query: USER }, 200);
    await ask("user_by_username", { token, path: { username: "nobody_at_all" } }, 200);
    await ask("user_by_username", { token, path: { username: ann.handle }, query: "x=1" }, 400);
    await control("POST", "suspend", { user: gone.id });
    await ask(
      "users_by_usernames",
      { token, query: `usernames=${ann.handle},${gone.handle}` },
      200,
    );
    await ask("users_by_usernames", { token, query: "usernames=a-b" }, 400);
    await ask("me", { token: gone.oauth2.access_token }, 403);
  });

  test("pictures and films", async () => {
    const [ann, bob] = await people(2);
    const token = ann.oauth2.access_token;
    const film = mp4(2000);
    const announced = { media_type: "video/mp4", media_category: "tweet_video", total_bytes: 2000 };
    const { data: begun } = await ask("media_initialize", { token, body: announced }, 200);
    await ask("media_initialize", { token, body: { ...announced, total_bytes: 0 } }, 400);
    const path = { id: begun.id };
    const piece = { segment_index: 0, media: film.toString("base64") };
    await ask("media_append", { token, path, body: { ...piece, segment_index: 1000 } }, 400);
    await ask("media_finalize", { token, path }, 400);
    await ask("media_append", { token, path, body: piece }, 200);
    await set({ media_processing_ms: 60_000 });
    await ask("media_finalize", { token, path }, 200);
    const query = `command=STATUS&media_id=${begun.id}`;
    await ask("media_status", { token, query }, 200);
    await ask("media_status", { token: bob.oauth2.access_token, query }, 400);
    const picture = { media: png(500).toString("base64"), media_category: "tweet_image" };
    const { data: image } = await ask("media_upload", { token, body: picture }, 200);
    await ask("media_upload", { token, body: { ...picture, media_category: "tweet_gif" } }, 400);
    const alt = { id: image.id, metadata: { alt_text: { text: "A cat" } } };
    await ask("media_metadata", { token, body: alt }, 200);
    await ask("media_metadata", { token, body: { ...alt, id: "1" } }, 400);
    await ask("create_post", { token, body: { media: { media_ids: [begun.id] } } }, 400);
    const { data: post } = await ask(
      "create_post",
      { token, body: { media: { media_ids: [image.id] } } },
      201,
    );
    await set({ media_processing_ms: 0 });
    const gif = Buffer.concat([Buffer.from("474946383961", "hex"), Buffer.alloc(90)]);
    const moving = { media: gif.toString("base64"), media_category: "tweet_gif" };
    const { data: animated } = await ask("media_upload", { token, body: moving }, 200);
    const { data: other } = await ask(
      "create_post",
      { token, body: { media: { media_ids: [animated.id] } } },
      201,
    );
    await ask("posts_by_ids", { token, query: `ids=${post.id},${other.id}&${POST}` }, 200);
  });

  test("refusals that any endpoint may give", async () => {
    const [ann] = await people(1);
    const token = ann.oauth2.access_token;
    const settings = [
      [{ credits: 0 }, 402],
      [{ credits: null, reads_left: 0 }, 429],
      [{ reads_left: null, app_trouble: "not_enrolled" }, 403],
    ];
    for (const [change, expected] of settings) {
      await set(change);
      await ask("post_by_id", { token, path: { id: "1" } }, expected);
    }
    await set({ app_trouble: "none" });
    for (const status of [429, 500, 503]) {
      await fault({ on: "me", kind: "status", status });
      await ask("me", { token }, status);
    }
    const [old] = await people(1);
    await set({ old_rate_limit_answer: true });
    for (let left = 74; left >= 0; left -= 1)
      await ask("me", { token: old.oauth2.access_token }, 200);
    await ask("me", { token: old.oauth2.access_token }, 429);
    await set({ old_rate_limit_answer: false });
  });

  test("nothing was left out", () => {
    const missing = endpoints
      .filter(({ name }) => !UNDESCRIBED.has(name))
      .filter(({ name }) => (seen.get(name)?.size ?? 0) < 2)
      .map(({ name }) => name);
    assert.deepEqual(missing, [], "each with a success and a refusal");
    const idle = DEVIATIONS.map(({ why }) => why).filter((why) => !occurred.has(why));
    assert.deepEqual(idle, [], "a deviation that does not occur is none");
    const described = endpoints.filter(({ name }) => UNDESCRIBED.has(name));
    for (const { method, path } of described)
      assert.equal(specification.knows(method, path), false, path);
  });
});
