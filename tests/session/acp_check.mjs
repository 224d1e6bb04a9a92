// Every line between an editor and `seal acp`, held against the official library's own schemas.
//   import { checker } from "./acp_check.mjs"
//   node acp_check.mjs LIBRARY LOG          LOG: lines {"from": "agent"|"client", "line": "..."}; prints {lines, methods, bad}
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import path from "node:path";
import fs from "node:fs";

// Wire name -> the name that its schemas start with.
const requests = {
  initialize: "Initialize", authenticate: "Authenticate", logout: "Logout",
  "session/new": "NewSession", "session/load": "LoadSession", "session/resume": "ResumeSession", "session/list": "ListSessions",
  "session/delete": "DeleteSession", "session/close": "CloseSession", "session/set_mode": "SetSessionMode",
  "session/set_config_option": "SetSessionConfigOption", "session/prompt": "Prompt",
  "session/request_permission": "RequestPermission", "fs/read_text_file": "ReadTextFile", "fs/write_text_file": "WriteTextFile",
};
const notices = { "session/update": "SessionNotification", "session/cancel": "CancelNotification", "$/cancel_request": "CancelRequestNotification" };

export async function checker(library) {
  const require = createRequire(path.join(path.resolve(library), "x.js"));
  const entry = require.resolve("@agentclientprotocol/sdk");
  const zod = await import(pathToFileURL(path.join(path.dirname(entry), "..", "schema", "zod.gen.js")));
  const open = { agent: new Map(), client: new Map() }; // requests by who sent them
  const seen = new Set();

  const schema = (name) => {
    if (!zod["z" + name]) throw new Error(`the library has no schema z${name}`);
    return zod["z" + name];
  };
  const fits = (name, value) => {
    const result = schema(name).safeParse(value);
    return result.success ? null : `${name}: ${result.error.message}`;
  };

  // What is wrong with the line, or null.
  const check = (from, line) => {
    let message;
    try {
      message = JSON.parse(line);
    } catch (error) {
      return "no JSON: " + error.message;
    }
    if (message.jsonrpc !== "2.0") return "no JSON-RPC 2.0";
    if (message.method !== undefined) {
      seen.add(message.method);
      if (message.method.startsWith("_")) return null;
      if (message.id === undefined) return notices[message.method] ? fits(notices[message.method], message.params) : "an unknown notification";
      open[from].set(message.id, message.method);
      return requests[message.method] ? fits(requests[message.method] + "Request", message.params) : from === "agent" ? "an unknown request" : null;
    }
    const other = from === "agent" ? "client" : "agent";
    const method = open[other].get(message.id);
    open[other].delete(message.id);
    if (message.error) return Number.isInteger(message.error.code) && typeof message.error.message === "string" ? null : "a malformed error";
    if (method === undefined) return "an answer to nothing";
    return requests[method] ? fits(requests[method] + "Response", message.result) : null;
  };
  return { check, seen, unanswered: () => [...open.client.values()] };
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  const [library, log] = process.argv.slice(2);
  const { check, seen, unanswered } = await checker(library);
  const lines = fs.readFileSync(log, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const bad = lines.map(({ from, line }) => ({ from, line, why: check(from, line) })).filter((row) => row.why);
  console.log(JSON.stringify({ lines: lines.length, methods: [...seen].sort(), unanswered: unanswered(), bad }));
}
