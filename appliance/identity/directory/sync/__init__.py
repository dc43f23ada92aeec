"""Bringing people in line with a directory: read it, plan what to do and why, do it in steps, and take it back as one.

`reading` asks the directory, `planning` compares and writes nothing, `runs` keeps the plan, `applying` and `undoing` carry it out.
"""
