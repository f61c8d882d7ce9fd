"""Groups of commands that belong to the registry itself."""
