"""The wiring of volume rails: what each campaign of a workspace may do by itself, and who let it go live as it is."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from orchestrator.authoring import Workspace
from orchestrator.delivery.permits import Rails
from orchestrator.delivery.volume import Rail, Volume, fact_of, tally_of
from orchestrator.domain.campaign import Campaign, Send
from orchestrator.stores.sqlite import SqliteFile

PUBLISHED = "published"
"""The name under which a file notes who let each campaign go live as it is: campaign → (content, who)."""
Published = dict[str, tuple[str, str]]


def published_of(fact: bytes | None) -> Published:
    """What a file has noted of it."""
    return {} if fact is None else msgspec.json.decode(fact, type=Published)


def content_of(loaded: Workspace, campaign: Campaign) -> str:
    """Tells one wording of a campaign from the next: its steps, and the texts that they send."""
    sent = sorted({node.verb.template for node in campaign.steps.nodes if isinstance(node.verb, Send)})
    texts = [(name, repr(loaded.templates[name])) for name in sent if name in loaded.templates]
    return blake2b(repr((campaign.steps.version, texts)).encode(), digest_size=8).hexdigest()


def rails_of(loaded: Workspace, published: Published) -> list[Rail]:
    """The rails of every campaign, as campaign and policies say."""
    policies, found = loaded.program.policies, list[Rail]()
    for campaign in loaded.program.campaigns.values():
        content, publisher = published.get(campaign.name, ("", ""))
        breaker = policies.breaker
        if breaker is not None and campaign.cls == "transactional" and not breaker.transactional:
            breaker = None
        found.append(Rail(campaign.name, content, publisher, campaign.approval or policies.approval, breaker, policies.canary))
    return found


def told_of(loaded: Workspace, by: str, *, published: bool = False) -> Rails:
    """What the governor of workers hears of this workspace's rails."""
    contents = {campaign.name: (content_of(loaded, campaign), by) for campaign in loaded.program.campaigns.values()}
    return Rails(loaded.program.name, by, rails_of(loaded, contents), published)


def senders_by_template(loaded: Workspace) -> dict[str, str]:
    """The name of who sends each template: it may have a rate of its own."""
    return {name: template.sender or "" for name, template in loaded.templates.items()}


def published(known: Published, loaded: Workspace, by: str) -> Published:
    """What is known once this workspace is live: whoever changes a campaign has published it."""
    found: Published = {}
    for campaign in loaded.program.campaigns.values():
        content = content_of(loaded, campaign)
        before = known.get(campaign.name)
        found[campaign.name] = before if before is not None and before[0] == content else (content, by)
    return found


def open_volume(file: SqliteFile, loaded: Workspace, by: str) -> Volume:
    """The accounts of a file's campaigns as they stood."""
    known = published_of(file.fact(PUBLISHED))
    now = published(known, loaded, by)
    file.note_facts({PUBLISHED: msgspec.json.encode(now)})
    volume = Volume()
    volume.lay(rails_of(loaded, now))
    for name in volume.rails:
        fact = file.fact(fact_of(name))
        if fact is not None:
            volume.remember(tally_of(fact))
    return volume
