"""The Discord bot, over discord.py; imported when it runs."""
