"""A user's question in, one Answer out."""

__all__: list[str] = []
