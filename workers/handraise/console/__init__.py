"""The web page over the escalation log, for people who are not engineers: Starlette, Jinja2 and htmx.

What people do here goes out to Kafka, as outcomes and policies; nothing is written into the log's database.
"""
