# Programs that nobody here wrote, each in a folder of its own, which a machine keeps for the next run: an
# OpenAI-compatible server that needs no model, the other half of YAML editors, and a bot for the simulator. To be
# sourced.

peers="${XDG_CACHE_HOME:-$HOME/.cache}/imbot-peers"

litellm="$peers/litellm-1.106.2"
if [ ! -e "$litellm/complete" ]; then
  rm -rf "$litellm"
  python3 -m venv "$litellm"
  "$litellm/bin/python" -m pip install --quiet --disable-pip-version-check 'litellm[proxy]==1.106.2'
  touch "$litellm/complete"
fi

server="$peers/yaml-language-server-2.0.0"
if [ ! -e "$server/complete" ]; then
  rm -rf "$server"
  mkdir -p "$server"
  npm install --silent --no-fund --no-audit --prefix "$server" yaml-language-server@2.0.0 >/dev/null
  touch "$server/complete"
fi

koishi="$peers/koishi-4.18.11-dingtalk-2.5.0"
if [ ! -e "$koishi/complete" ]; then
  rm -rf "$koishi"
  mkdir -p "$koishi"
  npm install --silent --no-fund --no-audit --prefix "$koishi" koishi@4.18.11 @satorijs/adapter-dingtalk@2.5.0 >/dev/null
  touch "$koishi/complete"
fi

export IMBOT_KOISHI="$koishi"
export IMBOT_LITELLM="$litellm/bin/litellm" IMBOT_YAML_LS="$server/node_modules/.bin/yaml-language-server"
