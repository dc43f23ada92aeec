"""Subscriptions: who, outside, is told of which events (F126). A listener writes what is to be told, jobs tell it (jobs/calling.py).

A subscription acts as its person: it carries his epoch, and asks `access_x` each time it tells. What he may not see is not told. When
his trust moves it pauses, and he (after a restore an administrator) says that it goes on.
"""
