// An editor, as the official library makes one, on the other end of `seal acp`.
//   node acp_client.mjs LIBRARY SEAL CWD      story on stdin (JSON), what happened on stdout (JSON)
// Every line, of both sides, is also held against the library's own schemas.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import path from "node:path";
import fs from "node:fs";
import { checker } from "./acp_check.mjs";

const [library, seal, cwd] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(library), "x.js"));
const entry = require.resolve("@agentclientprotocol/sdk");
const acp = await import(pathToFileURL(entry));
const story = JSON.parse(fs.readFileSync(0, "utf8"));

const child = spawn(seal, ["acp"], { cwd, stdio: ["pipe", "pipe", "inherit"] });
const happened = { updates: [], asked: [], replies: [], bad: [] };

// -- every line, before the library sees it --
const { check } = await checker(library);
const tee = (from) => {
  let rest = "";
  return new TransformStream({
    transform(chunk, out) {
      rest += Buffer.from(chunk).toString("utf8");
      const lines = rest.split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const why = check(from, line);
        if (why) happened.bad.push({ from, line, why });
      }
      out.enqueue(chunk);
    },
  });
};
const outward = tee("client");
outward.readable.pipeTo(Writable.toWeb(child.stdin)).catch(() => {});
const stream = acp.ndJsonStream(outward.writable, Readable.toWeb(child.stdout).pipeThrough(tee("agent")));

const editor = acp
  .client({ name: "editor" })
  .onNotification(acp.methods.client.session.update, (context) => {
    happened.updates.push((context.params ?? context).update);
  })
  .onRequest(acp.methods.client.session.requestPermission, (context) => {
    const params = context.params ?? context;
    happened.asked.push(params);
    const option = params.options.find((o) => o.kind === story.answer);
    return { outcome: option ? { outcome: "selected", optionId: option.optionId } : { outcome: "cancelled" } };
  });

await editor.connectWith(stream, async (agent) => {
  const ask = async (method, params) => {
    try {
      return await agent.request(method, params);
    } catch (error) {
      return { error: { code: error.code, message: error.message } };
    }
  };
  happened.initialize = await ask("initialize", { protocolVersion: acp.PROTOCOL_VERSION, clientCapabilities: { fs: { readTextFile: false, writeTextFile: false } } });
  let session;
  for (const step of story.steps) {
    const params = { ...step.params };
    if (step.session !== false && session) params.sessionId = session;
    if (step.method === "session/prompt" && step.cancelAt) {
      const pending = ask(step.method, params);
      while (!happened.updates.some((u) => u.sessionUpdate === step.cancelAt)) await new Promise((done) => setTimeout(done, 5));
      await agent.notify("session/cancel", { sessionId: session });
      happened.replies.push(await pending);
      continue;
    }
    const reply = await ask(step.method, params);
    session = reply.sessionId ?? session;
    happened.replies.push(reply);
  }
  // Notifications are handed on asynchronously: what came before the last reply may be on its way.
  await new Promise((done) => setTimeout(done, 50));
});
child.stdin.end();
happened.exit = await new Promise((done) => (child.exitCode !== null ? done(child.exitCode) : child.on("exit", done)));
console.log(JSON.stringify(happened));
process.exit(0);
