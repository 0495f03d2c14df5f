// X's specification as a set of validators.
//
// It lies beside the repository, not in it: its licence is X's own agreement. Its schemas are those
// of OpenAPI 3.0, which differ from JSON Schema in `nullable`; and they leave open what else an
// object may have, which is closed here, so that a field that X does not know is found too.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import formats from "ajv-formats";

const PLACE = fileURLToPath(new URL("../../shared/x/openapi-2.167.json", import.meta.url));

/** Why there is nothing to validate against, or false. */
export const absent = existsSync(PLACE) ? false : `there is no ${PLACE}`;

/** Says what is wrong with answers; each finding is a short sentence. */
export class Specification {
  #document;
  #ajv;
  #compiled = new Map();

  constructor() {
    this.#document = closed(JSON.parse(readFileSync(PLACE, "utf8")));
    this.#ajv = new Ajv({ strict: false, allErrors: true });
    formats(this.#ajv);
    this.#ajv.addSchema(this.#document, "x");
  }

  /** Whether it describes this address at all. */
  knows(method, path) {
    return this.#operation(method, path) !== undefined;
  }

  /** What is wrong with an answer to `method` `path`, a template. */
  findings(method, path, { status, type, body }) {
    const operation = this.#operation(method, path);
    const named = operation.responses[status] ? String(status) : "default";
    if (status < 300 && named === "default") return [`status ${status} is not described`];
    const content = operation.responses[named].content ?? {};
    if (!content[type]) return [`content type ${type} is not described for ${named}`];
    const at = ["paths", path, method.toLowerCase(), "responses", named, "content", type, "schema"];
    const pointer = at.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1"));
    return this.#validate(`x#/${pointer.map(encodeURIComponent).join("/")}`, body);
  }

  /** What is wrong with an entry of `errors`, or with a refusal. */
  problem(body) {
    return this.#validate("x#/components/schemas/Problem", body);
  }

  #operation(method, path) {
    return this.#document.paths[path]?.[method.toLowerCase()];
  }

  #validate(reference, body) {
    if (!this.#compiled.has(reference)) {
      this.#compiled.set(reference, this.#ajv.compile({ $ref: reference }));
    }
    const validate = this.#compiled.get(reference);
    if (validate(body)) return [];
    return validate.errors.map(({ instancePath, message, params }) => {
      const what = params.additionalProperty ?? params.missingProperty ?? "";
      return `${instancePath.replace(/\/\d+/g, "/*") || "/"} ${message} ${what}`.trim();
    });
  }
}

/** The same schemas in JSON Schema's terms, and closed. */
function closed(node) {
  if (Array.isArray(node)) return node.map(closed);
  if (node === null || typeof node !== "object") return node;
  const copy = Object.fromEntries(
    Object.entries(node).map(([name, value]) => [name, closed(value)]),
  );
  // A property may be called so.
  if (typeof copy.properties === "object" && copy.type === "object") {
    copy.additionalProperties ??= false;
  }
  if (copy.nullable === true && typeof copy.type === "string") copy.type = [copy.type, "null"];
  // The alternatives of a problem are told apart by their type, which `oneOf` does as well.
  if (copy.discriminator?.mapping) delete copy.discriminator;
  return copy;
}
