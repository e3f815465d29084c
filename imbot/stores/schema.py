"""The tables of the SQLite store, version by version; ``connection`` upgrades a file to the newest one."""

APPLICATION_ID = 0x696D626F  # "imbo", to recognise files of imbot

# STEPS[n] upgrades from version n to n + 1. A released step is never edited, because files exist that took
# it.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE turns (
             row INTEGER PRIMARY KEY,
             id TEXT NOT NULL UNIQUE,
             bot TEXT NOT NULL,
             message_id TEXT NOT NULL,
             conversation_id TEXT NOT NULL,
             conversation_sender TEXT NOT NULL,
             conversation_kind TEXT NOT NULL,
             sender_id TEXT NOT NULL,
             sender_nick TEXT NOT NULL,
             question TEXT NOT NULL,
             card_id TEXT NOT NULL,
             card_address TEXT NOT NULL,
             accepted_at REAL NOT NULL,
             phase TEXT NOT NULL,
             answer TEXT NOT NULL,
             error TEXT NOT NULL,
             finished_at REAL,
             fingerprint TEXT NOT NULL,
             layout TEXT NOT NULL,
             extras TEXT NOT NULL,
             UNIQUE (bot, message_id))""",
        "CREATE INDEX turns_by_card ON turns (card_id)",
        "CREATE INDEX turns_by_conversation ON turns (bot, conversation_id, conversation_sender, accepted_at)",
        "CREATE INDEX turns_by_sender ON turns (sender_id)",
        "CREATE INDEX turns_by_time ON turns (accepted_at)",
        "CREATE INDEX turns_open ON turns (bot, accepted_at) WHERE phase IN ('thinking', 'streaming')",
        """CREATE TABLE feedback (
             row INTEGER PRIMARY KEY,
             turn_id TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
             bot TEXT NOT NULL,
             user_id TEXT NOT NULL,
             rating TEXT NOT NULL,
             at REAL NOT NULL,
             UNIQUE (turn_id, user_id))""",
        "CREATE INDEX feedback_by_time ON feedback (at)",
        "CREATE INDEX feedback_by_user ON feedback (user_id)",
        """CREATE TABLE fresh_starts (
             bot TEXT NOT NULL,
             conversation_id TEXT NOT NULL,
             conversation_sender TEXT NOT NULL,
             at REAL NOT NULL,
             PRIMARY KEY (bot, conversation_id, conversation_sender)) WITHOUT ROWID""",
        "CREATE INDEX fresh_starts_by_sender ON fresh_starts (conversation_sender)",
    ),
    (
        "ALTER TABLE turns ADD COLUMN shown TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE turns ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE turns ADD COLUMN process TEXT NOT NULL DEFAULT ''",
        "CREATE TABLE processes (id TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID",
        """CREATE TABLE forgotten (
             bot TEXT NOT NULL,
             message_id TEXT NOT NULL,
             at REAL NOT NULL,
             PRIMARY KEY (bot, message_id)) WITHOUT ROWID""",
        "CREATE INDEX forgotten_by_time ON forgotten (at)",
    ),
    (
        """CREATE TABLE generations (
             folder BLOB NOT NULL,
             path BLOB NOT NULL,
             digest BLOB NOT NULL,
             accepted_at REAL NOT NULL,
             PRIMARY KEY (folder, path)) WITHOUT ROWID""",
        "CREATE TABLE kept_contents (hash BLOB PRIMARY KEY, content BLOB NOT NULL)",
        """CREATE TABLE kept_files (
             folder BLOB NOT NULL,
             path BLOB NOT NULL,
             file BLOB NOT NULL,
             hash BLOB NOT NULL REFERENCES kept_contents (hash),
             cut TEXT NOT NULL,
             PRIMARY KEY (folder, path, file),
             FOREIGN KEY (folder, path) REFERENCES generations (folder, path) ON DELETE CASCADE) WITHOUT ROWID""",
        "CREATE INDEX kept_files_by_hash ON kept_files (hash)",
    ),
    (
        """CREATE TABLE spent_calls (
             month TEXT NOT NULL,
             bot TEXT NOT NULL,
             organisation TEXT NOT NULL,
             calls INTEGER NOT NULL,
             PRIMARY KEY (month, bot, organisation)) WITHOUT ROWID""",
    ),
    (
        # `made_of` was [kind, template, content key]; it is [kind, the kind's own values].
        """UPDATE turns SET extras = json_set(extras, '$.made_of', json_array(
             json_extract(extras, '$.made_of[0]'),
             json_object('template_id', json_extract(extras, '$.made_of[1]'),
                         'content_key', json_extract(extras, '$.made_of[2]'))))
           WHERE json_array_length(extras, '$.made_of') = 3""",
    ),
    (
        "ALTER TABLE turns ADD COLUMN prompt_tokens INTEGER",
        "ALTER TABLE turns ADD COLUMN completion_tokens INTEGER",
    ),
    (
        "ALTER TABLE turns ADD COLUMN not_found INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX turns_not_found ON turns (accepted_at) WHERE not_found",
    ),
    (
        "ALTER TABLE turns ADD COLUMN quote TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE turns ADD COLUMN card_quoted_as TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX turns_by_quoted_card ON turns (card_quoted_as) WHERE card_quoted_as <> ''",
    ),
)
