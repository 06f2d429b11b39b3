"""Mutants that mean the same as what they replace: file → (line before, line after) → why."""

from __future__ import annotations

_SET_BEFORE = "it is set before it is ever read"
_LONG_AGO = "of times since 1970 the first millisecond is no other than none"
_SPELT = "Python knows it by either spelling"
_NO = "either is no"
_NONE = "either is none"
_CLOSED = "a breaker that is closed does not look at it, and opening sets it"
_KEY = 'return kind.channel, kind.marketing, kind.sender if apart else "", kind.campaign if full else ""'

_WIDE = "either is more than anybody sends"
_ROOM = "def room(self, campaign: str, now: int, wanted: int = 1) -> Room:"
_PEAK = "tally.days[day] = max(tally.days.get(day, 0), tally.hour(minute))"
_NAMED = 'rail = self.rails.get(control.campaign or "")'

_UNOPENED = 'self._mark, self._since, self._file = "", 0, _CLOSED'
_MARK = "self._mark, self._since = secrets.token_hex(8), since"
_BOOT = 'return _BOOT.read_text(encoding="ascii").strip()'
_HEAD = r'boot, inode, mark, since = file.readline().decode("ascii").removesuffix("\n").split(" ")'

EQUIVALENT: dict[str, dict[tuple[str, str], str]] = {
    "orchestrator/domain/gates.py": {
        ("first: Block | None = None", 'first: Block | None = ""'): "either is no verdict",
        ("Verdict = Allow | Defer | Block", "Verdict = None"): "only annotations say it, and they are not read",
    },
    "orchestrator/domain/receipts.py": {
        (
            'link = blake2b(given.url.encode("utf-8", "surrogatepass"), digest_size=_LINK_BYTES).hexdigest() if given.url else ""',  # noqa: E501
            'link = blake2b(given.url.encode("UTF-8", "surrogatepass"), digest_size=_LINK_BYTES).hexdigest() if given.url else ""',  # noqa: E501
        ): _SPELT,
        ("message.resent = 0", "message.resent = None"): "either is not sent again, and the message ends",
        (
            "_RANKS = {ledger.IN_DOUBT: 0, ledger.UNKNOWN: 0, _ACCEPTED: 1, _DELIVERED: 2, _BOUNCED: 3}",
            "_RANKS = {ledger.IN_DOUBT: 0, ledger.UNKNOWN: 0, _ACCEPTED: 1, _DELIVERED: 2, _BOUNCED: 4}",
        ): "only which is higher counts",
        ('email: str = ""', "email: str = None"): "either is no name of an event",
        ('sms: str = ""', "sms: str = None"): "either is no name of an event",
        ('reason: str = ""', "reason: str = None"): "either is no reason",
    },
    "orchestrator/domain/suppression.py": {
        (
            'text = f"{channel}\\0{normalised(channel, address)}".encode("utf-8", "surrogatepass")',
            'text = f"{channel}\\0{normalised(channel, address)}".encode("UTF-8", "surrogatepass")',
        ): _SPELT,
        (
            'return hmac.digest(key, text, "sha256")[:HASH_BYTES]',
            'return hmac.digest(key, text, "SHA256")[:HASH_BYTES]',
        ): _SPELT,
        (
            'return hmac.digest(key, _CHECK, "sha256")[:HASH_BYTES]',
            'return hmac.digest(key, _CHECK, "SHA256")[:HASH_BYTES]',
        ): _SPELT,
    },
    "orchestrator/delivery/breaker.py": {
        ('probe: str = ""', "probe: str = None"): _CLOSED,
        ('probe: str = ""', 'probe: str = "XXXX"'): _CLOSED,
        ("probed_at: int = 0", "probed_at: int = None"): _SET_BEFORE,
        ("probed_at: int = 0", "probed_at: int = 1"): _SET_BEFORE,
        ("asked_to_wait: int = 0", "asked_to_wait: int = 1"): _LONG_AGO,
        ('self.until, self.opened, self.probe = 0, 0, ""', 'self.until, self.opened, self.probe = 0, 0, "XXXX"'): _CLOSED,
        (
            'self.until, self.probe = now + min(OPEN_MAX_MS, first << min(self.opened - 1, 10)), ""',
            'self.until, self.probe = now + min(OPEN_MAX_MS, first << min(self.opened - 1, 11)), ""',
        ): "the longest wait is reached before",
    },
    "orchestrator/delivery/budget.py": {
        ("served: int = 0", "served: int = None"): _SET_BEFORE,
        ("served: int = 0", "served: int = 1"): _SET_BEFORE,
        ("may: int = 0", "may: int = None"): _SET_BEFORE,
        ("may: int = 0", "may: int = 1"): _SET_BEFORE,
        ("_since: int = 0", "_since: int = None"): _SET_BEFORE,
        ("_since: int = 0", "_since: int = 1"): _SET_BEFORE,
        ("_turned: bool = False", "_turned: bool = None"): _NO,
        (
            "leases, full = {worker: Lease(worker, ask.number, []) for worker, ask in asks.items()}, set[str]()",
            "leases, full = {worker: Lease(worker, ask.number, ) for worker, ask in asks.items()}, set[str]()",
        ): "a lease without any has an empty list of its own",
    },
    "orchestrator/delivery/leases.py": {
        ("BEHIND = WINDOW_MS // SLOT_MS", "BEHIND = WINDOW_MS / SLOT_MS"): "it is a whole number",
        ("weight: int = 1", "weight: int = None"): _SET_BEFORE,
        ("weight: int = 1", "weight: int = 2"): _SET_BEFORE,
        ("looked: bool = False", "looked: bool = None"): _NO,
        ("_lacks_rails: bool = False", "_lacks_rails: bool = None"): _NO,
        ("self._lacks_rails = False", "self._lacks_rails = None"): _NO,
        ("_heard: int = 0", "_heard: int = None"): _SET_BEFORE,
        ("_heard: int = 0", "_heard: int = 1"): _SET_BEFORE,
        (_KEY, _KEY.replace('apart else ""', 'apart else "XXXX"')): "no sender is called so",
        (_KEY, _KEY.replace('full else ""', 'full else "XXXX"')): "no campaign is called so",
    },
    "orchestrator/delivery/departures.py": {
        ("_CLOSED = -1", "_CLOSED = -2"): "neither is a file",
        (_UNOPENED, _UNOPENED.replace('""', '"XXXX"')): _SET_BEFORE,
        (_UNOPENED, _UNOPENED.replace("0", "1")): _SET_BEFORE,
        (_MARK, _MARK.replace("8", "None")): "any mark that nobody else has",
        (_MARK, _MARK.replace("8", "9")): "any mark that nobody else has",
        (_BOOT, _BOOT.replace('"ascii"', '"ASCII"')): _SPELT,
        (_BOOT, _BOOT.replace('"ascii"', "None")): "its name is ASCII in any encoding",
        (_HEAD, _HEAD.replace("ascii", "ASCII")): _SPELT,
        (_HEAD, _HEAD.replace("removesuffix", "removeprefix")): "a number is read with its line's end too",
        (_HEAD, _HEAD.replace('"\\n"', '"XX\\nXX"')): "a number is read with its line's end too",
    },
    "orchestrator/delivery/volume.py": {
        ("_WIDE = Room(1 << 62)", "_WIDE = Room(2 << 62)"): _WIDE,
        ("_WIDE = Room(1 << 62)", "_WIDE = Room(1 << 63)"): _WIDE,
        (_ROOM, _ROOM.replace("1)", "2)")): "it trips for any that wait, however many",
        (_PEAK, _PEAK.replace("day, 0", "day, 1")): "where leave was granted the hour has one at least",
        ("left = counted.get(at, 0) - count", "left = counted.get(at, 1) - count"): "one at least is given back",
        ("tally.tripped = False", "tally.tripped = None"): _NO,
        (_NAMED, _NAMED.replace('""', '"XXXX"')): "an approval names its campaign, or it does not come so far",
    },
    "orchestrator/delivery/lending.py": {
        ("_newly: bool = False", "_newly: bool = None"): _NO,
        ("self._newly = False", "self._newly = None"): _NO,
        (
            "room = self.volume.room(campaign, wall, 0) if self._is_known(campaign) else Room(0, UNKNOWN)",
            "room = self.volume.room(campaign, wall, None) if self._is_known(campaign) else Room(0, UNKNOWN)",
        ): _NONE,
        (
            "room = self.volume.room(campaign, wall, 0) if self._is_known(campaign) else Room(0, UNKNOWN)",
            "room = self.volume.room(campaign, wall, 0) if self._is_known(campaign) else Room(None, UNKNOWN)",
        ): _NONE,
    },
}
