// Says of each line of a file what the schema has against it.
const { readFileSync } = require("node:fs");
const [modules, schema, documents] = process.argv.slice(2);
const Ajv = require(modules + "/ajv/dist/2020").default;
const ajv = new Ajv({ strict: true, strictRequired: false });
require(modules + "/ajv-formats").default(ajv);
const valid = ajv.compile(JSON.parse(readFileSync(schema, "utf8")));

let lines = 0;
for (const line of readFileSync(documents, "utf8").split("\n").filter(Boolean)) {
  lines++;
  if (!valid(JSON.parse(line))) {
    console.log(lines + ": " + ajv.errorsText(valid.errors));
  }
}
console.log(lines + " lines");
