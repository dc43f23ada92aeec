"""The process `live`: one event loop that holds a stream open to every browser and brings it what core/live.py wrote down.

It loads no tool and renders nothing; what a note means, the page asks web. Killed at any moment, it loses nothing: the table says all
that the next one needs, and each browser says how far it came.
"""
