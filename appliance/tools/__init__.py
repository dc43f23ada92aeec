"""The tools: each folder is one, found by its TOOL declaration."""
