// Reads {"rule", "data": [...]} a line; writes the truth on each of the data as 1 and 0 (! where it throws), a line each.
const logic = require("json-logic-js");
const lines = require("readline").createInterface({ input: process.stdin });
const truth = (rule, data) => {
  try {
    return logic.truthy(logic.apply(rule, data)) ? "1" : "0";
  } catch {
    return "!";
  }
};
lines.on("line", (line) => {
  const { rule, data } = JSON.parse(line);
  process.stdout.write(data.map((one) => truth(rule, one)).join("") + "\n");
});
