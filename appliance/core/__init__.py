"""What every tool stands on: data, rights, rules, jobs, texts. Knows no HTTP and no tool."""
