// Prints the rows of each statement of a file as JSON, a line for each statement.
const { readFileSync } = require("node:fs");
const { DuckDBInstance } = require(process.argv[2] + "/@duckdb/node-api");

(async () => {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  for (const statement of readFileSync(process.argv[3], "utf8").split(";")) {
    if (statement.trim()) {
      console.log(JSON.stringify((await connection.runAndReadAll(statement)).getRowsJson()));
    }
  }
})();
