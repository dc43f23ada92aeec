"""Adoption: people who are here already become those of a directory's entries, each by an administrator's tick.

`matching` finds who may be whom, `proposals` keeps and ticks, `joining` ties a person to his entry, `parting` takes that back. Nothing is
joined without a tick, and none of it happens while a directory is merely followed.
"""
