"""Whether everybody can use a page: what a browser has seen of it, as values, and what that means. Pure."""
