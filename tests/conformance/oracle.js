// Answers JsonLogic cases with the reference implementation: one JSON line [logic, data] in, one JSON line out.
// What JSON cannot say is written as {"$": "NaN" | "Infinity" | "-Infinity" | "-0" | "undefined" | "error"}.
"use strict";
const readline = require("node:readline");
const jsonLogic = require("json-logic-js");

const special = (name) => ({ $: name });

function encode(value) {
  if (value === undefined) return special("undefined");
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return special(String(value));
    return Object.is(value, -0) ? special("-0") : value;
  }
  if (Array.isArray(value)) return value.map(encode);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item)]));
}

function answer(logic, data) {
  try {
    return encode(jsonLogic.apply(logic, data));
  } catch (error) {
    return special("error");
  }
}

const lines = readline.createInterface({ input: process.stdin, crlfDelay: Infinity });
lines.on("line", (line) => {
  const [logic, data] = JSON.parse(line);
  process.stdout.write(JSON.stringify(answer(logic, data)) + "\n");
});
