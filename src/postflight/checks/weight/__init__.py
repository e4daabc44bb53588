"""What a page weighs, counted: the model of one visit, the rules that it is held to, and the last release beside it."""
