"""The operators' house: pages that show what the engine does, and forms by which people stop and mend it.

A process of its own. It reads the state file beside the engine and writes nothing but orders, as the commands do.
"""
