"""What may be said: YAML files, read strictly, as specs with a place for every value."""
