from card_bots import bot

__all__ = ["bot"]
