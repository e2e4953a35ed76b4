"""crewctl: CrewAI crews in YAML, and the registry every kickoff goes through."""
