// Compiles the contracts and writes artifacts/, or with --check says whether what is committed is
// what the sources give. The compiler, its settings and OpenZeppelin are pinned and the metadata
// hash is left out of the bytecode, so every machine gets the same bytes.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const here = dirname(fileURLToPath(import.meta.url));
const check = process.argv.includes("--check");
const RUNTIME_LIMIT = 24_576; // EIP-170; Hedera's limit too

const settings = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: "cancun", // what Hedera's EVM understands; transient storage needs it
  metadata: { bytecodeHash: "none", appendCBOR: false },
};

const sources = Object.fromEntries(
  [...list("src"), ...list("test")].map((file) => [file, { content: read(file) }]),
);

// What is compiled into which artefact: the escrow, what the tests pay money to, and broken copies
// of the escrow that the tests must find out. A broken copy is the real source with one line
// changed, so it cannot fall behind.
const wanted = [{ file: "src/HashbuzzEscrow.sol", name: "HashbuzzEscrow", whole: true }];
for (const file of list("test")) {
  for (const [, name] of read(file).matchAll(/^contract (\w+)/gm)) {
    wanted.push({ file, name, as: name });
  }
}
for (const { name, file, find, replace } of JSON.parse(read("test/mutants.json"))) {
  if (read(file).split(find).length !== 2) {
    fail(`test/mutants.json: ${name}: "find" is not exactly once in ${file}`);
  }
  for (const original of list("src")) {
    const text = read(original);
    // The text is put in by a function, for "$" means something in a replacement string.
    const content = original === file ? text.replace(find, () => replace) : text;
    sources[`mutants/${name}/${original}`] = { content };
  }
  wanted.push({ file: `mutants/${name}/src/HashbuzzEscrow.sol`, name: "HashbuzzEscrow", as: name });
}

const input = {
  language: "Solidity",
  sources,
  settings: {
    ...settings,
    outputSelection: {
      "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] },
    },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: openzeppelin }));

// A warning about our sources is an error; OpenZeppelin is not ours to fix, and a broken copy may
// well look broken.
const complaints = (output.errors ?? []).filter(
  ({ severity, sourceLocation }) =>
    severity === "error" || /^(src|test)\//.test(sourceLocation?.file ?? "src/"),
);
if (complaints.length > 0) fail(complaints.map((it) => it.formattedMessage).join("\n"));

let stale = 0;
const kept = new Set();
for (const { file, name, as, whole } of wanted) {
  const { abi, evm } = output.contracts[file][name];
  const bytecode = `0x${evm.bytecode.object}`;
  const deployedBytecode = `0x${evm.deployedBytecode.object}`;
  const size = evm.deployedBytecode.object.length / 2;
  if (size > RUNTIME_LIMIT) {
    fail(`${as ?? name}: ${size} bytes of runtime code, the limit is ${RUNTIME_LIMIT}`);
  }
  const path = whole ? `artifacts/${name}.json` : `artifacts/test/${as}.json`;
  const artefact = whole
    ? { contractName: name, compiler: solc.version(), settings, abi, bytecode, deployedBytecode }
    : { contractName: as, bytecode };
  kept.add(path);
  settle(path, `${JSON.stringify(artefact, null, 1)}\n`, `${size} bytes of runtime code`);
}
for (const path of list("artifacts", ".json").filter((path) => !kept.has(path))) {
  stale += 1;
  console.error(`${path} belongs to no source: remove it`);
}
process.exit(stale === 0 ? 0 : 1);

function settle(path, text, size) {
  const full = join(here, path);
  if (!check) {
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    console.log(`${path}: ${size}`);
  } else if (!existsSync(full)) {
    stale += 1;
    console.error(`${path} is missing: run "node build.mjs" and commit it`);
  } else if (readFileSync(full, "utf8") !== text) {
    stale += 1;
    console.error(`${path} is not what the sources give: run "node build.mjs" and commit it`);
  } else {
    console.log(`${path} is what the sources give: ${size}`);
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function list(folder, ending = ".sol") {
  const path = join(here, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true })
    .map((name) => join(folder, name).replaceAll("\\", "/"))
    .filter((name) => name.endsWith(ending))
    .sort();
}

function read(file) {
  return readFileSync(join(here, file), "utf8");
}

function openzeppelin(path) {
  const file = join(here, "node_modules", path);
  if (!path.startsWith("@openzeppelin/") || !existsSync(file)) {
    return { error: `${path}: not found; run "npm ci" in contracts/` };
  }
  return { contents: readFileSync(file, "utf8") };
}
