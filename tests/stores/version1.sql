-- A file as version 1 of the store wrote it. Never edited: newer versions must read it.
PRAGMA application_id = 1768776303;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE feedback (
             row INTEGER PRIMARY KEY,
             turn_id TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
             bot TEXT NOT NULL,
             user_id TEXT NOT NULL,
             rating TEXT NOT NULL,
             at REAL NOT NULL,
             UNIQUE (turn_id, user_id));
INSERT INTO "feedback" VALUES(1,'turn1','faq','li','helpful',3.0);
CREATE TABLE fresh_starts (
             bot TEXT NOT NULL,
             conversation_id TEXT NOT NULL,
             conversation_sender TEXT NOT NULL,
             at REAL NOT NULL,
             PRIMARY KEY (bot, conversation_id, conversation_sender)) WITHOUT ROWID;
INSERT INTO "fresh_starts" VALUES('faq','cid1','li',0.5);
CREATE TABLE turns (
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
             UNIQUE (bot, message_id));
INSERT INTO "turns" VALUES(1,'turn1','faq','msg1','cid1','li','single','li','小李','question 1','card1','{"openSpaceId":"dtv1.card//IM_ROBOT.li","count":3}',1.0,'final','answer 1','',1.5,'','','{}');
INSERT INTO "turns" VALUES(2,'turn2','faq','msg2','cid1','li','single','li','小李','question 2','card2','{"openSpaceId":"dtv1.card//IM_ROBOT.li","count":3}',2.0,'thinking','','',NULL,'','','{}');
CREATE INDEX turns_by_card ON turns (card_id);
CREATE INDEX turns_by_conversation ON turns (bot, conversation_id, conversation_sender, accepted_at);
CREATE INDEX turns_by_sender ON turns (sender_id);
CREATE INDEX turns_by_time ON turns (accepted_at);
CREATE INDEX turns_open ON turns (bot, accepted_at) WHERE phase IN ('thinking', 'streaming');
CREATE INDEX feedback_by_time ON feedback (at);
CREATE INDEX feedback_by_user ON feedback (user_id);
CREATE INDEX fresh_starts_by_sender ON fresh_starts (conversation_sender);
COMMIT;
