"""The scenarios that scenarios.py plays, by file."""

from scenes import blocking, functions, libraries, scripts, transactions, watch

ALL = [
    scenario
    for part in (transactions, watch, scripts, functions, libraries, blocking)
    for scenario in part.SCENES.scenarios
]
