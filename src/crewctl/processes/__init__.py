"""Sequential, hierarchical, market: plain code over steps."""
