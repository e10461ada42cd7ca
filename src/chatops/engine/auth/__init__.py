"""Who it is: accounts, passwords, tokens, and the identities of other platforms."""
