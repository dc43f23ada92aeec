"""The shell: pages, rights and doors around the tools. Reaches tools through the registry only."""
