// The stand-in that these tests talk to, and its control endpoints.
//
// `cargo xtask sdk` starts it and hands over its one line of JSON. All files share it, so they run
// one after another, and each makes people of its own.

const line = process.env.HASHBUZZ_STANDIN_X;
if (!line) {
  throw new Error("HASHBUZZ_STANDIN_X is not set: run these tests by `cargo xtask sdk`");
}

export const said = JSON.parse(line);
export const base = said.base_url;
export const app = said.app;

/** Asks a control endpoint; answers what it says. */
export async function control(method, path, body) {
  const response = await fetch(`${said.control_url}/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${answer.error}`);
  return answer;
}

export const set = (settings) => control("PATCH", "settings", settings);
export const counters = () => control("GET", "counters");
export const fault = (fault) => control("POST", "faults", fault);

/** What a test may rely on, whatever the one before it did. */
export async function afresh() {
  await control("DELETE", "faults");
  await set({
    app_trouble: "none",
    credits: null,
    enterprise: false,
    media_processing_ms: 1500,
    reads_left: null,
    search_delay_secs: 0,
    vocabulary: "tweet",
  });
}

let turn = 0;
/** A word that nobody has used. */
export const word = () => `w${process.pid}n${(turn += 1)}`;

/** People with keys that do not end. */
export async function people(count) {
  const specs = Array.from({ length: count }, () => ({ handle: word(), token_lifetime_secs: 0 }));
  return (await control("POST", "users", specs)).users;
}

/** Everybody does the same thing to a post. */
export async function act(users, kind, post, text = "") {
  const acts = users.map((user, n) => ({
    user: user.id,
    kind,
    post,
    text: text && `${text} ${n}`,
  }));
  return (await control("POST", "acts", acts)).acts;
}

/** A picture of `size` bytes, as far as anybody looks. */
export function png(size) {
  const bytes = Buffer.alloc(size, 7);
  Buffer.from("89504e470d0a1a0a0000000d494844520000000300000002", "hex").copy(bytes);
  return bytes;
}

/** A film of `size` bytes, as far as anybody looks. */
export function mp4(size) {
  const bytes = Buffer.alloc(size, 7);
  Buffer.from("000000186674797069736f6d", "hex").copy(bytes);
  return bytes;
}
