"""Whether a plan may run: statements by people, and the gate that reads them."""
