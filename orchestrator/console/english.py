"""What the console's pages call codes, in English. All else stands in the pages themselves."""

from __future__ import annotations

from orchestrator.console.measures import english as measures

ENGLISH = measures.ENGLISH | {
    "why_approval": "It has sent as much as it may by itself.",
    "why_canary": "Its new content has gone to a first few, and what becomes of those is awaited.",
    "why_breaker": "It sent far more than it ever did, and paused itself.",
    "consent_given": "given",
    "consent_withdrawn": "withdrawn",
    "consent_asked": "asked, not confirmed yet",
    "consent_none": "nothing was said",
    "does_sent": "It then counts as sent, and is not sent again.",
    "does_not_sent": "It then counts as not sent, and is not sent again.",
    "does_again": "It then goes before the gates once more, and may arrive twice.",
    "show_all": "everything",
    "show_deeds": "what was done",
    "show_logins": "logins and accounts",
    "role_viewer": "may look",
    "role_operator": "may look and act",
    "sent_many": "sent",
    "suppressed_many": "suppressed",
    "many_delivered": "delivered",
    "many_opened": "opened",
    "many_clicked": "clicked",
    "many_converted": "reached the goal",
    "many_unsubscribed": "unsubscribed",
    "held_out": "held out",
    "converted_held_out": "reached the goal, held out",
    "converted": "reached the goal",
    "not_entered": "not entered",
    "task_open": "tasks opened",
    "task_overdue": "tasks overdue",
    "task_done": "tasks done",
    "task_withdrawn": "tasks withdrawn",
    "way_then": "went on",
    "way_otherwise": "went the other way",
    "way_exit": "ended",
    "profile": "customer",
    "not_sent": "not sent",
    "again": "send again",
    "in_doubt": "in doubt",
    "word_triggered": "triggered",
    "means_triggered": (
        "A customer met the campaign's trigger and its conditions: a run began, which is their way through its steps."
    ),
    "word_held_out": "held out",
    "means_held_out": (
        "Drawn by lot to get nothing of a campaign and measured all the same, to see what the campaign is "
        "worth (`holdout`). It is no fault, and no hold."
    ),
    "word_suppressed": "suppressed",
    "means_suppressed": (
        "A gate said no for good, and this message was not sent: there was no consent, a hold, or no address "
        "that may be written to. The reason stands beside it. It is a state of one message, and goes on to "
        "nothing else."
    ),
    "word_gate": "gate",
    "means_gate": (
        "What every message passes before it leaves, in this order: kill switch, pause, expiry, address list,"
        " address, consent, holds, caps and quiet hours, rate. The first no counts."
    ),
    "word_hold": "hold",
    "means_hold": (
        "Marketing to a customer stops while something is wrong, such as an open ticket or a low score "
        "(`holds` in policies.yaml). What meets a hold is dropped, not kept for later."
    ),
    "word_list": "address list",
    "means_list": (
        "Addresses that get nothing more, or no marketing: they answered STOP, bounced, complained or "
        "unsubscribed (`orchestrator suppressions`). As a gate it is asked when a message is handed over."
    ),
    "word_in_doubt": "in doubt",
    "means_in_doubt": (
        "The provider's answer was lost: nobody knows whether the message has left. Marketing is never sent "
        "twice because of it."
    ),
    "word_unknown": "unknown",
    "means_unknown": "It was in doubt until its time was over, and nothing was heard of it.",
    "word_heard": "opened, clicked",
    "means_heard": (
        "By a person, each message once; what a machine opens or follows is not counted. Each day counts what happened on it."
    ),
}
