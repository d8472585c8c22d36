"""The demonstration: sample conversations, streamed through a real worker on an embedded broker."""
