"""Text as chats and people need it."""
