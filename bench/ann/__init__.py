"""Side-by-side measurement of two servers that both have an extension called `vector`."""
