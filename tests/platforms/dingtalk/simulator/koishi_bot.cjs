// A bot of Koishi that repeats what it reads. Started with the simulator's address, a client id and its secret.
const { Context } = require("koishi");
const http = require("@koishijs/plugin-http");
const dingtalk = require("@satorijs/adapter-dingtalk");

const [url, appkey, secret] = process.argv.slice(2);
const bots = new Context();
bots.plugin(http.default);
bots.plugin(dingtalk.default, {
  protocol: "ws",
  appkey,
  secret,
  agentId: 1,
  api: { endpoint: `${url}/v1.0/` },
  oldApi: { endpoint: `${url}/` },
});
bots.middleware(async (session) => {
  const [sent] = await session.send(`read: <b>${session.content}</b>`);
  if (session.content.includes("recall")) await session.bot.deleteMessage(session.channelId, sent);
});
bots.start();
setInterval(() => {}, 3600_000);
