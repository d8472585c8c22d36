"""Handraise decides, live, when an AI agent's chat with a customer must be handed to a human."""
