import os

# Nothing a developer exported may change what the tests see.
for name in [n for n in os.environ if n.startswith(("DINGTALK_", "IMBOT_ADMIN", "IMBOT_STORE", "IMBOT_LOG"))]:
    del os.environ[name]
