"""Token by token in the graph: how the next one is chosen, and the loop around it."""
