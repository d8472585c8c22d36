"""How many workers, partitions and gigabytes a rate of messages needs, and what happens when a worker is lost."""
