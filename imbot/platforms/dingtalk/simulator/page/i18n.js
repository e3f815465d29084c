/** The texts of the page, in Chinese or English by the browser's language. */

const STRINGS = {
  addBotHint: [
    "启动机器人，它连上模拟器后会出现在这里。",
    "Start a bot: it appears here when it connects to the simulator.",
  ],
  addFileHint: [
    "在机器人文件夹里放一个文件，它就会启动；imbot init 可以写一个。",
    "Put a bot file into the folder and it starts; imbot init writes one.",
  ],
  back: ["返回会话列表", "Back to the list"],
  botBroken: ["文件有错误；回答来自 {0} 的版本。", "The file has an error; answers come from the version of {0}."],
  botFailing: ["从 {0} 起，{1} 次回答都失败了。", "All {1} answers since {0} failed."],
  botFolder: [
    "读不了这个文件，所以最近的修改没有生效；机器人照旧运行。",
    "This file cannot be read, so recent edits are not applied; the bots run on as they were.",
  ],
  botPending: ["还没有启动，正在等待平台。", "Not started yet: it waits for the platform."],
  botRejected: ["没有启动：文件有错误。改好后会自动启动。", "Not started: its file has an error. It starts by itself once that is fixed."],
  botWaits: ["没有启动：还有变量没有设置。设置后会自动启动。", "Not started: it needs variables that are not set. It starts by itself once they are."],
  bots: ["机器人", "Bots"],
  calls: ["API 调用", "API calls"],
  callsOfCard: ["{0} 次调用", "{0} calls"],
  callsOfOne: ["1 次调用", "1 call"],
  callback_s: ["按钮回调时限（秒）", "Click response timeout (s)"],
  card: ["卡片", "Card"],
  cardFailed: ["卡片状态：失败", "Card state: failed"],
  clickFailed: ["回调失败：{0}", "Callback failed: {0}"],
  close: ["关闭", "Close"],
  code: ["代码", "code"],
  connections: ["{0} 条连接", "{0} connections"],
  copied: ["已复制", "Copied"],
  copy: ["复制", "Copy"],
  copyFailed: ["复制失败", "Copy failed"],
  deadLink: ["不支持的链接，未打开：{0}", "Unsupported link, not opened: {0}"],
  emptyChat: ["和 {0} 聊聊", "Chat with {0}"],
  errors: ["本会话错误", "Errors here"],
  explain: ["运行 imbot explain {0} 查看说明", "run imbot explain {0} for more"],
  fold: ["收起", "Hide"],
  gone: ["与模拟器的连接已断开，正在重连…", "Disconnected from the simulator. Reconnecting…"],
  group: ["群聊", "Group"],
  image: ["图片", "image"],
  inspect: ["查看卡片数据和调用", "Show the card's data and calls"],
  latency_ms: ["接口延迟（毫秒）", "Latency of each call (ms)"],
  log: ["消息", "Messages"],
  me: ["我是", "I am"],
  mode: ["聊天方式", "Chat type"],
  monthly: ["每月调用额度（次）", "Calls per month"],
  newMessages: ["新消息", "New messages"],
  noMatch: ["没有找到", "Nothing found"],
  noBots: ["还没有机器人", "No bots yet"],
  noCalls: [
    "这个会话还没有调用。机器人每调用一次平台接口，这里就多一行。",
    "No calls in this chat yet. Every call that its bot makes to the platform appears here.",
  ],
  notRunning: ["{0} 没有启动", "{0} is not running"],
  noCard: ["点击卡片下方的“{ }”查看它的数据。", "Click “{ }” under a card to see its data."],
  notDelivered: ["未送达：机器人没有连接", "Not delivered: the bot is not connected"],
  off: ["不限", "off"],
  panel: ["调试面板", "Inspector"],
  placeholder: ["发消息给 {0}", "Message {0}"],
  placeholderGroup: ["在群里 @{0}", "Mention @{0} in the group"],
  problems: ["问题", "Problems"],
  published: ["机器人已发布（消息带 staffId）", "Robot is published (messages have a staffId)"],
  qps: ["每秒调用上限（次）", "Calls per second"],
  redelivery_s: ["未确认时重新推送（秒）", "Redeliver if unacknowledged after (s)"],
  redelivery_same_id: ["重新推送时沿用 messageId", "Redeliver with the same messageId"],
  request404: ["找不到这个机器人或用户", "Unknown bot or user"],
  samples_without_title: ["接受没有标题的 sampleMarkdown", "Accept sampleMarkdown without a title"],
  search: ["搜索机器人", "Search bots"],
  says: ["点击发送：{0}", "Sends: {0}"],
  send: ["发送", "Send"],
  sendFailed: ["发送失败：{0}", "Could not send: {0}"],
  settingFailed: ["保存失败：{0}", "Could not save: {0}"],
  settings: ["模拟条件", "Conditions"],
  severity_error: ["错误", "Error"],
  severity_warning: ["提醒", "Warning"],
  single: ["单聊", "One-to-one"],
  source: ["模板", "Template"],
  standardNoCallback: [
    "StandardCard 的按钮没有 Stream 回调，机器人收不到这次点击",
    "Buttons of a StandardCard have no Stream callback: this click does not reach the bot",
  ],
  noCallback: [
    "这张卡片创建时没有 callbackType: STREAM，机器人收不到点击",
    "This card was made without callbackType: STREAM: this click does not reach the bot",
  ],
  state: ["状态", "State"],
  state_broken: ["文件有错误", "File has an error"],
  state_failing: ["回答都失败了", "Answers fail"],
  state_failed: ["失败", "failed"],
  state_finished: ["完成", "finished"],
  state_folder: ["文件有错误", "File has an error"],
  state_inputting: ["输入中", "streaming"],
  state_offline: ["未连接", "Not connected"],
  state_online: ["已连接", "Connected"],
  state_pending: ["等待平台", "Waits for platform"],
  state_processing: ["处理中", "processing"],
  state_rejected: ["文件有错误", "File has an error"],
  state_waiting: ["等待变量", "Waits for variables"],
  stream_max: ["单次流式更新上限（字节）", "Limit of one streaming call (bytes)"],
  system_frames: ["发送 KEEPALIVE 等系统帧", "KEEPALIVE and other system frames"],
  table: ["表格", "Table"],
  theme: ["切换深色与浅色", "Switch between dark and light"],
  thinking: ["正在思考", "Thinking"],
  thisReply: ["本次回复", "This reply"],
  title: ["imbot 模拟器", "imbot simulator"],
  total: ["全部会话", "All chats"],
  unfold: ["查看问题", "Show the problems"],
  unreachable: ["模拟器没有应答", "the simulator does not answer"],
  updated: ["更新", "Updated"],
  user: ["用户", "User"],
  webhooks_without_text: ["接受没有标题或正文的 webhook 消息", "Accept webhooks without title or text"],
};

export const language = navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";

/** The text of that name, with {0}, {1} ... filled in; the name itself if there is no such text. */
export function t(name, ...values) {
  const text = STRINGS[name]?.[language === "en" ? 1 : 0] ?? name;
  return text.replace(/\{(\d)\}/g, (_, index) => values[index] ?? "");
}

/** Add texts, for a page that needs more than the chat does. */
export function addStrings(strings) {
  Object.assign(STRINGS, strings);
}

/** Translate static elements: `data-text` names their text, `data-label` their label and tooltip. */
export function translate(root) {
  document.documentElement.lang = language;
  document.title = t("title");
  for (const node of root.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t(node.dataset.label));
    if (node.type === "search") node.placeholder = t(node.dataset.label);
    node.title = t(node.dataset.label);
  }
}
