"""The operations, a file a chapter. None of them knows a store."""
