"""What the learned part of the detector scores: one head each for signals, sentiment and intent."""

from __future__ import annotations

from typing import Final

from handraise.detection.signals import Intent

CUSTOMER_SIGNALS: Final = ("human_request", "complaint", "high_value", "distress", "crisis", "affirm", "thanks")
ASSISTANT_SIGNALS: Final = ("admission", "promise", "deferral", "asks_detail", "offers_human", "fault")
SENTIMENTS: Final = ("negative", "positive")
INTENTS: Final = tuple(f"intent:{intent}" for intent in Intent)

CUSTOMER_HEADS: Final = (*CUSTOMER_SIGNALS, *SENTIMENTS, *INTENTS)
"""The heads that hold for what customers write."""
HEADS: Final = (*CUSTOMER_HEADS, *ASSISTANT_SIGNALS)
"""All heads, in the order of the models' columns; those of the assistant last."""
