"""The exactly-once source: batches of each partition, their state, commit and restore, dead letters, health."""
