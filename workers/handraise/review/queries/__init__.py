"""What can be asked of the log.

Each function takes a session of `LogDatabase.reading`, and reads. A row that comes out is one of `tables`, to be read
and never changed; everything else is a struct of its own. Times are UTC; a period has its `since` and not its `until`.
"""

from handraise.review.queries.decisions import DecisionFilter, decision_page
from handraise.review.queries.erasures import erasures
from handraise.review.queries.escalations import EscalationFilter, Judged, escalation_page, open_escalations
from handraise.review.queries.figures import Figures, TriggerFigures, figures
from handraise.review.queries.history import Exchange, History, conversation_history, escalation_history
from handraise.review.queries.names import Names, businesses, names
from handraise.review.queries.pages import InvalidCursorError, Page
from handraise.review.queries.policies import policy_history, policy_version, read_up_to
from handraise.review.queries.promises import PromiseFigures, promise_figures
from handraise.review.queries.rates import Day, days
from handraise.review.queries.scope import Scope
from handraise.review.queries.scores import Bar, ScoreHistogram, score_histogram, score_histograms

__all__ = [
    "Bar",
    "Day",
    "DecisionFilter",
    "EscalationFilter",
    "Exchange",
    "Figures",
    "History",
    "InvalidCursorError",
    "Judged",
    "Names",
    "Page",
    "PromiseFigures",
    "Scope",
    "ScoreHistogram",
    "TriggerFigures",
    "businesses",
    "conversation_history",
    "days",
    "decision_page",
    "erasures",
    "escalation_history",
    "escalation_page",
    "figures",
    "names",
    "open_escalations",
    "policy_history",
    "policy_version",
    "promise_figures",
    "read_up_to",
    "score_histogram",
    "score_histograms",
]
