"""Personal data: what each table holds of whom and how long (declarations, tables), and what follows from that: giving a person his
data (export), forgetting him (forgetting), and keeping what must be kept (holds). Tables say it themselves, in their `Meta`.
"""
