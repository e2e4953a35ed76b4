"""What every rule means, by what it is about."""
