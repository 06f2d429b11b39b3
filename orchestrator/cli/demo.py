"""placeholder until demo lands"""


def demo() -> None: ...
