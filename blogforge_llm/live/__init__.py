"""Live text between processes: the writer in the one that asks a model, the hub in the one that has the browsers."""
