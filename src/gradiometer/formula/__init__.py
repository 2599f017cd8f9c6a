"""Formula text or LaTeX in, expression trees, piecewise forms and spellings out."""

__all__: list[str] = []
