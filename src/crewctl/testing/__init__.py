"""What tests of crews and of crewctl need: fakes at our ports, and a model server on loopback."""
