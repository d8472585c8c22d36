"""The escalation log: what was handed over and what nearly was, what people made of it, and what follows from that.

`handraise log` reads the topics and is the one writer of the database; a page and the commands only read it, and speak
back through Kafka. `tables` says what is kept, `queries` what can be asked.
"""
