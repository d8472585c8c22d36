"""The first row, for who leads the support team: are the right conversations handed over?

Rates of escalations are over a fixed hour, because a rate over minutes of something rare is noise.
"""

from __future__ import annotations

from typing import Final

from panel import Panel, Query, Row, grown, over_range, quantiles, whole

HANDOVER: Final = Row(
    "Are the right conversations handed over?",
    (
        Panel(
            "Conversations",
            "Conversations that began in the time shown.",
            (Query(over_range("handraise_conversations_total")),),
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "Escalated",
            "Escalations raised, as a share of the conversations that began, in the time shown.",
            (
                Query(
                    "sum(increase(handraise_escalations_total[$__range]))"
                    " / (sum(increase(handraise_conversations_total[$__range])) > 0)"
                ),
            ),
            kind="stat",
            unit="percentunit",
            width=4,
            height=4,
        ),
        Panel(
            "Open now",
            "Conversations with an open escalation: what the team has before it.",
            (Query("sum(handraise_conversations_open)"),),
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "Probable misses",
            "Humans who took a conversation over with no escalation open. Read some: each may be a case that a trigger"
            " should have seen.",
            (Query(over_range("handraise_takeovers_unprompted_total")),),
            kind="stat",
            width=4,
            height=4,
            bad_from=10,
        ),
        Panel(
            "Broken promises",
            "Times the AI promised that a person follows up when nobody had been told.",
            (Query(over_range("handraise_promises_broken_total")),),
            kind="stat",
            width=4,
            height=4,
            bad_from=5,
        ),
        Panel(
            "AI talked over a human",
            "AI turns between two turns of a human who held the conversation.",
            (Query(over_range("handraise_ai_turns_while_human_held_total")),),
            kind="stat",
            width=4,
            height=4,
            bad_from=5,
        ),
        Panel(
            "Escalation rate per trigger",
            "Escalations of the last hour as a share of the conversations that began in it. A step is a change of"
            " software or policy (the vertical lines are changes of policy); a slope is the world.",
            (Query("trigger:handraise_escalations_per_conversation:ratio_rate1h", "{{trigger}}"),),
            unit="percentunit",
            width=12,
        ),
        Panel(
            "Open by trigger",
            "Conversations with an open escalation, by the trigger that is open. One that only grows is not being"
            " worked off, or its tool does not report `resolved`.",
            (Query("sum by (trigger) (handraise_conversations_open)", "{{trigger}}"),),
            width=12,
            stacked=True,
        ),
        Panel(
            "Time to raise",
            "From the customer's message to the escalation. Beyond a minute customers notice; beyond ten minutes the"
            " reply is not sent any more.",
            quantiles("handraise_escalation_delay_seconds", "1h"),
            unit="s",
        ),
        Panel(
            "Turn at which a conversation is raised",
            "Median over six hours. Late turns say that customers went round in circles first.",
            whole(
                (
                    Query(
                        "histogram_quantile(0.5, sum by (trigger, le) (rate(handraise_escalation_turn_bucket[6h])))",
                        "{{trigger}}",
                    ),
                )
            ),
        ),
        Panel(
            "Near misses",
            "Messages an hour that came to 0.7 of a threshold or more and did not reach it. Many, beside probable"
            " misses: the threshold is too high.",
            (
                Query(
                    'sum by (trigger) (increase(handraise_decisions_total{result="near"}[1h]))',
                    "{{trigger}}",
                ),
            ),
        ),
        Panel(
            "Suppressed by reason",
            "Triggers an hour that held and were not acted on. Mostly `open` and `human_holds` is right; much"
            " `cooldown` may hide people who write again.",
            (Query("sum by (reason) (increase(handraise_suppressions_total[1h]))", "{{reason}}"),),
            stacked=True,
            width=6,
        ),
        Panel(
            "Probable misses by sign",
            "Signs an hour that a human was needed and nothing had been raised: humans who stepped in unasked,"
            " customers who asked again or came back soon after the end. Beside them the escalations raised.",
            (
                Query("sum by (because) (increase(handraise_probable_misses_total[1h]))", "{{because}}"),
                Query("sum(increase(handraise_escalations_total[1h]))", "escalations"),
            ),
            width=6,
        ),
        Panel(
            "Promises kept and missed",
            "Escalations an hour whose customer a human answered by the due time, or not, and customers whom a human"
            " who holds the conversation left waiting.",
            (
                Query(f"sum by (result) ({grown('handraise_promises_total', '1h', '3600')})", "{{result}}"),
                Query("sum(increase(handraise_customers_unanswered_total[1h]))", "left waiting"),
            ),
            width=6,
        ),
        Panel(
            "Broken promises and talking over",
            "What the AI agent does wrong, an hour: promises of a person with nobody told, and turns while a human"
            " holds the conversation.",
            (
                Query("sum(increase(handraise_promises_broken_total[1h]))", "broken promises"),
                Query("sum(increase(handraise_ai_turns_while_human_held_total[1h]))", "talked over a human"),
            ),
            width=6,
        ),
        Panel(
            "Raised, by trigger",
            "Escalations in the time shown.",
            (Query(f"sort_desc({over_range('handraise_escalations_total', 'trigger')})", "{{trigger}}"),),
            kind="bargauge",
            width=6,
        ),
        Panel(
            "Raised, by priority",
            "Escalations in the time shown. `critical` is for life and safety.",
            (Query(over_range("handraise_escalations_total", "priority"), "{{priority}}"),),
            kind="bargauge",
            width=6,
        ),
        Panel(
            "Closed, by reason",
            "How escalations ended in the time shown. `idle` means that nobody came, or that the tool does not report.",
            (Query(over_range("handraise_escalations_closed_total", "because"), "{{because}}"),),
            kind="bargauge",
            width=6,
        ),
        Panel(
            "Verdicts",
            "What humans said of escalations in the time shown.",
            (Query(over_range("handraise_verdicts_total", "verdict"), "{{verdict}}"),),
            kind="bargauge",
            width=6,
        ),
        Panel(
            "Offers of a person",
            "What customers made of them in the time shown.",
            (Query(over_range("handraise_offers_total", "result"), "{{result}}"),),
            kind="bargauge",
            width=6,
            height=6,
        ),
        Panel(
            "Replies that fell back",
            "Replies for which the policy has no text that resolves, by trigger: complete the policy.",
            (Query(over_range("handraise_replies_fell_back_total", "trigger"), "{{trigger}}"),),
            kind="bargauge",
            width=6,
            height=6,
        ),
        Panel(
            "Escalations per thousand customer messages",
            "The same rate over messages: it does not move when conversations get longer or shorter.",
            (Query("1000 * trigger:handraise_escalations_per_message:ratio_rate1h", "{{trigger}}"),),
            width=12,
            height=6,
        ),
    ),
)
