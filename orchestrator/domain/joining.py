"""Messages of one campaign and step that are due together and go out as one: `merge` in a send.

The first one opens a window [planned, planned + merge); what other runs plan in it becomes a part of it. At the window's end it
is judged and sent as any other. A run that ends before takes its own part out.
"""

from __future__ import annotations

from orchestrator.domain.campaign import Node, Send
from orchestrator.domain.decision import Joining
from orchestrator.domain.limits import JOINED_MAX
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Message, Part, Run

WINDOW = "joining"
"""What a message waits for until its window ends: a reason such as the gates give."""


def open_for(moment: Moment, run: Run, node: Node, send: Send) -> Message | None:
    """The message of this step that the run's own can join now."""
    return next((message for message in moment.profile.messages if _takes(moment, message, run, node, send)), None)


def _takes(moment: Moment, message: Message, run: Run, node: Node, send: Send) -> bool:
    same = (message.campaign, message.step) == (run.campaign, node.id)
    wanted = (send.template, send.survey, list(send.channels))
    alike = (message.template, message.survey, message.channels) == wanted
    within = message.gate == WINDOW and message.due is not None and moment.now < message.due
    return same and alike and within and len(message.parts) < JOINED_MAX


def take_in(moment: Moment, message: Message, part: Part) -> None:
    message.parts.append(part)
    moment.decision.joinings.append(Joining(message.id, message.campaign, part.enrolment))


def take_out(moment: Moment, message: Message, enrolment: str, reason: str) -> bool:
    """Take the run's part out, if others stay; whether the message goes on without it."""
    if not message.parts:
        return False
    moment.decision.joinings.append(Joining(message.id, message.campaign, enrolment, reason))
    rest = [part for part in message.parts if part.enrolment != enrolment]
    if not rest:
        return False
    first, message.parts = rest[0], rest
    message.enrolment, message.event, message.item, message.given = first.enrolment, first.event, first.item, first.given
    return True
