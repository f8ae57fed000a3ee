"""Which group may do what to the parties."""

BUREAU = tuple(
    f"{verb}_{kind}"
    for kind in ("customer", "driver", "partner")
    for verb in ("view", "add", "change", "activate", "deactivate")
)
