"""A live page of the report while somebody edits; it trains nothing and writes nothing."""
