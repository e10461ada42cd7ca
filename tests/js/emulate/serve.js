// Serves a Slack. Arguments: port, where events go, the app's scopes. It has no public way to subscribe to events, so its
// plug-in is found among its files by what it exports.
import { readdirSync, readFileSync } from "node:fs";

const [port, events, scopes] = process.argv.slice(2);
const folder = new URL("./node_modules/emulate/dist/", import.meta.url);
const chunk = readdirSync(folder).find(
  (name) => name.startsWith("dist-") && name.endsWith(".js") && readFileSync(new URL(name, folder), "utf8").includes("slackPlugin"),
);
const { slackPlugin } = await import(new URL(chunk, folder));
const register = slackPlugin.register;
slackPlugin.register = (app, store, webhooks, ...rest) => {
  register(app, store, webhooks, ...rest);
  webhooks.register({ url: events, events: ["*"], active: true, owner: "slack" });
};

const { createEmulator } = await import("emulate");
const app = {
  client_id: "1.2",
  client_secret: "made-up",
  name: "chatops",
  redirect_uris: [events.replace("/events", "/oauth_redirect")],
};
const slack = await createEmulator({
  service: "slack",
  port: Number(port),
  seed: {
    slack: {
      signing_secret: "made-up-secret",
      strict_scopes: true,
      users: [{ name: "ann", real_name: "Ann" }],
      channels: [{ name: "general" }],
      oauth_apps: [app],
      tokens: [{ token: "xoxp-ann", user: "ann", type: "user", scopes: ["chat:write", "channels:read", "channels:history", "files:read", "im:write", "im:history", "users:read"] }],
    },
  },
});
console.log(slack.url);
