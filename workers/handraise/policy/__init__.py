"""What each business wants: triggers, owners, opening hours and replies.

A policy is read and checked (`load`, `parse`, `examine`), compiled (`compile_policy`), and then asked by the
conversation through the protocol `handraise.policy.model.BusinessPolicy`. `PolicyBook` holds those in force.
"""

from handraise.policy.book import PolicyBook
from handraise.policy.compiled import CompiledPolicy, compile_policy, default_policy
from handraise.policy.drafts import draft_of
from handraise.policy.effective import effective
from handraise.policy.inheritance import Draft
from handraise.policy.overrides import fitting, overridden
from handraise.policy.problems import PolicyError, Problem, Severity
from handraise.policy.source import Examined, examine, examine_text, load, load_drafts, parse, parse_draft

__all__ = [
    "CompiledPolicy",
    "Draft",
    "Examined",
    "PolicyBook",
    "PolicyError",
    "Problem",
    "Severity",
    "compile_policy",
    "default_policy",
    "draft_of",
    "effective",
    "examine",
    "examine_text",
    "fitting",
    "load",
    "load_drafts",
    "overridden",
    "parse",
    "parse_draft",
]
