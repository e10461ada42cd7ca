"""The Slack bot, over slack-bolt; imported when it runs."""
